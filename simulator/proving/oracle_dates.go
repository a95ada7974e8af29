package proving

import (
	"time"

	"journey/dsl/value"
)

// Entries by date and clock. A day is dealt with once: its entry is made or
// not. The days of an entry are looked for one after the other.

// next is the next day of an entry that was not dealt with, and when it is
// due, with what that depends on.
type next struct {
	day   value.Date
	at    value.Time
	there bool

	after value.Date
	trait any
	zone  *time.Location
}

// beginDates begins an entry for somebody new: what is over is over. silent:
// it is over for ever, wherever his zone turns out to be.
func (o *oracle) beginDates(e *Entry) {
	o.dealt[e] = dayOf(o.now, o.zone()) - 1
	for {
		n := o.next(e)
		if !n.there || n.at >= o.now {
			return
		}
		o.dealt[e] = n.day
	}
}

// dates calls f with every entry by date or clock.
func (o *oracle) dates(f func(*Journey, *Entry)) {
	for _, j := range o.c.Program.Journeys {
		for _, e := range j.Entries {
			if e.dated() {
				f(j, e)
			}
		}
	}
}

// datesMoved deals with the dates that have become known too late.
func (o *oracle) datesMoved(ch change) {
	o.dates(func(_ *Journey, e *Entry) {
		for e.Trait != "" && ch.names["t:"+e.Trait] {
			n := o.next(e)
			if !n.there || n.at >= o.now {
				return
			}
			o.dealt[e] = n.day
		}
	})
}

// datesDue makes the entries that are due. Of several days of one entry only
// the newest is made.
func (o *oracle) datesDue() {
	o.dates(func(j *Journey, e *Entry) {
		var due []next
		for {
			n := o.next(e)
			if !n.there || n.at > o.now {
				break
			}
			o.dealt[e] = n.day
			due = append(due, n)
		}
		for i, n := range due {
			if i < len(due)-1 || o.now-n.at > msDay {
				o.rec.add(o.now, "refused", j.Name, "missed")
				continue
			}
			moment := &event{at: n.at, arrived: o.now}
			if e.Where == nil || o.about(moment).truth(e.Where) {
				o.enter(j, e, moment, false)
			}
		}
	})
}

// dateIsDue says whether datesDue has something to do.
func (o *oracle) dateIsDue() bool {
	at, ok := o.nextDate()
	return ok && at <= o.now
}

// nextDate is when the next entry by date or clock is due.
func (o *oracle) nextDate() (at value.Time, ok bool) {
	o.dates(func(_ *Journey, e *Entry) {
		if n := o.next(e); n.there && (!ok || n.at < at) {
			at, ok = n.at, true
		}
	})
	return at, ok
}

func (o *oracle) next(e *Entry) next {
	n := next{after: o.dealt[e], trait: o.traits[e.Trait].v, zone: o.zone()}
	if old, known := o.nexts[e]; known && old.after == n.after && old.trait == n.trait && old.zone == n.zone {
		return old
	}
	o.find(e, &n)
	o.nexts[e] = n
	return n
}

func (o *oracle) find(e *Entry, n *next) {
	if e.Kind == EnterDate {
		n.day, n.at, n.there = o.oneDate(e, n.trait)
		n.there = n.there && n.day > n.after
		return
	}
	for d := n.after + 1; d <= dayOf(o.c.Script.Until, n.zone)+2; d++ {
		if o.falls(e, d, n.trait) {
			n.day, n.at, n.there = d, o.cal.at(d, e.Clock, n.zone), true
			return
		}
	}
}

// falls says whether an entry falls on a day.
func (o *oracle) falls(e *Entry, d value.Date, trait any) bool {
	switch e.Kind {
	case EnterWeekday:
		return onDays(e.Days, d)
	case EnterMonthly:
		_, month, today := time.Unix(int64(d)*secDay, 0).UTC().Date()
		_, tomorrows, _ := time.Unix(int64(d+1)*secDay, 0).UTC().Date()
		for _, m := range e.Months {
			if m == today || month != tomorrows && (m == 0 || m > today) {
				return true
			}
		}
		return false
	case EnterDay:
		return d == e.Date
	case EnterYearly:
		born, ok := o.dayOfTrait(trait)
		if !ok {
			return false
		}
		that := d - e.days()
		year := func(d value.Date) int { return time.Unix(int64(d)*secDay, 0).UTC().Year() }
		n := year(that) - year(born)
		return n >= 0 && anniversary(born, n) == that
	}
	return true
}

// days is how many calendar days the entry is away from its day.
func (e *Entry) days() value.Date {
	n := value.Date(int64(e.Apart) / msDay)
	if e.Before {
		return -n
	}
	return n
}

func (o *oracle) dayOfTrait(v any) (value.Date, bool) {
	switch v := v.(type) {
	case value.Date:
		return v, true
	case value.Time:
		return dayOf(v, o.zone()), true
	}
	return 0, false
}

// oneDate is the day and the instant of an EnterDate.
func (o *oracle) oneDate(e *Entry, v any) (value.Date, value.Time, bool) {
	d, ok := o.dayOfTrait(v)
	if !ok {
		return 0, 0, false
	}
	_, isDay := v.(value.Date)
	if e.HasAt || isDay && int64(e.Apart)%msDay == 0 {
		minutes := e.Clock
		if !e.HasAt {
			minutes = 0
		}
		d += e.days()
		return d, o.cal.at(d, minutes, o.zone()), true
	}
	at, _ := o.about(nil).instant(v)
	if e.Before {
		at -= value.Time(e.Apart)
	} else {
		at += value.Time(e.Apart)
	}
	return dayOf(at, o.zone()), at, true
}
