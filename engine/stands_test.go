package engine

import (
	"context"
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// keptBack switches off a journey, or a channel, and on again.
var keptBack = map[string]func(*store.Switches, bool){
	"a paused journey": func(w *store.Switches, off bool) {
		if w.Paused = nil; off {
			w.Paused = []string{"cart"}
		}
	},
	"a stopped channel": func(w *store.Switches, off bool) {
		if w.Stopped = nil; off {
			w.Stopped = []string{"email"}
		}
	},
}

func switchTo(t testing.TB, e *Engine, change func(*store.Switches, bool), off bool) {
	t.Helper()
	ctx := context.Background()
	w, err := e.store.Switches(ctx)
	if err == nil {
		change(&w, off)
		_, err = e.store.SetSwitches(ctx, w)
	}
	if err == nil {
		err = e.refresh(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// rouseAll looks after what concerns everybody until the runs that were freed
// are awake.
func rouseAll(t testing.TB, e *Engine) {
	t.Helper()
	waitFor(t, "the freed runs are awake", func() bool {
		if _, err := e.Work(context.Background(), []int{sweepPartition}); err != nil {
			t.Fatal(err)
		}
		last, err := e.store.Roused(context.Background())
		return err == nil && last.Version == e.living.Load().switches.Version
	})
}

// A run at a send that is kept back waits to be woken, whatever its workflow
// was doing when that began: asking, drafting or claiming. Nobody wakes it
// meanwhile; when it is freed it is woken once, and its send is judged then.
func TestASendThatIsKeptBackWaitsForAWake(t *testing.T) {
	for name, change := range keptBack {
		t.Run(name, func(t *testing.T) {
			e, clock := manual(t, startRedis(t).url)
			deploy(t, e, shop)
			ctx := context.Background()
			run := cartOf(t, e, "ann")
			leased := lease(t, e, store.Partition(store.RunProfile(run)))
			clock.Set(start.Add(2 * value.Hour))
			order := advance(t, e, run, 1)
			drafted, err := e.Draft(ctx, run, order.Seq)
			if err != nil || !drafted.Ready {
				t.Fatal(drafted, err)
			}

			switchTo(t, e, change, true)
			rouseAll(t, e)
			wait := orchestrator.Order{Kind: orchestrator.WaitUntil, Seq: order.Seq}
			if c, err := e.Claim(ctx, drafted); err != nil || c.Ready || c.Order != wait {
				t.Errorf("the claim hears %+v, %v", c, err)
			}
			if d, err := e.Draft(ctx, run, order.Seq); err != nil || d.Ready || d.Order != wait {
				t.Errorf("the draft hears %+v, %v", d, err)
			}
			if o := advance(t, e, run, order.Seq); o != wait {
				t.Errorf("who asks hears %+v", o)
			}
			commits := e.Counts().Commits
			if _, err := e.Draft(ctx, run, order.Seq); err != nil || e.Counts().Commits != commits {
				t.Errorf("a draft that is kept back is written, %v", err)
			}
			ackAll(t, e, leased)
			for range 3 {
				clock.Set(profileNow(e).Add(value.Hour))
				if n := tickAll(t, e, leased); n > 0 {
					t.Fatalf("%d runs are woken that are kept back", n)
				}
			}

			switchTo(t, e, change, false)
			rouseAll(t, e)
			rs, err := e.Outbox(ctx, leased, 10)
			if err != nil || len(rs) != 1 || rs[0].Kind != store.WakeRun || rs[0].Run != run || rs[0].Seq < order.Seq {
				t.Fatalf("in the outbox are %+v, %v", rs, err)
			}
			if o := advance(t, e, run, order.Seq); o != order {
				t.Errorf("after it was freed the order is %+v", o)
			}
			settle(t, e, claim(t, e, run), profiles.Sent)
		})
	}
}

// A send whose time ran out while it was kept back is skipped when it is
// freed, and an attempt that was under way is brought to its end.
func TestWhatIsKeptBackIsJudgedWhenItIsFreed(t *testing.T) {
	for name, change := range keptBack {
		t.Run(name, func(t *testing.T) {
			e, clock := manual(t, startRedis(t).url)
			deploy(t, e, shop)
			ctx := context.Background()
			late, underWay := cartOf(t, e, "ann"), cartOf(t, e, "bob")
			clock.Set(start.Add(2 * value.Hour))
			order := advance(t, e, late, 1)
			advance(t, e, underWay, 1)
			claimed := claim(t, e, underWay)

			switchTo(t, e, change, true)
			rouseAll(t, e)
			if o := settle(t, e, claimed, profiles.Sent); o.Kind != orchestrator.WaitUntil {
				t.Errorf("after the attempt the order is %+v", o)
			}
			clock.Set(start.Add(3 * value.Day))
			if o := advance(t, e, late, order.Seq); o.Kind != orchestrator.WaitUntil || o.Until != 0 {
				t.Errorf("the order of the late send is %+v", o)
			}

			switchTo(t, e, change, false)
			rouseAll(t, e)
			order = advance(t, e, late, order.Seq)
			if d, err := e.Draft(ctx, late, order.Seq); err != nil || d.Ready {
				t.Errorf("the draft of the late send is %+v, %v", d, err)
			}
			for user, outcome := range map[string]string{"ann": "skipped", "bob": "sent"} {
				if v := profile(t, e, "user_id:"+user); len(v.Messages) != 1 || v.Messages[0].Outcome != outcome {
					t.Errorf("the messages of %s are %+v, %s is wanted", user, v.Messages, outcome)
				}
			}
		})
	}
}
