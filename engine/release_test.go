package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles/store"
)

// publication is a program in which n is a text or a number, by turns: an
// event that was cleaned for one release and applied under another would
// enter nowhere.
func publication(n int) string {
	kind, five := "text", `"5"`
	if n%2 == 1 {
		kind, five = "number", "5"
	}
	return fmt.Sprintf(`# publication %d
event nudged "Nudged" { n: %s, key: text }
segment nudgees = count(nudged) > 0
journey %s_side {
  enter on nudged where event.n == %s
  again after exit per event.key
  exit "done"
}
journey inside {
  enter when segment.nudgees
  again after exit
  exit "done"
}
`, n, kind, kind, five)
}

// Fifty publications under load through two engines: no input sees a mix of
// two releases, and nobody who is already inside a condition enters.
func TestPublicationsUnderLoad(t *testing.T) {
	url := startRedis(t).url
	var sides, inside, refused atomic.Int64
	watch := func(o *Options) {
		o.Observe = func(_ string, traces []orchestrator.Trace) {
			for _, tr := range traces {
				switch {
				case tr.Kind == orchestrator.TraceEntered && tr.Journey == "inside":
					inside.Add(1)
				case tr.Kind == orchestrator.TraceEntered:
					sides.Add(1)
				case tr.Kind == orchestrator.TraceRefused:
					refused.Add(1)
				}
			}
		}
	}
	a, b := startEngine(t, url, watch), startEngine(t, url, watch)
	deploy(t, a, publication(0))
	ctx, stop := context.WithCancel(context.Background())
	var sent atomic.Int64
	var people sync.Map
	var all sync.WaitGroup
	for w := range 8 {
		e := []*Engine{a, b}[w%2]
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				user := fmt.Sprintf("user%d", (n*7+w*3)%40+n/200*40)
				id := fmt.Sprintf("%d-%d", w, n)
				c := track(user, "Nudged", id, map[string]any{"n": 5.0, "key": id})
				for {
					_, err := e.Submit(context.Background(), []Call{c})
					if err == nil {
						break
					}
					if !errors.Is(err, ErrUnavailable) {
						t.Error(err)
						return
					}
				}
				sent.Add(1)
				people.Store(user, true)
			}
		})
	}
	for n := 1; n <= 50; n++ {
		if r := deploy(t, []*Engine{a, b}[n%2], publication(n)); r.Number != int64(n+1) {
			t.Errorf("publication %d has number %d", n, r.Number)
		}
	}
	stop()
	all.Wait()
	known := int64(0)
	people.Range(func(any, any) bool { known++; return true })
	if sides.Load() != sent.Load() || refused.Load() != 0 {
		t.Errorf("%d events made %d entries, %d were refused", sent.Load(), sides.Load(), refused.Load())
	}
	if inside.Load() != known {
		t.Errorf("%d people became nudgees, %d entered", known, inside.Load())
	}
	t.Logf("%d events of %d people; a: %+v", sent.Load(), known, a.Counts())
}

func TestDeployAndRollback(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	ctx := context.Background()
	if r, diags, err := e.Deploy(ctx, map[string]string{"a.journey": "journey x {"}, false, "me"); !errors.Is(err, ErrWorkspace) || r.Number != 0 || len(diags) == 0 {
		t.Fatalf("a wrong program: %+v %v %v", r, diags, err)
	}
	if _, err := e.Releases(ctx); err != nil {
		t.Fatal(err)
	}
	first := deploy(t, e, publication(0))
	if again := deploy(t, e, publication(0)); again.Number != first.Number {
		t.Errorf("the same again is release %d", again.Number)
	}
	more := publication(0) + "segment old = any(nudged in last 30 days, .n == \"7\")\n"
	r, diags, err := e.Deploy(ctx, map[string]string{"shop.journey": more}, true, "me")
	if err != nil || r.Number != 0 || r.Hash == "" {
		t.Fatalf("a dry run: %+v %v", r, err)
	}
	warned := false
	for _, d := range diags {
		warned = warned || d.Code == "counts-from-now" && d.Severity == diag.Warning && strings.Contains(d.Message, "nudged")
	}
	if !warned {
		t.Errorf("nothing says that the new segment counts only from now on: %v", diags)
	}
	second := deploy(t, e, publication(1))
	back, err := e.Rollback(ctx, int(first.Number))
	if err != nil || back.Number != second.Number+1 || back.Hash != first.Hash || back.Of != first.Number {
		t.Fatalf("rollback: %+v %v", back, err)
	}
	if e.Live().Hash != first.Hash {
		t.Error("the old program is not live")
	}
	if _, err := e.Rollback(ctx, 99); err == nil {
		t.Error("rolled back to nothing")
	}
	all, err := e.Releases(ctx)
	if err != nil || len(all) != 3 || !all[0].Live || all[1].Live || all[0].Number != 3 {
		t.Fatalf("releases are %+v, %v", all, err)
	}
}

