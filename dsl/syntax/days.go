package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

import "time"

// Days are days of the week.
//
//	Days = Weekday ( "," Weekday )* .
//	Weekday = "monday" | … | "sunday" | "weekdays" | "weekends" .
type Days struct {
	node
	Days []time.Weekday // as written; `weekdays` and `weekends` are spelled out

	faults
}

var _ participle.Parseable = (*Days)(nil)

// Parse reads days of the week.
func (d *Days) Parse(lex *lexer.PeekingLexer) error {
	if lex.Peek().Type != tokName {
		return participle.NextMatch
	}
	d.start = lex.Peek().Pos.Offset
	for {
		t := lex.Peek()
		if t.Type != tokName {
			d.fault(at(t, diag.Unexpected, "a day of the week is missing before "+show(t)))
			return nil
		}
		lex.Next()
		d.end = end(t)
		days := weekdays[t.Value]
		if days == nil {
			d.fault(unknownDay(t))
		}
		d.Days = append(d.Days, days...)
		if !is(lex.Peek(), ",") {
			return nil
		}
		lex.Next()
	}
}
