package syntax

import (
	"fmt"
	"slices"

	"github.com/alecthomas/participle/v2/lexer"
	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// missing says whether a token cannot begin an operand, so that one is
// missing before it.
func (p *exprParser) missing(t *lexer.Token) bool {
	switch t.Type {
	case tokName:
		return isEndWord[t.Value] && t.Value != "if" || isOperatorWord[t.Value] && t.Value != "not"
	case tokOp:
		switch t.Value {
		case "(", "[", "-", "+", "!", ".":
			return false
		case "{":
			return !p.objects
		}
		return true
	case tokNewline, tokUnknown, tokMark, tokTried, lexer.EOF:
		return true
	}
	return false
}

// primary parses an operand with what hangs on it.
func (p *exprParser) primary() operand {
	t := p.peek()
	switch t.Type {
	case tokNumber:
		p.next()
		return plain(p.number(t))
	case tokDuration:
		p.next()
		d, _ := shortDuration(t.Value)
		return plain(constant(d, t))
	case tokClock:
		p.next()
		c, _ := parseClock(t.Value)
		return plain(constant(c, t))
	case tokDate:
		p.next()
		d, _ := parseDate(t.Value)
		return plain(constant(d, t))
	case tokDateTime:
		p.next()
		return plain(constant(dateTime(t.Value), t))
	case tokString:
		p.next()
		s, _ := readText(t.Value, t.Pos.Offset)
		return p.postfix(locateAt(&ast.StringNode{Value: s}, t))
	case tokPercent:
		return p.fail(notInExpressions(t, fmt.Sprintf("a percentage cannot stand in an expression; write %v", readNumber(t.Value[:len(t.Value)-1])/100)))
	case tokName:
		return p.name()
	case tokOp:
		switch {
		case t.Value == "(":
			return p.parentheses()
		case t.Value == "[":
			return p.postfix(p.list())
		case t.Value == "{" && p.objects:
			return plain(p.object())
		case t.Value == ".":
			p.it++
			return p.postfix(locateAt(&ast.PointerNode{}, t))
		}
	}
	return p.fail(p.noOperand(t))
}

// noOperand says why a token begins no operand.
func (p *exprParser) noOperand(t *lexer.Token) problem {
	before := previous(p.lex)
	switch {
	case is(t, ":") && before.Type == tokName:
		return at(t, diag.Unexpected, fmt.Sprintf("no `:` stands behind `%s`; delete it", before.Value))
	case is(t, "{"):
		return notInExpressions(t, "an object stands in parentheses here: ({ … })")
	case endsLine(t) && before.Type != tokNewline:
		return at(before, diag.Incomplete, fmt.Sprintf("a value is missing after `%s`", before.Value))
	case t.Type == tokUnknown:
		return at(t, diag.Unexpected, fmt.Sprintf("%s is no value", show(t)))
	}
	return at(t, diag.Unexpected, fmt.Sprintf("%s cannot stand where a value is expected", show(t)))
}

func constant(v any, t *lexer.Token) ast.Node { return locateAt(&ast.ConstantNode{Value: v}, t) }

// number parses a number, with a unit a duration.
func (p *exprParser) number(t *lexer.Token) ast.Node {
	n := readNumber(t.Value)
	unit := p.peek()
	p.mendUnit(unit)
	size := longUnits[unit.Value]
	if unit.Type != tokName || size == 0 {
		return locateAt(&ast.FloatNode{Value: n}, t)
	}
	p.next()
	d, ok := times(n, size)
	if !ok {
		pr := tooLongDuration(t.Pos.Offset, end(unit))
		pr.lexical = false
		p.note(pr)
	}
	return locate(&ast.ConstantNode{Value: d}, t.Pos.Offset, end(unit))
}

// mendUnit puts a unit right that is nearly one and nothing else.
func (p *exprParser) mendUnit(t *lexer.Token) {
	if t.Type != tokName || longUnits[t.Value] != 0 || isOperatorWord[t.Value] || isEndWord[t.Value] || statementWords[t.Value] {
		return
	}
	if _, calendar := unitOfCalendar(t); calendar {
		return
	}
	meant := diag.Suggest(t.Value, afterNumber)
	if longUnits[meant] == 0 {
		return
	}
	pr := at(t, diag.UnknownWord, show(t)+" is no unit of time")
	pr.suggest = meant
	p.note(pr)
	readAs(t, meant)
}

// afterNumber are the words that can follow a number.
var afterNumber = slices.Concat(unitWords, operatorWords, endWords)

// unitOfCalendar refuses months and years.
func unitOfCalendar(t *lexer.Token) (problem, bool) {
	switch t.Value {
	case "month", "months", "quarter", "quarters", "year", "years":
		return at(t, diag.BadDuration, show(t)+" is no fixed length of time; write days, such as 30 days or 365 days"), true
	case "ms", "millisecond", "milliseconds":
		return at(t, diag.BadDuration, "durations are written in seconds or longer units"), true
	}
	return problem{}, false
}

func (p *exprParser) parentheses() operand {
	open := p.next()
	around := p.into()
	inner := p.inside(open)
	p.close(open, ")", around)
	return p.postfix(inner.node)
}

// inside parses an expression after an opening bracket or a comma.
func (p *exprParser) inside(open *lexer.Token) operand {
	if t := p.peek(); p.missing(t) {
		if t.EOF() || is(t, "{") {
			return p.fail(unclosedBracket(open))
		}
		after := previous(p.lex)
		if after.Type == tokNewline {
			after = open
		}
		return p.fail(needsOperand(t, after))
	}
	return p.ternary()
}

// lines says what line ends and braces mean.
type lines struct{ joins, objects bool }

// into notes that a bracket was opened: inside, line ends mean nothing and
// braces are objects. What was so outside is for close.
func (p *exprParser) into() lines {
	around := lines{p.joins, p.objects}
	p.joins, p.objects = true, true
	p.open++
	return around
}

// close expects a closing bracket. Where it is missing, the lines that were
// taken for a part of the expression are given back.
func (p *exprParser) close(open *lexer.Token, bracket string, around lines) {
	if p.failed {
		return
	}
	t := p.peek()
	p.joins, p.objects = around.joins, around.objects
	if is(t, bracket) {
		p.next()
		p.open--
		return
	}
	switch {
	case is(t, "="):
		p.fail(p.noComparison(t))
	case t.Type == tokName && t.Pos.Line == open.Pos.Line && !statementWords[t.Value] && !isEndWord[t.Value]:
		p.mend(t, false)
	case is(t, "|"):
		p.fail(notInExpressions(t, "there is no `|`; call the function: count(list)"))
	case is(t, ","), t.Type != tokName && t.Type != tokOp && !endsLine(t) && t.Pos.Line == open.Pos.Line:
		p.fail(at(t, diag.Unexpected, show(t)+" does not fit here"))
	default:
		p.fail(unclosedBracket(open))
		p.open = 0
		if t.Pos.Line != open.Pos.Line && p.lineEnd != nil {
			p.lex.LoadCheckpoint(*p.lineEnd)
		}
	}
}

func (p *exprParser) list() ast.Node {
	open := p.next()
	around := p.into()
	var nodes []ast.Node
	for !p.failed && !is(p.peek(), "]") {
		nodes = append(nodes, p.inside(open).node)
		if !is(p.peek(), ",") {
			break
		}
		p.next()
	}
	p.close(open, "]", around)
	return locateAt(&ast.ArrayNode{Nodes: nodes}, open)
}

// object parses { name: value, "name": value }; line ends divide, too.
func (p *exprParser) object() ast.Node {
	open := p.next()
	around := p.into()
	p.joins = false
	var pairs []ast.Node
	for !p.failed {
		for t := p.peek(); t.Type == tokNewline || is(t, ","); t = p.peek() {
			p.next()
		}
		if t := p.peek(); is(t, "}") || t.EOF() {
			break
		}
		pairs = append(pairs, p.pair())
		if t := p.peek(); t.Type != tokNewline && !is(t, ",") {
			break
		}
	}
	p.close(open, "}", around)
	return locateAt(&ast.MapNode{Pairs: pairs}, open)
}

func (p *exprParser) pair() ast.Node {
	key := p.next()
	name := canonical(key.Value)
	switch {
	case key.Type == tokString:
		name, _ = readText(key.Value, key.Pos.Offset)
	case key.Type != tokName:
		return p.fail(at(key, diag.Unexpected, show(key)+" is no name of a value; an object is written { name: value }")).node
	}
	colon := p.peek()
	if !is(colon, ":") {
		return p.fail(at(key, diag.Incomplete, "a `:` and a value are missing after "+show(key))).node
	}
	p.next()
	v := p.inside(colon)
	return locateAt(&ast.PairNode{Key: locateAt(&ast.StringNode{Value: name}, key), Value: v.node}, key)
}

// clone copies an expression, for the middle of a chained comparison.
func clone(n ast.Node) ast.Node {
	var c ast.Node
	switch n := n.(type) {
	case *ast.IdentifierNode:
		d := *n
		c = &d
	case *ast.FloatNode:
		d := *n
		c = &d
	case *ast.BoolNode:
		d := *n
		c = &d
	case *ast.StringNode:
		d := *n
		c = &d
	case *ast.ConstantNode:
		d := *n
		c = &d
	case *ast.PointerNode:
		d := *n
		c = &d
	case *ast.UnaryNode:
		d := *n
		d.Node = clone(n.Node)
		c = &d
	case *ast.BinaryNode:
		d := *n
		d.Left, d.Right = clone(n.Left), clone(n.Right)
		c = &d
	case *ast.MemberNode:
		d := *n
		d.Node, d.Property = clone(n.Node), clone(n.Property)
		c = &d
	case *ast.CallNode:
		d := *n
		d.Callee, d.Arguments = clone(n.Callee), cloneAll(n.Arguments)
		c = &d
	case *ast.PredicateNode:
		d := *n
		d.Node = clone(n.Node)
		c = &d
	case *ast.ConditionalNode:
		d := *n
		d.Cond, d.Exp1, d.Exp2 = clone(n.Cond), clone(n.Exp1), clone(n.Exp2)
		c = &d
	case *ast.ArrayNode:
		d := *n
		d.Nodes = cloneAll(n.Nodes)
		c = &d
	case *ast.MapNode:
		d := *n
		d.Pairs = cloneAll(n.Pairs)
		c = &d
	case *ast.PairNode:
		d := *n
		d.Key, d.Value = clone(n.Key), clone(n.Value)
		c = &d
	}
	return c
}

func cloneAll(nodes []ast.Node) []ast.Node {
	all := make([]ast.Node, len(nodes))
	for i, n := range nodes {
		all[i] = clone(n)
	}
	return all
}
