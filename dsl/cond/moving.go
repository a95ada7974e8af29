package cond

import (
	"time"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// How time moves a condition.
//
// Between two looks an expression is made of values that stand still and of
// instants and durations that move evenly with time: `now`, `ago(D)`,
// `now - entry.at`. The closures of the latter give a line: the value at Now
// and its rate. Where two lines are compared, the sign of their difference
// says when the result will be another, and that instant is noted with
// Env.LookAt. Everything else that time does to a value is a jump, and who
// computes the value notes the instant of its next jump: an event that falls
// out of `in last D`, the next hour of local(now).hour, the next birthday of
// age(D).
//
// So until the earliest of the instants noted nothing that was looked at can
// change, and what was not looked at (behind an `or` that was already true)
// cannot matter before something that was looked at changes.

// compareLines compares two instants or two durations.
func compareLines(n ast.Node, f, g func(*Env) (line, bool), want int) *code {
	return condCode(n, func(e *Env) bool {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return want == below|above
		}
		return compareAt(e, line{a.at - b.at, a.rate - b.rate}, want)
	})
}

// compareAt says whether the difference has one of the wanted signs, and
// notes when that changes.
func compareAt(e *Env, d line, want int) bool {
	sign := signOfInt(d.at, 0)
	holds := want&sign != 0
	if d.rate == 0 {
		return holds
	}
	turned := below // the sign on the other side of zero
	at, rate := d.at, d.rate
	if rate > 0 {
		turned = above
		at = -at
	} else {
		rate = -rate
	}
	// at is now how far zero lies ahead, in rate's steps.
	switch {
	case at < 0:
		return holds // behind us
	case at == 0:
		if (want&turned != 0) != holds {
			e.LookAt(e.Now + 1)
		}
		return holds
	}
	steps := at / rate
	if at%rate == 0 {
		if (want&same != 0) != holds {
			e.LookAt(e.Now + value.Time(steps))
			return holds
		}
	}
	if (want&turned != 0) != holds {
		e.LookAt(e.Now + value.Time(steps) + 1)
	}
	return holds
}

// compareMoving compares an instant or a duration that moves with a value of
// unknown type.
func (k *compiler) compareMoving(n ast.Node, l, r *code, want int) *code {
	if l.typ.Kind == value.DurationKind || r.typ.Kind == value.DurationKind {
		return compareLines(n, l.asDuration(), r.asDuration(), want)
	}
	k.zone = true
	return compareLines(n, l.asInstant(), r.asInstant(), want)
}

// addLines adds or subtracts instants and durations, dates being midnights.
func (k *compiler) addLines(n ast.Node, l, r *code, plus bool) *code {
	moves := l.moves
	if moves == nil {
		moves = r.moves
	}
	t, f, g := typDuration, l.asDuration(), r.asDuration()
	if isMoment(l.typ) {
		f = l.asInstant()
		t = typTime
	}
	if isMoment(r.typ) {
		g = r.asInstant()
		if isMoment(l.typ) {
			t = typDuration
		} else {
			t = typTime
		}
	}
	k.zone = k.zone || l.typ.Kind == value.DateKind || r.typ.Kind == value.DateKind
	sign := int64(1)
	if !plus {
		sign = -1
	}
	return lineCode(n, t, moves, func(e *Env) (line, bool) {
		a, ok := f(e)
		b, ok2 := g(e)
		c := line{a.at + sign*b.at, a.rate + sign*b.rate}
		return c, ok && ok2 && inRange(c.at)
	})
}

// dateShift is DATE ± DURATION: whole days move along the calendar, anything
// else counts from local midnight.
func (k *compiler) dateShift(n ast.Node, date, by *code, plus bool) *code {
	if d, ok := by.konst.(value.Duration); ok && d%value.Day == 0 {
		days := value.Date(d / value.Day)
		if !plus {
			days = -days
		}
		f := date.asDate()
		return &code{typ: typDate, node: n, date: func(e *Env) (value.Date, bool) {
			x, ok := f(e)
			x += days
			return x, ok && inRange(int64(x)*int64(value.Day))
		}}
	}
	if by.moves != nil {
		return k.addLines(n, date, by, plus)
	}
	k.zone = true
	f, g := date.asDate(), by.asDuration()
	return lineCode(n, typTime, nil, func(e *Env) (line, bool) {
		x, ok := f(e)
		d, ok2 := g(e)
		if !ok || !ok2 {
			return line{}, false
		}
		t, ok := value.Instant(shiftDate(e, x, value.Duration(d.at), plus), zoneOf(e))
		return line{at: int64(t)}, ok
	})
}

