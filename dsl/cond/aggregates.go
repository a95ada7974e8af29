package cond

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"journey/dsl/value"
)

// least compiles min(A, B, …) and max(A, B, …); first is A, if it has been
// compiled already.
func (k *compiler) least(n *ast.CallNode, name string, first *code) *code {
	args := make([]*code, len(n.Arguments))
	anyBad, numbers := false, true
	var t *value.Type
	for i, a := range n.Arguments {
		if args[i] = first; i > 0 || first == nil {
			args[i] = k.still(unwrap(a))
		}
		anyBad = anyBad || args[i].bad
		numbers = numbers && isNumber(args[i].typ)
		if t == nil {
			t = args[i].typ
		} else {
			t = common(t, args[i].typ)
		}
	}
	if anyBad {
		return bad(n)
	}
	if !isMoment(t) && t.Kind != value.DurationKind { // expr knows only numbers here
		operands := make([]types.Type, len(args))
		for i, c := range args {
			operands[i] = k.typeFor(c.typ)
			if c.typ.Kind == value.List {
				return k.errArgument(c, "`"+name+"` of several values wants numbers or times")
			}
		}
		if c := k.judgeCall(n, name, functions[name], args, operands); c != nil {
			return c
		}
	}
	if numbers {
		f := make([]func(*Env) (float64, bool), len(args))
		for i, c := range args {
			f[i] = c.asNum()
		}
		return numCode(n, t, func(e *Env) (best float64, some bool) {
			for _, f := range f {
				if x, ok := f(e); ok && (!some || (x < best) == (name == "min")) {
					best, some = x, true
				}
			}
			return best, some
		})
	}
	for _, c := range args {
		k.zone = k.zone || c.typ.Kind == value.DateKind || isAny(c.typ)
	}
	f := make([]func(*Env) any, len(args))
	for i, c := range args {
		if t.Kind == value.TimeKind { // a date among them is a midnight
			f[i] = (&code{typ: typTime, line: c.asInstant()}).asVal()
		} else {
			f[i] = c.asVal()
		}
	}
	return read(n, t, func(e *Env) any {
		var best any
		for _, f := range f {
			best = extreme(e, best, f(e), name == "min")
		}
		return best
	})
}

// extreme is the lesser or greater of two values; missing ones and those that
// cannot be compared are passed over.
func extreme(e *Env, best, v any, least bool) any {
	if best == nil {
		if v == nil || rank(v) > 3 {
			return nil
		}
		return v
	}
	if sign, ok := order(e, v, best); ok && (sign == below && least || sign == above && !least) {
		return v
	}
	return best
}

// aggregate compiles sum, mean, median, min and max over a list; hours is what
// of it is known by the hour only, nil if nothing.
func (k *compiler) aggregate(n ast.Node, name string, l, body *code, hours *HourRead) *code {
	numeric := name != "min" && name != "max"
	if !isNumber(body.typ) && !isAny(body.typ) && (numeric || !isMoment(body.typ) && body.typ.Kind != value.DurationKind) {
		what := "numbers"
		if !numeric {
			what = "numbers, times or durations"
		}
		if body.node == l.node {
			body = l
		}
		return k.errArgument(body, "`"+name+"` wants "+what)
	}
	list := l.asList()
	if numeric || isNumber(body.typ) {
		return k.aggregateNumbers(n, name, list, body, hours)
	}
	get := body.asVal()
	k.zone = k.zone || body.typ.Kind == value.DateKind || isAny(body.typ)
	return read(n, body.typ, func(e *Env) any {
		l, outer := list(e), e.it
		var best any
		for i := range l.len() {
			e.it = l.at(i)
			best = extreme(e, best, get(e), name == "min")
		}
		e.it = outer
		return best
	})
}

func (k *compiler) aggregateNumbers(n ast.Node, name string, list func(*Env) elements, body *code, hours *HourRead) *code {
	get := body.asNum()
	t := typNumber
	if body.typ.Kind == value.Integer && name != "mean" && name != "median" {
		t = typInteger
	}
	if name == "median" {
		return numCode(n, t, func(e *Env) (float64, bool) {
			l, outer := list(e), e.it
			numbers := make([]float64, 0, l.len())
			for i := range l.len() {
				e.it = l.at(i)
				if x, ok := get(e); ok {
					numbers = append(numbers, x)
				}
			}
			e.it = outer
			if len(numbers) == 0 {
				return 0, false
			}
			slices.Sort(numbers)
			mid := len(numbers) / 2
			x := numbers[mid]
			if len(numbers)%2 == 0 {
				x = x/2 + numbers[mid-1]/2
			}
			return noMinus(x), finite(x)
		})
	}
	return numCode(n, t, func(e *Env) (float64, bool) {
		l, outer := list(e), e.it
		sum, count, best := 0.0, 0, 0.0
		if hours != nil {
			t := hours.total(e)
			sum, count, best = t.Sum, t.N, t.Max
			if name == "min" {
				best = t.Min
			}
		}
		for i := range l.len() {
			e.it = l.at(i)
			x, ok := get(e)
			if !ok {
				continue
			}
			if count == 0 || (x < best) == (name == "min") {
				best = x
			}
			sum += x
			count++
		}
		e.it = outer
		switch {
		case name == "sum":
			return sum, finite(sum)
		case count == 0:
			return 0, false
		case name == "mean":
			return noMinus(sum / float64(count)), finite(sum)
		}
		return best, true
	})
}
