package syntax

import (
	"fmt"
	"strings"
	"testing"

	"github.com/expr-lang/expr/ast"
)

// dump is an expression on one line: (operator operands…).
func dump(n ast.Node) string {
	all := func(nodes ...ast.Node) string {
		parts := make([]string, len(nodes))
		for i, n := range nodes {
			parts[i] = dump(n)
		}
		return strings.Join(parts, " ")
	}
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.FloatNode:
		return fmt.Sprint(n.Value)
	case *ast.BoolNode:
		return fmt.Sprint(n.Value)
	case *ast.StringNode:
		return fmt.Sprintf("%q", n.Value)
	case *ast.ConstantNode:
		return fmt.Sprintf("%T=%v", n.Value, n.Value)
	case *ast.PointerNode:
		return "it"
	case *ast.UnaryNode:
		return "(" + n.Operator + " " + dump(n.Node) + ")"
	case *ast.BinaryNode:
		return "(" + n.Operator + " " + all(n.Left, n.Right) + ")"
	case *ast.MemberNode:
		if s, ok := n.Property.(*ast.StringNode); ok {
			return dump(n.Node) + "." + s.Value
		}
		return dump(n.Node) + "[" + dump(n.Property) + "]"
	case *ast.CallNode:
		return strings.TrimSuffix("("+dump(n.Callee)+" "+all(n.Arguments...), " ") + ")"
	case *ast.PredicateNode:
		return "{" + dump(n.Node) + "}"
	case *ast.ConditionalNode:
		return "(? " + all(n.Cond, n.Exp1, n.Exp2) + ")"
	case *ast.ArrayNode:
		return "[" + all(n.Nodes...) + "]"
	case *ast.MapNode:
		return "(map " + all(n.Pairs...) + ")"
	case *ast.PairNode:
		return dump(n.Key) + ":" + dump(n.Value)
	}
	return fmt.Sprintf("%T", n)
}

