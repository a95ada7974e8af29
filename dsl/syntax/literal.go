package syntax

import (
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/value"
)

// Clock is a time of day: 09:00. 24:00 is the end of the day.
type Clock struct {
	node
	Value value.Clock
}

// Duration is a length of time where only a literal can stand: 24 hours, 1h30m.
//
//	Duration = short | number Unit .
//	Unit     = "second" | "seconds" | "minute" | … | "weeks" .
type Duration struct {
	node
	Value value.Duration
}

// Number is a number where only a literal can stand.
type Number struct {
	node
	Value float64
}

// Percent is a share: 50% has the Value 50.
type Percent struct {
	node
	Value float64
}

var (
	_ participle.Parseable = (*Clock)(nil)
	_ participle.Parseable = (*Duration)(nil)
	_ participle.Parseable = (*Number)(nil)
	_ participle.Parseable = (*Percent)(nil)
)

// take takes the next token if it is of a type.
func (n *node) take(lex *lexer.PeekingLexer, t lexer.TokenType) (string, error) {
	tok := lex.Peek()
	if tok.Type != t {
		return "", participle.NextMatch
	}
	lex.Next()
	n.setSpan(tok.Pos.Offset, end(tok))
	return tok.Value, nil
}

// Parse reads a time of day.
func (c *Clock) Parse(lex *lexer.PeekingLexer) error {
	text, err := c.take(lex, tokClock)
	if err == nil {
		c.Value, _ = parseClock(text)
	}
	return err
}

// Parse reads a duration, short or long.
func (d *Duration) Parse(lex *lexer.PeekingLexer) error {
	if text, err := d.take(lex, tokDuration); err == nil {
		d.Value, _ = shortDuration(text)
		return nil
	}
	text, err := d.take(lex, tokNumber)
	if err != nil {
		return err
	}
	unit := lex.Peek()
	if unit.Type != tokName || longUnits[unit.Value] == 0 {
		return &participle.UnexpectedTokenError{Unexpected: *unit, Expect: "Unit"}
	}
	lex.Next()
	d.Value, _ = times(readNumber(text), longUnits[unit.Value])
	d.end = end(unit)
	return nil
}

// Parse reads a number.
func (n *Number) Parse(lex *lexer.PeekingLexer) error {
	text, err := n.take(lex, tokNumber)
	if err == nil {
		n.Value = readNumber(text)
	}
	return err
}

// Parse reads a percentage.
func (p *Percent) Parse(lex *lexer.PeekingLexer) error {
	text, err := p.take(lex, tokPercent)
	if err == nil {
		p.Value = readNumber(strings.TrimSuffix(text, "%"))
	}
	return err
}
