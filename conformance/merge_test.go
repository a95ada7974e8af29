package conformance

import (
	"testing"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/simulator"
)

// What a test block cannot say, for it has one person: two who turn out to be
// one. Everybody else's rules are in the workspaces beside.

const mergeWorkspace = `
workspace { consent assumed }
event ping { key: text optional }
event pong
message a via webhook { url "https://example.com/a" json { n: 1 } }
message b via webhook { url "https://example.com/b" json { n: 1 } }
journey inside {
  enter on ping
  again after exit per (event.key ?? "-")
  wait 1 day
  send a
}
journey tried {
  enter on pong
  again after exit
  split test_of_two {
    50% left { send a }
    50% right { send b }
  }
}
`

// two are two people, of whom the first was known an hour before the second.
type two struct {
	t             *testing.T
	first, second *simulator.Simulation
	ended         map[string]int // runs by reason
}

func twoPeople(t *testing.T) *two {
	t.Helper()
	program, diags := dsl.Load(map[string]string{"w.journey": mergeWorkspace})
	if program == nil {
		t.Fatal(diags)
	}
	w := &two{t: t, ended: map[string]int{}}
	world := &orchestrator.World{Live: simulator.PlanOf(program), Observe: orchestrator.ObserverFunc(func(tr orchestrator.Trace) {
		if tr.Kind == orchestrator.TraceEnded {
			w.ended[tr.Detail]++
		}
	})}
	w.first = simulator.New(world, "first", 0)
	w.second = simulator.New(world, "second", value.Time(value.Hour))
	return w
}

// event happens to one of them.
func event(s *simulator.Simulation, at value.Duration, name, key string) {
	props := map[string]any{}
	if key != "" {
		props["key"] = key
	}
	e := &cond.Event{Name: name, At: value.Time(at), Props: cond.PropsOf(props)}
	s.Run([]simulator.Input{{At: value.Time(at), Input: orchestrator.Input{Kind: orchestrator.EventInput, Event: e, At: e.At}}}, e.At)
}

// sent are the messages that have been sent to the first since the merge, and
// when.
func (w *two) sent(until value.Duration) map[string]value.Time {
	w.first.Sends = nil
	w.first.Run(nil, value.Time(until))
	got := map[string]value.Time{}
	for _, s := range w.first.Sends {
		got[s.Message] = s.At
	}
	return got
}

func TestMergeInsideTheSameJourney(t *testing.T) {
	w := twoPeople(t)
	event(w.first, 3*value.Hour, "ping", "")
	event(w.second, 2*value.Hour, "ping", "")
	w.first.Run(nil, value.Time(4*value.Hour))
	w.second.Run(nil, value.Time(4*value.Hour))
	w.first.Merge(w.second.Person, value.Time(4*value.Hour))
	if w.ended["merged"] != 1 || len(w.first.Person.Runs) != 1 {
		t.Fatalf("ended %v, live %d", w.ended, len(w.first.Person.Runs))
	}
	if at := w.sent(3 * value.Day)["a"]; at != value.Time(26*value.Hour) {
		t.Errorf("the run that goes on sends at %s: it is the earlier entry's", value.Duration(at))
	}
}

func TestMergeUnderDifferentKeys(t *testing.T) {
	w := twoPeople(t)
	event(w.first, 3*value.Hour, "ping", "k")
	event(w.second, 2*value.Hour, "ping", "l")
	w.first.Run(nil, value.Time(4*value.Hour))
	w.second.Run(nil, value.Time(4*value.Hour))
	w.first.Merge(w.second.Person, value.Time(4*value.Hour))
	if len(w.ended) != 0 || len(w.first.Person.Runs) != 2 {
		t.Fatalf("ended %v, live %d", w.ended, len(w.first.Person.Runs))
	}
	w.sent(3 * value.Day)
	if n := len(w.first.Sends); n != 2 {
		t.Errorf("%d sends, of two runs that went on", n)
	}
}

func TestMergeKeepsTheEarlierBranch(t *testing.T) {
	for _, second := range []bool{false, true} {
		w := twoPeople(t)
		w.first.Person.Splits = map[string]string{"test_of_two": "left"}
		w.second.Person.Splits = map[string]string{"test_of_two": "right"}
		winner, loser := w.first, w.second
		if second { // whoever of the two goes on, the earlier choice stays
			winner, loser = w.second, w.first
		}
		at := value.Time(4 * value.Hour)
		w.first.Run(nil, at)
		w.second.Run(nil, at)
		winner.Merge(loser.Person, at)
		if b := winner.Person.Splits["test_of_two"]; b != "left" {
			t.Errorf("the branch is %s", b)
		}
	}
}

// Splits and control groups are independent of each other: knowing one says
// nothing about another.
func TestAssignmentsAreIndependent(t *testing.T) {
	program, _ := dsl.Load(map[string]string{"w.journey": `
workspace { consent assumed control 50% }
event ping
message a via webhook { url "https://example.com/a" json { n: 1 } }
journey j {
  enter on ping
  once
  control 50%
  send a
  split one { 50% a { tag "one" } 50% b {} }
  split two { 50% a { tag "two" } 50% b {} }
}`})
	if program == nil {
		t.Fatal("the program is wrong")
	}
	world := &orchestrator.World{Live: simulator.PlanOf(program)}
	const people = 4000
	var both [4][4]int
	for i := range people {
		s := simulator.New(world, "person-"+string(rune('a'+i%26))+"-"+value.Duration(i).String(), 0)
		event(s, value.Hour, "ping", "")
		p := s.Person
		is := [4]bool{p.Splits["one"] == "a", p.Splits["two"] == "a", p.Controls[""], p.Controls["j"]}
		for x := range is {
			for y := range is {
				if is[x] && is[y] {
					both[x][y]++
				}
			}
		}
	}
	for x := range both {
		for y := range both {
			want := people / 4
			if x == y {
				want = people / 2
			}
			if d := both[x][y] - want; d < -150 || d > 150 {
				t.Errorf("%d and %d: %d of %d people, want about %d", x, y, both[x][y], people, want)
			}
		}
	}
}
