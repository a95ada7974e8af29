package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Pair is a value with its name, as in `with { percent: 10 }`.
//
//	Pair = ( Name | String ) ":" Expr .
type Pair struct {
	statement
	Name  Name // of a String its text
	Value *Expr
}

// Pairs are pairs in braces, separated by commas or line ends.
//
//	Pairs = "{" ( Pair ( "," | newline ) )* "}" .
type Pairs struct {
	node
	Items []*Pair

	faults
}

var (
	_ participle.Parseable = (*Pair)(nil)
	_ participle.Parseable = (*Pairs)(nil)
)

// Parse reads pairs.
func (p *Pairs) Parse(lex *lexer.PeekingLexer) error {
	lang().pairs.parseBody(lex, &p.node, &p.faults, func(s Statement) {
		p.Items = append(p.Items, s.(*Pair))
	})
	return nil
}

// Parse reads a pair. Its value may begin with a brace, and ends with a comma.
func (p *Pair) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	switch t.Type {
	case tokName:
		p.Name.Text = canonical(t.Value)
	case tokString:
		p.Name.Text, _ = readText(t.Value, t.Pos.Offset)
	default:
		return &participle.UnexpectedTokenError{Unexpected: *t, Expect: "Name"}
	}
	lex.Next()
	p.Name.setSpan(t.Pos.Offset, end(t))
	if colon := lex.Peek(); !is(colon, ":") {
		return &participle.UnexpectedTokenError{Unexpected: *colon, Expect: `":"`}
	}
	lex.Next()
	p.Value = new(Expr)
	p.Value.parse(lex, true)
	return nil
}

func pairRule() *rule {
	r := described("NAME: EXPR")
	r.parse = func(lex *lexer.PeekingLexer) (Statement, error) {
		p := new(Pair)
		return p, p.Parse(lex)
	}
	return r
}
