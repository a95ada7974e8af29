package format

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"journey/dsl/syntax"
)

// column notes where the columns of a statement begin, and says with which
// other statements they are aligned. Statements without columns need not be
// mentioned.
func (p *printer) column(s syntax.Statement, first, last int) (kind string) {
	begin := func(column int, n syntax.Node) {
		if i, ok := p.at[n.Span().Start]; ok && i > first {
			p.columns[i] = column
		}
	}
	// equals begins a column at the `=` before an expression.
	equals := func(column int, e *syntax.Expr) {
		if e != nil {
			if i, ok := p.at[e.Span().Start]; ok {
				p.columns[i-1] = column
			}
		}
	}
	switch s := s.(type) {
	case *syntax.Trait:
		if s.Wire == nil {
			begin(1, s.Type)
			equals(2, s.Computed)
		}
		return "trait"
	case *syntax.Segment:
		if s.Title != nil {
			begin(1, s.Title)
		}
		equals(2, s.When)
		return "segment"
	case *syntax.TagRule:
		if e := s.While; e != nil {
			if i, ok := p.at[e.Span().Start]; ok {
				p.columns[i-1] = 1 // at the `while`
			}
		}
		return "tag"
	case *syntax.Property:
		if s.Wire == nil {
			begin(1, s.Type)
		}
		return "property"
	case *syntax.Pair:
		begin(1, s.Value)
		return "pair"
	case *syntax.DataPair:
		begin(1, s.Value)
		return "pair"
	case *syntax.Branch:
		begin(1, &s.Name)
		begin(2, s.Steps)
		return "branch"
	case *syntax.Happens:
		p.afterMoment(s.At, last)
		return "at"
	case *syntax.ImportIdentify:
		p.afterWord(first, last)
		equals(2, s.Value)
		return "import"
	case *syntax.ImportSet:
		p.afterWord(first, last)
		equals(2, s.Value)
		return "import"
	case *syntax.ImportAt:
		p.afterWord(first, last)
		return "import"
	case *syntax.ValidFor, *syntax.Resend:
		return "clause" // of several words: in doubt resend
	case syntax.Setting:
		p.afterWord(first, last)
		return "setting"
	case syntax.MessageClause:
		p.afterWord(first, last)
		return "clause"
	}
	return ""
}

// afterWord begins a column behind the first word.
func (p *printer) afterWord(first, last int) {
	if last > first {
		p.columns[first+1] = 1
	}
}

// afterMoment begins a column behind the time of what happens in a test.
func (p *printer) afterMoment(m *syntax.Moment, last int) {
	end := m.Span().End
	for i := p.at[m.Span().Start]; i <= last; i++ {
		if p.toks[i].start >= end {
			p.columns[i] = 1
			return
		}
	}
}

// align puts the columns and the comments of lines that follow each other
// under each other.
func align(lines []*line) {
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && lines[to].follows(lines[from]) && lines[from].kind != "" {
			to++
		}
		alignColumns(lines[from:to])
		from = to
	}
	for from := 0; from < len(lines); {
		to := from + 1
		for to < len(lines) && lines[to].goesOn(lines[to-1]) {
			to++
		}
		alignComments(lines[from:to])
		from = to
	}
}

// goesOn says whether the comments of a line stand under those of the line
// before: both have some, or the lines are of one kind and need not.
func (l *line) goesOn(before *line) bool {
	return !l.blank && !l.raw && l.indent == before.indent &&
		(l.comment != "" && before.comment != "" || l.kind != "" && l.kind == before.kind)
}

// follows says whether a line is one of a run that begins with another.
func (l *line) follows(first *line) bool {
	return !l.blank && l.kind == first.kind && l.indent == first.indent
}

func alignColumns(lines []*line) {
	for column := 1; column <= 2; column++ {
		most := 0
		for _, l := range lines {
			if c := l.cut(column); c != nil {
				most = max(most, width(strings.TrimRight(l.text[:c.at], " ")))
			}
		}
		for _, l := range lines {
			if c := l.cut(column); c != nil {
				l.pad(c, most+1)
			}
		}
	}
}

func (l *line) cut(column int) *cut {
	i := slices.IndexFunc(l.cuts, func(c cut) bool { return c.column == column })
	if i < 0 {
		return nil
	}
	return &l.cuts[i]
}

// pad moves a column, and those behind it, to the right.
func (l *line) pad(c *cut, to int) {
	at := c.at
	blanks := to - width(l.text[:at])
	if blanks <= 0 {
		return
	}
	l.text = l.text[:at] + strings.Repeat(" ", blanks) + l.text[at:]
	for i := range l.cuts {
		if l.cuts[i].at >= at {
			l.cuts[i].at += blanks
		}
	}
}

// alignComments writes the comments behind lines.
func alignComments(lines []*line) {
	most := 0
	for _, l := range lines {
		if l.comment != "" {
			most = max(most, width(l.text))
		}
	}
	for _, l := range lines {
		if l.comment != "" {
			l.text += strings.Repeat(" ", most-width(l.text)+2) + l.comment
		}
	}
}

// render is the text of lines.
func render(lines []*line) string {
	var b strings.Builder
	for _, l := range lines {
		if l.blank {
			b.WriteByte('\n')
		}
		if l.text != "" {
			if !l.raw {
				b.WriteString(strings.Repeat(" ", l.indent))
			}
			b.WriteString(l.text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// width is the number of columns that a text takes in an editor.
func width(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return uniseg.StringWidth(text)
		}
	}
	return len(text)
}
