package main

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/clean"
	"journey/simulator"
)

// nowIn is the present local time of a zone, to the minute.
func nowIn(zone *time.Location) string { return time.Now().In(zone).Format("2006-01-02 15:04") }

// fromServer lets the script begin with a real person.
func (s *simulation) fromServer() error {
	if err := s.server.ready(); err != nil {
		return err
	}
	var view profiles.View
	if err := s.server.call(s.cmd.Context(), "GET", "/v1/profiles/"+url.PathEscape(s.from), nil, &view); err != nil {
		return failed(err)
	}
	m := newMask(s.plan.Program)
	past := s.pastOf(&view, m)
	s.script.Person = view.ID // branches follow it
	s.script.Before = append(past, s.script.Before...)
	s.script.Known = func(p *profiles.Person) {
		p.Entries = map[string][]profiles.EntryMark{}
		for name, runs := range groupRuns(view.Runs) {
			if j, ok := s.plan.Journey(name); ok && j.Reentry.Per == nil {
				p.Entries[name] = []profiles.EntryMark{{At: newestEntry(runs)}}
			}
		}
	}
	notes := m.notes()
	notes = append(notes, s.asOnServer(&view)...)
	for _, r := range view.Runs {
		if r.State != "ended" {
			notes = append(notes, fmt.Sprintf("note: is in %s on the server, which is not gone on with here: see `journey why %s %s`", r.Journey, s.from, r.Journey))
		}
	}
	for _, n := range notes {
		fmt.Fprintln(s.cmd.ErrOrStderr(), n)
	}
	return nil
}

func groupRuns(runs []profiles.RunView) map[string][]profiles.RunView {
	by := map[string][]profiles.RunView{}
	for _, r := range runs {
		by[r.Journey] = append(by[r.Journey], r)
	}
	return by
}

func newestEntry(runs []profiles.RunView) value.Time {
	var last value.Time
	for _, r := range runs {
		if t, err := time.Parse(time.RFC3339, r.EnteredAt); err == nil {
			last = max(last, value.TimeOf(t))
		}
	}
	return last
}

// pastOf are a profile's events and traits as calls before the start, masked.
func (s *simulation) pastOf(view *profiles.View, m *mask) []simulator.Call {
	o := s.reader.Options()
	before := s.script.Start - 1
	var calls []simulator.Call
	for i := len(view.Events) - 1; i >= 0; i-- {
		e := view.Events[i]
		t, err := time.Parse(time.RFC3339, e.At)
		if err != nil {
			continue
		}
		at := min(value.TimeOf(t), before)
		typ := &value.Type{Kind: value.Object}
		if declared, ok := s.plan.Event(e.Event); ok {
			typ = asShown(declared.Type)
		}
		props, _ := clean.Object(e.Properties, typ, o)
		ev := &cond.Event{ID: fmt.Sprintf("past-%d", i), Name: e.Event, At: at, Props: m.object(e.Event, props, typ)}
		calls = append(calls, simulator.Call{At: at, Input: orchestrator.Input{Kind: orchestrator.EventInput, Event: ev, At: at, ID: ev.ID}})
	}
	first := before
	if len(calls) > 0 {
		first = min(first, calls[0].At-1)
	}
	traits := map[string]any{"consent": view.Consent}
	if len(view.Tags) > 0 {
		tags := make([]any, len(view.Tags))
		for i, t := range view.Tags {
			tags[i] = t
		}
		traits["tags"] = tags
	}
	for name, v := range view.Traits {
		t, declared := s.plan.Trait(name)
		switch {
		case !declared:
			traits[name] = m.text(name, v)
		case t.Computed != nil:
		case profiles.KeyedTrait(name):
			traits[name] = v
		default:
			if c, err := clean.Value(v, t.Type, o); err == nil {
				traits[name] = m.trait(t, c)
			}
		}
	}
	var ids []profiles.Identifier
	for _, t := range s.reader.Identifiers() {
		for _, v := range view.Identifiers[t.Name] {
			hidden, _ := m.hide(t.Name, v).(string)
			ids = append(ids, profiles.Identifier{Trait: t.Name, Value: hidden})
		}
	}
	known := simulator.Call{At: first, Input: orchestrator.Input{Kind: orchestrator.IdentifyInput, Traits: traits, At: first, Identifiers: ids}}
	return append([]simulator.Call{known}, calls...)
}

// asShown is an event's type with its properties under their declared names, as
// a profile shows them.
func asShown(t *value.Type) *value.Type {
	c := *t
	c.Fields = slices.Clone(t.Fields)
	for i := range c.Fields {
		c.Fields[i].Wire = c.Fields[i].Name
	}
	return &c
}

