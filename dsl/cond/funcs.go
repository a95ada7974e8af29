package cond

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"journey/dsl/value"
)

// function is what the language says about a function by itself.
type function struct {
	least, most int    // arguments
	body        bool   // the second argument, where there is one, is asked of each element
	expr        string // its name in expr, if another; "-": expr does not know it
}

// functions are all there are, apart from those that time moves (ago,
// from_now, local). Whatever else expr has is refused: some of it is random,
// reads a clock, or gets around the declarations.
var functions = map[string]function{
	"len": {least: 1, most: 1}, "count": {least: 1, most: 2, body: true},
	"any": {least: 2, most: 2, body: true}, "all": {least: 2, most: 2, body: true},
	"none": {least: 2, most: 2, body: true}, "one": {least: 2, most: 2, body: true},
	"filter": {least: 2, most: 2, body: true}, "find": {least: 2, most: 2, body: true},
	"map": {least: 2, most: 2, body: true}, "sortBy": {least: 2, most: 3, body: true},
	"reduce": {least: 3, most: 3, body: true}, "most": {least: 2, most: 2, body: true, expr: "-"},
	"sum": {least: 1, most: 2, body: true}, "mean": {least: 1, most: 2, body: true}, "median": {least: 1, most: 2, body: true},
	"min": {least: 1, most: 99, body: true}, "max": {least: 1, most: 99, body: true},
	"first": {least: 1, most: 1}, "last": {least: 1, most: 1},
	"unique": {least: 1, most: 1, expr: "uniq"}, "sort": {least: 1, most: 2}, "reverse": {least: 1, most: 1}, "take": {least: 2, most: 2},
	"lower": {least: 1, most: 1}, "upper": {least: 1, most: 1}, "trim": {least: 1, most: 2},
	"split": {least: 2, most: 2}, "join": {least: 1, most: 2}, "replace": {least: 3, most: 3},
	"abs": {least: 1, most: 1}, "ceil": {least: 1, most: 1}, "floor": {least: 1, most: 1}, "round": {least: 1, most: 1},
	"age": {least: 1, most: 1, expr: "-"},
}

// callee is the name of the function that is called.
func callee(n *ast.CallNode) string {
	if id, ok := n.Callee.(*ast.IdentifierNode); ok {
		return id.Value
	}
	return ""
}

// call compiles a call.
func (k *compiler) call(n *ast.CallNode) *code {
	name := callee(n)
	switch name {
	case "":
		return k.refuseNode(n)
	case "$set", "$missing":
		return k.presence(n, name == "$set")
	case "$last":
		return k.lastWithin(n)
	case "ago", "from_now":
		if len(n.Arguments) != 1 {
			return k.errArguments(n, name, 1, 1)
		}
		return k.relative(n, name)
	case "local":
		return k.errLocal(n)
	case "sent", "opened", "clicked":
		return k.errReserved(n, name)
	}
	f, ok := functions[name]
	if !ok {
		k.errUnknownFunction(n, name)
		for _, a := range n.Arguments {
			if _, ok := a.(*ast.PredicateNode); !ok {
				k.visit(a)
			}
		}
		return bad(n)
	}
	if len(n.Arguments) < f.least || len(n.Arguments) > f.most {
		return k.errArguments(n, name, f.least, f.most)
	}
	switch {
	case name == "age":
		return k.age(n)
	case f.body:
		return k.overList(n, name, f)
	}
	if event, ok := k.plainEvent(n.Arguments[0]); ok {
		switch name {
		case "len":
			return k.runningNumber(n, Count, event, "", typInteger)
		case "first":
			return k.runningEvent(n, First, event)
		case "last":
			return k.runningEvent(n, Last, event)
		}
	}
	args := make([]*code, len(n.Arguments))
	operands := make([]types.Type, len(args))
	anyBad := false
	for i, a := range n.Arguments {
		args[i] = k.still(unwrap(a))
		operands[i] = k.typeFor(args[i].typ)
		if name == "take" && i == 1 {
			operands[i] = k.whole2int(args[i].typ)
		}
		anyBad = anyBad || args[i].bad
	}
	if anyBad {
		return bad(n)
	}
	if c := k.judgeCall(n, name, f, args, operands); c != nil {
		return c
	}
	return k.plainCall(n, name, args)
}

// unwrap is an argument that the parser took for a predicate, by itself.
func unwrap(n ast.Node) ast.Node {
	if p, ok := n.(*ast.PredicateNode); ok {
		return p.Node
	}
	return n
}

