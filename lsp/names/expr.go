package names

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// expr resolves an expression and answers its type; nil where nothing is known
// about it.
func (b *builder) expr(x *syntax.Expr, s *scope) *Type {
	if x == nil || x.Node == nil {
		return nil
	}
	e := expression{builder: b, file: x.Span().File, scope: s}
	return e.visit(x.Node)
}

type expression struct {
	*builder
	file  *diag.File
	scope *scope
}

func (e *expression) span(n ast.Node) diag.Span {
	at := n.Location()
	return diag.Span{File: e.file, Start: at.From, End: at.To}
}

// visit resolves a node and answers its type.
func (e *expression) visit(n ast.Node) *Type {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return e.identifier(n)
	case *ast.PointerNode:
		return e.scope.it
	case *ast.MemberNode:
		return e.member(n)
	case *ast.CallNode:
		return e.call(n)
	case *ast.UnaryNode:
		t := e.visit(n.Node)
		if n.Operator == "not" {
			return plain("boolean")
		}
		return t
	case *ast.BinaryNode:
		return e.binary(n)
	case *ast.ConditionalNode:
		e.visit(n.Cond)
		t := e.visit(n.Exp1)
		if other := e.visit(n.Exp2); t == nil {
			t = other
		}
		return t
	case *ast.PredicateNode:
		return e.visit(n.Node)
	case *ast.ArrayNode:
		var elem *Type
		for _, x := range n.Nodes {
			if t := e.visit(x); elem == nil {
				elem = t
			}
		}
		return listOf(elem)
	case *ast.MapNode:
		for _, x := range n.Pairs {
			if p, ok := x.(*ast.PairNode); ok {
				e.visit(p.Value)
			}
		}
		return &Type{Text: "{ … }", Any: true}
	case *ast.FloatNode:
		return plain("number")
	case *ast.BoolNode:
		return plain("boolean")
	case *ast.StringNode:
		return plain("text")
	}
	return nil
}

// identifier resolves a name that stands by itself.
func (e *expression) identifier(n *ast.IdentifierNode) *Type {
	if n.Value == e.mark && e.mark != "" {
		e.pointValue(e.span(n), e.scope)
		return nil
	}
	s := e.scope
	switch n.Value {
	case "event":
		return s.event
	case "entry":
		return s.entry
	case "now":
		return plain("time")
	}
	if g := s.with[n.Value]; g != nil {
		e.use(g, e.span(n))
		return g.Type
	}
	if ev := e.tables[Event][n.Value]; ev != nil && !s.row {
		e.use(ev, e.span(n))
		return pastEvents(ev)
	}
	return nil
}

// pastEvents is the list of events that the name of one stands for.
func pastEvents(ev *Symbol) *Type {
	t := listOf(withFields(ev.Type, at()))
	t.Text = "list of " + ev.Name
	return t
}

// namespaces are the names that need another one behind them.
var namespaces = map[string]Kind{"profile": Trait, "segment": Segment, "journey": Journey, "run": RunValue}

// member resolves `X.NAME` and `X[INDEX]`.
func (e *expression) member(n *ast.MemberNode) *Type {
	name, named := n.Property.(*ast.StringNode)
	if id, ok := n.Node.(*ast.IdentifierNode); ok && named && !e.scope.row {
		if k, ok := namespaces[id.Value]; ok {
			return e.namespace(k, name)
		}
	}
	of := e.visit(n.Node)
	if !named {
		e.visit(n.Property)
		if of == nil {
			return nil
		}
		return of.Elem
	}
	return e.field(of, name.Value, e.span(name))
}

func (e *expression) namespace(k Kind, name *ast.StringNode) *Type {
	at := e.span(name)
	if name.Value == e.mark && e.mark != "" {
		e.point(at, e.members(k, e.scope))
		return nil
	}
	var s *Symbol
	if k == RunValue {
		s = e.scope.run[name.Value]
	} else {
		s = e.tables[k][name.Value]
	}
	if s == nil {
		return nil
	}
	e.use(s, at)
	if k == Segment || k == Journey {
		return plain("boolean")
	}
	return s.Type
}

