package orchestrator

import (
	"maps"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Probe asks the machine about a person as he is at an instant, for
// explanations: what a condition comes to, what would keep an entry or a
// message back. Nothing happens to him by it, and nothing that is due is done.
type Probe struct{ m *machine }

// Probe is a probe of a person. It is for one goroutine, and for as long as
// the person does not change.
func (w *World) Probe(p *profiles.Person, at value.Time) *Probe {
	c := *p
	c.Controls = maps.Clone(p.Controls) // an assignment would be remembered there
	m := &machine{World: w, p: &c, plan: w.Live, now: at, at: at}
	m.view = view{m: m}
	m.env.Person = &m.view
	return &Probe{m}
}

// OnPerson are the surroundings of a condition on the person; like those of
// the other methods, they hold until the next one is asked for.
func (b *Probe) OnPerson() *cond.Env { return b.m.about() }

// OnEvent are the surroundings of a condition on an event that has come.
func (b *Probe) OnEvent(e *cond.Event) *cond.Env { return b.m.aboutEvent(e) }

// OnRun are the surroundings of a condition of a run, now.
func (b *Probe) OnRun(r *profiles.Run) *cond.Env { return b.m.atStepNow(r) }

// atStepNow is atStep with the present instant for the run's clock.
func (m *machine) atStepNow(r *profiles.Run) *cond.Env {
	slot := -1
	if s := m.stepOf(r); s != nil {
		slot = s.Head().Slot
	}
	env := m.atStep(r, slot)
	env.Now = m.at
	return env
}

// Journey is a run's journey in the release it entered under; nil when that
// is gone.
func (b *Probe) Journey(r *profiles.Run) *dsl.Journey { return b.m.journey(r) }

// Step is the step a run is at; nil when its journey is gone.
func (b *Probe) Step(r *profiles.Run) dsl.Step { return b.m.stepOf(r) }

// Elements are the events that an `each` entry asks about, instead of the one
// that came: one for each element of its list.
func (b *Probe) Elements(e *dsl.Entry, ev *cond.Event) []*cond.Event { return elementsOf(e, ev) }

// Refuses is the reason for which an entry that an event begins would not be
// made now, its `where` apart; "" when it would be.
func (b *Probe) Refuses(j *dsl.Journey, e *dsl.Entry, ev *cond.Event) string {
	_, reason := b.m.mayEnter(j, e, ev, b.m.aboutEvent(ev))
	return reason
}

// Next is when an entry by date or clock is due next; false: not at all.
func (b *Probe) Next(j *dsl.Journey, e *dsl.Entry) (value.Time, bool) {
	for _, d := range b.m.plan.calendar {
		if d.journey == j && d.entry == e {
			o, ok := b.m.nextOccurrence(d)
			return o.at, ok
		}
	}
	return 0, false
}

// Skips is the reason for which a send of a run would be skipped now; "" when
// it would go out, or be held by quiet hours until an instant.
func (b *Probe) Skips(j *dsl.Journey, r *profiles.Run, s *dsl.Send) (reason string, held value.Time) {
	m, msg := b.m, s.Message
	d := &delivery{
		StepHead: &s.StepHead, message: msg, personal: msg.Channel != callChannel,
		exempt: j.Transactional || msg.Transactional,
	}
	send := &profiles.Send{Channel: msg.Channel, Due: m.at}
	if reason = m.judge(j, r, d, send); reason != "" {
		return reason, 0
	}
	if until, quiet := m.quietUntil(msg.Channel, m.at); quiet && d.personal && !d.exempt {
		held = until
	}
	return "", held
}
