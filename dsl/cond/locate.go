package cond

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// span is a stretch of the expression's file.
func (k *compiler) span(from, to int) diag.Span {
	return diag.Span{File: k.file, Start: from, End: max(from, to)}
}

// at is where a node stands.
func (k *compiler) at(n ast.Node) diag.Span {
	return k.span(balanced(k.file.Text, n))
}

// operator is where the operator of a comparison or calculation stands.
func (k *compiler) operator(n *ast.BinaryNode) diag.Span {
	_, from := extent(n.Left)
	to, _ := extent(n.Right)
	if from <= to && to <= len(k.file.Text) {
		if i := strings.Index(k.file.Text[from:to], n.Operator); i >= 0 {
			return k.span(from+i, from+i+len(n.Operator))
		}
	}
	return k.span(n.Location().From, n.Location().To)
}

// extent is the stretch of the file that a node and its parts cover.
func extent(n ast.Node) (from, to int) {
	from, to = n.Location().From, n.Location().To
	for _, c := range children(n) {
		f, t := extent(c)
		from, to = min(from, f), max(to, t)
	}
	return from, to
}

// balanced is the extent of a node together with the brackets that belong to
// it and have no node of their own.
func balanced(text string, n ast.Node) (from, to int) {
	from, to = extent(n)
	if from < 0 || to > len(text) {
		return from, to
	}
	open, quoted := 0, false
	for i := from; i < to; i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[' || c == '{':
			open++
		case c == ')' || c == ']' || c == '}':
			if open--; open < 0 { // opened before: take it in
				i := strings.LastIndexAny(text[:from], "([{")
				if i < 0 {
					return from, to
				}
				from, open = i, 0
			}
		}
	}
	for ; open > 0; open-- {
		i := strings.IndexAny(text[to:], ")]}")
		if i < 0 {
			break
		}
		to += i + 1
	}
	return from, to
}

func countNodes(n ast.Node) int {
	total := 1
	for _, c := range children(n) {
		total += countNodes(c)
	}
	return total
}

// children are the parts of a node in the order of the source.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		c := []ast.Node{n.Node}
		if n.From != nil {
			c = append(c, n.From)
		}
		if n.To != nil {
			c = append(c, n.To)
		}
		return c
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	}
	return nil
}

func (k *compiler) report(code diag.Code, span diag.Span, suggest, format string, args ...any) {
	k.diags = append(k.diags, diag.Diagnostic{
		Code: code, Message: fmt.Sprintf(format, args...), Span: span, Suggest: suggest,
	})
}
