package cond

import (
	"time"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

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
			d := value.DateOf(l.Date())
			return d, inRange(int64(d) * int64(value.Day)) // the first and last instants have a date beyond
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