// shiftDate is a date plus or minus a duration: a date if it is whole days, a
// time if not.
func shiftDate(e *Env, d value.Date, by value.Duration, plus bool) any {
	if !plus {
		by = -by
	}
	if by%value.Day == 0 {
		days := int64(d) + int64(by/value.Day)
		if !inRange(days) || !inRange(days*int64(value.Day)) {
			return nil
		}
		return value.Date(days)
	}
	t := d.Midnight(zoneOf(e)).Add(by)
	if !inRange(int64(t)) {
		return nil
	}
	return t
}

func multiplyDuration(n ast.Node, d, by *code) *code {
	f, g := d.asDuration(), by.asNum()
	return lineCode(n, typDuration, nil, func(e *Env) (line, bool) {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return line{}, false
		}
		x, ok := asDurationValue(float64(a.at) * b).(value.Duration)
		return line{at: int64(x)}, ok
	})
}

// divideDuration is DURATION / NUMBER, a duration, or DURATION / DURATION, a
// number.
func (k *compiler) divideDuration(n ast.Node, d, by *code) *code {
	f := d.asDuration()
	if by.typ.Kind == value.DurationKind {
		g := by.asDuration()
		return numCode(n, typNumber, func(e *Env) (float64, bool) {
			a, ok := f(e)
			b, ok2 := g(e)
			x := float64(a.at) / float64(b.at)
			return x, ok && ok2 && finite(x)
		})
	}
	g := by.asNum()
	return lineCode(n, typDuration, nil, func(e *Env) (line, bool) {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return line{}, false
		}
		x, ok := asDurationValue(float64(a.at) / b).(value.Duration)
		return line{at: int64(x)}, ok
	})
}

// relative compiles ago(D) and from_now(D).
func (k *compiler) relative(n *ast.CallNode, name string) *code {
	d := k.visit(n.Arguments[0])
	if d.bad {
		return bad(n)
	}
	if d.typ.Kind != value.DurationKind && !isAny(d.typ) {
		return k.errArgument(d, "`"+name+"` wants a duration")
	}
	k.now = true
	sign := int64(1)
	if name == "ago" {
		sign = -1
	}
	f := d.asDuration()
	return lineCode(n, typTime, n, func(e *Env) (line, bool) {
		x, ok := f(e)
		t := line{int64(e.Now) + sign*x.at, 1 + sign*x.rate}
		return t, ok && inRange(t.at)
	})
}

// lastWithin compiles `EVENT in last D`: the kept events whose time is not
// longer than D ago. One at exactly D is still in, so it goes a millisecond
// later.
func (k *compiler) lastWithin(n *ast.CallNode) *code {
	if len(n.Arguments) != 2 {
		return k.refuseNode(n)
	}
	var event string
	switch x := n.Arguments[0].(type) {
	case *ast.IdentifierNode:
		event = x.Value
		if _, ok := k.scope.Events[event]; !ok {
			return k.errUnknownEvent(x, event)
		}
	case *ast.StringNode:
		name, ok := k.scope.EventWires[x.Value]
		if !ok {
			return k.errUnknownEvent(x, x.Value)
		}
		event = name
	default:
		return k.errLastOf(x)
	}
	c, ok := n.Arguments[1].(*ast.ConstantNode)
	var d value.Duration
	if ok {
		d, ok = c.Value.(value.Duration)
	}
	if !ok || fit(typDuration, d) == nil {
		return k.errLastLength(n.Arguments[1])
	}
	k.now = true
	return &code{
		typ: listOfType(k.eventType(event)), node: n, from: []*source{k.source(event, d)},
		list: func(e *Env) elements { return elements{events: within(e, e.Person.Events(event), d)} },
	}
}

// within are the events since d ago. They nearly always lie together, and are
// then not copied.
func within(e *Env, events []*Event, d value.Duration) []*Event {
	since := e.Now.Add(-d)
	first := -1
	var kept []*Event
	apart := false
	oldest := value.Time(0)
	for i, ev := range events {
		if ev.At < since {
			continue
		}
		if first < 0 || ev.At < oldest {
			oldest = ev.At
		}
		switch {
		case first < 0:
			first = i
			kept = events[i : i+1 : i+1]
		case !apart && i == first+len(kept):
			kept = events[first : i+1 : i+1]
		default:
			apart = true
			kept = append(kept, ev) // its capacity is its length: a copy
		}
	}
	if first >= 0 && inRange(int64(oldest)) {
		e.LookAt(oldest.Add(d) + 1)
	}
	return kept
}

