package diag

import (
	"strings"
	"unicode/utf8"
)

// Position is a place for people: line and column from 1, the column in
// characters.
type Position struct {
	Line, Column int
}

// Position is where the span begins. A span without a file begins nowhere:
// the zero Position.
func (s Span) Position() Position { return s.File.position(s.Start) }

// EndPosition is the place behind the span's last character.
func (s Span) EndPosition() Position { return s.File.position(s.End) }

// Text is the source between the span's ends.
func (s Span) Text() string {
	if s.File == nil {
		return ""
	}
	start := clamp(s.Start, len(s.File.Text))
	return s.File.Text[start:max(start, clamp(s.End, len(s.File.Text)))]
}

// position counts from the beginning of the file; for many positions in one
// file a Mapper is faster.
func (f *File) position(offset int) Position {
	if f == nil {
		return Position{}
	}
	before := f.Text[:clamp(offset, len(f.Text))]
	bol := strings.LastIndexByte(before, '\n') + 1
	return Position{Line: 1 + strings.Count(before, "\n"), Column: 1 + characters(before[bol:], bol == 0)}
}

// characters counts those of the beginning of a line. A byte order mark at
// the beginning of a file is none.
func characters(s string, first bool) int {
	if first {
		s = strings.TrimPrefix(s, bom)
	}
	return utf8.RuneCountInString(s)
}

const bom = "\ufeff"

func clamp(offset, size int) int { return max(0, min(offset, size)) }
