package format

import (
	"strings"

	"journey/dsl/syntax"
)

const (
	maxWidth = 100 // columns of a line with a block in it
	maxRow   = 120 // of one with the data of a test, which is a row of a table
	step     = 2   // blanks a level
	further  = 4   // blanks before the rest of an expression in the next line
)

// line is a line of the result.
type line struct {
	indent  int
	text    string
	comment string // behind the text
	blank   bool   // a blank line stands before it
	raw     bool   // the inside of a text in quotes: it stands at the margin

	// For lines that are a whole item of a body:
	kind string // lines of one kind are aligned with each other
	cuts []cut  // where columns begin in the text
}

// cut is the beginning of a column.
type cut struct {
	at     int // in the text
	column int
}

// printer makes lines of tokens.
type printer struct {
	*outline
	toks  []token
	lines []*line

	columns map[int]int // index of a token that begins a column → its number
}

func (p *printer) cur() *line { return p.lines[len(p.lines)-1] }

func (p *printer) newline(indent int, blank bool) {
	p.lines = append(p.lines, &line{indent: indent, blank: blank})
}

func (p *printer) text(s string) { p.cur().text += s }

// file prints the declarations.
func (p *printer) file(tree *syntax.File) {
	b := &body{last: len(p.toks) - 1}
	for _, d := range tree.Decls {
		b.items = append(b.items, item{p.at[d.Span().Start], d})
	}
	p.items(b, -1, 0)
}

// items prints the parts of a body, a line each at least, and the comments
// between them.
func (p *printer) items(b *body, open, indent int) {
	done := open + 1 // the first token whose comments are not printed
	first := true    // nothing is printed in the body yet
	for k, it := range b.items {
		blank := p.commentsBefore(done, it.first, indent, &first)
		p.newline(indent, blank && !first)
		first = false
		last := p.itemEnd(b, k)
		p.item(it, last, indent)
		if next := last + 1; p.toks[next].text == "," && p.continues(p.toks[next+1].text) {
			p.text(",")
		}
		done = last + 1
	}
	p.commentsBefore(done, b.last, indent, &first)
}

// continues says whether a line that begins with a word would be read as the
// rest of the line before.
func (p *printer) continues(word string) bool { return word == "else" || word == "otherwise" }

// itemEnd is the last token of an item.
func (p *printer) itemEnd(b *body, k int) int {
	next := b.last
	if k+1 < len(b.items) {
		next = b.items[k+1].first
	}
	for next--; p.toks[next].text == ","; next-- {
	}
	return next
}

// commentsBefore prints the comments before the tokens from one to another,
// and says whether a blank line stands before the last of these tokens.
func (p *printer) commentsBefore(from, to, indent int, first *bool) (blank bool) {
	attach := len(p.lines) > 0 // the next comment may stand behind what is printed
	for _, t := range p.toks[from : to+1] {
		for _, c := range t.comments {
			blank = blank || c.blank
			if attach && !c.own && p.cur().comment == "" {
				p.cur().comment = c.text
			} else {
				p.newline(indent, blank && !*first)
				p.text(c.text)
				*first = false
			}
			attach, blank = false, false
		}
		blank = blank || t.blank
	}
	return blank
}

// item prints an item on the line that has begun.
func (p *printer) item(it item, last, indent int) {
	p.columns = map[int]int{}
	kind := ""
	if s, ok := it.node.(syntax.Statement); ok {
		kind = p.column(s, it.first, last)
	} else {
		kind = "pair"
		p.columns[it.first+2] = 1
	}
	l, before := p.cur(), len(p.lines)
	p.statement(it.first, last, indent)
	if len(p.lines) == before {
		l.kind = kind
	} else {
		l.cuts = nil
	}
}

// bracket is one that is open in the statement being printed.
type bracket struct{ indent int }

// statement prints the tokens of a statement on the line that has begun.
func (p *printer) statement(first, last, indent int) {
	broken := p.decide(first, last, indent)
	var open []bracket
	for i := first; i <= last; i++ {
		t := p.toks[i]
		if i > first {
			p.gap(i, indent, open)
		}
		if column, ok := p.columns[i]; ok {
			p.cur().cuts = append(p.cur().cuts, cut{len(p.cur().text), column})
		}
		switch b := p.bodies[i]; {
		case b != nil && broken[i]:
			around := indent
			if len(open) > 0 {
				around = p.cur().indent
			}
			columns := p.columns
			p.text("{")
			p.items(b, i, around+step)
			p.newline(around, false)
			p.text("}")
			p.columns = columns
			i = b.last
			continue
		case b != nil:
			p.flat(i, b.last)
			i = b.last
			continue
		}
		switch t.text {
		case "(", "[":
			open = append(open, bracket{p.cur().indent})
		case ")", "]":
			open = open[:max(len(open)-1, 0)]
		}
		if !p.idle(i) {
			p.token(t, indent)
		}
	}
}

// idle says whether a token is a comma that divides nothing on its line.
func (p *printer) idle(i int) bool {
	next := p.toks[i+1]
	return p.toks[i].text == "," && len(p.toks[i].comments) == 0 && !next.newline && strings.Contains(")]},", next.text)
}

// gap prints what stands before a token inside of a statement.
func (p *printer) gap(i, indent int, open []bracket) {
	t := p.toks[i]
	rest := indent + further
	switch {
	case len(open) > 0:
		rest = open[len(open)-1].indent + step
	case p.resumes(i):
		rest = indent
	}
	for k, c := range t.comments {
		if k == 0 && !c.own && p.cur().comment == "" {
			p.cur().comment = c.text
			continue
		}
		p.newline(rest, false)
		p.text(c.text)
	}
	switch {
	case len(t.comments) > 0 || t.newline && !p.resumes(i):
		if len(open) > 0 && (t.text == ")" || t.text == "]") {
			rest = open[len(open)-1].indent
		}
		p.newline(rest, false)
	case p.space(i):
		p.text(" ")
	}
}

// resumes says whether a token goes on with a statement after its block, in
// whichever line it stands.
func (p *printer) resumes(i int) bool {
	return p.continues(p.toks[i].text) && p.toks[i-1].text == "}"
}

// flat prints a body on one line.
func (p *printer) flat(open, last int) {
	p.text("{")
	for i := open + 1; i <= last; i++ {
		if p.idle(i) || p.toks[i].text == "," && strings.HasSuffix(p.cur().text, "{") {
			continue
		}
		if p.space(i) {
			p.text(" ")
		}
		p.text(p.toks[i].text)
	}
}

// space says whether a blank stands before a token on the same line.
func (p *printer) space(i int) bool {
	before, t := p.toks[i-1], p.toks[i]
	switch t.text {
	case ",", ")", "]":
		return false
	case ":":
		return p.marks[i]&ternary != 0
	case ".":
		if p.marks[i]&element == 0 {
			return false
		}
	case "(":
		if p.marks[i-1]&callee != 0 {
			return false
		}
	case "[":
		if p.marks[i]&index != 0 {
			return false
		}
	}
	switch before.text {
	case "(", "[", ".", "@":
		return false
	case "-", "+":
		return p.marks[i-1]&binary != 0
	}
	return true
}