// wants says in words what each argument of a function is to be.
var wants = map[string][]string{
	"len": {"text or a list"}, "first": {"a list"}, "last": {"a list"}, "unique": {"a list"}, "reverse": {"a list"},
	"sort": {"a list of numbers, text or times", "\"asc\" or \"desc\""}, "take": {"a list", "a number"},
	"lower": {"text"}, "upper": {"text"}, "trim": {"text", "text"}, "split": {"text", "text"},
	"join": {"a list of text", "text"}, "replace": {"text", "text", "text"},
	"abs": {"a number"}, "ceil": {"a number"}, "floor": {"a number"}, "round": {"a number"},
	"min": {"numbers"}, "max": {"numbers"},
}

// judgeCall has expr judge the arguments; nil if they fit. What expr says of
// the call as a whole falls on the first argument.
func (k *compiler) judgeCall(n *ast.CallNode, name string, f function, args []*code, operands []types.Type) *code {
	blame, wrong := k.judge(func(leaf []ast.Node) ast.Node {
		b := &ast.BuiltinNode{Name: name, Arguments: leaf}
		if f.expr != "" {
			b.Name = f.expr
		}
		return b
	}, operands...)
	// expr does not look at the elements of lists.
	if !wrong && name == "join" && !related(elemOf(args[0].typ), typText) {
		blame, wrong = 0, true
	}
	if !wrong && name == "sort" && !sortable(elemOf(args[0].typ)) {
		blame, wrong = 0, true
	}
	if !wrong && name == "len" && args[0].typ.Kind == value.Object {
		blame, wrong = 0, true
	}
	if !wrong {
		return nil
	}
	if blame < 0 || blame >= len(args) {
		blame = k.firstMisfit(wants[name], args)
	}
	k.errArgument(args[blame], "`"+name+"` wants "+wants[name][min(blame, len(wants[name])-1)])
	return bad(n)
}

// firstMisfit is the argument to blame where expr names none.
func (k *compiler) firstMisfit(wants []string, args []*code) int {
	for i, c := range args {
		w := wants[min(i, len(wants)-1)]
		switch t := c.typ; {
		case isAny(t), w == "text or a list" && (t.Kind.IsText() || t.Kind == value.List):
		case strings.HasPrefix(w, "text") && t.Kind.IsText():
		case strings.HasPrefix(w, "a list") && t.Kind == value.List:
		case strings.Contains(w, "number") && isNumber(t):
		default:
			return i
		}
	}
	return 0
}

func sortable(t *value.Type) bool {
	return isAny(t) || isNumber(t) || t.Kind.IsText() || isMoment(t) || t.Kind == value.DurationKind
}

// plainCall compiles a function whose arguments are plain values.
func (k *compiler) plainCall(n *ast.CallNode, name string, args []*code) *code {
	a := args[0]
	switch name {
	case "len":
		return k.length(n, a)
	case "first":
		return k.pick(n, a, func(*Env) (float64, bool) { return 0, true })
	case "last":
		return k.pick(n, a, func(*Env) (float64, bool) { return -1, true })
	case "unique", "sort", "reverse", "take":
		return k.rearrange(n, name, args)
	case "split":
		return splitText(n, a, args[1])
	case "join":
		return joinText(n, args)
	case "abs", "ceil", "floor", "round":
		f := a.asNum()
		calc := map[string]func(float64) float64{"abs": math.Abs, "ceil": math.Ceil, "floor": math.Floor, "round": math.Round}[name]
		t := typInteger
		if name == "abs" && a.typ.Kind != value.Integer {
			t = typNumber
		}
		return numCode(n, t, func(e *Env) (float64, bool) { x, ok := f(e); return calc(x), ok })
	}
	return textFunction(n, name, args)
}

// length compiles len(X): the elements of a list, the characters of a text.
func (k *compiler) length(n ast.Node, a *code) *code {
	switch {
	case a.typ.Kind == value.List:
		l := a.asList()
		return numCode(n, typInteger, func(e *Env) (float64, bool) { return float64(l(e).len()), true })
	case a.typ.Kind.IsText():
		s := a.asText()
		return numCode(n, typInteger, func(e *Env) (float64, bool) {
			s, ok := s(e)
			return float64(utf8.RuneCountInString(s)), ok
		})
	}
	f := a.asVal()
	return numCode(n, typInteger, func(e *Env) (float64, bool) {
		switch v := f(e).(type) {
		case string:
			return float64(utf8.RuneCountInString(v)), true
		case []any, []*Event:
			return float64(listOf(v).len()), true
		}
		return 0, false
	})
}

