package cond

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// sign sets: which signs of a difference make a comparison true.
const (
	below = 1 << iota
	same
	above
)

var comparisons = map[string]int{
	"==": same, "!=": below | above, "<": below, "<=": below | same, ">": above, ">=": same | above,
}

func (k *compiler) comparison(n *ast.BinaryNode) *code {
	l, r := k.visit(n.Left), k.visit(n.Right)
	k.whole(l)
	k.whole(r)
	if l.bad || r.bad {
		return &code{typ: typBoolean, node: n, bad: true, cond: func(*Env) bool { return false }}
	}
	if !k.judgeBinary(n.Operator, l, r) || !related(l.typ, r.typ) {
		return k.errCompare(n, l, r)
	}
	if k.outside(l, r) || k.outside(r, l) {
		return bad(n)
	}
	want := comparisons[n.Operator]
	switch {
	case isMoment(l.typ) && isMoment(r.typ):
		if l.typ.Kind == value.DateKind && r.typ.Kind == value.DateKind {
			return k.compareDates(n, l, r, want)
		}
		k.zone = k.zone || l.typ.Kind == value.DateKind || r.typ.Kind == value.DateKind
		return compareLines(n, l.asInstant(), r.asInstant(), want)
	case l.typ.Kind == value.DurationKind && r.typ.Kind == value.DurationKind:
		return compareLines(n, l.asDuration(), r.asDuration(), want)
	case l.moves != nil || r.moves != nil: // beside something of unknown type
		return k.compareMoving(n, l, r, want)
	case isNumber(l.typ) && isNumber(r.typ):
		return compareNumbers(n, l, r, want)
	case l.typ.Kind.IsText() && r.typ.Kind.IsText():
		return compareTexts(n, l, r, want)
	}
	return k.compareAny(n, l, r, want)
}

// outside reports a constant that the other side can never have.
func (k *compiler) outside(c, other *code) bool {
	s, ok := c.konst.(string)
	if ok && other.typ.OneOf != nil && other.konst == nil && !slices.Contains(other.typ.OneOf, s) {
		k.errOneOf(c.node, s, other.typ)
		return true
	}
	return false
}

func compareNumbers(n ast.Node, l, r *code, want int) *code {
	if x, ok := r.konst.(float64); ok {
		if get := l.raw; get != nil && l.typ.Kind == value.Number { // the commonest form, straight from the data
			return condCode(n, func(e *Env) bool {
				f, ok := get(e).(float64)
				if !ok || !finite(f) {
					return want == below|above
				}
				return want&signOf(f, x) != 0
			})
		}
		f := l.asNum()
		return condCode(n, func(e *Env) bool {
			a, ok := f(e)
			if !ok {
				return want == below|above
			}
			return want&signOf(a, x) != 0
		})
	}
	f, g := l.asNum(), r.asNum()
	return condCode(n, func(e *Env) bool {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return want == below|above
		}
		return want&signOf(a, b) != 0
	})
}

func compareTexts(n ast.Node, l, r *code, want int) *code {
	if x, ok := r.konst.(string); ok && (want == same || want == below|above) {
		if get := l.raw; get != nil { // a value that its type does not allow is not x either
			return condCode(n, func(e *Env) bool {
				s, ok := get(e).(string)
				return (ok && s == x) == (want == same)
			})
		}
	}
	f, g := l.asText(), r.asText()
	return condCode(n, func(e *Env) bool {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return want == below|above
		}
		return want&signOfInt(int64(strings.Compare(a, b)), 0) != 0
	})
}

func (k *compiler) compareDates(n ast.Node, l, r *code, want int) *code {
	f, g := l.asDate(), r.asDate()
	return condCode(n, func(e *Env) bool {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return want == below|above
		}
		return want&signOfInt(int64(a), int64(b)) != 0
	})
}

// compareAny compares values whose types are known only when they are there.
func (k *compiler) compareAny(n ast.Node, l, r *code, want int) *code {
	f, g := l.asVal(), r.asVal()
	k.zone = k.zone || isAny(l.typ) || isAny(r.typ)
	if want == same || want == below|above {
		return condCode(n, func(e *Env) bool { return equal(e, f(e), g(e)) == (want == same) })
	}
	return condCode(n, func(e *Env) bool {
		sign, ok := order(e, f(e), g(e))
		return ok && want&sign != 0
	})
}

// in compiles `X in LIST`.
func (k *compiler) in(n *ast.BinaryNode) *code {
	x, l := k.still(n.Left), k.still(n.Right)
	k.whole(x)
	k.whole(l)
	if x.bad || l.bad {
		return bad(n)
	}
	if l.typ.Kind != value.List && !isAny(l.typ) {
		return k.errArgument(l, "`in` wants a list on its right")
	}
	if !k.judgeBinary("in", x, l) || !related(x.typ, elemOf(l.typ)) {
		return k.errIn(n, x, l)
	}
	if elems, ok := n.Right.(*ast.ArrayNode); ok && x.typ.OneOf != nil {
		wrong := false
		for _, el := range elems.Nodes {
			if s, ok := el.(*ast.StringNode); ok && !slices.Contains(x.typ.OneOf, s.Value) {
				k.errOneOf(el, s.Value, x.typ)
				wrong = true
			}
		}
		if wrong {
			return bad(n)
		}
	}
	if s, ok := x.konst.(string); ok {
		if of := elemOf(l.typ).OneOf; of != nil && l.konst == nil && !slices.Contains(of, s) {
			k.errOneOf(x.node, s, elemOf(l.typ))
			return bad(n)
		}
	}
	list := l.asList()
	if x.typ.Kind.IsText() {
		f := x.asText()
		return condCode(n, func(e *Env) bool {
			s, ok := f(e)
			if !ok {
				return false
			}
			for _, v := range list(e).values {
				if v, ok := v.(string); ok && v == s {
					return true
				}
			}
			return false
		})
	}
	f := x.asVal()
	k.zone = k.zone || isMoment(x.typ) || isAny(x.typ)
	return condCode(n, func(e *Env) bool {
		v := f(e)
		if v == nil {
			return false
		}
		l := list(e)
		for i := range l.len() {
			if equal(e, v, l.at(i)) {
				return true
			}
		}
		return false
	})
}

// equal compares by value; nothing equals a missing value.
func equal(e *Env, a, b any) bool {
	switch a := a.(type) {
	case nil:
		return false
	case value.Time:
		if d, ok := b.(value.Date); ok {
			return a == d.Midnight(zoneOf(e))
		}
	case value.Date:
		if t, ok := b.(value.Time); ok {
			return t == a.Midnight(zoneOf(e))
		}
	}
	return b != nil && value.Equal(external(a), external(b))
}

// order is the sign of a - b; false if the two cannot be compared.
func order(e *Env, a, b any) (int, bool) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return signOf(a, b), finite(a) && finite(b)
		}
	case string:
		if b, ok := b.(string); ok {
			return signOfInt(int64(strings.Compare(a, b)), 0), true
		}
	case value.Duration:
		if b, ok := b.(value.Duration); ok {
			return signOfInt(int64(a), int64(b)), true
		}
	case value.Time, value.Date:
		x, _ := value.Instant(a, zoneOf(e))
		if y, ok := value.Instant(b, zoneOf(e)); ok {
			return signOfInt(int64(x), int64(y)), true
		}
	}
	return 0, false
}

func signOf(a, b float64) int {
	switch {
	case a < b:
		return below
	case a > b:
		return above
	}
	return same
}

func signOfInt(a, b int64) int {
	switch {
	case a < b:
		return below
	case a > b:
		return above
	}
	return same
}
