package cond

import (
	"time"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// code is a checked and compiled part of an expression: its static type and
// the closures that compute it. One of the typed closures is always there;
// the as… methods make the others from it. None of them ever fails: what
// cannot be computed is missing.
type code struct {
	typ  *value.Type
	node ast.Node

	val  func(*Env) any             // nil: missing
	raw  func(*Env) any             // like val, before it was held against typ
	cond func(*Env) bool            // boolean; missing is false
	num  func(*Env) (float64, bool) // number, integer
	text func(*Env) (string, bool)
	date func(*Env) (value.Date, bool)
	line func(*Env) (line, bool) // time, duration
	list func(*Env) elements

	konst any      // the value, if it is the same for everybody
	moves ast.Node // the `now` in it, if its value moves with time
	from  []*source
	and   []*code // of `and`: both sides
	bad   bool    // already reported: everything fits it
}

// line is an instant or a duration in milliseconds, together with how it goes
// on: rate times the time that passes. The rate of `now` is 1, that of
// `entry.at - now` -1, that of a constant 0.
type line struct{ at, rate int64 }

// elements are what is in a list: events or other values, without the boxes
// that one type for both would need.
type elements struct {
	events []*Event
	values []any
}

func (l elements) len() int { return len(l.events) + len(l.values) }

func (l elements) at(i int) any {
	if l.events != nil {
		return l.events[i]
	}
	return l.values[i]
}

func zoneOf(e *Env) *time.Location {
	if e.Zone == nil {
		return time.UTC
	}
	return e.Zone
}

func constant(node ast.Node, t *value.Type, v any) *code {
	c := &code{typ: t, node: node, konst: v, val: func(*Env) any { return v }}
	if t.Kind == value.Boolean {
		b := v.(bool)
		c.cond = func(*Env) bool { return b }
	}
	return c
}

func condCode(node ast.Node, f func(*Env) bool) *code {
	return &code{typ: typBoolean, node: node, cond: f}
}

func numCode(node ast.Node, t *value.Type, f func(*Env) (float64, bool)) *code {
	return &code{typ: t, node: node, num: f}
}

func textCode(node ast.Node, f func(*Env) (string, bool)) *code {
	return &code{typ: typText, node: node, text: f}
}

// lineCode is an instant or a duration; moves is nil for one that stands still.
func lineCode(node ast.Node, t *value.Type, moves ast.Node, f func(*Env) (line, bool)) *code {
	return &code{typ: t, node: node, line: f, moves: moves}
}

// asVal is the value in a box, of package value or an *Event or []*Event.
func (c *code) asVal() func(*Env) any {
	if c.val != nil {
		return c.val
	}
	switch {
	case c.cond != nil:
		f := c.cond
		return func(e *Env) any { return f(e) }
	case c.num != nil:
		f := c.num
		return func(e *Env) any {
			if n, ok := f(e); ok {
				return n
			}
			return nil
		}
	case c.text != nil:
		f := c.text
		return func(e *Env) any {
			if s, ok := f(e); ok {
				return s
			}
			return nil
		}
	case c.date != nil:
		f := c.date
		return func(e *Env) any {
			if d, ok := f(e); ok {
				return d
			}
			return nil
		}
	case c.line != nil:
		f := c.line
		if c.typ.Kind == value.DurationKind {
			return func(e *Env) any {
				if l, ok := f(e); ok {
					return value.Duration(l.at)
				}
				return nil
			}
		}
		return func(e *Env) any {
			if l, ok := f(e); ok {
				return value.Time(l.at)
			}
			return nil
		}
	case c.list != nil:
		f := c.list
		return func(e *Env) any {
			if l := f(e); l.events != nil {
				return l.events
			} else if l.values != nil {
				return l.values
			}
			return []any{}
		}
	}
	return func(*Env) any { return nil }
}

func (c *code) asCond() func(*Env) bool {
	if c.cond != nil {
		return c.cond
	}
	f := c.asVal()
	return func(e *Env) bool { b, _ := f(e).(bool); return b }
}

func (c *code) asNum() func(*Env) (float64, bool) {
	if c.num != nil {
		return c.num
	}
	if k, ok := c.konst.(float64); ok {
		return func(*Env) (float64, bool) { return k, true }
	}
	f := c.asVal()
	return func(e *Env) (float64, bool) {
		n, ok := f(e).(float64)
		return n, ok && finite(n)
	}
}

func (c *code) asText() func(*Env) (string, bool) {
	if c.text != nil {
		return c.text
	}
	if k, ok := c.konst.(string); ok {
		return func(*Env) (string, bool) { return k, true }
	}
	f := c.asVal()
	return func(e *Env) (string, bool) { s, ok := f(e).(string); return s, ok }
}

func (c *code) asDate() func(*Env) (value.Date, bool) {
	if c.date != nil {
		return c.date
	}
	f := c.asVal()
	return func(e *Env) (value.Date, bool) { d, ok := f(e).(value.Date); return d, ok }
}

func midnight(e *Env, d value.Date) (line, bool) {
	at := int64(d.Midnight(zoneOf(e)))
	return line{at: at}, inRange(at)
}

// asInstant is the value as an instant: a date is local midnight.
func (c *code) asInstant() func(*Env) (line, bool) {
	if c.line != nil {
		return c.line
	}
	if t, ok := c.konst.(value.Time); ok {
		return func(*Env) (line, bool) { return line{at: int64(t)}, true }
	}
	if c.date != nil {
		f := c.date
		return func(e *Env) (line, bool) {
			d, ok := f(e)
			if !ok {
				return line{}, false
			}
			return midnight(e, d)
		}
	}
	f := c.asVal()
	return func(e *Env) (line, bool) {
		switch v := f(e).(type) {
		case value.Time:
			return line{at: int64(v)}, true
		case value.Date:
			return midnight(e, v)
		}
		return line{}, false
	}
}

func (c *code) asDuration() func(*Env) (line, bool) {
	if c.line != nil {
		return c.line
	}
	if d, ok := c.konst.(value.Duration); ok {
		return func(*Env) (line, bool) { return line{at: int64(d)}, true }
	}
	f := c.asVal()
	return func(e *Env) (line, bool) {
		d, ok := f(e).(value.Duration)
		return line{at: int64(d)}, ok
	}
}

// asList is the value as a list; a missing one is empty.
func (c *code) asList() func(*Env) elements {
	if c.list != nil {
		return c.list
	}
	f := c.asVal()
	return func(e *Env) elements { return listOf(f(e)) }
}

// asSet says whether the value is there.
func (c *code) asSet() func(*Env) bool {
	if c.val == nil {
		switch {
		case c.num != nil:
			f := c.num
			return func(e *Env) bool { _, ok := f(e); return ok }
		case c.text != nil:
			f := c.text
			return func(e *Env) bool { _, ok := f(e); return ok }
		case c.date != nil:
			f := c.date
			return func(e *Env) bool { _, ok := f(e); return ok }
		case c.line != nil:
			f := c.line
			return func(e *Env) bool { _, ok := f(e); return ok }
		case c.cond != nil, c.list != nil:
			return func(*Env) bool { return true }
		}
	}
	f := c.asVal()
	return func(e *Env) bool { return f(e) != nil }
}
