package orchestrator_test

import (
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// What a send came to is taken while its journey is paused, and the run goes
// on when it is resumed: on the time at which it could.
func TestASendIsSettledWhileItsJourneyIsPaused(t *testing.T) {
	w := world(t, `
event looked
message hook via webhook { url "https://example.com" json { a: 1 } }
journey tells {
  enter on looked
  once
  send hook
  wait 1 hour
  tag "done"
}`)
	off := false
	w.Paused = func(string) bool { return off }
	s := newcomer(w, "p")
	s.happens("looked", nil)
	run, begun := s.Runs[0].ID, s.now
	if c := w.Claim(s.Person, run, s.now, "me", 0); c.Verdict != orchestrator.Claimed {
		t.Fatalf("the claim is %+v", c)
	}
	off = true
	s.wait(value.Minute)
	order, _ := w.Advance(s.Person, run, &orchestrator.Outcome{State: profiles.Sent}, s.now)
	if order.Kind != orchestrator.WaitUntil || order.Until != 0 || w.NextDue(s.Person) != 0 || s.Runs[0].State != profiles.Paused {
		t.Fatalf("the order is %+v, the run %+v", order, s.Runs[0])
	}
	s.wait(2 * value.Hour)
	if order, _ = w.Advance(s.Person, run, nil, s.now); order.Until != 0 || len(s.Runs) != 1 {
		t.Fatalf("a paused run is told %+v", order)
	}
	off = false
	if due := w.NextDue(s.Person); due != begun {
		t.Errorf("it is due at %s", due)
	}
	s.wait(value.Second)
	if order, _ = w.Advance(s.Person, run, nil, s.now); order.Kind != orchestrator.EndRun || s.Value("tags") == nil {
		t.Errorf("after the resume the order is %+v", order)
	}
}
