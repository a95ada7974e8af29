package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"journey/channels"
	"journey/channels/mailbox"
	"journey/devserver"
	"journey/devserver/embedredis"
	"journey/devserver/embedtemporal"
	"journey/dsl"
	"journey/dsl/diag"
	"journey/ingest/sources"
)

// devFlags are the flags of `journeyd dev`.
type devFlags struct {
	listen, data, redis, temporal, smtp, logLevel string
	speed                                         float64
	eventLog                                      bool
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev DIR",
		Short: "Run a workspace on this machine: Temporal, Redis and a mailbox inside",
		Example: `  journeyd dev examples/shop
  journeyd dev examples/shop --data ./data --speed 3600`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("say which workspace: journeyd dev DIR"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return dev(cmd.Context(), args[0], f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address of the API")
	fl.StringVar(&f.data, "data", "", "folder that keeps the data; without it everything is in memory")
	fl.Float64Var(&f.speed, "speed", 1, "how many times faster than real time the clock runs")
	fl.StringVar(&f.redis, "redis", "", "URL of a Redis to use, or server or inprocess for one inside")
	fl.StringVar(&f.temporal, "temporal", "", "address of a Temporal to use instead of the one inside")
	fl.StringVar(&f.smtp, "smtp", "", "mail server to use instead of the mailbox: smtp://HOST:PORT")
	fl.BoolVar(&f.eventLog, "event-log", false, "keep all accepted inputs in the folder of --data, to be replayed")
	fl.StringVar(&f.logLevel, "log-level", "warn", "debug, info, warn or error")
	return cmd
}

// surroundings are what dev starts below the server.
type surroundings struct {
	redisURL, redisWhat string
	temporal            string
	stops               []func()
}

func (s *surroundings) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

func dev(ctx context.Context, dir string, f devFlags) error {
	began := time.Now()
	log, err := logger(f.logLevel)
	if err != nil {
		return usage(err)
	}
	if !(f.speed >= 1 && f.speed <= 1e6) {
		return usage(fmt.Errorf("--speed %g: give a number from 1 to 1000000", f.speed))
	}
	if f.temporal != "" {
		if err := isAddress(f.temporal); err != nil {
			return usage(err)
		}
	}
	sources, program, err := readWorkspace(dir)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (choose another with --listen): %w", f.listen, cause(err))
	}
	defer ln.Close()
	if err := private(ln.Addr()); err != nil {
		return usage(err)
	}
	var below surroundings
	defer below.stop()
	if f.data != "" {
		release, err := devserver.LockDir(f.data)
		if err != nil {
			return err
		}
		below.stops = append(below.stops, release)
	}
	if err := below.start(ctx, f, log); err != nil {
		return err
	}
	api := "http://" + ln.Addr().String()
	b := banner{
		workspace: dir, journeys: len(program.Journeys), api: api, temporal: below.temporal, redis: below.redisWhat,
		data: f.data, speed: f.speed, smtp: f.smtp, curl: example(dir, api, program),
	}
	opt, err := devServer(f, &below, ln, log)
	if err != nil {
		return err
	}
	box, smtp, err := openMailbox(f)
	if err != nil {
		return err
	}
	below.stops = append(below.stops, func() { _ = box.Close() })
	b.mailbox = api + mailbox.Mount
	opt.forgetters = append(opt.forgetters, box)
	if f.eventLog {
		if f.data == "" {
			return usage(errors.New("--event-log keeps the log in the folder of --data: give that too"))
		}
		opt.eventLog = filepath.Join(f.data, "log")
	}
	opt.mailbox = mailbox.HandlerAt(box, mailbox.PageOptions{Hint: b.curl})
	if err := devChannels(&opt, smtp, box); err != nil {
		return err
	}
	s, err := wire(ctx, opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if err := s.publish(ctx, sources); err != nil {
		s.stop(context.WithoutCancel(ctx))
		return err
	}
	b.took = time.Since(began)
	b.print(os.Stdout)
	watching, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { s.watch(watching, dir, os.Stdout) })
	defer watcher.Wait()
	defer stop()
	return s.run(ctx)
}

// readWorkspace compiles the workspace before anything is started.
func readWorkspace(dir string) (map[string]string, *dsl.Program, error) {
	if err := exists(dir); err != nil {
		return nil, nil, usage(err)
	}
	sources, err := dsl.ReadDir(os.DirFS(dir))
	if err != nil {
		return nil, nil, fmt.Errorf("the workspace %s cannot be read: %w", dir, err)
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		diag.Text(os.Stderr, diags, false)
		return nil, nil, &exitError{exitWrong, nil}
	}
	return sources, program, nil
}

// private refuses to serve the keys that everybody knows to other machines.
func private(a net.Addr) error {
	if tcp, ok := a.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		return fmt.Errorf("dev listens on this machine only, since its keys are known to everybody: %s is open to others; use journeyd serve", a)
	}
	return nil
}