func condition(t testing.TB, source string) *Expr {
	t.Helper()
	f, ds := parse("segment s = " + source + "\n")
	for _, d := range ds {
		t.Errorf("%s", describe(d))
	}
	if len(f.Decls) != 1 {
		t.Fatal("no declaration")
	}
	return f.Decls[0].(*Segment).When
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`profile.tier == "gold"`, `(== profile.tier "gold")`},
		{`a or b and not c`, `(or a (and b (not c)))`},
		{`a || b && !c`, `(or a (and b (not c)))`},
		{`not (a == b)`, `(not (== a b))`},
		{`not a and b`, `(and (not a) b)`},
		{`a + b * c - d`, `(- (+ a (* b c)) d)`},
		{`-a * b`, `(* (- a) b)`},
		{`a ** b ** c`, `(** a (** b c))`},
		{`1 < 2 < 3`, `(and (< 1 2) (< 2 3))`},
		{`1 < x + 1 <= 3 and y`, `(and (and (< 1 (+ x 1)) (<= (+ x 1) 3)) y)`},
		{`a in ["x", "y",]`, `(in a ["x" "y"])`},
		{`a not in b`, `(not (in a b))`},
		{`a not startsWith "x" or b`, `(or (not (startsWith a "x")) b)`},
		{`a contains "x" and b matches "^y"`, `(and (contains a "x") (matches b "^y"))`},
		{`a ?? b ?? 0`, `(?? (?? a b) 0)`},
		{`(a ?? 0) > 1`, `(> (?? a 0) 1)`},
		{`a ?? false and b`, `(and (?? a false) b)`},
		{`a ? b : c ? d : e`, `(? a b (? c d e))`},
		{`profile.x is set and profile.y is missing`, `(and ($set profile.x) ($missing profile.y))`},
		{`a + b is missing`, `($missing (+ a b))`},
		{`count(order_completed in last 90 days) > 3`, `(> (count ($last order_completed value.Duration=90d)) 3)`},
		{`count("Order Completed" in last 1h30m) > 3`, `(> (count ($last "Order Completed" value.Duration=1h30m)) 3)`},
		{`x in last(y)`, `(in x (last y))`},
		{`any(x in last 30 days, .sku == event.sku)`, `(any ($last x value.Duration=30d) {(== it.sku event.sku)})`},
		{`any(profile.tags, it startsWith "vip")`, `(any profile.tags {(startsWith it "vip")})`},
		{`any(a, any(.items, .price > 3))`, `(any a {(any it.items {(> it.price 3)})})`},
		{`count(x)`, `(count x)`},
		{`count(x, true)`, `(count x {true})`},
		{`max(a, 0) + max(items, .price)`, `(+ (max a 0) (max items {it.price}))`},
		{`max(a, any(b, .c))`, `(max a (any b {it.c}))`},
		{`last(filter(x, .cart_id == entry.cart_id)).at <= ago(60 days)`, `(<= (last (filter x {(== it.cart_id entry.cart_id)})).at (ago value.Duration=60d))`},
		{`x[0].y[-1]`, `x[0].y[(- 1)]`},
		{`now - profile.birthday > 2 * 3 weeks`, `(> (- now profile.birthday) (* 2 value.Duration=3w))`},
		{`now > 2026-12-25`, `(> now value.Date=2026-12-25)`},
		{`now > 2026-12-25 09:00`, `(> now value.Local=2026-12-25 09:00)`},
		{`now > 2026-12-25 09:00+08:00`, `(> now value.Time=2026-12-25T01:00:00Z)`},
		{`now > 2026-12-25 09:00 + 8 days`, `(> now (+ value.Local=2026-12-25 09:00 value.Duration=8d))`},
		{`now > 2026-12-25T09:00Z`, `(> now value.Time=2026-12-25T09:00:00Z)`},
		{`x == 09:30`, `(== x value.Clock=09:30)`},
		{`journey.a or opened(m) and age(profile.birthday) > 18`, `(or journey.a (and (opened m) (> (age profile.birthday) 18)))`},
		{`most(page_viewed in last 90 days, local(.at).hour)`, `(most ($last page_viewed value.Duration=90d) {(local it.at).hour})`},
		{`x > 0.5h and y < 1_000.5`, `(and (> x value.Duration=30m) (< y 1000.5))`},
		{`x > 1.5 hours`, `(> x value.Duration=1h30m)`},
		{`x % 3 == 1`, `(== (% x 3) 1)`},
		{`10%3 == 1`, `(== (% 10 3) 1)`},
		{`({ a: 1, "b c": [2] }).a == 1`, `(== (map "a":1 "b c":[2]).a 1)`},
		{`local(now).weekday == "monday"`, `(== (local now).weekday "monday")`},
		{`profile.會員等級 == "金"`, `(== profile.會員等級 "金")`},
		{"profile.e\u0301 == 1", "(== profile.\u00e9 1)"},
		{`event.value > 1 and event.at < now and event.for is set`, `(and (and (> event.value 1) (< event.at now)) ($set event.for))`},
		{"a and\n  b or\n  c", `(or (and a b) c)`},
		{"(a\n  and b\n)", `(and a b)`},
		{"any(\n  xs,\n  .p > 3,\n)", `(any xs {(> it.p 3)})`},
		{"({\n a: 1\n b: 2, c: 3\n})", `(map "a":1 "b":2 "c":3)`},
		{`"a\"b\\c\n\u00e9\u{1F600}"`, `"a\"b\\c\né😀"`},
	} {
		t.Run(c.source, func(t *testing.T) {
			e := condition(t, c.source)
			if got := dump(e.Node); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if e.Broken {
				t.Error("broken")
			}
		})
	}
}

