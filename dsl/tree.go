package dsl

import (
	"github.com/expr-lang/expr/ast"

	"journey/dsl/syntax"
)

// member is a place where an expression names a part of something:
// profile.email, segment.vip, event.total.
type member struct {
	of, name   string
	start, end int // of the name
}

// members lists the members of the names that stand by themselves, in the
// order of the tree; one with an empty name is the whole (`event`).
func members(x *syntax.Expr) []member {
	if x == nil || x.Node == nil {
		return nil
	}
	v := &memberVisitor{}
	node := x.Node
	ast.Walk(&node, v)
	return v.list()
}

// memberVisitor collects members; Walk visits the parts of a node before the
// node itself.
type memberVisitor struct {
	names   []member
	offsets []ast.Node // the node of each
	inside  map[ast.Node]bool
}

var _ ast.Visitor = (*memberVisitor)(nil)

// Visit takes one node.
func (v *memberVisitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		at := n.Location()
		v.names = append(v.names, member{of: n.Value, start: at.From, end: at.To})
		v.offsets = append(v.offsets, n)
	case *ast.MemberNode:
		id, ok := n.Node.(*ast.IdentifierNode)
		name, named := n.Property.(*ast.StringNode)
		if !ok || !named {
			return
		}
		if v.inside == nil {
			v.inside = map[ast.Node]bool{}
		}
		v.inside[id] = true
		at := name.Location()
		v.names = append(v.names, member{of: id.Value, name: name.Value, start: at.From, end: at.To})
		v.offsets = append(v.offsets, n)
	}
}

// list leaves out the names that stand before a member.
func (v *memberVisitor) list() []member {
	var out []member
	for i, m := range v.names {
		if m.name == "" && v.inside[v.offsets[i]] {
			continue
		}
		out = append(out, m)
	}
	return out
}
