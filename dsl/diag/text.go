package diag

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// Text writes diagnostics for people:
//
//	error[J102 unknown-trait]: there is no trait "teir"
//	  journeys/vip.journey:3:22 in journey vip
//	   3 │   only while profile.teir == "金" and profile.age > 3
//	     │                      ^^^^ did you mean tier?
//	   declared here: traits.journey:4:7   trait tier: text
//
// with the carets under the right cells whatever the script, and a blank line
// after each. color adds escape codes and is for terminals alone. The source
// is shown as it is, but that tabs are four cells wide and characters that
// would steer the terminal are replaced.
func Text(w io.Writer, ds []Diagnostic, color bool) error {
	r := renderer{mappers: mappers{}, paint: paint{color}}
	for i := range ds {
		if i > 0 {
			r.WriteByte('\n')
		}
		r.diagnostic(&ds[i])
		if _, err := io.WriteString(w, r.String()); err != nil {
			return err
		}
		r.Reset()
	}
	return nil
}

// Plain is a diagnostic in one line: `file:line:column: message`.
func Plain(d Diagnostic) string {
	var b strings.Builder
	if d.Span.File != nil {
		p := d.Span.Position()
		fmt.Fprintf(&b, "%s:%d:%d: ", d.Span.File.Name, p.Line, p.Column)
	}
	if d.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Message)
	if d.Suggest != "" {
		fmt.Fprintf(&b, " (did you mean %s?)", d.Suggest)
	}
	return printable(b.String())
}

type renderer struct {
	strings.Builder
	mappers mappers
	paint   paint
}

func (r *renderer) diagnostic(d *Diagnostic) {
	kind, hue := "error", red
	if d.Severity == Warning {
		kind, hue = "warning", yellow
	}
	fmt.Fprintf(r, "%s%s\n", r.paint.in(hue, kind+"["+d.Code.Numbered()+"]"), r.paint.in(bold, ": "+printable(d.Message)))
	if d.Span.File == nil {
		if d.Suggest != "" {
			fmt.Fprintf(r, "  did you mean %s?\n", printable(d.Suggest))
		}
	} else {
		r.source(d, hue)
	}
	for _, rel := range d.Related {
		r.related(rel)
	}
}

// source shows the place and the line with carets under it.
func (r *renderer) source(d *Diagnostic, hue string) {
	m := r.mappers.of(d.Span.File)
	p := m.Position(d.Span.Start)
	text := m.Line(p.Line - 1)
	from := clamp(d.Span.Start-m.lines[p.Line-1], len(text))
	to := max(from, clamp(d.Span.End-m.lines[p.Line-1], len(text)))
	text, from, to = crop(text, from, to)

	before, indent := display(text[:from])
	marked, width := display(text[from:to])
	after, _ := display(text[to:])
	number := fmt.Sprintf("%4d", p.Line)
	gutter := strings.Repeat(" ", len(number))
	carets := strings.Repeat("^", max(width, 1))
	if d.Suggest != "" {
		carets += " did you mean " + printable(d.Suggest) + "?"
	}
	fmt.Fprintf(r, "  %s%s\n", r.paint.in(blue, fmt.Sprintf("%s:%d:%d", printable(d.Span.File.Name), p.Line, p.Column)), printable(within(m, p.Line-1)))
	line := strings.TrimRight(" "+before+marked+after, " ")
	fmt.Fprintf(r, "%s%s\n", r.paint.in(blue, number+" │"), line)
	fmt.Fprintf(r, "%s %s%s\n", r.paint.in(blue, gutter+" │"), strings.Repeat(" ", indent), r.paint.in(hue, carets))
}

