package embedtemporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/server/temporal"
)

// Options says how the server is to run. The zero value is a server in memory.
type Options struct {
	// File is the SQLite file; its folder must exist, and no other process may
	// have it open (devserver.LockDir). Empty: in memory.
	File string
	// Namespace is created if it is not there; empty: "default".
	Namespace string
	// Retention is how long Temporal keeps a workflow that has ended, set when
	// the namespace is created; 0: 24 hours. At least an hour makes sense.
	Retention time.Duration
	// ListenHost is the address the server listens on; empty: 127.0.0.1.
	ListenHost string
	// Logger hears the server's warnings and errors; nil: slog.Default.
	Logger *slog.Logger
	// OnFatal is called when the server meets something it cannot go on from. It
	// must end the process; if it returns, or is nil, os.Exit(1) is called.
	OnFatal func(message string)

	// pickPorts is replaced by tests.
	pickPorts func(host string) (ports, error)
}

// Temporal is a running server.
type Temporal struct {
	server    temporal.Server
	address   string
	namespace string
	log       *logger
	stop      sync.Once
	stopErr   error
}

const (
	defaultNamespace = "default"
	defaultRetention = 24 * time.Hour
	defaultHost      = "127.0.0.1"

	// portTries is how often other ports are tried when somebody took one
	// between its choice and its use.
	portTries = 5
	// stopPatience is how long the server may take to end; a second is usual.
	stopPatience = 15 * time.Second
)

// Start starts the server and returns when it answers. ctx bounds the wait for
// the first answer.
func Start(ctx context.Context, o Options) (*Temporal, error) {
	o = withDefaults(o)
	store, err := openStore(o)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		t, err := start(o, store)
		if err == nil {
			if err := t.awaitReady(ctx); err != nil {
				return nil, err
			}
			return t, nil
		}
		var fatal *fatalError
		if !errors.As(err, &fatal) || try == portTries {
			return nil, fmt.Errorf("start temporal: %w", err)
		}
		o.Logger.Debug("temporal did not start, trying other ports", "cause", err.Error())
	}
}

func withDefaults(o Options) Options {
	if o.Namespace == "" {
		o.Namespace = defaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = defaultRetention
	}
	if o.ListenHost == "" {
		o.ListenHost = defaultHost
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.pickPorts == nil {
		o.pickPorts = pickPorts
	}
	return o
}

// start builds the server on ports of its own and starts its services. A port
// that is taken shows as a fatalError, the first of the server's construction.
func start(o Options, store store) (t *Temporal, err error) {
	ports, err := o.pickPorts(o.ListenHost)
	if err != nil {
		return nil, fmt.Errorf("free ports on %s: %w", o.ListenHost, err)
	}
	log := newLogger(o.Logger, o.OnFatal)
	server, err := construct(log, serverOptions(o, store, ports, log))
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		log.phase.Store(stopping)
		server.Stop()
		return nil, err
	}
	return &Temporal{
		server:    server,
		address:   hostPort(o.ListenHost, ports.frontend),
		namespace: o.Namespace,
		log:       log,
	}, nil
}

// construct makes the server. Its listeners are opened here, and a port that is
// taken is reported to the logger as fatal; while this function runs, the logger
// turns that into a panic, which is caught here.
func construct(log *logger, options []temporal.ServerOption) (server temporal.Server, err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
			log.phase.Store(starting)
		case *fatalError:
			err = v
		default:
			panic(v)
		}
	}()
	return temporal.NewServer(options...)
}

// awaitReady returns when the server answers; otherwise it stops it.
func (t *Temporal) awaitReady(ctx context.Context) error {
	for {
		c, err := client.DialContext(ctx, client.Options{
			HostPort: t.address, Namespace: t.namespace, Logger: quiet{},
			ConnectionOptions: client.ConnectionOptions{GetSystemInfoTimeout: 5 * time.Second},
		})
		if err == nil {
			c.Close()
			t.log.phase.Store(running)
			return nil
		}
		select {
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("temporal on %s did not answer: %w (its warnings are in the debug log)", t.address, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Address is host:port of the server's frontend.
func (t *Temporal) Address() string { return t.address }

// Namespace is the one that was created.
func (t *Temporal) Namespace() string { return t.namespace }

// Stop ends the server, in about a second. What it accepted is in the file. Only
// the first call does something.
func (t *Temporal) Stop() error {
	t.stop.Do(func() {
		t.log.phase.Store(stopping)
		ended := make(chan error, 1)
		go func() { ended <- t.server.Stop() }()
		select {
		case t.stopErr = <-ended:
		case <-time.After(stopPatience):
			t.stopErr = fmt.Errorf("temporal did not end within %s", stopPatience)
		}
	})
	return t.stopErr
}
