package cond

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// Part is one of the conditions that `and` joins: all of them must hold. It is
// there for explanations, which say which one does not.
type Part struct {
	span  diag.Span
	names []string
	cond  func(*Env) bool
}

// Holds asks the part alone.
func (p *Part) Holds(env *Env) bool { return p.cond(env) }

// Source is the part as it is written in its file.
func (p *Part) Source() string { return p.span.Text() }

// Span is the place of the part.
func (p *Part) Span() diag.Span { return p.span }

// Names are what the part asks about, as they are written, sorted:
// "profile.tier", "event.total", "segment.vip", "order_completed".
func (p *Part) Names() []string { return p.names }

// Parts are the conditions that `and` joins, in the order of the source; one
// without `and` is its own only part, and a value has none.
func (x *Expr) Parts() []Part { return x.parts }

// partsOf takes a condition apart.
func (k *compiler) partsOf(c *code) []Part {
	if len(c.and) == 0 {
		return []Part{{k.at(c.node), namesIn(c.node), c.asCond()}}
	}
	var list []Part
	for _, part := range c.and {
		list = append(list, k.partsOf(part)...)
	}
	return list
}

// namesIn are the names in a part of a tree, those with members as far as
// they are written out.
func namesIn(node ast.Node) []string {
	f := &nameFinder{inner: map[ast.Node]bool{}}
	for _, n := range nodesOf(node) {
		f.look(n)
	}
	slices.Sort(f.names)
	return slices.Compact(f.names)
}

type nameFinder struct {
	inner map[ast.Node]bool // told with the member around them
	names []string
}

func (f *nameFinder) look(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallNode:
		f.inner[n.Callee] = true
	case *ast.MemberNode:
		if f.inner[n] {
			f.inner[n.Node] = true
			return
		}
		f.inner[n.Node] = true
		if name, ok := chain(n); ok {
			f.names = append(f.names, name)
		}
	case *ast.IdentifierNode:
		if !f.inner[n] && n.Value != "now" {
			f.names = append(f.names, n.Value)
		}
	}
}

// chain is `a.b.c` as text; false when it does not begin with a name.
func chain(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.MemberNode:
		base, ok := chain(n.Node)
		name, plain := n.Property.(*ast.StringNode)
		if !ok {
			return "", false
		}
		if !plain {
			return base, true // an index: the list is told
		}
		return base + "." + name.Value, true
	}
	return "", false
}

// nodesOf are a tree's nodes, each before those in it.
func nodesOf(node ast.Node) []ast.Node {
	v := &collector{}
	ast.Walk(&node, v)
	slices.Reverse(v.nodes) // ast.Walk visits children first
	return v.nodes
}

type collector struct{ nodes []ast.Node }

// Visit notes a node; it makes collector an ast.Visitor.
func (c *collector) Visit(node *ast.Node) { c.nodes = append(c.nodes, *node) }