// asOnServer takes the server's word for segments that come out another way
// here, since a profile does not show everything.
func (s *simulation) asOnServer(view *profiles.View) []string {
	person := s.script.Live(s.plan).Person
	is := map[string]bool{}
	for _, seg := range s.plan.Segments {
		_, here := person.Segments[seg.Name]
		if there := slices.Contains(view.Segments, seg.Name); there != here {
			is[seg.Name] = there
		}
	}
	if len(is) == 0 {
		return nil
	}
	assume := s.script.Assume
	s.script.Assume = func(w *orchestrator.World, live bool) {
		assume(w, live)
		member := w.Member
		w.Member = func(segment string) (bool, bool) {
			if in, assumed := member(segment); assumed {
				return in, true
			}
			in, ok := is[segment]
			return in, ok
		}
	}
	var notes []string
	for _, seg := range s.plan.Segments {
		if in, ok := is[seg.Name]; ok {
			word := "in"
			if !in {
				word = "not in"
			}
			notes = append(notes, fmt.Sprintf("note: taken to be %s segment %s, as the server says: the profile shows only the newest 20 events", word, seg.Name))
		}
	}
	return notes
}

// mask hides what is personal: identifiers, and free text that decides
// nothing, so that what happens stays the same.
type mask struct {
	traits map[string]bool // that some condition reads
	props  map[string]bool // properties of events, by name, that some condition reads
	hidden map[string]bool
	kept   map[string]bool // free text that is shown, since it decides something
}

// property finds the members that an expression writes: what they are of, and
// their names.
var property = regexp.MustCompile(`([\p{L}_][\p{L}\p{N}_]*)?\.([\p{L}_][\p{L}\p{N}_]*)`)

func newMask(p *dsl.Program) *mask {
	m := &mask{traits: map[string]bool{}, props: map[string]bool{}, hidden: map[string]bool{}, kept: map[string]bool{}}
	shown := onlyShown(p)
	p.Exprs(func(x *cond.Expr) {
		if shown[x] {
			return
		}
		for _, t := range x.Reads().Traits {
			m.traits[t] = true
		}
		for _, found := range property.FindAllStringSubmatch(x.Source(), -1) {
			if of := found[1]; of != "profile" && of != "segment" && of != "journey" {
				m.props[found[2]] = true
			}
		}
	})
	return m
}

// onlyShown are the expressions whose values stand in messages and calls, and
// decide nothing.
func onlyShown(p *dsl.Program) map[*cond.Expr]bool {
	shown := map[*cond.Expr]bool{}
	add := func(list []dsl.Named) {
		for _, n := range list {
			shown[n.Expr] = true
		}
	}
	for _, m := range p.Messages {
		add(m.JSON)
		shown[m.To] = true
	}
	for _, c := range p.Calls {
		add(c.JSON)
	}
	for _, j := range p.Journeys {
		for _, s := range j.Code {
			switch s := s.(type) {
			case *dsl.Send:
				add(s.With)
			case *dsl.Ask:
				add(s.With)
			}
		}
	}
	return shown
}

func (m *mask) trait(t *dsl.Trait, v any) any {
	if t.Identifier {
		return m.hide(t.Name, v)
	}
	return m.value(t.Name, m.traits[t.Name], v, t.Type)
}

// object masks the properties of an event.
func (m *mask) object(place string, props map[string]any, t *value.Type) map[string]any {
	out := make(map[string]any, len(props))
	for name, v := range props {
		typ := &value.Type{}
		if f, ok := t.Field(name); ok {
			typ = f.Type
		}
		out[name] = m.value(place+"."+name, m.props[name], v, typ)
	}
	return out
}

// text masks a trait that is not declared, of which nothing is known.
func (m *mask) text(name string, v any) any { return m.value(name, false, v, &value.Type{}) }

func (m *mask) value(place string, read bool, v any, t *value.Type) any {
	switch v := v.(type) {
	case string:
		switch {
		case t.Kind >= value.Country && t.Kind <= value.Timezone, len(t.OneOf) > 0:
			return v
		case read:
			m.kept[place] = true
			return v
		}
		return m.hide(place, v)
	case []any:
		out := make([]any, len(v))
		elem := t.Elem
		if elem == nil {
			elem = &value.Type{}
		}
		for i := range v {
			out[i] = m.value(place, read, v[i], elem)
		}
		return out
	case map[string]any:
		return m.object(place, v, t)
	}
	return v
}

// hide leaves of a text its first letter, and of an address its domain.
func (m *mask) hide(place string, v any) any {
	s, ok := v.(string)
	if !ok || s == "" {
		return v
	}
	m.hidden[place] = true
	_, size := utf8.DecodeRuneInString(s)
	masked := s[:size] + "***"
	if at := strings.LastIndexByte(s, '@'); at > 0 {
		masked += s[at:]
	}
	return masked
}

func (m *mask) notes() []string {
	var notes []string
	if len(m.hidden) > 0 {
		notes = append(notes, "masked: "+strings.Join(keysOf(m.hidden), ", "))
	}
	if len(m.kept) > 0 {
		notes = append(notes, "shown, since a condition reads it: "+strings.Join(keysOf(m.kept), ", "))
	}
	return notes
}

func keysOf(set map[string]bool) []string {
	var list []string
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
