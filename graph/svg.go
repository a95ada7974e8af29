package graph

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// paint is how a kind of node is drawn.
type paint struct{ fill, line, ink string }

// paints are calm colours that can be told apart, also in print: what waits is
// blue, what is sent green, what decides amber, what ends red.
var paints = map[Kind]paint{
	"enter": {"#f8fafc", "#475569", "#334155"},
	Wait:    {"#eff6ff", "#93b4e8", "#1d4f91"},
	Send:    {"#ecfdf3", "#7cc79b", "#166534"},
	Choose:  {"#fffbeb", "#e5b84e", "#92600a"},
	Split:   {"#fdf4ff", "#cf9bdc", "#7e2f91"},
	Repeat:  {"#f0fdfa", "#7cc4bb", "#115e56"},
	Change:  {"#f8fafc", "#b6c2d1", "#475569"},
	Call:    {"#f5f3ff", "#b3a4e3", "#4c3a9a"},
	Emit:    {"#f5f3ff", "#b3a4e3", "#4c3a9a"},
	Leave:   {"#fef2f2", "#e59a9a", "#9f1d1d"},
	"end":   {"#f1f5f9", "#94a3b8", "#475569"},
}

// icons are drawn in a square of 14, in the ink of their kind.
var icons = map[Kind]string{
	Wait:   `<circle cx="7" cy="7" r="5.5"/><path d="M7 4v3.2l2.2 1.3"/>`,
	Send:   `<rect x="1.2" y="2.8" width="11.6" height="8.4" rx="1.2"/><path d="M1.6 3.6 7 7.8l5.4-4.2"/>`,
	Choose: `<path d="M7 1.2 12.8 7 7 12.8 1.2 7z"/>`,
	Split:  `<path d="M7 12.8V8.4M7 8.4 2.6 3M7 8.4 11.4 3M2.6 6V3h3M11.4 6V3h-3"/>`,
	Repeat: `<path d="M2 7a5 5 0 0 1 8.6-3.4L12 5M12 2v3H9M12 7a5 5 0 0 1-8.6 3.4L2 9M2 12V9h3"/>`,
	Change: `<path d="M2 12l.6-2.8L9.8 2l2.2 2.2-7.2 7.2z"/>`,
	Call:   `<path d="M2 7h8M7 3.6 10.4 7 7 10.4M12.6 2v10"/>`,
	Emit:   `<path d="M7.8 1.4 3 8h3.4l-.6 4.6L10.8 6H7.2z"/>`,
	Leave:  `<path d="M3.4 3.4l7.2 7.2M10.6 3.4l-7.2 7.2"/>`,
}

// SVG writes the graphs, one below the other, as one picture that needs
// nothing else.
func SVG(w io.Writer, graphs []*Graph, counts Counts) error {
	d := &drawing{}
	y, width := margin, 0.0
	var parts []placed
	for _, g := range graphs {
		p := measure(g, counts.of(g))
		p.y = y
		parts = append(parts, p)
		y += p.h + 2*margin
		width = math.Max(width, p.w)
	}
	for i := range parts {
		parts[i].draw(d, margin+(width-parts[i].w)/2)
	}
	return d.write(w, width+2*margin, y-margin, titles(graphs))
}

func titles(graphs []*Graph) string {
	var list []string
	for _, g := range graphs {
		list = append(list, title(g))
	}
	return strings.Join(list, ", ")
}

// placed is a graph that was measured.
type placed struct {
	g    *Graph
	l    *layout
	head *head
	body extent
	y    float64
	w, h float64
	axis float64
}

// head is the card over a journey: who comes in, what ends it, what counts.
type head struct {
	title, name string
	sections    []section
	w, h        float64
}

type section struct {
	caption string
	lines   []string
	w       float64
}

func measure(g *Graph, count *JourneyCounts) placed {
	l := &layout{count: count, cards: map[*Node]*card{}, all: map[*Node]extent{}}
	p := placed{g: g, l: l, head: headOf(g, count), body: l.sequence(g.Steps)}
	all := centered(p.head.w, p.head.h).around(p.body)
	p.w, p.axis = all.w, all.axis
	p.h = p.head.h + headGap + p.body.h
	if g.Ends {
		p.h += gap + 28
	}
	return p
}

