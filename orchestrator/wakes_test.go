package orchestrator_test

import (
	"fmt"
	"testing"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Every run that an event ends is woken, also those that the person does not
// remember any longer: their workflows would wait for their timers otherwise.
func TestAllRunsThatEndAreWoken(t *testing.T) {
	program, diags := dsl.Load(map[string]string{"w.journey": `
event opened { cart: text }
event ordered
journey cart {
  enter on opened
  once per event.cart
  exit on ordered
  wait 30 days
}`})
	if program == nil {
		t.Fatal(diags)
	}
	const runs = 60
	w := &orchestrator.World{Live: orchestrator.NewPlan(program)}
	now := value.Time(1_800_000_000_000)
	p := profiles.New("p", now)
	for i := range runs {
		now++
		e := &cond.Event{Name: "opened", At: now, Props: cond.PropsOf(map[string]any{"cart": fmt.Sprint(i)})}
		w.Apply(p, []orchestrator.Input{{Kind: orchestrator.EventInput, Event: e, At: now}}, now)
	}
	if len(p.Runs) != runs {
		t.Fatalf("%d runs are live", len(p.Runs))
	}
	now++
	e := &cond.Event{Name: "ordered", At: now}
	res := w.Apply(p, []orchestrator.Input{{Kind: orchestrator.EventInput, Event: e, At: now}}, now)
	woken := map[string]bool{}
	for _, r := range res.Reactions {
		if r.Kind == orchestrator.WakeRun {
			woken[r.Run] = true
		}
	}
	if len(p.Runs) != 0 || len(woken) != runs {
		t.Errorf("%d runs are live, %d of %d were woken", len(p.Runs), len(woken), runs)
	}
}
