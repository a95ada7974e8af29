package main

import (
	"regexp"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

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
	return profiles.Masked(s)
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