func textFunction(n ast.Node, name string, args []*code) *code {
	var f [3]func(*Env) (string, bool)
	for i, a := range args {
		f[i] = a.asText()
	}
	one := func(calc func(string) string) *code {
		return textCode(n, func(e *Env) (string, bool) {
			s, ok := f[0](e)
			if !ok {
				return "", false
			}
			s = calc(s)
			return s, len(s) <= maxText
		})
	}
	switch {
	case name == "lower":
		return one(strings.ToLower)
	case name == "upper":
		return one(strings.ToUpper)
	case name == "trim" && len(args) == 1:
		return one(strings.TrimSpace)
	case name == "trim":
		return textCode(n, func(e *Env) (string, bool) {
			s, ok := f[0](e)
			cut, ok2 := f[1](e)
			return strings.Trim(s, cut), ok && ok2
		})
	}
	return textCode(n, func(e *Env) (string, bool) { // replace
		s, ok := f[0](e)
		old, ok2 := f[1](e)
		by, ok3 := f[2](e)
		if !ok || !ok2 || !ok3 || len(s)+(len(by)-len(old))*strings.Count(s, old) > maxText {
			return "", false
		}
		return strings.ReplaceAll(s, old, by), true
	})
}

// maxList is the most elements of a list that an expression makes.
const maxList = 10_000

func splitText(n ast.Node, a, b *code) *code {
	f, g := a.asText(), b.asText()
	return &code{typ: listOfType(typText), node: n, val: func(e *Env) any {
		s, ok := f(e)
		sep, ok2 := g(e)
		if !ok || !ok2 {
			return nil
		}
		parts := strings.SplitN(s, sep, maxList)
		l := make([]any, len(parts))
		for i, p := range parts {
			l[i] = p
		}
		return l
	}}
}

func joinText(n ast.Node, args []*code) *code {
	l := args[0].asList()
	sep := func(*Env) (string, bool) { return "", true }
	if len(args) == 2 {
		sep = args[1].asText()
	}
	set := args[0].asSet()
	return textCode(n, func(e *Env) (string, bool) {
		glue, ok := sep(e)
		if !ok || !set(e) {
			return "", false
		}
		var b strings.Builder
		some := false
		for _, v := range l(e).values {
			s, ok := v.(string)
			if !ok {
				continue
			}
			if b.Len()+len(glue)+len(s) > maxText {
				return "", false
			}
			if some {
				b.WriteString(glue)
			}
			some = true
			b.WriteString(s)
		}
		return b.String(), true
	})
}

// presence compiles `X is set` and `X is missing`.
func (k *compiler) presence(n *ast.CallNode, want bool) *code {
	if len(n.Arguments) != 1 {
		return k.refuseNode(n)
	}
	c := k.visit(n.Arguments[0])
	if c.bad {
		return bad(n)
	}
	if len(c.from) > 0 && c.typ.Kind == value.List {
		return k.errAlwaysSet(n, c)
	}
	set := c.asSet()
	return condCode(n, func(e *Env) bool { return set(e) == want })
}

func (k *compiler) errAlwaysSet(n *ast.CallNode, c *code) *code {
	q := k.quote(c.node)
	k.report(WrongType, k.at(c.node), "", "%s is a list of events, which is always there: ask `count(…) > 0`", q)
	return bad(n)
}

func (k *compiler) errLocal(n *ast.CallNode) *code {
	k.report(WrongType, k.at(n.Callee), "", "`local(…)` is asked for one of its parts: %s", "."+strings.Join(keys(localParts), " ."))
	return bad(n)
}

// plainEvent says whether a node is EVENT by itself, without a window.
func (k *compiler) plainEvent(n ast.Node) (string, bool) {
	id, ok := n.(*ast.IdentifierNode)
	if !ok {
		return "", false
	}
	switch id.Value {
	case "now", "event", "entry", "profile", "segment", "journey", "run", "acc":
		return "", false
	}
	_, ok = k.scope.Events[id.Value]
	return id.Value, ok
}

// runningNumber is a running count, sum, minimum or maximum.
func (k *compiler) runningNumber(n ast.Node, agg Agg, event, prop string, t *value.Type) *code {
	r := k.runningValue(agg, event, prop)
	c := read(n, t, func(e *Env) any { return e.Person.Running(r) })
	if agg == Count || agg == Sum { // of nothing it is 0
		f := c.asNum()
		return numCode(n, t, func(e *Env) (float64, bool) {
			x, _ := f(e)
			return x, true
		})
	}
	return c
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
