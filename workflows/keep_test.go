package workflows

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// mortals are workers that a test starts and kills.
type mortals struct {
	mu      sync.Mutex
	refuse  int // so many cannot be started
	running int
	made    int
	died    func(error) // of the newest
	started chan struct{}
}

type mortal struct {
	m  *mortals
	up bool
}

func (m *mortals) make(died func(error)) pollingWorker {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	m.died = died
	return &mortal{m: m}
}

func (w *mortal) Start() error {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	if w.m.refuse > 0 {
		w.m.refuse--
		return errors.New("the namespace is not there")
	}
	w.up = true
	w.m.running++
	w.m.started <- struct{}{}
	return nil
}

func (w *mortal) Stop() {
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	if w.up {
		w.up = false
		w.m.running--
	}
}

func (m *mortals) kill() {
	m.mu.Lock()
	died := m.died
	m.mu.Unlock()
	died(errors.New("the namespace is gone"))
}

// A worker that cannot be started, or has died for good, is followed by
// another, and is told of meanwhile.
func TestWorkersAreKeptRunning(t *testing.T) {
	m := &mortals{refuse: 3, started: make(chan struct{}, 1)}
	k := &keeper{queue: "run", make: m.make, first: time.Millisecond, most: 4 * time.Millisecond, log: slog.New(slog.DiscardHandler)}
	s := &Side{keepers: []*keeper{k}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		k.run(ctx)
	}()
	running := func() {
		t.Helper()
		select {
		case <-m.started:
		case <-time.After(10 * time.Second):
			t.Fatal("no worker runs")
		}
	}
	running()
	if m.made != 4 {
		t.Errorf("%d workers were made, want 4", m.made)
	}
	waitUntil(t, "nothing is down", func() bool { return len(s.Down()) == 0 })
	m.mu.Lock()
	m.refuse = 1 << 30 // the next ones too, until we have looked
	m.mu.Unlock()
	m.kill()
	waitUntil(t, "it is down", func() bool { return len(s.Down()) == 1 })
	if d := s.Down()[0]; d.Queue != "run" || d.Error == "" || d.Since.IsZero() {
		t.Errorf("it is told: %+v", d)
	}
	m.mu.Lock()
	m.refuse = 0
	m.mu.Unlock()
	running()
	waitUntil(t, "nothing is down again", func() bool { return len(s.Down()) == 0 })
	cancel()
	<-ended
	if m.running != 0 {
		t.Errorf("%d workers are left running", m.running)
	}
}

func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}
