package dsl

import (
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// Computed traits, segments and the rules of tags may read each other, but not
// in a circle; who reads profile.tags reads every rule of a tag. The
// order of their dependence comes from the trees, not from what was compiled:
// so a circle is found even among expressions that are wrong otherwise.

// derivedNode is a computed trait, a segment or the rule of a tag in the search
// for that order.
type derivedNode struct {
	trait   *declaredTrait
	segment *declaredSegment
	rule    *declaredTagRule
	state   int // 0: not seen, 1: on the way, 2: done
}

func (n *derivedNode) expr() *syntax.Expr {
	switch {
	case n.trait != nil:
		return n.trait.decl.Computed
	case n.segment != nil:
		return n.segment.decl.When
	}
	return n.rule.decl.While
}

// name is what reads the node; of the rule of a tag it is tagsName.
func (n *derivedNode) name() string {
	switch {
	case n.trait != nil:
		return "profile." + n.trait.trait.Name
	case n.segment != nil:
		return "segment." + n.segment.segment.Name
	}
	return tagsName
}

const tagsName = "profile.tags"

func (n *derivedNode) place() diag.Span {
	switch {
	case n.trait != nil:
		return n.trait.trait.Span
	case n.segment != nil:
		return n.segment.segment.Span
	}
	return n.rule.rule.Span
}

// derived compiles computed traits and segments in the order of their
// dependence.
func (c *checker) derived() {
	byName := map[string][]*derivedNode{}
	var nodes []*derivedNode
	add := func(n *derivedNode) {
		nodes = append(nodes, n)
		byName[n.name()] = append(byName[n.name()], n)
	}
	for _, d := range c.traitDecls {
		if d.decl.Computed != nil {
			add(&derivedNode{trait: d})
		}
	}
	for _, d := range c.segmentDecls {
		add(&derivedNode{segment: d})
	}
	for _, d := range c.tagRuleDecls {
		add(&derivedNode{rule: d})
	}
	for _, n := range nodes {
		c.visitDerived(n, byName)
	}
}

// visitDerived handles what a node reads before the node itself.
func (c *checker) visitDerived(n *derivedNode, byName map[string][]*derivedNode) {
	if n.state != 0 {
		return
	}
	n.state = 1
	for _, m := range members(n.expr()) {
		if m.of != "profile" && m.of != "segment" {
			continue
		}
		for _, read := range byName[m.of+"."+m.name] {
			if read.state == 1 {
				at := diag.Span{File: n.expr().Span().File, Start: m.start, End: m.end}
				c.report(errCircle(at, read.name(), read.place(), n == read))
				break
			}
			c.visitDerived(read, byName)
		}
	}
	n.state = 2
	c.compileDerived(n)
}

func (c *checker) compileDerived(n *derivedNode) {
	scope := c.person()
	scope.NoJourney = true
	switch {
	case n.trait != nil:
		t := n.trait.trait
		t.Computed = c.expr(n.trait.decl.Computed, &scope, cond.Computed(t.Type))
		c.prog.Derived = append(c.prog.Derived, Derived{Trait: t})
	case n.segment != nil:
		s := n.segment.segment
		s.When = c.expr(n.segment.decl.When, &scope, cond.Condition)
		c.prog.Segments = append(c.prog.Segments, s)
		c.prog.Derived = append(c.prog.Derived, Derived{Segment: s})
	default:
		r := n.rule.rule
		r.While = c.expr(n.rule.decl.While, &scope, cond.Condition)
		c.prog.Derived = append(c.prog.Derived, Derived{Tag: r})
	}
}
