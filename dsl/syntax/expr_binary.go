package syntax

import (
	"github.com/alecthomas/participle/v2/lexer"
	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// The precedences are expr-lang's.
const (
	precOr       = 10
	precAnd      = 15
	precCompare  = 20
	precRange    = 25
	precAdd      = 30
	precNot      = 50
	precMultiply = 60
	precNegate   = 90
	precPower    = 100
	precCoalesce = 500
)

var binary = map[string]struct {
	name string // of the operator in the tree
	prec int
}{
	"or": {"or", precOr}, "||": {"or", precOr},
	"and": {"and", precAnd}, "&&": {"and", precAnd},
	"==": {"==", precCompare}, "!=": {"!=", precCompare},
	"<": {"<", precCompare}, ">": {">", precCompare}, "<=": {"<=", precCompare}, ">=": {">=", precCompare},
	"in": {"in", precCompare}, "matches": {"matches", precCompare}, "contains": {"contains", precCompare},
	"startsWith": {"startsWith", precCompare}, "endsWith": {"endsWith", precCompare},
	"..": {"..", precRange},
	"+":  {"+", precAdd}, "-": {"-", precAdd},
	"*": {"*", precMultiply}, "/": {"/", precMultiply}, "%": {"%", precMultiply},
	"**": {"**", precPower}, "^": {"^", precPower},
	"??": {"??", precCoalesce},
}

// negatable are the operators that `not` may stand before: `x not in y`.
var negatable = wordSet("in", "matches", "contains", "startsWith", "endsWith")

// ternary parses a whole expression.
//
//	Expr = Binary ( "?" Expr ":" Expr )? .
func (p *exprParser) ternary() operand {
	if !p.enter(p.peek()) {
		return p.hole()
	}
	defer p.leave()
	cond := p.binary(0)
	mark := p.peek()
	if p.failed || !is(mark, "?") {
		return cond
	}
	p.next()
	p.skipLines()
	if is(p.peek(), ":") {
		return p.fail(notInExpressions(mark, "`a ?: b` is written `a ?? b`"))
	}
	yes := p.ternary()
	if colon := p.peek(); !p.failed && !is(colon, ":") {
		return p.fail(at(mark, diag.Incomplete, "`?` lacks its `:`, as in `a ? b : c`"))
	}
	p.next()
	p.skipLines()
	no := p.ternary()
	return plain(locateAt(&ast.ConditionalNode{Ternary: true, Cond: cond.node, Exp1: yes.node, Exp2: no.node}, mark))
}

// skipLines lets an expression go on in the next line.
func (p *exprParser) skipLines() {
	for p.lex.Peek().Type == tokNewline {
		p.lex.Next()
	}
}

// binary parses operators that bind at least as tightly as least.
func (p *exprParser) binary(least int) operand {
	left := p.unary()
	for !p.failed {
		t := p.peek()
		negated := is(t, "not") && negatable[p.second().Value]
		word := t
		if negated {
			word = p.second()
		}
		op, ok := binary[word.Value]
		ok = ok && (word.Type == tokOp || word.Type == tokName)
		switch {
		case is(t, "is") && precCompare >= least:
			left = p.isSet(left)
			continue
		case !ok || op.prec < least:
			return left
		case is(t, "in") && p.isWindow():
			left = p.inLast(left)
			continue
		}
		p.next()
		if negated {
			p.next()
		}
		if op.name == "<" || op.name == ">" || op.name == "<=" || op.name == ">=" {
			left = p.chain(left, word)
			continue
		}
		next := op.prec + 1
		if op.prec == precPower {
			next = op.prec
		}
		right := p.rightOf(word, next)
		left = p.join(op.name, word, left, right)
		if negated {
			left = plain(locateAt(&ast.UnaryNode{Operator: "not", Node: left.node}, t))
		}
	}
	return left
}

func (p *exprParser) rightOf(op *lexer.Token, least int) operand {
	if p.failed || !p.enter(op) {
		return p.hole()
	}
	defer p.leave()
	here := p.lex.MakeCheckpoint()
	p.skipLines()
	t := p.peek()
	after := p.second()
	statement := t.Type == tokName && statementWords[t.Value] && !is(after, "(") && !is(after, ".")
	if t.Pos.Line > op.Pos.Line && (statement || startsDecl(p.lex)) || p.missing(t) && !(is(after, "(") && isEndWord[t.Value]) {
		if t.Pos.Line > op.Pos.Line {
			p.lex.LoadCheckpoint(here) // the next line is none of ours
		}
		return p.fail(needsOperand(t, op))
	}
	return p.binary(least)
}

// join makes a binary node, and sees to the parentheses around `??`.
func (p *exprParser) join(name string, op *lexer.Token, left, right operand) operand {
	o := plain(locateAt(&ast.BinaryNode{Operator: name, Left: left.node, Right: right.node}, op))
	switch {
	case name == "??":
		o.coalesce = op.Pos.Offset
	case name == "and" || name == "or":
	case left.coalesce >= 0:
		p.note(coalesceWantsParentheses(left.coalesce))
	case right.coalesce >= 0:
		p.note(coalesceWantsParentheses(right.coalesce))
	}
	return o
}

// chain parses what follows `a <`: `a < b < c` is `a < b and b < c`.
func (p *exprParser) chain(left operand, op *lexer.Token) operand {
	var all operand
	for first := true; ; first = false {
		right := p.rightOf(op, precCompare+1)
		one := p.join(op.Value, op, left, right)
		if first {
			all = one
		} else {
			all = plain(locateAt(&ast.BinaryNode{Operator: "and", Left: all.node, Right: one.node}, op))
		}
		t := p.peek()
		if b, ok := binary[t.Value]; p.failed || !ok || t.Type != tokOp || b.prec != precCompare || b.name == "==" || b.name == "!=" {
			return all
		}
		op = p.next()
		left = operand{clone(right.node), right.coalesce}
	}
}

// isSet parses `is set`, `is missing` after a value.
func (p *exprParser) isSet(left operand) operand {
	word := p.next()
	t := p.peek()
	if is(t, "not") {
		other := map[string]string{"set": "missing", "missing": "set"}[p.second().Value]
		if other == "" {
			other = "missing"
		}
		pr := at(t, diag.NotInExpressions, "`is not` is written `is "+other+"`")
		pr.suggest = "is " + other
		return p.fail(pr)
	}
	name := map[string]string{"set": CallSet, "missing": CallMissing}[t.Value]
	if name == "" || t.Type != tokName {
		pr := at(t, diag.UnknownWord, "`is` goes on with `set` or `missing`; to compare, write `==`")
		if endsLine(t) {
			pr.start, pr.end = word.Pos.Offset, end(word)
		}
		pr.suggest = diag.Suggest(t.Value, []string{"set", "missing"})
		return p.fail(pr)
	}
	p.next()
	if left.coalesce >= 0 {
		p.note(coalesceWantsParentheses(left.coalesce))
	}
	return plain(call(name, word.Pos.Offset, end(t), left.node))
}

func call(name string, from, to int, args ...ast.Node) ast.Node {
	return locate(&ast.CallNode{Callee: locate(&ast.IdentifierNode{Value: name}, from, to), Arguments: args}, from, to)
}

// isWindow says whether `in` begins `in last 90 days`.
func (p *exprParser) isWindow() bool {
	start := p.lex.MakeCheckpoint()
	defer func() { p.lex.LoadCheckpoint(start) }()
	p.lex.Next()
	if !is(p.peek(), "last") {
		return false
	}
	p.lex.Next()
	return !is(p.peek(), "(")
}

// inLast parses `in last 90 days` after an event.
func (p *exprParser) inLast(left operand) operand {
	in := p.next()
	last := p.next()
	switch left.node.(type) {
	case *ast.IdentifierNode, *ast.StringNode:
	default:
		return p.fail(at(in, diag.NotInExpressions, "`in last` stands after the name of an event"))
	}
	t := p.peek()
	if t.Type != tokNumber && t.Type != tokDuration {
		return p.fail(at(last, diag.Incomplete, "`in last` takes a duration that is written out: in last 90 days"))
	}
	d := p.primary()
	if _, ok := d.node.(*ast.ConstantNode); !ok && !p.failed {
		return p.fail(at(t, diag.Incomplete, "`in last` takes a duration with its unit: in last 90 days"))
	}
	return plain(call(CallLast, in.Pos.Offset, end(last), left.node, d.node))
}

// unary parses `not` and signs.
func (p *exprParser) unary() operand {
	t := p.peek()
	if p.failed {
		return p.hole()
	}
	if t.Type == tokOp && (t.Value == "-" || t.Value == "+") {
		p.next()
		o := p.rightOf(t, precNegate)
		if o.coalesce >= 0 {
			p.note(coalesceWantsParentheses(o.coalesce))
		}
		return plain(locateAt(&ast.UnaryNode{Operator: t.Value, Node: o.node}, t))
	}
	if !is(t, "not") && !is(t, "!") {
		return p.primary()
	}
	p.next()
	o := p.rightOf(t, precNot)
	if next := p.peek(); !p.failed {
		b, ok := binary[next.Value]
		if ok && next.Type != tokString && b.prec >= precCompare || is(next, "is") || is(next, "not") {
			return p.fail(notWantsParentheses(t))
		}
	}
	return plain(locateAt(&ast.UnaryNode{Operator: "not", Node: o.node}, t))
}
