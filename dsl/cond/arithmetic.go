package cond

import (
	"math"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

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
		a += b
	case "-":
		a -= b
	case "*":
		a *= b
	case "/":
		a /= b
	default:
		a = math.Mod(a, b)
	}
	return noMinus(a)
}

// noMinus makes the zero that IEEE 754 calls -0 a plain one: to the language
// they are one number, so what is written or sent of it must be the same.
func noMinus(f float64) float64 { return f + 0 }

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
					return noMinus(x)
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
