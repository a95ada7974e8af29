package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"journey/dsl/value"
	"journey/profiles/store"
)

const sale = `
trait tier: text one of "silver", "gold"
event nudged "Nudged"
segment gold = profile.tier == "gold"
segment nudgees = count(nudged) > 0
journey sale {
  enter on request { price: number, note: text optional } where entry.price < 100 or profile.tier == "gold"
  again after exit
  wait 1 day
}
journey other {
  enter on nudged
  once
}
`

// crowd is a number of people, every third of them gold; their profiles.
func crowd(t *testing.T, e *Engine, n int) (gold, others []string) {
	t.Helper()
	for i := range n {
		traits := map[string]any{"tier": "silver"}
		if i%3 == 0 {
			traits["tier"] = "gold"
		}
		id := submit(t, e, Call{Kind: CallIdentify, UserID: fmt.Sprint("user", i), Traits: traits})[0].Profile
		if i%3 == 0 {
			gold = append(gold, id)
		} else {
			others = append(others, id)
		}
	}
	return gold, others
}

// made waits until a broadcast is over.
func made(t *testing.T, e *Engine, id string) Broadcast {
	t.Helper()
	var b Broadcast
	waitFor(t, "the broadcast is made", func() bool {
		_, _ = e.Work(context.Background(), []int{sweepPartition})
		var err error
		b, err = e.Broadcast(context.Background(), id)
		return err == nil && b.State != store.BroadcastRunning
	})
	return b
}

func runsOf(t *testing.T, e *Engine, ids []string, want int) {
	t.Helper()
	for _, id := range ids {
		if p := person(t, e, id); len(p.Runs) != want {
			t.Fatalf("%s has %d runs, want %d", id, len(p.Runs), want)
		}
	}
}

// A broadcast reaches the members of its segment, each once, judged like a
// request of his own; and nobody who came after it.
func TestABroadcastReachesItsSegment(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, sale)
	gold, others := crowd(t, e, 30)
	ctx := context.Background()
	ask := Broadcast{ID: "spring", Journey: "sale", Segment: "gold", Params: map[string]any{"price": 90.0}}
	if _, err := e.Announce(ctx, ask); err != nil {
		t.Fatal(err)
	}
	clock.Set(start.Add(value.Minute))
	late := submit(t, e, Call{Kind: CallIdentify, UserID: "late", Traits: map[string]any{"tier": "gold"}})[0].Profile
	if b := made(t, e, "spring"); b.State != store.BroadcastDone || b.Entered != int64(len(gold)) || b.People != 31 || len(b.Refused) != 0 {
		t.Errorf("%+v", b)
	}
	runsOf(t, e, gold, 1)
	runsOf(t, e, append(others, late), 0)
	if p := person(t, e, gold[0]); p.Runs[0].Entry.Props.Get("price") != 90.0 {
		t.Errorf("the entry is %+v", p.Runs[0].Entry)
	}

	// The same again changes nothing; another one needs another id.
	if b, err := e.Announce(ctx, ask); err != nil || b.State != store.BroadcastDone {
		t.Errorf("%+v, %v", b, err)
	}
	ask.Params = map[string]any{"price": 80.0}
	if _, err := e.Announce(ctx, ask); !errors.Is(err, ErrBroadcast) {
		t.Errorf("another one under the same id: %v", err)
	}
	// To everybody: those inside are refused, who is not let in by `where` too.
	if _, err := e.Announce(ctx, Broadcast{ID: "all", Journey: "sale", Params: map[string]any{"price": 500.0}}); err != nil {
		t.Fatal(err)
	}
	if b := made(t, e, "all"); b.Entered != 1 || b.Refused["again"] != 10 || b.Refused["where"] != 20 {
		t.Errorf("%+v", b)
	}
}

// What cannot be asked for is said at once.
func TestABroadcastThatIsWrong(t *testing.T) {
	e, _ := manual(t, startRedis(t).url)
	deploy(t, e, sale)
	for code, b := range map[string]Broadcast{
		"no-segment":      {ID: "b", Journey: "sale", Segment: "platinum", Params: map[string]any{"price": 1.0}},
		"unknown-journey": {ID: "b", Journey: "sail", Params: map[string]any{"price": 1.0}},
		"bad-request":     {ID: "b", Journey: "sale"},
	} {
		_, err := e.Announce(context.Background(), b)
		var wrong *CallError
		if !errors.As(err, &wrong) || wrong.Code != code {
			t.Errorf("%+v: %v, want %s", b, err, code)
		}
	}
	if _, err := e.Broadcast(context.Background(), "b"); !errors.Is(err, ErrNoBroadcast) {
		t.Errorf("it is kept: %v", err)
	}
}

