package main

import (
	"maps"
	"slices"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/template"
	"journey/dsl/value"
)

// reading follows what expressions read.
type reading struct {
	p     *dsl.Program
	place func(diag.Span) string
}

func (e *env) reading() *reading { return &reading{e.program, e.place} }

// of is what an expression depends on, down to the last.
func (d *reading) of(list ...*cond.Expr) []dependence {
	traits, segments, journeys, messages := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	events := map[string]*dependence{}
	hourly := map[string]bool{}
	now := false
	for _, x := range list {
		if x == nil {
			continue
		}
		r := x.Reads()
		now = now || r.Now
		for set, names := range map[*map[string]bool][]string{&traits: r.Traits, &segments: r.Segments, &journeys: r.Journeys, &messages: r.Messages} {
			for _, n := range names {
				(*set)[n] = true
			}
		}
		for _, ev := range r.Events {
			addEvent(events, ev.Event, ev.Window, ev.Props)
		}
		for _, h := range r.Hours {
			hourly[h.Event+" "+h.Window.String()] = true
		}
		for _, ru := range r.Running {
			props := ru.Props
			if ru.Prop != "" {
				props = append(slices.Clone(props), ru.Prop)
			}
			addEvent(events, ru.Event, 0, props)
		}
	}
	var out []dependence
	for _, name := range keysOf(traits) {
		out = append(out, d.trait(name))
	}
	for _, key := range slices.Sorted(maps.Keys(events)) {
		ev := events[key]
		ev.Place = d.event(ev.Name).Place
		ev.Hourly = hourly[key]
		out = append(out, *ev)
	}
	for _, name := range keysOf(segments) {
		out = append(out, d.segment(name))
	}
	for _, name := range keysOf(journeys) {
		out = append(out, dependence{Kind: "journey", Name: name})
	}
	for _, name := range keysOf(messages) {
		out = append(out, dependence{Kind: "message", Name: name})
	}
	if now {
		out = append(out, dependence{Kind: "time", Name: "now"})
	}
	return out
}

// trait and segment are such a dependence, with what it depends on itself.
func (d *reading) trait(name string) dependence {
	dep := dependence{Kind: "trait", Name: name}
	if t, ok := d.p.Trait(name); ok {
		dep.Place = d.place(t.Span)
		if t.Computed != nil {
			dep.Is, dep.Depends = oneLine(t.Computed.Source()), d.of(t.Computed)
		}
	}
	return dep
}

func (d *reading) segment(name string) dependence {
	dep := dependence{Kind: "segment", Name: name}
	if s, ok := d.p.Segment(name); ok {
		dep.Place, dep.Is, dep.Depends = d.place(s.Span), oneLine(s.When.Source()), d.of(s.When)
	}
	return dep
}

func (d *reading) event(name string) dependence {
	dep := dependence{Kind: "event", Name: name}
	if ev, ok := d.p.Event(name); ok {
		dep.Place = d.place(ev.Span)
	}
	return dep
}

// has says whether something is in a list already.
func has(list []dependence, kind, name string) bool {
	return slices.ContainsFunc(list, func(x dependence) bool { return x.Kind == kind && x.Name == name })
}

func addEvent(all map[string]*dependence, name string, window value.Duration, props []string) {
	text := ""
	if window > 0 {
		text = window.String()
	}
	key := name + " " + text
	if all[key] == nil {
		all[key] = &dependence{Kind: "event", Name: name, Window: text}
	}
	all[key].Props = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(all[key].Props), props...))))
}

// journey is what a journey depends on: its conditions, what it is entered by,
// left by and waits for, and its messages.
func (d *reading) journey(j *dsl.Journey) []dependence {
	var list []*cond.Expr
	j.Exprs(func(x *cond.Expr) { list = append(list, x) })
	events := map[string]bool{}
	for _, e := range j.Entries {
		events[e.Event] = true
	}
	for _, x := range j.Exits {
		events[x.Event] = true
	}
	for _, g := range j.Goals {
		events[g.Event] = true
	}
	for _, s := range j.Code {
		switch s := s.(type) {
		case *dsl.WaitQuiet:
			events[s.Event] = true
		case *dsl.WaitFor:
			for _, a := range s.Alts {
				events[a.Event] = true
			}
		}
	}
	out := d.of(list...)
	delete(events, "")
	for _, name := range keysOf(events) {
		if trait, changed := dsl.ChangedTrait(name); changed {
			if !has(out, "trait", trait) {
				out = append(out, d.trait(trait))
			}
		} else if !has(out, "event", name) {
			out = append(out, d.event(name))
		}
	}
	for _, e := range j.Entries {
		if t := e.Calendar.Trait; t != "" && !has(out, "trait", t) {
			out = append(out, d.trait(t))
		}
	}
	return out
}

// message is what a message depends on: the traits and segments that its
// templates read, and its conditions.
func (d *reading) message(m *dsl.Message) []dependence {
	var list []*cond.Expr
	m.Exprs(func(x *cond.Expr) { list = append(list, x) })
	out := d.of(list...)
	for _, t := range []*template.Template{m.Subject, m.Text, m.HTML, m.Link, m.Image} {
		if t == nil {
			continue
		}
		for _, ref := range t.Names() {
			switch {
			case len(ref.Path) < 2:
			case ref.Path[0] == "profile" && !has(out, "trait", ref.Path[1]):
				out = append(out, d.trait(ref.Path[1]))
			case ref.Path[0] == "segment" && !has(out, "segment", ref.Path[1]):
				out = append(out, d.segment(ref.Path[1]))
			}
		}
	}
	return out
}
