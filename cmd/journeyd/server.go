package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"journey/channels"
	"journey/engine"
	"journey/eventlog"
	"journey/ingest"
	"journey/ingest/sources"
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
	redisWait time.Duration // for a Redis that does not answer; 0: as long as it takes
	strict    bool          // refuse a Redis that may lose what it was given
	temporal  string
	namespace string
	speed     float64
	channels  channels.Set
	from      string
	sources   []sources.Source // configured
	adminKey  string
	links     *links       // in messages
	leaveBy   string       // mailbox to which those who want no more mails can write; "": none
	mailbox   http.Handler // nil: none
	// forgetters are the stores, beside that of people, which erasures reach.
	forgetters []engine.Forgetter
	// unready is how long the server goes on taking connections after SIGTERM,
	// so that those who look at /readyz send no more; 0: not at all.
	unready time.Duration
	log     *slog.Logger

	eventLog     string // folder of the event log; "": none is kept
	eventLogDays int    // 0: for ever
}

// server is the wired whole.
type server struct {
	opt     serverOptions
	store   *store.Store
	engine  *engine.Engine
	sources *sources.Registry
	client  client.Client
	side    *workflows.Side
	api     *ingest.Server // at first one that has no engine yet
	door    door
	http    *http.Server
	failed  chan error

	log     eventlog.Store     // nil: none is kept
	writing sync.WaitGroup     // the writer of the event log
	unwrite context.CancelFunc // stops it; nil: there is none
}

// logBound is how many entries may wait in the event log of a partition: with
// all of them full some gigabytes of Redis.
const logBound = 20_000

// passed is told of the points that reactions and deliveries pass. Only tests,
// which end the process there, set it.
var passed func(workflows.Point, string)

// wire starts everything that stands between Redis, Temporal and the
// listener. The listener is served from the beginning: until Redis has
// answered every call is 503. Temporal is not waited for: events are accepted
// without it. On an error nothing is left running.
func wire(ctx context.Context, opt serverOptions) (s *server, err error) {
	s = &server{opt: opt, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			s.stop(context.WithoutCancel(ctx))
		}
	}()
	s.api = s.newAPI(nil, nil)
	s.door.open(s.api.Handler())
	s.http = s.api.HTTPServer()
	s.http.Handler = &s.door
	go func() {
		if err := s.http.Serve(opt.listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	if err = s.connect(ctx); err != nil {
		return s, err
	}
	// It connects when it is first used, and again whenever it has to.
	if s.client, err = client.NewLazyClient(client.Options{
		HostPort: opt.temporal, Namespace: opt.namespace, Logger: quiet{opt.log},
	}); err != nil {
		return s, fmt.Errorf("temporal at %s: %w", opt.temporal, err)
	}
	s.side = workflows.Launch(ctx, workflows.Options{
		Client: s.client, Namespace: opt.namespace, Engine: s.engine, Channels: opt.channels, From: opt.from,
		Unsubscribe: opt.links.unsubscribe, UnsubscribeMail: opt.leaveBy, Logger: opt.log, Passed: passed,
	})
	if s.sources, err = sources.Open(ctx, s.store, opt.sources, opt.log); err != nil {
		return s, fmt.Errorf("the sources: %w", err)
	}
	s.keepLog(ctx)
	s.api = s.newAPI(s.engine, s.health)
	s.measure()
	s.door.open(paths(opt.links.handler(s.engine), s.api.Handler()))
	return s, nil
}

// keepLog starts the writer of the event log, if one is kept.
func (s *server) keepLog(ctx context.Context) {
	if s.log == nil {
		return
	}
	w := eventlog.NewWriter(eventlog.WriterOptions{
		Streams: s.store, Leases: s.engine.Held, To: s.log, Owner: s.engine.Owner(), Days: s.opt.eventLogDays, Logger: s.opt.log,
	})
	ctx, s.unwrite = context.WithCancel(context.WithoutCancel(ctx))
	s.writing.Go(func() { w.Run(ctx) })
}

func (s *server) newAPI(e ingest.Engine, health func(context.Context) []ingest.Check) *ingest.Server {
	opt := s.opt
	return ingest.New(ingest.Options{
		Engine: e, Sources: s.sources, AdminKey: opt.adminKey, Mailbox: opt.mailbox,
		Logger: opt.log, Version: version(), Health: health,
	})
}

// door is what the listener serves: another handler may be put behind it at
// any time.
type door struct{ behind atomic.Pointer[http.Handler] }

func (d *door) open(h http.Handler) { d.behind.Store(&h) }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*d.behind.Load()).ServeHTTP(w, r) }

