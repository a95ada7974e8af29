package graph

import (
	"math"

	"github.com/mattn/go-runewidth"
)

// Measures, in pixels.
const (
	fontSize  = 13.0
	cell      = 7.1 // the width of half a Chinese character at that size, with a little to spare
	lineH     = 18.0
	cardCells = 34 // at most in a line of a card
	cardMin   = 150.0
	padX      = 14.0
	padY      = 9.0
	captionH  = 15.0
	gap       = 26.0 // between a node and the next
	columnGap = 26.0
	fork      = 20.0 // from a node down to where its branches part
	labelH    = 20.0
	joinH     = 20.0
	loopPad   = 18.0 // around the body of a repeat
	margin    = 28.0
	headGap   = 30.0 // from the head of a journey to its first step
)

// extent is the room that something takes: its width, how far from its left
// the line runs on which it is entered and left, and its height.
type extent struct{ w, axis, h float64 }

func (e extent) right() float64 { return e.w - e.axis }

// around makes room for both, on one line.
func (e extent) around(o extent) extent {
	axis := math.Max(e.axis, o.axis)
	return extent{axis + math.Max(e.right(), o.right()), axis, e.h + o.h}
}

func centered(w, h float64) extent { return extent{w, w / 2, h} }

// layout measures nodes; what it found is remembered for the drawing.
type layout struct {
	count *JourneyCounts
	cards map[*Node]*card
	all   map[*Node]extent
}

// card is the box of a node.
type card struct {
	caption, badge string
	lines          []string
	detail         string
	w, h           float64
}

func textWidth(s string) float64 { return float64(runewidth.StringWidth(s)) * cell }

// card lays out the box of a node.
func (l *layout) card(n *Node) *card {
	if c := l.cards[n]; c != nil {
		return c
	}
	c := &card{caption: caption(n), lines: wrap(plainText(n), cardCells, 4), detail: n.Detail, badge: l.count.inside(n.ID)}
	if n.Kind == Send {
		if sent := l.count.way(n.ID, "sent"); sent != "" && len(n.Branches) == 0 {
			c.badge = sent + " sent"
		}
	}
	c.w = cardMin
	for _, line := range append([]string{c.detail}, c.lines...) {
		c.w = math.Max(c.w, textWidth(line)+2*padX)
	}
	top := textWidth(c.caption)*0.85 + 26 + 2*padX
	if c.badge != "" {
		top += textWidth(c.badge) + 16
	}
	c.w = math.Ceil(math.Max(c.w, top))
	c.h = 2*padY + captionH + float64(len(c.lines))*lineH
	if c.detail != "" {
		c.h += lineH - 2
	}
	l.cards[n] = c
	return c
}

// plainText is a node's text without the word that its caption says already.
func plainText(n *Node) string {
	word := caption(n)
	if (n.Kind == Change || n.Kind == Emit) && len(n.Text) > len(word) {
		return n.Text[len(word)+1:]
	}
	return n.Text
}

// label is what stands on a branch.
func (l *layout) label(n *Node, b *Branch) []string {
	lines := wrap(b.Label, 26, 2)
	if count := l.count.way(n.ID, b.Way); count != "" {
		lines = append(lines, count)
	}
	return lines
}

func labelSize(lines []string) (w, h float64) {
	for _, line := range lines {
		w = math.Max(w, textWidth(line)*0.92+18)
	}
	return w, labelH + float64(len(lines)-1)*15
}

// sequence measures steps below each other.
func (l *layout) sequence(seq []*Node) extent {
	var e extent
	for i, n := range seq {
		e = e.around(l.node(n))
		if i > 0 {
			e.h += gap
		}
	}
	return e
}

// node measures a node with what hangs below it.
func (l *layout) node(n *Node) extent {
	if e, done := l.all[n]; done {
		return e
	}
	c := l.card(n)
	e := centered(c.w, c.h)
	switch {
	case n.Kind == Repeat:
		body := l.sequence(n.Body)
		e = e.around(body)
		e.h += gap + 2*loopPad
		e.w += 2*loopPad + 16 // the line back runs on the right
		e.axis += loopPad
	case len(n.Branches) > 0:
		columns, axis := l.columns(n)
		last := columns[len(columns)-1]
		wide := extent{last.x + last.w, axis, 0}
		e = e.around(wide)
		e.h += fork + l.highest(columns)
		if open([]*Node{n}) {
			e.h += joinH
		}
	}
	l.all[n] = e
	return e
}

// column is a branch beside others; x is measured from the first.
type column struct {
	extent
	x, labelW, labelH float64
	lines             []string
}

func (l *layout) columns(n *Node) (list []column, axis float64) {
	x := 0.0
	for i := range n.Branches {
		b := &n.Branches[i]
		col := column{extent: l.sequence(b.Steps), x: x, lines: l.label(n, b)}
		col.labelW, col.labelH = labelSize(col.lines)
		col.extent = col.extent.around(centered(math.Max(col.labelW, 56), 0))
		col.h += col.labelH
		if len(b.Steps) > 0 {
			col.h += gap * 0.7
		}
		list = append(list, col)
		x += col.w + columnGap
	}
	first, last := list[0], list[len(list)-1]
	return list, (first.x + first.axis + last.x + last.axis) / 2
}

func (l *layout) highest(columns []column) float64 {
	h := 0.0
	for _, c := range columns {
		h = math.Max(h, c.h)
	}
	return h
}
