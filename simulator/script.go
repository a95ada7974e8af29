package simulator

import (
	"fmt"
	"maps"
	"slices"
	"sort"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/why"
)

// testEnds is how long a test goes on at the latest.
const testEnds = 400 * value.Day

// Driver plays a script. Run drives in virtual time; tests of the engine and
// of the workflows play the same script with theirs.
type Driver func(*Script) error

// Script is a test as a driver plays it: what happens to the person, and what
// takes the place of the world around him.
type Script struct {
	Person string            // his id
	Splits map[string]string // the branches that are assumed
	// Before are the calls before the start, when no journey is live; Calls
	// those from the start on. Both are in their order.
	Before, Calls []Call
	Asks          []Ask
	Start         value.Time // the journeys go live just before it
	Until         value.Time // everything has happened by then
	// Assume changes a world into that of the test: nothing is in it but what
	// is live and what is assumed. live: the test has started.
	Assume func(w *orchestrator.World, live bool)
	// Deliver stands for the providers.
	Deliver func(m orchestrator.Rendered, at value.Time) orchestrator.Outcome
	// Observe is to be told all that happens.
	Observe orchestrator.Observer
	// Known is to be called with the person before anything happens to him;
	// nil: it does not matter.
	Known func(*profiles.Person)
	// Begin is to be called at the start; what happened before does not count.
	Begin func()
	// End is to be called at the end, with the person as he is then.
	End func(*profiles.Person)
}

// Call is what comes for the person, as it arrives and as it was read.
type Call struct {
	At    value.Time // when it arrives
	Wire  intake.Call
	Input orchestrator.Input
}

// Ask is an instant at which the person is looked at, after everything that
// happens then.
type Ask struct {
	At   value.Time
	Look func(*profiles.Person)
}

// Apart gives every call an instant of its own, a millisecond after the one
// before it, as production does; true if that changed any.
func (s *Script) Apart() (changed bool) {
	last := value.Time(0)
	for _, list := range [][]Call{s.Before, s.Calls} {
		for i := range list {
			if c := &list[i]; c.At <= last {
				c.Delay(last + 1 - c.At)
				changed = true
			}
			last = list[i].At
		}
	}
	return changed
}

// Delay has a call happen later by some milliseconds.
func (c *Call) Delay(late value.Time) {
	c.At += late
	c.Wire.At += late
	c.Input.At += late
	if c.Input.Event != nil {
		ev := *c.Input.Event
		ev.At += late
		c.Input.Event = &ev
	}
}

// Anonymous makes the person somebody who is known before the start, and whom
// every call names by the same anonymous id: production knows nobody without
// an identifier.
func (s *Script) Anonymous(id string) {
	if len(s.Before) == 0 {
		at := s.Start - 1
		s.Before = []Call{{At: at, Wire: intake.Call{Kind: intake.Identify, At: at}, Input: orchestrator.Input{Kind: orchestrator.IdentifyInput, At: at}}}
	}
	for _, list := range [][]Call{s.Before, s.Calls} {
		for i := range list {
			c := &list[i]
			c.Wire.AnonymousID = id
			c.Input.Identifiers = append(slices.Clone(c.Input.Identifiers), profiles.Identifier{Trait: "anonymous_id", Value: id})
		}
	}
}

// script is the test as a script.
func (r *trialRun) script() *Script {
	s := &Script{
		Person: personOf(r.Test.Title), Splits: r.Test.Assume.Splits,
		Start: r.Start, Until: r.Start.Add(testEnds),
		Deliver: r.deliver, Observe: orchestrator.ObserverFunc(r.observe), Assume: r.assume,
		Begin: func() { r.muted = false },
	}
	for _, c := range r.calls() {
		if c.At < r.Start {
			s.Before = append(s.Before, c)
		} else {
			s.Calls = append(s.Calls, c)
		}
	}
	if len(r.Test.Given) > 0 {
		first := r.Start - 1
		if len(s.Before) > 0 {
			first = min(first, s.Before[0].At-1)
		}
		wire := intake.Call{Kind: intake.Identify, Traits: r.Test.Given, At: first}
		if read, wrong := r.reader.Read(&wire); wrong == nil {
			s.Before = slices.Insert(s.Before, 0, Call{first, wire, read.Input})
			r.unread(first, read)
		}
	}
	r.asks(s)
	return s
}

// assume makes a world the test's.
func (r *trialRun) assume(w *orchestrator.World, live bool) {
	w.Live = w.Live.Only(func(journey string) bool { return live && r.live(journey) })
	w.Unsubscribe = func(string, string) string { return "https://example.com/unsubscribe" }
	w.Assign = func(group string, share float64) (bool, bool) {
		// Nobody is in a control group, but in one of everybody.
		return r.Test.Assume.Control[group] || share >= 100, true
	}
	w.Member = func(segment string) (bool, bool) {
		in, assumed := r.Test.Assume.Segments[segment]
		return in, assumed
	}
}

