package diag

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Mapper converts the byte offsets of one file to what the world outside
// counts in: lines and characters for people, UTF-16 units for editors, cells
// for terminals. It is read-only after NewMapper and safe to share.
type Mapper struct {
	file  *File
	lines []int // offset of the beginning of each line
	// long counts the characters before every 1,024th byte of a file with a
	// line in which counting would take long; nil: there is none.
	long []int
}

const (
	longLine = 16 << 10 // bytes of a line in which counting would take long
	longStep = 1 << 10
)

// NewMapper finds the lines of a file.
func NewMapper(file *File) *Mapper {
	m := &Mapper{file: file, lines: []int{0}}
	for i := 0; ; {
		n := strings.IndexByte(file.Text[i:], '\n')
		if n > longLine || n < 0 && len(file.Text)-i > longLine {
			m.count()
		}
		if n < 0 {
			return m
		}
		i += n + 1
		m.lines = append(m.lines, i)
	}
}

// count counts characters for long lines.
func (m *Mapper) count() {
	if m.long != nil {
		return
	}
	n := 0
	for i := 0; i < len(m.file.Text); i += longStep {
		m.long = append(m.long, n)
		n += starts(m.file.Text[i:min(len(m.file.Text), i+longStep)])
	}
}

// starts counts the bytes that begin a character. What is not UTF-8 has
// others, too, and is not shown in places that anybody counts.
func starts(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i]&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

// Position is an offset as line and column, from 1, in characters.
func (m *Mapper) Position(offset int) Position {
	line, before := m.before(offset)
	if m.long != nil && len(before) > longLine {
		start, end := m.lines[line], m.lines[line]+len(before)
		n := m.long[end/longStep] + starts(m.file.Text[end/longStep*longStep:end]) -
			m.long[start/longStep] - starts(m.file.Text[start/longStep*longStep:start])
		if line == 0 && strings.HasPrefix(before, bom) {
			n--
		}
		return Position{Line: line + 1, Column: 1 + n}
	}
	return Position{Line: line + 1, Column: 1 + characters(before, line == 0)}
}

// UTF16 is an offset as editors count (Language Server Protocol): line and
// column from 0, the column in UTF-16 code units.
func (m *Mapper) UTF16(offset int) (line, column int) {
	line, before := m.before(offset)
	for _, r := range before {
		column += utf16Units(r)
	}
	return line, column
}

// Offset is the inverse of UTF16. A column behind the end of its line is that
// end, a line behind the last one the end of the file; a column inside a
// character is that character.
func (m *Mapper) Offset(line, column int) int {
	if line < 0 {
		return 0
	}
	if line >= len(m.lines) {
		return len(m.file.Text)
	}
	text := m.Line(line)
	for i, r := range text {
		if column -= utf16Units(r); column < 0 {
			return m.lines[line] + i
		}
	}
	return m.lines[line] + len(text)
}

// Line is the text of a line, counted from 0, without its end.
func (m *Mapper) Line(line int) string {
	start, end := m.lines[line], len(m.file.Text)
	if line+1 < len(m.lines) {
		end = m.lines[line+1] - 1
	}
	return strings.TrimSuffix(m.file.Text[start:end], "\r")
}

// Lines is the number of lines.
func (m *Mapper) Lines() int { return len(m.lines) }

// Cells is an offset as its line, from 0, and the number of terminal cells
// before it, as Text shows the line.
func (m *Mapper) Cells(offset int) (line, cells int) {
	line, before := m.before(offset)
	_, cells = display(before)
	return line, cells
}

// before is the line of an offset, from 0, and the text of the line before it.
func (m *Mapper) before(offset int) (int, string) {
	offset = clamp(offset, len(m.file.Text))
	line, found := slices.BinarySearch(m.lines, offset)
	if !found {
		line--
	}
	return line, m.file.Text[m.lines[line]:offset]
}

func utf16Units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// mappers keeps those of the files that one rendering shows.
type mappers map[*File]*Mapper

func (ms mappers) of(file *File) *Mapper {
	m := ms[file]
	if m == nil {
		m = NewMapper(file)
		ms[file] = m
	}
	return m
}

// Sort orders diagnostics by file, place and severity and drops those that
// say the same at the same place. It reorders the slice it is given.
func Sort(ds []Diagnostic) []Diagnostic {
	sort.SliceStable(ds, func(i, j int) bool { return compare(&ds[i], &ds[j]) < 0 })
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool { return compare(&a, &b) == 0 })
}

func compare(a, b *Diagnostic) int {
	if c := strings.Compare(a.Span.name(), b.Span.name()); c != 0 {
		return c
	}
	for _, c := range [...]int{a.Span.Start - b.Span.Start, a.Span.End - b.Span.End, int(a.Severity) - int(b.Severity),
		strings.Compare(string(a.Code), string(b.Code)), strings.Compare(a.Message, b.Message)} {
		if c != 0 {
			return c
		}
	}
	return 0
}

func (s Span) name() string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}

// HasErrors says whether one of the diagnostics is an error.
func HasErrors(ds []Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}

// runeLength is the length in bytes of the character at the beginning.
func runeLength(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
