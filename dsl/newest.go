package dsl

import (
	"github.com/expr-lang/expr/ast"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// Of past events the newest thousand of a kind are kept. What could go wrong
// by that is said here: a list that is read as a whole, and a number of events
// that is never reached.

// kept is how many past events of a kind a condition can read.
const kept = 1000

// bounded warns of what an expression reads beyond that.
func (c *checker) bounded(x *syntax.Expr, e *cond.Expr) {
	if e == nil || c.testing {
		return
	}
	whole := map[string]bool{}
	for _, r := range e.Reads().Events {
		whole[r.Event] = whole[r.Event] || r.Window == 0
	}
	v := &newestVisitor{c: c, whole: whole, excused: map[ast.Node]bool{}}
	node := x.Node
	ast.Walk(&node, v)
	for _, id := range v.lists {
		if !v.excused[id] {
			c.report(warnNewest(placeOf(x, id), v.event(id)))
			return
		}
	}
	for _, n := range v.beyond {
		c.report(warnBeyond(placeOf(x, n)))
	}
}

func placeOf(x *syntax.Expr, n ast.Node) diag.Span {
	at := n.Location()
	return diag.Span{File: x.Span().File, Start: at.From, End: at.To}
}

// newestVisitor finds where an expression reads the list of all events of a
// kind. Walk visits the parts of a node before the node itself.
type newestVisitor struct {
	c       *checker
	whole   map[string]bool // the events whose list is read without a window
	lists   []ast.Node
	excused map[ast.Node]bool
	beyond  []ast.Node // numbers with which the length of a list is compared in vain
}

var _ ast.Visitor = (*newestVisitor)(nil)

// Visit takes one node.
func (v *newestVisitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode, *ast.StringNode:
		if v.whole[v.event(n)] {
			v.lists = append(v.lists, n)
		}
	case *ast.CallNode:
		v.call(n)
	case *ast.BinaryNode:
		v.compare(n)
	}
}

// event is the event that a node names; "" for none.
func (v *newestVisitor) event(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		if _, known := v.c.names.events[n.Value]; known {
			return n.Value
		}
	case *ast.StringNode:
		return v.c.names.eventWires[n.Value]
	}
	return ""
}

// call excuses the events of a window, running values, and `last`, for which
// the newest are enough.
func (v *newestVisitor) call(n *ast.CallNode) {
	if len(n.Arguments) == 0 {
		return
	}
	switch name := functionOf(n); name {
	case "$last", "first", "len", "$set", "$missing":
		v.excused[n.Arguments[0]] = true
	case "count":
		v.excused[n.Arguments[0]] = len(n.Arguments) == 1
	case "sum", "mean", "min", "max":
		v.excused[n.Arguments[0]] = len(n.Arguments) == 2 && isProperty(n.Arguments[1])
	case "last":
		v.excuse(n.Arguments[0])
	}
}

// isProperty says whether a body is nothing but a property of the element.
func isProperty(n ast.Node) bool {
	if p, ok := n.(*ast.PredicateNode); ok {
		n = p.Node
	}
	for {
		m, ok := n.(*ast.MemberNode)
		if !ok {
			_, ok = n.(*ast.PointerNode)
			return ok
		}
		n = m.Node
	}
}

// excuse excuses what `last` reads through filters.
func (v *newestVisitor) excuse(n ast.Node) {
	if call, ok := n.(*ast.CallNode); ok && functionOf(call) == "filter" && len(call.Arguments) > 0 {
		n = call.Arguments[0]
		v.excuse(n)
	}
	v.excused[n] = true
}

func functionOf(n *ast.CallNode) string {
	if id, ok := n.Callee.(*ast.IdentifierNode); ok {
		return id.Value
	}
	return ""
}

// compare finds the length of a list of events that is compared with a number
// it never reaches. A running count has no bound, and neither has that of a
// window by itself, which goes on by the hour.
func (v *newestVisitor) compare(n *ast.BinaryNode) {
	for _, side := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		call, ok := side[0].(*ast.CallNode)
		if !ok || len(call.Arguments) != 1 || functionOf(call) != "count" && functionOf(call) != "len" {
			continue
		}
		list := call.Arguments[0]
		if v.event(list) != "" || isWindow(list) || !v.ofEvents(list) {
			continue
		}
		if limit, is := side[1].(*ast.FloatNode); is && limit.Value > kept {
			v.beyond = append(v.beyond, side[1])
		}
	}
}

// isWindow says whether a node is `EVENT in last D` by itself.
func isWindow(n ast.Node) bool {
	call, ok := n.(*ast.CallNode)
	return ok && functionOf(call) == "$last"
}

// ofEvents says whether a list is one of past events.
func (v *newestVisitor) ofEvents(n ast.Node) bool {
	call, ok := n.(*ast.CallNode)
	if !ok || len(call.Arguments) == 0 {
		return v.event(n) != ""
	}
	switch functionOf(call) {
	case "$last", "filter", "reverse", "sortBy":
		return v.ofEvents(call.Arguments[0])
	}
	return false
}
