package orchestrator_test

import (
	"testing"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// While the run that goes first at an instant is sending, one that goes after
// it does not take the last place of a cap: the first may send more, and if it
// is refused, the place is free.
func TestWhoGoesAfterWaitsForTheFirst(t *testing.T) {
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
	w := &orchestrator.World{Live: orchestrator.NewPlan(program)}
	const now = value.Time(1_000_000)
	start := func() (p *profiles.Person, high, low string) {
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
		return p, high, low
	}
	claim := func(p *profiles.Person, run string, at value.Time, want orchestrator.Verdict) {
		t.Helper()
		if c := w.Claim(p, run, at, "test", 0); c.Verdict != want {
			t.Errorf("the verdict is %v, not %v", c.Verdict, want)
		}
	}
	settle := func(p *profiles.Person, run string, state profiles.SendState) {
		w.Advance(p, run, &orchestrator.Outcome{State: state, Reason: orchestrator.FailedProvider}, now)
	}

	p, high, low := start()
	claim(p, low, now, orchestrator.NotYet)
	claim(p, high, now, orchestrator.Claimed)
	claim(p, low, now, orchestrator.NotYet) // the sms is on its way
	settle(p, high, profiles.Sent)
	claim(p, low, now, orchestrator.NotYet) // now it is the mail's turn
	claim(p, high, now, orchestrator.Claimed)
	claim(p, low, now, orchestrator.NotYet)
	settle(p, high, profiles.Failed)
	claim(p, low, now, orchestrator.Claimed)

	p, high, low = start()
	claim(p, high, now, orchestrator.Claimed)
	claim(p, low, now+60_000, orchestrator.Claimed) // nobody waits for ever
}