// start starts Redis and Temporal side by side.
func (s *surroundings) start(ctx context.Context, f devFlags, log *slog.Logger) error {
	var g errgroup.Group
	var redis *embedredis.Redis
	var temporal *embedtemporal.Temporal
	if kind, inside := redisKind(f.redis); inside {
		g.Go(func() (err error) {
			opt := embedredis.Options{Kind: kind, Logger: log}
			if f.data != "" {
				opt.Dir = filepath.Join(f.data, "redis")
			}
			redis, err = embedredis.Start(ctx, opt)
			return err
		})
	}
	if f.temporal == "" {
		g.Go(func() (err error) {
			opt := embedtemporal.Options{Logger: log}
			if f.data != "" {
				opt.File = filepath.Join(f.data, "temporal.db")
			}
			temporal, err = embedtemporal.Start(ctx, opt)
			return err
		})
	}
	err := g.Wait()
	s.redisURL, s.redisWhat = f.redis, f.redis
	if u, perr := url.Parse(f.redis); perr == nil {
		s.redisWhat = u.Redacted()
	}
	if redis != nil {
		s.stops = append(s.stops, func() { _ = redis.Stop() })
		s.redisURL = redis.URL()
		s.redisWhat = map[embedredis.Kind]string{
			embedredis.Server: "a redis-server of its own", embedredis.InProcess: "in process",
		}[redis.Kind()]
	}
	s.temporal = f.temporal
	if temporal != nil {
		s.stops = append(s.stops, func() { _ = temporal.Stop() })
		s.temporal = temporal.Address()
	}
	return err
}

// redisKind says whether Redis is to run inside, and which kind.
func redisKind(s string) (embedredis.Kind, bool) {
	switch s {
	case "":
		return embedredis.Auto, true
	case "server":
		return embedredis.Server, true
	case "inprocess":
		return embedredis.InProcess, true
	}
	return "", false
}

// devPatience is how long a Redis that is slow is waited for.
const devPatience = 5 * time.Second

func devServer(f devFlags, below *surroundings, ln net.Listener, log *slog.Logger) (serverOptions, error) {
	secret, err := linkSecret(f.data)
	return serverOptions{
		listener: ln, redisURL: below.redisURL, temporal: below.temporal, namespace: "default", speed: f.speed,
		from: "shop@journey.example", sources: []sources.Source{sources.Configured(sources.Source{Name: "dev"}, "dev")}, adminKey: "admin",
		links: newLinks("http://"+ln.Addr().String(), secret), redisWait: devPatience, log: log,
	}, err
}

