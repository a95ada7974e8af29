package orchestrator

import (
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// view shows a person to conditions.
type view struct {
	m   *machine
	run *profiles.Run // whose condition it is; nil: a condition on the person
}

var (
	_ cond.Person = (*view)(nil)
	_ cond.Sends  = (*view)(nil)
)

func (v *view) ID() string { return v.m.p.ID }

func (v *view) Trait(name string) any { return TraitOf(v.m.p, name) }

func (v *view) Events(name string) []*cond.Event { return v.m.p.Kept(name) }

func (v *view) Running(r *cond.Running) any {
	return v.m.p.Running[r.Key()].Result(r)
}

func (v *view) Hours(r *cond.HourRead) []cond.Hour { return v.m.p.HoursOf(r) }

// InSegment is the present membership under the live release; a segment that
// is gone there is asked under the run's own.
func (v *view) InSegment(name string) bool {
	if _, live := v.m.plan.Segment(name); live || v.run == nil {
		_, in := v.m.p.Segments[name]
		return in
	}
	s, ok := v.m.planOf(v.run).Segment(name)
	return ok && s.When.Bool(&v.m.env)
}

func (v *view) InJourney(name string) bool {
	for _, r := range v.m.p.Runs {
		if r.Journey == name {
			return true
		}
	}
	return false
}

// TraitOf is the present value of a trait. consent, topics and suppressed
// are objects put together from their keys, each of which has a time of its
// own.
func TraitOf(p *profiles.Person, name string) any {
	if profiles.KeyedTrait(name) {
		return p.Keyed(name)
	}
	return p.Value(name)
}

// about prepares the environment for a condition on the person.
func (m *machine) about() *cond.Env {
	e := &m.env
	e.Now, e.Zone, e.Look = m.at, m.p.Zone(m.plan.Settings.Zone), 0
	e.Event, e.Entry, e.Run, e.With, e.Sends = nil, nil, nil, nil, &m.view
	m.view.run = nil
	return e
}

// aboutEvent prepares it for a condition on an event that has just come.
func (m *machine) aboutEvent(ev *cond.Event) *cond.Env {
	e := m.about()
	e.Event, e.Entry = ev, ev
	return e
}

// aboutRun prepares it for a condition of a run at one of its steps; event is
// the one at hand, nil for none.
func (m *machine) aboutRun(r *profiles.Run, at value.Time, event *cond.Event) *cond.Env {
	e := m.about()
	e.Now = at
	e.Event, e.Entry, e.Run = event, r.Entry, r.Vars
	m.view.run = r
	return e
}

// atStep prepares it for a run's own step: its clock is now, and `event` is
// that of the innermost arm around.
func (m *machine) atStep(r *profiles.Run, slot int) *cond.Env {
	var event *cond.Event
	if slot >= 0 && slot < len(r.Arms) {
		event = r.Arms[slot]
	}
	return m.aboutRun(r, r.Clock, event)
}
