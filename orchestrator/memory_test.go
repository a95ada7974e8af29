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

// somebody is a person with his world, to whom things happen.
type somebody struct {
	*profiles.Person
	w   *orchestrator.World
	now value.Time
}

func world(t *testing.T, source string) *orchestrator.World {
	t.Helper()
	program, diags := dsl.Load(map[string]string{"w.journey": source})
	if program == nil {
		t.Fatal(diags)
	}
	return &orchestrator.World{Live: orchestrator.NewPlan(program)}
}

func newcomer(w *orchestrator.World, id string) *somebody {
	now := value.Time(1_800_000_000_000)
	return &somebody{profiles.New(id, now), w, now}
}

func (s *somebody) happens(event string, props map[string]any) {
	s.now++
	e := &cond.Event{Name: event, At: s.now, Props: cond.PropsOf(props)}
	s.w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.EventInput, Event: e, At: s.now}}, s.now)
}

func (s *somebody) set(trait string, v any) {
	s.now++
	s.w.Apply(s.Person, []orchestrator.Input{{Kind: orchestrator.IdentifyInput, Traits: map[string]any{trait: v}, At: s.now}}, s.now)
}

func (s *somebody) wait(d value.Duration) { s.now = s.now.Add(d) }

// Ended runs are kept for their goals, but not without bound: the newest 100
// of a journey, while a goal can count, and the newest 20 of any.
func TestEndedRunsAreBounded(t *testing.T) {
	w := world(t, `
event opened { cart: text }
event looked
event bought { cart: text }
journey cart {
  enter on opened
  again after exit per event.cart
  goal sold on bought where event.cart == entry.cart within 30 days
  exit on opened
  wait 1 minute
}
journey plain {
  enter on looked
  again after exit
}`)
	s := newcomer(w, "p")
	for i := range 300 {
		s.happens("opened", map[string]any{"cart": fmt.Sprint(i)})
	}
	for range 5 {
		s.happens("looked", nil)
	}
	s.wait(value.Hour)
	s.happens("opened", map[string]any{"cart": "last"})
	of := map[string]int{}
	for _, r := range s.Ended {
		of[r.Journey]++
	}
	if of["cart"] != 100 || of["plain"] != 0 {
		t.Errorf("%v ended runs are kept", of)
	}
	s.happens("bought", map[string]any{"cart": "250"})
	counted := ""
	for _, r := range s.Ended {
		if len(r.Goals) > 0 {
			counted = r.Key
		}
	}
	if counted != "250" {
		t.Errorf("the goal counts for %q", counted)
	}
	s.wait(31 * value.Day)
	for range 30 {
		s.happens("looked", nil)
	}
	if len(s.Ended) != 20 {
		t.Errorf("%d ended runs are kept of which no goal is open", len(s.Ended))
	}
}

// A computed trait of the one who goes away is not taken over: it follows from
// what is united.
func TestAMergeComputesTraits(t *testing.T) {
	w := world(t, `
trait base: number
trait twice: number = profile.base * 2
trait seen: number = count(looked)
event looked`)
	a, b := newcomer(w, "a"), newcomer(w, "b")
	b.set("base", 1.0)
	a.wait(value.Second)
	a.set("base", 5.0)
	a.happens("looked", nil)
	b.wait(value.Hour)
	b.happens("looked", nil)
	b.happens("looked", nil)
	b.set("base", nil)
	b.set("base", 3.0)
	a.wait(2 * value.Hour)
	a.set("base", 5.0) // the newest, but computed before b's
	a.Traits["twice"] = profiles.Trait{Value: a.Traits["twice"].Value, At: 1}
	b.Traits["twice"] = profiles.Trait{Value: 6.0, At: b.now}
	now := max(a.now, b.now) + 1
	w.Merge(a.Person, b.Person, 1, profiles.Cause{}, now)
	if got := a.Value("twice"); got != 10.0 {
		t.Errorf("twice 5 is %v", got)
	}
	if got := a.Value("seen"); got != 3.0 {
		t.Errorf("seen %v times", got)
	}
}

// The memory of entries stays one, also when one of the two keeps a key in
// full and the other as a hash.
func TestAMergeKnowsKeysAsTheyAreKept(t *testing.T) {
	w := world(t, `
event opened { cart: text }
journey cart {
  enter on opened
  once per event.cart
}`)
	a, b := newcomer(w, "a"), newcomer(w, "b")
	open := func(s *somebody, cart string) { s.happens("opened", map[string]any{"cart": cart}) }
	open(a, "both")
	open(a, "old")
	for i := range 1200 {
		open(a, fmt.Sprint("a", i))
	}
	b.wait(value.Hour)
	open(b, "both")
	open(b, "mine")
	w.Merge(a.Person, b.Person, 1, profiles.Cause{}, b.now+1)
	a.now = b.now + 1
	list := a.Entries["cart"]
	full := 0
	for _, e := range list {
		if e.Key[0] != 0 {
			full++
		}
	}
	if len(list) != 1203 || full != 1000 {
		t.Fatalf("%d keys are remembered, %d in full", len(list), full)
	}
	entered := a.Entered
	for _, key := range []string{"both", "old", "mine", "a7", "a1199"} {
		open(a, key)
	}
	if a.Entered != entered {
		t.Error("somebody enters again after the merge")
	}
	open(a, "new")
	if a.Entered != entered+1 {
		t.Error("nobody enters any more")
	}
}
