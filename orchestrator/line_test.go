package orchestrator_test

import (
	"testing"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// lineUp has somebody who stands in two journeys at a send each: high sends a
// short message and then a mail, low a mail; there is place for one mail.
func lineUp(t *testing.T, now value.Time) (w *orchestrator.World, p *profiles.Person, high, low string) {
	t.Helper()
	program, diags := dsl.Load(map[string]string{"w.journey": `
workspace { consent assumed cap email 1 per 1 day }
trait email: email identifier
trait phone: phone identifier
event ping
message mail via email { subject "m" text "m" }
message short via sms { text "s" }
journey low { enter on ping once send mail }
journey high { enter on ping once priority 1 send short send mail }
`})
	if program == nil {
		t.Fatal(diags)
	}
	w = &orchestrator.World{Live: orchestrator.NewPlan(program)}
	p = profiles.New("p", now)
	w.Apply(p, []orchestrator.Input{{
		Kind: orchestrator.EventInput, Event: &cond.Event{Name: "ping", At: now}, At: now,
		Traits: map[string]any{"email": "ann@example.com", "phone": "+886912345678"},
	}}, now)
	for _, r := range p.Runs {
		if r.Journey == "high" {
			high = r.ID
		} else {
			low = r.ID
		}
	}
	return w, p, high, low
}

func claims(t *testing.T, w *orchestrator.World, p *profiles.Person, run string, at value.Time, want orchestrator.Verdict) {
	t.Helper()
	if c := w.Claim(p, run, at, "test", 0); c.Verdict != want {
		t.Errorf("the verdict is %v, not %v", c.Verdict, want)
	}
}

func settles(w *orchestrator.World, p *profiles.Person, run string, at value.Time, state profiles.SendState) {
	w.Advance(p, run, &orchestrator.Outcome{State: state, Reason: orchestrator.FailedProvider}, at)
}

// While the run that goes first at an instant is sending, one that goes after
// it does not take the last place of a cap: the first may send more, and if it
// is refused, the place is free.
func TestWhoGoesAfterWaitsForTheFirst(t *testing.T) {
	const now = value.Time(1_000_000)
	w, p, high, low := lineUp(t, now)
	claims(t, w, p, low, now, orchestrator.NotYet)
	claims(t, w, p, high, now, orchestrator.Claimed)
	claims(t, w, p, low, now, orchestrator.NotYet) // the sms is on its way
	settles(w, p, high, now, profiles.Sent)
	claims(t, w, p, low, now, orchestrator.NotYet) // now it is the mail's turn
	claims(t, w, p, high, now, orchestrator.Claimed)
	claims(t, w, p, low, now, orchestrator.NotYet)
	settles(w, p, high, now, profiles.Failed)
	claims(t, w, p, low, now, orchestrator.Claimed)

	w, p, high, low = lineUp(t, now)
	claims(t, w, p, high, now, orchestrator.Claimed)
	claims(t, w, p, low, now+60_000, orchestrator.Claimed) // nobody waits for ever
}

// Runs of one instant stay in their order when all are so late that their
// clocks jump.
func TestTheLineKeepsItsOrderOverAJump(t *testing.T) {
	const now = value.Time(1_000_000)
	w, p, high, low := lineUp(t, now)
	late := now.Add(10 * value.Minute)
	claims(t, w, p, high, late, orchestrator.Claimed)
	settles(w, p, high, late+5, profiles.Sent)
	claims(t, w, p, low, late+10, orchestrator.NotYet) // the mail of high comes first
	claims(t, w, p, high, late+15, orchestrator.Claimed)
	settles(w, p, high, late+20, profiles.Sent)
	claims(t, w, p, low, late+25, orchestrator.Decided)
	if last := p.Ledger[len(p.Ledger)-1]; last.Reason != orchestrator.SkippedCap {
		t.Errorf("the mail of low is %+v", last)
	}
}

// Whether the last place of a cap is taken is known once what is being
// attempted has come to its outcome; it is waited for, but not for ever.
func TestAPlaceThatMayGetFree(t *testing.T) {
	const now = value.Time(1_000_000)
	after := now.Add(2 * value.Second)
	for name, test := range map[string]struct {
		state   profiles.SendState
		verdict orchestrator.Verdict
	}{"refused": {profiles.Failed, orchestrator.Claimed}, "sent": {profiles.Sent, orchestrator.Decided}, "uncertain": {profiles.Uncertain, orchestrator.Decided}} {
		w, p, high, low := lineUp(t, now)
		claims(t, w, p, high, now, orchestrator.Claimed)
		settles(w, p, high, now, profiles.Sent)
		claims(t, w, p, high, now, orchestrator.Claimed)
		r, _ := p.Run(low)
		r.Clock++ // of another instant
		claims(t, w, p, low, after, orchestrator.NotYet)
		settles(w, p, high, after, test.state)
		if c := w.Claim(p, low, after, "test", 0); c.Verdict != test.verdict {
			t.Errorf("%s: the verdict is %v", name, c.Verdict)
		}
	}
	w, p, high, low := lineUp(t, now)
	claims(t, w, p, high, now, orchestrator.Claimed)
	settles(w, p, high, now, profiles.Sent)
	claims(t, w, p, high, now, orchestrator.Claimed)
	claims(t, w, p, low, now.Add(59*value.Second), orchestrator.NotYet)
	claims(t, w, p, low, now.Add(60*value.Second), orchestrator.Decided)
}

// Sends that were kept back together are made in their order when they are
// freed, however long that was.
func TestWhatIsFreedLinesUp(t *testing.T) {
	const now = value.Time(1_000_000)
	w, p, high, low := lineUp(t, now)
	settles(w, p, high, now, profiles.Sent)
	later := now.Add(4 * value.Minute)
	for _, run := range []string{low, high} {
		orchestrator.LineUp(p, run, later)
	}
	claims(t, w, p, low, later+1, orchestrator.NotYet)
	claims(t, w, p, high, later+1, orchestrator.Claimed)

	// What a stopped channel keeps back holds up nobody.
	w, p, high, low = lineUp(t, now)
	w.Stopped = func(channel string) bool { return channel == "sms" }
	claims(t, w, p, high, now, orchestrator.NotYet)
	claims(t, w, p, low, now, orchestrator.Claimed)
}
