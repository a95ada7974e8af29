package names

import "journey/dsl/syntax"

// declare takes the declarations of a file, so that the order of files does
// not matter. A name that is declared twice belongs to the first.
func (b *builder) declare(f *syntax.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *syntax.Workspace:
			b.topics(d)
		case *syntax.Trait:
			s := b.add(Trait, &d.Name, d, d.Wire)
			if s != nil {
				s.Wire = d.Wire == nil
				s.Type = joined(b.typeOf(d.Type, s), s.Type)
			}
		case *syntax.Event:
			if s := b.add(Event, &d.Name, d, d.Wire); s != nil {
				s.Wire = d.Wire == nil
				s.Type = joined(b.object(d.Properties, s), s.Type)
				if d.Wire != nil {
					b.wires[d.Wire.Value] = s
				}
			}
		case *syntax.Segment:
			b.add(Segment, &d.Name, d, d.Title)
		case *syntax.Message:
			if s := b.add(Message, &d.Name, d, nil); s != nil {
				b.messages = append(b.messages, s)
			}
		case *syntax.Webhook:
			b.add(Webhook, &d.Name, d, nil)
		case *syntax.Journey:
			if s := b.add(Journey, &d.Name, d, d.Title); s != nil {
				b.head(s, d.Body.Head)
				b.splits(d.Body.Steps)
			}
		case *syntax.Import:
			if d.Name.Text != "" && d.Name.Text != b.mark {
				b.declared(&Symbol{Kind: Import, Name: d.Name.Text, Node: d, Span: d.Name.Span()})
			}
		case *syntax.Test:
			if d.Title != nil {
				b.index.Symbols = append(b.index.Symbols, &Symbol{Kind: Test, Name: d.Title.Value, Node: d, Span: d.Title.Span()})
			}
		}
	}
}

// add declares a name; nil if it is taken, or none. What is built in may be
// declared again, and keeps its fields.
func (b *builder) add(k Kind, n *syntax.Name, node syntax.Node, title *syntax.String) *Symbol {
	if n.Text == "" || n.Text == b.mark {
		return nil
	}
	old := b.tables[k][n.Text]
	if old != nil && !old.BuiltIn() {
		return nil
	}
	s := &Symbol{Kind: k, Name: n.Text, Node: node, Span: n.Span()}
	if title != nil {
		s.Title = title.Value
	}
	if old != nil {
		s.Doc, s.Type = old.Doc, old.Type
	}
	b.tables[k][n.Text] = s
	b.declared(s)
	return s
}

// joined is a declared type with the fields of the built-in one.
func joined(t, builtIn *Type) *Type {
	if t == nil || builtIn == nil || len(builtIn.Fields) == 0 {
		return t
	}
	return withFields(t, builtIn.Fields...)
}

func (b *builder) topics(d *syntax.Workspace) {
	consent := b.tables[Trait]["topics"]
	for _, item := range d.Settings.Items {
		t, ok := item.(*syntax.Topics)
		if !ok {
			continue
		}
		for _, topic := range t.Items {
			s := b.add(Topic, &topic.Name, t, topic.Title)
			if s == nil {
				continue
			}
			s.Type = plain("boolean")
			if consent != nil { // a topic is a key of profile.topics, too
				consent.Type.Fields = append(consent.Type.Fields, s)
			}
		}
	}
}

// head declares the goals of a journey and what a request of it gives.
func (b *builder) head(s *Symbol, head []syntax.Clause) {
	s.Type = &Type{}
	for _, c := range head {
		switch c := c.(type) {
		case *syntax.EnterRequest:
			s.Params = &Type{Text: "any", Any: true}
			if c.Params != nil {
				s.Params = b.object(c.Params, s)
			}
		case *syntax.Goal:
			if c.Name.Text == "" || c.Name.Text == b.mark {
				continue
			}
			g := &Symbol{Kind: Goal, Name: c.Name.Text, Node: c, Span: c.Name.Span(), Owner: s}
			s.Type.Fields = append(s.Type.Fields, g)
			b.declared(g)
		}
	}
}

// splits declares the splits of some steps. A split may stand in several
// journeys; the first is its declaration.
func (b *builder) splits(steps []syntax.Step) {
	eachStep(steps, func(st syntax.Step) {
		sp, ok := st.(*syntax.Split)
		if !ok || sp.Name.Text == "" || sp.Name.Text == b.mark {
			return
		}
		s := b.tables[Split][sp.Name.Text]
		if s == nil {
			s = &Symbol{Kind: Split, Name: sp.Name.Text, Node: sp, Span: sp.Name.Span(), Type: &Type{}}
			b.tables[Split][sp.Name.Text] = s
			b.declared(s)
		}
		b.use(s, sp.Name.Span())
		for _, branch := range sp.Branches.Items {
			if branch.Name.Text == "" {
				continue
			}
			if len(s.Type.fields(branch.Name.Text)) == 0 {
				f := &Symbol{Kind: Branch, Name: branch.Name.Text, Node: branch, Span: branch.Name.Span(), Owner: s}
				s.Type.Fields = append(s.Type.Fields, f)
				b.declared(f)
			}
			b.field(s.Type, branch.Name.Text, branch.Name.Span())
		}
	})
}

// eachStep visits steps and those in their blocks.
func eachStep(steps []syntax.Step, visit func(syntax.Step)) {
	for _, st := range steps {
		visit(st)
		for _, block := range blocks(st) {
			if block != nil {
				eachStep(block.Steps, visit)
			}
		}
	}
}

// blocks are the blocks of a step; some may be nil.
func blocks(st syntax.Step) []*syntax.Block {
	switch st := st.(type) {
	case *syntax.If:
		all := []*syntax.Block{st.Then}
		for _, e := range st.ElseIfs {
			all = append(all, e.Then)
		}
		return append(all, st.Else)
	case *syntax.Split:
		var all []*syntax.Block
		for _, branch := range st.Branches.Items {
			all = append(all, branch.Steps)
		}
		return all
	case *syntax.Repeat:
		return []*syntax.Block{st.Body}
	case *syntax.Send:
		return []*syntax.Block{st.Otherwise}
	case *syntax.Ask:
		return []*syntax.Block{st.Otherwise}
	case *syntax.WaitMoment:
		return []*syntax.Block{st.Then, st.Otherwise}
	case *syntax.WaitFor:
		all := []*syntax.Block{st.Otherwise}
		for _, a := range alternatives(st) {
			all = append(all, a.Then)
		}
		if st.Until != nil {
			all = append(all, st.Until.Then)
		}
		return all
	}
	return nil
}

func alternatives(st *syntax.WaitFor) []*syntax.Alternative {
	var all []*syntax.Alternative
	if st.Any != nil {
		all = append(all, st.Any.Items...)
	}
	if st.One != nil {
		all = append(all, st.One)
	}
	return all
}
