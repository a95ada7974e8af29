package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// EnterYearly is an entry in each year: on a date of the person, or some days
// before or after it.
//
//	EnterYearly = "enter" "yearly" ( "on" | Duration ( "before" | "after" ) ) TraitRef ( "at" Clock )? ( "where" Expr )? .
type EnterYearly struct {
	asClause
	On    bool      `parser:"'enter' 'yearly' ( @'on'"`
	Apart *Duration `parser:"| @@"`
	Side  string    `parser:"@( 'before' | 'after' ) )"`
	Trait TraitRef  `parser:"@@"`
	At    *Clock    `parser:"( 'at' @@ )?"`
	Where *Expr     `parser:"( 'where' @@ )?"`
}

// EnterDate is an entry before or after one date or time of the person.
//
//	EnterDate = "enter" Duration ( "before" | "after" ) TraitRef ( "at" Clock )? ( "where" Expr )? .
type EnterDate struct {
	asClause
	Apart *Duration `parser:"'enter' @@"`
	Side  string    `parser:"@( 'before' | 'after' )"`
	Trait TraitRef  `parser:"@@"`
	At    *Clock    `parser:"( 'at' @@ )?"`
	Where *Expr     `parser:"( 'where' @@ )?"`
}

// EnterClock is an entry by the clock: every day, on days of the week, on
// days of the month.
//
//	EnterClock = "enter" ( "daily" | "monthly" "on" Monthday ( "," Monthday )* | "on" Days ) "at" Clock ( "on" Days )? ( "where" Expr )? .
type EnterClock struct {
	asClause
	Daily   bool       `parser:"'enter' ( @'daily'"`
	Monthly []Monthday `parser:"| 'monthly' 'on' @@ ( ',' @@ )*"`
	Days    *Days      `parser:"| 'on' @@ )"`
	At      Clock      `parser:"'at' @@"`
	On      *Days      `parser:"( 'on' @@ )?"`
	Where   *Expr      `parser:"( 'where' @@ )?"`
}

// EnterDay is an entry on one date of the calendar.
//
//	EnterDay = "enter" "on" Date "at" Clock ( "where" Expr )? .
type EnterDay struct {
	asClause
	Date  Date  `parser:"'enter' 'on' @@"`
	At    Clock `parser:"'at' @@"`
	Where *Expr `parser:"( 'where' @@ )?"`
}

// TraitRef names a trait.
//
//	TraitRef = "profile" "." Name .
type TraitRef struct {
	Name Name `parser:"'profile' '.' @@"`
}

// Date is a date where only a literal can stand: 2026-12-25.
type Date struct {
	node
	Value value.Date
}

// Monthday is a day of the month: a number, or `last`.
type Monthday struct {
	node
	Day int // 0: last

	faults
}

var (
	_ participle.Parseable = (*Date)(nil)
	_ participle.Parseable = (*Monthday)(nil)
)

// Parse reads a date.
func (d *Date) Parse(lex *lexer.PeekingLexer) error {
	text, err := d.take(lex, tokDate)
	if err == nil {
		d.Value, _ = parseDate(text)
	}
	return err
}

// Parse reads a day of the month.
func (m *Monthday) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	if t.Type == tokName && (t.Value == "last" || diag.Suggest(t.Value, []string{"last"}) != "") {
		if t.Value != "last" {
			p := at(t, diag.UnknownWord, show(t)+" is no day of the month")
			p.suggest = "last"
			m.fault(p)
		}
		lex.Next()
		m.setSpan(t.Pos.Offset, end(t))
		return nil
	}
	text, err := m.take(lex, tokNumber)
	if err != nil {
		return err
	}
	n := readNumber(text)
	if n < 1 || n > 31 || n != float64(int(n)) {
		m.fault(at(t, diag.BadDate, "a day of the month is a number from 1 to 31, or `last`"))
		n = 1
	}
	m.Day = int(n)
	return nil
}
