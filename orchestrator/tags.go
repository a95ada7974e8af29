package orchestrator

import (
	"slices"

	"journey/dsl"
	"journey/dsl/value"
	"journey/profiles"
)

// A tag that a rule gives (`tag "vip" while C`) is on the person exactly while
// the rule holds: it stands in profile.tags like any other, behind those that
// data and journeys gave, and neither of them adds it or takes it away.

const tagsTrait = "tags"

// ruleTag asks whether a rule gives its tag now.
func (m *machine) ruleTag(r *dsl.TagRule) {
	holds := r.While.Bool(m.about())
	m.look()
	key := profiles.RuledTag(r.Tag)
	if _, held := m.p.Segments[key]; held == holds {
		return
	}
	way := "out"
	if holds {
		way = "in"
		if m.p.Segments == nil {
			m.p.Segments = map[string]value.Time{}
		}
		m.p.Segments[key] = m.at
	} else {
		delete(m.p.Segments, key)
	}
	m.retag(m.withRules(m.p.Value(tagsTrait)))
	m.trace(Trace{Kind: TraceTag, Name: r.Tag, Detail: way})
}

// withRules is a list of tags without those that rules of the live release
// give, and with those they give now, in the order of declaration; nil for
// none.
func (m *machine) withRules(v any) any {
	if len(m.plan.TagRules) == 0 {
		return v
	}
	list, _ := v.([]any)
	tags := slices.DeleteFunc(slices.Clone(list), func(t any) bool {
		s, ok := t.(string)
		_, ruled := m.plan.TagRule(s)
		return ok && ruled
	})
	for _, r := range m.plan.TagRules {
		if _, held := m.p.Segments[profiles.RuledTag(r.Tag)]; held {
			tags = append(tags, r.Tag)
		}
	}
	return listOrNil(tags)
}

// tagByHand gives and takes tags.
func (m *machine) tagByHand(in *Input) {
	list := m.p.Value(tagsTrait)
	for _, tag := range in.Untag {
		list = tagged(list, tag, true)
	}
	for _, tag := range in.Tag {
		list = tagged(list, tag, false)
	}
	m.setTrait(tagsTrait, list, max(m.at, in.At))
}

// tagged is a list of tags with one more, at its end, or with one less.
func tagged(v any, tag string, remove bool) any {
	list, _ := v.([]any)
	switch there := slices.Contains(list, any(tag)); {
	case there == !remove:
		return listOrNil(list)
	case remove:
		return listOrNil(slices.DeleteFunc(slices.Clone(list), func(t any) bool { return t == tag }))
	}
	return append(slices.Clone(list), tag)
}

func listOrNil(tags []any) any {
	if len(tags) == 0 {
		return nil
	}
	return tags
}

// retag stores a list of tags that rules have changed. Its time stays: it says
// how new the data in it is.
func (m *machine) retag(v any) {
	old := m.p.Traits[tagsTrait]
	if value.Equal(old.Value, v) {
		return
	}
	if m.p.Traits == nil {
		m.p.Traits = map[string]profiles.Trait{}
	}
	m.p.Traits[tagsTrait] = profiles.Trait{Value: v, At: old.At}
	m.changed.trait(tagsTrait)
	m.noteChange(tagsTrait, old.Value, v)
}

// dropRules takes away the tags of rules that the live release does not have,
// and those that its rules give and the person got otherwise before.
func (m *machine) dropRules() {
	list, _ := m.p.Value(tagsTrait).([]any)
	tags := slices.Clone(list)
	for key := range m.p.Segments {
		tag, ruled := profiles.CutRuledTag(key)
		if !ruled {
			continue
		}
		if _, known := m.plan.TagRule(tag); !known {
			delete(m.p.Segments, key)
			tags = slices.DeleteFunc(tags, func(t any) bool { return t == tag })
		}
	}
	m.retag(m.withRules(listOrNil(tags)))
}
