package orchestrator_test

import (
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
)

// A release counts from when it went live. What was due before happens under
// the one before it, also when nobody has touched the person in between.
func TestAReleaseCountsFromWhenItWentLive(t *testing.T) {
	const before = `
workspace { timezone "Asia/Taipei" }
event looked
trait last_look: time = last(looked).at
journey old {
  enter daily at 09:00
}
journey gone {
  enter on looked
  wait 1 day
  tag "waited"
}
`
	const added = before + `
segment away = profile.last_look <= ago(2 days)
journey fresh {
  enter daily at 10:00
}
journey lapsed {
  enter when segment.away
  once
}
journey soon {
  enter when profile.last_look <= ago(5 days)
  once
}
`
	old, live := world(t, before), world(t, added)
	live.Release = func(hash string) *orchestrator.Plan {
		if hash == old.Live.Hash {
			return old.Live
		}
		return nil
	}
	entered := map[string][]value.Time{}
	tell := orchestrator.ObserverFunc(func(tr orchestrator.Trace) {
		if tr.Kind == orchestrator.TraceEntered {
			entered[tr.Journey] = append(entered[tr.Journey], tr.At)
		}
	})
	old.Observe, live.Observe = tell, tell
	s := newcomer(old, "p")
	s.now = value.DateOf(2027, 3, 1).At(8*60, old.Live.Settings.Zone)
	begin := s.now
	s.happens("looked", nil)

	s.w, live.Since = live, begin.Add(3*value.Day)
	s.wait(6 * value.Day)
	s.set("name", "Ann")
	s.w.Apply(s.Person, nil, s.now)
	if n := len(entered["old"]); n != 6 {
		t.Errorf("the daily journey is entered %d times", n)
	}
	if list := entered["fresh"]; len(list) != 3 || list[0] != begin.Add(3*value.Day+2*value.Hour) {
		t.Errorf("the new one is entered at %v", list)
	}
	if len(entered["lapsed"]) != 0 {
		t.Error("somebody enters for what became true before the release")
	}
	if len(entered["soon"]) != 1 {
		t.Error("nobody enters for what became true after it")
	}
	if len(s.Runs) != 0 || s.Value("tags") == nil {
		t.Error("the run of the old release did not go on")
	}
}
