package dsl

import (
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// Computed traits and segments may read each other, but not in a circle. The
// order of their dependence comes from the trees, not from what was compiled:
// so a circle is found even among expressions that are wrong otherwise.

// derivedNode is a computed trait or segment in the search for that order.
type derivedNode struct {
	trait   *declaredTrait
	segment *declaredSegment
	state   int // 0: not seen, 1: on the way, 2: done
}

func (n *derivedNode) expr() *syntax.Expr {
	if n.trait != nil {
		return n.trait.decl.Computed
	}
	return n.segment.decl.When
}

func (n *derivedNode) name() string {
	if n.trait != nil {
		return "profile." + n.trait.trait.Name
	}
	return "segment." + n.segment.segment.Name
}

func (n *derivedNode) place() diag.Span {
	if n.trait != nil {
		return n.trait.trait.Span
	}
	return n.segment.segment.Span
}

// derived compiles computed traits and segments in the order of their
// dependence.
func (c *checker) derived() {
	byName := map[string]*derivedNode{}
	var nodes []*derivedNode
	add := func(n *derivedNode) {
		nodes = append(nodes, n)
		byName[n.name()] = n
	}
	for _, d := range c.traitDecls {
		if d.decl.Computed != nil {
			add(&derivedNode{trait: d})
		}
	}
	for _, d := range c.segmentDecls {
		add(&derivedNode{segment: d})
	}
	for _, n := range nodes {
		c.visitDerived(n, byName)
	}
}

// visitDerived handles what a node reads before the node itself.
func (c *checker) visitDerived(n *derivedNode, byName map[string]*derivedNode) {
	if n.state != 0 {
		return
	}
	n.state = 1
	for _, m := range members(n.expr()) {
		if m.of != "profile" && m.of != "segment" {
			continue
		}
		read := byName[m.of+"."+m.name]
		if read == nil {
			continue
		}
		if read.state == 1 {
			at := diag.Span{File: n.expr().Span().File, Start: m.start, End: m.end}
			c.report(errCircle(at, read.name(), read.place(), n == read))
			continue
		}
		c.visitDerived(read, byName)
	}
	n.state = 2
	c.compileDerived(n)
}

func (c *checker) compileDerived(n *derivedNode) {
	scope := c.person()
	scope.NoJourney = true
	if n.trait != nil {
		t := n.trait.trait
		t.Computed = c.expr(n.trait.decl.Computed, &scope, cond.Computed(t.Type))
		c.prog.Derived = append(c.prog.Derived, Derived{Trait: t})
		return
	}
	s := n.segment.segment
	s.When = c.expr(n.segment.decl.When, &scope, cond.Condition)
	c.prog.Segments = append(c.prog.Segments, s)
	c.prog.Derived = append(c.prog.Derived, Derived{Segment: s})
}
