package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// WaitFor waits at most some time for one of several things.
//
//	WaitFor = "wait" "up" "to" Expr ( "for" ( Alternatives | Alternative ) | "until" Until ) ( "otherwise" Block )? .
type WaitFor struct {
	asStep
	UpTo      *Expr         `parser:"'wait' 'up' 'to' @@"`
	Any       *Alternatives `parser:"( 'for' ( @@"`
	One       *Alternative  `parser:"| @@ )"`
	Until     *Until        `parser:"| 'until' @@ )"`
	Otherwise *Block        `parser:"( 'otherwise' @@ )?"`
}

// Alternatives are things of which a wait waits for the first.
//
//	Alternatives = "{" ( Alternative newline )* "}" .
type Alternatives struct {
	node
	Items []*Alternative

	faults
}

// Alternative is one thing that ends a wait: an event or, inside braces, a
// condition. Just one of Event and When is set.
//
//	Alternative = ( "when" Expr | EventRef ( "where" Expr )? ( "since" "entry" )? ) Block? .
type Alternative struct {
	statement
	When       *Expr     `parser:"( 'when' @@"`
	Event      *EventRef `parser:"| @@"`
	Where      *Expr     `parser:"( 'where' @@ )?"`
	SinceEntry bool      `parser:"( @'since' 'entry' )? )"`
	Then       *Block    `parser:"( (?= '{') @@ )?"`
}

// Until is the condition that ends a wait.
//
//	Until = Expr Block? .
type Until struct {
	When *Expr  `parser:"@@"`
	Then *Block `parser:"( (?= '{') @@ )?"`
}

var _ participle.Parseable = (*Alternatives)(nil)

// Parse reads alternatives.
func (a *Alternatives) Parse(lex *lexer.PeekingLexer) error {
	if !is(lex.Peek(), "{") {
		return participle.NextMatch // a single alternative has no braces
	}
	lang().alternatives.parseBody(lex, &a.node, &a.faults, func(s Statement) {
		a.Items = append(a.Items, s.(*Alternative))
	})
	return nil
}
