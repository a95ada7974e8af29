package cond

import (
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
			return noMinus(x), ok && ok2 && finite(x)
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
