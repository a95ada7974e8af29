package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"journey/profiles/store"
)

// A frozen Redis under load: every call hears within two seconds, nothing
// piles up, and it goes on by itself.
func TestFrozenRedis(t *testing.T) {
	r := startRedis(t)
	e := startEngine(t, r.url)
	deploy(t, e, shop)
	submit(t, e, track("ann", "Nudged", "0", nil))
	before := runtime.NumGoroutine()
	r.freeze(t)
	var all sync.WaitGroup
	var slowest atomic.Int64
	end := time.Now().Add(4 * time.Second)
	for w := range 50 {
		all.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				begun := time.Now()
				_, err := e.Submit(context.Background(), []Call{track(fmt.Sprint("user", w), "Nudged", fmt.Sprint(n), nil)})
				if !errors.Is(err, ErrUnavailable) {
					t.Errorf("a frozen Redis answered: %v", err)
					return
				}
				slowest.Store(max(slowest.Load(), int64(time.Since(begun))))
				time.Sleep(10 * time.Millisecond) // a client does not come back at once
			}
		})
	}
	all.Wait()
	if took := time.Duration(slowest.Load()); took > 2*time.Second {
		t.Errorf("a call heard after %v", took)
	}
	if h := e.Ready(context.Background()); h.Writable {
		t.Error("a frozen Redis is called writable")
	}
	r.thaw(t)
	waitFor(t, "the engine takes events again", func() bool {
		_, err := e.Submit(context.Background(), []Call{track("ann", "Nudged", "1", nil)})
		return err == nil
	})
	waitFor(t, "what waited is gone", func() bool { return runtime.NumGoroutine() <= before+10 })
	if v := profile(t, e, "user_id:ann"); len(v.Events) != 2 {
		t.Errorf("events are %+v", v.Events)
	}
}

// Redis is killed and started again under load: what was acknowledged is
// there, once.
func TestRedisKilledAndBack(t *testing.T) {
	// With everysec it may answer before it has written, when the disk is slow.
	r := startRedis(t, "--appendonly", "yes", "--appendfsync", "no")
	a, b := startEngine(t, r.url), startEngine(t, r.url)
	deploy(t, a, shop)
	const people = 8
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	counts := make([]int, people)
	for p := range people {
		e := []*Engine{a, b}[p%2]
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				c := track(fmt.Sprint("user", p), "Order Completed", fmt.Sprintf("%d-%d", p, n), map[string]any{"total": 1.0})
				c.AnonymousID = fmt.Sprintf("dev%d-%d", p, n%3)
				for { // until it is acknowledged
					_, err := e.Submit(context.Background(), []Call{c})
					if err == nil {
						break
					}
					if !errors.Is(err, ErrUnavailable) {
						t.Error(err)
						return
					}
				}
				counts[p]++
			}
		})
	}
	done := func() (n int64) { return a.Counts().Commits + b.Counts().Commits }
	for range 3 {
		seen := done()
		waitFor(t, "events go in", func() bool { return done() > seen+100 })
		r.kill(t)
		r.start(t)
	}
	seen := done()
	waitFor(t, "events go in again", func() bool { return done() > seen+100 })
	stop()
	all.Wait()
	for p := range people {
		v := profile(t, a, fmt.Sprint("user_id:user", p))
		if v.Traits["orders"] != float64(counts[p]) {
			t.Errorf("user%d has %v orders, %d were acknowledged", p, v.Traits["orders"], counts[p])
		}
	}
	t.Logf("a: %+v", a.Counts())
}

func TestAnotherSpeedIsRefused(t *testing.T) {
	url := startRedis(t).url
	e := startEngine(t, url, func(o *Options) { o.Clock = NewClock(60) })
	a, err := e.Now(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	again := startEngine(t, url, func(o *Options) { o.Clock = NewClock(60) })
	if b, err := again.Now(context.Background()); err != nil || b < a {
		t.Errorf("after a restart it is %v, before it was %v: %v", b, a, err)
	}
	_, err = New(context.Background(), Options{Store: e.store, Clock: NewClock(1)})
	if err == nil || !strings.Contains(err.Error(), "speed 60") {
		t.Errorf("another speed: %v", err)
	}
}

// A task that breaks the machine is answered; its neighbours go on.
func TestABrokenTaskHurtsNoOther(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	id := submit(t, e, track("ann", "Nudged", "0", nil))[0].Profile
	it := &item{call: &Call{}, out: &CallResult{}}
	var err error
	good := track("ann", "Nudged", "1", nil)
	if it.prep, err = e.prepare(e.living.Load(), &good); err != nil {
		t.Fatal(err)
	}
	bad := &task{do: func(*visit) error { panic("a bug") }}
	fine := &task{}
	fine.do = func(v *visit) error { return it.applyTo(v, fine) }
	if err := e.on(context.Background(), id, bad, fine); err != nil || bad.err == nil || fine.err != nil {
		t.Fatalf("%v, %v, %v", err, bad.err, fine.err)
	}
	if v := profile(t, e, "user_id:ann"); len(v.Events) != 2 || e.Counts().Panics == 0 {
		t.Fatalf("events are %+v", v.Events)
	}
}

// Closing brings what is under way to its end and takes nothing more.
func TestClose(t *testing.T) {
	url := startRedis(t).url
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e, err := New(context.Background(), Options{Store: s})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, e, shop)
	var all sync.WaitGroup
	var acked atomic.Int64
	for w := range 8 {
		all.Go(func() {
			for n := 0; ; n++ {
				_, err := e.Submit(context.Background(), []Call{track("ann", "Order Completed", fmt.Sprintf("%d-%d", w, n), nil)})
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
				acked.Add(1)
			}
		})
	}
	waitFor(t, "events go in", func() bool { return acked.Load() > 100 })
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if v := profile(t, startEngine(t, url), "user_id:ann"); v.Traits["orders"] != float64(acked.Load()) {
		t.Fatalf("%v orders are stored, %d were acknowledged", v.Traits["orders"], acked.Load())
	}
}
