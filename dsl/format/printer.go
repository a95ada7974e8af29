package format

import (
	"slices"
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

// token prints a token. The lines of a text in three quotes are indented one
// level deeper than the statement.
func (p *printer) token(t token, indent int) {
	lines := strings.Split(t.text, "\n")
	p.text(strings.TrimSuffix(lines[0], "\r"))
	if len(lines) == 1 {
		return
	}
	if strings.Trim(lines[0][3:], " \t\r") == "" {
		p.cur().text = p.cur().text[:len(p.cur().text)-len(strings.TrimSuffix(lines[0], "\r"))] + `"""`
	}
	for _, text := range longText(lines[1:], indent+step) {
		p.lines = append(p.lines, &line{indent: indent + step, raw: true, text: text})
	}
}

// longText indents the lines of a text in three quotes after the first. What
// they share in indentation is not part of the text (package syntax,
// readLongText) and replaced.
func longText(lines []string, indent int) []string {
	margin := strings.Repeat(" ", indent)
	shared := len(sharedIndent(lines))
	out := make([]string, len(lines))
	for i, text := range lines {
		text = strings.TrimSuffix(text, "\r")
		rest := text[min(shared, len(text)):]
		switch {
		case i == len(lines)-1 && strings.Trim(text, " \t") == `"""`:
			out[i] = margin + `"""`
		case rest == "":
		default:
			out[i] = margin + rest
		}
	}
	return out
}

// sharedIndent is the longest beginning of blanks that all lines share; blank
// ones do not count, but the closing quotes do.
func sharedIndent(lines []string) string {
	indent, found := "", false
	for _, text := range lines {
		blanks := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		switch {
		case strings.Trim(text, " \t\r") == "":
		case !found:
			indent, found = blanks, true
		default:
			n := 0
			for n < min(len(indent), len(blanks)) && indent[n] == blanks[n] {
				n++
			}
			indent = indent[:n]
		}
	}
	return indent
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

// decide says which of the bodies of a statement are broken, by the index of
// their `{`: those that were, and as many more as keep the lines short enough;
// blocks go before pairs and properties.
func (p *printer) decide(first, last, indent int) map[int]bool {
	var blocks, data []int
	broken := map[int]bool{}
	for i := first; i <= last; i++ {
		b := p.bodies[i]
		if b == nil {
			continue
		}
		if p.breaks(i, b.last) {
			broken[i] = true
		}
		switch {
		case len(b.items) == 0:
		case b.data:
			data = append(data, i)
		default:
			blocks = append(blocks, i)
		}
		i = b.last
	}
	all := func(list []int) {
		for _, i := range list {
			broken[i] = true
		}
	}
	if slices.ContainsFunc(blocks, func(i int) bool { return broken[i] }) {
		all(blocks)
	}
	if !p.fits(first, last, indent, broken, maxWidth) {
		all(blocks)
	}
	most := maxWidth
	if slices.ContainsFunc(data, func(i int) bool { return p.bodies[i].rows }) {
		most = maxRow
	}
	if !p.fits(first, last, indent, broken, most) {
		all(data)
	}
	return broken
}

// breaks says whether a body stands on several lines in the source.
func (p *printer) breaks(open, last int) bool {
	empty := len(p.bodies[open].items) == 0
	for _, t := range p.toks[open+1 : last+1] {
		if len(t.comments) > 0 || !empty && (t.newline || strings.Contains(t.text, "\n")) {
			return true
		}
	}
	return false
}

// fits says whether the lines of a statement have at most some columns.
func (p *printer) fits(first, last, indent int, broken map[int]bool, most int) bool {
	at, flat := indent, -1 // flat is the end of a body that is not broken
	for i := first; i <= last; i++ {
		t := p.toks[i]
		switch {
		case i == first:
		case i > flat && (len(t.comments) > 0 || t.newline && !p.resumes(i)):
			at = indent + further
		case p.space(i):
			at++
		}
		if broken[i] {
			if at+1 > most {
				return false
			}
			i, at = p.bodies[i].last, indent+1
			continue
		}
		if b := p.bodies[i]; b != nil {
			flat = max(flat, b.last)
		}
		text, rest, many := strings.Cut(t.text, "\n")
		if at += width(text); at > most {
			return false
		}
		if many {
			at = indent + step + width(rest[strings.LastIndexByte(rest, '\n')+1:])
		}
	}
	return true
}
