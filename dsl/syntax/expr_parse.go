package syntax

import (
	"fmt"
	"slices"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"journey/dsl/diag"
)

// Expressions are parsed by precedence climbing, with expr-lang's operators
// and precedences. The parser knows three things that expr's does not: where
// an expression ends (at the line's end, at a word such as `where`, at the
// brace of a block), the literals and forms that expr lacks, and how to go on
// after an error: the first one is reported, the rest of the expression is
// skipped, and what surrounds it is parsed as if nothing had happened.

const (
	// maxDepth bounds the nesting of brackets, in expressions and blocks.
	maxDepth = 100
	// maxExprTokens bounds an expression.
	maxExprTokens = 2000
)

var _ participle.Parseable = (*Expr)(nil)

// Parse reads an expression.
func (e *Expr) Parse(lex *lexer.PeekingLexer) error {
	e.parse(lex, false)
	return nil
}

// parse reads an expression; inBraces says that it is the value of a pair,
// where a brace begins an object and a comma ends it.
func (e *Expr) parse(lex *lexer.PeekingLexer, inBraces bool) {
	start := lex.MakeCheckpoint()
	for mended := 0; ; mended++ {
		e.faults, e.Broken = faults{}, false
		p := exprParser{lex: lex, e: e, objects: inBraces, first: lex.RawCursor()}
		if p.nothing() {
			return
		}
		e.start = lex.Peek().Pos.Offset
		root := p.ternary()
		if !p.failed && p.trailing(inBraces, mended < 3) {
			problems := e.problems
			lex.LoadCheckpoint(start) // a word was put right: read it again
			defer func() { e.problems = append(problems, e.problems...); e.Broken = true }()
			continue
		}
		if p.failed {
			p.skip()
		}
		e.Node, e.end = root.node, max(end(previous(lex)), e.start)
		return
	}
}

type exprParser struct {
	lex     *lexer.PeekingLexer
	e       *Expr
	first   lexer.RawCursor
	joins   bool              // inside ( or [: line ends mean nothing
	objects bool              // a brace begins an object
	failed  bool              // an error was reported: hurry back
	lineEnd *lexer.Checkpoint // the last line end that was skipped
	depth   int
	open    int // brackets that are open, also after a failure
	it      int // elements spoken of outside of an inner predicate
}

// operand is a node with what its neighbours must know of it.
type operand struct {
	node     ast.Node
	coalesce int // offset of a `??` that is not in parentheses, or -1
}

func plain(n ast.Node) operand { return operand{n, -1} }

// peek is the next token that counts.
func (p *exprParser) peek() *lexer.Token {
	t := p.lex.Peek()
	for p.joins && t.Type == tokNewline {
		here := p.lex.MakeCheckpoint()
		p.lineEnd = &here
		p.lex.Next()
		t = p.lex.Peek()
	}
	return t
}

func (p *exprParser) next() *lexer.Token {
	t := p.peek()
	p.lex.Next()
	if p.lex.RawCursor()-p.first > maxExprTokens && !p.failed {
		p.fail(tooLongExpression(t))
	}
	return t
}

// second is the token after the next one.
func (p *exprParser) second() *lexer.Token {
	start := p.lex.MakeCheckpoint()
	p.next()
	t := p.peek()
	p.lex.LoadCheckpoint(start)
	return t
}

// fail reports the first error.
func (p *exprParser) fail(pr problem) operand {
	if !p.failed {
		p.failed = true
		p.note(pr)
	}
	return p.hole()
}

// note reports something that does not keep the expression from being read.
func (p *exprParser) note(pr problem) {
	p.e.Broken = true
	p.e.fault(pr)
}

func (p *exprParser) hole() operand {
	at := p.lex.Peek().Pos.Offset
	return plain(locate(&ast.IdentifierNode{Value: Hole}, at, at))
}

func locate[N ast.Node](n N, from, to int) N {
	n.SetLocation(file.Location{From: from, To: to})
	return n
}

func locateAt[N ast.Node](n N, t *lexer.Token) N { return locate(n, t.Pos.Offset, end(t)) }

// enter counts nesting; leave must follow. It fails beyond the limit.
func (p *exprParser) enter(t *lexer.Token) bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail(tooDeepExpression(t))
	}
	return !p.failed
}

func (p *exprParser) leave() { p.depth-- }

