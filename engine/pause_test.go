package engine

import (
	"context"
	"errors"
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// paused pauses just these journeys.
func paused(t testing.TB, e *Engine, journeys ...string) {
	t.Helper()
	ctx := context.Background()
	w, err := patiently(func() (store.Switches, error) { return e.store.Switches(ctx) })
	if err == nil {
		w.Paused = journeys
		_, err = e.store.SetSwitches(ctx, w)
	}
	if err == nil {
		err = e.refresh(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A run whose wait ends while its journey is paused, by time or by an event,
// waits to be woken and is not asked for meanwhile. When the journey is
// resumed it is woken, and goes on.
func TestAPausedRunGoesOn(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, `
trait email: email
event cart_updated "Cart Updated" { cart_id: text }
event pinged "Pinged"
message m via email { subject "m" text "m" transactional }
journey by_time {
  enter on cart_updated
  once
  wait 1 hour
  send m
}
journey by_event {
  enter on cart_updated
  once
  wait up to 30 days for pinged
  send m
}
journey later {
  enter on cart_updated
  once
  wait 3 hours
  send m
}`)
	cartOf(t, e, "ann")
	p := person(t, e, mustID(t, e, "user_id:ann"))
	leased := lease(t, e, store.Partition(p.ID))
	paused(t, e, "by_event", "by_time", "later")

	clock.Set(start.Add(2 * value.Hour))
	submit(t, e, track("ann", "Pinged", "p1", nil))
	orders := map[string]orchestrator.Order{}
	for _, r := range person(t, e, p.ID).Runs {
		orders[r.ID] = advance(t, e, r.ID, r.Seq)
		if o := orders[r.ID]; o.Kind != orchestrator.WaitUntil || r.Journey != "later" && o.Until != 0 {
			t.Errorf("%s: the order of a paused run is %+v", r.Journey, o)
		}
	}
	tickAll(t, e, leased)
	ackAll(t, e, leased)
	if busy, err := e.Work(context.Background(), []int{store.Partition(p.ID)}); err != nil || len(busy) > 0 {
		t.Errorf("there is work for paused runs: %v %v", busy, err)
	}

	paused(t, e)
	woken := map[string]bool{}
	waitFor(t, "both runs are woken", func() bool {
		if _, err := e.Work(context.Background(), []int{sweepPartition}); err != nil {
			t.Fatal(err)
		}
		rs, err := e.Outbox(context.Background(), leased, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			if r.Seq < orders[r.Run].Seq {
				t.Fatalf("the wake of %s is older than its order", r.Journey)
			}
			woken[r.Journey] = true
		}
		return woken["by_time"] && woken["by_event"]
	})
	if woken["later"] {
		t.Error("a run that still waits is woken")
	}
	for run, seen := range orders {
		r, _ := person(t, e, p.ID).Run(run)
		if o := advance(t, e, run, seen.Seq); (o.Kind == orchestrator.Deliver) == (r.Journey == "later") {
			t.Errorf("%s: the order after the resume is %+v", r.Journey, o)
		}
	}
}

// When a journey is resumed, a run whose person goes into one who was looked
// at before is woken too, also if the merge has stopped halfway.
func TestAResumedRunIsWokenBehindAMerge(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, shop)
	ctx := context.Background()
	winner := submit(t, e, Call{Kind: CallIdentify, UserID: "ann"})[0].Profile
	loser := submit(t, e, Call{Kind: CallTrack, AnonymousID: "dev", Event: "Cart Updated", Properties: map[string]any{"cart_id": "k"}})[0].Profile
	run := person(t, e, loser).Runs[0].ID
	paused(t, e, "cart")
	clock.Set(start.Add(2 * value.Hour))
	paused(t, e)
	all := func(*profiles.Run, *profiles.Send) bool { return true }
	version := e.living.Load().switches.Version
	if err := e.rouseOne(ctx, winner, version, all); err != nil {
		t.Fatal(err)
	}
	e.fault = func(at string) error {
		if at == "merge: marked" {
			return errKilled
		}
		return nil
	}
	_, err := e.Submit(ctx, []Call{{Kind: CallIdentify, UserID: "ann", AnonymousID: "dev"}})
	e.fault = nil
	if !errors.Is(err, errKilled) {
		t.Fatalf("the merge ended with %v", err)
	}
	if err := e.rouseOne(ctx, loser, version, all); err != nil {
		t.Fatal(err)
	}
	p := person(t, e, loser)
	if r, ok := p.Run(run); p.ID != winner || !ok || r.Wake == 0 {
		t.Errorf("the run of %s is %+v", p.ID, r)
	}
}

// ackAll takes what is in the outbox.
func ackAll(t testing.TB, e *Engine, l Lease) {
	t.Helper()
	rs, err := e.Outbox(context.Background(), l, 1000)
	for _, r := range rs {
		if err == nil {
			err = e.Ack(context.Background(), l, r.ID)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mustID(t testing.TB, e *Engine, ref string) string {
	t.Helper()
	return profile(t, e, ref).ID
}

// Where a cap counts over all channels, sends go in their order over all of
// them: one over another channel does not take the place of an earlier one.
func TestSendsUnderACapOfAllStandInOneLine(t *testing.T) {
	for _, test := range []struct {
		setting string
		waits   bool
	}{{"cap all 1 per 1 day", true}, {"cap email 1 per 1 day", false}} {
		e, _ := manual(t, startRedis(t).url)
		deploy(t, e, `
workspace { consent assumed `+"\n"+test.setting+` }
trait email: email
trait phone: phone
event cart_updated "Cart Updated" { cart_id: text }
message mail via email { subject "m" text "m" }
message short via sms { text "m" }
message hook via webhook { url "https://example.com" json { a: 1 } }
journey low {
  enter on cart_updated
  once
  send short
}
journey high {
  enter on cart_updated
  once
  priority 1
  send mail
}
journey tells {
  enter on cart_updated
  once
  send hook
}`)
		cartOf(t, e, "ann")
		submit(t, e, Call{Kind: CallIdentify, UserID: "ann", Traits: map[string]any{"phone": "+886912345678"}})
		p := person(t, e, mustID(t, e, "user_id:ann"))
		of := map[string]*profiles.Run{}
		for _, r := range p.Runs {
			of[r.Journey] = r
		}
		ctx := context.Background()
		draft := func(journey string) (Draft, error) { return e.Draft(ctx, of[journey].ID, of[journey].Seq) }
		if d, err := draft("tells"); err != nil || !d.Ready {
			t.Fatalf("what counts for no cap waits: %+v %v", d, err)
		}
		if _, err := draft("low"); errors.Is(err, ErrNotYet) != test.waits {
			t.Fatalf("%s: the later send hears %v", test.setting, err)
		}
		settle(t, e, claim(t, e, of["high"].ID), profiles.Sent)
		d, err := draft("low")
		if err != nil || d.Ready == test.waits {
			t.Fatalf("%s: after the first, the draft of the later one is %+v, %v", test.setting, d, err)
		}
	}
}
