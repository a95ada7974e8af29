package dsl

import (
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// declaredType is a type as a value. What the parser could not make sense of
// is any.
func (c *checker) declaredType(t *syntax.Type) *value.Type {
	if t == nil {
		return &value.Type{}
	}
	switch {
	case t.Elem != nil || t.Kind.Text == "list":
		return &value.Type{Kind: value.List, Elem: c.declaredType(t.Elem)}
	case t.Fields != nil:
		return c.properties(t.Fields, false)
	}
	kind, known := value.KindOf(t.Kind.Text)
	if !known && t.Kind.Text != "" {
		c.report(errUnknownType(&t.Kind))
	}
	v := &value.Type{Kind: kind}
	if len(t.OneOf) > 0 && known && kind != value.Text {
		c.report(errOneOfType(t))
		return v
	}
	if t.Format != nil && (known || t.Kind.Text == "") {
		if err := value.CheckFormat(kind, t.Format.Value); err != nil {
			c.report(errBadFormat(t.Format, err))
		} else {
			v.Format = t.Format.Value
		}
	}
	seen := map[string]bool{}
	for _, s := range t.OneOf {
		if s == nil {
			continue
		}
		if seen[s.Value] {
			c.report(errOneOfTwice(s))
			continue
		}
		seen[s.Value] = true
		v.OneOf = append(v.OneOf, s.Value)
	}
	return v
}

// properties are the properties of an object or, at the top, of an event or
// request, where some names are taken.
func (c *checker) properties(p *syntax.Properties, top bool) *value.Type {
	t := &value.Type{Kind: value.Object}
	if p == nil {
		return t
	}
	names, wires := map[string]diag.Span{}, map[string]diag.Span{}
	for _, item := range p.Items {
		name := item.Name.Text
		if name == "" {
			continue
		}
		if why, reserved := reservedProperties[name]; reserved && top {
			c.report(errReservedName(&item.Name, "property", why))
			continue
		}
		if first, there := names[name]; there {
			c.report(errDuplicate("property", &item.Name, first))
			continue
		}
		names[name] = item.Name.Span()
		f := value.Field{Name: name, Wire: name, Type: c.declaredType(item.Type), Optional: item.Optional}
		if item.Wire != nil {
			f.Wire = item.Wire.Value
		}
		c.oneWire("properties", wires, f.Wire, &item.Name, item.Wire)
		t.Fields = append(t.Fields, f)
	}
	return t
}
