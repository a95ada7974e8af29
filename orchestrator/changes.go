package orchestrator

import (
	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// maxRounds bounds how often conditions that depend on each other's outcomes
// (memberships of journeys, say) are asked again within one instant.
const maxRounds = 16

// changes are what conditions may read and that has changed since they were
// last asked. Mostly there are a few of them, and every condition of the
// workspace asks for them at every input: so the first are a plain list.
type changes struct {
	list []changed
	more map[changed]bool // those beyond the first
	time bool             // an instant came at which time moves conditions
}

// changed is one thing that has changed.
type changed struct {
	kind changedKind
	name string
}

type changedKind uint8

const (
	ofTrait changedKind = iota
	ofEvent
	ofSegment
	ofJourney
	ofMessage
)

const maxListed = 16

func (c *changes) add(kind changedKind, name string) {
	switch {
	case c.has(kind, name):
	case len(c.list) < maxListed:
		c.list = append(c.list, changed{kind, name})
	default:
		if c.more == nil {
			c.more = map[changed]bool{}
		}
		c.more[changed{kind, name}] = true
	}
}

func (c *changes) has(kind changedKind, name string) bool {
	for i := range c.list {
		if c.list[i].kind == kind && c.list[i].name == name {
			return true
		}
	}
	return c.more != nil && c.more[changed{kind, name}]
}

func (c *changes) trait(name string) {
	c.add(ofTrait, name)
	if name == "timezone" {
		c.time = true // local times move with the zone
	}
}

func (c *changes) event(name string)   { c.add(ofEvent, name) }
func (c *changes) segment(name string) { c.add(ofSegment, name) }
func (c *changes) journey(name string) { c.add(ofJourney, name) }
func (c *changes) message(name string) { c.add(ofMessage, name) }

func (c *changes) any() bool { return c.time || len(c.list) > 0 }

// zone says whether the person's time zone has changed.
func (c *changes) zone() bool { return c.has(ofTrait, "timezone") }

// touch says whether an expression reads something that has changed.
func (c *changes) touch(e *cond.Expr) bool {
	if e == nil {
		return false
	}
	r := e.Reads()
	if c.time && r.Now {
		return true
	}
	if len(c.list) == 0 {
		return false
	}
	return c.one(ofTrait, r.Traits) || c.one(ofSegment, r.Segments) || c.one(ofJourney, r.Journeys) ||
		c.one(ofMessage, r.Messages) || c.events(r)
}

func (c *changes) one(kind changedKind, names []string) bool {
	for _, n := range names {
		if c.has(kind, n) {
			return true
		}
	}
	return false
}

func (c *changes) events(r *cond.Reads) bool {
	for i := range r.Events {
		if c.has(ofEvent, r.Events[i].Event) {
			return true
		}
	}
	for _, ru := range r.Running {
		if c.has(ofEvent, ru.Event) {
			return true
		}
	}
	return false
}

// look notes when time next changes the person, as the last evaluation found.
func (m *machine) look() {
	if l := m.env.Look; l > m.at && (m.p.Moment == 0 || l < m.p.Moment) {
		m.p.Moment = l
	}
}

// derive computes anew the computed traits, segments and rules of tags that read what has
// changed, each after those it reads itself; their own changes are added to
// what has.
func (m *machine) derive() {
	for _, d := range m.plan.Derived {
		switch {
		case d.Trait != nil && m.changed.touch(d.Trait.Computed):
			m.compute(d.Trait)
		case d.Segment != nil && m.changed.touch(d.Segment.When):
			m.member(d.Segment)
		case d.Tag != nil && m.changed.touch(d.Tag.While):
			m.ruleTag(d.Tag)
		}
	}
}

// compute asks for the value of a computed trait now.
func (m *machine) compute(t *dsl.Trait) {
	v := t.Computed.Value(m.about())
	m.look()
	if value.Equal(m.p.Traits[t.Name].Value, v) {
		return
	}
	if m.p.Traits == nil {
		m.p.Traits = map[string]profiles.Trait{}
	}
	m.noteChange(t.Name, m.p.Traits[t.Name].Value, v)
	m.p.Traits[t.Name] = profiles.Trait{Value: v, At: m.at}
	m.changed.trait(t.Name)
}

// member asks whether the person is in a segment now.
func (m *machine) member(s *dsl.Segment) {
	in := s.When.Bool(m.about())
	m.look()
	if m.Member != nil {
		if assumed, ok := m.Member(s.Name); ok {
			in = assumed
		}
	}
	if _, was := m.p.Segments[s.Name]; was == in {
		return
	}
	m.changed.segment(s.Name)
	if in {
		if m.p.Segments == nil {
			m.p.Segments = map[string]value.Time{}
		}
		m.p.Segments[s.Name] = m.at
		m.trace(Trace{Kind: TraceSegment, Name: s.Name, Detail: "in"})
		return
	}
	delete(m.p.Segments, s.Name)
	m.trace(Trace{Kind: TraceSegment, Name: s.Name, Detail: "out"})
}

// react brings about what changes of data or time bring about, in the order
// of an event: exits, waits, entries; until nothing changes any more.
func (m *machine) react() {
	for round := 0; (m.changed.any() || len(m.pending) > 0) && round < maxRounds; round++ {
		m.derive()
		m.change()
		ch := m.changed
		m.changed, m.spare = changes{list: m.spare}, nil
		m.exitsWhen(ch)
		m.waitsMove(ch)
		m.entriesWhen(ch)
		m.datesMove(ch)
		if ch.time && !ch.zone() { // of a moved zone datesMove makes a moment
			m.calendarDue()
		}
		m.spare = ch.list[:0]
	}
}

// exitsWhen ends the runs whose `exit when` holds now.
func (m *machine) exitsWhen(ch changes) {
	for _, r := range m.live() {
		j := m.journey(r)
		if j == nil {
			continue
		}
		for i, x := range j.Exits {
			if r.State != profiles.Ended && ch.touch(x.When) && m.exitHolds(r, x) {
				m.leave(r, j, i)
			}
		}
	}
}

// leaveWhen ends a run of which an `exit when` holds: at its entry, and when
// it keeps a value that the condition may read.
func (m *machine) leaveWhen(r *profiles.Run, j *dsl.Journey) {
	for i, x := range j.Exits {
		if x.When != nil && m.exitHolds(r, x) {
			m.leave(r, j, i)
			return
		}
	}
}

func (m *machine) exitHolds(r *profiles.Run, x *dsl.Exit) bool {
	holds := x.When.Bool(m.aboutRun(r, m.at, nil))
	m.look()
	return holds
}

// entriesWhen makes the entries of conditions that have become true.
func (m *machine) entriesWhen(ch changes) {
	for _, wh := range m.plan.whens {
		if ch.touch(wh.entry.When) {
			m.became(wh)
		}
	}
}

func (m *machine) became(wh *when) {
	holds := wh.entry.When.Bool(m.about())
	m.look()
	if held := m.p.Whens[wh.key]; held == holds {
		return
	}
	m.baseline(wh, holds)
	if holds {
		m.enterWhen(wh)
	}
}

// enterWhen makes the entry of a condition that holds now, if its `where`
// does; history begins nothing.
func (m *machine) enterWhen(wh *when) {
	ev := whenEvent(m.at)
	switch {
	case !m.admits(wh.entry, ev):
	case m.history:
		m.refuse(wh.journey.Name, RefusedLate)
	default:
		m.enter(wh.entryOf, ev)
	}
}

// whenEvent is what begins a run that a condition begins: a moment, nothing
// else.
func whenEvent(at value.Time) *cond.Event { return &cond.Event{At: at, Arrived: at} }

func (m *machine) baseline(wh *when, holds bool) {
	if m.p.Whens == nil {
		m.p.Whens = map[string]bool{}
	}
	m.p.Whens[wh.key] = holds
}

// live is a copy of the live runs, in the order of entry: ending one changes
// the list.
func (m *machine) live() []*profiles.Run { return append([]*profiles.Run(nil), m.p.Runs...) }