// members are what can stand behind a namespace.
func (b *builder) members(k Kind, s *scope) []*Symbol {
	if k != RunValue {
		return b.all(k)
	}
	return sortedSymbols(s.run)
}

func (e *expression) binary(n *ast.BinaryNode) *Type {
	left, right := e.visit(n.Left), e.visit(n.Right)
	switch n.Operator {
	case "==", "!=":
		e.oneOf(n.Right, left)
		e.oneOf(n.Left, right)
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			for _, x := range list.Nodes {
				e.oneOf(x, left)
			}
		}
	case "??":
		if left == nil {
			return right
		}
		return left
	case "+", "-", "*", "/", "%", "**", "^":
		return left
	}
	return plain("boolean")
}

// oneOf keeps the values that a text can have, where the mark stands in one.
func (e *expression) oneOf(n ast.Node, t *Type) {
	s, ok := n.(*ast.StringNode)
	if !ok || e.mark == "" || !strings.Contains(s.Value, e.mark) || t == nil {
		return
	}
	p := &Point{Span: e.span(n), Quoted: true}
	for _, v := range t.OneOf {
		p.Words = append(p.Words, Word{Text: v, Detail: "value"})
	}
	e.index.Point = p
}

// call resolves a call and answers what the function gives.
func (e *expression) call(n *ast.CallNode) *Type {
	name := ""
	if id, ok := n.Callee.(*ast.IdentifierNode); ok {
		name = id.Value
	}
	var args []*Type
	for i, a := range n.Arguments {
		if i == 0 && (name == "sent" || name == "opened" || name == "clicked") {
			args = append(args, e.message(a))
			continue
		}
		args = append(args, e.argument(a, args))
	}
	if len(args) == 0 {
		return plain("")
	}
	first := args[0]
	switch name {
	case syntax.CallSet, syntax.CallMissing:
		return plain("boolean")
	case "unique":
		if len(args) > 1 {
			return listOf(args[1])
		}
		return first
	case syntax.CallLast, "filter", "take", "sort", "sortBy", "reverse":
		return first
	case "first", "last", "find":
		if first != nil {
			return first.Elem
		}
		return nil
	case "map":
		return listOf(args[len(args)-1])
	case "most", "min", "max":
		return args[len(args)-1]
	case "local":
		return localTime
	case "ago", "from_now":
		return plain("time")
	case "any", "all", "none", "one":
		return plain("boolean")
	case "lower", "upper", "trim", "join", "replace":
		return plain("text")
	case "split":
		return listOf(plain("text"))
	}
	return plain("number")
}

// localTime is what `local` gives.
var localTime = func() *Type {
	t := &Type{Text: "{ … }"}
	for _, f := range []string{"year", "month", "day", "hour", "minute", "weekday", "date"} {
		kind := "number"
		switch f {
		case "weekday":
			kind = "text"
		case "date":
			kind = "date"
		}
		t.Fields = append(t.Fields, &Symbol{Kind: Property, Name: f, Type: plain(kind), Doc: "In the person's time zone."})
	}
	return t
}()

// argument resolves an argument; a predicate is about the elements of the
// first one.
func (e *expression) argument(n ast.Node, before []*Type) *Type {
	p, ok := n.(*ast.PredicateNode)
	if !ok {
		return e.visit(n)
	}
	inner := *e.scope
	inner.it = nil
	if len(before) > 0 && before[0] != nil {
		inner.it = before[0].Elem
	}
	around := e.scope
	e.scope = &inner
	defer func() { e.scope = around }()
	return e.visit(p.Node)
}

// message resolves the message in sent(M), opened(M) and clicked(M).
func (e *expression) message(n ast.Node) *Type {
	id, ok := n.(*ast.IdentifierNode)
	if !ok {
		return e.visit(n)
	}
	if id.Value == e.mark && e.mark != "" {
		e.point(e.span(n), e.all(Message))
		return nil
	}
	e.use(e.tables[Message][id.Value], e.span(n))
	return nil
}

func sortedSymbols(m map[string]*Symbol) []*Symbol {
	var all []*Symbol
	for _, s := range m {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Symbol) int { return strings.Compare(a.Name, b.Name) })
	return all
}
