package dsl

import (
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Entries by date and clock.

// dated takes such an entry. Nothing began it but a moment: of the entry there
// is only its time.
func (w *journeyWork) dated(kind EntryKind, c Calendar, where *syntax.Expr, at diag.Span) {
	scope := w.person()
	scope.HasEntry = true
	w.add(&Entry{Kind: kind, Calendar: c, Where: w.expr(where, &scope, cond.Condition), Span: at})
}

func (w *journeyWork) enterYearly(x *syntax.EnterYearly) {
	c := Calendar{}
	if x.Apart != nil {
		c.Days = w.wholeDays(x.Apart, x.Side)
	}
	if x.At != nil {
		c.At = x.At.Value
	}
	c.HasAt = true
	w.dateOf(&c, &x.Trait.Name)
	w.dated(OnYear, c, x.Where, x.Span())
}

func (w *journeyWork) enterDate(x *syntax.EnterDate) {
	c := Calendar{}
	t := w.dateOf(&c, &x.Trait.Name)
	if x.Apart != nil {
		switch apart := x.Apart.Value; {
		case x.At != nil:
			c.Days, c.At, c.HasAt = w.wholeDays(x.Apart, x.Side), x.At.Value, true
		case t != nil && t.Kind == value.DateKind && apart%value.Day == 0:
			// A date is the local midnight of its day, and so are the days around.
			c.Days, c.HasAt = w.wholeDays(x.Apart, x.Side), true
		case x.Side == "before":
			c.Offset = -apart
		default:
			c.Offset = apart
		}
	}
	w.dated(OnDate, c, x.Where, x.Span())
}

// wholeDays is a distance that is counted in calendar days.
func (w *journeyWork) wholeDays(d *syntax.Duration, side string) int {
	if d.Value%value.Day != 0 {
		w.report(errWholeDays(d))
	}
	days := int(d.Value / value.Day)
	if side == "before" {
		return -days
	}
	return days
}

// dateOf resolves the trait of an entry by date, which is a date or time; its
// type is nil if it is not.
func (w *journeyWork) dateOf(c *Calendar, name *syntax.Name) *value.Type {
	if name.Text == "" {
		return nil
	}
	t, known := w.names.traits[name.Text]
	switch {
	case !known:
		w.report(errUnknownTrait(name, sorted(w.names.traits)))
		return nil
	case t.Kind != value.DateKind && t.Kind != value.TimeKind:
		w.report(errNoDate(name, t))
		return nil
	}
	c.Trait = name.Text
	return t
}

func (w *journeyWork) enterClock(x *syntax.EnterClock) {
	c := Calendar{At: x.At.Value, HasAt: true, Weekdays: w.onDays(x.Days, x.On)}
	if x.On != nil && len(x.Monthly) > 0 {
		w.report(errDaysOfMonth(x.On.Span()))
	}
	seen := map[int]bool{}
	for i := range x.Monthly {
		day := x.Monthly[i].Day // 0: the last
		if seen[day] {
			w.report(errDayTwice(x.Monthly[i].Span()))
			continue
		}
		seen[day] = true
		if day == 0 {
			day = lastDay
		}
		c.Monthdays = append(c.Monthdays, day)
	}
	w.dated(OnClock, c, x.Where, x.Span())
}

// lastDay is the last of every month: those that lack it take their own last.
const lastDay = 31

func (w *journeyWork) enterDay(x *syntax.EnterDay) {
	w.dated(OnDay, Calendar{Date: x.Date.Value, At: x.At.Value, HasAt: true}, x.Where, x.Span())
}
