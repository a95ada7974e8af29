package cond

import (
	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// overList compiles a function that goes over the elements of a list.
func (k *compiler) overList(n *ast.CallNode, name string) *code {
	args, extremes := n.Arguments, name == "min" || name == "max"
	if len(args) > 2 && extremes {
		return k.least(n, name, nil)
	}
	if event, ok := k.plainEvent(args[0]); ok {
		if c := k.runningOver(n, name, event); c != nil {
			return c
		}
	}
	l := k.listOrEvent(args[0])
	if l.bad {
		k.bodyOfBad(args)
		return bad(n)
	}
	if l.typ.Kind != value.List && len(args) == 2 && extremes && !(isAny(l.typ) && speaksOfElement(args[1])) {
		return k.least(n, name, l) // of two values
	}
	if l.typ.Kind != value.List && !isAny(l.typ) {
		k.bodyOfBad(args)
		return k.errArgument(l, "`"+name+"` wants a list")
	}
	if len(args) == 1 {
		if name == "count" {
			list, hours := l.asList(), k.hoursOf(n, name, l)
			if hours != nil {
				return numCode(n, typInteger, func(e *Env) (float64, bool) {
					return float64(list(e).len() + hours.total(e).N), true
				})
			}
			return numCode(n, typInteger, func(e *Env) (float64, bool) { return float64(list(e).len()), true })
		}
		return k.aggregate(n, name, l, k.element(args[0], elemOf(l.typ), l.from), nil)
	}
	body := k.body(n, name, l)
	if body.bad {
		return body
	}
	if c := k.judgeBody(n, name, l, body); c != nil {
		return c
	}
	switch name {
	case "any", "all", "none", "one", "count":
		return k.quantify(n, name, l, body)
	case "filter", "find":
		return k.filter(n, name, l, body)
	case "map":
		return k.mapped(n, l, body)
	case "sortBy":
		return k.sortBy(n, l, body)
	case "most":
		return k.most(n, l, body)
	case "unique":
		return k.uniqueOf(n, l, body)
	}
	var hours *HourRead
	if isNumber(body.typ) {
		hours = k.hoursOf(n, name, l)
	}
	return k.aggregate(n, name, l, body, hours)
}

// listOrEvent compiles what stands where a function wants a list: an event
// may be named there by its wire name, too.
func (k *compiler) listOrEvent(n ast.Node) *code {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return k.still(n)
	}
	event, ok := k.scope.EventWires[s.Value]
	if !ok {
		return k.errUnknownEvent(s, s.Value)
	}
	return k.past(n, event)
}

// body compiles what is asked of each element.
func (k *compiler) body(n *ast.CallNode, name string, l *code) *code {
	if len(k.frames) >= maxDepth {
		return k.errTooDeep(n, name)
	}
	k.frames = append(k.frames, frame{elemOf(l.typ), l.from})
	body := k.still(unwrap(n.Arguments[1]))
	k.frames = k.frames[:len(k.frames)-1]
	return body
}

// judgeBody has expr judge the list and what is asked of its elements, where
// expr has that function; nil if they fit.
func (k *compiler) judgeBody(n *ast.CallNode, name string, l, body *code) *code {
	switch name {
	case "most", "unique", "min", "max", "mean", "median":
		return nil
	}
	blame, wrong := k.judge(func(leaf []ast.Node) ast.Node {
		return &ast.BuiltinNode{Name: name, Arguments: []ast.Node{leaf[0], &ast.PredicateNode{Node: leaf[1]}}}
	}, k.typeFor(l.typ), k.typeFor(body.typ))
	switch {
	case !wrong:
		return nil
	case blame == 0:
		return k.errArgument(l, "`"+name+"` wants a list")
	}
	return k.errArgument(body, "`"+name+"` wants a condition to ask of each element")
}

// bodyOfBad looks for further mistakes in what is asked of elements of which
// nothing is known.
func (k *compiler) bodyOfBad(args []ast.Node) {
	if len(args) < 2 || len(k.frames) >= maxDepth {
		return
	}
	k.frames = append(k.frames, frame{})
	k.visit(unwrap(args[1]))
	k.frames = k.frames[:len(k.frames)-1]
}

// speaksOfElement says whether `it` or a leading `.` stands in a node outside
// of the predicates in it.
func speaksOfElement(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.PointerNode:
		return true
	case *ast.PredicateNode: // the parser has seen it already
		return true
	case *ast.CallNode:
		for _, a := range n.Arguments {
			if _, inner := a.(*ast.PredicateNode); !inner && speaksOfElement(a) {
				return true
			}
		}
		return false
	}
	for _, c := range children(n) {
		if speaksOfElement(c) {
			return true
		}
	}
	return false
}

// quantify compiles any, all, none, one and count with a condition.
func (k *compiler) quantify(n ast.Node, name string, l, body *code) *code {
	list, test := l.asList(), body.asCond()
	count := func(e *Env, enough int) int {
		l, outer, hits := list(e), e.it, 0
		for i := range l.len() {
			e.it = l.at(i)
			if test(e) {
				if hits++; hits == enough {
					break
				}
			}
		}
		e.it = outer
		return hits
	}
	switch name {
	case "any":
		return condCode(n, func(e *Env) bool { return count(e, 1) > 0 })
	case "none":
		return condCode(n, func(e *Env) bool { return count(e, 1) == 0 })
	case "one":
		return condCode(n, func(e *Env) bool { return count(e, 2) == 1 })
	case "all":
		return condCode(n, func(e *Env) bool {
			l, outer, all := list(e), e.it, true
			for i := 0; i < l.len() && all; i++ {
				e.it = l.at(i)
				all = test(e)
			}
			e.it = outer
			return all
		})
	}
	return numCode(n, typInteger, func(e *Env) (float64, bool) { return float64(count(e, 0)), true })
}

// filter compiles filter and find.
func (k *compiler) filter(n ast.Node, name string, l, body *code) *code {
	list, test := l.asList(), body.asCond()
	if name == "find" {
		c := read(n, elemOf(l.typ), func(e *Env) any {
			l, outer := list(e), e.it
			var found any
			for i := range l.len() {
				e.it = l.at(i)
				if test(e) {
					found = e.it
					break
				}
			}
			e.it = outer
			return found
		})
		c.from = l.from
		return c
	}
	return &code{typ: k.listType(l), node: n, from: l.from, list: func(e *Env) elements {
		l, outer := list(e), e.it
		var kept elements
		for i := range l.len() {
			e.it = l.at(i)
			if test(e) {
				if l.events != nil {
					kept.events = append(kept.events, l.events[i])
				} else {
					kept.values = append(kept.values, l.values[i])
				}
			}
		}
		e.it = outer
		return kept
	}}
}

// listType is the type of the list, if what is known of it is only that it
// must be one.
func (k *compiler) listType(l *code) *value.Type {
	if isAny(l.typ) {
		return listOfType(typAny)
	}
	return l.typ
}

func (k *compiler) mapped(n ast.Node, l, body *code) *code {
	list, get := l.asList(), body.asVal()
	return &code{typ: listOfType(body.typ), node: n, from: body.from, list: func(e *Env) elements {
		l, outer := list(e), e.it
		values := make([]any, l.len())
		for i := range values {
			e.it = l.at(i)
			values[i] = get(e)
		}
		e.it = outer
		return elements{values: values}
	}}
}

// each is the body's value of every element; missing ones are nil.
func each(e *Env, l elements, get func(*Env) any) []any {
	outer := e.it
	values := make([]any, l.len())
	for i := range values {
		e.it = l.at(i)
		values[i] = get(e)
	}
	e.it = outer
	return values
}
