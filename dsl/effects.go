package dsl

import (
	"slices"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Steps that reach beyond their run: emit and start.

// requestEntry is how a journey takes requests.
type requestEntry struct {
	params *value.Type // nil: undeclared, anything
}

// noteRequests finds out what a journey's requests carry, before steps and
// tests of others make some.
func (c *checker) noteRequests(d *declaredJourney) {
	for _, clause := range d.decl.Body.Head {
		x, ok := clause.(*syntax.EnterRequest)
		if !ok || c.requests[d.journey.Name] != nil {
			continue
		}
		r := &requestEntry{}
		if x.Params != nil {
			n := len(c.diags)
			r.params = c.properties(x.Params, true)
			c.diags = c.diags[:n] // reported with the journey
		}
		c.requests[d.journey.Name] = r
	}
}

// emit compiles an emit.
func (w *journeyWork) emit(s *syntax.Emit, at spot, path string) {
	e := w.event(&s.Event)
	switch {
	case s.Event.Change != nil:
		w.report(errEmitChange(&s.Event))
		e = nil
	case e != nil && slices.Contains(engineEvents, e.Name):
		w.report(errEmitOwn(&s.Event, e.Name))
	}
	emit := &Emit{Event: nameOf(e)}
	w.lay(emit, s, at, path)
	emit.Props = w.fill(s.Props, filled{what: "`" + nameOf(e) + "`", of: typeOf(e), step: s}, at)
}

// begin compiles a start.
func (w *journeyWork) begin(s *syntax.Begin, at spot, path string) {
	begin := &Begin{Journey: s.Journey.Text}
	w.lay(begin, s, at, path)
	of := anything
	if r := w.request(&s.Journey); r != nil && r.params != nil {
		of = r.params
	}
	begin.With = w.fill(s.With, filled{what: "a request of `" + s.Journey.Text + "`", of: of, step: s}, at)
}

// request is how the named journey takes requests; nil for one that does not
// exist or takes none, which is reported.
func (c *checker) request(name *syntax.Name) *requestEntry {
	if name.Text == "" {
		return nil
	}
	if c.prog.journeys[name.Text] == nil {
		c.report(errUnknownJourney(name, sorted(c.prog.journeys)))
		return nil
	}
	r := c.requests[name.Text]
	if r == nil {
		c.report(errNoRequest(name, c.prog.journeys[name.Text].Span))
	}
	return r
}

// filled is an object whose properties a step gives.
type filled struct {
	what string // for messages
	of   *value.Type
	step syntax.Step
}

// fill compiles the properties of an event or a request.
func (w *journeyWork) fill(pairs *syntax.Pairs, f filled, at spot) []Named {
	var list []Named
	given := map[string]diag.Span{}
	if pairs != nil {
		for _, p := range pairs.Items {
			if x, ok := w.property(p, f, given, at); ok {
				list = append(list, x)
			}
		}
	}
	if w.misread(f.step.Span()) || unknown(given, f.of) {
		return list // what is missing may just be misspelt
	}
	for _, field := range f.of.Fields {
		if _, there := given[field.Name]; !there && !field.Optional {
			w.report(errPropertyLacks(f.step.Word(), f.what, field.Name))
		}
	}
	return list
}

// unknown says whether something is given that the type does not have.
func unknown(given map[string]diag.Span, of *value.Type) bool {
	for name := range given {
		if _, known := of.Field(name); !known && of.Elem == nil {
			return true
		}
	}
	return false
}

func (w *journeyWork) property(p *syntax.Pair, f filled, given map[string]diag.Span, at spot) (Named, bool) {
	name := p.Name.Text
	if name == "" {
		return Named{}, false
	}
	at.reads.note(p.Value)
	scope := w.scope(at.event)
	want := cond.Anything
	field, known := f.of.Field(name)
	switch {
	case known:
		want = cond.ValueOf(field.Type)
	case f.of.Elem == nil:
		w.report(errNoProperty(&p.Name, f.what, f.of))
	case reservedProperties[name] != "":
		w.report(errReservedName(&p.Name, "property", reservedProperties[name]))
	}
	x := w.expr(p.Value, &scope, want)
	if first, there := given[name]; there {
		w.report(errDuplicate("property", &p.Name, first))
		return Named{}, false
	}
	given[name] = p.Name.Span()
	return Named{name, x}, true
}