// local compiles local(T).NAME: a part of an instant in the person's zone.
func (k *compiler) local(n *ast.MemberNode, call *ast.CallNode, name *ast.StringNode) *code {
	part, known := localParts[name.Value]
	if !known {
		k.errUnknown(name, "unknown-property", "part of a local time", "", keys(localParts))
	}
	if len(call.Arguments) != 1 {
		return k.errArguments(call, "local", 1, 1)
	}
	t := k.visit(call.Arguments[0])
	if t.bad || !known {
		return bad(n)
	}
	if !isMoment(t.typ) && !isAny(t.typ) {
		return k.errArgument(t, "`local` wants a time")
	}
	if t.typ.Kind == value.DateKind && name.Value == "date" {
		return t
	}
	k.zone = true
	f := t.asInstant()
	look := func(e *Env) (time.Time, bool) {
		x, ok := f(e)
		if !ok {
			return time.Time{}, false
		}
		l := value.Time(x.at).In(zoneOf(e))
		if x.rate != 0 {
			lookAtNext(e, x, l, part.unit)
		}
		return l, true
	}
	switch name.Value {
	case "date":
		return &code{typ: typDate, node: n, date: func(e *Env) (value.Date, bool) {
			l, ok := look(e)
			if !ok {
				return 0, false
			}
			return value.DateOf(l.Date()), true
		}}
	case "weekday":
		c := textCode(n, func(e *Env) (string, bool) {
			l, ok := look(e)
			if !ok {
				return "", false
			}
			return typWeekday.OneOf[l.Weekday()], true
		})
		c.typ = typWeekday
		return c
	}
	return numCode(n, typInteger, func(e *Env) (float64, bool) {
		l, ok := look(e)
		if !ok {
			return 0, false
		}
		return float64(part.of(l)), true
	})
}

// localParts are what local(T) has, with the stretch of local time in which
// each stays the same.
var localParts = map[string]struct {
	unit value.Duration
	of   func(time.Time) int
}{
	"year":    {value.Day, time.Time.Year},
	"month":   {value.Day, func(t time.Time) int { return int(t.Month()) }},
	"day":     {value.Day, time.Time.Day},
	"hour":    {value.Hour, time.Time.Hour},
	"minute":  {value.Minute, time.Time.Minute},
	"weekday": {value.Day, nil},
	"date":    {value.Day, nil},
}

// lookAtNext notes when x, which is l in the person's zone, comes to another
// unit of local time, or to a clock change.
func lookAtNext(e *Env, x line, l time.Time, unit value.Duration) {
	clock := value.Duration(l.Hour())*value.Hour + value.Duration(l.Minute())*value.Minute +
		value.Duration(l.Second())*value.Second + value.Duration(l.Nanosecond()/1e6)
	past := int64(clock % unit)
	ahead := int64(unit) - past
	start, end := l.ZoneBounds()
	if x.rate > 0 {
		if !end.IsZero() {
			ahead = min(ahead, end.UnixMilli()-x.at)
		}
		e.LookAt(e.Now + value.Time((ahead+x.rate-1)/x.rate))
		return
	}
	if !start.IsZero() {
		past = min(past, x.at-start.UnixMilli())
	}
	e.LookAt(e.Now + value.Time(past/-x.rate) + 1)
}

// age compiles age(DATE): the full years since, by the person's calendar.
func (k *compiler) age(n *ast.CallNode) *code {
	d := k.still(n.Arguments[0])
	if d.bad {
		return bad(n)
	}
	if !isMoment(d.typ) && !isAny(d.typ) {
		return k.errArgument(d, "`age` wants a date")
	}
	k.zone, k.now = true, true
	f := d.asVal()
	if d.typ.Kind == value.DateKind {
		date := d.asDate()
		return numCode(n, typInteger, func(e *Env) (float64, bool) {
			b, ok := date(e)
			if !ok {
				return 0, false
			}
			return age(e, b)
		})
	}
	return numCode(n, typInteger, func(e *Env) (float64, bool) {
		switch v := f(e).(type) {
		case value.Date:
			return age(e, v)
		case value.Time:
			return age(e, v.Date(zoneOf(e)))
		}
		return 0, false
	})
}

// age is how many years of life somebody born on a day has completed; missing
// before that day. The age of somebody born on 29 February rises on 28
// February in other years.
func age(e *Env, born value.Date) (float64, bool) {
	zone := zoneOf(e)
	local := e.Now.In(zone)
	today := value.DateOf(local.Date())
	y, _, _ := born.Civil()
	years := local.Year() - y
	if birthday(born, local.Year()) > today {
		years--
	}
	next := birthday(born, y+years+1)
	if today < born {
		next = born
	}
	if at := next.Midnight(zone); at > e.Now && today != birthday(born, local.Year()) {
		e.LookAt(at)
	} else { // clocks put back can take the day back to the one before
		lookAtNext(e, line{int64(e.Now), 1}, local, value.Day)
	}
	return float64(years), today >= born
}

// birthday is the anniversary of a date in a year.
func birthday(born value.Date, year int) value.Date {
	_, m, d := born.Civil()
	if m == time.February && d == 29 && time.Date(year, m, d, 0, 0, 0, 0, time.UTC).Month() != m {
		d = 28
	}
	return value.DateOf(year, m, d)
}