// nothing reports an expression that is missing altogether.
func (p *exprParser) nothing() bool {
	t := p.lex.Peek()
	if !endsLine(t) && !(is(t, "{") && !p.objects) && !is(t, ",") && !(t.Type == tokName && isEndWord[t.Value] && !is(p.second(), "(")) {
		return false
	}
	before := previous(p.lex)
	p.e.setSpan(end(before), end(before))
	p.e.Broken = true
	p.e.Node = p.hole().node
	what := "a value is missing after `" + before.Value + "`"
	if before.Value == "wait" && is(t, "for") {
		p.e.fault(at(t, diag.Unexpected, "`wait` takes its time without `for`: wait 1 day"))
		p.failed = true
		p.lex.Next()
		return true
	}
	switch before.Value {
	case "where", "when", "if", "while":
		what = "a condition is missing after `" + before.Value + "`"
	case "for", "within", "after", "to", "wait":
		what = "a duration is missing after `" + before.Value + "`"
	}
	pr := incomplete(what)
	if before.Value == "where" || before.Value == ":" {
		pr = at(before, diag.Incomplete, what)
	}
	p.e.fault(pr)
	return true
}

// skip goes to where the expression probably ends: behind the brackets that
// are open, unless a line in between begins a statement.
func (p *exprParser) skip() {
	for depth := p.open; ; {
		t := p.lex.Peek()
		switch {
		case t.EOF(), t.Type == tokNewline && depth == 0, startsDecl(p.lex), isMark(t):
			return
		case t.Type == tokNewline:
			here := p.lex.MakeCheckpoint()
			p.lex.Next()
			if next := p.lex.Peek(); next.Type == tokName && statementWords[next.Value] || next.EOF() {
				p.lex.LoadCheckpoint(here)
				return
			}
			continue
		case is(t, "("), is(t, "["), is(t, "{") && (depth > 0 || p.objects):
			depth++
		case is(t, "{"):
			return
		case is(t, ")"), is(t, "]"), is(t, "}"):
			if depth == 0 && is(t, "}") {
				return
			}
			depth = max(depth-1, 0)
		case depth == 0 && (t.Type == tokName && isEndWord[t.Value] || p.objects && is(t, ",")):
			return
		}
		p.lex.Next()
	}
}

// trailing looks at what follows an expression. A word that should have been
// another one is reported and put right; the answer is then whether to read
// the expression again.
func (p *exprParser) trailing(inBraces, mend bool) (again bool) {
	t := p.lex.Peek()
	switch {
	case is(t, "="):
		p.fail(p.noComparison(t))
	case is(t, "|"):
		p.fail(notInExpressions(t, "there is no `|`; call the function: count(list)"))
	case is(t, ")"), is(t, "]"):
		p.fail(stray(t))
	case t.Type != tokName || isEndWord[t.Value]:
	case statementWords[t.Value]:
		p.note(at(t, diag.Unexpected, "an expression ends with its line; "+show(t)+" begins a new one"))
	default:
		return p.mend(t, mend)
	}
	return false
}

// noComparison is for `=`, `=>` and `=<`.
func (p *exprParser) noComparison(t *lexer.Token) problem {
	pr := at(t, diag.NotInExpressions, "`=` does not compare; write `==`")
	pr.suggest = "=="
	if next := p.second(); (is(next, ">") || is(next, "<")) && next.Pos.Offset == end(t) {
		pr.suggest = next.Value + "="
		pr.message = fmt.Sprintf("`=%s` is written `%s=`", next.Value, next.Value)
		pr.end = end(next)
	}
	return pr
}

// mend deals with a word that neither continues nor ends an expression.
func (p *exprParser) mend(t *lexer.Token, again bool) bool {
	if previous(p.lex).Type == tokNumber {
		if pr, bad := unitOfCalendar(t); bad {
			p.fail(pr)
			return false
		}
	}
	switch before := previous(p.lex); {
	case is(before, "no"):
		p.fail(at(before, diag.UnknownWord, fmt.Sprintf("there is no `no` in a condition; write count(%s in last 1 hour) == 0", t.Value)))
		return false
	case is(before, "next") && weekdays[t.Value] != nil:
		p.fail(at(before, diag.UnknownWord, "leave out `next`: wait until monday at 09:00"))
		return false
	}
	if foreign, ok := inExpressions[t.Value]; ok {
		pr := at(t, diag.UnknownWord, foreign.message)
		pr.suggest = foreign.suggest
		p.fail(pr)
		return false
	}
	meant := diag.Suggest(t.Value, continuing)
	pr := at(t, diag.UnknownWord, show(t)+" does not fit into this expression")
	pr.suggest = meant
	p.note(pr)
	if meant == "" || !again {
		p.failed = true
		return false
	}
	readAs(t, meant)
	return !isEndWord[meant]
}

// continuing are the words that can follow an operand.
var continuing = slices.Concat(operatorWords, endWords)

// Extent is where an expression stands from its first character to its last,
// as far as its nodes know: closing brackets are not part of it.
func Extent(n ast.Node) (from, to int) {
	v := extent{from: 1 << 60}
	ast.Walk(&n, &v)
	return v.from, v.to
}

type extent struct{ from, to int }

// Visit widens the extent to a node.
func (e *extent) Visit(n *ast.Node) {
	loc := (*n).Location()
	e.from, e.to = min(e.from, loc.From), max(e.to, loc.To)
}
