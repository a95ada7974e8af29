package orchestrator

import (
	"math"
	"time"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// A wait is reached on the run's clock, which may lie behind now: what came
// in between is looked back for in the kept events. A wait that time and
// events can end is arranged once more whenever something it reads changes.

// arrive brings a run to a wait: it passes at once, or waits.
func (m *machine) arrive(j *dsl.Journey, r *profiles.Run, s dsl.Step) {
	r.Base = r.Clock
	back := r.Clock
	if r.Back != 0 {
		back = r.Back
	}
	switch s := s.(type) {
	case *dsl.WaitQuiet:
		m.lookBackQuiet(r, s, back)
	case *dsl.WaitFor:
		if m.lookBackFor(r, s, back) {
			return
		}
	}
	until, past := m.moment(r, s, r.Clock)
	if past {
		m.goPast(r, s, r.Clock)
		return
	}
	if until <= r.Clock && until > 0 {
		m.passed(r, s, r.Clock)
		return
	}
	m.wait(r, until)
}

// wait lets a run wait where it is.
func (m *machine) wait(r *profiles.Run, until value.Time) {
	r.State, r.Until, r.Depth, r.Back = profiles.Waiting, until, 0, 0
	delete(m.ready, r)
	m.traceRun(TraceWaiting, r, Trace{Until: until})
}

// moment is when a wait ends by time, counted from the moment its step was
// reached; past says that a WaitMoment's moment is missing or over at the
// instant from.
func (m *machine) moment(r *profiles.Run, s dsl.Step, from value.Time) (until value.Time, past bool) {
	env := m.atStep(r, s.Head().Slot)
	switch s := s.(type) {
	case *dsl.Wait:
		return r.Clock.Add(s.For.Duration(env)), false
	case *dsl.WaitClock:
		return nextClock(s, r.Clock, env.Zone), false
	case *dsl.WaitWindow:
		return nextOpening(s, r.Clock, env.Zone), false
	case *dsl.WaitQuiet:
		return r.Base.Add(s.For.Duration(env)), false
	case *dsl.WaitFor:
		return r.Clock.Add(s.UpTo.Duration(env)), false
	case *dsl.WaitHour:
		return nextHour(s.Hour.Value(env), r.Clock, env.Zone), false
	case *dsl.Repeat:
		if s.Every != nil {
			return r.Clock.Add(s.Every.Duration(env)), false
		}
	case *dsl.WaitMoment:
		t, ok := momentOf(s, env)
		return t, !ok || t < from
	}
	return r.Clock, false
}

// momentOf is the instant that a WaitMoment names.
func momentOf(s *dsl.WaitMoment, env *cond.Env) (value.Time, bool) {
	v := s.Moment.Value(env)
	if s.HasAt {
		var day value.Date
		switch v := v.(type) {
		case value.Date:
			day = v
		case value.Time:
			day = v.Date(env.Zone)
		default:
			return 0, false
		}
		return firstOf(s.Days, day).At(s.At, env.Zone), true
	}
	return value.Instant(v, env.Zone)
}

// nextClock is the next local moment from c on: c itself, if it is one.
func nextClock(s *dsl.WaitClock, c value.Time, zone *time.Location) value.Time {
	day := c.Date(zone)
	if s.Tomorrow {
		return firstOf(s.Days, day+1).At(s.Clock, zone)
	}
	for d := day; d <= day+8; d++ {
		if t := d.At(s.Clock, zone); t >= c && s.Days.Has(d.Weekday()) {
			return t
		}
	}
	return c // no day at all: the checker refuses it
}

// firstOf is the first of some weekdays from a day on.
func firstOf(days dsl.Weekdays, day value.Date) value.Date {
	for !days.Has(day.Weekday()) {
		day++
	}
	return day
}

// nextHour is the next such local hour from c on; at once where it is missing
// or none.
func nextHour(v any, c value.Time, zone *time.Location) value.Time {
	h, ok := v.(float64)
	if !ok || h < 0 || h > 24 {
		return c
	}
	clock := value.Clock(math.Round(h * 60))
	for d := c.Date(zone) - 1; ; d++ { // 24 is the midnight after the day
		if t := d.At(clock, zone); t >= c {
			return t
		}
	}
}

// nextOpening is c itself inside the window, else its next opening.
func nextOpening(s *dsl.WaitWindow, c value.Time, zone *time.Location) value.Time {
	day := c.Date(zone)
	for d := day - 1; d <= day+8; d++ {
		if !s.Days.Has(d.Weekday()) {
			continue
		}
		opens, last := d.At(s.From, zone), d
		if s.To <= s.From {
			last++ // it crosses midnight
		}
		switch closes := last.At(s.To, zone); {
		case opens >= c:
			return opens // also where a clock change leaves nothing of the window
		case c < closes:
			return c
		}
	}
	return c
}

// lookBackQuiet takes the events that came since the wait began on the run's
// clock: each begins the quiet afresh, if it came before its end.
func (m *machine) lookBackQuiet(r *profiles.Run, s *dsl.WaitQuiet, back value.Time) {
	for _, e := range m.p.Kept(s.Event) {
		if e.Arrived <= back || e.Arrived > m.at {
			continue
		}
		if e.Arrived > r.Base.Add(s.For.Duration(m.atStep(r, s.Slot))) {
			return
		}
		if m.satisfies(r, e, s.Where, e.Arrived) {
			r.Base = e.Arrived
		}
	}
}

// lookBackFor releases the run if one of the alternatives holds already.
func (m *machine) lookBackFor(r *profiles.Run, s *dsl.WaitFor, back value.Time) bool {
	for i := range s.Alts {
		alt := &s.Alts[i]
		if alt.When != nil && m.holds(r, s, alt) {
			m.choose(r, s, alt, nil, r.Clock)
			return true
		}
		if !alt.SinceEntry {
			continue
		}
		list := m.p.Kept(alt.Event)
		for k := len(list) - 1; k >= 0 && list[k].Arrived > r.Entered; k-- {
			if list[k].Arrived <= r.Clock && m.satisfies(r, list[k], alt.Where, r.Clock) {
				m.choose(r, s, alt, list[k], r.Clock)
				return true
			}
		}
	}
	var first *cond.Event
	var by *dsl.Alternative
	deadline := r.Clock.Add(s.UpTo.Duration(m.atStep(r, s.Slot)))
	for i := range s.Alts {
		alt := &s.Alts[i]
		for _, e := range m.p.Kept(alt.Event) {
			if e.Arrived <= back || e.Arrived > m.at || e.Arrived > deadline {
				continue
			}
			if first != nil && e.Arrived >= first.Arrived {
				break
			}
			if m.satisfies(r, e, alt.Where, e.Arrived) {
				first, by = e, alt
				break
			}
		}
	}
	if first == nil {
		return false
	}
	m.choose(r, s, by, first, max(first.Arrived, r.Clock))
	return true
}

// satisfies says whether an event that has arrived counts for a wait. Its
// `where` is judged at now: when the event arrived, and for one that came
// before the wait, when the wait was reached.
func (m *machine) satisfies(r *profiles.Run, e *cond.Event, where *cond.Expr, now value.Time) bool {
	if began(r, e) || e.At < r.Entry.At || m.late(e) {
		return false
	}
	return where == nil || where.Bool(m.aboutRun(r, now, e))
}

// holds asks a condition that is waited for.
func (m *machine) holds(r *profiles.Run, s *dsl.WaitFor, alt *dsl.Alternative) bool {
	env := m.atStep(r, s.Slot)
	env.Now = max(m.at, r.Clock)
	ok := alt.When.Bool(env)
	m.look()
	return ok
}

// lookAtWait notes when time next moves a condition that a run waits for.
func (m *machine) lookAtWait(r *profiles.Run) {
	s, ok := m.stepOf(r).(*dsl.WaitFor)
	if !ok || r.State != profiles.Waiting {
		return
	}
	for i := range s.Alts {
		if when := s.Alts[i].When; when != nil && when.Reads().Now {
			m.holds(r, s, &s.Alts[i])
		}
	}
}

// choose ends a WaitFor by one of its alternatives.
func (m *machine) choose(r *profiles.Run, s *dsl.WaitFor, alt *dsl.Alternative, e *cond.Event, at value.Time) {
	way := "until"
	if alt.Event != "" {
		way = "event " + alt.Event
	}
	if slot := alt.Arm.Slot; slot >= 0 && slot < len(r.Arms) {
		r.Arms[slot] = e
	}
	m.release(r, alt.Arm.Start, at, way)
}

// waits lets an event end or begin afresh the waits it concerns.
func (m *machine) waits(e *cond.Event) {
	for _, r := range m.live() {
		if !m.stillWaits(r) {
			continue
		}
		switch s := m.stepOf(r).(type) {
		case *dsl.WaitQuiet:
			if s.Event == e.Name && m.satisfies(r, e, s.Where, e.Arrived) {
				r.Base = m.at
				r.Until, _ = m.moment(r, s, m.at)
			}
		case *dsl.WaitFor:
			for i := range s.Alts {
				if alt := &s.Alts[i]; alt.Event == e.Name && m.satisfies(r, e, alt.Where, e.Arrived) {
					m.choose(r, s, alt, e, m.at)
					break
				}
			}
		}
	}
}

// stillWaits says whether a run is at a wait that has not ended yet. One that
// time has ended while its journey is paused goes on when that is resumed;
// nothing that comes later changes how it ended.
func (m *machine) stillWaits(r *profiles.Run) bool {
	return r.State == profiles.Waiting && !m.ready[r] && (r.Until == 0 || r.Until >= m.at)
}

// stepOf is the step a run stands at; nil when its journey is gone.
func (m *machine) stepOf(r *profiles.Run) dsl.Step {
	j := m.journey(r)
	if j == nil || r.Step < 0 || r.Step >= len(j.Code) {
		return nil
	}
	return j.Code[r.Step]
}

// waitsMove arranges anew the waits that read what has changed.
func (m *machine) waitsMove(ch changes) {
	for _, r := range m.live() {
		if r.State == profiles.Holding && ch.zone() {
			m.rehold(r)
		}
		if !m.stillWaits(r) {
			continue
		}
		s := m.stepOf(r)
		if w, ok := s.(*dsl.WaitFor); ok && m.conditionHolds(r, w, ch) {
			continue
		}
		if s != nil && m.moved(s, ch) {
			m.rearrange(r, s)
		}
	}
}

// conditionHolds releases the run if a condition it waits for holds now.
func (m *machine) conditionHolds(r *profiles.Run, s *dsl.WaitFor, ch changes) bool {
	for i := range s.Alts {
		alt := &s.Alts[i]
		if ch.touch(alt.When) && m.holds(r, s, alt) {
			m.choose(r, s, alt, nil, m.at)
			return true
		}
	}
	return false
}

// moved says whether what has changed can move a wait's end.
func (m *machine) moved(s dsl.Step, ch changes) bool {
	switch s := s.(type) {
	case *dsl.Wait:
		return ch.touch(s.For)
	case *dsl.WaitClock, *dsl.WaitWindow:
		return ch.zone()
	case *dsl.WaitQuiet:
		return ch.touch(s.For)
	case *dsl.WaitFor:
		return ch.touch(s.UpTo)
	case *dsl.WaitMoment:
		return ch.zone() || ch.touch(s.Moment)
	case *dsl.WaitHour:
		return ch.zone() || ch.touch(s.Hour)
	case *dsl.Repeat:
		return ch.touch(s.Every)
	}
	return false
}

// rearrange computes a wait's end anew, from the moment its step was reached;
// an end that lies in the past now lets the run go on at once.
func (m *machine) rearrange(r *profiles.Run, s dsl.Step) {
	until, past := m.moment(r, s, m.at)
	switch {
	case until == r.Until && !past:
	case past:
		m.goPast(r, s, m.at)
	case until <= m.at:
		m.passed(r, s, m.at)
	default:
		r.Until = until
		m.traceRun(TraceWaiting, r, Trace{Until: until})
	}
}

// timeout ends a wait whose end has come.
func (m *machine) timeout(r *profiles.Run, due value.Time) {
	s := m.stepOf(r)
	switch {
	case s == nil:
		m.end(r, EndedGone)
	case r.State == profiles.Holding:
		m.unhold(r, due)
	case r.State == profiles.Paused:
		r.State, r.Until = profiles.Waiting, 0
		m.ready[r] = true
	default:
		m.passed(r, s, due)
	}
}

// passed lets a run go on from a wait that time has ended.
func (m *machine) passed(r *profiles.Run, s dsl.Step, at value.Time) {
	switch s := s.(type) {
	case *dsl.WaitMoment:
		m.release(r, s.Then, at, "then")
	case *dsl.WaitFor:
		m.release(r, s.Otherwise, at, "otherwise")
	case *dsl.Repeat:
		r.State, r.Clock, r.Until = profiles.Waiting, at, 0
		m.ready[r] = true
		m.round(r, s)
	default:
		m.release(r, s.Head().Next, at, "passed")
	}
}

// goPast lets a run go on from a WaitMoment whose moment is over or missing.
func (m *machine) goPast(r *profiles.Run, s dsl.Step, at value.Time) {
	w := s.(*dsl.WaitMoment) // only its moment can be past
	if w.ExitPast {
		m.end(r, EndedPast)
		return
	}
	m.release(r, w.Otherwise, at, "past")
}
