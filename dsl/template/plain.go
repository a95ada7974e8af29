package template

import "slices"

// Most templates of messages are text with a few values in it. Such a plain
// template is not given to the library: its tree is evaluated here, with the
// values, filters, budget and escaping that the library calls back into
// anyway. What it writes, and how it fails, is the same by a property test
// (TestPlain), and it costs a tenth.

// piece is text, or the output behind it.
type piece struct {
	text string
	e    expr  // nil for text
	spot *spot // of the output
}

// plainly are the pieces of a template of text and outputs alone; false for
// one that has tags, comparisons or ranges.
func plainly(nodes []node) ([]piece, bool) {
	pieces := make([]piece, 0, len(nodes))
	for _, n := range nodes {
		switch n := n.(type) {
		case textNode:
			pieces = append(pieces, piece{text: n.text})
		case *outputNode:
			if !isPlain(n.e) {
				return nil, false
			}
			s := outputSpot(n.at, n.e)
			pieces = append(pieces, piece{e: n.e, spot: &s})
		default:
			return nil, false
		}
	}
	return pieces, true
}

// rootsOf are the names that expressions of pieces read from the data.
func rootsOf(pieces []piece) []string {
	var roots []string
	for i := range pieces {
		walkExpr(pieces[i].e, func(e expr) {
			if p, ok := e.(*pathExpr); ok {
				roots = append(roots, p.root)
			}
		})
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}

// isPlain says whether an expression is a literal, a path, or one of these
// sent through filters.
func isPlain(e expr) bool {
	plain := true
	walkExpr(e, func(e expr) {
		switch e.(type) {
		case *literal, *pathExpr, *chain:
		default:
			plain = false
		}
	})
	return plain
}

// pieces writes a plain template. Like the library it stops by a panic where the budget
// is spent amid an expression.
func (e *env) pieces(w *limitWriter, pieces []piece) error {
	w.buf.Grow(sizeOf(pieces))
	for i := range pieces {
		p := &pieces[i]
		if p.e == nil {
			if err := e.text(w, p.text); err != nil {
				return err
			}
			continue
		}
		v, err := e.eval(p.e)
		if err != nil {
			return err
		}
		if err := e.output(w, p.spot, v); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf guesses what pieces will be in bytes.
func sizeOf(pieces []piece) int {
	n := 0
	for i := range pieces {
		if n += len(pieces[i].text); pieces[i].e != nil {
			n += 24
		}
	}
	return n
}

// eval is the value of a plain expression.
func (e *env) eval(x expr) (any, error) {
	switch x := x.(type) {
	case *literal:
		return x.v, nil
	case *pathExpr:
		v := e.data[x.root]
		for _, s := range x.steps {
			var key any = s.name
			if s.index != nil {
				var err error
				if key, err = e.eval(s.index); err != nil {
					return nil, err
				}
			}
			v = e.index(v, key)
		}
		return v, nil
	case *chain:
		v, err := e.eval(x.in)
		for i := 0; i < len(x.calls) && err == nil; i++ {
			v, err = e.filter(&x.calls[i], v)
		}
		return v, err
	}
	return nil, errKind // plainly lets no other through
}

// filter sends a value through a filter.
func (e *env) filter(c *call, in any) (any, error) {
	args := make([]any, len(c.args))
	for i, a := range c.args {
		var err error
		if args[i], err = e.eval(a); err != nil {
			return nil, err
		}
	}
	return filterDefs[c.name].call(e, c.at, c.name, in, args)
}
