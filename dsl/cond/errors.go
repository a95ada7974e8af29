package cond

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
	"journey/dsl/value"
)

func (k *compiler) errTooLarge(n ast.Node, parts int) {
	k.report(tooLong, k.at(n), "", "this expression has %d parts, and %d is the most: give a piece of it a name, as a segment or a computed trait", parts, maxNodes)
}

func (k *compiler) errTooDeep(n *ast.CallNode, name string) *code {
	k.report(tooDeep, k.at(n.Callee), "", "`%s` stands inside a predicate inside a predicate: one inside another is the deepest that can be asked of every person in time", name)
	return bad(n)
}

func (k *compiler) refuseNode(n ast.Node) *code {
	what := "this"
	switch n.(type) {
	case *ast.SliceNode:
		what = "a slice (`take` and `reverse` take lists apart)"
	case *ast.NilNode:
		what = "`nil` (`X is missing` asks for it)"
	case *ast.ChainNode:
		what = "`?.` (a property of something missing is missing, so `.` is enough)"
	case *ast.MemberNode:
		what = "a method or `?.`"
	case *ast.SequenceNode, *ast.VariableDeclaratorNode:
		what = "a statement"
	case *ast.PredicateNode:
		what = "a predicate outside of a function"
	}
	k.report(notInExpressions, k.span(n.Location().From, n.Location().To), "", "%s has no place in an expression", what)
	return bad(n)
}

func (k *compiler) refuseOperator(n *ast.BinaryNode) *code {
	k.report(notInExpressions, k.operator(n), "", "there is no operator `%s`", n.Operator)
	k.visit(n.Left)
	k.visit(n.Right)
	return bad(n)
}

func (k *compiler) errNumber(n ast.Node) *code {
	k.report(WrongType, k.at(n), "", "this is more than a value can be")
	return bad(n)
}

func (k *compiler) errClock(n ast.Node, c value.Clock) *code {
	k.report(WrongType, k.at(n), "", "a time of day cannot be compared or calculated with: write `local(now).hour` or a date with it, like `2026-12-25 %s`", c)
	return bad(n)
}

func (k *compiler) errTwice(name *ast.StringNode) {
	k.report(notInExpressions, k.at(name), "", "`%s` is given twice", name.Value)
}

func (k *compiler) errNoEvent(n ast.Node) *code {
	suggest := ""
	message := "there is no `event` here"
	if k.scope.HasEntry {
		suggest, message = "entry", "there is no `event` here: what began the run is `entry`"
	}
	k.report(NotHere, k.at(n), suggest, "%s", message)
	return bad(n)
}

func (k *compiler) errNotHere(n ast.Node, format string, args ...any) *code {
	k.report(NotHere, k.at(n), "", format, args...)
	return bad(n)
}

func (k *compiler) errNeedsName(n *ast.IdentifierNode, what, example string) *code {
	k.report(UnknownName, k.at(n), "", "`%s` needs %s after it, as in `%s`", n.Value, what, example)
	return bad(n)
}

func (k *compiler) errNoElement(n ast.Node) *code {
	k.report(NotHere, k.span(n.Location().From, n.Location().To), "", "`it` and a leading `.` mean the element of a list, and stand only inside `any(LIST, …)` and its like")
	return bad(n)
}

