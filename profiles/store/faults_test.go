package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"journey/profiles/store"
)

// TestRedisAway: killed and started again, Redis is missed at once, quickly,
// and found again without help.
func TestRedisAway(t *testing.T) {
	r := startServer(t, "--appendonly", "yes", "--appendfsync", "always")
	s := open(t, r.url())
	c := unchecked(somebody("ann", 1), nil)
	c.Base = put(t, only(s), c)
	r.kill()
	for range 20 {
		begin := time.Now()
		err := s.Commit(ctx, c)[0].Err
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("without redis: %v", err)
		}
		if d := time.Since(begin); d > 2*time.Second {
			t.Fatalf("an error after %v", d)
		}
	}
	r.start()
	eventually(t, "commits work again", func() bool {
		l, _, err := s.Load(ctx, "ann")
		if err != nil {
			return false
		}
		got := s.Commit(ctx, unchecked(l[0].Person, l[0].Base))
		return got[0].Err == nil
	})
	if v := get(t, only(s), "ann").Base.Version(); v < 2 {
		t.Errorf("version %d", v)
	}
}

func only(s *store.Store) *env { return &env{Store: s} }

// TestRedisFrozen: a Redis that does not answer gives errors within 2 s, takes
// no memory, and is found again.
func TestRedisFrozen(t *testing.T) {
	r := startServer(t)
	s := open(t, r.url())
	base := put(t, only(s), unchecked(somebody("ann", 1), nil))
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	thaw := sync.OnceFunc(func() { r.cmd.Process.Signal(syscall.SIGCONT) })
	defer thaw()

	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var failed, slow atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(4 * time.Second)
	for w := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; time.Now().Before(end); i++ {
				begin := time.Now()
				_, _, err := s.Load(ctx, fmt.Sprint("p", w, i))
				if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("frozen: %v", err)
					return
				}
				if time.Since(begin) > 2*time.Second {
					slow.Add(1)
				}
				failed.Add(1)
				if i > 2 {
					time.Sleep(time.Millisecond) // as callers do who are told to come later
				}
			}
		}()
	}
	wg.Wait()
	runtime.GC()
	runtime.ReadMemStats(&during)
	if slow.Load() > 0 {
		t.Errorf("%d of %d errors took more than 2 s", slow.Load(), failed.Load())
	}
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d errors left %d bytes", failed.Load(), grown)
	}
	t.Logf("%d errors in 4 s", failed.Load())
	thaw()
	eventually(t, "loads work again", func() bool {
		_, _, err := s.Load(ctx, "ann")
		return err == nil
	})
	put(t, only(s), unchecked(somebody("ann", 2), base))
}

// TestCallersMayLeave: who gives up waiting gets an error at once, and others
// are not concerned.
func TestCallersMayLeave(t *testing.T) {
	r := startServer(t)
	s := open(t, r.url())
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.Load(gone, "ann"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("with a cancelled context: %v", err)
	}
	put(t, only(s), unchecked(somebody("ann", 1), nil))
	s.Close()
	if _, _, err := s.Load(ctx, "ann"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("closed: %v", err)
	}
	s.Close()
}

// TestRefusals: what Redis refuses to write for its own reasons is trouble of
// Redis, not of the person.
func TestRefusals(t *testing.T) {
	r := startServer(t)
	s := open(t, r.url())
	c := unchecked(somebody("ann", 1), nil)
	c.Base = put(t, only(s), c)
	c.Reactions = []store.Reaction{{Run: "ann.1"}}
	must(r.conn().Do("CONFIG", "SET", "maxmemory", "1"))
	if err := s.Commit(ctx, c)[0].Err; !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("memory full: %v", err)
	}
	if err := s.Ready(ctx); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ready with memory full: %v", err)
	}
	must(r.conn().Do("CONFIG", "SET", "maxmemory", "0"))
	if l := get(t, only(s), "ann"); l.Base.Version() != 1 {
		t.Errorf("half a commit: version %d", l.Base.Version())
	}
	put(t, only(s), c)
	if err := s.Ready(ctx); err != nil {
		t.Error(err)
	}
}

func TestStrict(t *testing.T) {
	strict := func(r *server) error {
		s, err := store.Open(ctx, store.Options{URL: r.url(), Strict: true})
		if err == nil {
			s.Close()
		}
		return err
	}
	r := startServer(t, "--appendonly", "yes")
	if err := strict(r); err != nil {
		t.Errorf("a good server: %v", err)
	}
	must(r.conn().Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
	if err := strict(r); err == nil || !strings.Contains(err.Error(), "maxmemory-policy") {
		t.Errorf("a server that may drop keys: %v", err)
	}
	r = startServer(t)
	if err := strict(r); err == nil || !strings.Contains(err.Error(), "appendonly") {
		t.Errorf("a server that keeps nothing: %v", err)
	}
}

func TestOtherLayoutsAreRefused(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		must(s.c.Do("HSET", "{journey}settings", "partitions", 64))
		_, err := store.Open(ctx, store.Options{URL: s.url})
		if err == nil || !strings.Contains(err.Error(), "64 partitions") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAddresses(t *testing.T) {
	for url, want := range map[string]string{
		"http://localhost":           `begins with "http:"`,
		"redis://localhost:1":        "cannot reach redis",
		"redis://a:secret@[::1]:1/0": "cannot reach redis at redis://a:xxxxx@[::1]:1/0",
		"unix:///nowhere/s?db=x":     "no database",
		"unix:///nowhere/s":          "cannot reach redis",
		"://":                        "no URL",
	} {
		_, err := store.Open(ctx, store.Options{URL: url, Timeout: 200 * time.Millisecond, Patience: time.Millisecond})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", url, err, want)
		}
	}
}

// Open waits for a Redis that is slow to answer, for as long as it is told,
// and not at all for one that does not let it in.
func TestOpenIsPatient(t *testing.T) {
	r := startServer(t)
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer r.cmd.Process.Signal(syscall.SIGCONT)
	impatient := store.Options{URL: r.url(), Timeout: 200 * time.Millisecond, Patience: time.Millisecond}
	if s, err := store.Open(ctx, impatient); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("a frozen Redis: %v %v", s, err)
	}
	opened := make(chan error)
	go func() {
		s, err := store.Open(ctx, store.Options{URL: r.url(), Timeout: 200 * time.Millisecond, Patience: time.Minute})
		if err == nil {
			s.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(600 * time.Millisecond): // longer than any single try takes
	}
	r.cmd.Process.Signal(syscall.SIGCONT)
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if _, err := r.conn().Do("CONFIG", "SET", "requirepass", "secret"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err := store.Open(ctx, store.Options{URL: r.url(), Patience: time.Minute})
	if err == nil || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "does not let us in") {
		t.Errorf("without the password: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