// openMailbox opens the mailbox, and says where mails go: there, unless a
// server is given. Short messages go there always.
func openMailbox(f devFlags) (*mailbox.Box, string, error) {
	dir := ""
	var opts []mailbox.Option
	if f.data != "" {
		dir = filepath.Join(f.data, "mailbox")
	}
	box, err := mailbox.Open(dir, opts...)
	if err != nil {
		return nil, "", fmt.Errorf("the mailbox cannot be opened: %w", err)
	}
	if f.smtp != "" {
		return box, f.smtp, nil
	}
	addr, err := box.Start("127.0.0.1:0")
	if err != nil {
		_ = box.Close()
		return nil, "", fmt.Errorf("the mailbox cannot be started: %w", err)
	}
	return box, "smtp://" + fmt.Sprint(addr), nil
}

// devChannels sets the providers of a laptop: mails to the mailbox or the
// server given, short messages to the mailbox, webhooks to wherever they point.
func devChannels(opt *serverOptions, smtp string, box *mailbox.Box) error {
	set, err := providers(smtp, opt.from, channels.WebhookOptions{AllowPrivate: true}, nil)
	if err != nil {
		return usage(err)
	}
	for _, channel := range channels.TextChannels {
		set[channel] = channels.Record(func(m channels.Message) error {
			return box.Record(mailbox.Short{Key: m.Key, Channel: m.Channel, To: m.To, Subject: m.Subject, Text: m.Text})
		})
	}
	opt.channels = set
	return nil
}

// newSecret is a secret that nobody knows.
func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process before
	return secret
}

// linkSecret is the secret that signs links: kept with the data, so that the
// links in mails survive a restart; else new.
func linkSecret(dir string) ([]byte, error) {
	secret := newSecret()
	if dir == "" {
		return secret, nil
	}
	path := filepath.Join(dir, "links.key")
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the key of links cannot be read: %w", err)
	}
	if len(old) == len(secret) {
		return old, nil
	}
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		return nil, fmt.Errorf("the key of links cannot be kept: %w", err)
	}
	return secret, nil
}

// example is a request to paste that begins a journey: the first event of the
// workspace's own examples, else a bare one of the first journey.
func example(dir, api string, p *dsl.Program) string {
	files, _ := filepath.Glob(filepath.Join(dir, "events", "*.json"))
	sort.Strings(files)
	for _, wanted := range []bool{true, false} {
		for _, file := range files {
			body, event := readExample(file)
			if body != "" && (!wanted || enters(p, event)) && len(body) < 600 {
				return command(api, body)
			}
		}
	}
	for _, j := range p.Journeys {
		for _, e := range j.Entries {
			if ev, ok := p.Event(e.Event); e.Kind == dsl.OnEvent && ok {
				call := map[string]any{"userId": "ann", "event": ev.Wire}
				if _, mails := p.Trait("email"); mails { // somebody who can be written to
					traits := map[string]any{}
					say(p, traits, "email", "ann@example.com")
					say(p, traits, "consent", map[string]any{"email": true})
					call["context"] = map[string]any{"traits": traits}
				}
				body, _ := json.Marshal(call)
				return command(api, string(body))
			}
		}
	}
	return "curl " + api + "/version"
}

// readExample is an example's body on one line, with the event it tracks; ""
// for a file that tracks none.
func readExample(file string) (body, event string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", ""
	}
	var call struct{ Event string }
	var compact bytes.Buffer
	if json.Unmarshal(text, &call) != nil || call.Event == "" || json.Compact(&compact, text) != nil {
		return "", ""
	}
	return compact.String(), call.Event
}

// enters says whether an event begins a journey at once that sends first.
func enters(p *dsl.Program, wire string) bool {
	for _, j := range p.Journeys {
		if j.Start == dsl.End {
			continue
		}
		if _, sends := j.Code[j.Start].(*dsl.Send); !sends {
			continue
		}
		for _, e := range j.Entries {
			if ev, ok := p.Event(e.Event); ok && e.Kind == dsl.OnEvent && ev.Wire == wire {
				return true
			}
		}
	}
	return false
}

func command(api, body string) string {
	return "curl -u dev: " + api + "/v1/track -d '" + strings.ReplaceAll(body, "'", `'\''`) + "'"
}

// cause is the last error of a chain: what a person can act upon.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
