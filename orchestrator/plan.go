package orchestrator

import (
	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"slices"
)

// Plan is a program with what the machine looks up in it. It is immutable and
// made once for each release.
type Plan struct {
	*dsl.Program

	onEvent  map[string]*eventPlan // by event name
	requests map[string]*request   // by journey
	whens    []*when               // enter when, in the order of declaration
	calendar []*dated              // entries by date and clock, in the order of declaration
	order    map[string]int        // of declaration, by trait

	asksSends map[string]bool  // by journey: a condition asks sent, opened or clicked
	keeps     map[string]*keep // what is kept of past events
	running   map[string][]*cond.Running
	hours     map[string][]*cond.HourRead // what is kept by the hour of events that the bound drops
	hears     map[string]bool             // kinds of events that are named anywhere
}

// eventPlan is what an event of one kind can bring about.
type eventPlan struct {
	goals   map[string][]*dsl.Goal // by journey
	exits   map[string][]*dsl.Exit
	entries []entryOf
}

type entryOf struct {
	journey *dsl.Journey
	entry   *dsl.Entry
}

type request = entryOf

// when is an `enter when`, with the key of its baseline.
type when struct {
	entryOf
	key string
}

// keep is what is kept of past events of a kind.
type keep struct {
	props  []string       // sorted, each once; nil: all
	window value.Duration // 0: without a window
}

// NewPlan indexes a program.
func NewPlan(p *dsl.Program) *Plan {
	plan := &Plan{
		Program:  p,
		onEvent:  map[string]*eventPlan{},
		requests: map[string]*request{},
		keeps:    map[string]*keep{},
		running:  map[string][]*cond.Running{},
		hours:    map[string][]*cond.HourRead{},
		order:    make(map[string]int, len(p.Traits)),
	}
	plan.asksSends = map[string]bool{}
	for i, t := range p.Traits {
		plan.order[t.Name] = i
	}
	for _, j := range p.Journeys {
		plan.addJourney(j)
	}
	for _, r := range p.Keeps() {
		plan.addKeep(r)
	}
	for _, r := range p.Hours() {
		plan.hours[r.Event] = append(plan.hours[r.Event], r)
	}
	for _, j := range p.Journeys {
		plan.keepForWaits(j)
	}
	for _, r := range p.Runnings() {
		plan.running[r.Event] = append(plan.running[r.Event], r)
	}
	plan.hears = plan.heard()
	return plan
}

func (p *Plan) addJourney(j *dsl.Journey) {
	j.Exprs(func(e *cond.Expr) {
		if len(e.Reads().Messages) > 0 {
			p.asksSends[j.Name] = true
		}
	})
	for _, e := range j.Entries {
		of := entryOf{j, e}
		switch e.Kind {
		case dsl.OnEvent:
			ev := p.event(e.Event)
			ev.entries = append(ev.entries, of)
		case dsl.OnRequest:
			if p.requests[j.Name] == nil {
				p.requests[j.Name] = &of
			}
		case dsl.OnWhen:
			p.whens = append(p.whens, &when{of, j.Name + "/" + e.ID})
		default:
			p.calendar = append(p.calendar, &dated{of, j.Name + "/" + e.ID})
		}
	}
	for _, g := range j.Goals {
		ev := p.event(g.Event)
		ev.goals[j.Name] = append(ev.goals[j.Name], g)
	}
	for _, x := range j.Exits {
		if x.Event != "" {
			ev := p.event(x.Event)
			ev.exits[j.Name] = append(ev.exits[j.Name], x)
		}
	}
}

func (p *Plan) event(name string) *eventPlan {
	ev := p.onEvent[name]
	if ev == nil {
		ev = &eventPlan{goals: map[string][]*dsl.Goal{}, exits: map[string][]*dsl.Exit{}}
		p.onEvent[name] = ev
	}
	return ev
}

// keepForWaits keeps what the lengths and moments of waits read: a wait that
// moves is computed anew from when it was reached, which may be long ago, so
// their windows lie there and not before now.
func (p *Plan) keepForWaits(j *dsl.Journey) {
	for _, s := range j.Code {
		var e *cond.Expr
		switch s := s.(type) {
		case *dsl.Wait:
			e = s.For
		case *dsl.WaitMoment:
			e = s.Moment
		case *dsl.WaitQuiet:
			e = s.For
		case *dsl.WaitFor:
			e = s.UpTo
		case *dsl.WaitHour:
			e = s.Hour
		case *dsl.Repeat:
			e = s.Every
		}
		if e == nil {
			continue
		}
		for _, r := range e.Reads().Events {
			r.Window = 0
			p.addKeep(r)
		}
		for _, r := range e.Reads().Hours {
			hourly(p.hours[r.Event], r.Key()).Window = 0
		}
	}
}

// Only is the plan with entries into some journeys alone: a test says which
// are live. Runs of the others are none.
func (p *Plan) Only(journeys func(name string) bool) *Plan {
	c := *p
	c.onEvent = make(map[string]*eventPlan, len(p.onEvent))
	for name, ev := range p.onEvent {
		e := *ev
		e.entries = only(ev.entries, func(of entryOf) string { return of.journey.Name }, journeys)
		c.onEvent[name] = &e
	}
	c.requests = map[string]*request{}
	for name, r := range p.requests {
		if journeys(name) {
			c.requests[name] = r
		}
	}
	c.whens = only(p.whens, func(w *when) string { return w.journey.Name }, journeys)
	c.calendar = only(p.calendar, func(d *dated) string { return d.journey.Name }, journeys)
	return &c
}

func only[T any](list []T, of func(T) string, in func(string) bool) []T {
	var out []T
	for _, x := range list {
		if in(of(x)) {
			out = append(out, x)
		}
	}
	return out
}

// addKeep widens what is kept of a kind so that r can be answered from it.
func (p *Plan) addKeep(r cond.EventRead) {
	k, known := p.keeps[r.Event]
	if !known {
		k = &keep{props: []string{}, window: r.Window}
		p.keeps[r.Event] = k
	}
	if r.Window == 0 {
		k.window = 0
	} else if k.window != 0 {
		k.window = max(k.window, r.Window)
	}
	if r.Whole {
		k.props = nil
	}
	if k.props != nil {
		k.props = merged(k.props, r.Props)
	}
}

// kept is the event as it is kept for a plan: with the properties that are
// read, nothing else.
func (k *keep) kept(e *cond.Event) *cond.Event {
	if k.props == nil || e.Props.Len() == 0 {
		return e
	}
	return &cond.Event{ID: e.ID, Name: e.Name, At: e.At, Arrived: e.Arrived, Props: e.Props.Only(k.props)}
}

// merged are the names of both, sorted and each once; never nil.
func merged(a, b []string) []string {
	all := append(append(make([]string, 0, len(a)+len(b)), a...), b...)
	slices.Sort(all)
	return slices.Compact(all)
}
