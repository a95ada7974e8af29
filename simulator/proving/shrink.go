package proving

import (
	"reflect"
	"slices"

	"journey/dsl/value"
)

// Shrink makes a case smaller as long as it stays bad: inputs, journeys,
// clauses, steps and parts of expressions are left out, one after the other,
// until nothing more can be left out. bad says whether a case still shows the
// fault; one that no longer compiles does not.
func Shrink(c *Case, bad func(*Case) bool) *Case {
	for tries := 0; ; {
		smaller := false
		for i := 0; ; i++ {
			next := clone(c)
			cut := &cutter{at: i}
			cut.value(reflect.ValueOf(next).Elem())
			if !cut.done {
				break
			}
			if tries++; tries > maxTries {
				return c
			}
			if bad(next) {
				c, smaller = next, true
				i--
			}
		}
		if !smaller {
			return c
		}
	}
}

const maxTries = 6000

// cutter makes the at-th of all changes that make a case smaller: it leaves
// out an element of a list or a key of an object, clears a field, or puts a
// part of an expression in its place.
type cutter struct {
	at   int
	done bool
}

// turn says whether this change is the one.
func (c *cutter) turn() bool {
	c.done = c.done || c.at == 0
	c.at--
	return c.at == -1
}

func (c *cutter) value(v reflect.Value) {
	if c.done {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		c.pointer(v)
	case reflect.Struct:
		for i := range v.NumField() {
			c.value(v.Field(i))
		}
	case reflect.Slice:
		c.slice(v)
	case reflect.Map:
		for _, k := range sortedKeys(v) {
			if c.turn() {
				v.SetMapIndex(k, reflect.Value{})
				return
			}
		}
	case reflect.Bool:
		if v.Bool() && c.turn() {
			v.SetBool(false)
		}
	}
}

func (c *cutter) pointer(v reflect.Value) {
	if v.IsNil() {
		return
	}
	if e, ok := v.Interface().(*Expr); ok {
		c.expr(v, e)
		return
	}
	c.value(v.Elem())
}

// expr leaves an expression out, or makes it one of its parts.
func (c *cutter) expr(v reflect.Value, e *Expr) {
	if c.turn() {
		v.SetZero()
		return
	}
	for _, a := range e.Args {
		if c.turn() {
			v.Set(reflect.ValueOf(a))
			return
		}
	}
	if d, ok := e.Val.(value.Duration); ok && d != value.Minute && c.turn() {
		e.Val = value.Minute
		return
	}
	for i := range e.Args {
		c.value(reflect.ValueOf(e).Elem().FieldByName("Args").Index(i))
	}
}

func (c *cutter) slice(v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return
	}
	for i := range v.Len() {
		if c.turn() {
			kept := reflect.AppendSlice(v.Slice3(0, i, i), v.Slice(i+1, v.Len()))
			if kept.Len() == 0 {
				kept = reflect.Zero(v.Type()) // a block without steps is none
			}
			v.Set(kept)
			return
		}
	}
	// A step is replaced by what stands in its blocks.
	if steps, ok := v.Interface().([]*Step); ok {
		for i, s := range steps {
			for _, b := range blocksOf(s) {
				if len(b) > 0 && c.turn() {
					v.Set(reflect.ValueOf(slices.Concat(steps[:i], b, steps[i+1:])))
					return
				}
			}
		}
	}
	for i := range v.Len() {
		c.value(v.Index(i))
	}
}

func blocksOf(s *Step) [][]*Step {
	list := [][]*Step{s.Then, s.Else}
	for _, a := range s.Alts {
		list = append(list, a.Body)
	}
	for _, b := range s.Branches {
		list = append(list, b.Body)
	}
	return list
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.String() < b.String():
			return -1
		case a.String() > b.String():
			return 1
		}
		return 0
	})
	return keys
}

// everyExpr calls f with every expression of a case, the parts before the
// whole.
func everyExpr(v reflect.Value, f func(*Expr)) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		everyExpr(v.Elem(), f)
		if e, ok := v.Interface().(*Expr); ok {
			f(e)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			everyExpr(v.Field(i), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			everyExpr(v.Index(i), f)
		}
	}
}

// clone is a deep copy; expressions that stand in two places become two.
func clone(c *Case) *Case {
	return deep(reflect.ValueOf(c)).Interface().(*Case)
}

func deep(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(deep(v.Elem()))
		return p
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			s.Field(i).Set(deep(v.Field(i)))
		}
		return s
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		l := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			l.Index(i).Set(deep(v.Index(i)))
		}
		return l
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		m := reflect.MakeMap(v.Type())
		for _, k := range v.MapKeys() {
			m.SetMapIndex(k, deep(v.MapIndex(k)))
		}
		return m
	}
	return v
}
