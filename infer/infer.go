package infer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/imports"
	"journey/profiles/clean"
)

// builtin are names that are known without declaration.
var builtin = map[string]bool{"user_id": true, "anonymous_id": true, "timezone": true, "language": true, "tags": true, "consent": true, "topics": true,
	"suppressed": true, "page_viewed": true, "screen_viewed": true}

// Options are what reading depends on.
type Options struct {
	Country string // of phone numbers and of the workspace; "": none
	Zone    string // of the workspace; "": none is written
	Name    string // of the import that a CSV file becomes
}

// data is what was seen.
type data struct {
	o      Options
	clean  clean.Options
	traits shape
	events map[string]*shape
	calls  int
	wrong  int // lines that are no call
}

// Result is a first workspace.
type Result struct {
	Source string `json:"source"`
	Calls  int    `json:"calls"`   // or rows
	Wrong  int    `json:"skipped"` // lines that were passed over
	Events int    `json:"events"`
	Traits int    `json:"traits"`
}

// Calls reads a log: a call of Segment's API on each line.
func Calls(r io.Reader, o Options) (*Result, error) {
	d := &data{o: o, clean: clean.Options{Country: o.Country}, events: map[string]*shape{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), 4<<20)
	for lines.Scan() {
		if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
			d.call(line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	if d.calls == 0 {
		return nil, errors.New("there is no call in the file: a line is a JSON object with type, userId, event, properties or traits")
	}
	return d.result(d.written(), d.calls, d.wrong)
}

func (d *data) call(line []byte) {
	var c struct {
		Type       string         `json:"type"`
		Event      string         `json:"event"`
		Properties map[string]any `json:"properties"`
		Traits     map[string]any `json:"traits"`
		Context    struct {
			Traits map[string]any `json:"traits"`
		} `json:"context"`
	}
	if json.Unmarshal(line, &c) != nil {
		d.wrong++
		return
	}
	d.calls++
	for _, t := range []map[string]any{c.Traits, c.Context.Traits} {
		if t != nil {
			d.traits.object(t, d.clean, 0)
		}
	}
	if strings.TrimSpace(c.Event) == "" || c.Type != "" && c.Type != "track" || len(d.events) >= maxNames && d.events[c.Event] == nil {
		return
	}
	if d.events[c.Event] == nil {
		d.events[c.Event] = &shape{}
	}
	if c.Properties == nil {
		c.Properties = map[string]any{}
	}
	d.events[c.Event].object(c.Properties, d.clean, 0)
}

func (d *data) head(b *strings.Builder) {
	if d.o.Zone == "" && d.o.Country == "" {
		return
	}
	b.WriteString("workspace {")
	if d.o.Zone != "" {
		b.WriteString(" timezone " + quoted(d.o.Zone))
	}
	if d.o.Country != "" {
		b.WriteString(" country " + d.o.Country)
	}
	b.WriteString(" }\n")
}

func (d *data) writtenTraits(b *strings.Builder) map[string]string {
	used := map[string]bool{}
	names := map[string]string{}
	for _, wire := range slices.Sorted(maps.Keys(d.traits.fields)) {
		f := d.traits.fields[wire]
		name := nameOf(wire)
		if builtin[name] {
			continue
		}
		name = unique(name, used)
		names[wire] = name
		t, identifies := f.typ("")
		if identifies {
			t += " identifier"
		}
		if f.seen == 0 {
			t += " # nothing but empty values"
		} else if !strings.Contains(t, "\n") {
			t += fmt.Sprintf(" # in %d of %d", f.seen, d.traits.of)
		}
		b.WriteString("trait " + declared(name, wire) + ": " + t + "\n")
	}
	return names
}

func (d *data) written() string {
	var b strings.Builder
	d.head(&b)
	d.writtenTraits(&b)
	used := map[string]bool{}
	for _, wire := range slices.Sorted(maps.Keys(d.events)) {
		e := d.events[wire]
		name := unique(nameOf(wire), used)
		body := "{ }"
		if len(e.fields) > 0 {
			body = e.body("")
		}
		fmt.Fprintf(&b, "# %d seen\nevent %s %s\n", e.of, declared(name, wire), body)
	}
	return b.String()
}

// Table reads a CSV file of people: its columns become traits, and an import
// that fills them.
func Table(r io.Reader, o Options) (*Result, error) {
	columns, rows, err := imports.Rows(r)
	if err != nil {
		return nil, err
	}
	d := &data{o: o, clean: clean.Options{Country: o.Country, Import: true}}
	n := 0
	for {
		row, err := rows()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		n++
		fields := make(map[string]any, len(columns))
		for i, c := range columns {
			if c != "" && i < len(row) && strings.TrimSpace(row[i]) != "" {
				fields[c] = strings.TrimSpace(row[i])
			} else if c != "" {
				fields[c] = nil
			}
		}
		d.traits.object(fields, d.clean, 0)
	}
	var b strings.Builder
	d.head(&b)
	user := ""
	for _, c := range columns {
		lower := strings.ToLower(c)
		if user == "" && (strings.HasSuffix(lower, "id") || strings.HasSuffix(c, "編號") || strings.HasSuffix(c, "會員號")) {
			user = c
			delete(d.traits.fields, c)
		}
	}
	names := d.writtenTraits(&b)
	fmt.Fprintf(&b, "import %s from csv {\n", cmpName(o.Name))
	if user != "" {
		fmt.Fprintf(&b, "  identify user_id = row[%s]\n", quoted(user))
	}
	for _, set := range []bool{false, true} {
		for _, c := range columns {
			f := d.traits.fields[c]
			if f == nil || names[c] == "" {
				continue
			}
			word := "identify"
			if _, identifies := f.typ(""); identifies == set {
				continue
			} else if set {
				word = "set"
			}
			fmt.Fprintf(&b, "  %s %s = row[%s]\n", word, names[c], quoted(c))
		}
	}
	b.WriteString("}\n")
	return d.result(b.String(), n, 0)
}

func cmpName(name string) string {
	if name = nameOf(name); name == "x" {
		return "people"
	}
	return name
}

// result makes of a text what the checker accepts and the formatter leaves.
func (d *data) result(text string, calls, wrong int) (*Result, error) {
	for range maxNames {
		program, diags := dsl.Load(map[string]string{"inferred.journey": text})
		if program != nil {
			break
		}
		changed := commented(text, diags)
		if changed == text {
			return nil, fmt.Errorf("what was inferred is no workspace: %s", diags[0].Message)
		}
		text = changed
	}
	if pretty, diags := format.Source(&diag.File{Name: "inferred.journey", Text: text}); len(diags) == 0 {
		text = string(pretty)
	}
	return &Result{Source: text, Calls: calls, Wrong: wrong, Events: len(d.events), Traits: len(d.traits.fields)}, nil
}

// commented makes the lines with mistakes comments, and whole the blocks that
// they begin.
func commented(text string, diags []diag.Diagnostic) string {
	lines := strings.Split(text, "\n")
	for _, dg := range diags {
		if dg.Severity != diag.Error || dg.Span.File == nil {
			continue
		}
		n := strings.Count(text[:min(dg.Span.Start, len(text))], "\n")
		if n >= len(lines) || strings.HasPrefix(strings.TrimSpace(lines[n]), "#") {
			continue
		}
		depth := 0
		for k := n; k < len(lines); k++ {
			line := strings.TrimSpace(lines[k])
			if strings.HasSuffix(line, "{") {
				depth++
			} else if strings.HasPrefix(line, "}") {
				depth--
			}
			if !strings.HasPrefix(line, "#") {
				lines[k] = "# " + line
			}
			if depth <= 0 {
				break
			}
		}
	}
	return strings.Join(lines, "\n")
}
