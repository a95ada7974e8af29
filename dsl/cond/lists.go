package cond

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"journey/dsl/value"
)

// overList compiles a function that goes over the elements of a list.
func (k *compiler) overList(n *ast.CallNode, name string, f function) *code {
	args := n.Arguments
	if len(args) > 2 && (name == "min" || name == "max") {
		return k.least(n, name, nil)
	}
	if event, ok := k.plainEvent(args[0]); ok {
		if c := k.runningOver(n, name, event); c != nil {
			return c
		}
	}
	l := k.still(args[0])
	if l.bad {
		k.bodyOfBad(args)
		return bad(n)
	}
	if l.typ.Kind != value.List && len(args) == 2 && (name == "min" || name == "max") &&
		!(isAny(l.typ) && speaksOfElement(args[1])) {
		return k.least(n, name, l) // of two values
	}
	if l.typ.Kind != value.List && !isAny(l.typ) {
		return k.errArgument(l, "`"+name+"` wants a list")
	}
	if len(args) == 1 {
		if name == "count" {
			list := l.asList()
			return numCode(n, typInteger, func(e *Env) (float64, bool) { return float64(list(e).len()), true })
		}
		return k.aggregate(n, name, l, k.element(args[0], elemOf(l.typ), l.from))
	}
	if len(k.frames) >= maxDepth {
		return k.errTooDeep(n, name)
	}
	var init *code
	if name == "reduce" {
		if init = k.still(args[2]); init.bad {
			return bad(n)
		}
		if isNumber(init.typ) { // 0 is a whole number, what is added to it need not be
			init.typ = typNumber
		}
		k.acc = append(k.acc, read(n, init.typ, func(e *Env) any { return e.acc }))
	}
	k.frames = append(k.frames, frame{elemOf(l.typ), l.from})
	body := k.still(unwrap(args[1]))
	k.frames = k.frames[:len(k.frames)-1]
	if init != nil {
		k.acc = k.acc[:len(k.acc)-1]
	}
	if body.bad {
		return bad(n)
	}
	if f.expr != "-" && name != "reduce" && name != "min" && name != "max" && name != "mean" && name != "median" {
		blame, wrong := k.judge(func(leaf []ast.Node) ast.Node {
			return &ast.BuiltinNode{Name: name, Arguments: []ast.Node{leaf[0], &ast.PredicateNode{Node: leaf[1]}}}
		}, k.typeFor(l.typ), k.typeFor(body.typ))
		if wrong {
			if blame == 0 {
				return k.errArgument(l, "`"+name+"` wants a list")
			}
			return k.errArgument(body, "`"+name+"` wants a condition to ask of each element")
		}
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
	case "reduce":
		return k.reduce(n, l, body, init)
	}
	return k.aggregate(n, name, l, body)
}

