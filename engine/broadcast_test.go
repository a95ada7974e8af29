package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

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
	if p := person(t, e, gold[0]); p.Runs[0].Entry.Props["price"] != 90.0 {
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
			if broken.Load() && at == "commit: its answer" && commits.Add(1) > 7 {
				return ErrUnavailable
			}
			return nil
		}
	})
	deploy(t, first, sale)
	gold, others := crowd(t, first, 60)
	if _, err := first.Announce(context.Background(), Broadcast{ID: "spring", Journey: "sale", Segment: "gold", Params: map[string]any{"price": 9.0}}); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	waitFor(t, "some have entered", func() bool {
		_, _ = first.Work(context.Background(), []int{sweepPartition})
		return commits.Load() > 8
	})
	_ = first.Close()
	second, _ := manual(t, r.url)
	if b := made(t, second, "spring"); b.Entered+b.Again != int64(len(gold)) || b.Again == 0 {
		t.Errorf("%+v", b)
	}
	runsOf(t, second, gold, 1)
	runsOf(t, second, others, 0)
}
