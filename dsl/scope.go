package dsl

import (
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// scopeNames are the declared names as conditions see them. They are complete
// before the first condition is compiled and do not change afterwards.
type scopeNames struct {
	traits     map[string]*value.Type
	events     map[string]*value.Type
	eventWires map[string]string
	segments   map[string]bool
	journeys   map[string]bool
	messages   map[string]string    // with their channels
	topics     map[string]diag.Span // where each is declared
}

func newScopeNames() scopeNames {
	return scopeNames{
		traits:     map[string]*value.Type{},
		events:     map[string]*value.Type{},
		eventWires: map[string]string{},
		segments:   map[string]bool{},
		journeys:   map[string]bool{},
		messages:   map[string]string{},
		topics:     map[string]diag.Span{},
	}
}

// person is the scope of a condition on somebody: no event, no run.
func (c *checker) person() cond.Scope {
	n := &c.names
	return cond.Scope{Traits: n.traits, Events: n.events, EventWires: n.eventWires, Segments: n.segments, Journeys: n.journeys, Messages: n.messages}
}

// anything is the type of an event or entry about which nothing is known
// because its declaration is missing or wrong: any property may be named.
var anything = &value.Type{Kind: value.Object, Elem: &value.Type{}}

// expr compiles an expression; nil if there is none, or none to speak of.
func (c *checker) expr(x *syntax.Expr, s *cond.Scope, want cond.Want) *cond.Expr {
	if x == nil || x.Node == nil || x.Broken {
		return nil
	}
	e, diags := cond.Compile(x.Span().File, x.Node, s, want)
	c.report(diags...)
	c.bounded(x, e)
	return e
}

// event resolves a reference to an event; nil if there is none, which has
// been reported.
func (c *checker) event(ref *syntax.EventRef) *Event {
	e := c.lookup(ref)
	switch {
	case ref != nil && ref.Change != nil:
		if e == nil && ref.Change.Text != "" {
			c.report(errUnknownTrait(ref.Change, sorted(c.names.traits)))
		}
	case e == nil && ref != nil && ref.Name != "":
		c.report(errUnknownEvent(ref, c.eventTable(ref)))
	}
	return e
}

// lookup is the same without a word.
func (c *checker) lookup(ref *syntax.EventRef) *Event {
	switch {
	case ref == nil:
		return nil
	case ref.Change != nil:
		return c.changeOf(ref.Change.Text)
	}
	return c.eventTable(ref)[ref.Name]
}

// changeOf is the event that a change of a trait is; nil for an unknown one.
func (c *checker) changeOf(trait string) *Event {
	t, known := c.names.traits[trait]
	if !known {
		return nil
	}
	e := c.changes[trait]
	if e == nil {
		value := func(name string) value.Field {
			return value.Field{Name: name, Wire: name, Type: t, Optional: true}
		}
		e = &Event{Name: ChangeOf(trait), Type: object(value("from"), value("to"))}
		c.changes[trait] = e
	}
	return e
}

func object(fields ...value.Field) *value.Type {
	return &value.Type{Kind: value.Object, Fields: fields}
}

func (c *checker) eventTable(ref *syntax.EventRef) map[string]*Event {
	if ref.Wire {
		return c.prog.eventWires
	}
	return c.prog.events
}

// typeOf is the type of an event's properties, as far as it is known.
func typeOf(e *Event) *value.Type {
	if e == nil {
		return anything
	}
	return e.Type
}

// nameOf is the event's name, "" for one that is unknown.
func nameOf(e *Event) string {
	if e == nil {
		return ""
	}
	return e.Name
}

// merged is the type of an object that is one of several: it has the
// properties of all of them.
func merged(types []*value.Type) *value.Type {
	if len(types) == 1 {
		return types[0]
	}
	m := &value.Type{Kind: value.Object}
	at := map[string]int{}
	for _, t := range types {
		if t.Elem != nil {
			m.Elem = t.Elem
		}
		for _, f := range t.Fields {
			i, there := at[f.Name]
			if !there {
				at[f.Name] = len(m.Fields)
				f.Optional = true
				m.Fields = append(m.Fields, f)
				continue
			}
			m.Fields[i].Type = common(m.Fields[i].Type, f.Type)
		}
	}
	return m
}

// mixed are the properties that have types in some of the objects that have
// nothing in common.
func mixed(types []*value.Type) map[string][2]*value.Type {
	first := map[string]*value.Type{}
	var found map[string][2]*value.Type
	for _, t := range types {
		for _, f := range t.Fields {
			old := first[f.Name]
			switch {
			case old == nil:
				first[f.Name] = f.Type
			case old.Kind != value.Any && f.Type.Kind != value.Any && common(old, f.Type).Kind == value.Any:
				put(&found, f.Name, [2]*value.Type{old, f.Type})
			}
		}
	}
	return found
}

// common is a type that holds the values of both; any, if they have nothing
// in common.
func common(a, b *value.Type) *value.Type {
	number := func(k value.Kind) bool { return k == value.Number || k == value.Integer }
	switch {
	case a == b, a.String() == b.String():
		return a
	case a.Kind.IsText() && b.Kind.IsText():
		return &value.Type{Kind: value.Text}
	case number(a.Kind) && number(b.Kind):
		return &value.Type{Kind: value.Number}
	case a.Kind == value.List && b.Kind == value.List:
		return &value.Type{Kind: value.List, Elem: common(a.Elem, b.Elem)}
	case a.Kind == value.Object && b.Kind == value.Object:
		return merged([]*value.Type{a, b})
	}
	return &value.Type{}
}
