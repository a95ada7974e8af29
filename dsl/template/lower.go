package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Lowering writes a checked tree as source for the library. It uses little of
// the library's language, all of it beyond doubt:
//
//	Hi {{ profile.name | upcase }}!
//
//	{% begin %}{% text 0 %}{% write __at[1], (profile[__k[0]] | upcase: __at[0]) %}{% text 1 %}
//
// Text, literals and names of fields stand in tables, so nothing that an
// author wrote meets the library's scanner, save names and the structure.

// lowered is a template ready for the library, and the tables it points into.
type lowered struct {
	source   string
	texts    []string
	literals []any
	spots    []spot
	roots    []string
}

// spot is a place in the author's source that may fail at render.
type spot struct {
	at
	what  string      // the filter's name
	reads []*pathExpr // what an output depends on, to find what is missing
	shown string      // the output as it was written
}

type lowerer struct {
	lowered
	b      strings.Builder
	known  map[any]int // literals by value
	isRoot map[string]bool
}

func lower(nodes []node) lowered {
	l := &lowerer{known: map[any]int{}, isRoot: map[string]bool{}}
	l.b.WriteString("{% begin %}")
	l.nodes(nodes)
	l.source = l.b.String()
	for name := range l.isRoot {
		l.roots = append(l.roots, name)
	}
	slices.Sort(l.roots)
	return l.lowered
}

func (l *lowerer) emit(format string, args ...any) { fmt.Fprintf(&l.b, format, args...) }

func (l *lowerer) nodes(nodes []node) {
	for _, n := range nodes {
		l.node(n)
	}
}

func (l *lowerer) node(n node) {
	switch n := n.(type) {
	case textNode:
		l.texts = append(l.texts, n.text)
		l.emit("{%% text %d %%}", len(l.texts)-1)
	case *outputNode:
		l.emit("{%% write %s, %s %%}", l.output(n.at, n.e), l.inner(n.e))
	case *ifNode:
		l.ifNode(n)
	case *caseNode:
		l.emit("{%% case %s %%}", l.expr(n.subject))
		for _, w := range n.whens {
			if w.values == nil {
				l.emit("{%% else %%}")
			} else {
				l.emit("{%% when %s %%}", l.exprs(w.values))
			}
			l.nodes(w.body)
		}
		l.emit("{%% endcase %%}")
	case *forNode:
		l.forNode(n)
	case *assignNode:
		l.isRoot[n.name] = true
		l.emit("{%% assign %s = %s %%}", n.name, l.expr(n.e))
	case *captureNode:
		l.isRoot[n.name] = true
		l.emit("{%% capture %s %%}", n.name)
		l.nodes(n.body)
		l.emit("{%% endcapture %%}")
	case *cycleNode:
		l.emit("{%% cycle %s", l.literal(n.group))
		for _, v := range n.values {
			l.emit(", %s, %s", l.output(n.at, v), l.inner(v))
		}
		l.emit(" %%}")
	case *countNode:
		l.emit("{%% count %s, %s %%}", l.literal(n.name), l.literal(float64(n.step)))
	case jumpNode:
		if n.stop {
			l.emit("{%% break %%}")
		} else {
			l.emit("{%% continue %%}")
		}
	}
}

func (l *lowerer) ifNode(n *ifNode) {
	name := "if"
	if n.unless {
		name = "unless"
	}
	for i, b := range n.branches {
		switch {
		case i == 0:
			l.emit("{%% %s %s %%}", name, l.expr(b.cond))
		case b.cond == nil:
			l.emit("{%% else %%}")
		default:
			l.emit("{%% elsif %s %%}", l.expr(b.cond))
		}
		l.nodes(b.body)
	}
	l.emit("{%% end%s %%}", name)
}

func (l *lowerer) forNode(n *forNode) {
	l.isRoot[n.name] = true
	l.emit("{%% for %s in %s", n.name, l.inner(n.list))
	if n.limit != nil {
		l.emit(" limit: %s", l.inner(n.limit))
	}
	if n.offset != nil {
		l.emit(" offset: %s", l.inner(n.offset))
	}
	if n.reversed {
		l.emit(" reversed")
	}
	l.emit(" %%}")
	l.nodes(n.body)
	if n.hasElse {
		l.emit("{%% else %%}")
		l.nodes(n.orElse)
	}
	l.emit("{%% endfor %%}")
}

// exprs is a list of expressions.
func (l *lowerer) exprs(list []expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = l.inner(e)
	}
	return strings.Join(parts, ", ")
}

// expr is an expression in the library's words. Parentheses make the grouping
// ours: the library's own is from the left.
func (l *lowerer) expr(e expr) string {
	switch e := e.(type) {
	case *literal:
		return l.literal(e.v)
	case *pathExpr:
		l.isRoot[e.root] = true
		var b strings.Builder
		b.WriteString(e.root)
		for _, s := range e.steps {
			index := ""
			if s.index != nil {
				index = l.inner(s.index)
			} else {
				index = l.literal(s.name)
			}
			b.WriteString("[" + index + "]")
		}
		return b.String()
	case *rangeExpr:
		return fmt.Sprintf("(%s | range: %s, %s)", l.inner(e.lo), l.spot(spot{at: e.at, what: "range"}), l.inner(e.hi))
	case *chain:
		var b strings.Builder
		b.WriteString(l.inner(e.in))
		for _, c := range e.calls {
			b.WriteString(" | " + c.name + ": " + l.spot(spot{at: c.at, what: c.name}))
			for _, a := range c.args {
				b.WriteString(", " + l.inner(a))
			}
		}
		return b.String()
	case *compare:
		return l.inner(e.a) + " " + e.op + " " + l.inner(e.b)
	case *logic:
		return "(" + l.expr(e.a) + ") " + e.op + " (" + l.expr(e.b) + ")"
	}
	return l.literal(nil)
}

// inner is an expression where the library's grammar wants a single value.
func (l *lowerer) inner(e expr) string {
	switch e.(type) {
	case *literal, *pathExpr, *rangeExpr:
		return l.expr(e)
	}
	return "(" + l.expr(e) + ")"
}

func (l *lowerer) literal(v any) string {
	i, ok := l.known[v]
	if !ok {
		i = len(l.literals)
		l.literals = append(l.literals, v)
		l.known[v] = i
	}
	return constName + "[" + strconv.Itoa(i) + "]"
}

func (l *lowerer) spot(s spot) string {
	l.spots = append(l.spots, s)
	return envName + "[" + strconv.Itoa(len(l.spots)-1) + "]"
}

func (l *lowerer) output(where at, e expr) string { return l.spot(outputSpot(where, e)) }

// outputSpot is the spot of something that is written. It remembers what is
// read, in the order of the source.
func outputSpot(where at, e expr) spot {
	s := spot{at: where, what: "output"}
	walkExpr(e, func(e expr) {
		if p, ok := e.(*pathExpr); ok {
			s.reads = append(s.reads, p)
		}
	})
	s.shown = "what is written here"
	if len(s.reads) > 0 {
		s.shown = s.reads[0].shown
	}
	return s
}