// connect opens the store and starts the engine, once Redis answers.
func (s *server) connect(ctx context.Context) error {
	told, began := false, time.Now()
	for {
		err := s.tryConnect(ctx)
		if err == nil {
			if told {
				s.opt.log.Warn("Redis answers")
			}
			return nil
		}
		away := errors.Is(err, store.ErrUnavailable) || errors.Is(err, engine.ErrUnavailable)
		wait := s.opt.redisWait
		if !away || wait > 0 && time.Since(began) > wait || ctx.Err() != nil {
			return err
		}
		if !told && wait == 0 {
			told = true
			s.opt.log.Warn("Redis does not answer: until it does every call is answered 503", "error", err.Error())
		}
	}
}

func (s *server) tryConnect(ctx context.Context) (err error) {
	opt := s.opt
	s.store, err = store.Open(ctx, store.Options{URL: opt.redisURL, Strict: opt.strict, Patience: time.Second})
	if err != nil {
		return err
	}
	o := engine.Options{
		Store: s.store, Clock: engine.NewClock(opt.speed), Logger: opt.log, Unsubscribe: opt.links.unsubscribe,
		Forgetters: opt.forgetters,
	}
	if opt.eventLog != "" {
		disk, err := eventlog.OpenDisk(opt.eventLog)
		if err != nil {
			return err
		}
		s.log = disk
		o.LogBound = logBound
		o.Forgetters = append(slices.Clone(o.Forgetters), eventlog.Eraser{Streams: s.store, From: disk})
	}
	s.engine, err = engine.New(ctx, o)
	if err != nil {
		_ = s.store.Close()
		s.store = nil
	}
	return err
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

// measure adds to the metrics how the Temporal side is.
func (s *server) measure() {
	add := func(name, help string, value func() float64) {
		s.api.Registry().MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	add("journey_workers_down", "Temporal workers that do not run; they are started again.", func() float64 { return float64(len(s.side.Down())) })
	add("journey_partitions", "Partitions that this process has.", func() float64 { return float64(s.side.Lag().Owned) })
	add("journey_reactions_dropped", "Reactions that Temporal will never take: an alarm.", func() float64 { return float64(s.side.Lag().Poison) })
	add("journey_partitions_stalled", "Partitions of this process whose oldest reaction cannot be read: an alarm.", func() float64 { return float64(s.side.Lag().Stalled) })
}

// health is what the API's readiness depends on besides the engine. Events are
// accepted without Temporal, and must be: it keeps nobody from being ready.
func (s *server) health(ctx context.Context) []ingest.Check {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	temporal := ingest.Check{Name: "temporal", OK: true}
	if _, err := s.client.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		temporal = ingest.Check{Name: "temporal", Spared: true, Detail: "does not answer: events are accepted, journeys wait"}
	}
	workers := ingest.Check{Name: "workers", OK: true}
	if down := s.side.Down(); len(down) > 0 {
		var each []string
		for _, d := range down {
			each = append(each, fmt.Sprintf("%s since %s (%s)", d.Queue, d.Since.UTC().Format(time.TimeOnly), d.Error))
		}
		slices.Sort(each)
		workers = ingest.Check{Name: "workers", Spared: true, Detail: "not running, and started again: " + strings.Join(each, ", ")}
	}
	lag := s.side.Lag()
	relay := ingest.Check{Name: "relay", OK: true, Detail: fmt.Sprintf("%d partitions, %d runs started, %d wakes", lag.Owned, lag.Started, lag.Woken)}
	if lag.Poison > 0 {
		relay.Detail += fmt.Sprintf(", %d reactions dropped", lag.Poison)
	}
	if lag.Stalled > 0 {
		relay.OK, relay.Spared = false, true
		relay.Detail += fmt.Sprintf(", %d partitions stand still", lag.Stalled)
	}
	return []ingest.Check{temporal, workers, relay}
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

// stop is the way out: unready, for a while still serving; then requests under
// way are answered and no others taken; deliveries are meanwhile brought to
// their end; then what lies below.
func (s *server) stop(ctx context.Context) {
	s.api.Drain()
	var under sync.WaitGroup
	if s.http != nil {
		under.Go(func() {
			s.http.SetKeepAlivesEnabled(false)
			if s.side != nil && s.opt.unready > 0 {
				select {
				case <-time.After(s.opt.unready):
				case <-ctx.Done():
				}
			}
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
	if s.unwrite != nil {
		s.unwrite()
		s.writing.Wait()
	}
	if s.sources != nil {
		s.sources.Close()
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