func (k *compiler) errUnknownName(n *ast.IdentifierNode) *code {
	name := n.Value
	if _, ok := functions[name]; ok || name == "ago" || name == "from_now" || name == "local" {
		k.report(UnknownName, k.at(n), "", "`%s` is a function and wants its arguments in parentheses", name)
		return bad(n)
	}
	if _, ok := k.scope.Traits[name]; ok {
		k.report(UnknownName, k.at(n), "profile."+name, "`%s` is a trait", name)
		return bad(n)
	}
	if k.scope.Segments[name] {
		k.report(UnknownName, k.at(n), "segment."+name, "`%s` is a segment", name)
		return bad(n)
	}
	candidates := append(keys(k.scope.Events), "now", "it", "profile", "segment")
	candidates = append(candidates, keys(k.scope.With)...)
	if k.scope.Row {
		candidates = []string{"row"}
	}
	if !k.scope.NoJourney {
		candidates = append(candidates, "journey")
	}
	if k.scope.Event != nil {
		candidates = append(candidates, "event")
	}
	if k.scope.HasEntry {
		candidates = append(candidates, "entry")
	}
	if k.scope.HasRun {
		candidates = append(candidates, "run")
	}
	suggest := diag.Suggest(name, candidates)
	if suggest == "" {
		if t := diag.Suggest(name, keys(k.scope.Traits)); t != "" {
			suggest = "profile." + t
		}
	}
	hint := ""
	if suggest == "" {
		suggest, hint = k.elsewhere(name)
	}
	k.report(UnknownName, k.at(n), suggest, "unknown name `%s`%s", name, hint)
	return bad(n)
}

// elsewhere finds a name where it would be known, or says what it may have been
// meant as.
func (k *compiler) elsewhere(name string) (suggest, hint string) {
	if k.scope.Event != nil {
		if _, ok := k.scope.Event.Field(name); ok {
			return "event." + name, ""
		}
	}
	if k.scope.Entry != nil {
		if _, ok := k.scope.Entry.Field(name); ok {
			return "entry." + name, ""
		}
	}
	if _, ok := k.scope.Run[name]; ok {
		return "run." + name, ""
	}
	if k.scope.Row || k.scope.With != nil {
		return "", ""
	}
	switch name {
	case "second", "minute", "hour", "day", "week":
		return "1 " + name, "; a duration has its number"
	}
	return "", fmt.Sprintf("; a text stands in quotes: %q", name)
}

// errUnknown reports a name after a dot: at the name alone.
func (k *compiler) errUnknown(name *ast.StringNode, code diag.Code, what, prefix string, candidates []string) *code {
	suggest := diag.Suggest(name.Value, candidates)
	if suggest != "" {
		suggest = prefix + suggest
	}
	hint := ""
	if suggest == "" && what == "trait" {
		hint = fmt.Sprintf("; declare it, as in `trait %s: text`", name.Value)
	}
	k.report(code, k.at(name), suggest, "unknown %s `%s`%s", what, name.Value, hint)
	return bad(name)
}

func (k *compiler) errMixed(name *ast.StringNode, what string, types [2]*value.Type) *code {
	k.report(WrongType, k.at(name), "", "`%s.%s` is %s by one of the events that begin the run and %s by another: declare both alike, or call one of them otherwise", what, name.Value, k.describe(types[0]), k.describe(types[1]))
	return bad(name)
}

func (k *compiler) errUnknownEvent(n ast.Node, name string) *code {
	suggest := diag.Suggest(name, keys(k.scope.Events))
	if _, ok := n.(*ast.StringNode); ok {
		if suggest = diag.Suggest(name, keys(k.scope.EventWires)); suggest != "" {
			suggest = `"` + suggest + `"`
		}
	}
	k.report(UnknownEvent, k.at(n), suggest, "unknown event `%s`", name)
	return bad(n)
}

func (k *compiler) errUnknownFunction(n *ast.CallNode, name string) *code {
	suggest := diag.Suggest(name, append(keys(functions), "ago", "from_now", "local"))
	k.report(UnknownFunction, k.at(n.Callee), suggest, "unknown function `%s`", name)
	return bad(n)
}

func (k *compiler) errUnknownMessage(n ast.Node, name string) *code {
	k.report(unknownMessage, k.at(n), diag.Suggest(name, keys(k.scope.Messages)), "unknown message `%s`", name)
	return bad(n)
}

func (k *compiler) errNotSent(n ast.Node, name string) *code {
	k.report(NotSent, k.at(n), diag.Suggest(name, keys(k.scope.Sends)), "this journey does not send `%s`, so there is nothing to ask about it", name)
	return bad(n)
}

