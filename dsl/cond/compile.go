package cond

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// Bounds on what one expression may be.
const (
	maxNodes = 1000 // parts
	maxDepth = 2    // predicates inside each other
)

// Compile checks and compiles an expression. It reports everything that is
// wrong with it, in the order of the source; the Expr is nil then.
func Compile(file *diag.File, node ast.Node, scope *Scope, want Want) (*Expr, []diag.Diagnostic) {
	k := &compiler{
		file: file, scope: scope,
		tracked: want.kind == wantCondition || want.kind == wantComputed,
		natures: make(map[*value.Type]types.Type),
		events:  make(map[string]*value.Type),
		traits:  make(map[string]bool), segments: make(map[string]bool), journeys: make(map[string]bool),
		messages: make(map[string]bool),
	}
	if n := countNodes(node); n > maxNodes {
		k.errTooLarge(node, n)
		return nil, k.diags
	}
	c := k.want(k.visit(node), want)
	if len(k.diags) > 0 || k.holed {
		return nil, inOrder(k.diags)
	}
	x := &Expr{typ: c.typ, span: k.at(node), reads: k.reads()}
	x.cond = c.asCond()
	if want.kind == wantCondition {
		x.parts = k.partsOf(c)
	}
	x.value = c.asVal()
	if k.holdsEvents(c.typ) || isAny(c.typ) {
		inner := x.value
		x.value = func(e *Env) any { return external(inner(e)) }
	}
	return x, nil
}

// inOrder are the diagnostics in the order of the source, each once: the
// middle of `a < b < c` stands twice in the tree.
func inOrder(diags []diag.Diagnostic) []diag.Diagnostic {
	slices.SortStableFunc(diags, func(a, b diag.Diagnostic) int { return a.Span.Start - b.Span.Start })
	return slices.CompactFunc(diags, func(a, b diag.Diagnostic) bool { return a.Span == b.Span && a.Message == b.Message })
}

// compiler walks one expression from the leaves up. Each visit resolves the
// names of a node, has its types judged, and returns its closures.
type compiler struct {
	file    *diag.File
	scope   *Scope
	tracked bool // the result follows time: every use of now must be found

	diags   []diag.Diagnostic
	natures map[*value.Type]types.Type
	events  map[string]*value.Type // element types of EVENT by name
	frames  []frame                // the predicates around, innermost last

	traits, segments, journeys, messages map[string]bool

	sources   []*source
	running   []*Running
	hours     []*HourRead
	zone, now bool
	holed     bool // the parser could not read a part
}

// frame is the element that `it` means.
type frame struct {
	elem *value.Type // nil: of a list that was reported
	from []*source
}

// visit compiles a node.
func (k *compiler) visit(node ast.Node) *code {
	switch n := node.(type) {
	case *ast.FloatNode:
		return k.number(n, n.Value)
	case *ast.IntegerNode:
		return k.number(n, float64(n.Value))
	case *ast.BoolNode:
		return constant(n, typBoolean, n.Value)
	case *ast.StringNode:
		return constant(n, typText, n.Value)
	case *ast.ConstantNode:
		return k.literal(n)
	case *ast.IdentifierNode:
		return k.identifier(n)
	case *ast.PointerNode:
		return k.pointer(n)
	case *ast.MemberNode:
		return k.member(n)
	case *ast.UnaryNode:
		return k.unary(n)
	case *ast.BinaryNode:
		return k.binary(n)
	case *ast.ConditionalNode:
		return k.conditional(n)
	case *ast.CallNode:
		return k.call(n)
	case *ast.ArrayNode:
		return k.array(n)
	case *ast.MapNode:
		return k.object(n)
	}
	return k.refuseNode(node)
}

// still compiles a node whose value must not move by itself between two
// looks, because what is done with it cannot be followed.
func (k *compiler) still(node ast.Node) *code { return k.stand(k.visit(node)) }

func (k *compiler) stand(c *code) *code {
	if c.moves != nil && k.tracked && !c.bad {
		k.errUntracked(c.moves)
		c.moves, c.bad = nil, true
	}
	return c
}

func (k *compiler) number(node ast.Node, f float64) *code {
	if !finite(f) {
		return k.errNumber(node)
	}
	if f == float64(int64(f)) {
		return constant(node, typInteger, f)
	}
	return constant(node, typNumber, f)
}

func (k *compiler) literal(n *ast.ConstantNode) *code {
	switch v := n.Value.(type) {
	case value.Duration:
		if fit(typDuration, v) == nil {
			return k.errNumber(n)
		}
		return constant(n, typDuration, v)
	case value.Date:
		return constant(n, typDate, v)
	case value.Time:
		return constant(n, typTime, v)
	case value.Local:
		k.zone = true
		return lineCode(n, typTime, nil, func(e *Env) (line, bool) { return line{at: int64(v.In(zoneOf(e)))}, true })
	case value.Clock:
		return k.errClock(n, v)
	case float64:
		return k.number(n, v)
	case bool:
		return constant(n, typBoolean, v)
	case string:
		return constant(n, typText, v)
	}
	return k.refuseNode(n)
}

// array is a list literal.
func (k *compiler) array(n *ast.ArrayNode) *code {
	elems := make([]func(*Env) any, len(n.Nodes))
	fixed := make([]any, len(n.Nodes))
	all := true
	var elem *value.Type
	for i, x := range n.Nodes {
		c := k.still(x)
		k.whole(c)
		elems[i] = c.asVal()
		fixed[i] = c.konst
		all = all && c.konst != nil
		if elem == nil {
			elem = c.typ
		} else {
			elem = common(elem, c.typ)
		}
	}
	if elem == nil {
		elem = typAny
	}
	if all {
		return &code{typ: listOfType(elem), node: n, list: func(*Env) elements { return elements{values: fixed} }, konst: fixed}
	}
	return &code{typ: listOfType(elem), node: n, list: func(e *Env) elements {
		l := make([]any, len(elems))
		for i, f := range elems {
			l[i] = f(e)
		}
		return elements{values: l}
	}}
}

// object is an object literal.
func (k *compiler) object(n *ast.MapNode) *code {
	typ := &value.Type{Kind: value.Object}
	type entry struct {
		name string
		val  func(*Env) any
	}
	var entries []entry
	for _, p := range n.Pairs {
		pair, ok := p.(*ast.PairNode)
		if !ok {
			return k.refuseNode(p)
		}
		name, ok := pair.Key.(*ast.StringNode)
		if !ok {
			k.errDynamic(pair.Key)
			k.visit(pair.Value)
			continue
		}
		c := k.still(pair.Value)
		k.whole(c)
		if _, twice := typ.Field(name.Value); twice {
			k.errTwice(name)
			continue
		}
		typ.Fields = append(typ.Fields, value.Field{Name: name.Value, Type: c.typ, Optional: true})
		entries = append(entries, entry{name.Value, c.asVal()})
	}
	return &code{typ: typ, node: n, val: func(e *Env) any {
		m := make(map[string]any, len(entries))
		for _, x := range entries {
			m[x.name] = external(x.val(e))
		}
		return m
	}}
}
