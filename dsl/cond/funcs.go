package cond

import (
	"math"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/types"

	"journey/dsl/value"
)

// function is what the language says about a function by itself.
type function struct {
	least, most int    // arguments
	body        bool   // the second argument, where there is one, is asked of each element
	expr        string // its name in expr, if that is another
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
	"most": {least: 2, most: 2, body: true},
	"sum":  {least: 1, most: 2, body: true}, "mean": {least: 1, most: 2, body: true}, "median": {least: 1, most: 2, body: true},
	"min": {least: 1, most: 99, body: true}, "max": {least: 1, most: 99, body: true},
	"first": {least: 1, most: 1}, "last": {least: 1, most: 1},
	"unique": {least: 1, most: 2, body: true, expr: "uniq"}, "sort": {least: 1, most: 2}, "reverse": {least: 1, most: 1}, "take": {least: 2, most: 2},
	"lower": {least: 1, most: 1}, "upper": {least: 1, most: 1}, "trim": {least: 1, most: 2},
	"split": {least: 2, most: 2}, "join": {least: 1, most: 2}, "replace": {least: 3, most: 3},
	"abs": {least: 1, most: 1}, "ceil": {least: 1, most: 1}, "floor": {least: 1, most: 1}, "round": {least: 1, most: 1},
	"age": {least: 1, most: 1},
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
	if k.scope.Row && (name == "ago" || name == "from_now" || name == "age") {
		return k.errNoClock(n.Callee)
	}
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
		return k.sends(n, name)
	}
	f, ok := functions[name]
	if !ok {
		k.errUnknownFunction(n, name)
		k.frames = append(k.frames, frame{}) // whatever `it` would be there
		defer func() { k.frames = k.frames[:len(k.frames)-1] }()
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
	case f.body && !(name == "unique" && len(n.Arguments) == 1):
		return k.overList(n, name)
	case name == "len" && isWindow(n.Arguments[0]):
		return k.overList(n, "count")
	}
	if event, ok := k.plainEvent(n.Arguments[0]); ok {
		switch _, text := n.Arguments[0].(*ast.StringNode); {
		case name == "len" && !text:
			return k.runningNumber(n, Count, event, "", typInteger)
		case name == "first":
			return k.runningEvent(n, First, event)
		case name == "last":
			return k.runningEvent(n, Last, event)
		}
	}
	args := make([]*code, len(n.Arguments))
	operands := make([]types.Type, len(args))
	anyBad := false
	for i, a := range n.Arguments {
		if wants[name][min(i, len(wants[name])-1)] == "a list" {
			args[i] = k.listOrEvent(a)
		} else {
			args[i] = k.still(unwrap(a))
		}
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
		return numCode(n, t, func(e *Env) (float64, bool) { x, ok := f(e); return noMinus(calc(x)), ok })
	}
	return textFunction(n, name, args)
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