func (k *compiler) errNoOpens(n *ast.CallNode, message, channel string) *code {
	k.report(NoOpens, k.at(n.Callee), "clicked", "nobody reports that `%s` was opened: messages via `%s` only know clicks", message, channel)
	return bad(n)
}

func (k *compiler) errMessageName(n ast.Node, function string) *code {
	k.report(WrongType, k.at(n), "", "`%s` wants the name of a message that this journey sends", function)
	return bad(n)
}

func (k *compiler) errNoClock(n ast.Node) *code {
	k.report(NotHere, k.at(n), "", "an import does not look at the clock: it is to come to the same whenever it runs")
	return bad(n)
}

func (k *compiler) errOnlyRow(n ast.Node) *code {
	k.report(NotHere, k.at(n), "", "there is nobody here yet: an import sees its `row`, as in `row[\"E-mail\"]`")
	return bad(n)
}

func (k *compiler) errLastOf(n ast.Node) *code {
	k.report(WrongType, k.at(n), "", "`in last` wants the name of an event before it")
	return bad(n)
}

func (k *compiler) errLastLength(n ast.Node) *code {
	k.report(WrongType, k.at(n), "", "`in last` wants a duration that is written out, like `90 days`")
	return bad(n)
}

func (k *compiler) errDynamic(n ast.Node) *code {
	k.report(Dynamic, k.at(n), "", "a name must be written out here, so that what a condition reads is known")
	return bad(n)
}

func (k *compiler) errNoFields(n ast.Node, base *code, name *ast.StringNode) *code {
	hint := ""
	switch {
	case base.typ.Kind == value.List:
		hint = fmt.Sprintf(": take one of its elements, like `last(…).%s`, or ask all, like `any(…, .%s …)`", name.Value, name.Value)
	case base.typ.Kind == value.TimeKind:
		hint = ": its parts are those of `local(…)`"
	}
	k.report(WrongType, k.at(base.node), "", "%s is %s and has no properties%s", k.quote(base.node), k.describe(base.typ), hint)
	return bad(n)
}

func (k *compiler) errNoElements(n ast.Node, base *code) *code {
	k.report(WrongType, k.at(base.node), "", "%s is %s, and only a list has elements", k.quote(base.node), k.describe(base.typ))
	return bad(n)
}

// errArgument reports a value of the wrong type, at its first character. The
// sentence says who wants what.
func (k *compiler) errArgument(c *code, wanted string) *code {
	if !c.bad {
		k.report(WrongType, k.at(c.node), "", "%s, and %s is %s%s", wanted, k.quote(c.node), k.describe(c.typ), k.instead(c, wanted))
	}
	return bad(c.node)
}

func (k *compiler) errWanted(c *code, wanted string) {
	k.report(WrongType, k.at(c.node), "", "%s is wanted here, and %s is %s%s", wanted, k.quote(c.node), k.describe(c.typ), k.instead(c, wanted))
}

// instead says what to write where the list of past events, or a bare number,
// stands in the place of something else.
func (k *compiler) instead(c *code, wanted string) string {
	switch n := c.node.(type) {
	case *ast.ConstantNode:
		if _, ok := n.Value.(value.Duration); ok && wanted == "`in` wants a list on its right" {
			return "; the events of the last time are written EVENT in last " + k.file.Text[n.Location().From:n.Location().To]
		}
	case *ast.FloatNode:
		if wanted == "a duration" {
			return fmt.Sprintf("; write its unit: %s hours", k.file.Text[n.Location().From:n.Location().To])
		}
	case *ast.IdentifierNode:
		if _, ok := k.scope.Events[n.Value]; !ok {
			break
		}
		switch wanted {
		case "`not` wants a condition":
			return fmt.Sprintf("; ask whether there are none: count(%s) == 0", n.Value)
		case "a condition":
			return fmt.Sprintf("; ask about them, as in `count(%s) > 0`; what begins by an event is written with `on %s`", n.Value, n.Value)
		case "a date or time":
			return fmt.Sprintf("; to wait for the event, write `wait up to 7 days for %s`", n.Value)
		}
	}
	return ""
}