func headOf(g *Graph, count *JourneyCounts) *head {
	h := &head{title: title(g)}
	if g.Title != "" {
		h.name = g.Name
	}
	enters := append([]string(nil), g.Enters...)
	goals := append([]string(nil), g.Goals...)
	if count != nil {
		enters = append(enters, thousands(count.Entered)+" entered")
		for i, x := range goals {
			name, _, _ := strings.Cut(x, " ")
			goals[i] = x + ": " + thousands(count.Goals[name])
		}
	}
	for _, s := range []section{{caption: "enters", lines: enters}, {caption: "leaves at once", lines: g.Leaves}, {caption: "goals", lines: goals}} {
		if len(s.lines) == 0 {
			continue
		}
		var lines []string
		for _, line := range s.lines {
			lines = append(lines, wrap(line, 38, 4)...)
		}
		s.lines, s.w = lines, 90
		for _, line := range lines {
			s.w = math.Max(s.w, textWidth(line))
		}
		h.sections = append(h.sections, s)
	}
	rows := 0
	for _, s := range h.sections {
		h.w += s.w + 2*padX
		rows = max(rows, len(s.lines))
	}
	h.w = math.Ceil(math.Max(h.w, textWidth(h.title)*1.25+textWidth(h.name)+2*padX+20))
	h.h = 38 + 10 + captionH + float64(rows)*lineH + padY
	return h
}

func (p *placed) draw(d *drawing, x float64) {
	axis := x + p.axis
	d.head(p.head, axis, p.y)
	y := p.y + p.head.h
	if len(p.g.Steps) > 0 {
		d.arrow(axis, y, y+headGap)
		y = d.sequence(p.l, p.g.Steps, axis, y+headGap)
	} else {
		y += headGap - gap
	}
	if p.g.Ends {
		d.arrow(axis, y, y+gap)
		d.pill(axis, y+gap, "end", paints["end"])
	}
}

// drawing gathers the elements: lines first, so that boxes lie over them.
type drawing struct{ lines, boxes strings.Builder }

func (d *drawing) line(format string, args ...any) { fmt.Fprintf(&d.lines, format+"\n", args...) }
func (d *drawing) box(format string, args ...any)  { fmt.Fprintf(&d.boxes, format+"\n", args...) }

