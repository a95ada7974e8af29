package template

import (
	"slices"
	"strings"
)

// Finding names: one walk over the tree, in the order of the source, that
// knows what each name of the template's own stands for.
//
// A loop variable stands for an element of its list while the loop lasts. An
// assigned name stands for the path it was assigned, or for several when the
// assignments stand in branches, or for none when the value is computed; an
// assignment outside every block replaces what was known. A name that is read
// before anything gave it a value is read from the data.
//
// Guards: the paths that the condition of an if needs to hold (joined by and)
// are not missing in its body; neither are those before them on the way.

// origin is what a value may have been read from; computed if empty.
type origin [][]string

type namer struct {
	refs   []Ref
	locals map[string]origin
	loops  int
	blocks int
	guards [][]string
}

// use says how the value of an expression is used.
type use struct{ output, defaulted bool }

func findNames(nodes []node) []Ref {
	n := &namer{locals: map[string]origin{}}
	n.walk(nodes)
	slices.SortStableFunc(n.refs, func(a, b Ref) int { return a.Start - b.Start })
	return n.refs
}

func (n *namer) walk(nodes []node) {
	for _, x := range nodes {
		switch x := x.(type) {
		case *outputNode:
			n.expr(x.e, use{output: true})
		case *ifNode:
			n.ifNode(x)
		case *caseNode:
			n.expr(x.subject, use{})
			for _, w := range x.whens {
				for _, v := range w.values {
					n.expr(v, use{})
				}
				n.body(w.body, nil)
			}
		case *forNode:
			n.forNode(x)
		case *assignNode:
			n.assign(x.name, n.expr(x.e, use{}))
		case *captureNode:
			n.body(x.body, nil)
			n.assign(x.name, nil)
		case *cycleNode:
			for _, v := range x.values {
				n.expr(v, use{output: true})
			}
		}
	}
}

// body walks nodes that may not run, under guards.
func (n *namer) body(nodes []node, guards [][]string) {
	n.blocks++
	kept := len(n.guards)
	n.guards = append(n.guards, guards...)
	n.walk(nodes)
	n.guards = n.guards[:kept]
	n.blocks--
}

func (n *namer) assign(name string, o origin) {
	if old, ok := n.locals[name]; ok && n.blocks > 0 {
		o = append(slices.Clip(old), o...)
	}
	n.locals[name] = o
}

// ifNode walks an if. What holds when the condition is turned round guards
// the branches that follow.
func (n *namer) ifNode(x *ifNode) {
	var below [][]string
	for i, b := range x.branches {
		n.expr(b.cond, use{})
		yes, no := n.needs(b.cond)
		if i == 0 && x.unless {
			yes, no = no, yes
		}
		n.body(b.body, append(slices.Clip(below), yes...))
		below = append(below, no...)
	}
}

// needs lists the paths that are not missing where a condition holds, and
// where it does not.
func (n *namer) needs(cond expr) (yes, no [][]string) {
	switch c := cond.(type) {
	case *pathExpr:
		return n.certain(c), nil
	case *logic:
		yesA, noA := n.needs(c.a)
		yesB, noB := n.needs(c.b)
		if c.op == "and" {
			return append(yesA, yesB...), nil
		}
		return nil, append(noA, noB...)
	case *compare:
		a, b := n.certain(c.a), n.certain(c.b)
		nothing := isNothing(c.a) || isNothing(c.b)
		switch {
		case c.op == "==" && nothing:
			return nil, append(a, b...)
		case c.op == "!=" && nothing:
			return append(a, b...), nil
		case c.op == "!=":
			return nil, onlyBesideLiteral(c, a, b)
		case c.op == "==":
			return onlyBesideLiteral(c, a, b), nil
		}
		return append(a, b...), nil
	}
	return nil, nil
}

// onlyBesideLiteral: two missing values are equal, so equality proves nothing
// about a path unless the other side is there.
func onlyBesideLiteral(c *compare, a, b [][]string) [][]string {
	if _, ok := c.a.(*literal); ok {
		return b
	}
	if _, ok := c.b.(*literal); ok {
		return a
	}
	return nil
}

// isNothing says whether e is nil or blank; a missing value equals these.
func isNothing(e expr) bool {
	l, ok := e.(*literal)
	return ok && (l.v == nil || l.v == keyword("blank"))
}

