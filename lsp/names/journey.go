package names

import "journey/dsl/syntax"

// scope is what the names of values mean at a place.
type scope struct {
	event *Type // nil: there is no event
	entry *Type // nil: there is no run
	run   map[string]*Symbol
	it    *Type              // the element of a predicate
	with  map[string]*Symbol // names that stand by themselves
	row   bool               // of an import: nothing but `row`

	goals   *Type   // of the journey
	journey *Symbol // nil outside of journeys
}

// decl resolves the names of a declaration.
func (b *builder) decl(d syntax.Decl) {
	switch d := d.(type) {
	case *syntax.Workspace:
		for _, item := range d.Settings.Items {
			b.setting(item)
		}
	case *syntax.Trait:
		b.expr(d.Computed, &scope{})
	case *syntax.Segment:
		b.expr(d.When, &scope{})
	case *syntax.TagRule:
		b.expr(d.While, &scope{})
	case *syntax.Message:
		b.channel(&d.Channel, channelsOf)
	case *syntax.Webhook:
		b.webhook(d)
	case *syntax.Journey:
		b.journey(d)
	case *syntax.Test:
		b.test(d)
	case *syntax.Import:
		b.imports(d)
	}
}

func (b *builder) setting(item syntax.Setting) {
	switch s := item.(type) {
	case *syntax.Quiet:
		for i := range s.Channels {
			b.channel(&s.Channels[i], personalChannels)
		}
	case *syntax.Cap:
		b.channel(&s.Channel, append([]string{"all"}, personalChannels...))
	case *syntax.Suppress:
		if s.Channel != nil {
			b.channel(s.Channel, personalChannels)
		}
		b.expr(s.When, &scope{})
	case *syntax.Consent:
		b.channel(&s.Mode, []string{"required", "assumed"})
	case *syntax.Identify:
		for i := range s.Traits {
			b.refer(&s.Traits[i], Trait)
		}
	}
}

// journey resolves the head and the steps of a journey.
func (b *builder) journey(d *syntax.Journey) {
	w := &walk{builder: b, scope: scope{entry: withFields(&Type{Text: "{ … }"}, at(), entryEvent()), run: map[string]*Symbol{}, goals: &Type{}}}
	if s := b.tables[Journey][d.Name.Text]; s != nil && s.Node == syntax.Node(d) {
		w.scope.journey = s
		w.scope.goals = s.Type
	}
	for _, c := range d.Body.Head {
		w.entry(c)
	}
	for _, c := range d.Body.Head {
		w.clause(c)
	}
	w.steps(d.Body.Steps)
}

func at() *Symbol {
	return &Symbol{Kind: Property, Name: "at", Type: plain("time"), Doc: "When it happened."}
}

func entryEvent() *Symbol {
	return &Symbol{Kind: Property, Name: "event", Type: plain("text"), Doc: "The name of the event that began the run."}
}

// walk is the way through one journey.
type walk struct {
	*builder
	scope scope
}

// entry adds what a clause of entry brings to `entry`.
func (w *walk) entry(c syntax.Clause) {
	var t *Type
	switch c := c.(type) {
	case *syntax.EnterEvent:
		if t = w.eventType(&c.Event); t != nil && c.Each != nil {
			t = each(t, c.Each.Text)
		}
	case *syntax.EnterRequest:
		if w.scope.journey != nil {
			t = w.scope.journey.Params
		}
	}
	if t != nil {
		w.scope.entry.Fields = append(w.scope.entry.Fields, t.Fields...)
		w.scope.entry.Any = w.scope.entry.Any || t.Any
	}
}

// each is an event with the element of one of its lists.
func each(t *Type, list string) *Type {
	item := &Symbol{Kind: Property, Name: "item", Doc: "The element for which the run was entered."}
	if f := t.fields(list); len(f) > 0 && f[0].Type != nil {
		item.Type = f[0].Type.Elem
	}
	return withFields(t, item)
}

// eventType is the type of the event that a reference names, without a word.
func (b *builder) eventType(e *syntax.EventRef) *Type {
	switch {
	case e == nil:
		return nil
	case e.Change != nil:
		t := &Type{Text: "{ … }"}
		if s := b.tables[Trait][e.Change.Text]; s != nil {
			for _, name := range []string{"from", "to"} {
				t.Fields = append(t.Fields, &Symbol{Kind: Property, Name: name, Type: s.Type, Doc: "What the trait was, or became; it may be missing."})
			}
		}
		return t
	}
	s := b.tables[Event][e.Name]
	if e.Wire {
		s = b.wires[e.Name]
	}
	if s == nil || s.Type == nil {
		return nil
	}
	return s.Type
}

// event resolves a reference to an event, and answers what `event` then is.
func (b *builder) event(e *syntax.EventRef) *Type {
	if e == nil {
		return nil
	}
	switch {
	case e.Change != nil:
		b.refer(e.Change, Trait)
	case e.Name == b.mark && b.mark != "":
		b.point(e.Span(), b.all(Event))
	case e.Wire:
		b.note(Use{Span: e.Span(), Symbol: b.wires[e.Name], Wire: true})
	default:
		b.use(b.tables[Event][e.Name], e.Span())
	}
	return withFields(b.eventType(e), at())
}

// seeing is the scope with an event.
func (w *walk) seeing(event *Type) *scope {
	s := w.scope
	s.event = event
	return &s
}