// bodyOfBad looks for further mistakes in what is asked of elements of which
// nothing is known.
func (k *compiler) bodyOfBad(args []ast.Node) {
	if len(args) < 2 || len(k.frames) >= maxDepth {
		return
	}
	k.frames = append(k.frames, frame{})
	k.acc = append(k.acc, bad(args[1]))
	k.visit(unwrap(args[1]))
	k.frames, k.acc = k.frames[:len(k.frames)-1], k.acc[:len(k.acc)-1]
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

// runningOver compiles count, sum, min and max of EVENT without a window as
// running values; nil where it has to be the kept events.
func (k *compiler) runningOver(n *ast.CallNode, name, event string) *code {
	if name == "count" && len(n.Arguments) == 1 {
		return k.runningNumber(n, Count, event, "", typInteger)
	}
	agg := map[string]Agg{"sum": Sum, "min": Min, "max": Max}[name]
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
	if !isNumber(t) && (agg == Sum || t.Kind != value.TimeKind) {
		return nil
	}
	return k.runningNumber(n, agg, event, prop, t)
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

// reduce compiles reduce(LIST, EXPR, START): EXPR is asked of each element,
// `acc` being what it came to before.
func (k *compiler) reduce(n *ast.CallNode, l, body, init *code) *code {
	if !assignable(body.typ, init.typ) {
		return k.errArgument(body, "`reduce` goes on with "+k.describe(init.typ)+", as it started")
	}
	k.whole(l)
	k.whole(body)
	k.whole(init)
	list, get, start := l.asList(), body.asVal(), init.asVal()
	return read(n, init.typ, func(e *Env) any {
		l, outer, outerAcc := list(e), e.it, e.acc
		acc := start(e)
		for i := range l.len() {
			e.it, e.acc = l.at(i), acc
			acc = get(e)
		}
		e.it, e.acc = outer, outerAcc
		return acc
	})
}

// least compiles min(A, B, …) and max(A, B, …); first is A, if it has been
// compiled already.
func (k *compiler) least(n *ast.CallNode, name string, first *code) *code {
	args := make([]*code, len(n.Arguments))
	anyBad, numbers := false, true
	var t *value.Type
	for i, a := range n.Arguments {
		if args[i] = first; i > 0 || first == nil {
			args[i] = k.still(unwrap(a))
		}
		anyBad = anyBad || args[i].bad
		numbers = numbers && isNumber(args[i].typ)
		if t == nil {
			t = args[i].typ
		} else {
			t = common(t, args[i].typ)
		}
	}
	if anyBad {
		return bad(n)
	}
	if !isMoment(t) && t.Kind != value.DurationKind { // expr knows only numbers here
		operands := make([]types.Type, len(args))
		for i, c := range args {
			operands[i] = k.typeFor(c.typ)
			if c.typ.Kind == value.List {
				return k.errArgument(c, "`"+name+"` of several values wants numbers or times")
			}
		}
		if c := k.judgeCall(n, name, functions[name], args, operands); c != nil {
			return c
		}
	}
	if numbers {
		f := make([]func(*Env) (float64, bool), len(args))
		for i, c := range args {
			f[i] = c.asNum()
		}
		return numCode(n, t, func(e *Env) (best float64, some bool) {
			for _, f := range f {
				if x, ok := f(e); ok && (!some || (x < best) == (name == "min")) {
					best, some = x, true
				}
			}
			return best, some
		})
	}
	k.zone = true
	f := make([]func(*Env) any, len(args))
	for i, c := range args {
		if t.Kind == value.TimeKind { // a date among them is a midnight
			f[i] = (&code{typ: typTime, line: c.asInstant()}).asVal()
		} else {
			f[i] = c.asVal()
		}
	}
	return read(n, t, func(e *Env) any {
		var best any
		for _, f := range f {
			best = extreme(e, best, f(e), name == "min")
		}
		return best
	})
}

// extreme is the lesser or greater of two values; missing ones and those that
// cannot be compared are passed over.
func extreme(e *Env, best, v any, least bool) any {
	if best == nil {
		if v == nil || rank(v) > 3 {
			return nil
		}
		return v
	}
	if sign, ok := order(e, v, best); ok && (sign == below && least || sign == above && !least) {
		return v
	}
	return best
}

// aggregate compiles sum, mean, median, min and max over a list.
func (k *compiler) aggregate(n ast.Node, name string, l, body *code) *code {
	numeric := name != "min" && name != "max"
	if !isNumber(body.typ) && !isAny(body.typ) && (numeric || !isMoment(body.typ) && body.typ.Kind != value.DurationKind) {
		what := "numbers"
		if !numeric {
			what = "numbers, times or durations"
		}
		if body.node == l.node {
			body = l
		}
		return k.errArgument(body, "`"+name+"` wants "+what)
	}
	list := l.asList()
	if numeric || isNumber(body.typ) {
		return k.aggregateNumbers(n, name, list, body)
	}
	get := body.asVal()
	k.zone = true
	return read(n, body.typ, func(e *Env) any {
		l, outer := list(e), e.it
		var best any
		for i := range l.len() {
			e.it = l.at(i)
			best = extreme(e, best, get(e), name == "min")
		}
		e.it = outer
		return best
	})
}

func (k *compiler) aggregateNumbers(n ast.Node, name string, list func(*Env) elements, body *code) *code {
	get := body.asNum()
	t := typNumber
	if body.typ.Kind == value.Integer && name != "mean" && name != "median" {
		t = typInteger
	}
	if name == "median" {
		return numCode(n, t, func(e *Env) (float64, bool) {
			l, outer := list(e), e.it
			numbers := make([]float64, 0, l.len())
			for i := range l.len() {
				e.it = l.at(i)
				if x, ok := get(e); ok {
					numbers = append(numbers, x)
				}
			}
			e.it = outer
			if len(numbers) == 0 {
				return 0, false
			}
			slices.Sort(numbers)
			mid := len(numbers) / 2
			x := numbers[mid]
			if len(numbers)%2 == 0 {
				x = x/2 + numbers[mid-1]/2
			}
			return x, finite(x)
		})
	}
	return numCode(n, t, func(e *Env) (float64, bool) {
		l, outer := list(e), e.it
		sum, count, best := 0.0, 0, 0.0
		for i := range l.len() {
			e.it = l.at(i)
			x, ok := get(e)
			if !ok {
				continue
			}
			if count == 0 || (x < best) == (name == "min") {
				best = x
			}
			sum += x
			count++
		}
		e.it = outer
		switch {
		case name == "sum":
			return sum, finite(sum)
		case count == 0:
			return 0, false
		case name == "mean":
			return sum / float64(count), finite(sum)
		}
		return best, true
	})
}
