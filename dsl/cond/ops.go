package cond

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// unary compiles `not X` and `-X`.
func (k *compiler) unary(n *ast.UnaryNode) *code {
	c := k.visit(n.Node)
	if c.bad {
		return bad(n)
	}
	switch n.Operator {
	case "not", "!":
		if _, wrong := k.judge(func(leaf []ast.Node) ast.Node {
			return &ast.UnaryNode{Operator: "not", Node: leaf[0]}
		}, k.typeFor(c.typ)); wrong {
			return k.errArgument(c, "`not` wants a condition")
		}
		f := c.asCond()
		return condCode(n, func(e *Env) bool { return !f(e) })
	case "-", "+":
		if c.typ.Kind == value.DurationKind { // expr knows no negative durations
			return k.scale(n, c, -1, n.Operator)
		}
		if _, wrong := k.judge(func(leaf []ast.Node) ast.Node {
			return &ast.UnaryNode{Operator: n.Operator, Node: leaf[0]}
		}, k.typeFor(c.typ)); wrong {
			return k.errArgument(c, "`"+n.Operator+"` wants a number or a duration")
		}
		if n.Operator == "+" {
			return c
		}
		if f, ok := c.konst.(float64); ok {
			return constant(n, c.typ, 0-f)
		}
		if isAny(c.typ) {
			f := c.asVal()
			return &code{typ: typAny, node: n, val: func(e *Env) any {
				switch v := f(e).(type) {
				case float64:
					return -v
				case value.Duration:
					return -v
				}
				return nil
			}}
		}
		f := c.asNum()
		return numCode(n, c.typ, func(e *Env) (float64, bool) { x, ok := f(e); return -x, ok })
	}
	return k.refuseNode(n)
}

// scale is a duration turned around or left as it is.
func (k *compiler) scale(n ast.Node, c *code, by int64, op string) *code {
	if op == "+" {
		return c
	}
	if d, ok := c.konst.(value.Duration); ok {
		return constant(n, typDuration, d*value.Duration(by))
	}
	f := c.asDuration()
	return lineCode(n, typDuration, c.moves, func(e *Env) (line, bool) {
		l, ok := f(e)
		return line{by * l.at, by * l.rate}, ok
	})
}

// sign sets: which signs of a difference make a comparison true.
const (
	below = 1 << iota
	same
	above
)

var comparisons = map[string]int{
	"==": same, "!=": below | above, "<": below, "<=": below | same, ">": above, ">=": same | above,
}

// binary compiles an operation with two operands.
func (k *compiler) binary(n *ast.BinaryNode) *code {
	switch n.Operator {
	case "==", "!=", "<", "<=", ">", ">=":
		return k.comparison(n)
	case "+", "-", "*", "/", "%":
		return k.arithmetic(n)
	case "and", "&&", "or", "||":
		return k.logic(n)
	case "??":
		return k.fallback(n)
	case "in":
		return k.in(n)
	case "contains", "startsWith", "endsWith":
		return k.textTest(n)
	case "matches":
		return k.matches(n)
	}
	return k.refuseOperator(n)
}

// judgeBinary asks whether the operator works on these types.
func (k *compiler) judgeBinary(op string, l, r *code) bool {
	_, wrong := k.judge(func(leaf []ast.Node) ast.Node {
		return &ast.BinaryNode{Operator: op, Left: leaf[0], Right: leaf[1]}
	}, k.typeFor(l.typ), k.typeFor(r.typ))
	return !wrong
}

