package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// EventRef names an event: by its name or, as a String, by its name on the
// wire.
//
//	EventRef = Name | String .
type EventRef struct {
	node
	Name string
	Wire bool // Name is the name on the wire

	faults
}

var _ participle.Parseable = (*EventRef)(nil)

// Parse reads the name of an event.
func (e *EventRef) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	switch {
	case t.Type == tokName && !isEndWord[t.Value]:
		e.Name = canonical(t.Value)
	case t.Type == tokString:
		e.Name, _ = readText(t.Value, t.Pos.Offset)
		e.Wire = true
	default:
		return participle.NextMatch
	}
	lex.Next()
	e.setSpan(t.Pos.Offset, end(t))
	if next := lex.Peek(); is(t, "change") && is(next, "of") {
		e.change(lex, t)
	}
	return nil
}

// change refuses `change of profile.TRAIT`.
func (e *EventRef) change(lex *lexer.PeekingLexer, first *lexer.Token) {
	e.fault(reserved(first, lex.Next(), "change of"))
	for _, want := range []string{"profile", ".", ""} {
		if t := lex.Peek(); is(t, want) || want == "" && t.Type == tokName {
			lex.Next()
		}
	}
}