func TestWrongExpressions(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`profile.x = 3`, "=: not-in-expressions: `=` does not compare; write `==` → =="},
		{`(profile.x = 3)`, "=: not-in-expressions: `=` does not compare; write `==` → =="},
		{`not a == b`, "not: needs-parentheses: what `not` denies needs parentheses: not (a == b)"},
		{`not a in b`, "not: needs-parentheses: what `not` denies needs parentheses: not (a == b)"},
		{`not a is set`, "not: needs-parentheses: what `not` denies needs parentheses: not (a == b)"},
		{`!a != b`, "!: needs-parentheses: what `!` denies needs parentheses: not (a == b)"},
		{`a ?? 0 > 1`, "??: needs-parentheses: `??` beside another operator needs parentheses: (a ?? b) > c"},
		{`1 < a ?? 0`, "??: needs-parentheses: `??` beside another operator needs parentheses: (a ?? b) > c"},
		{`a ?? 0 + 1`, "??: needs-parentheses: `??` beside another operator needs parentheses: (a ?? b) > c"},
		{`1 < a ?? 0 < 3`, "??: needs-parentheses: `??` beside another operator needs parentheses: (a ?? b) > c"},
		{`a is not set`, "not: not-in-expressions: `is not` is written `is missing` → is missing"},
		{`a is`, "is: unknown-word: `is` goes on with `set` or `missing`; to compare, write `==`"},
		{`a is mising`, "mising: unknown-word: `is` goes on with `set` or `missing`; to compare, write `==` → missing"},
		{`a == null`, "null: not-in-expressions: there is no `null`; ask `is missing` or `is set`"},
		{`a == nil`, "nil: not-in-expressions: there is no `nil`; ask `is missing` or `is set`"},
		{`a?.b`, "?.: not-in-expressions: a missing value needs no `?.`: what hangs on it is missing, too; write `.` → ."},
		{`a ?: b`, "?: not-in-expressions: `a ?: b` is written `a ?? b`"},
		{`a ? b`, "?: incomplete: `?` lacks its `:`, as in `a ? b : c`"},
		{`a | count()`, "|: not-in-expressions: there is no `|`; call the function: count(list)"},
		{`let x = 1; x`, "let: not-in-expressions: there is no `let` in an expression; a choice is written a ? b : c"},
		{`if a {1} else {2}`, "s: incomplete: a value is missing after `=`"},
		{`(if a {1} else {2})`, "if: not-in-expressions: there is no `if` in an expression; a choice is written a ? b : c"},
		{`true; false`, ";: unknown-character: there is no `;`: a statement ends with its line"},
		{`$env.x`, "$env: unknown-character: names are letters, digits and `_`; nothing begins with `$`"},
		{`a // b`, "//: unknown-character: comments begin with # → #"},
		{`a /* b */ == c`, "/*: unknown-character: comments begin with # → #"},
		{`any(xs, {.p > 3})`, "{: not-in-expressions: a predicate has no braces: any(items, .price > 100)"},
		{`event.at.Local()`, "Local: not-in-expressions: values have no functions of their own; write Local(value)"},
		{`x[0:1]`, ":: not-in-expressions: pieces of lists and texts cannot be cut out"},
		{`x[:1]`, ":: not-in-expressions: pieces of lists and texts cannot be cut out"},
		{`(f)(x)`, "(: not-in-expressions: only functions can be called"},
		{`{ a: 1 }`, "s: incomplete: a value is missing after `=`"},
		{`x == { a: 1 }`, "==: incomplete: a value is missing after `==`"},
		{`x ==`, "==: incomplete: a value is missing after `==`"},
		{`x and or y`, "or: incomplete: a value is missing between `and` and `or`"},
		{`x and (y or)`, "or: incomplete: a value is missing after `or`"},
		{`f(x, , y)`, ",: incomplete: a value is missing after `,`"},
		{`profile.`, ".: incomplete: a name is missing after `.`"},
		{`profile.3`, "3: unexpected: after `.` comes a name, not `3`"},
		{`x > 50%`, "50%: not-in-expressions: a percentage cannot stand in an expression; write 0.5"},
		{`x > 3 month`, "month: bad-duration: `month` is no fixed length of time; write days, such as 30 days or 365 days"},
		{`x > 3 dyas`, "dyas: unknown-word: `dyas` is no unit of time → days"},
		{`x > 3 dyas + 1 huors`, "dyas: unknown-word: `dyas` is no unit of time → days"},
		{`x adn y`, "adn: unknown-word: `adn` does not fit into this expression → and"},
		{`x startswith "a"`, "startswith: unknown-word: `startswith` does not fit into this expression → startsWith"},
		{`(x adn y)`, "adn: unknown-word: `adn` does not fit into this expression → and"},
		{`x y`, "y: unknown-word: `y` does not fit into this expression"},
		{`f(x y)`, "y: unknown-word: `y` does not fit into this expression"},
		{`(x`, "(: unclosed-bracket: this `(` is not closed: its `)` is missing"},
		{`f(x, [1, 2)`, "[: unclosed-bracket: this `[` is not closed: its `]` is missing"},
		{`x)`, "): stray-bracket: this `)` closes nothing"},
		{`x in last`, "last: incomplete: `in last` takes a duration that is written out: in last 90 days"},
		{`x in last 3`, "3: incomplete: `in last` takes a duration with its unit: in last 90 days"},
		{`x in last profile.n`, "last: incomplete: `in last` takes a duration that is written out: in last 90 days"},
		{`f(x) in last 3 days`, "in: not-in-expressions: `in last` stands after the name of an event"},
		{`x > 2026-02-30`, "2026-02-30: bad-date: there is no date 2026-02-30; a date is year-month-day"},
		{`x > 2026-02-20 25:00`, "25:00: bad-date: there is no time of day 25:00; they go from 00:00 to 24:00"},
		{`x > 2026-02-20 09:00+15:00`, "+15:00: bad-date: there is no offset +15:00; they go from -14:00 to +14:00"},
		{`x > 09:00:30`, "09:00:30: bad-date: a time of day is hours and minutes: 09:00"},
		{`x > 3x`, "3x: bad-number: `3x` is neither a number nor a duration (90s 15m 2h 3d 2w), and names do not begin with a digit"},
		{`x > 100000000 days`, "100000000 days: bad-duration: this is longer than 1000 years"},
		{`x > 100000000d`, "100000000d: bad-duration: this is longer than 1000 years"},
		{`"abc`, "\": unclosed-text: this text is not closed: \" is missing"},
		{`x ≥ 3`, "≥: unknown-character: '≥' is not part of the language; type \">=\" → >="},
		{`（x）`, "（: unknown-character: '（' is not part of the language; type \"(\" → ("},
		{"x \u200b== 3", "\u200b: unknown-character: there is an invisible character here (U+200B); delete it"},
		{"x == \\", "\\: unknown-character: '\\\\' has no meaning outside of texts in quotes"},
		{strings.Repeat("(", 101) + "x", "(: too-deep: brackets are nested more than 100 deep here"},
		{strings.Repeat("not ", 200) + "x", "not: too-deep: this expression is nested more than 100 deep"},
		{"x" + strings.Repeat(".x", 200), ".: too-deep: this expression is nested more than 100 deep"},
		{"x" + strings.Repeat("+x", 2000), "x: too-long: this expression is too long: it has more than 2000 words and signs"},
	} {
		t.Run(c.source[:min(len(c.source), 60)], func(t *testing.T) {
			f, ds := parse("segment s = " + c.source + "\nsegment after = true\n")
			if len(ds) != 1 || describe(ds[0]) != c.want {
				for _, d := range ds {
					t.Errorf("got  %s", describe(d))
				}
				t.Errorf("want %s", c.want)
			}
			if n := len(f.Decls); n == 0 || f.Decls[n-1].(*Segment).Name.Text != "after" {
				t.Error("the next declaration is lost")
			}
		})
	}
}
