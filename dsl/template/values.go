package template

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/osteele/liquid/values"

	"journey/dsl/value"
)

// Values of a template are those of package value, and four of its own:
//
//	ints        a range, which is never spelt out
//	finished    text that is escaped already
//	keyword     blank and empty
//	*loopState  forloop
//
// They go through the library inside val, which answers its questions by our
// rules: it would compare kinds of Go values, reach into them by reflection,
// and fail on whole numbers that are floats.

// val is a value inside the library.
type val struct {
	env *env
	v   any
}

var _ values.Value = val{}

func (x val) Interface() any               { return x.v }
func (x val) Test() bool                   { return truthy(x.v) }
func (x val) Equal(o values.Value) bool    { return x.env.equal(x.v, o.Interface(), 0) }
func (x val) Less(o values.Value) bool     { return x.env.less(x.v, o.Interface()) }
func (x val) Contains(o values.Value) bool { return x.env.contains(x.v, o.Interface()) }
func (x val) IndexValue(o values.Value) values.Value {
	return val{x.env, x.env.index(x.v, o.Interface())}
}
func (x val) PropertyValue(o values.Value) values.Value { return x.IndexValue(o) }

// Int is never asked: ranges are made by a filter.
func (x val) Int() int { return 0 }

// constants is what constName is bound to: __k[3] is the fourth literal.
type constants struct {
	val
	env *env
}

func (c constants) IndexValue(o values.Value) values.Value {
	return val{c.env, c.env.t.low.literals[o.Int()]}
}

// places is what envName is bound to: __at[3] is the fourth place.
type places struct {
	val
	env *env
}

func (p places) IndexValue(o values.Value) values.Value {
	return place{env: p.env, spot: &p.env.t.low.spots[o.Int()]}
}

// place is the hidden argument of every filter: where it stands.
type place struct {
	val
	env *env
	*spot
}

func (p place) Interface() any { return p }

// ints is a range; empty if hi < lo.
type ints struct{ lo, hi int }

func (r ints) size() int {
	if r.hi < r.lo {
		return 0
	}
	return r.hi - r.lo + 1
}

// finished is text in its final form, which is not escaped again. Everything
// but writing sees the text it was before.
type finished struct{ text string }

// open is v with finished text turned back.
func (e *env) open(v any) any {
	if f, ok := v.(finished); ok {
		e.mustSpend(workBytes(4 * len(f.text)))
		return e.t.kind.unescape(f.text)
	}
	return v
}

func truthy(v any) bool { return v != nil && v != false }

// index is v[key] as an expression asks for it.
func (e *env) index(v, key any) any {
	e.mustSpend(workStep)
	v = e.open(v)
	if s, ok := v.(string); ok {
		e.mustSpend(workBytes(len(s))) // size counts characters
	}
	return index(v, key)
}

// index is v[key], or v.key: an element, a field, first, last or size. What is
// not there is missing.
func index(v, key any) any {
	name, isName := key.(string)
	switch v := v.(type) {
	case map[string]any:
		if !isName {
			name = toText(key)
		}
		if x, ok := v[name]; ok {
			return x
		}
		if name == "size" {
			return float64(len(v))
		}
	case []any:
		return element(len(v), key, func(i int) any { return v[i] })
	case ints:
		return element(v.size(), key, func(i int) any { return float64(v.lo + i) })
	case *loopState:
		return v.field(name)
	case string:
		if name == "size" {
			return float64(utf8.RuneCountInString(v))
		}
	}
	return nil
}

func element(n int, key any, get func(int) any) any {
	switch key {
	case "size":
		return float64(n)
	case "first":
		key = 0.0
	case "last":
		key = -1.0
	}
	f, ok := key.(float64)
	if !ok || math.IsNaN(f) || math.Abs(f) > math.MaxInt32 {
		return nil
	}
	i := int(f)
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil
	}
	return get(i)
}

// maxDepth is how deep into lists and objects a render looks.
const maxDepth = 50

// equal compares by value. blank equals what is missing, false, empty or only
// white space; empty equals empty text, lists and objects.
func (e *env) equal(a, b any, depth int) bool {
	e.mustSpend(workStep)
	a, b = e.open(a), e.open(b)
	if k, ok := b.(keyword); ok {
		return is(k, a)
	}
	switch a := a.(type) {
	case keyword:
		return is(a, b)
	case nil:
		return b == nil
	case string:
		if b, ok := b.(string); ok {
			e.mustSpend(workBytes(min(len(a), len(b)) / 8))
			return a == b
		}
		return e.sameInstant(a, b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) || depth > maxDepth {
			return false
		}
		for i := range a {
			if !e.equal(a[i], b[i], depth+1) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) || depth > maxDepth {
			return false
		}
		for k := range a {
			if w, ok := b[k]; !ok || !e.equal(a[k], w, depth+1) {
				return false
			}
		}
		return true
	case value.Time, value.Date:
		return e.sameInstant(a, b)
	case float64, bool, value.Duration, ints, *loopState:
		return a == b
	}
	return false
}

// sameInstant compares times, dates and texts that are times.
func (e *env) sameInstant(a, b any) bool {
	x, okX := e.instant(a)
	y, okY := e.instant(b)
	return okX && okY && x == y
}

// instant is v as an instant where it is a time, a date or a text that reads
// as one.
func (e *env) instant(v any) (value.Time, bool) {
	switch v := v.(type) {
	case string:
		e.mustSpend(workDate)
		return parseTime(v, e.zone)
	}
	return value.Instant(v, e.zone)
}

func is(k keyword, v any) bool {
	switch v := v.(type) {
	case nil:
		return k == "blank"
	case bool:
		return k == "blank" && !v
	case string:
		return v == "" || k == "blank" && strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case ints:
		return v.size() == 0
	case keyword:
		return v == k
	}
	return false
}

// less orders numbers, texts, booleans, durations, times and dates. Between
// values that have no order it is false.
func (e *env) less(a, b any) bool {
	e.mustSpend(workStep)
	a, b = e.open(a), e.open(b)
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && a < b
	case bool:
		b, ok := b.(bool)
		return ok && !a && b
	case value.Duration:
		b, ok := b.(value.Duration)
		return ok && a < b
	case string:
		if b, ok := b.(string); ok {
			e.mustSpend(workBytes(min(len(a), len(b)) / 8))
			return a < b
		}
	case value.Time, value.Date:
	default:
		return false
	}
	x, okX := e.instant(a)
	y, okY := e.instant(b)
	return okX && okY && x < y
}

// contains says whether a text has a part, a list an element, an object a field.
func (e *env) contains(in, what any) bool {
	in, what = e.open(in), e.open(what)
	switch in := in.(type) {
	case string:
		e.mustSpend(workBytes(len(in)))
		return what != nil && strings.Contains(in, e.plain(what))
	case []any:
		e.mustSpend(len(in))
		return slices.ContainsFunc(in, func(x any) bool { return e.equal(x, what, 0) })
	case ints:
		f, ok := what.(float64)
		return ok && f == math.Trunc(f) && f >= float64(in.lo) && f <= float64(in.hi)
	case map[string]any:
		_, ok := in[e.plain(what)]
		return ok
	}
	return false
}
