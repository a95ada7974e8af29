package syntax

import (
	"strconv"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// EventRef names an event: by its name or, as a String, by its name on the
// wire. A change of a trait may stand there, too; Name is then empty.
//
//	EventRef = Name | String | "change" "of" "profile" "." Name .
type EventRef struct {
	node
	Name   string
	Wire   bool  // Name is the name on the wire
	Change *Name // the trait that changes

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
	if t.Type == tokName && t.Value == "change" && near(lex.Peek(), "of") {
		return e.change(lex)
	}
	return nil
}

// change reads what follows `change`: `of profile.TRAIT`.
func (e *EventRef) change(lex *lexer.PeekingLexer) error {
	for _, want := range []string{"of", "profile", "."} {
		t := lex.Peek()
		if !is(t, want) {
			return &participle.UnexpectedTokenError{Unexpected: *t, Expect: strconv.Quote(want)}
		}
		lex.Next()
	}
	e.Change, e.Name = new(Name), ""
	if e.Change.Parse(lex) != nil {
		return &participle.UnexpectedTokenError{Unexpected: *lex.Peek(), Expect: "Name"}
	}
	e.end = e.Change.end
	return nil
}