// Whoever dies on the way is followed by another, and nobody enters twice.
func TestABroadcastThatIsInterrupted(t *testing.T) {
	r := startRedis(t)
	var commits atomic.Int64
	var broken atomic.Bool
	first := startEngine(t, r.url, func(o *Options) {
		o.Clock = ManualClock(start)
		o.Fault = func(at string) error {
			if broken.Load() && at == "commit: its answer" && commits.Add(1) > 100 {
				return ErrUnavailable
			}
			return nil
		}
	})
	deploy(t, first, sale)
	gold, others := crowd(t, first, 600)
	if _, err := first.Announce(context.Background(), Broadcast{ID: "spring", Journey: "sale", Segment: "gold", Params: map[string]any{"price": 9.0}}); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	waitFor(t, "some have entered", func() bool {
		_, _ = first.Work(context.Background(), []int{sweepPartition})
		return commits.Load() > 101
	})
	_ = first.Close()
	if b, err := first.Broadcast(context.Background(), "spring"); err != nil || b.State != store.BroadcastRunning || b.People == 0 || b.Entered == 0 {
		t.Fatalf("it was not interrupted on the way: %+v, %v", b, err)
	}
	second, _ := manual(t, r.url)
	if b := made(t, second, "spring"); b.People != 600 || b.Entered+b.Again != int64(len(gold)) || b.Again == 0 || len(b.Refused) != 0 {
		t.Errorf("%+v", b)
	}
	runsOf(t, second, gold, 1)
	runsOf(t, second, others, 0)
}

// sweeping makes an engine the one that looks after what concerns everybody.
func sweeping(e *Engine) { e.sweeping.Store(time.Now().UnixNano()) }

// walked makes the announced broadcast at once, and answers what came of it.
func walked(t *testing.T, e *Engine) Broadcast {
	t.Helper()
	sweeping(e)
	err := e.broadcastAll(context.Background())
	b, err2 := e.Broadcast(context.Background(), "spring")
	if err := errors.Join(err, err2); err != nil || b.State == store.BroadcastRunning {
		t.Fatalf("%+v, %v", b, err)
	}
	return b
}

// announced is a broadcast of the sale to the gold people, not yet begun.
func announced(t *testing.T, e *Engine, clock *Clock) Broadcast {
	t.Helper()
	clock.Set(start.Add(value.Minute))
	b, err := e.Announce(context.Background(), Broadcast{ID: "spring", Journey: "sale", Segment: "gold", Params: map[string]any{"price": 9.0}})
	if err != nil {
		t.Fatal(err)
	}
	clock.Set(start.Add(2 * value.Minute))
	return b
}

// When something does not work with one of many, the others are not met again.
func TestABroadcastCountsEachOnce(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, sale)
	gold, others := crowd(t, e, 60)
	b := announced(t, e, clock)
	b.Refused = map[string]int64{}
	c := &broadcasting{b: &b, met: map[string]bool{}}
	sweeping(e)
	var commits atomic.Int64
	e.fault = func(at string) error {
		if at == "commit: its answer" && commits.Add(1) == 5 {
			return ErrUnavailable
		}
		return nil
	}
	ctx, all := context.Background(), append(others, gold...)
	if err := e.addressSome(ctx, all, c); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("the fifth answer is lost: %v", err)
	}
	if err := e.addressSome(ctx, all, c); err != nil {
		t.Fatal(err)
	}
	if b.People != 60 || b.Entered != int64(len(gold)-1) || b.Again != 1 {
		t.Errorf("%+v", b)
	}
}

// What is over is not made again for those who join the segment later: not
// when it is asked for again, and not when it stands among those to be made.
func TestABroadcastThatIsOver(t *testing.T) {
	r := startRedis(t)
	e, clock := manual(t, r.url)
	deploy(t, e, sale)
	_, others := crowd(t, e, 3)
	first := announced(t, e, clock)
	over := walked(t, e)
	submit(t, e, Call{Kind: CallIdentify, UserID: "user1", Traits: map[string]any{"tier": "gold"}})

	ctx := context.Background()
	if b, err := e.Announce(ctx, first); err != nil || b.State != store.BroadcastDone {
		t.Fatalf("%+v, %v", b, err)
	}
	if ids, err := e.store.Broadcasting(ctx); err != nil || len(ids) != 0 {
		t.Errorf("to be made are %v, %v", ids, err)
	}
	ask(t, r.url, "SADD", "{journey}broadcasting", "spring")
	clock.Set(start.Add(21 * value.Hour))
	sweeping(e)
	if err := e.broadcastAll(ctx); err != nil {
		t.Fatal(err)
	}
	if ids, err := e.store.Broadcasting(ctx); err != nil || len(ids) != 0 {
		t.Errorf("to be made are %v, %v", ids, err)
	}
	if b, err := e.Broadcast(ctx, "spring"); err != nil || !reflect.DeepEqual(b, over) {
		t.Errorf("%+v, %v\nwant %+v", b, err, over)
	}
	runsOf(t, e, others, 0)
}

