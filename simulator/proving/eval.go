package proving

import (
	"math"
	"strconv"
	"time"

	"journey/dsl/value"
)

// surroundings are what an expression is asked in.
type surroundings struct {
	o     *oracle
	now   value.Time
	event *event
	entry *event
	vars  map[string]any
	run   *run
	with  map[string]any
	it    *event
}

func (s surroundings) zone() *time.Location { return s.o.zone() }

// truth asks a condition; a missing one is false.
func (s surroundings) truth(e *Expr) bool {
	v, _ := s.value(e).(bool)
	return v
}

// length asks for a duration; missing and negative ones are zero.
func (s surroundings) length(e *Expr) value.Duration {
	d, _ := s.value(e).(value.Duration)
	return max(d, 0)
}

// value is what an expression comes to; nil is missing.
func (s surroundings) value(e *Expr) any {
	switch e.Op {
	case OpLit:
		return e.Val
	case OpTrait, OpConsent:
		return s.trait(e)
	case OpSegment:
		return s.o.segments[e.Name]
	case OpJourney:
		return s.o.inside(e.Name)
	case OpEvent:
		return s.event.get(e.Name)
	case OpEntry:
		return s.entry.get(e.Name)
	case OpRun:
		return s.vars[e.Name]
	case OpSent:
		return s.run.has(e.Name)
	case OpWith:
		return s.with[e.Name]
	case OpIt:
		return s.it.get(e.Name)
	case OpNow:
		return s.now
	case "and":
		return s.truth(e.Args[0]) && s.truth(e.Args[1])
	case "or":
		return s.truth(e.Args[0]) || s.truth(e.Args[1])
	case OpNot:
		return !s.truth(e.Args[0])
	case OpSet:
		return s.value(e.Args[0]) != nil
	case OpMissing:
		return s.value(e.Args[0]) == nil
	case "??":
		if v := s.value(e.Args[0]); v != nil {
			return v
		}
		return s.value(e.Args[1])
	case "==", "!=", "<", "<=", ">", ">=":
		return s.compare(e)
	case "+", "-", "*":
		return s.arithmetic(e.Op, s.value(e.Args[0]), s.value(e.Args[1]))
	case OpAgo:
		return s.arithmetic("-", s.now, s.value(e.Args[0]))
	case OpFromNow:
		return s.arithmetic("+", s.now, s.value(e.Args[0]))
	case OpTagged:
		list, _ := s.o.traits["tags"].v.([]any)
		for _, t := range list {
			if t == e.Name {
				return true
			}
		}
		return false
	case OpAny:
		return len(s.filtered(e)) > 0
	}
	return s.ofList(e)
}

func (s surroundings) trait(e *Expr) any {
	name := e.Name
	if e.Op == OpConsent {
		name = "consent." + name
	}
	return s.o.traits[name].v
}

// ofList are the operations on lists, and on dates.
func (s surroundings) ofList(e *Expr) any {
	switch e.Op {
	case OpCount:
		return float64(len(s.list(e.Args[0])))
	case OpSum, OpMin, OpMax:
		return s.aggregate(e)
	case OpFirst:
		if list := s.list(e.Args[0]); len(list) > 0 {
			return list[0].get(e.Name)
		}
		return nil
	case OpNewest:
		if list := s.list(e.Args[0]); len(list) > 0 {
			return list[len(list)-1].get(e.Name)
		}
		return nil
	case OpAge:
		d, ok := s.value(e.Args[0]).(value.Date)
		if !ok {
			return nil
		}
		n, ok := years(d, s.now, s.zone())
		if !ok {
			return nil
		}
		return float64(n)
	case OpLocal:
		return s.local(e)
	}
	panic("proving: what is " + e.Op + "?") // a generator that makes what the oracle does not know
}

func (s surroundings) local(e *Expr) any {
	t, ok := s.instant(s.value(e.Args[0]))
	if !ok {
		return nil
	}
	l := showing(t, s.zone())
	switch e.Name {
	case "hour":
		return float64(l.Hour())
	case "minute":
		return float64(l.Minute())
	case "day":
		return float64(l.Day())
	case "month":
		return float64(l.Month())
	case "weekday":
		return weekday(dayOf(t, s.zone()))
	case "date":
		return dayOf(t, s.zone())
	}
	panic("proving: no part " + e.Name + " of a local time")
}

