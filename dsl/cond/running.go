package cond

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// plainEvent says whether a node is EVENT by itself, without a window, by its
// name or its wire name.
func (k *compiler) plainEvent(n ast.Node) (string, bool) {
	if s, ok := n.(*ast.StringNode); ok {
		event, ok := k.scope.EventWires[s.Value]
		return event, ok
	}
	id, ok := n.(*ast.IdentifierNode)
	if !ok {
		return "", false
	}
	if _, given := k.scope.With[id.Value]; given {
		return "", false
	}
	switch id.Value {
	case "now", "event", "entry", "profile", "segment", "journey", "run":
		return "", false
	}
	_, ok = k.scope.Events[id.Value]
	return id.Value, ok
}

// runningOver compiles count, sum, mean, min and max of EVENT without a window as
// running values; nil where it has to be the kept events.
func (k *compiler) runningOver(n *ast.CallNode, name, event string) *code {
	if name == "count" && len(n.Arguments) == 1 {
		return k.runningNumber(n, Count, event, "", typInteger)
	}
	agg := map[string]Agg{"sum": Sum, "mean": Mean, "min": Min, "max": Max}[name]
	if agg == Count || len(n.Arguments) != 2 {
		return nil
	}
	prop, ok := path(unwrap(n.Arguments[1]))
	if !ok {
		return nil
	}
	t := k.eventType(event)
	for _, p := range strings.Split(prop, ".") {
		if t, ok = fieldType(t, p); !ok {
			return nil // reported where the body is compiled
		}
	}
	if !isNumber(t) && (agg == Sum || agg == Mean || prop != "at") {
		return nil // only numbers and the event's time are kept running
	}
	return k.runningNumber(n, agg, event, prop, t)
}

// path is the dotted path of a body that is nothing but a property of the
// element: `.total`, `.address.city`.
func path(body ast.Node) (string, bool) {
	var names []string
	for {
		m, ok := body.(*ast.MemberNode)
		if !ok {
			break
		}
		name, ok := m.Property.(*ast.StringNode)
		if !ok {
			return "", false
		}
		names = append(names, name.Value)
		body = m.Node
	}
	p, ok := body.(*ast.PointerNode)
	if !ok || p.Name != "" || len(names) == 0 {
		return "", false
	}
	slices.Reverse(names)
	return strings.Join(names, "."), true
}

// runningNumber is a running count, sum, mean, minimum or maximum.
func (k *compiler) runningNumber(n ast.Node, agg Agg, event, prop string, t *value.Type) *code {
	kept := agg
	if agg == Mean {
		kept = Sum // which knows of how many numbers it is
	}
	r := *k.runningValue(kept, event, prop)
	r.Agg = agg
	get := func(e *Env) any { return e.Person.Running(&r) }
	switch agg {
	case Min, Max:
		return read(n, t, get)
	case Mean:
		return read(n, typNumber, get)
	}
	return numCode(n, t, func(e *Env) (float64, bool) {
		v := get(e)
		f, ok := v.(float64)
		return f, v == nil || ok && finite(f) // of no events it is 0
	})
}

// runningEvent is the first or last of all events of a kind.
func (k *compiler) runningEvent(n ast.Node, agg Agg, event string) *code {
	r := k.runningValue(agg, event, "")
	s := k.source(event, 0)
	s.running = r
	return &code{typ: k.eventType(event), node: n, from: []*source{s}, val: func(e *Env) any {
		if ev, ok := e.Person.Running(r).(*Event); ok && ev != nil {
			return ev
		}
		return nil
	}}
}
