package dsl

import (
	"sort"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/template"
	"journey/dsl/value"
)

// body looks at every name of a template.
func (c *checker) body(b body, d *declaredMessage, senders []*sending) {
	for _, ref := range b.template.Names() {
		if len(ref.Path) == 0 {
			continue
		}
		switch ref.Path[0] {
		case "profile":
			c.bodyProfile(b, ref)
		case "segment":
			c.bodySegment(b, ref)
		case "unsubscribe_url":
			c.bodyPath(b, ref, 1, &value.Type{Kind: value.URL}, "unsubscribe_url", nil)
		case "entry", "event", "run":
			c.bodySenders(b, ref, senders)
		default:
			c.bodyWith(b, ref, senders)
		}
	}
}

func (c *checker) bodyProfile(b body, ref template.Ref) {
	if len(ref.Path) == 1 {
		c.report(errTemplateNeedsName(b.name(ref, 0), "profile", "profile.name"))
		return
	}
	name := ref.Path[1]
	if name == "id" {
		c.bodyPath(b, ref, 2, &value.Type{Kind: value.Text}, "profile.id", nil)
		return
	}
	t, known := c.names.traits[name]
	if !known {
		c.report(errTemplateUnknown(b.name(ref, 1), cond.UnknownTrait, "trait", name, "profile.", sorted(c.names.traits)))
		return
	}
	c.bodyPath(b, ref, 2, t, "profile."+name, nil)
}

func (c *checker) bodySegment(b body, ref template.Ref) {
	if len(ref.Path) == 1 {
		c.report(errTemplateNeedsName(b.name(ref, 0), "segment", "segment.NAME"))
		return
	}
	name := ref.Path[1]
	if c.prog.segments[name] == nil {
		c.report(errTemplateUnknown(b.name(ref, 1), cond.UnknownSegment, "segment", name, "segment.", sorted(c.names.segments)))
		return
	}
	c.bodyPath(b, ref, 2, &value.Type{Kind: value.Boolean}, "segment."+name, nil)
}

// bodySenders looks at entry.X, event.X and run.X from each sender. A name
// that may be missing (it has a default, or an `if` around it) is right if one
// of the senders has it.
func (c *checker) bodySenders(b body, ref template.Ref, senders []*sending) {
	root := ref.Path[0]
	if len(ref.Path) == 1 {
		c.report(errTemplateNeedsName(b.name(ref, 0), root, root+".NAME"))
		return
	}
	lenient := (ref.Defaulted || ref.Guarded || !ref.Output || !b.written(ref)) && len(senders) > 1
	var lacking []*sending
	for _, s := range senders {
		if root == "event" {
			s.reads.add(ref.Path[1])
		}
		t, has := s.lookup(root, ref.Path[1])
		if !has {
			lacking = append(lacking, s)
			continue
		}
		c.bodyPath(b, ref, 2, t, root+"."+ref.Path[1], s)
	}
	if len(lacking) == 0 || lenient && len(lacking) < len(senders) {
		return
	}
	s := lacking[0]
	if root == "event" && s.event == nil {
		c.report(errTemplateNoEvent(b.name(ref, 0), s.place))
		return
	}
	code, what := cond.UnknownProperty, "property of the "+root
	if root == "run" {
		code, what = cond.UnknownName, "value of the run"
	}
	d := errTemplateUnknown(b.name(ref, 1), code, what, ref.Path[1], root+".", s.candidates(root))
	d.Related = append(d.Related, diag.Related{Span: s.place, Message: "sent here"})
	c.report(d)
}

// lookup is the type of entry.NAME, event.NAME or run.NAME for a sender.
func (s *sending) lookup(root, name string) (*value.Type, bool) {
	t := s.entry
	switch root {
	case "run":
		t, there := s.run[name]
		return known(t), there
	case "event":
		t = s.event
		if t == nil {
			return nil, false
		}
	case "entry":
		if name == "event" {
			return &value.Type{Kind: value.Text}, true
		}
	}
	if name == "at" {
		return &value.Type{Kind: value.TimeKind}, true
	}
	if t != nil {
		if f, ok := t.Field(name); ok {
			return f.Type, true
		}
		if t.Elem != nil {
			return t.Elem, true
		}
	}
	return known(nil), root == "entry" && s.any
}