func (s surroundings) aggregate(e *Expr) any {
	sum, least, most, n := 0.0, 0.0, 0.0, 0
	for _, x := range s.list(e.Args[0]) {
		v, ok := x.get(e.Name).(float64)
		if !ok {
			continue
		}
		sum += v
		if n == 0 || v < least {
			least = v
		}
		if n == 0 || v > most {
			most = v
		}
		n++
	}
	switch {
	case e.Op == OpSum:
		return sum
	case n == 0:
		return nil
	case e.Op == OpMin:
		return least
	}
	return most
}

func (s surroundings) list(e *Expr) []*event {
	if e.Op == OpFilter {
		return s.filtered(e)
	}
	var list []*event
	for _, x := range s.o.events {
		if x.name == e.Name && (e.Last == 0 || s.now-x.at <= value.Time(e.Last)) {
			list = append(list, x)
		}
	}
	return list
}

func (s surroundings) filtered(e *Expr) []*event {
	var list []*event
	for _, x := range s.list(e.Args[0]) {
		inner := s
		inner.it = x
		if inner.truth(e.Args[1]) {
			list = append(list, x)
		}
	}
	return list
}

// instant is a value as a point of time: a day is its midnight.
func (s surroundings) instant(v any) (value.Time, bool) {
	switch v := v.(type) {
	case value.Time:
		return v, true
	case value.Date:
		return s.o.cal.midnight(v, s.zone()), true
	}
	return 0, false
}

func (s surroundings) compare(e *Expr) bool {
	a, b := s.value(e.Args[0]), s.value(e.Args[1])
	if a == nil || b == nil {
		return e.Op == "!="
	}
	if x, ok := a.(bool); ok {
		return (x == b.(bool)) == (e.Op == "==")
	}
	if x, ok := a.(string); ok {
		return (x == b.(string)) == (e.Op == "==")
	}
	d := s.difference(a, b)
	switch e.Op {
	case "==":
		return d == 0
	case "!=":
		return d != 0
	case "<":
		return d < 0
	case "<=":
		return d <= 0
	case ">":
		return d > 0
	}
	return d >= 0
}

// difference has the sign of a - b.
func (s surroundings) difference(a, b any) float64 {
	switch x := a.(type) {
	case float64:
		return x - b.(float64)
	case value.Duration:
		return float64(x - b.(value.Duration))
	case value.Date:
		if y, ok := b.(value.Date); ok {
			return float64(x - y)
		}
	}
	x, _ := s.instant(a)
	y, _ := s.instant(b)
	return float64(x - y)
}

func (s surroundings) arithmetic(op string, a, b any) any {
	if a == nil || b == nil {
		return nil
	}
	sign := int64(1)
	if op == "-" {
		sign = -1
	}
	switch x := a.(type) {
	case float64:
		switch y := b.(type) {
		case value.Duration:
			return value.Duration(x * float64(y))
		case float64:
			switch op {
			case "+":
				x += y
			case "-":
				x -= y
			default:
				x *= y
			}
			if math.IsInf(x, 0) || math.IsNaN(x) {
				return nil // beyond all numbers: missing, like a division by zero
			}
			return x + 0 // there is no -0
		}
	case value.Duration:
		return x + value.Duration(sign)*b.(value.Duration)
	case value.Time:
		switch y := b.(type) {
		case value.Duration:
			return x + value.Time(sign*int64(y))
		case value.Time:
			return value.Duration(x - y)
		}
	case value.Date:
		y := b.(value.Duration)
		if int64(y)%msDay == 0 {
			return x + value.Date(sign*int64(y)/msDay)
		}
		return s.o.cal.midnight(x, s.zone()) + value.Time(sign*int64(y))
	}
	panic("proving: cannot do " + op)
}

// number writes 120, not 120.0, and no -0.
func number(f float64) string {
	if f == 0 {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// mention is what an expression may be changed by.
type mention struct {
	names map[string]bool // "t:trait", "e:event", "s:segment", "j:journey"
	moved bool            // time alone
}

// mentions walks an expression.
func mentions(e *Expr, m *mention) {
	if e == nil {
		return
	}
	switch e.Op {
	case OpTrait:
		m.names["t:"+e.Name] = true
	case OpConsent:
		m.names["t:consent"] = true
	case OpTagged:
		m.names["t:tags"] = true
	case OpSegment:
		m.names["s:"+e.Name] = true
	case OpJourney:
		m.names["j:"+e.Name] = true
	case OpSent:
		m.names["m:"+e.Name] = true
	case OpEvents:
		m.names["e:"+e.Name] = true
		m.moved = m.moved || e.Last > 0
	case OpNow, OpAgo, OpFromNow, OpAge:
		m.moved = true
	}
	for _, a := range e.Args {
		mentions(a, m)
	}
}
