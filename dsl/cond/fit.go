package cond

import (
	"math"
	"slices"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// limit is the greatest instant and duration, as far from 1970 as dates of
// ECMAScript go; beyond it a value is missing.
const limit = 100_000_000 * int64(value.Day)

func inRange(ms int64) bool { return -limit <= ms && ms <= limit }

func finite(f float64) bool { return f-f == 0 }

// fit is v if it is a value of the type, else missing. Lists and objects are
// not looked into: their elements are held against their types when read.
func fit(t *value.Type, v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		if (t.Kind == value.Any || t.Kind == value.Number || t.Kind == value.Integer && v == math.Trunc(v)) && finite(v) {
			if v == 0 {
				return 0.0 // never -0; and without an allocation
			}
			return v
		}
	case string:
		if t.Kind == value.Any || t.Kind.IsText() && (t.OneOf == nil || slices.Contains(t.OneOf, v)) {
			return v
		}
	case bool:
		if t.Kind == value.Any || t.Kind == value.Boolean {
			return v
		}
	case value.Time:
		if (t.Kind == value.Any || t.Kind == value.TimeKind) && inRange(int64(v)) {
			return v
		}
	case value.Date:
		if (t.Kind == value.Any || t.Kind == value.DateKind) && inRange(int64(v)*int64(value.Day)) {
			return v
		}
	case value.Duration:
		if (t.Kind == value.Any || t.Kind == value.DurationKind) && inRange(int64(v)) {
			return v
		}
	case []any, []*Event:
		if t.Kind == value.Any || t.Kind == value.List {
			return v
		}
	case map[string]any, *Event:
		if t.Kind == value.Any || t.Kind == value.Object {
			return v
		}
	}
	return nil
}

// fitAll is fit down to the elements of lists and the properties of objects:
// what does not fit in them is left out.
func fitAll(t *value.Type, v any) any {
	v = fit(t, v)
	switch v := v.(type) {
	case []any:
		if t.Elem == nil {
			return v
		}
		l := make([]any, 0, len(v))
		for _, x := range v {
			if x = fitAll(t.Elem, x); x != nil {
				l = append(l, x)
			}
		}
		return l
	case map[string]any:
		if t.Kind != value.Object {
			return v
		}
		m := make(map[string]any, len(v))
		for name, x := range v {
			if of, ok := fieldType(t, name); ok {
				x = fitAll(of, x)
			}
			if x != nil {
				m[name] = x
			}
		}
		return m
	}
	return v
}

// read makes the code of a value that comes from data and may be anything:
// what does not fit its type is missing.
func read(node ast.Node, t *value.Type, get func(*Env) any) *code {
	c := &code{typ: t, node: node, raw: get}
	c.val = func(e *Env) any { return fit(t, get(e)) }
	switch t.Kind {
	case value.Number:
		c.num = func(e *Env) (float64, bool) {
			f, ok := get(e).(float64)
			return noMinus(f), ok && finite(f)
		}
	case value.Boolean:
		c.cond = func(e *Env) bool { b, _ := get(e).(bool); return b }
	case value.List:
		c.list = func(e *Env) elements { return listOf(get(e)) }
	}
	return c
}

func listOf(v any) elements {
	switch v := v.(type) {
	case []any:
		return elements{values: v}
	case []*Event:
		return elements{events: v}
	}
	return elements{}
}

// external is a value as the rest of the project knows values: events become
// objects with the property at.
func external(v any) any {
	switch v := v.(type) {
	case *Event:
		if v == nil {
			return nil
		}
		m := v.Props.Map()
		m["at"] = v.At
		return m
	case []*Event:
		l := make([]any, len(v))
		for i, ev := range v {
			l[i] = external(ev)
		}
		return l
	case []any:
		for i, x := range v {
			switch x.(type) {
			case *Event, []*Event, []any:
				l := slices.Clone(v)
				for j := i; j < len(l); j++ {
					l[j] = external(l[j])
				}
				return l
			}
		}
	}
	return v
}
