package cond

import (
	"slices"

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
					return noMinus(-v)
				case value.Duration:
					return -v
				}
				return nil
			}}
		}
		f := c.asNum()
		return numCode(n, c.typ, func(e *Env) (float64, bool) { x, ok := f(e); return noMinus(-x), ok })
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
		if l.typ.Kind == value.DurationKind && r.typ.Kind == value.DurationKind {
			return k.errTwoDurations(n)
		}
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
	c := condCode(n, func(e *Env) bool { return a(e) && b(e) })
	c.and = []*code{l, r}
	return c
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
