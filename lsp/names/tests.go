package names

import "journey/dsl/syntax"

// test resolves the names of a test.
func (b *builder) test(d *syntax.Test) {
	for i := range d.For {
		b.refer(&d.For[i], Journey)
	}
	for _, item := range d.Clauses.Items {
		b.testClause(d, item)
	}
}

func (b *builder) testClause(d *syntax.Test, item syntax.TestClause) {
	switch c := item.(type) {
	case *syntax.Given:
		b.data(c.Traits, b.traits())
	case *syntax.Happens:
		b.happens(c)
	case *syntax.AssumeSegment:
		b.refer(&c.Segment, Segment)
	case *syntax.AssumeSplit:
		if s := b.refer(&c.Split, Split); s != nil {
			b.field(s.Type, c.Branch.Text, c.Branch.Span())
		}
	case *syntax.AssumeControl:
		b.refer(c.Journey, Journey)
	case *syntax.AssumeCall:
		b.refer(&c.Webhook, Webhook)
	case *syntax.AssumeFails:
		b.refer(&c.Message, Message)
	case *syntax.ExpectSend:
		b.refer(&c.Message, Message)
		for _, f := range c.With {
			b.channel(&f.Field, []string{"subject", "text", "html", "title"})
		}
	case *syntax.ExpectUnsent:
		b.refer(&c.Message, Message)
	case *syntax.ExpectRun:
		b.refer(c.Journey, Journey)
	case *syntax.ExpectGoal:
		b.goal(d, &c.Goal)
	case *syntax.ExpectNothing:
		b.goal(d, c.Goal)
	case *syntax.ExpectThat:
		b.expr(c.That, &scope{})
	}
}

func (b *builder) happens(c *syntax.Happens) {
	switch {
	case c.Event != nil:
		b.event(c.Event)
		b.data(c.Props, b.eventType(c.Event))
	case c.Traits != nil:
		b.data(c.Traits, b.traits())
	case c.Journey != nil:
		if j := b.refer(c.Journey, Journey); j != nil {
			b.data(c.Params, j.Params)
		}
	}
}

// traits are all traits as one object.
func (b *builder) traits() *Type {
	t := &Type{Fields: b.all(Trait)}
	return t
}

// data resolves the names of data that are written out.
func (b *builder) data(d *syntax.Data, t *Type) {
	if d == nil {
		return
	}
	for _, p := range d.Pairs {
		b.data(p.Value, b.field(t, p.Name.Text, p.Name.Span()))
	}
	for _, item := range d.List {
		var elem *Type
		if t != nil {
			elem = t.Elem
		}
		b.data(item, elem)
	}
}

// goal resolves a goal of the journeys that a test is about.
func (b *builder) goal(d *syntax.Test, n *syntax.Name) {
	if n == nil || n.Text == "" {
		return
	}
	all := &Type{}
	take := func(j *Symbol) {
		if j != nil && j.Type != nil {
			all.Fields = append(all.Fields, j.Type.Fields...)
		}
	}
	for i := range d.For {
		take(b.tables[Journey][d.For[i].Text])
	}
	if len(d.For) == 0 {
		for _, j := range b.all(Journey) {
			take(j)
		}
	}
	b.field(all, n.Text, n.Span())
}

// imports resolves the names of an import.
func (b *builder) imports(d *syntax.Import) {
	b.channel(&d.Format, []string{"csv"})
	traits := b.traits()
	of := traits
	if d.Event != nil {
		of = b.event(d.Event)
	}
	for _, item := range d.Clauses.Items {
		row := &scope{row: true}
		switch c := item.(type) {
		case *syntax.ImportIdentify:
			b.field(traits, c.Trait.Text, c.Trait.Span())
			b.expr(c.Value, row)
		case *syntax.ImportSet:
			t := b.field(of, c.Name.Text, c.Name.Span())
			for i := range c.Path {
				t = b.field(t, c.Path[i].Text, c.Path[i].Span())
			}
			b.expr(c.Value, row)
		case *syntax.ImportAt:
			b.expr(c.Time, row)
		}
	}
}
