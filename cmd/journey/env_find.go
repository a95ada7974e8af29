package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/lsp/names"
)

// env is a workspace with where its names stand.
type env struct {
	dir     string
	sources map[string]string
	program *dsl.Program
	index   *names.Index
}

func openEnv(cmd *cobra.Command, dir string) (*env, error) {
	program, err := loadWorkspace(cmd, dir)
	if err != nil {
		return nil, err
	}
	sources, err := readWorkspace(dir)
	if err != nil {
		return nil, err
	}
	var trees []*syntax.File
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if strings.HasSuffix(name, dsl.Extension) {
			tree, _ := syntax.Parse(&diag.File{Name: name, Text: sources[name]})
			trees = append(trees, tree)
		}
	}
	return &env{dir, sources, program, names.Build(trees, names.Options{Sources: sources})}, nil
}

// shown are the kinds of name that stand in the list, and may be asked for by
// a bare name; of some the form in which a condition writes them.
var shown = []struct {
	kind names.Kind
	as   string
}{{names.Trait, "profile."}, {names.Event, ""}, {names.Segment, "segment."}, {names.Message, ""}, {names.Webhook, ""},
	{names.Journey, "journey."}, {names.Topic, ""}, {names.Split, ""}}

// about is what there is to say of a name, or of a condition. A bare name may
// stand for several things.
func (e *env) about(what string) ([]*about, error) {
	var found []*about
	for _, k := range shown {
		name, written := strings.CutPrefix(what, k.as)
		if k.as == "" || !written {
			name = what
		}
		if other, _, dotted := strings.Cut(what, "."); dotted && !written && k.as != "" && isPrefix(other+".") {
			continue // profile.x is no segment
		}
		if s := e.index.Named(k.kind, name); s != nil {
			found = append(found, e.aboutSymbol(s))
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if isName(what) {
		return nil, e.unknown(what)
	}
	c, err := e.condition(what)
	if err != nil {
		return nil, err
	}
	return []*about{c}, nil
}

func isPrefix(s string) bool {
	for _, k := range shown {
		if k.as != "" && k.as == s {
			return true
		}
	}
	return false
}

// isName says whether a text is a name or a dotted one, and no condition.
func isName(s string) bool {
	return !strings.ContainsAny(s, " ()<>=!+*/\"")
}

func (e *env) unknown(what string) error {
	var all []string
	bare := what[strings.LastIndexByte(what, '.')+1:]
	for _, k := range shown {
		for _, s := range e.index.Symbols {
			if s.Kind == k.kind {
				all = append(all, s.Name)
			}
		}
	}
	if near := diag.Suggest(bare, all); near != "" {
		return usage("nothing is called %q; did you mean %q?", what, near)
	}
	return usage("nothing is called %q (`journey env %s` lists what there is)", what, e.dir)
}

// aboutSymbol is what there is to say of a name.
func (e *env) aboutSymbol(s *names.Symbol) *about {
	a := &about{Kind: s.Kind.String(), Name: s.Name, Title: s.Title, Place: e.place(s.Span), Uses: e.uses(s)}
	if s.BuiltIn() {
		a.Place = "built in"
	}
	if s.Wire {
		a.Title = ""
	}
	d := e.reading()
	switch s.Kind {
	case names.Trait:
		if t, ok := e.program.Trait(s.Name); ok {
			a.Is = t.Type.String()
			if t.Computed != nil {
				a.Is += " = " + oneLine(t.Computed.Source())
				a.Depends = d.of(t.Computed)
			}
		}
	case names.Event:
		if ev, ok := e.program.Event(s.Name); ok && ev.Type != nil {
			a.Is = ev.Type.String()
		}
	case names.Segment:
		if seg, ok := e.program.Segment(s.Name); ok {
			a.Is = "= " + oneLine(seg.When.Source())
			a.Depends = d.of(seg.When)
		}
	case names.Message:
		if m, ok := e.program.Message(s.Name); ok {
			a.Is = "via " + m.Channel
			a.Depends = d.message(m)
		}
	case names.Journey:
		if j, ok := e.program.Journey(s.Name); ok {
			a.Depends = d.journey(j)
		}
	}
	return a
}

// uses are the places of a name, its declaration apart.
func (e *env) uses(s *names.Symbol) []useOf {
	list := []useOf{}
	for _, u := range e.index.Uses(s) {
		if u.Span == s.Span {
			continue
		}
		file := u.Span.File
		list = append(list, useOf{In: e.within(u.Span), Place: e.place(u.Span), Line: strings.TrimSpace(diag.NewMapper(file).Line(u.Span.Position().Line - 1))})
	}
	return list
}

// within is the declaration around a place.
func (e *env) within(at diag.Span) string {
	for _, s := range e.index.Symbols {
		if s.Node == nil || s.Owner != nil {
			continue
		}
		span := s.Node.Span()
		if span.File == nil || span.File.Name != at.File.Name || span.Start > at.Start || at.End > span.End {
			continue
		}
		switch s.Kind {
		case names.Test:
			return fmt.Sprintf("test %q", s.Name)
		case names.Trait, names.Event, names.Segment, names.Message, names.Webhook, names.Journey, names.Import:
			return s.Kind.String() + " " + s.Name
		}
	}
	if !strings.HasSuffix(at.File.Name, dsl.Extension) {
		return "template"
	}
	return "workspace"
}

func (e *env) place(s diag.Span) string {
	if s.File == nil {
		return ""
	}
	d := placed(e.dir, []diag.Diagnostic{{Span: s}})[0]
	pos := d.Span.Position()
	return fmt.Sprintf("%s:%d:%d", d.Span.File.Name, pos.Line, pos.Column)
}

// condition is what a condition on a person would depend on.
func (e *env) condition(text string) (*about, error) {
	const made, name = ".condition" + dsl.Extension, "condition_that_is_asked_about"
	head := "segment " + name + " = "
	sources := maps.Clone(e.sources)
	sources[made] = head + oneLine(text) + "\n"
	program, diags := dsl.Load(sources)
	if program == nil {
		diags = asWritten(diags, made, []source{{text: head}, {"condition", oneLine(text)}})
		wrong := fmt.Sprintf("the condition is wrong at column %d: %s", diags[0].Span.Position().Column, diags[0].Message)
		if diags[0].Suggest != "" {
			wrong += "; did you mean " + diags[0].Suggest + "?"
		}
		return nil, usage("%s", wrong)
	}
	seg, _ := program.Segment(name)
	return &about{Kind: "condition", Name: oneLine(text), Is: oneLine(text), Depends: (&reading{p: program, place: e.place}).of(seg.When)}, nil
}

// list writes all names with the number of their uses.
func (e *env) list(w io.Writer, asJSON bool) error {
	for _, k := range shown {
		width := 0
		var rows []*about
		for _, s := range e.index.Symbols {
			if s.Kind == k.kind {
				a := e.aboutSymbol(s)
				width = max(width, runewidth.StringWidth(k.as+a.Name))
				rows = append(rows, a)
			}
		}
		for _, a := range rows {
			if asJSON {
				if err := json.NewEncoder(w).Encode(a); err != nil {
					return &exit{exitFailed, err}
				}
				continue
			}
			n := "not used"
			if len(a.Uses) > 0 {
				n = "used in " + placesText(len(a.Uses))
			}
			if k.kind == names.Journey {
				n = a.Title
			}
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-8s %s  %s", a.Kind, runewidth.FillRight(k.as+a.Name, width), n), " "))
		}
	}
	return nil
}