func (d *drawing) write(w io.Writer, width, height float64, name string) error {
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">
<title>%s</title>
<style>
text { font: %.0fpx "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", "WenQuanYi Micro Hei", system-ui, sans-serif; fill: #1f2937; }
.cap { font-size: 11px; font-weight: 600; letter-spacing: .03em; }
.dim { fill: #64748b; font-size: 12px; }
.lab { font-size: 12px; fill: #475569; }
.num { font-size: 12px; font-weight: 600; fill: #0f172a; }
.ttl { font-size: 16px; font-weight: 600; }
.ln { fill: none; stroke: #94a3b8; stroke-width: 1.5; }
.ic { fill: none; stroke-width: 1.3; stroke-linecap: round; stroke-linejoin: round; }
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 .8 7.4 4 0 7.2z" fill="#94a3b8"/></marker></defs>
<rect width="100%%" height="100%%" fill="#ffffff"/>
%s%s</svg>
`, width, height, width, height, esc(name), esc(name), fontSize, d.lines.String(), d.boxes.String())
	return err
}

func esc(s string) string { return html.EscapeString(s) }

func (d *drawing) arrow(x, from, to float64) {
	d.line(`<path class="ln" d="M%.1f %.1fV%.1f" marker-end="url(#a)"/>`, x, from, to-1)
}

// sequence draws steps below each other and answers where the line goes on.
func (d *drawing) sequence(l *layout, seq []*Node, axis, y float64) float64 {
	for i, n := range seq {
		if i > 0 {
			d.arrow(axis, y, y+gap)
			y += gap
		}
		y = d.node(l, n, axis, y)
	}
	return y
}

func (d *drawing) node(l *layout, n *Node, axis, y float64) float64 {
	switch {
	case n.Kind == Repeat:
		return d.repeat(l, n, axis, y)
	case len(n.Branches) > 0:
		return d.branches(l, n, axis, y)
	}
	c := l.card(n)
	d.card(n, c, axis, y)
	return y + c.h
}

// card draws the box of a node; its source is its tooltip.
func (d *drawing) card(n *Node, c *card, axis, y float64) {
	p := paints[n.Kind]
	x := axis - c.w/2
	radius := 8.0
	if n.Kind == Leave {
		radius = c.h / 2.6
	}
	d.box(`<g><title>%s</title>`, esc(strings.TrimSpace(n.Source+"\n"+n.Place)))
	d.box(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%.0f" fill="%s" stroke="%s" stroke-width="1.3"/>`, x, y, c.w, c.h, radius, p.fill, p.line)
	d.box(`<g class="ic" stroke="%s" transform="translate(%.1f %.1f)">%s</g>`, p.ink, x+padX-1, y+padY-2, icons[n.Kind])
	d.box(`<text class="cap" x="%.1f" y="%.1f" style="fill:%s">%s</text>`, x+padX+18, y+padY+9, p.ink, esc(c.caption))
	if c.badge != "" {
		d.box(`<text class="num" x="%.1f" y="%.1f" text-anchor="end">%s</text>`, x+c.w-padX, y+padY+9, esc(c.badge))
	}
	ty := y + padY + captionH + 13
	for _, line := range c.lines {
		d.box(`<text x="%.1f" y="%.1f">%s</text>`, x+padX, ty, esc(line))
		ty += lineH
	}
	if c.detail != "" {
		d.box(`<text class="dim" x="%.1f" y="%.1f">%s</text>`, x+padX, ty-2, esc(c.detail))
	}
	d.box(`</g>`)
}

// branches draws a node with its ways beside each other, and where they come
// together again.
func (d *drawing) branches(l *layout, n *Node, axis, y float64) float64 {
	c := l.card(n)
	d.card(n, c, axis, y)
	columns, middle := l.columns(n)
	left := axis - middle
	part := y + c.h
	join := part + fork + l.highest(columns)
	for i, col := range columns {
		x := left + col.x + col.axis
		d.elbow(axis, part, x, part+fork)
		ly := part + fork
		d.label(col, x, ly)
		end := ly + col.labelH
		steps := n.Branches[i].Steps
		if len(steps) > 0 {
			d.arrow(x, end, end+gap*0.7)
			end = d.sequence(l, steps, x, end+gap*0.7)
		}
		if open(steps) {
			d.merge(x, end, axis, join+joinH)
		}
	}
	if !open([]*Node{n}) {
		return join
	}
	return join + joinH
}

// elbow is a line down, across and down again, with round corners.
func (d *drawing) elbow(x1, y1, x2, y2 float64) {
	d.line(`<path class="ln" d="%s"/>`, elbow(x1, y1, x2, y2, y1+8))
}

// merge is a line that comes together with others at its end.
func (d *drawing) merge(x1, y1, x2, y2 float64) {
	d.line(`<path class="ln" d="%s"/>`, elbow(x1, y1, x2, y2, y2-8))
}

func elbow(x1, y1, x2, y2, at float64) string {
	if math.Abs(x1-x2) < 1 {
		return fmt.Sprintf("M%.1f %.1fV%.1f", x1, y1, y2)
	}
	r := math.Min(7, math.Abs(x2-x1)/2)
	r = math.Min(r, math.Min(at-y1, y2-at))
	dir := 1.0
	if x2 < x1 {
		dir = -1
	}
	return fmt.Sprintf("M%.1f %.1fV%.1fQ%.1f %.1f %.1f %.1fH%.1fQ%.1f %.1f %.1f %.1fV%.1f",
		x1, y1, at-r, x1, at, x1+dir*r, at, x2-dir*r, x2, at, x2, at+r, y2)
}

// label draws what stands on a branch.
func (d *drawing) label(col column, x, y float64) {
	d.box(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="9" fill="#ffffff" stroke="#cbd5e1"/>`, x-col.labelW/2, y, col.labelW, col.labelH)
	for i, line := range col.lines {
		class := "lab"
		if i > 0 && i == len(col.lines)-1 && isNumber(line) {
			class = "num"
		}
		d.box(`<text class="%s" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, class, x, y+14+float64(i)*15, esc(line))
	}
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789,") == "" }

// repeat draws a loop: a frame around the node and its body, and the line that
// leads back on the right.
func (d *drawing) repeat(l *layout, n *Node, axis, y float64) float64 {
	e := l.all[n]
	c := l.card(n)
	x, w := axis-e.axis, e.w
	d.line(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="12" fill="#fbfefd" stroke="%s" stroke-dasharray="5 4"/>`, x, y, w, e.h, paints[Repeat].line)
	d.line(`<path class="ln" d="M%.1f %.1fV%.1f"/>`, axis, y, y+loopPad)
	top := y + loopPad
	d.card(n, c, axis, top)
	end := d.sequence(l, n.Body, axis, top+c.h+gap)
	d.arrow(axis, top+c.h, top+c.h+gap)
	right := x + w - 14
	if open(n.Body) {
		bottom := y + e.h
		at := end + loopPad/2
		d.line(`<path class="ln" d="M%.1f %.1fV%.1f"/>`, axis, end, bottom)
		d.line(`<path class="ln" d="M%.1f %.1fH%.1fQ%.1f %.1f %.1f %.1fV%.1fQ%.1f %.1f %.1f %.1fH%.1f" marker-end="url(#a)"/>`,
			axis, at, right-7, right, at, right, at-7, top+c.h/2+7, right, top+c.h/2, right-7, top+c.h/2, axis+c.w/2+2)
	}
	return y + e.h
}

// pill draws a small round box.
func (d *drawing) pill(axis, y float64, text string, p paint) {
	w := textWidth(text) + 32
	d.box(`<rect x="%.1f" y="%.1f" width="%.1f" height="26" rx="13" fill="%s" stroke="%s" stroke-width="1.3"/>`, axis-w/2, y, w, p.fill, p.line)
	d.box(`<text x="%.1f" y="%.1f" text-anchor="middle" style="fill:%s">%s</text>`, axis, y+17.5, p.ink, esc(text))
}

// head draws the card over a journey.
func (d *drawing) head(h *head, axis, y float64) {
	p := paints["enter"]
	x := axis - h.w/2
	d.box(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="10" fill="#ffffff" stroke="%s" stroke-width="1.3"/>`, x, y, h.w, h.h, p.line)
	d.box(`<path d="M%.1f %.1fh%.1fv-28a10 10 0 0 0-10-10h-%.1fa10 10 0 0 0-10 10z" fill="#334155"/>`, x, y+38, h.w, h.w-20)
	d.box(`<text class="ttl" x="%.1f" y="%.1f" style="fill:#ffffff">%s</text>`, x+padX, y+25, esc(h.title))
	if h.name != "" {
		d.box(`<text class="lab" x="%.1f" y="%.1f" text-anchor="end" style="fill:#cbd5e1">%s</text>`, x+h.w-padX, y+24.5, esc(h.name))
	}
	sx := x
	for i, s := range h.sections {
		if i > 0 {
			d.box(`<path class="ln" style="stroke:#e2e8f0" d="M%.1f %.1fV%.1f"/>`, sx, y+48, y+h.h-8)
		}
		d.box(`<text class="cap" x="%.1f" y="%.1f" style="fill:%s">%s</text>`, sx+padX, y+38+18, p.ink, esc(s.caption))
		for k, line := range s.lines {
			d.box(`<text x="%.1f" y="%.1f">%s</text>`, sx+padX, y+38+18+captionH+4+float64(k)*lineH, esc(line))
		}
		sx += s.w + 2*padX
	}
}
