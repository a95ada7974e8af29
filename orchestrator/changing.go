package orchestrator

import (
	"slices"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
)

// A trait that takes another value is an event of its own, named
// dsl.ChangeOf(trait), with the properties from and to. It is handled like an
// event and kept where a wait looks back for it, but it is no event of the
// person: nobody sent it.

// maxElements is how many elements of a list may enter a journey at once.
const maxElements = 50

// changeOf is a change that has not been handled yet.
type changeOf struct {
	trait    string
	from, to any
}

// noteChange keeps a change until the input that caused it has been handled.
// History, merges and releases cause none.
func (m *machine) noteChange(trait string, from, to any) {
	if m.history || m.quiet {
		return
	}
	for i := range m.pending {
		if m.pending[i].trait == trait {
			m.pending[i].to = to
			return
		}
	}
	m.pending = append(m.pending, changeOf{trait, from, to})
}

// change handles the changes that are pending, in the order of declaration.
func (m *machine) change() {
	if len(m.pending) == 0 {
		return
	}
	pending := m.pending
	m.pending = nil
	slices.SortStableFunc(pending, func(a, b changeOf) int { return m.plan.order[a.trait] - m.plan.order[b.trait] })
	for _, c := range pending {
		if value.Equal(c.from, c.to) {
			continue // it changed and changed back
		}
		name := dsl.ChangeOf(c.trait)
		e := &cond.Event{Name: name, At: m.at, Arrived: m.at, Props: c.props()}
		if k := m.keepOf(name); k != nil {
			m.keep(k.kept(e), k.window)
		}
		m.handle(e)
	}
}

// props are the properties of the event that a change is.
func (c changeOf) props() cond.Props {
	switch {
	case c.from == nil:
		return cond.MakeProps([]string{"to"}, []any{c.to})
	case c.to == nil:
		return cond.MakeProps([]string{"from"}, []any{c.from})
	}
	return cond.MakeProps([]string{"from", "to"}, []any{c.from, c.to})
}

// elements makes of an event the entries of `each`: one event for each
// element of its list, at most 50; the rest is refused.
func (m *machine) elements(of entryOf, e *cond.Event) []*cond.Event {
	events := elementsOf(of.entry, e)
	if len(events) > maxElements {
		for range events[maxElements:] {
			m.refuse(of.journey.Name, RefusedMany)
		}
		events = events[:maxElements]
	}
	return events
}

// elementsOf are the events that an `each` entry makes of one: a copy for each
// element of its list, with the element as item.
func elementsOf(entry *dsl.Entry, e *cond.Event) []*cond.Event {
	list, _ := e.Props.Get(entry.Each).([]any)
	events := make([]*cond.Event, len(list))
	for i, item := range list {
		events[i] = &cond.Event{ID: e.ID, Name: e.Name, At: e.At, Arrived: e.Arrived, Props: e.Props.With("item", item)}
	}
	return events
}
