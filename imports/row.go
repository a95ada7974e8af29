package imports

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles/clean"
)

// rowWork is the work on one row.
type rowWork struct {
	*Reader
	row      *Row
	problems []Problem
	refused  bool
}

// problem notes what cannot be used. Of an event that refuses the row: once an
// event is in, a corrected row would be another one beside it.
func (w *rowWork) problem(x *cond.Expr, reason string, raw any) {
	w.problems = append(w.problems, Problem{Row: w.row.Line, Column: columnOf(x), Reason: reason, Value: Mask(raw)})
	if w.im.Event != "" {
		w.refused = true
	}
}

func (w *rowWork) read() {
	if w.im.Event != "" {
		w.row.Event = w.im.Event
		if e, ok := w.program.Event(w.im.Event); ok {
			w.row.Event = e.Wire
		}
		w.row.Properties = make(map[string]any, len(w.im.Set))
	}
	w.row.Traits = make(map[string]any, len(w.im.Set)+1)
	w.identify()
	w.at()
	w.set()
}

func (w *rowWork) identify() {
	some := false
	for _, n := range w.im.Identify {
		raw := n.Expr.Value(&w.env)
		t, ok := w.program.Trait(n.Name)
		if raw == nil || !ok {
			continue
		}
		v, err := clean.Value(raw, t.Type, w.clean)
		text, _ := v.(string)
		switch {
		case err != nil:
			w.problems = append(w.problems, Problem{Row: w.row.Line, Column: columnOf(n.Expr), Reason: err.Error() + " and identifies nobody", Value: Mask(raw)})
			continue
		case !clean.Identifies(text):
			w.problems = append(w.problems, Problem{Row: w.row.Line, Column: columnOf(n.Expr), Reason: "identifies nobody", Value: Mask(raw)})
			continue
		}
		some = true
		switch t.Name {
		case "user_id":
			w.row.UserID = text
			w.row.columns["userId"] = columnOf(n.Expr)
		case "anonymous_id":
			w.row.AnonymousID = text
			w.row.columns["anonymousId"] = columnOf(n.Expr)
		default:
			put(w.row.Traits, t.Wire, v)
			w.row.columns["traits."+t.Wire] = columnOf(n.Expr)
		}
	}
	if some {
		return
	}
	w.refused = true
	if len(w.problems) == 0 {
		w.problem(w.im.Identify[0].Expr, "is empty, and nothing else in the row identifies anybody", nil)
	}
}

var anyTime = value.Type{Kind: value.TimeKind}

func (w *rowWork) at() {
	if w.im.At == nil {
		return
	}
	raw := w.im.At.Value(&w.env)
	if raw == nil {
		if w.im.Event != "" {
			w.problem(w.im.At, "is empty: it says when it happened", nil)
		}
		return
	}
	t := anyTime
	t.Format = w.im.AtFormat
	v, err := clean.Value(raw, &t, w.clean)
	if err != nil {
		w.problem(w.im.At, err.Error(), raw)
		w.refused = true
		return
	}
	w.row.At, _ = v.(value.Time)
}

func (w *rowWork) set() {
	for _, f := range w.im.Set {
		raw := f.Expr.Value(&w.env)
		if raw == nil {
			if w.im.Event != "" && w.required(f.Name) {
				w.problem(f.Expr, "is empty, and the event always has "+f.Name, nil)
			}
			continue
		}
		v, err := clean.Value(listed(raw, f.Type), f.Type, w.clean)
		if err != nil {
			w.problem(f.Expr, err.Error(), raw)
			continue
		}
		into, field := w.row.Traits, "traits."+f.Wire
		if w.im.Event != "" {
			into, field = w.row.Properties, "properties."+f.Wire
		}
		put(into, f.Wire, v)
		w.row.columns[field] = columnOf(f.Expr)
	}
}

func (w *rowWork) required(name string) bool {
	e, ok := w.program.Event(w.im.Event)
	if !ok {
		return false
	}
	f, ok := e.Type.Field(name)
	return ok && !f.Optional
}

// listed reads a list or an object that is written as JSON in a text.
func listed(raw any, t *value.Type) any {
	s, ok := raw.(string)
	if !ok || t == nil || t.Kind != value.List && t.Kind != value.Object {
		return raw
	}
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return raw
	}
	return v
}

// put puts a value under a name on the wire, in which dots reach into objects.
func put(into map[string]any, wire string, v any) {
	for {
		head, rest, deeper := strings.Cut(wire, ".")
		if !deeper {
			into[wire] = v
			return
		}
		inner, ok := into[head].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[head] = inner
		}
		into, wire = inner, rest
	}
}

// columnOf is the first column that an expression names, by its source.
func columnOf(x *cond.Expr) string {
	if x == nil {
		return ""
	}
	_, rest, ok := strings.Cut(x.Source(), `row["`)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

// Mask hides a value but for its first letter, its length in part, and an
// address's domain, so that whoever has the file finds it.
func Mask(raw any) string {
	s, ok := raw.(string)
	if !ok || s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	at := strings.LastIndexByte(s, '@')
	if at > n {
		return string(r) + "***" + s[at:]
	}
	if utf8.RuneCountInString(s) < 3 {
		return "***"
	}
	return string(r) + "***"
}

// Shown is a row as a dry run shows it: by name and cleaned, texts masked.
func (row *Row) Shown() []string {
	var out []string
	add := func(name string, v any) {
		if s, ok := v.(string); ok {
			v = Mask(s)
		}
		out = append(out, fmt.Sprintf("%s %v", name, v))
	}
	if row.UserID != "" {
		add("userId", row.UserID)
	}
	if row.AnonymousID != "" {
		add("anonymousId", row.AnonymousID)
	}
	if row.At != 0 {
		add("at", row.At)
	}
	for _, m := range []map[string]any{row.Traits, row.Properties} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			add(name, m[name])
		}
	}
	return out
}
