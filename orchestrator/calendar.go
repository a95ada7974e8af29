package orchestrator

import (
	"time"

	"journey/dsl"
	"journey/dsl/value"
)

// Entries by date and clock are due at instants of the person's zone. The
// earliest of them is part of his moment. Each has a day, and a day is dealt
// with once: entered, refused, or missed; so an anniversary makes one entry
// however the zone moves.

// missedAfter is how late such an entry may still be made.
const missedAfter = 24 * value.Hour

// RefusedMissed is the reason of an entry by date or clock that came too late.
const RefusedMissed = "missed"

// dated is an entry by date or clock, with the key of what is remembered.
type dated struct {
	entryOf
	key string
}

// occurrence is one day on which such an entry is due.
type occurrence struct {
	day value.Date // the day it counts as
	at  value.Time
}

// calendarDue makes the entries by date and clock that are due at the instant
// and notes when the next ones are.
func (m *machine) calendarDue() {
	for _, d := range m.plan.calendar {
		m.dateDue(d)
	}
}

func (m *machine) dateDue(d *dated) {
	var newest *occurrence
	for {
		o, ok := m.nextOccurrence(d)
		if !ok {
			break
		}
		if o.at > m.at {
			m.lookAt(o.at)
			break
		}
		m.dealtWith(d.key, o.day)
		if newest != nil {
			m.refuse(d.journey.Name, RefusedMissed) // of several missed ones only the newest is made
		}
		newest = &o
	}
	if newest == nil {
		return
	}
	if m.at.Sub(newest.at) > missedAfter {
		m.refuse(d.journey.Name, RefusedMissed)
		return
	}
	ev := whenEvent(m.at)
	ev.At = newest.at
	if m.admits(d.entry, ev) {
		m.enter(d.entryOf, ev)
	}
}

// dealtWith remembers that a day's entry has been made or not.
func (m *machine) dealtWith(key string, day value.Date) {
	if m.p.Calendar == nil {
		m.p.Calendar = map[string]value.Date{}
	}
	m.p.Calendar[key] = day
}

// lookAt notes an instant at which something is due.
func (m *machine) lookAt(t value.Time) {
	if t > m.at && (m.p.Moment == 0 || t < m.p.Moment) {
		m.p.Moment = t
	}
}

// nextOccurrence is the first day after the last one that was dealt with.
func (m *machine) nextOccurrence(d *dated) (occurrence, bool) {
	zone := m.p.Zone(m.plan.Settings.Zone)
	last, any := m.p.Calendar[d.key]
	c := &d.entry.Calendar
	switch d.entry.Kind {
	case dsl.OnDay:
		if any && last >= c.Date {
			return occurrence{}, false
		}
		return occurrence{c.Date, c.Date.At(c.At, zone)}, true
	case dsl.OnClock:
		for day := last + 1; day < last+400; day++ {
			if c.Falls(day) {
				return occurrence{day, day.At(c.At, zone)}, true
			}
		}
	case dsl.OnYear:
		return m.nextYear(c, last, zone)
	case dsl.OnDate:
		return m.oneDate(c, last, any, zone)
	}
	return occurrence{}, false
}

// nextYear is the next anniversary whose entry is later than the last one.
func (m *machine) nextYear(c *dsl.Calendar, last value.Date, zone *time.Location) (occurrence, bool) {
	born, ok := dateOf(TraitOf(m.p, c.Trait), zone)
	if !ok {
		return occurrence{}, false
	}
	first, _, _ := born.Civil()
	year, _, _ := (last - value.Date(c.Days)).Civil()
	for y := max(first, year-1); ; y++ {
		if day := Anniversary(born, y) + value.Date(c.Days); day > last && Anniversary(born, y) >= born {
			return occurrence{day, day.At(c.At, zone)}, true
		}
	}
}

// oneDate is the one occurrence that a date or time of the person has. It
// counts as its day; another value of the trait is another day.
func (m *machine) oneDate(c *dsl.Calendar, last value.Date, any bool, zone *time.Location) (occurrence, bool) {
	v := TraitOf(m.p, c.Trait)
	var at value.Time
	day, ok := dateOf(v, zone)
	switch {
	case !ok:
		return occurrence{}, false
	case c.HasAt:
		day += value.Date(c.Days)
		at = day.At(c.At, zone)
	default:
		t, _ := value.Instant(v, zone)
		if _, isDate := v.(value.Date); isDate && c.Days != 0 {
			at = (day + value.Date(c.Days)).Midnight(zone)
		} else {
			at = t.Add(c.Offset)
		}
		day = at.Date(zone)
	}
	if any && day <= last {
		return occurrence{}, false
	}
	return occurrence{day, at}, true
}

func dateOf(v any, zone *time.Location) (value.Date, bool) {
	switch v := v.(type) {
	case value.Date:
		return v, true
	case value.Time:
		return v.Date(zone), true
	}
	return 0, false
}

// Anniversary is a date's day in a year. 29 February is kept on 28 February
// in other years.
func Anniversary(d value.Date, year int) value.Date {
	_, month, day := d.Civil()
	a := value.DateOf(year, month, day)
	if _, m, _ := a.Civil(); m != month {
		return value.DateOf(year, time.February, 28)
	}
	return a
}

// rebaseCalendar lets the entries by date and clock of a release count from
// now on: what was due before it went live, or before somebody was known, is
// past.
func (m *machine) rebaseCalendar() {
	known := map[string]bool{}
	zone := m.p.Zone(m.plan.Settings.Zone)
	for _, d := range m.plan.calendar {
		known[d.key] = true
		if _, had := m.p.Calendar[d.key]; !had {
			m.startCalendar(d, zone)
		}
		if o, ok := m.nextOccurrence(d); ok {
			m.lookAt(o.at)
			if o.at <= m.at {
				m.p.Moment = m.at // exactly now is in time
			}
		}
	}
	for key := range m.p.Calendar {
		if !known[key] {
			delete(m.p.Calendar, key)
		}
	}
}

// startCalendar deals with all days that are over: those before today, and
// today if its instant is past.
func (m *machine) startCalendar(d *dated, zone *time.Location) {
	m.dealtWith(d.key, m.at.Date(zone)-1)
	for {
		o, ok := m.nextOccurrence(d)
		if !ok || o.at >= m.at {
			return
		}
		m.dealtWith(d.key, o.day)
	}
}

// datesMove deals with what a changed trait or zone does to entries by date. A
// date that becomes known too late for its moment makes no entry; a moment
// that the zone moves into the past is due now.
func (m *machine) datesMove(ch changes) {
	zone := ch.zone()
	for _, d := range m.plan.calendar {
		trait := d.entry.Calendar.Trait
		own := trait != "" && ch.has(ofTrait, trait)
		if !zone && !own {
			continue
		}
		for {
			o, ok := m.nextOccurrence(d)
			if !ok {
				break
			}
			if o.at > m.at {
				m.lookAt(o.at)
				break
			}
			if o.at == m.at || !own {
				m.p.Moment = m.at // it comes when the inputs of this instant are done
				break
			}
			m.dealtWith(d.key, o.day)
		}
	}
}
