package dsl

import (
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// The data of tests is written with the names of the program and arrives with
// those on the wire, as data does. Values are not judged: one that cannot be
// read is not stored, in a test as anywhere.

// traits are traits by their names on the wire.
func (w *testWork) traits(d *syntax.Data) map[string]any {
	all := &value.Type{Kind: value.Object}
	for _, t := range w.prog.Traits {
		typ := t.Type
		if t.Name == "topics" {
			typ = w.names.traits[t.Name]
		}
		all.Fields = append(all.Fields, value.Field{Name: t.Name, Wire: t.Wire, Type: typ})
	}
	for _, p := range d.Pairs {
		if t := w.prog.traits[p.Name.Text]; t != nil && t.Computed != nil {
			w.report(errSetComputed(&p.Name))
		}
	}
	return w.object(d, all, "")
}

// object is an object by its names on the wire. what is what a message calls
// it; "": the person's traits.
func (w *testWork) object(d *syntax.Data, t *value.Type, what string) map[string]any {
	m := map[string]any{}
	if d == nil {
		return m
	}
	if d.Kind != syntax.DataObject {
		w.report(errNoObject(d.Span()))
		return m
	}
	given := map[string]diag.Span{}
	for _, p := range d.Pairs {
		name := p.Name.Text
		if name == "" || p.Value == nil {
			continue
		}
		if first, there := given[name]; there {
			w.report(errDuplicate("value of", &p.Name, first))
			continue
		}
		given[name] = p.Name.Span()
		wire, of := name, (*value.Type)(nil)
		switch f, known := t.Field(name); {
		case known:
			wire, of = f.Wire, f.Type
		case t.Elem != nil:
			of = t.Elem
		case t.Kind == value.Object && what == "":
			w.report(errUnknownTrait(&p.Name, sorted(w.names.traits)))
		case t.Kind == value.Object:
			w.report(errNoProperty(&p.Name, what, t))
		}
		m[wire] = w.data(p.Value, of)
	}
	return m
}

// data is a value as it arrives; nil for a type of which nothing is known.
func (w *testWork) data(d *syntax.Data, t *value.Type) any {
	switch d.Kind {
	case syntax.DataObject:
		of := anything
		if t != nil && t.Kind == value.Object {
			of = t
		}
		return w.object(d, of, "this object")
	case syntax.DataList:
		var elem *value.Type
		if t != nil && t.Kind == value.List {
			elem = t.Elem
		}
		list := make([]any, 0, len(d.List))
		for _, item := range d.List {
			list = append(list, w.data(item, elem))
		}
		return list
	}
	switch v := d.Value.(type) {
	case value.Date:
		return v.String()
	case value.Local:
		return v.String()
	case value.Time:
		return v.String()
	case value.Duration:
		return v.String()
	default:
		return v
	}
}
