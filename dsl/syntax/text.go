package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// String is a text in quotes, with its escapes resolved and, if it spans
// lines, its indentation taken away.
//
//	String = '"' … '"' | '"""' … '"""' .
type String struct {
	node
	Value  string
	pieces []piece
}

// piece says that Value[at:], up to the next piece, stands at src in the file.
type piece struct{ at, src int }

// Part is where Value[from:to] stands in the file. It is for diagnostics
// about what is written inside the text, such as a template.
func (s *String) Part(from, to int) diag.Span {
	start, end := s.offset(from), s.offset(to)
	if end < start {
		end = start
	}
	return diag.Span{File: s.file, Start: start, End: end}
}

func (s *String) offset(at int) int {
	lo, hi := 0, len(s.pieces)
	for lo < hi {
		if mid := (lo + hi) / 2; s.pieces[mid].at <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return s.start
	}
	p := s.pieces[lo-1]
	return min(p.src+at-p.at, s.end)
}

var _ participle.Parseable = (*String)(nil)

// Parse reads a text in quotes.
func (s *String) Parse(lex *lexer.PeekingLexer) error {
	t := lex.Peek()
	if t.Type != tokString {
		return participle.NextMatch
	}
	lex.Next()
	s.Value, s.pieces = readText(t.Value, t.Pos.Offset)
	s.setSpan(t.Pos.Offset, end(t))
	return nil
}
