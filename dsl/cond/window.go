package cond

import (
	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// lastWithin compiles `EVENT in last D`: the kept events whose time is not
// longer than D ago. One at exactly D is still in, so it goes a millisecond
// later.
func (k *compiler) lastWithin(n *ast.CallNode) *code {
	if len(n.Arguments) != 2 {
		return k.refuseNode(n)
	}
	var event string
	switch x := n.Arguments[0].(type) {
	case *ast.IdentifierNode:
		event = x.Value
		if _, ok := k.scope.Events[event]; !ok {
			return k.errUnknownEvent(x, event)
		}
	case *ast.StringNode:
		name, ok := k.scope.EventWires[x.Value]
		if !ok {
			return k.errUnknownEvent(x, x.Value)
		}
		event = name
	default:
		return k.errLastOf(x)
	}
	c, ok := n.Arguments[1].(*ast.ConstantNode)
	var d value.Duration
	if ok {
		d, ok = c.Value.(value.Duration)
	}
	if !ok || fit(typDuration, d) == nil {
		return k.errLastLength(n.Arguments[1])
	}
	k.now = true
	return &code{
		typ: listOfType(k.eventType(event)), node: n, from: []*source{k.source(event, d)},
		list: func(e *Env) elements { return elements{events: within(e, e.Person.Events(event), d)} },
	}
}

// within are the events since d ago. They nearly always lie together, and are
// then not copied.
func within(e *Env, events []*Event, d value.Duration) []*Event {
	since := e.Now.Add(-d)
	first := -1
	var kept []*Event
	apart := false
	oldest := value.Time(0)
	for i, ev := range events {
		if ev.At < since {
			continue
		}
		if first < 0 || ev.At < oldest {
			oldest = ev.At
		}
		switch {
		case first < 0:
			first = i
			kept = events[i : i+1 : i+1]
		case !apart && i == first+len(kept):
			kept = events[first : i+1 : i+1]
		default:
			apart = true
			kept = append(kept, ev) // its capacity is its length: a copy
		}
	}
	if first >= 0 && inRange(int64(oldest)) {
		e.LookAt(oldest.Add(d) + 1)
	}
	return kept
}
