package syntax

import (
	"slices"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// Type is the type of a trait or property.
//
//	Type = "list" "of" Type | "{" Property* "}" | Name ( "one" "of" String ( "," String )* )? ( "format" String )? .
type Type struct {
	node
	Kind   Name        // "text", "list", …; "" for an object
	Elem   *Type       // of a list
	Fields *Properties // of an object
	OneOf  []*String   // the only values allowed; empty: any
	Format *String     // how a date, time or number is written; nil: not said

	faults
}

var _ participle.Parseable = (*Type)(nil)

// maxLists bounds `list of list of …`.
const maxLists = 8

// Parse reads a type.
func (t *Type) Parse(lex *lexer.PeekingLexer) error { return t.parse(lex, 0) }

func (t *Type) parse(lex *lexer.PeekingLexer, lists int) error {
	first := lex.Peek()
	switch {
	case is(first, "{"):
		t.Fields = new(Properties)
		_ = t.Fields.Parse(lex)
		t.setSpan(t.Fields.start, t.Fields.end)
		return nil
	case first.Type != tokName || first.Value == "optional":
		return participle.NextMatch
	}
	_ = t.Kind.Parse(lex)
	t.node = t.Kind.node
	if first.Value == "list" {
		t.list(lex, first, lists)
		return nil
	}
	if _, ok := value.KindOf(first.Value); !ok {
		t.fault(unknownType(first, diag.Suggest(first.Value, typeWords)))
	}
	t.oneOf(lex)
	t.format(lex)
	return nil
}

// format reads `format "dd/mm/yyyy"`.
func (t *Type) format(lex *lexer.PeekingLexer) {
	word := lex.Peek()
	if !is(word, "format") {
		return
	}
	lex.Next()
	s := new(String)
	if s.Parse(lex) != nil {
		t.end = end(word)
		t.fault(at(word, diag.Incomplete, "the format is missing: `format \"dd/mm/yyyy\"`"))
		return
	}
	t.Format, t.end = s, s.end
}

func (t *Type) list(lex *lexer.PeekingLexer, first *lexer.Token, lists int) {
	if !is(lex.Peek(), "of") {
		t.fault(at(first, diag.Incomplete, "a list says of what: `list of text`"))
		return
	}
	t.end = end(lex.Next())
	t.Elem = new(Type)
	switch {
	case lists == maxLists:
		t.fault(at(first, diag.TooDeep, "lists of lists can be nested no deeper"))
	case t.Elem.parse(lex, lists+1) != nil:
		t.Elem = nil
		t.fault(at(first, diag.Incomplete, "a list says of what: `list of text`"))
	default:
		t.end = t.Elem.end
	}
}

// oneOf reads `one of "a", "b"`. In a list of properties a comma may also
// begin the next property, which is no text.
func (t *Type) oneOf(lex *lexer.PeekingLexer) {
	one := lex.Peek()
	if !is(one, "one") {
		return
	}
	lex.Next()
	if !is(lex.Peek(), "of") {
		t.fault(at(one, diag.Incomplete, "the values are missing: `one of \"a\", \"b\"`"))
		return
	}
	lex.Next()
	for {
		s := new(String)
		if s.Parse(lex) != nil {
			t.fault(at(one, diag.Incomplete, "the values are missing: `one of \"a\", \"b\"`"))
			return
		}
		t.OneOf = append(t.OneOf, s)
		t.end = s.end
		comma := lex.MakeCheckpoint()
		if !is(lex.Peek(), ",") {
			return
		}
		lex.Next()
		for lex.Peek().Type == tokNewline {
			lex.Next()
		}
		if lex.Peek().Type != tokString {
			lex.LoadCheckpoint(comma)
			return
		}
	}
}

var typeWords = slices.Concat(value.KindWords(), []string{"list"})
