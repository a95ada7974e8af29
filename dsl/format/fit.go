package format

import (
	"slices"
	"strings"
)

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
		lines := strings.Split(t.text, "\n")
		if at += width(lines[0]); at > most {
			return false
		}
		if len(lines) > 1 {
			rest := longText(lines[1:], indent+step)
			at = width(rest[len(rest)-1])
		}
	}
	return true
}