// errTwoDurations is for `1 hour and 30 minutes`.
func (k *compiler) errTwoDurations(n *ast.BinaryNode) *code {
	k.report(WrongType, k.operator(n), "+", "`%s` joins conditions, not durations: write 1h30m, or a sum", n.Operator)
	return bad(n)
}

func (k *compiler) errCompare(n *ast.BinaryNode, l, r *code) *code {
	hint := ""
	if l.typ.Kind == value.List && isNumber(r.typ) {
		hint = fmt.Sprintf("; to count, write count(…) %s %s", n.Operator, strings.Trim(k.quote(r.node), "`"))
	}
	k.report(MismatchedTypes, k.operator(n), "", "%s cannot compare: the left side is %s, the right side %s%s", "`"+n.Operator+"`", k.describe(l.typ), k.describe(r.typ), hint)
	return bad(n)
}

func (k *compiler) errOperands(n *ast.BinaryNode, l, r *code) *code {
	k.report(MismatchedTypes, k.operator(n), "", "`%s` cannot calculate: the left side is %s, the right side %s", n.Operator, k.describe(l.typ), k.describe(r.typ))
	return bad(n)
}

func (k *compiler) errIn(n *ast.BinaryNode, x, l *code) *code {
	k.report(MismatchedTypes, k.operator(n), "", "`in` cannot find it: the left side is %s, the right side %s", k.describe(x.typ), k.describe(l.typ))
	return bad(n)
}

func (k *compiler) errTextOperands(n *ast.BinaryNode, l, r *code) *code {
	wrong := l
	if l.typ.Kind.IsText() || isAny(l.typ) {
		wrong = r
	}
	return k.errArgument(wrong, "`"+n.Operator+"` wants text on both sides")
}

func (k *compiler) errOneOf(n ast.Node, s string, t *value.Type) {
	suggest := diag.Suggest(s, t.OneOf)
	if suggest != "" {
		suggest = `"` + suggest + `"`
	}
	k.report(NotOneOf, k.at(n), suggest, "`%q` is none of the values it can have: %s", s, strings.Join(quoted(t.OneOf), ", "))
}

func quoted(s []string) []string {
	q := slices.Clone(s)
	for i := range q {
		q[i] = `"` + q[i] + `"`
	}
	return q
}

func (k *compiler) errPattern(n ast.Node, err error) *code {
	k.report(BadPattern, k.at(n), "", "this pattern cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	return bad(n)
}

func (k *compiler) errPatternConstant(n ast.Node) *code {
	k.report(BadPattern, k.at(n), "", "the pattern of `matches` must be written out as a text")
	return bad(n)
}

func (k *compiler) errUntracked(n ast.Node) {
	what := k.quote(n)
	k.report(UntrackedNow, k.at(n), "", "when this use of %s changes cannot be told: compare it with a time by itself, or take `local(now)` apart", what)
}

func (k *compiler) errArguments(n *ast.CallNode, name string, least, most int) *code {
	want := fmt.Sprintf("%d to %d arguments", least, most)
	switch {
	case least == most && most == 1:
		want = "one argument"
	case least == most:
		want = fmt.Sprintf("%d arguments", least)
	case most > 9:
		want = fmt.Sprintf("at least %d", least)
	}
	k.report(WrongArguments, k.at(n.Callee), "", "`%s` wants %s, and has %d", name, want, len(n.Arguments))
	for _, a := range n.Arguments {
		if _, ok := a.(*ast.PredicateNode); !ok {
			k.visit(a)
		}
	}
	return bad(n)
}

// quote is a piece of the source for a message, cut where it is long.
func (k *compiler) quote(n ast.Node) string {
	from, to := balanced(k.file.Text, n)
	if from < 0 || to > len(k.file.Text) || from >= to {
		return "this"
	}
	s := strings.Join(strings.Fields(k.file.Text[from:to]), " ")
	if r := []rune(s); len(r) > 40 {
		s = string(r[:39]) + "…"
	}
	return "`" + s + "`"
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
