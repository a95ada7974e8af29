package dsl

import (
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// A declaration and what it declares.
type (
	declaredTrait struct {
		decl  *syntax.Trait
		trait *Trait
	}
	declaredSegment struct {
		decl    *syntax.Segment
		segment *Segment
	}
	declaredTagRule struct {
		decl *syntax.TagRule
		rule *TagRule
	}
	declaredMessage struct {
		decl    *syntax.Message
		message *Message
		bodies  []body
	}
	declaredCall struct {
		decl *syntax.Webhook
		call *Call
	}
	declaredJourney struct {
		decl    *syntax.Journey
		journey *Journey
	}
)

// declare takes the names of everything that is declared, and the types of
// traits and events. A declaration that is wrong declares its name all the
// same.
func (c *checker) declare() {
	for _, t := range builtinTraits() {
		c.addTrait(t)
	}
	for _, e := range builtinEvents() {
		c.addEvent(e)
	}
	for _, tree := range c.trees {
		for _, d := range tree.Decls {
			switch d := d.(type) {
			case *syntax.Workspace:
				c.declareWorkspace(d)
			case *syntax.Trait:
				c.declareTrait(d)
			case *syntax.Event:
				c.declareEvent(d)
			case *syntax.Segment:
				c.declareSegment(d)
			case *syntax.TagRule:
				c.declareTagRule(d)
			case *syntax.Message:
				c.declareMessage(d)
			case *syntax.Webhook:
				c.declareCall(d)
			case *syntax.Journey:
				c.declareJourney(d)
			case *syntax.Test:
				c.testDecls = append(c.testDecls, d)
			case *syntax.Import:
				c.importDecls = append(c.importDecls, d)
			}
		}
	}
	c.traitWires()
	c.eventWires()
	for _, t := range c.prog.Traits {
		c.names.traits[t.Name] = t.Type
	}
	c.topics()
	for _, e := range c.prog.Events {
		c.names.events[e.Name] = e.Type
	}
}

func (c *checker) declareWorkspace(d *syntax.Workspace) {
	if c.workspace != nil {
		c.report(errSecondWorkspace(d.Word(), c.workspace.Word()))
		return
	}
	c.workspace = d
}

func (c *checker) addTrait(t *Trait) {
	c.prog.Traits = append(c.prog.Traits, t)
	c.prog.traits[t.Name] = t
}

func (c *checker) declareTrait(d *syntax.Trait) {
	if d.Name.Text == "" {
		return
	}
	if why, reserved := reservedTraits[d.Name.Text]; reserved {
		c.report(errReservedName(&d.Name, "trait", why))
		return
	}
	t := &Trait{Name: d.Name.Text, Wire: d.Name.Text, Type: c.declaredType(d.Type), Span: d.Name.Span()}
	if d.Wire != nil {
		t.Wire = d.Wire.Value
	}
	c.identifier(d, t)
	old := c.prog.traits[t.Name]
	switch {
	case old == nil:
		c.addTrait(t)
	case old.Span.File != nil:
		c.report(errDuplicate("trait", &d.Name, old.Span))
		return
	default:
		c.redeclareTrait(d, old, t)
		t = old
	}
	if d.Computed != nil && t.Identifier {
		c.report(errComputedIdentifier(&d.Name))
	}
	c.traitDecls = append(c.traitDecls, &declaredTrait{d, t})
}

// identifier judges the words `identifier up to N`.
func (c *checker) identifier(d *syntax.Trait, t *Trait) {
	if !d.Identifier {
		return
	}
	t.Identifier, t.Limit = true, maxIdentifiers
	if t.Type.Kind != value.Any && !t.Type.Kind.IsText() {
		c.report(errIdentifierType(d.Type, t))
	}
	if d.UpTo == nil {
		return
	}
	n := int(d.UpTo.Value)
	if float64(n) != d.UpTo.Value || n < 1 || n > 1000 {
		c.report(errIdentifierLimit(d.UpTo))
		return
	}
	t.Limit = n
}

// redeclareTrait gives a built-in trait a name on the wire, a limit, or more
// properties.
func (c *checker) redeclareTrait(d *syntax.Trait, old, t *Trait) {
	old.Span, old.Wire = t.Span, t.Wire
	if t.Type.Kind != old.Type.Kind && t.Type.Kind != value.Any {
		c.report(errBuiltinType("trait", old.Name, old.Type, d.Type))
	}
	if old.Type.Kind == value.Object {
		old.Type = c.extended("trait", old.Name, old.Type, t.Type, fieldsOf(d.Type))
	}
	switch {
	case old.Name == "user_id" && t.Identifier && t.Limit != maxIdentifiers && t.Limit != 1:
		c.report(errUserIDLimit(d.UpTo))
	case old.Identifier && t.Identifier && old.Name != "user_id":
		old.Limit = t.Limit
	case !old.Identifier && t.Identifier:
		c.report(errBuiltinIdentifier(&d.Name))
	}
	if d.Computed != nil {
		c.report(errBuiltinComputed(&d.Name))
	}
}

// extended is a built-in object with the properties that a declaration adds.
func (c *checker) extended(kind, name string, old, more *value.Type, props *syntax.Properties) *value.Type {
	t := &value.Type{Kind: value.Object, Elem: old.Elem, Fields: append([]value.Field(nil), old.Fields...)}
	for _, f := range more.Fields {
		known, there := t.Field(f.Name)
		switch {
		case !there && old.Elem != nil && f.Type.Kind != old.Elem.Kind && f.Type.Kind != value.Any:
			c.report(errBuiltinType("property", f.Name, old.Elem, propertyType(props, f.Name)))
		case !there:
			t.Fields = append(t.Fields, f)
		case known.Type.Kind != f.Type.Kind && f.Type.Kind != value.Any:
			c.report(errBuiltinType("property", f.Name, known.Type, propertyType(props, f.Name)))
		default:
			known.Wire, known.Type = f.Wire, f.Type
		}
	}
	return t
}

// propertyType is the type of a property as it is written.
func propertyType(props *syntax.Properties, name string) *syntax.Type {
	if props != nil {
		for _, p := range props.Items {
			if p.Name.Text == name {
				return p.Type
			}
		}
	}
	return nil
}

func (c *checker) addEvent(e *Event) {
	c.prog.Events = append(c.prog.Events, e)
	c.prog.events[e.Name] = e
}

func (c *checker) declareEvent(d *syntax.Event) {
	if d.Name.Text == "" {
		return
	}
	if why, reserved := reservedEvents[d.Name.Text]; reserved {
		c.report(errReservedName(&d.Name, "event", why))
		return
	}
	e := &Event{Name: d.Name.Text, Wire: d.Name.Text, Type: c.properties(d.Properties, true), Span: d.Name.Span()}
	if d.Wire != nil {
		e.Wire = d.Wire.Value
	}
	old := c.prog.events[e.Name]
	switch {
	case old == nil:
		c.addEvent(e)
	case old.Span.File != nil:
		c.report(errDuplicate("event", &d.Name, old.Span))
	default:
		old.Span, old.Wire = e.Span, e.Wire
		old.Type = c.extended("event", old.Name, old.Type, e.Type, d.Properties)
	}
}

func (c *checker) declareSegment(d *syntax.Segment) {
	if d.Name.Text == "" {
		return
	}
	if old := c.prog.segments[d.Name.Text]; old != nil {
		c.report(errDuplicate("segment", &d.Name, old.Span))
		return
	}
	s := &Segment{Name: d.Name.Text, Title: text(d.Title), Span: d.Name.Span()}
	c.prog.segments[s.Name] = s
	c.names.segments[s.Name] = true
	c.segmentDecls = append(c.segmentDecls, &declaredSegment{d, s})
}

func (c *checker) declareTagRule(d *syntax.TagRule) {
	tag := text(d.Tag)
	switch old := c.prog.tagRules[tag]; {
	case d.Tag == nil:
		return
	case tag == "":
		c.report(errEmptyTag(d.Tag))
		return
	case old != nil:
		c.report(errTagRuleTwice(d.Tag, old.Span))
		return
	}
	r := &TagRule{Tag: tag, Span: d.Tag.Span()}
	c.prog.tagRules[tag] = r
	c.prog.TagRules = append(c.prog.TagRules, r)
	c.tagRuleDecls = append(c.tagRuleDecls, &declaredTagRule{d, r})
}

func (c *checker) declareMessage(d *syntax.Message) {
	if d.Name.Text == "" {
		return
	}
	if old := c.prog.messages[d.Name.Text]; old != nil {
		c.report(errDuplicate("message", &d.Name, old.Span))
		return
	}
	m := &Message{Name: d.Name.Text, Channel: d.Channel.Text, Span: d.Name.Span()}
	c.prog.messages[m.Name] = m
	c.names.messages[m.Name] = m.Channel
	c.prog.Messages = append(c.prog.Messages, m)
	c.declared[m] = &declaredMessage{decl: d, message: m}
	c.messageDecls = append(c.messageDecls, c.declared[m])
}

func (c *checker) declareCall(d *syntax.Webhook) {
	if d.Name.Text == "" {
		return
	}
	if old := c.prog.calls[d.Name.Text]; old != nil {
		c.report(errDuplicate("webhook", &d.Name, old.Span))
		return
	}
	call := &Call{Name: d.Name.Text, Span: d.Name.Span()}
	c.prog.calls[call.Name] = call
	c.prog.Calls = append(c.prog.Calls, call)
	c.declaredCall[call] = &declaredCall{d, call}
	c.callDecls = append(c.callDecls, c.declaredCall[call])
}

func (c *checker) declareJourney(d *syntax.Journey) {
	if d.Name.Text == "" {
		return
	}
	if old := c.prog.journeys[d.Name.Text]; old != nil {
		c.report(errDuplicate("journey", &d.Name, old.Span))
		return
	}
	j := &Journey{Name: d.Name.Text, Title: text(d.Title), Span: d.Name.Span()}
	c.prog.journeys[j.Name] = j
	c.prog.Journeys = append(c.prog.Journeys, j)
	c.names.journeys[j.Name] = true
	c.journeyDecls = append(c.journeyDecls, &declaredJourney{d, j})
}

func text(s *syntax.String) string {
	if s == nil {
		return ""
	}
	return s.Value
}

// traitWires sees to it that no two traits have one name on the wire.
func (c *checker) traitWires() {
	wires := map[string]diag.Span{}
	for _, d := range c.traitDecls {
		c.oneWire("traits", wires, d.trait.Wire, &d.decl.Name, d.decl.Wire)
	}
	for _, t := range c.prog.Traits {
		if t.Span.File != nil {
			c.prog.traitWires[t.Wire] = t
		}
	}
	for _, t := range c.prog.Traits {
		if t.Span.File != nil {
			continue
		}
		if other := c.prog.traitWires[t.Wire]; other != nil {
			c.report(errBuiltinWire("trait", other.Span, t.Wire))
			continue
		}
		c.prog.traitWires[t.Wire] = t
	}
}

// eventWires does the same for events.
func (c *checker) eventWires() {
	wires := map[string]diag.Span{}
	for _, tree := range c.trees {
		for _, d := range tree.Decls {
			if d, ok := d.(*syntax.Event); ok {
				if e := c.prog.events[d.Name.Text]; e != nil && e.Span == d.Name.Span() {
					c.oneWire("events", wires, e.Wire, &d.Name, d.Wire)
				}
			}
		}
	}
	for _, e := range c.prog.Events {
		if e.Span.File != nil {
			c.prog.eventWires[e.Wire] = e
		}
	}
	for _, e := range c.prog.Events {
		if e.Span.File != nil {
			continue
		}
		if other := c.prog.eventWires[e.Wire]; other != nil {
			c.report(errBuiltinWire("event", other.Span, e.Wire))
			continue
		}
		c.prog.eventWires[e.Wire] = e
	}
	for wire, e := range c.prog.eventWires {
		c.names.eventWires[wire] = e.Name
	}
}

// oneWire reports the second use of a name on the wire, at the place where it
// was given.
func (c *checker) oneWire(what string, wires map[string]diag.Span, wire string, name *syntax.Name, given *syntax.String) {
	at := name.Span()
	if given != nil {
		at = given.Span()
		if wire == "" {
			c.report(errEmptyWire(given))
			return
		}
	}
	if first, there := wires[wire]; there {
		c.report(errSameWire(what, wire, at, first))
		return
	}
	wires[wire] = at
}

// fieldsOf are the properties of an object type as they are written.
func fieldsOf(t *syntax.Type) *syntax.Properties {
	if t == nil {
		return nil
	}
	return t.Fields
}
