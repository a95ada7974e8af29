package embedtemporal

import (
	"bufio"
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// logs collects what is logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// begin starts a server, which must not log anything until it is ready.
func begin(t *testing.T, o Options) *Temporal {
	t.Helper()
	var said logs
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(&said, nil))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if said.String() != "" {
		t.Errorf("the server was not quiet at its start:\n%s", said.String())
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if said.String() != "" {
			t.Logf("the server said:\n%s", said.String())
		}
	})
	return s
}

// dial connects and runs a worker; both end before the server.
func dial(t *testing.T, s *Temporal) (c client.Client, done func()) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.Address(), Namespace: s.Namespace(), Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(sleeper)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	return c, func() { w.Stop(); c.Close() }
}

// result waits for a sleeper and checks that it slept at least as long.
func result(t *testing.T, c client.Client, id string, slept time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var got time.Duration
	if err := c.GetWorkflow(ctx, id, "").Get(ctx, &got); err != nil {
		t.Fatal(err)
	}
	if got < slept {
		t.Errorf("slept %s, want at least %s", got, slept)
	}
}

func TestWorkflowGoesOnAfterRestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	began := time.Now()
	s := begin(t, Options{File: file})
	t.Logf("new file: ready after %s", time.Since(began))
	c, done := dial(t, s)
	_, err := c.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "restarted", TaskQueue: queue},
		sleeper, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	done()
	began = time.Now()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	t.Logf("stopped after %s", time.Since(began))
	began = time.Now()
	s = begin(t, Options{File: file})
	t.Logf("old file: ready after %s", time.Since(began))
	c, done = dial(t, s)
	defer done()
	result(t, c, "restarted", 2*time.Second)
}

func TestWorkflowGoesOnAfterKill(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || said != "asleep\n" {
		t.Errorf("the child said %q, %v", said, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	s := begin(t, Options{File: file})
	c, done := dial(t, s)
	defer done()
	result(t, c, "asleep", 2*time.Second)
}

func TestMemoryServersAreApart(t *testing.T) {
	t.Parallel()
	a, b := begin(t, Options{Namespace: "a"}), begin(t, Options{Namespace: "b"})
	ca, doneA := dial(t, a)
	defer doneA()
	cb, doneB := dial(t, b)
	defer doneB()
	for _, c := range []client.Client{ca, cb} {
		_, err := c.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "same", TaskQueue: queue},
			sleeper, time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		result(t, c, "same", time.Millisecond)
	}
}

func TestStopRightAfterStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	for range 3 {
		if err := begin(t, Options{File: file}).Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	taken := l.Addr().(*net.TCPAddr).Port
	for service, port := range map[string]func(*ports) *int{
		"frontend": func(p *ports) *int { return &p.frontend },
		"history":  func(p *ports) *int { return &p.history },
		"matching": func(p *ports) *int { return &p.matching },
		"worker":   func(p *ports) *int { return &p.worker },
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			tries := 0
			begin(t, Options{pickPorts: func(host string) (ports, error) {
				p, err := pickPorts(host)
				if tries++; tries == 1 {
					*port(&p) = taken
				}
				return p, err
			}})
			if tries < 2 {
				t.Error("the server started on a port that is taken")
			}
		})
	}
}

func TestOldFileIsSetAside(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, version, kept string }{
		{"another version", "1.2.3\n", "temporal.db.1.2.3"},
		{"cut off while it was made", "", "temporal.db.unfinished"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "temporal.db")
			write(t, file, "an old file")
			write(t, file+"-wal", "its newest changes")
			if tc.version != "" {
				write(t, file+".version", tc.version)
			}
			var said logs
			s := begin(t, Options{File: file, Logger: slog.New(slog.NewTextHandler(&said, nil))})
			defer s.Stop()
			if !strings.Contains(said.String(), tc.kept) {
				t.Errorf("the log does not name %s: %s", tc.kept, said.String())
			}
			for suffix, want := range map[string]string{"": "an old file", "-wal": "its newest changes"} {
				got, err := os.ReadFile(filepath.Join(dir, tc.kept+suffix))
				if err != nil || string(got) != want {
					t.Errorf("%s%s: %q, %v", tc.kept, suffix, got, err)
				}
			}
		})
	}
}

func TestKeptNamesDoNotCollide(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "temporal.db")
	for _, want := range []string{"temporal.db.1.0", "temporal.db.1.0-2", "temporal.db.1.0-3"} {
		write(t, file, want)
		kept, err := setAside(file, "1.0")
		if err != nil || filepath.Base(kept) != want {
			t.Errorf("kept as %s, %v; want %s", kept, err, want)
		}
	}
}

func TestFatalEndsTheProcess(t *testing.T) {
	t.Parallel()
	var said logs
	var told string
	exited := 0
	l := newLogger(slog.New(slog.NewTextHandler(&said, nil)), func(m string) { told = m })
	l.exit = func(code int) { exited = code }
	l.phase.Store(running)
	l.With().Fatal("the store is gone")
	if told != "the store is gone" || exited != 1 || !strings.Contains(said.String(), told) {
		t.Errorf("told %q, exit %d, log %q", told, exited, said.String())
	}
}

// The server's warnings are for debugging; its errors are for everybody.
func TestWarningsAreForDebugging(t *testing.T) {
	t.Parallel()
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		var said logs
		l := newLogger(slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: level})), nil)
		l.phase.Store(running)
		l.Warn("Fail to process task")
		l.Error("the store is broken")
		warned := strings.Contains(said.String(), "Fail to process task")
		if warned != (level == slog.LevelDebug) || !strings.Contains(said.String(), "the store is broken") {
			t.Errorf("at %s: %s", level, said.String())
		}
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
