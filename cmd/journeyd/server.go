package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"journey/channels"
	"journey/engine"
	"journey/ingest"
	"journey/profiles/store"
	"journey/workflows"
)

// drainFor is how long requests under way are waited for after SIGTERM, the
// deliveries meanwhile taking as long at most as their provider may. It leaves
// some seconds of the thirty for what lies below.
const drainFor = 20 * time.Second

// serverOptions are what both commands know once their surroundings run.
type serverOptions struct {
	listener  net.Listener
	redisURL  string
	strict    bool // refuse a Redis that may lose what it was given
	temporal  string
	namespace string
	speed     float64
	channels  channels.Set
	from      string
	writeKeys map[string]string // key by source
	adminKey  string
	secret    []byte // signs the links in messages
	publicURL string
	mailbox   http.Handler // nil: none
	log       *slog.Logger
}

// server is the wired whole.
type server struct {
	opt    serverOptions
	store  *store.Store
	engine *engine.Engine
	client client.Client
	side   *workflows.Side
	api    *ingest.Server
	http   *http.Server
	failed chan error
}

// passed is told of the points that reactions and deliveries pass. Only tests,
// which end the process there, set it.
var passed func(workflows.Point, string)

// wire starts everything that stands between Redis, Temporal and the
// listener. On an error nothing is left running.
func wire(ctx context.Context, opt serverOptions) (s *server, err error) {
	s = &server{opt: opt, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.stop(context.WithoutCancel(ctx))
		}
	}()
	if s.store, err = store.Open(ctx, store.Options{URL: opt.redisURL, Strict: opt.strict}); err != nil {
		return s, fmt.Errorf("redis: %w", err)
	}
	links := newLinks(opt.secret, opt.publicURL)
	s.engine, err = engine.New(ctx, engine.Options{
		Store: s.store, Clock: engine.NewClock(opt.speed), Logger: opt.log, Unsubscribe: links.unsubscribe,
	})
	if err != nil {
		return s, err
	}
	if s.client, err = dialTemporal(ctx, opt); err != nil {
		return s, fmt.Errorf("temporal at %s: %w", opt.temporal, err)
	}
	s.side, err = workflows.Launch(ctx, workflows.Options{
		Client: s.client, Namespace: opt.namespace, Engine: s.engine, Channels: opt.channels, From: opt.from, Logger: opt.log,
		Passed: passed,
	})
	if err != nil {
		return s, err
	}
	s.api = ingest.New(ingest.Options{
		Engine: s.engine, WriteKeys: ingest.Keys(opt.writeKeys), AdminKey: opt.adminKey, Mailbox: opt.mailbox,
		Logger: opt.log, Version: version(), Health: s.health,
	})
	s.http = s.api.HTTPServer()
	s.http.Handler = paths(links.handler(s.engine), s.http.Handler)
	go func() {
		if err := s.http.Serve(opt.listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return s, nil
}

// paths takes the links in messages to their page and everything else to the
// API. Paths stay as they came: a mux redirects those it finds unclean, which
// browsers take for a success.
func paths(links, api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/u/") {
			links.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

func dialTemporal(ctx context.Context, opt serverOptions) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return client.DialContext(ctx, client.Options{
		HostPort: opt.temporal, Namespace: opt.namespace, Logger: quiet{opt.log},
	})
}

// health is what the API's readiness depends on besides the engine.
func (s *server) health(ctx context.Context) []ingest.Check {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	temporal := ingest.Check{Name: "temporal", OK: true}
	if _, err := s.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		// Still ready: events are accepted without Temporal, and must be.
		temporal.Detail = "does not answer: events are accepted, journeys wait"
	}
	lag := s.side.Lag()
	relay := ingest.Check{Name: "relay", OK: true, Detail: fmt.Sprintf("%d partitions, %d runs started, %d wakes", lag.Owned, lag.Started, lag.Woken)}
	if lag.Poison > 0 {
		relay.Detail += fmt.Sprintf(", %d reactions dropped", lag.Poison)
	}
	return []ingest.Check{temporal, relay}
}

// run waits for the end: a signal, or the listener's failure. Then it drains.
func (s *server) run(ctx context.Context) error {
	var err error
	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	s.stop(drain)
	return err
}

// stop is the way out: unready, requests under way are answered, deliveries
// brought to their end, then what lies below.
func (s *server) stop(ctx context.Context) {
	if s.api != nil {
		s.api.Drain()
	}
	var under sync.WaitGroup
	if s.http != nil {
		under.Go(func() {
			if s.http.Shutdown(ctx) != nil {
				_ = s.http.Close() // what is not answered by now is cut off
			}
		})
	}
	if s.side != nil {
		under.Go(s.side.Stop)
	}
	under.Wait()
	if s.client != nil {
		s.client.Close()
	}
	if s.engine != nil {
		_ = s.engine.Close()
	}
	_ = s.opt.channels.Close()
	if s.store != nil {
		_ = s.store.Close()
	}
}

// quiet is the Temporal client's log: what it tells in normal operation is of
// no use to anybody.
type quiet struct{ log *slog.Logger }

func (q quiet) Debug(string, ...any)        {}
func (q quiet) Info(string, ...any)         {}
func (q quiet) Warn(msg string, kv ...any)  { q.log.Debug("temporal: "+msg, kv...) }
func (q quiet) Error(msg string, kv ...any) { q.log.Warn("temporal: "+msg, kv...) }