// A new condition that time alone makes true holds for people whom nobody
// touches, and they do not enter for what was so before.
func TestTheSweepFitsThoseNobodyTouches(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	const before = `event nudged "Nudged" { n: number optional }
segment ever = count(nudged) > 0 and last(nudged).at <= ago(400 days)
`
	deploy(t, e, before)
	const people = 60
	var ids []string
	for n := range people {
		ids = append(ids, submit(t, e, track(fmt.Sprint("user", n), "Nudged", "1", nil))[0].Profile)
	}
	clock.Set(start.Add(value.Minute))
	deploy(t, e, before+`
segment quiet = count(nudged) > 0 and last(nudged).at <= ago(10 minutes)
segment nudgees = count(nudged) > 0
journey sleeper {
  enter when segment.quiet
  again after exit
  wait 1 day
}
journey already {
  enter when segment.nudgees
  again after exit
  wait 1 day
}
`)
	e.startSweep()
	waitFor(t, "the sweep is done", func() bool { s := e.Sweep(); return !s.Running && s.Fitted == people })
	if n, err := e.store.Swept(context.Background()); err != nil || n != 2 {
		t.Fatalf("swept is %d, %v", n, err)
	}
	clock.Set(start.Add(value.Hour))
	for _, id := range ids {
		tickAll(t, e, lease(t, e, store.Partition(id)))
		p := person(t, e, id)
		if len(p.Runs) != 1 || p.Runs[0].Journey != "sleeper" {
			t.Fatalf("runs are %+v", p.Runs)
		}
		if _, in := p.Segments["nudgees"]; !in {
			t.Fatal("not in the segment he has been in all the time")
		}
	}
}

// A release does not reach back: what was due by clock or condition before it
// went live makes no entry, though nobody has touched the person since.
func TestAReleaseDoesNotReachBack(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	const before = `event nudged "Nudged" { n: number optional }
trait newest: time = last(nudged).at
`
	deploy(t, e, before)
	id := submit(t, e, track("ann", "Nudged", "1", nil))[0].Profile
	leased := lease(t, e, store.Partition(id))
	released := start.Add(3 * value.Day)
	clock.Set(released)
	deploy(t, e, before+`
journey daily {
  enter daily at 09:30
}
journey lapsed {
  enter when profile.newest <= ago(2 days)
}
journey later {
  enter when profile.newest <= ago(4 days)
}
`)
	e.startSweep()
	waitFor(t, "the sweep is done", func() bool { s := e.Sweep(); return !s.Running && s.Fitted == 1 })
	if p := person(t, e, id); p.Entered != 0 {
		t.Fatalf("somebody entered before the release: %+v %+v", p.Runs, p.Ended)
	}
	clock.Set(released.Add(30 * value.Hour))
	tickAll(t, e, leased)
	entered := map[string]int{}
	for _, r := range person(t, e, id).Ended {
		entered[r.Journey]++
	}
	if entered["lapsed"] != 0 || entered["later"] != 1 || entered["daily"] != 1 {
		t.Errorf("entered are %v", entered)
	}
}
