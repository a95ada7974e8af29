package names

import (
	"maps"

	"journey/dsl/syntax"
)

// sender is a step that sends a message, with what the message then sees.
type sender struct{ scope *scope }

func (w *walk) send(st *syntax.Send) {
	m := w.refer(&st.Message, Message)
	with := w.give(m, st.With, &w.scope)
	if m == nil {
		return
	}
	s := w.scope
	s.run = maps.Clone(w.scope.run)
	s.with = with
	w.senders[m] = append(w.senders[m], &sender{&s})
}

// give resolves what a `with` gives: names that belong to the message or
// webhook that gets them.
func (b *builder) give(to *Symbol, p *syntax.Pairs, s *scope) map[string]*Symbol {
	given := map[string]*Symbol{}
	if p == nil {
		return given
	}
	for _, pair := range p.Items {
		t := b.expr(pair.Value, s)
		n := &pair.Name
		switch {
		case n.Text == "" || to == nil:
			continue
		case n.Text == b.mark:
			b.pointGiven(n.Span(), to)
			continue
		}
		if b.given[to] == nil {
			b.given[to] = map[string]*Symbol{}
		}
		g := b.given[to][n.Text]
		if g == nil {
			g = &Symbol{Kind: Given, Name: n.Text, Node: pair, Span: n.Span(), Type: t, Owner: to}
			b.given[to][n.Text] = g
			b.declared(g)
		}
		b.use(g, n.Span())
		given[n.Text] = g
	}
	return given
}