// within says in which declaration a line stands: " in journey vip". On the
// first line of a declaration this is seen.
func within(m *Mapper, line int) string {
	for i := line; i >= max(0, line-maxBlock); i-- {
		text := m.Line(i)
		if strings.HasPrefix(text, "}") && i < line {
			return ""
		}
		if text == "" || text[0] < 'a' || text[0] > 'z' || len(text) > maxOpening {
			continue
		}
		if !strings.Contains(text, "#") && !strings.HasSuffix(strings.TrimSpace(text), "{") {
			continue // as most lines: quicker than the expression
		}
		if d := opening.FindStringSubmatch(text); d != nil && i < line {
			return " in " + d[1]
		} else if d != nil {
			return ""
		}
	}
	return ""
}

// The lines that are looked at for an opening: how many bytes they have, and
// how far back they are.
const (
	maxOpening = 1000
	maxBlock   = 1000
)

// opening is the first line of a declaration with a block.
var opening = regexp.MustCompile(`^((?:journey|message|webhook|event|import|test) +(?:[\p{L}_][\p{L}\p{M}\p{Nd}_]*|"[^"]*"))(?:[^#"]|"[^"]*")*\{\s*(?:#.*)?$`)

func (r *renderer) related(rel Related) {
	if rel.Span.File == nil {
		fmt.Fprintf(r, "   %s\n", printable(rel.Message))
		return
	}
	m := r.mappers.of(rel.Span.File)
	p := m.Position(rel.Span.Start)
	text := m.Line(p.Line - 1)
	from := clamp(rel.Span.Start-m.lines[p.Line-1], len(text))
	text, _, _ = crop(text, from, from)
	line, _ := display(strings.TrimSpace(text))
	fmt.Fprintf(r, "   %s: %s   %s\n", printable(rel.Message),
		r.paint.in(blue, fmt.Sprintf("%s:%d:%d", printable(rel.Span.File.Name), p.Line, p.Column)), line)
}

// Lines above maxLine bytes are cut; keepBefore bytes stay before the marked
// place.
const (
	maxLine    = 240
	keepBefore = 80
)

// crop cuts a long line to what is around the marked part.
func crop(text string, from, to int) (string, int, int) {
	if len(text) <= maxLine {
		return text, from, to
	}
	start := max(0, from-keepBefore)
	for start > 0 && start < from && text[start]&0xc0 == 0x80 {
		start++
	}
	end := min(len(text), start+maxLine)
	for end < len(text) && end > from && text[end]&0xc0 == 0x80 {
		end--
	}
	to = min(to, end)
	head, tail := "", ""
	if start > 0 {
		head = "… "
	}
	if end < len(text) {
		tail = " …"
	}
	return head + text[start:end] + tail, from - start + len(head), to - start + len(head)
}

// display is a text as a terminal shows it, with its width in cells.
func display(text string) (shown string, cells int) {
	plain := true
	for i := 0; i < len(text) && plain; i++ {
		plain = ' ' <= text[i] && text[i] <= '~'
	}
	if plain {
		return text, len(text)
	}
	var b strings.Builder
	for state := -1; text != ""; {
		var cluster string
		var width int
		cluster, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		switch {
		case cluster == "\t":
			cluster, width = strings.Repeat(" ", tabWidth), tabWidth
		case cluster == bom:
			continue
		case !isPrintable(cluster):
			cluster, width = "\ufffd", 1
		}
		b.WriteString(cluster)
		cells += width
	}
	return b.String(), cells
}

const tabWidth = 4

// printable is a text without characters that steer the terminal.
func printable(text string) string {
	if isPrintable(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if !isPrintable(string(r)) {
			return '\ufffd'
		}
		return r
	}, text)
}

// isPrintable refuses control characters, and those that turn the direction
// of writing, with which a source could show something else than it says.
func isPrintable(s string) bool {
	for i, r := range s {
		switch {
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f:
			return false
		case r == unicode.ReplacementChar && runeLength(s[i:]) == 1: // no UTF-8
			return false
		}
	}
	return true
}

// paint colours for terminals.
type paint struct{ on bool }

const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	blue   = "\x1b[34m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

func (p paint) in(hue, text string) string {
	if !p.on {
		return text
	}
	return hue + text + reset
}