// clause resolves a clause of the head.
func (w *walk) clause(c syntax.Clause) {
	entry := w.seeing(w.scope.entry) // in `where` and `per` of an entry they are the same
	switch c := c.(type) {
	case *syntax.EnterEvent:
		t := w.event(&c.Event)
		if c.Each != nil {
			w.field(t, c.Each.Text, c.Each.Span())
			t = each(t, c.Each.Text)
		}
		w.expr(c.Where, w.seeing(t))
	case *syntax.EnterWhen:
		w.expr(c.When, &scope{})
		w.expr(c.Where, &scope{})
	case *syntax.EnterRequest:
		w.expr(c.Where, entry)
	case *syntax.EnterYearly:
		w.refer(&c.Trait.Name, Trait)
		w.expr(c.Where, &scope{})
	case *syntax.EnterDate:
		w.refer(&c.Trait.Name, Trait)
		w.expr(c.Where, &scope{})
	case *syntax.EnterClock:
		w.expr(c.Where, &scope{})
	case *syntax.EnterDay:
		w.expr(c.Where, &scope{})
	case *syntax.Once:
		w.expr(c.Per, entry)
	case *syntax.AgainAfterExit:
		w.expr(c.Per, entry)
	case *syntax.AgainAfter:
		w.expr(c.After, &scope{})
		w.expr(c.Per, entry)
	case *syntax.OnlyWhile:
		w.expr(c.While, &w.scope)
	case *syntax.ExitEvent:
		w.expr(c.Where, w.seeing(w.event(&c.Event)))
	case *syntax.ExitWhen:
		w.expr(c.When, &w.scope)
	case *syntax.ExitGoal:
		w.field(w.scope.goals, c.Goal.Text, c.Goal.Span())
	case *syntax.Goal:
		s := w.seeing(w.event(&c.Event))
		w.expr(c.Where, s)
		w.expr(c.Within, &w.scope)
		w.expr(c.Value, s)
	}
}

// steps resolves steps in their order; what they keep is known from then on.
func (w *walk) steps(steps []syntax.Step) {
	for _, st := range steps {
		if l := st.Label(); l != nil && l.Text != "" && l.Text != w.mark {
			w.declared(&Symbol{Kind: Label, Name: l.Text, Node: st, Span: l.Span(), Owner: w.scope.journey})
		}
		w.step(st)
	}
}

func (w *walk) block(b *syntax.Block) {
	if b != nil {
		w.steps(b.Steps)
	}
}

func (w *walk) step(st syntax.Step) {
	s := &w.scope
	switch st := st.(type) {
	case *syntax.Wait:
		w.expr(st.For, s)
	case *syntax.WaitHour:
		w.expr(st.Hour, s)
	case *syntax.WaitMoment:
		w.expr(st.Moment, s)
	case *syntax.WaitQuiet:
		w.expr(st.Where, w.seeing(w.event(&st.Event)))
		w.expr(st.For, s)
	case *syntax.WaitFor:
		w.waitFor(st)
		return
	case *syntax.If:
		w.expr(st.Cond, s)
		for _, e := range st.ElseIfs {
			w.expr(e.Cond, s)
		}
	case *syntax.Split:
		w.refer(&st.Name, Split)
	case *syntax.Repeat:
		w.expr(st.Every, s)
		w.expr(st.While, s)
	case *syntax.Set:
		w.target(&st.Target)
		w.expr(st.Value, s)
	case *syntax.Clear:
		w.target(&st.Target)
	case *syntax.Let:
		w.keep(&st.Name, st, w.expr(st.Value, s))
	case *syntax.Send:
		w.send(st)
	case *syntax.Emit:
		w.event(&st.Event)
		w.pairs(st.Props, w.eventType(&st.Event), s)
	case *syntax.Ask:
		w.ask(st)
	case *syntax.Begin:
		var params *Type
		if j := w.refer(&st.Journey, Journey); j != nil {
			params = j.Params
		}
		w.pairs(st.With, params, s)
	}
	for _, block := range blocks(st) {
		w.block(block)
	}
}

// target resolves the trait that a step changes.
func (w *walk) target(t *syntax.Target) {
	s := w.refer(&t.Trait, Trait)
	if s == nil {
		return
	}
	of := s.Type
	for i := range t.Path {
		of = w.field(of, t.Path[i].Text, t.Path[i].Span())
	}
}

// keep declares a value of the run.
func (w *walk) keep(n *syntax.Name, node syntax.Node, t *Type) {
	if n == nil || n.Text == "" || n.Text == w.mark {
		return
	}
	if old := w.scope.run[n.Text]; old != nil {
		w.use(old, n.Span())
		return
	}
	s := &Symbol{Kind: RunValue, Name: n.Text, Node: node, Span: n.Span(), Type: t, Owner: w.scope.journey}
	w.scope.run[n.Text] = s
	w.declared(s)
}

func (w *walk) waitFor(st *syntax.WaitFor) {
	w.expr(st.UpTo, &w.scope)
	around := w.scope.event
	for _, a := range alternatives(st) {
		if a.When != nil {
			w.expr(a.When, &w.scope)
		} else {
			event := w.event(a.Event)
			w.expr(a.Where, w.seeing(event))
			w.scope.event = event
		}
		w.block(a.Then)
		w.scope.event = around
	}
	if st.Until != nil {
		w.expr(st.Until.When, &w.scope)
		w.block(st.Until.Then)
	}
	w.block(st.Otherwise)
}

// pairs resolves values with their names, which are fields of a type.
func (b *builder) pairs(p *syntax.Pairs, t *Type, s *scope) {
	if p == nil {
		return
	}
	for _, pair := range p.Items {
		b.field(t, pair.Name.Text, pair.Name.Span())
		b.expr(pair.Value, s)
	}
}

func (w *walk) ask(st *syntax.Ask) {
	hook := w.refer(&st.Webhook, Webhook)
	w.give(hook, st.With, &w.scope)
	if st.As == nil {
		return
	}
	t := &Type{Text: "any", Any: true}
	if st.Returns != nil {
		t = w.object(st.Returns, nil)
	}
	w.keep(st.As, st, t)
}
