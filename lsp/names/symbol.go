package names

import (
	"strings"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Kind is what a name stands for.
type Kind uint8

// The kinds of name.
const (
	Trait    Kind = iota + 1
	Event         // a kind of event
	Property      // of an event, an object, a request or an answer
	Segment
	Message
	Webhook
	Journey
	Goal
	Topic
	Split
	Branch   // of a split
	RunValue // what `let` keeps or `call … as` returns: run.NAME
	Given    // what a `with` gives to a message or webhook
	Label    // @NAME of a step
	Import
	Test // its title
)

var kindWords = [...]string{"", "trait", "event", "property", "segment", "message", "webhook", "journey", "goal", "topic", "split",
	"branch", "value of the run", "value given by `with`", "label", "import", "test"}

// String is the kind in words.
func (k Kind) String() string { return kindWords[k] }

// Symbol is something with a name.
type Symbol struct {
	Kind  Kind
	Name  string
	Title string      // for people, or the name on the wire, as far as it is written
	Span  diag.Span   // of the name where it is declared; no file for what is built in
	Node  syntax.Node // the declaration, or the step that introduces it; nil for what is built in
	Type  *Type       // of a journey its goals, of a split its branches; nil: nothing is known, or it has none
	Owner *Symbol     // of a property its event, of a goal its journey; may be nil

	// Wire says that data call it by its name, since no other name is written
	// (traits, events and properties).
	Wire bool
	// Params are the properties of a request, of a journey that takes any.
	Params *Type
	// Doc says what something built in means.
	Doc string
}

// BuiltIn says that no source declares the symbol.
func (s *Symbol) BuiltIn() bool { return s.Span.File == nil }

// Type is the type of a value, as far as names need it.
type Type struct {
	Text   string    // as it is written in the language
	Fields []*Symbol // of an object; an entry by one of several events has those of all
	Elem   *Type     // of a list
	Any    bool      // it may have any field
	OneOf  []string  // the only values, of a text
}

// fields are those with a name.
func (t *Type) fields(name string) []*Symbol {
	if t == nil {
		return nil
	}
	var found []*Symbol
	for _, f := range t.Fields {
		if f.Name == name {
			found = append(found, f)
		}
	}
	return found
}

func plain(text string) *Type { return &Type{Text: text} }

func listOf(elem *Type) *Type {
	text := "any"
	if elem != nil {
		text = elem.Text
	}
	return &Type{Text: "list of " + text, Elem: elem}
}

// withFields is an object that has some more fields.
func withFields(t *Type, more ...*Symbol) *Type {
	w := &Type{Text: "{ … }"}
	if t != nil {
		*w = *t
		w.Fields = append([]*Symbol(nil), t.Fields...)
	}
	w.Fields = append(w.Fields, more...)
	return w
}

// ofValue is a type of the compiled program: those of what is built in.
func ofValue(t *value.Type, owner *Symbol) *Type {
	if t == nil {
		return nil
	}
	n := &Type{Text: t.String(), OneOf: t.OneOf, Any: t.Kind == value.Any}
	switch t.Kind {
	case value.List:
		n.Elem = ofValue(t.Elem, owner)
	case value.Object:
		n.Any = t.Elem != nil
		for _, f := range t.Fields {
			n.Fields = append(n.Fields, &Symbol{Kind: Property, Name: f.Name, Type: ofValue(f.Type, owner), Owner: owner})
		}
	}
	return n
}

// typeOf is a type as it is written. Its properties become symbols.
func (b *builder) typeOf(t *syntax.Type, owner *Symbol) *Type {
	if t == nil {
		return nil
	}
	b.typeWord(&t.Kind)
	n := &Type{Text: oneLine(t.Span().Text())}
	switch {
	case t.Fields != nil:
		return b.object(t.Fields, owner)
	case t.Elem != nil:
		return listOf(b.typeOf(t.Elem, owner))
	case t.Kind.Text == "any":
		n.Any = true
	}
	for _, s := range t.OneOf {
		n.OneOf = append(n.OneOf, s.Value)
	}
	return n
}

// object is the type of properties in braces.
func (b *builder) object(p *syntax.Properties, owner *Symbol) *Type {
	if p == nil {
		return &Type{Text: "{ }"}
	}
	n := &Type{}
	var parts []string
	for _, item := range p.Items {
		s := &Symbol{Kind: Property, Name: item.Name.Text, Node: item, Owner: owner, Span: item.Name.Span(), Wire: item.Wire == nil}
		if item.Wire != nil {
			s.Title = item.Wire.Value
		}
		s.Type = b.typeOf(item.Type, owner)
		if item.Name.Text == "" || item.Name.Text == b.mark {
			continue
		}
		n.Fields = append(n.Fields, s)
		b.declared(s)
		part := s.Name + ": " + typeText(s.Type)
		if item.Optional {
			part += " optional"
		}
		parts = append(parts, part)
	}
	n.Text = "{ " + strings.Join(parts, ", ") + " }"
	return n
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
