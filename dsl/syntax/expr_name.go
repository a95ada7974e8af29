package syntax

import (
	"fmt"

	"github.com/alecthomas/participle/v2/lexer"
	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// predicates are the functions whose second argument is asked of each
// element.
var predicates = wordSet("all", "any", "none", "one", "filter", "map", "count", "find", "findLast", "findIndex",
	"findLastIndex", "sum", "sortBy", "groupBy", "most", "unique")

// maybePredicates are those whose second argument may speak of the elements
// or be a plain value.
var maybePredicates = wordSet("mean", "median", "min", "max")

// name parses what begins with a name.
func (p *exprParser) name() operand {
	t := p.peek()
	called := is(p.second(), "(")
	switch word := t.Value; {
	case (word == "let" || word == "if") && !called:
		return p.fail(notInExpressions(t, fmt.Sprintf("there is no `%s` in an expression; a choice is written a ? b : c", word)))
	case p.missing(t) && !called:
		return p.fail(needsOperand(t, previous(p.lex)))
	case called:
		return p.call()
	case word == "true" || word == "false":
		p.next()
		return plain(locateAt(&ast.BoolNode{Value: word == "true"}, t))
	case word == "null" || word == "nil" || word == "undefined":
		return p.fail(notInExpressions(t, fmt.Sprintf("there is no `%s`; ask `is missing` or `is set`", word)))
	case word == "it":
		p.next()
		p.it++
		return p.postfix(locateAt(&ast.PointerNode{}, t))
	}
	p.next()
	return p.postfix(locateAt(&ast.IdentifierNode{Value: canonical(t.Value)}, t))
}

// call parses a function with its arguments.
//
//	Call = Name "(" ( Expr ( "," Expr )* )? ")" .
func (p *exprParser) call() operand {
	t := p.next()
	open := p.next()
	around := p.into()
	var args []ast.Node
	for !p.failed && !is(p.peek(), ")") {
		args = append(args, p.argument(t.Value, len(args), open))
		if !is(p.peek(), ",") {
			break
		}
		p.next()
	}
	p.close(open, ")", around)
	callee := locateAt(&ast.IdentifierNode{Value: canonical(t.Value)}, t)
	return p.postfix(locateAt(&ast.CallNode{Callee: callee, Arguments: args}, t))
}

// argument parses an argument, as a predicate where the function asks one.
func (p *exprParser) argument(function string, index int, open *lexer.Token) ast.Node {
	first := p.peek()
	if is(first, "{") && predicates[function] && index == 1 {
		return p.fail(notInExpressions(first, "a predicate has no braces: any(items, .price > 100)")).node
	}
	around := p.it
	p.it = 0
	n := p.inside(open).node
	if index == 1 && (predicates[function] || maybePredicates[function] && p.it > 0) {
		p.it = 0
		n = locateAt(&ast.PredicateNode{Node: n}, first)
	}
	p.it += around
	return n
}

// postfix parses members and indexes.
//
//	Postfix = ( "." Name | "[" Expr "]" )* .
func (p *exprParser) postfix(n ast.Node) operand {
	for depth := 0; !p.failed; depth++ {
		t := p.peek()
		if depth > maxDepth {
			return p.fail(tooDeepExpression(t))
		}
		switch {
		case is(t, "?."):
			pr := notInExpressions(t, "a missing value needs no `?.`: what hangs on it is missing, too; write `.`")
			pr.suggest = "."
			return p.fail(pr)
		case is(t, "."):
			n = p.member(n)
		case is(t, "["):
			n = p.index(n)
		case is(t, "("):
			return p.fail(notInExpressions(t, "only functions can be called"))
		default:
			return plain(n)
		}
	}
	return plain(n)
}

func (p *exprParser) member(n ast.Node) ast.Node {
	dot := p.next()
	t := p.peek()
	if t.Type != tokName {
		if endsLine(t) || t.Pos.Offset > end(dot) {
			return p.fail(at(dot, diag.Incomplete, "a name is missing after `.`")).node
		}
		return p.fail(at(t, diag.Unexpected, "after `.` comes a name, not "+show(t))).node
	}
	p.next()
	if is(p.peek(), "(") {
		return p.fail(notInExpressions(t, fmt.Sprintf("values have no functions of their own; write %s(value)", t.Value))).node
	}
	property := locateAt(&ast.StringNode{Value: canonical(t.Value)}, t)
	return locateAt(&ast.MemberNode{Node: n, Property: property}, t)
}

func (p *exprParser) index(n ast.Node) ast.Node {
	open := p.next()
	around := p.into()
	if t := p.peek(); is(t, ":") {
		return p.fail(notInExpressions(t, "pieces of lists and texts cannot be cut out")).node
	}
	i := p.inside(open)
	if t := p.peek(); is(t, ":") {
		return p.fail(notInExpressions(t, "pieces of lists and texts cannot be cut out")).node
	}
	p.close(open, "]", around)
	return locateAt(&ast.MemberNode{Node: n, Property: i.node}, open)
}