// A process that was frozen while another made the broadcast to its end stops
// when it finds out, and leaves what is written.
func TestABroadcastThatAnotherHasMade(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, sale)
	_, others := crowd(t, e, 30)
	ctx := context.Background()
	b := announced(t, e, clock)
	sweeping(e)
	var once sync.Once
	e.fault = func(at string) error { // on the way
		once.Do(func() {
			done := b
			done.State, done.Entered = store.BroadcastDone, 77
			if wrote, err := e.store.SaveBroadcast(ctx, done); err != nil || !wrote {
				t.Errorf("the other could not end it: %v", err)
			}
		})
		return nil
	}
	late := b
	if err := e.broadcast(ctx, &late); !errors.Is(err, errOutdated) {
		t.Errorf("it ended with %v", err)
	}
	e.fault = nil
	if kept, err := e.Broadcast(ctx, "spring"); err != nil || kept.State != store.BroadcastDone || kept.Entered != 77 {
		t.Errorf("%+v, %v", kept, err)
	}
	// And before its first step.
	submit(t, e, Call{Kind: CallIdentify, UserID: "user1", Traits: map[string]any{"tier": "gold"}})
	if err := e.broadcast(ctx, &b); !errors.Is(err, errOutdated) {
		t.Errorf("it ended with %v", err)
	}
	runsOf(t, e, others, 0)
}

// Two processes that make a broadcast at the same time address each person
// once.
func TestABroadcastThatTwoMake(t *testing.T) {
	r := startRedis(t)
	first, clock := manual(t, r.url)
	second := startEngine(t, r.url, func(o *Options) { o.Clock = clock })
	deploy(t, first, sale)
	if err := second.refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	gold, others := crowd(t, first, 60)
	b := announced(t, first, clock)
	var both sync.WaitGroup
	for _, e := range []*Engine{first, second} {
		sweeping(e)
		mine := b
		both.Go(func() {
			if err := e.broadcast(context.Background(), &mine); err != nil && !errors.Is(err, errOutdated) {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if b, err := first.Broadcast(context.Background(), "spring"); err != nil || b.State != store.BroadcastDone || b.Entered+b.Again != int64(len(gold)) {
		t.Errorf("%+v, %v", b, err)
	}
	runsOf(t, first, gold, 1)
	runsOf(t, first, others, 0)
}

// A member who goes into another that was met before, as no member yet, is
// addressed as that one, even if his merge has stopped halfway.
func TestABroadcastFollowsAMerge(t *testing.T) {
	for _, point := range []string{"merge: marked", "merge: absorbed", "merge: left", ""} {
		t.Run(point, func(t *testing.T) {
			e, clock := manual(t, startRedis(t).url)
			deploy(t, e, sale)
			winner := submit(t, e, Call{Kind: CallIdentify, UserID: "ann"})[0].Profile
			loser := submit(t, e, Call{Kind: CallIdentify, AnonymousID: "dev", Traits: map[string]any{"tier": "gold"}})[0].Profile
			b := announced(t, e, clock)
			b.Refused = map[string]int64{}
			c := &broadcasting{b: &b, met: map[string]bool{}}
			sweeping(e)
			ctx := context.Background()
			if err := e.addressOne(ctx, winner, c); err != nil {
				t.Fatal(err)
			}
			runsOf(t, e, []string{winner}, 0)
			e.fault = func(at string) error {
				if at == point {
					return errKilled
				}
				return nil
			}
			_, err := e.Submit(ctx, []Call{{Kind: CallIdentify, UserID: "ann", AnonymousID: "dev"}})
			e.fault = nil
			if (point == "") != (err == nil) {
				t.Fatalf("the merge ended with %v", err)
			}
			if err := e.addressOne(ctx, loser, c); err != nil {
				t.Fatal(err)
			}
			if p := person(t, e, loser); p.ID != winner || len(p.Runs) != 1 {
				t.Errorf("%s has %d runs", p.ID, len(p.Runs))
			}
			if b.People != 1 || b.Entered != 1 || b.Again != 0 {
				t.Errorf("%+v", b)
			}
			// Whoever walks again meets one person, who was addressed.
			if b := walked(t, e); b.People != 1 || b.Entered != 0 || b.Again != 1 {
				t.Errorf("%+v", b)
			}
			runsOf(t, e, []string{winner}, 1)
		})
	}
}

// Two who merged before are one person, wherever the walk begins.
func TestABroadcastCountsTheMergedOnce(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, sale)
	for i := range 10 {
		user, device := fmt.Sprint("user", i), fmt.Sprint("dev", i)
		submit(t, e, Call{Kind: CallIdentify, UserID: user})
		submit(t, e, Call{Kind: CallIdentify, AnonymousID: device, Traits: map[string]any{"tier": "gold"}})
		submit(t, e, Call{Kind: CallIdentify, UserID: user, AnonymousID: device})
	}
	announced(t, e, clock)
	if b := walked(t, e); b.People != 10 || b.Entered != 10 || b.Again != 0 {
		t.Errorf("%+v", b)
	}
}