// calls are the test's inputs, in their order. One that cannot be read is
// noted, and comes not.
func (r *trialRun) calls() []Call {
	var list []Call
	for i := range r.Test.Inputs {
		in := &r.Test.Inputs[i]
		at := r.instant(in.At)
		call := intake.Call{At: at, ID: fmt.Sprintf("input-%d", i+1)}
		switch in.Kind {
		case dsl.TestEvent:
			call.Kind, call.Event, call.Properties = intake.Track, in.Event, in.Data
			if in.Of != nil {
				call.At = r.instant(*in.Of)
			}
		case dsl.TestSet:
			call.Kind, call.Traits = intake.Identify, in.Data
		case dsl.TestRequest:
			call.Kind, call.Journey, call.Properties = intake.Request, in.Journey, in.Data
		}
		read, wrong := r.reader.Read(&call)
		if wrong != nil {
			if at >= r.Start {
				r.Happened = append(r.Happened, Happening{Kind: dsl.ExpectNotEnter, At: at, Journey: in.Journey, Reason: "bad request"})
			}
			continue
		}
		list = append(list, Call{at, call, read.Input})
		r.unread(at, read)
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].At < list[j].At })
	return list
}

// asks adds the conditions on the person to a script: at their times, or at
// the end.
func (r *trialRun) asks(s *Script) {
	w := &orchestrator.World{Live: r.plan}
	r.assume(w, true)
	var atEnd []*dsl.Expectation
	for i := range r.Test.Expect {
		e := &r.Test.Expect[i]
		switch {
		case e.Kind != dsl.ExpectThat:
		case e.At == nil:
			atEnd = append(atEnd, e)
		default:
			at := r.instant(*e.At)
			s.Asks = append(s.Asks, Ask{at, func(p *profiles.Person) {
				if !w.Holds(p, e.That, at) {
					r.fail(e, "does not hold%s%s", r.when(e.At), because(w, p, e, at))
				}
			}})
		}
	}
	sort.SliceStable(s.Asks, func(i, j int) bool { return s.Asks[i].At < s.Asks[j].At })
	s.End = func(p *profiles.Person) {
		for _, e := range atEnd {
			if at := max(p.Last, r.Start); !w.Holds(p, e.That, at) {
				r.fail(e, "does not hold at the end, at %s%s", r.offset(at), because(w, p, e, at))
			}
		}
	}
}

// because says what a condition that does not hold asks about.
func because(w *orchestrator.World, p *profiles.Person, e *dsl.Expectation, at value.Time) string {
	if says := why.Unmet(w, p, e.That, at); says != "" {
		return ": " + says
	}
	return ""
}

// Virtual plays scripts in virtual time.
func Virtual(plan *orchestrator.Plan) Driver {
	return func(s *Script) error {
		sim := s.Live(plan)
		inputs := inputsOf(s.Calls)
		for _, ask := range s.Asks {
			n := sort.Search(len(inputs), func(i int) bool { return inputs[i].At > ask.At })
			sim.Run(inputs[:n], ask.At)
			inputs = inputs[n:]
			ask.Look(sim.Person)
		}
		sim.Run(inputs, s.Until)
		s.End(sim.Person)
		return nil
	}
}

// Live is a simulation of the script's person at the start, when everything
// before it has happened and the journeys go live.
func (s *Script) Live(plan *orchestrator.Plan) *Simulation {
	world := func(live bool) *orchestrator.World {
		w := &orchestrator.World{Live: plan, Observe: s.Observe}
		s.Assume(w, live)
		return w
	}
	first := s.Start - 1
	if len(s.Before) > 0 {
		first = min(first, s.Before[0].At)
	}
	sim := New(world(false), s.Person, first)
	sim.Deliver = func(m orchestrator.Rendered) orchestrator.Outcome { return s.Deliver(m, sim.Now) }
	sim.Person.Splits = maps.Clone(s.Splits)
	if s.Known != nil {
		s.Known(sim.Person)
	}
	sim.Run(inputsOf(s.Before), s.Start-1)
	sim.Step(nil, s.Start-1)
	s.Begin()
	sim.World = world(true)
	sim.Person.Release = "" // going live sets the baselines of conditions and calendars
	sim.World.Rebase(sim.Person, s.Start-1)
	sim.Step(nil, s.Start-1) // makes the sends of those who entered by that
	return sim
}

func inputsOf(calls []Call) []Input {
	list := make([]Input, len(calls))
	for i, c := range calls {
		list[i] = Input{At: c.At, Input: c.Input}
	}
	return list
}
