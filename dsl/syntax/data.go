package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// DataKind says what a Data is.
type DataKind uint8

// The kinds of data.
const (
	DataNull DataKind = iota
	DataText
	DataNumber
	DataBoolean
	DataDate     // Value is value.Date
	DataTime     // Value is value.Local, with an offset value.Time
	DataDuration // Value is value.Duration
	DataList
	DataObject
)

// Data is a value as it arrives from outside, in a test: JSON, with dates,
// times and durations beside.
//
//	Data = String | "-"? Number | Duration | Date | DateTime | "true" | "false" | "null" | DataList | DataObject .
//	DataList = "[" ( Data ( "," | newline ) )* "]" .
//	DataObject = "{" ( DataPair ( "," | newline ) )* "}" .
type Data struct {
	node
	Kind  DataKind
	Value any         // of what is neither a list nor an object
	List  []*Data     // of a list
	Pairs []*DataPair // of an object

	faults
}

// DataPair is a value with its name.
//
//	DataPair = ( Name | String ) ":" Data .
type DataPair struct {
	statement
	Name  Name // of a String its text
	Value *Data
}

var (
	_ participle.Parseable = (*Data)(nil)
	_ participle.Parseable = (*DataPair)(nil)
)

// Parse reads data.
func (d *Data) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	switch {
	case is(t, "{"):
		d.Kind = DataObject
		lang().data.parseBody(lex, &d.node, &d.faults, func(s Statement) { d.Pairs = append(d.Pairs, s.(*DataPair)) })
		return nil
	case is(t, "["):
		d.Kind = DataList
		d.list(lex)
		return nil
	}
	return d.scalar(lex, t)
}

func (d *Data) scalar(lex *lexer.PeekingLexer, t *lexer.Token) error {
	minus := is(t, "-")
	first := t
	if minus {
		lex.Next()
		t = lex.Peek()
	}
	after := func() *lexer.Token { lex.Next(); return lex.Peek() }
	switch t.Type {
	case tokString:
		d.Kind = DataText
		d.Value, _ = readText(t.Value, t.Pos.Offset)
	case tokNumber:
		d.Kind = DataNumber
		n := readNumber(t.Value)
		if minus {
			n = -n
		}
		d.Value = n
		if unit := after(); unit.Type == tokName && longUnits[unit.Value] != 0 {
			d.Kind = DataDuration
			d.Value, _ = times(n, longUnits[unit.Value])
			lex.Next()
			d.setSpan(first.Pos.Offset, end(unit))
			return nil
		}
		d.setSpan(first.Pos.Offset, end(t))
		return nil
	case tokDuration:
		d.Kind = DataDuration
		x, _ := shortDuration(t.Value)
		if minus {
			x = -x
		}
		d.Value = x
	case tokDate:
		d.Kind = DataDate
		d.Value, _ = parseDate(t.Value)
	case tokDateTime:
		d.Kind = DataTime
		d.Value = dateTime(t.Value)
	case tokName:
		switch t.Value {
		case "true", "false":
			d.Kind, d.Value = DataBoolean, t.Value == "true"
		case "null":
			d.Kind = DataNull
		default:
			return notData(t)
		}
	default:
		return notData(t)
	}
	if minus && d.Kind != DataDuration {
		return notData(first)
	}
	lex.Next()
	d.setSpan(first.Pos.Offset, end(t))
	return nil
}

// notData is for what is no value that is written out.
func notData(t *lexer.Token) error {
	return &participle.UnexpectedTokenError{Unexpected: *t, Expect: "Data"}
}

// list reads a list; line ends divide, too.
func (d *Data) list(lex *lexer.PeekingLexer) {
	open := lex.Next()
	d.setSpan(open.Pos.Offset, end(open))
	for {
		t := lex.Peek()
		switch {
		case t.Type == tokNewline || is(t, ","):
			lex.Next()
			continue
		case is(t, "]"):
			lex.Next()
			d.end = end(t)
			return
		}
		item := new(Data)
		if item.Parse(lex) != nil {
			d.stop(lex, open)
			return
		}
		d.List = append(d.List, item)
		d.end = item.end
		if t := lex.Peek(); !is(t, ",") && !is(t, "]") && t.Type != tokNewline {
			d.stop(lex, open)
			return
		}
	}
}

// stop reports what does not belong into a list, and goes on behind it.
func (d *Data) stop(lex *lexer.PeekingLexer, open *lexer.Token) {
	bad := lex.Peek()
	if endsLine(bad) || startsDecl(lex) {
		d.fault(unclosedBracket(open))
		return
	}
	d.fault(at(bad, diag.Unexpected, show(bad)+" does not fit here: data is written out, like \"text\", 120, 2026-12-25, 3d, true, [ … ] or { … }"))
	for depth := 0; ; {
		t := lex.Peek()
		switch {
		case t.EOF(), startsDecl(lex):
			return
		case is(t, "["), is(t, "{"), is(t, "("):
			depth++
		case is(t, "]") && depth == 0:
			lex.Next()
			d.end = end(t)
			return
		case is(t, "]"), is(t, "}"), is(t, ")"):
			if depth == 0 {
				return
			}
			depth--
		case t.Type == tokNewline && depth == 0:
			return
		}
		lex.Next()
	}
}

// Parse reads a value with its name.
func (p *DataPair) Parse(lex *lexer.PeekingLexer) error {
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
	p.Value = new(Data)
	return p.Value.Parse(lex)
}

func dataRule() *rule {
	r := described("NAME: VALUE")
	r.parse = func(lex *lexer.PeekingLexer) (Statement, error) {
		p := new(DataPair)
		var rule participle.Parseable = p // called by its interface: its own blocks are read by this rule
		return p, rule.Parse(lex)
	}
	return r
}
