package cond

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// rank puts values of different types in an order, missing ones last.
func rank(v any) int {
	switch v.(type) {
	case float64:
		return 0
	case string:
		return 1
	case value.Time, value.Date:
		return 2
	case value.Duration:
		return 3
	case bool:
		return 4
	case nil:
		return 6
	}
	return 5
}

// compareFor is a total order for sorting.
func compareFor(e *Env, a, b any) int {
	if x, y := rank(a), rank(b); x != y {
		return x - y
	}
	switch sign, ok := order(e, a, b); {
	case !ok:
		return 0
	case sign == below:
		return -1
	case sign == above:
		return 1
	}
	return 0
}

func (k *compiler) sortBy(n *ast.CallNode, l, body *code) *code {
	if !sortable(body.typ) {
		return k.errArgument(body, "`sortBy` wants a number, text or time to sort by")
	}
	down, ok := k.direction(n)
	if !ok {
		return bad(n)
	}
	k.zone = k.zone || isAny(body.typ)
	list, get := l.asList(), body.asVal()
	return &code{typ: k.listType(l), node: n, from: l.from, list: func(e *Env) elements {
		l := list(e)
		return reordered(l, sorted(e, each(e, l, get), down))
	}}
}

// direction reads the last argument of sort and sortBy.
func (k *compiler) direction(n *ast.CallNode) (down, ok bool) {
	at := 1
	if callee(n) == "sortBy" {
		at = 2
	}
	if len(n.Arguments) <= at {
		return false, true
	}
	if s, ok := n.Arguments[at].(*ast.StringNode); ok && (s.Value == "asc" || s.Value == "desc") {
		return s.Value == "desc", true
	}
	k.report(WrongArguments, k.at(n.Arguments[at]), "", "the order of `%s` is \"asc\" or \"desc\"", callee(n))
	return false, false
}

// sorted are the indices of the keys in their order; missing keys stay last.
func sorted(e *Env, keys []any, down bool) []int {
	index := make([]int, len(keys))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int {
		c := compareFor(e, keys[a], keys[b])
		if down && keys[a] != nil && keys[b] != nil {
			return -c
		}
		return c
	})
	return index
}

func reordered(l elements, index []int) elements {
	var r elements
	if l.events != nil {
		r.events = make([]*Event, len(index))
		for i, j := range index {
			r.events[i] = l.events[j]
		}
		return r
	}
	r.values = make([]any, len(index))
	for i, j := range index {
		r.values[i] = l.values[j]
	}
	return r
}

// rearrange compiles unique, sort, reverse and take.
func (k *compiler) rearrange(n *ast.CallNode, name string, args []*code) *code {
	l := args[0]
	list := l.asList()
	c := &code{typ: k.listType(l), node: n, from: l.from}
	switch name {
	case "reverse":
		c.list = func(e *Env) (r elements) {
			l := list(e)
			r.events, r.values = slices.Clone(l.events), slices.Clone(l.values)
			slices.Reverse(r.events)
			slices.Reverse(r.values)
			return r
		}
	case "take":
		count := args[1].asNum()
		c.list = func(e *Env) elements {
			l := list(e)
			f, ok := count(e)
			if !ok || f < 0 {
				f = 0
			}
			if f >= float64(l.len()) {
				return l
			}
			if l.events != nil {
				return elements{events: l.events[:int(f)]}
			}
			return elements{values: l.values[:int(f)]}
		}
	case "sort":
		down, ok := k.direction(n)
		if !ok {
			return bad(n)
		}
		elem := k.element(n, elemOf(l.typ), nil).asVal()
		c.list = func(e *Env) elements {
			l := list(e)
			return reordered(l, sorted(e, each(e, l, elem), down))
		}
	case "unique":
		k.whole(l)
		elem := k.element(n, elemOf(l.typ), nil).asVal()
		c.list = func(e *Env) elements {
			l := list(e)
			var t tally
			var index []int
			for i, v := range each(e, l, elem) {
				if v == nil {
					continue
				}
				if _, seen := t.add(v); !seen {
					index = append(index, i)
				}
			}
			return reordered(l, index)
		}
	}
	return c
}

// uniqueOf compiles unique(LIST, EXPR): the values of EXPR, each once, in the
// order in which they came.
func (k *compiler) uniqueOf(n ast.Node, l, body *code) *code {
	k.whole(body)
	list, get := l.asList(), body.asVal()
	return &code{typ: listOfType(body.typ), node: n, from: body.from, list: func(e *Env) elements {
		var t tally
		for _, v := range each(e, list(e), get) {
			if v != nil {
				t.add(v)
			}
		}
		return elements{values: t.values}
	}}
}

// tally counts values, equal ones together.
type tally struct {
	plain  map[any]int // value → place in counts
	lists  []int       // places of lists and objects
	values []any
	counts []int
}

// add counts a value; its place, and whether it was there before.
func (t *tally) add(v any) (place int, seen bool) {
	v = external(v)
	switch v.(type) {
	case []any, map[string]any:
		for _, p := range t.lists {
			if value.Equal(t.values[p], v) {
				t.counts[p]++
				return p, true
			}
		}
		t.lists = append(t.lists, len(t.values))
	default:
		if p, ok := t.plain[v]; ok {
			t.counts[p]++
			return p, true
		}
		if t.plain == nil {
			t.plain = make(map[any]int)
		}
		t.plain[v] = len(t.values)
	}
	t.values = append(t.values, v)
	t.counts = append(t.counts, 1)
	return len(t.values) - 1, false
}

// most compiles most(LIST, EXPR): the value that EXPR has most often, of
// equally frequent ones the one that was there last.
func (k *compiler) most(n ast.Node, l, body *code) *code {
	k.whole(body)
	list, get := l.asList(), body.asVal()
	return read(n, body.typ, func(e *Env) any {
		var t tally
		var latest []int
		for i, v := range each(e, list(e), get) {
			if v == nil {
				continue
			}
			if place, seen := t.add(v); seen {
				latest[place] = i
			} else {
				latest = append(latest, i)
			}
		}
		var best any
		count, last := 0, 0
		for p, v := range t.values {
			if t.counts[p] > count || t.counts[p] == count && latest[p] > last {
				best, count, last = v, t.counts[p], latest[p]
			}
		}
		return best
	})
}