func (k *compiler) logic(n *ast.BinaryNode) *code {
	l, r := k.visit(n.Left), k.visit(n.Right)
	word := "and"
	if n.Operator == "or" || n.Operator == "||" {
		word = "or"
	}
	if !k.judgeBinary(word, l, r) {
		ok := false
		for _, c := range []*code{l, r} {
			if c.typ.Kind != value.Boolean && !isAny(c.typ) {
				k.errArgument(c, "`"+word+"` wants conditions on both sides")
				ok = true
			}
		}
		if ok {
			return bad(n)
		}
	}
	a, b := l.asCond(), r.asCond()
	if word == "or" {
		return condCode(n, func(e *Env) bool { return a(e) || b(e) })
	}
	return condCode(n, func(e *Env) bool { return a(e) && b(e) })
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

func signOf(a, b float64) int {
	switch {
	case a < b:
		return below
	case a > b:
		return above
	}
	return same
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

func signOfInt(a, b int64) int {
	switch {
	case a < b:
		return below
	case a > b:
		return above
	}
	return same
}

// conditional compiles `C ? A : B`.
func (k *compiler) conditional(n *ast.ConditionalNode) *code {
	c := k.visit(n.Cond)
	a, b := k.visit(n.Exp1), k.visit(n.Exp2)
	if _, wrong := k.judge(func(leaf []ast.Node) ast.Node {
		return &ast.ConditionalNode{Ternary: true, Cond: leaf[0], Exp1: leaf[1], Exp2: leaf[2]}
	}, k.typeFor(c.typ), k.typeFor(a.typ), k.typeFor(b.typ)); wrong {
		return k.errArgument(c, "`?` wants a condition before it")
	}
	if c.bad || a.bad || b.bad {
		return bad(n)
	}
	test := c.asCond()
	return k.either(n, a, b, func(first, second chooser) chooser {
		return func(e *Env) int {
			if test(e) {
				return first(e)
			}
			return 1 + second(e)
		}
	})
}

// chooser says which of two values is meant: 0 or 1.
type chooser func(*Env) int

// fallback compiles `A ?? B`.
func (k *compiler) fallback(n *ast.BinaryNode) *code {
	a, b := k.visit(n.Left), k.visit(n.Right)
	if a.bad || b.bad {
		return bad(n)
	}
	k.judgeBinary("??", a, b) // expr allows all of them
	set := a.asSet()
	return k.either(n, a, b, func(chooser, chooser) chooser {
		return func(e *Env) int {
			if set(e) {
				return 0
			}
			return 1
		}
	})
}

// either is one of two values, in the closures of their common type.
func (k *compiler) either(n ast.Node, a, b *code, make_ func(first, second chooser) chooser) *code {
	zero := chooser(func(*Env) int { return 0 })
	pick := make_(zero, zero)
	t := common(a.typ, b.typ)
	moves := a.moves
	if moves == nil {
		moves = b.moves
	}
	if moves != nil && !isMoment(t) && t.Kind != value.DurationKind {
		k.stand(a)
		k.stand(b)
	}
	c := &code{typ: t, node: n, from: append(slices.Clip(a.from), b.from...)}
	switch {
	case t.Kind == value.TimeKind || t.Kind == value.DurationKind:
		f, g := a.asInstant, b.asInstant
		if t.Kind == value.DurationKind {
			f, g = a.asDuration, b.asDuration
		} else if a.typ.Kind != b.typ.Kind {
			k.zone = true
		}
		x, y := f(), g()
		c.moves = moves
		c.line = func(e *Env) (line, bool) {
			if pick(e) == 0 {
				return x(e)
			}
			return y(e)
		}
	case isNumber(t):
		x, y := a.asNum(), b.asNum()
		c.num = func(e *Env) (float64, bool) {
			if pick(e) == 0 {
				return x(e)
			}
			return y(e)
		}
	case t.Kind.IsText():
		x, y := a.asText(), b.asText()
		c.text = func(e *Env) (string, bool) {
			if pick(e) == 0 {
				return x(e)
			}
			return y(e)
		}
	default:
		x, y := a.asVal(), b.asVal()
		c.val = func(e *Env) any {
			if pick(e) == 0 {
				return x(e)
			}
			return y(e)
		}
	}
	return c
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

// textTest compiles contains, startsWith and endsWith.
func (k *compiler) textTest(n *ast.BinaryNode) *code {
	l, r := k.still(n.Left), k.still(n.Right)
	if l.bad || r.bad {
		return bad(n)
	}
	if !k.judgeBinary(n.Operator, l, r) {
		return k.errTextOperands(n, l, r)
	}
	test := map[string]func(s, t string) bool{
		"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
	}[n.Operator]
	f, g := l.asText(), r.asText()
	return condCode(n, func(e *Env) bool {
		s, ok := f(e)
		t, ok2 := g(e)
		return ok && ok2 && test(s, t)
	})
}

// matches compiles `TEXT matches "PATTERN"`.
func (k *compiler) matches(n *ast.BinaryNode) *code {
	l, r := k.still(n.Left), k.still(n.Right)
	if l.bad || r.bad {
		return bad(n)
	}
	pattern, ok := r.konst.(string)
	if ok {
		re, err := regexp.Compile(pattern)
		if err != nil {
			return k.errPattern(n.Right, err)
		}
		if k.judgeBinary("matches", l, r) {
			f := l.asText()
			return condCode(n, func(e *Env) bool {
				s, ok := f(e)
				return ok && re.MatchString(s)
			})
		}
	}
	if !k.judgeBinary("matches", l, r) {
		return k.errTextOperands(n, l, r)
	}
	return k.errPatternConstant(n.Right)
}

// arithmetic compiles + - * / %.
func (k *compiler) arithmetic(n *ast.BinaryNode) *code {
	l, r := k.visit(n.Left), k.visit(n.Right)
	if l.bad || r.bad {
		return bad(n)
	}
	a, b := l.typ, r.typ
	isDuration := func(t *value.Type) bool { return t.Kind == value.DurationKind }
	plus := n.Operator == "+"
	switch {
	case (l.moves != nil || r.moves != nil) && (isAny(a) || isAny(b)) && k.tracked:
		k.stand(l)
		k.stand(r)
		return bad(n)
	case n.Operator == "/" && isDuration(a) && (isNumber(b) || isDuration(b)): // expr divides numbers alone
		return k.divideDuration(n, k.stand(l), k.stand(r))
	case n.Operator == "/" && (isDuration(a) && isAny(b) || isDuration(b) && isAny(a)):
	case n.Operator == "*" && isDuration(a) && isDuration(b): // expr multiplies them
		return k.errOperands(n, l, r)
	case !k.judgeArithmetic(n.Operator, l, r):
		return k.errOperands(n, l, r)
	case isNumber(a) && isNumber(b):
		return arithmeticNumbers(n, l, r)
	case plus && a.Kind.IsText() && b.Kind.IsText():
		f, g := l.asText(), r.asText()
		return textCode(n, func(e *Env) (string, bool) {
			s, ok := f(e)
			t, ok2 := g(e)
			if !ok || !ok2 || len(s)+len(t) > maxText {
				return "", false
			}
			return s + t, true
		})
	case n.Operator == "*" && isDuration(a) && isNumber(b):
		return multiplyDuration(n, k.stand(l), r)
	case n.Operator == "*" && isNumber(a) && isDuration(b):
		return multiplyDuration(n, k.stand(r), l)
	case (plus || n.Operator == "-") && isDuration(b) && a.Kind == value.DateKind:
		return k.dateShift(n, l, r, plus)
	case plus && isDuration(a) && b.Kind == value.DateKind:
		return k.dateShift(n, r, l, plus)
	case !plus && a.Kind == value.DateKind && b.Kind == value.DateKind:
		f, g := l.asDate(), r.asDate()
		return lineCode(n, typDuration, nil, func(e *Env) (line, bool) {
			x, ok := f(e)
			y, ok2 := g(e)
			d := (int64(x) - int64(y)) * int64(value.Day)
			return line{at: d}, ok && ok2 && inRange(d)
		})
	case !isAny(a) && !isAny(b):
		return k.addLines(n, l, r, plus)
	}
	f, g, op := k.stand(l).asVal(), k.stand(r).asVal(), n.Operator
	k.zone = true
	return &code{typ: typAny, node: n, val: func(e *Env) any { return calculate(e, op, f(e), g(e)) }}
}

// judgeArithmetic is judgeBinary; since all numbers are float64 to expr, a
// remainder is judged like a quotient.
func (k *compiler) judgeArithmetic(op string, l, r *code) bool {
	if op == "%" {
		op = "/"
	}
	return k.judgeBinary(op, l, r)
}

func arithmeticNumbers(n *ast.BinaryNode, l, r *code) *code {
	f, g, op := l.asNum(), r.asNum(), n.Operator
	t := typNumber
	if l.typ.Kind == value.Integer && r.typ.Kind == value.Integer && op != "/" {
		t = typInteger
	}
	return numCode(n, t, func(e *Env) (float64, bool) {
		a, ok := f(e)
		b, ok2 := g(e)
		if !ok || !ok2 {
			return 0, false
		}
		x := number(op, a, b)
		return x, finite(x)
	})
}

// number calculates; what has no result is not finite.
func number(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	}
	return math.Mod(a, b)
}

// calculate does arithmetic on values whose types are known only now.
func calculate(e *Env, op string, a, b any) any {
	switch a := a.(type) {
	case float64:
		switch b := b.(type) {
		case float64:
			if x := number(op, a, b); finite(x) {
				return x
			}
		case value.Duration:
			if op == "*" {
				return asDurationValue(float64(b) * a)
			}
		}
	case string:
		if b, ok := b.(string); ok && op == "+" && len(a)+len(b) <= maxText {
			return a + b
		}
	case value.Duration:
		switch b := b.(type) {
		case value.Duration:
			switch op {
			case "+":
				return asDurationValue(float64(a) + float64(b))
			case "-":
				return asDurationValue(float64(a) - float64(b))
			case "/":
				if x := float64(a) / float64(b); finite(x) {
					return x
				}
			}
		case float64:
			switch op {
			case "*":
				return asDurationValue(float64(a) * b)
			case "/":
				return asDurationValue(float64(a) / b)
			}
		case value.Time, value.Date:
			if op == "+" {
				return calculate(e, op, b, a)
			}
		}
	case value.Date:
		switch b := b.(type) {
		case value.Duration:
			if op == "+" || op == "-" {
				return shiftDate(e, a, b, op == "+")
			}
		case value.Date:
			if op == "-" {
				return asDurationValue(float64(int64(a)-int64(b)) * float64(value.Day))
			}
		case value.Time:
			if op == "-" {
				return asDurationValue(float64(a.Midnight(zoneOf(e)) - b))
			}
		}
	case value.Time:
		switch b := b.(type) {
		case value.Duration:
			t := a + value.Time(b)
			if op == "-" {
				t = a - value.Time(b)
			}
			if (op == "+" || op == "-") && inRange(int64(t)) {
				return t
			}
		case value.Time, value.Date:
			if t, _ := value.Instant(b, zoneOf(e)); op == "-" {
				return asDurationValue(float64(a - t))
			}
		}
	}
	return nil
}

// asDurationValue is a length in milliseconds as a duration, if it is one.
func asDurationValue(ms float64) any {
	if !(math.Abs(ms) <= float64(limit)) {
		return nil
	}
	return value.Duration(math.Round(ms))
}

// maxText is the greatest length of a text that an expression makes, in
// bytes; a longer one is missing.
const maxText = 1 << 20