// certain is the one path that an expression reads, if it is one. An index
// says nothing of the other elements; a loop's variable is the same element
// for the whole round.
func (n *namer) certain(e expr) [][]string {
	p, ok := e.(*pathExpr)
	if !ok || slices.ContainsFunc(p.steps, func(s step) bool { return s.index != nil }) {
		return nil
	}
	if o := n.resolve(p); len(o) == 1 {
		return o
	}
	return nil
}

func (n *namer) guarded(path []string) bool {
	for _, g := range n.guards {
		if len(g) >= len(path) && slices.Equal(g[:len(path)], path) {
			return true
		}
	}
	return false
}

func (n *namer) forNode(x *forNode) {
	list := n.expr(x.list, use{})
	n.expr(x.limit, use{})
	n.expr(x.offset, use{})
	old, had := n.locals[x.name]
	n.locals[x.name] = elements(list)
	n.loops++
	var guards [][]string // a missing list makes no rounds
	if p, ok := x.list.(*pathExpr); ok {
		guards = n.certain(p)
	}
	n.body(x.body, guards)
	n.loops--
	delete(n.locals, x.name)
	if had {
		n.locals[x.name] = old
	}
	n.body(x.orElse, nil)
}

// elements is what the elements of a list are.
func elements(list origin) origin {
	o := make(origin, len(list))
	for i, path := range list {
		o[i] = append(slices.Clip(path), "[]")
	}
	return o
}

// expr notes what an expression reads and answers where its value comes from.
func (n *namer) expr(e expr, u use) origin {
	switch e := e.(type) {
	case *pathExpr:
		return n.path(e, u)
	case *rangeExpr:
		n.expr(e.lo, u)
		n.expr(e.hi, u)
	case *chain:
		return n.chain(e, u)
	case *compare:
		n.expr(e.a, use{})
		n.expr(e.b, use{})
	case *logic:
		n.expr(e.a, use{})
		n.expr(e.b, use{})
	}
	return nil
}

func (n *namer) path(e *pathExpr, u use) origin {
	for _, s := range e.steps {
		n.expr(s.index, use{output: u.output})
	}
	o := n.resolve(e)
	e.shown = pathShown(e)
	for _, path := range o {
		n.refs = append(n.refs, Ref{Path: path, Start: e.start, End: e.end,
			Output: u.output, Defaulted: u.defaulted, Guarded: n.guarded(path)})
	}
	if len(o) == 1 {
		e.shown = pathText(o[0])
	}
	return o
}

// pathShown is a path as the template has it.
func pathShown(e *pathExpr) string {
	var b strings.Builder
	b.WriteString(e.root)
	for _, s := range e.steps {
		if s.index != nil {
			b.WriteString("[]")
		} else {
			b.WriteString("." + s.name)
		}
	}
	return b.String()
}

// resolve is the paths into the data that a path stands for.
func (n *namer) resolve(e *pathExpr) origin {
	base, local := n.locals[e.root]
	if e.root == "forloop" && n.loops > 0 {
		return nil
	}
	if !local {
		base = origin{{e.root}}
	}
	o := make(origin, len(base))
	for i, path := range base {
		path = slices.Clip(path)
		for _, s := range e.steps {
			if s.index != nil {
				path = append(path, "[]")
			} else {
				path = append(path, s.name)
			}
		}
		o[i] = path
	}
	return o
}

// chain notes what a chain reads: a default covers everything before it, and
// its own argument is covered by a later one only.
func (n *namer) chain(c *chain, u use) origin {
	last := -1
	for i, f := range c.calls {
		if f.name == "default" {
			last = i
		}
	}
	o := n.expr(c.in, use{u.output, u.defaulted || last >= 0})
	for i, f := range c.calls {
		covered := use{u.output, u.defaulted || i < last}
		for _, a := range f.args {
			n.expr(a, covered)
		}
		o = n.through(f, o, covered)
	}
	return o
}

// through is the origin of what a filter gives. A filter that takes a
// property's name reads that property of each element.
func (n *namer) through(f call, in origin, u use) origin {
	if def := filterDefs[f.name]; def.key && len(f.args) > 0 {
		if l, ok := f.args[0].(*literal); ok {
			if name, ok := l.v.(string); ok {
				for _, path := range elements(in) {
					n.refs = append(n.refs, Ref{Path: append(path, name), Start: l.start, End: l.end, Defaulted: u.defaulted})
				}
			}
		}
	}
	switch f.name {
	case "sort", "sort_natural", "reverse", "uniq", "compact", "where":
		return in
	case "first", "last":
		return elements(in)
	}
	return nil
}
