package dsl

import (
	"journey/dsl/cond"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// wait compiles the steps that wait.
func (w *journeyWork) wait(s syntax.Step, at spot, path string) (ends bool) {
	scope := w.scope(at.event)
	expr := func(x *syntax.Expr, want cond.Want) *cond.Expr {
		at.reads.note(x)
		return w.expr(x, &scope, want)
	}
	switch s := s.(type) {
	case *syntax.Wait:
		w.lay(&Wait{For: expr(s.For, cond.Duration)}, s, at, path)
	case *syntax.WaitClock:
		w.lay(&WaitClock{Clock: s.Clock.Value, Days: w.onDays(s.Days, s.On), Tomorrow: s.Tomorrow}, s, at, path)
	case *syntax.WaitHour:
		w.lay(&WaitHour{Hour: expr(s.Hour, cond.ValueOf(&value.Type{Kind: value.Number}))}, s, at, path)
	case *syntax.WaitWindow:
		days := weekdays(s.Days)
		if s.From.Value == s.To.Value && days == 0 { // of some days it is the whole days
			w.report(errEmptyWindow(s.To.Span()))
		}
		w.lay(&WaitWindow{From: s.From.Value, To: s.To.Value, Days: days}, s, at, path)
	case *syntax.WaitMoment:
		return w.waitMoment(s, expr(s.Moment, cond.Moment), at, path)
	case *syntax.WaitQuiet:
		e := w.event(&s.Event)
		of := w.scope(typeOf(e))
		wait := &WaitQuiet{Event: nameOf(e), For: expr(s.For, cond.Duration)}
		wait.Where = w.expr(s.Where, &of, cond.Condition)
		w.look(e, lookBack).note(s.Where)
		w.lay(wait, s, at, path)
	case *syntax.WaitFor:
		return w.waitFor(s, expr(s.UpTo, cond.Duration), at, path)
	}
	return false
}

// onDays are the days of a time of day, which stand before it or behind it.
func (w *journeyWork) onDays(before, behind *syntax.Days) Weekdays {
	if before != nil && behind != nil {
		w.report(errDaysTwice(behind.Span()))
	}
	return weekdays(before) | weekdays(behind)
}

// weekdays is a set of days; none for nil.
func weekdays(d *syntax.Days) Weekdays {
	var set Weekdays
	if d != nil {
		for _, day := range d.Days {
			set |= 1 << day
		}
	}
	return set
}

func (w *journeyWork) waitMoment(s *syntax.WaitMoment, moment *cond.Expr, at spot, path string) bool {
	wait := &WaitMoment{Moment: moment, ExitPast: s.ExitPast}
	if s.At != nil {
		wait.At, wait.HasAt, wait.Days = s.At.Value, true, weekdays(s.On)
	}
	i := w.lay(wait, s, at, path)
	var ends, past bool
	wait.Then, ends = w.block(s.Then, at.in(wait.ID, "then", i))
	wait.Otherwise, past = w.block(s.Otherwise, at.in(wait.ID, "otherwise", i))
	if s.ExitPast && s.Otherwise != nil && len(s.Otherwise.Steps) > 0 {
		w.report(errPastTwice(s.Otherwise.Steps[0].Word()))
	}
	return ends && (past || s.ExitPast)
}

func (w *journeyWork) waitFor(s *syntax.WaitFor, upTo *cond.Expr, at spot, path string) bool {
	wait := &WaitFor{UpTo: upTo}
	i := w.lay(wait, s, at, path)
	ends := true
	switch {
	case s.Any != nil:
		for _, a := range s.Any.Items {
			ends = w.alternative(wait, i, a, at) && ends
		}
		if len(s.Any.Items) == 0 && !w.misread(s.Any.Span()) {
			w.report(errNoAlternatives(s.Any.Span()))
		}
	case s.One != nil:
		ends = w.alternative(wait, i, s.One, at)
	case s.Until != nil:
		ends = w.condArm(wait, i, s.Until.When, s.Until.Then, "until", at)
	}
	var out bool
	wait.Otherwise, out = w.block(s.Otherwise, at.in(wait.ID, "otherwise", i))
	return ends && out
}

// alternative compiles one way for a wait to end. The event that ends it is
// `event` in its block and has a slot of its own there.
func (w *journeyWork) alternative(wait *WaitFor, i int, a *syntax.Alternative, at spot) (ends bool) {
	if a == nil {
		return false
	}
	if a.Event == nil {
		return w.condArm(wait, i, a.When, a.Then, "when", at)
	}
	e := w.event(a.Event)
	scope := w.scope(typeOf(e))
	alt := Alternative{Event: nameOf(e), SinceEntry: a.SinceEntry, Arm: Arm{Start: join, Slot: -1}, Span: a.Event.Span()}
	alt.Where = w.expr(a.Where, &scope, cond.Condition)
	window := lookBack
	if a.SinceEntry {
		window = 0
	}
	reads := w.look(e, window)
	reads.note(a.Where)
	if a.Then != nil {
		alt.Arm.Slot = w.j.Arms
		w.j.Arms++
		in := at.in(wait.ID, pathName(e), i)
		in.slot, in.event, in.reads = alt.Arm.Slot, typeOf(e), reads
		alt.Arm.Start, ends = w.block(a.Then, in)
	}
	wait.Alts = append(wait.Alts, alt)
	return ends
}

// pathName is an event's name in the paths of steps.
func pathName(e *Event) string {
	name := nameOf(e)
	if trait, ok := ChangedTrait(name); ok {
		return "change_" + trait
	}
	return name
}

// condArm compiles a way for a wait to end by a condition.
func (w *journeyWork) condArm(wait *WaitFor, i int, x *syntax.Expr, then *syntax.Block, name string, at spot) (ends bool) {
	scope := w.scope(at.event)
	at.reads.note(x)
	alt := Alternative{When: w.expr(x, &scope, cond.Condition), Arm: Arm{Slot: -1}}
	if x != nil {
		alt.Span = x.Span()
	}
	alt.Arm.Start, ends = w.block(then, at.in(wait.ID, name, i))
	wait.Alts = append(wait.Alts, alt)
	return ends
}

// lookBack is how far back a wait that is reached late can look for its event:
// a week of standing still, which is more than any outage should last.
const lookBack = value.Week