// known is the type, any if it is nil.
func known(t *value.Type) *value.Type {
	if t == nil {
		return &value.Type{}
	}
	return t
}

func (s *sending) candidates(root string) []string {
	t := s.entry
	switch root {
	case "run":
		return sorted(s.run)
	case "event":
		t = s.event
	}
	names := []string{"at"}
	if t != nil {
		for _, f := range t.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}

// bodyWith looks at a name that can only be a `with` value.
func (c *checker) bodyWith(b body, ref template.Ref, senders []*sending) {
	name := ref.Path[0]
	var lacking []*sending
	for _, s := range senders {
		t, has := s.with[name]
		if !has {
			lacking = append(lacking, s)
			continue
		}
		c.bodyPath(b, ref, 1, known(t), name, s)
	}
	switch {
	case len(senders) == 0: // anybody may give it
	case c.misreadLines(lacking): // what they give could not be read
	case len(lacking) == len(senders):
		c.report(errTemplateName(b.name(ref, 0), name, c.templateNames(senders), c.names.traits[name] != nil))
	case ref.Defaulted || ref.Guarded || !ref.Output:
	default:
		for _, s := range lacking {
			c.report(errWithLacks(s.place, name, b.name(ref, 0)))
		}
	}
}

func (c *checker) templateNames(senders []*sending) []string {
	names := []string{"profile", "event", "entry", "run", "segment", "unsubscribe_url"}
	for _, s := range senders {
		names = append(names, sorted(s.with)...)
	}
	return names
}

// bodyPath follows what stands behind a known name: a.b[].c.
func (c *checker) bodyPath(b body, ref template.Ref, i int, t *value.Type, shown string, from *sending) {
	for ; i < len(ref.Path); i++ {
		if t == nil || t.Kind == value.Any {
			return
		}
		name := ref.Path[i]
		next, ok := step(t, name)
		if !ok {
			d := errTemplatePath(b.name(ref, i), shown, name, t)
			if from != nil {
				d.Related = append(d.Related, diag.Related{Span: from.place, Message: "sent here"})
			}
			c.report(d)
			return
		}
		if name == "[]" {
			shown += "[]"
		} else {
			shown += "." + name
		}
		t = next
	}
}

// step is what a name means behind a value of a type, in a template.
func step(t *value.Type, name string) (*value.Type, bool) {
	switch t.Kind {
	case value.Object:
		if f, ok := t.Field(name); ok {
			return f.Type, true
		}
		if t.Elem != nil || name == "[]" {
			return known(t.Elem), true
		}
		if name == "size" {
			return &value.Type{Kind: value.Number}, true
		}
	case value.List:
		switch name {
		case "[]", "first", "last":
			return known(t.Elem), true
		case "size":
			return &value.Type{Kind: value.Number}, true
		}
	default:
		if name == "size" && t.Kind.IsText() {
			return &value.Type{Kind: value.Number}, true
		}
	}
	return nil, false
}

// name is the place of the i-th name of a path; of the whole reference where
// the path is not written out there.
func (b body) name(ref template.Ref, i int) diag.Span {
	whole := b.place(ref.Start, ref.End)
	if whole.File == nil || whole.End > len(whole.File.Text) {
		return whole
	}
	source := whole.File.Text[whole.Start:whole.End]
	at := 0
	for k, name := range ref.Path[:i+1] {
		if name == "[]" {
			continue
		}
		n := strings.Index(source[at:], name)
		if n < 0 || k == 0 && n != 0 {
			return whole
		}
		at += n
		if k == i {
			return diag.Span{File: whole.File, Start: whole.Start + at, End: whole.Start + at + len(name)}
		}
		at += len(name)
	}
	return whole
}

// written says whether a reference is written out; one that is not goes
// through a name of the template's own, mostly that of a loop, which makes no
// rounds where the list is missing.
func (b body) written(ref template.Ref) bool {
	at := b.place(ref.Start, ref.End)
	return at.File != nil && at.End <= len(at.File.Text) && strings.HasPrefix(at.File.Text[at.Start:at.End], ref.Path[0])
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
