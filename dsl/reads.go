package dsl

import (
	"slices"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// What a program reads decides what is kept of people and what is asked again
// when something changes. Everything else can be forgotten.

// Exprs calls f with every expression of the program; those of tests only in
// a program for tests.
func (p *Program) Exprs(f func(*cond.Expr)) {
	for _, d := range p.Derived {
		visit(f, d.Expr())
	}
	for _, s := range p.Settings.Suppress {
		visit(f, s.When)
	}
	for _, m := range p.Messages {
		m.Exprs(f)
	}
	for _, c := range p.Calls {
		visitNamed(f, c.JSON)
	}
	for _, j := range p.Journeys {
		j.Exprs(f)
	}
	if p.tested {
		for _, t := range p.Tests {
			for _, e := range t.Expect {
				visit(f, e.That)
			}
		}
	}
}

// Exprs calls f with every expression of the message.
func (m *Message) Exprs(f func(*cond.Expr)) {
	visit(f, m.To, m.ValidFor)
	visitNamed(f, m.JSON)
}

// Exprs calls f with every expression of the journey, those of the messages
// it sends not included.
func (j *Journey) Exprs(f func(*cond.Expr)) {
	for _, e := range j.Entries {
		visit(f, e.When, e.Where)
	}
	visit(f, j.Reentry.After, j.Reentry.Per, j.While)
	for _, x := range j.Exits {
		visit(f, x.When, x.Where)
	}
	for _, g := range j.Goals {
		visit(f, g.Where, g.Within, g.Value)
	}
	for _, s := range j.Code {
		stepExprs(s, f)
	}
}

func stepExprs(s Step, f func(*cond.Expr)) {
	switch s := s.(type) {
	case *Wait:
		visit(f, s.For)
	case *WaitMoment:
		visit(f, s.Moment)
	case *WaitQuiet:
		visit(f, s.Where, s.For)
	case *WaitFor:
		visit(f, s.UpTo)
		for _, a := range s.Alts {
			visit(f, a.When, a.Where)
		}
	case *If:
		visit(f, s.Cond)
	case *Set:
		visit(f, s.Value)
	case *Let:
		visit(f, s.Value)
	case *Send:
		visitNamed(f, s.With)
	case *WaitHour:
		visit(f, s.Hour)
	case *Repeat:
		visit(f, s.Every, s.While)
	case *Emit:
		visitNamed(f, s.Props)
	case *Ask:
		visitNamed(f, s.With)
	case *Begin:
		visitNamed(f, s.With)
	case *WaitClock, *WaitWindow, *Split, *Tag, *Leave:
	}
}

func visitNamed(f func(*cond.Expr), list []Named) {
	for _, n := range list {
		visit(f, n.Expr)
	}
}

func visit(f func(*cond.Expr), list ...*cond.Expr) {
	for _, x := range list {
		if x != nil {
			f(x)
		}
	}
}

// Messages are the messages that the journey sends, each once.
func (j *Journey) Messages() []*Message {
	var list []*Message
	for _, s := range j.Code {
		if send, ok := s.(*Send); ok && !slices.Contains(list, send.Message) {
			list = append(list, send.Message)
		}
	}
	return list
}

// Keeps is what must be kept of people's past events: what conditions and
// values read of them, and what waits, exits and goals look back for. There is
// one entry an event, by name, as wide as the widest wish.
func (p *Program) Keeps() []cond.EventRead {
	all := map[string]*cond.EventRead{}
	add := func(r cond.EventRead) {
		k := all[r.Event]
		if k == nil {
			r.Props = slices.Clone(r.Props)
			all[r.Event] = &r
			return
		}
		k.Whole = k.Whole || r.Whole
		k.Props = append(k.Props, r.Props...)
		if k.Window == 0 || r.Window == 0 {
			k.Window = 0
		} else {
			k.Window = max(k.Window, r.Window)
		}
	}
	p.Exprs(func(x *cond.Expr) {
		for _, r := range x.Reads().Events {
			add(r)
		}
	})
	for _, r := range p.lookBack {
		add(r)
	}
	list := make([]cond.EventRead, 0, len(all))
	for _, r := range all {
		slices.Sort(r.Props)
		r.Props = slices.Compact(r.Props)
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b cond.EventRead) int { return strings.Compare(a.Event, b.Event) })
	return list
}

// Runnings are the running values that must be kept of people, each once, by
// their keys. What is read of an event that one of them holds is the union of
// what all readers want.
func (p *Program) Runnings() []*cond.Running {
	all := map[string]*cond.Running{}
	p.Exprs(func(x *cond.Expr) {
		for _, r := range x.Reads().Running {
			k := all[r.Key()]
			if k == nil {
				c := *r
				c.Props = slices.Clone(r.Props)
				all[r.Key()] = &c
				continue
			}
			k.Whole = k.Whole || r.Whole
			k.Props = append(k.Props, r.Props...)
		}
	})
	list := make([]*cond.Running, 0, len(all))
	for _, key := range sorted(all) {
		r := all[key]
		slices.Sort(r.Props)
		r.Props = slices.Compact(r.Props)
		list = append(list, r)
	}
	return list
}

// Hours is what must be kept by the hour of events that are no longer kept
// themselves: each count and each number once, with its widest window.
func (p *Program) Hours() []*cond.HourRead {
	all := map[string]*cond.HourRead{}
	p.Exprs(func(x *cond.Expr) {
		for _, r := range x.Reads().Hours {
			k := all[r.Key()]
			if k == nil {
				c := *r
				all[r.Key()] = &c
				continue
			}
			k.Window = max(k.Window, r.Window)
		}
	})
	list := make([]*cond.HourRead, 0, len(all))
	for _, key := range sorted(all) {
		list = append(list, all[key])
	}
	return list
}

// eventReads gathers which properties of an event at hand are read. A nil one
// gathers nothing.
type eventReads struct {
	event  string
	window value.Duration
	props  map[string]bool
	whole  bool
}

// look notes that events of a kind are looked back for.
func (w *journeyWork) look(e *Event, window value.Duration) *eventReads {
	r := &eventReads{event: nameOf(e), window: window, props: map[string]bool{}}
	if e != nil {
		w.looks = append(w.looks, r)
	}
	return r
}

// note takes what an expression reads of `event`.
func (r *eventReads) note(x *syntax.Expr) {
	if r == nil {
		return
	}
	for _, m := range members(x) {
		if m.of != "event" {
			continue
		}
		if m.name == "" {
			r.whole = true
			continue
		}
		r.add(m.name)
	}
}

func (r *eventReads) add(prop string) {
	if r != nil && prop != "at" {
		r.props[prop] = true
	}
}

// looked is what was looked back for, as a part of the program.
func (c *checker) looked() []cond.EventRead {
	var list []cond.EventRead
	for _, r := range c.looks {
		list = append(list, cond.EventRead{Event: r.event, Props: sorted(r.props), Whole: r.whole, Window: r.window})
	}
	return list
}
