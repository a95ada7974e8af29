package cond

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// source is where events come from in an expression: one mention of EVENT or
// of `EVENT in last D`. Codes that are such events, or lists of them, carry
// it along, so that each property that is asked of them is noted here.
type source struct {
	event   string
	window  value.Duration
	props   map[string]bool
	whole   bool
	running *Running // the events are not looked at: this value is
}

// eventType is the type of the elements of EVENT.
func (k *compiler) eventType(name string) *value.Type {
	t, ok := k.events[name]
	if !ok {
		t = withAt(k.scope.Events[name])
		k.events[name] = t
	}
	return t
}

func (k *compiler) source(event string, window value.Duration) *source {
	s := &source{event: event, window: window, props: make(map[string]bool)}
	k.sources = append(k.sources, s)
	return s
}

// past compiles EVENT: the person's kept events of a kind.
func (k *compiler) past(n ast.Node, event string) *code {
	return &code{
		typ: listOfType(k.eventType(event)), node: n, from: []*source{k.source(event, 0)},
		list: func(e *Env) elements { return elements{events: e.Person.Events(event)} },
	}
}

// runningValue notes a running value.
func (k *compiler) runningValue(agg Agg, event, prop string) *Running {
	r := &Running{Agg: agg, Event: event, Prop: prop}
	r.key = r.Key()
	k.running = append(k.running, r)
	return r
}

// whole notes that events are used as values: any property may be looked at.
func (k *compiler) whole(c *code) {
	for _, s := range c.from {
		s.whole = true
	}
}

// holdsEvents says whether values of the type may hold events.
func (k *compiler) holdsEvents(t *value.Type) bool {
	switch t.Kind {
	case value.List:
		return k.holdsEvents(elemOf(t))
	case value.Object, value.Any:
		return true
	}
	return false
}

// reads gathers what the expression depends on.
func (k *compiler) reads() Reads {
	if k.zone {
		k.traits["timezone"] = true // Env.Zone comes from it
	}
	r := Reads{Traits: keys(k.traits), Segments: keys(k.segments), Journeys: keys(k.journeys),
		Messages: keys(k.messages), Now: k.now}
	for _, s := range k.sources {
		props := keys(s.props)
		if s.running != nil {
			s.running.Props = props
			s.running.Whole = s.whole
			continue
		}
		i := slices.IndexFunc(r.Events, func(e EventRead) bool { return e.Event == s.event && e.Window == s.window })
		if i < 0 {
			i = len(r.Events)
			r.Events = append(r.Events, EventRead{Event: s.event, Window: s.window})
		}
		r.Events[i].Whole = r.Events[i].Whole || s.whole
		r.Events[i].Props = slices.Compact(slices.Sorted(slices.Values(append(props, r.Events[i].Props...))))
	}
	slices.SortFunc(r.Events, func(a, b EventRead) int {
		if c := strings.Compare(a.Event, b.Event); c != 0 {
			return c
		}
		return int(max(min(a.Window-b.Window, 1), -1))
	})
	for _, x := range k.running {
		i := slices.IndexFunc(r.Running, func(y *Running) bool { return y.key == x.key })
		if i < 0 {
			r.Running = append(r.Running, x)
			continue
		}
		y := r.Running[i]
		y.Whole = y.Whole || x.Whole
		y.Props = slices.Compact(slices.Sorted(slices.Values(append(x.Props, y.Props...))))
	}
	slices.SortFunc(r.Running, func(a, b *Running) int { return strings.Compare(a.key, b.key) })
	r.Hours = k.hoursRead()
	return r
}

// hoursRead is what is read by the hour, each once with its widest window.
func (k *compiler) hoursRead() []*HourRead {
	var list []*HourRead
	for _, x := range k.hours {
		i := slices.IndexFunc(list, func(y *HourRead) bool { return y.key == x.key })
		if i < 0 {
			c := *x
			list = append(list, &c)
			continue
		}
		list[i].Window = max(list[i].Window, x.Window)
	}
	slices.SortFunc(list, func(a, b *HourRead) int { return strings.Compare(a.key, b.key) })
	return list
}
