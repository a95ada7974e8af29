package cond

import (
	"fmt"
	"slices"
	"strings"

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
	acc     []*code                // the `acc` of the reduces around

	traits, segments, journeys map[string]bool
	sources                    []*source
	running                    []*Running
	zone, now                  bool
	holed                      bool // the parser could not read a part
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

// want holds the whole expression against what it is for.
func (k *compiler) want(c *code, want Want) *code {
	if k.holdsEvents(c.typ) {
		k.whole(c)
	}
	if c.bad {
		return c
	}
	wrong := func(wanted string) *code {
		k.errWanted(c, wanted)
		return c
	}
	switch want.kind {
	case wantCondition:
		if c.typ.Kind != value.Boolean && !isAny(c.typ) {
			return wrong("a condition")
		}
	case wantDuration:
		if c.typ.Kind != value.DurationKind && !isAny(c.typ) {
			return wrong("a duration")
		}
	case wantMoment:
		if !isMoment(c.typ) && !isAny(c.typ) {
			return wrong("a date or time")
		}
	case wantKey:
		if c.typ.Kind == value.List || c.typ.Kind == value.Object {
			return wrong("text, a number or another single value")
		}
	case wantComputed, wantValue:
		if want.kind == wantComputed {
			k.stand(c)
		}
		return k.convert(c, want.typ)
	}
	return c
}

// convert makes a value of a declared type out of the expression, if it can
// be one: a date becomes local midnight where a time is declared.
func (k *compiler) convert(c *code, to *value.Type) *code {
	if to == nil || isAny(to) {
		return c
	}
	if !assignable(c.typ, to) {
		k.errWanted(c, "`"+to.String()+"`")
		return c
	}
	if s, ok := c.konst.(string); ok && to.OneOf != nil && !slices.Contains(to.OneOf, s) {
		k.errOneOf(c.node, s, to)
		return c
	}
	if to.Kind == value.TimeKind {
		if c.typ.Kind == value.DateKind {
			k.zone = true
		}
		return lineCode(c.node, to, c.moves, c.asInstant())
	}
	val := c.asVal()
	return &code{typ: to, node: c.node, moves: c.moves, konst: c.konst, val: func(e *Env) any { return fit(to, external(val(e))) }}
}

// assignable says whether a value of one type may be stored where another is
// declared; whether it then fits is seen when it is there.
func assignable(from, to *value.Type) bool {
	switch {
	case isAny(from) || isAny(to):
		return true
	case to.Kind.IsText():
		return from.Kind.IsText()
	case to.Kind == value.Number:
		return isNumber(from)
	case to.Kind == value.TimeKind:
		return isMoment(from)
	case to.Kind == value.List:
		return from.Kind == value.List && assignable(elemOf(from), elemOf(to))
	case to.Kind == value.Object:
		if from.Kind != value.Object {
			return false
		}
		for _, f := range from.Fields {
			if t, ok := fieldType(to, f.Name); len(to.Fields) > 0 && ok && !assignable(f.Type, t) {
				return false
			}
		}
		return true
	}
	return from.Kind == to.Kind
}

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
		case c == '(' || c == '[':
			open++
		case c == ')' || c == ']':
			if open--; open < 0 { // opened before: take it in
				i := strings.LastIndexAny(text[:from], "([")
				if i < 0 {
					return from, to
				}
				from, open = i, 0
			}
		}
	}
	for ; open > 0; open-- {
		i := strings.IndexAny(text[to:], ")]")
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
