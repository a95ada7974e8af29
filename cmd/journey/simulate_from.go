package main

import (
	"fmt"
	"net/url"
	"slices"
	"time"

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
		p.Entries = s.entriesOf(&view)
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

// entriesOf are the newest entries that the re-entry rule asks for, as far as a
// profile shows them: it has no keys of `per`.
func (s *simulation) entriesOf(view *profiles.View) map[string][]profiles.EntryMark {
	marks := map[string][]profiles.EntryMark{}
	for _, r := range view.Runs {
		j, ok := s.plan.Journey(r.Journey)
		t, err := time.Parse(time.RFC3339, r.EnteredAt)
		if !ok || j.Reentry.Per != nil || err != nil {
			continue
		}
		at := value.TimeOf(t)
		if old := marks[r.Journey]; len(old) == 0 || old[0].At < at {
			marks[r.Journey] = []profiles.EntryMark{{At: at}}
		}
	}
	return marks
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
		ev := &cond.Event{ID: fmt.Sprintf("past-%d", i), Name: e.Event, At: at, Props: cond.PropsOf(m.object(e.Event, props, typ))}
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
