package format

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/ebnf"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// generator writes random sources that follow the language's own grammar
// (syntax.Grammar), so that whatever is added to the language is generated,
// too. What the grammar takes as given (names, expressions, blocks) is written
// here, by the name of its rule.
type generator struct {
	*rand.Rand
	t     testing.TB
	rules map[string]*ebnf.Expression
	b     strings.Builder
	depth int
	names int
}

func newGenerator(t testing.TB) *generator {
	grammar, err := ebnf.ParseString(syntax.Grammar())
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{t: t, rules: map[string]*ebnf.Expression{}}
	for _, p := range grammar.Productions {
		g.rules[p.Production] = p.Expression
	}
	return g
}

// source is a random source.
func (g *generator) source(seed uint64) string {
	g.Rand = rand.New(rand.NewPCG(seed, 1))
	g.b.Reset()
	g.depth, g.names = 0, 0
	for range 1 + g.IntN(4) {
		g.rule("Decl")
		g.write("\n")
	}
	return g.b.String()
}

func (g *generator) write(s string) { g.b.WriteString(s) }

// word writes a token.
func (g *generator) word(s string) { g.b.WriteString(" " + s) }

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) one(in int) bool { return g.IntN(in) == 0 }

func (g *generator) rule(name string) {
	if e := g.rules[name]; e != nil {
		g.depth++
		g.alternative(e)
		g.depth--
		return
	}
	terminal := terminals[name]
	if terminal == nil {
		g.t.Fatalf("the generator does not know how to write %s: add it to terminals", name)
	}
	terminal(g)
}

// alternative writes one way of an expression; deep down, one of the first
// ones of a choice that is short.
func (g *generator) alternative(e *ebnf.Expression) {
	a := e.Alternatives[g.IntN(len(e.Alternatives))]
	for _, t := range a.Terms {
		g.term(t)
	}
}

func (g *generator) term(t *ebnf.Term) {
	times := 1
	switch {
	case t.Group != nil && t.Group.Lookahead != ebnf.LookaheadAssertionNone:
		return
	case t.Repetition == "?", t.Group != nil && t.Group.Expr != nil && t.Repetition == "?":
		times = g.IntN(2)
	case t.Repetition == "*":
		times = g.IntN(3)
	case t.Repetition == "+":
		times = 1 + g.IntN(2)
	}
	for range times {
		switch {
		case t.Group != nil:
			g.alternative(t.Group.Expr)
		case t.Literal != "":
			g.word(strings.Trim(t.Literal, `"`))
		case t.Name != "":
			g.rule(t.Name)
		}
	}
}

// body writes statements in braces.
func (g *generator) body(data bool, rules ...string) {
	n := g.IntN(4)
	if g.depth > 6 {
		n = g.IntN(2)
	}
	g.word("{")
	between := "\n"
	if data {
		between = g.pick("\n", ",", ",\n", "\n,")
	}
	for i := range n {
		g.depth++
		if i > 0 || g.one(2) {
			if i == 0 {
				g.write("\n")
			} else {
				g.write(between)
			}
		}
		g.rule(rules[g.IntN(len(rules))])
		g.depth--
	}
	if g.one(2) {
		g.write("\n")
	}
	g.word("}")
}

// terminals are what the grammar takes as given.
var terminals map[string]func(*generator)

func init() {
	terminals = map[string]func(*generator){
		"Name":       (*generator).name,
		"String":     (*generator).string,
		"Expr":       func(g *generator) { g.expr(0) },
		"EventRef":   (*generator).event,
		"Clock":      func(g *generator) { g.word(g.pick("09:00", "9:05", "24:00", "0:00")) },
		"Duration":   func(g *generator) { g.word(g.pick("1h30m", "3 days", "90s", "1 week")) },
		"Number":     func(g *generator) { g.word(g.pick("3", "10_000", "0.5")) },
		"Percent":    func(g *generator) { g.word(g.pick("50%", "0.5%", "100%")) },
		"Days":       func(g *generator) { g.word(g.pick("monday", "weekdays", "monday, friday", "weekends,sunday")) },
		"Type":       (*generator).typ,
		"Properties": func(g *generator) { g.body(true, "Property") },
		"Pairs":      func(g *generator) { g.body(true, "Pair") },
		"Pair":       (*generator).pair,
		"Date":       func(g *generator) { g.word("2026-11-11") },
		"Monthday":   func(g *generator) { g.word(g.pick("1", "15", "last")) },
		"Moment":     func(g *generator) { g.word(g.pick("0m", "1h20m", "3 days", "-70d", "2026-03-02 09:00", "2026-03-02")) },
		"Data":       func(g *generator) { g.data(0) },
		"DataPair": func(g *generator) {
			g.word(g.pick("sku", `"a b"`, "price") + ":")
			g.data(1)
		},
		"TestClauses":    func(g *generator) { g.body(false, "TestClause") },
		"ImportClauses":  func(g *generator) { g.body(false, "ImportClause") },
		"WebhookClauses": func(g *generator) { g.body(false, "WebhookClause") },
		"WebhookClause":  func(g *generator) { g.rule(g.pick("URL", "Method", "JSON")) },
		"Settings":       func(g *generator) { g.body(false, "Setting") },
		"MessageClauses": func(g *generator) { g.body(false, "MessageClause") },
		"Block":          func(g *generator) { g.body(false, "Labelled") },
		"Branches":       func(g *generator) { g.body(false, "Branch") },
		"Alternatives":   func(g *generator) { g.body(false, "Alternative") },
		"Body":           (*generator).journey,
		"Labelled": func(g *generator) {
			if g.one(6) {
				g.word("@")
				g.write(g.newName())
			}
			g.rule("Step")
		},
	}
}

func (g *generator) newName() string {
	g.names++
	name := g.pick("a", "cart", "會員", "_x", "total_spend", "é", "value9", "to", "text")
	return fmt.Sprintf("%s%d", name, g.names)
}

func (g *generator) name() { g.word(g.newName()) }

func (g *generator) event() {
	if g.one(4) {
		g.word(`"Order Completed"`)
		return
	}
	g.name()
}

func (g *generator) string() {
	switch g.IntN(8) {
	case 0:
		blanks := []string{"", "  ", "      ", "\t", "    "}
		lines := []string{}
		for range g.IntN(5) {
			lines = append(lines, g.pick(blanks...)+g.pick("", "Hi", "# no comment", `a \" b`, "{{ x }}  ", "\r", "金 \\n"))
		}
		g.word(`"""` + g.pick("", " ", "first") + "\n" + strings.Join(append(lines, g.pick(blanks...)), "\n") + `"""`)
	case 1:
		g.word(`"""one"""`)
	default:
		g.word(g.pick(`"Ann"`, `""`, `"a # b"`, `"\u00e9 \" { ("`, `"高價值客戶"`, `"😀"`))
	}
}

func (g *generator) typ() {
	switch n := g.IntN(8); {
	case n == 0 && g.depth < 5:
		g.body(true, "Property")
	case n == 1:
		g.word("list of")
		g.typ()
	case n == 2:
		g.word(`text one of "a", "b"` + g.pick("", ",\n\"c\""))
	case n == 3:
		g.word(`date format "dd/mm/yyyy"`)
	default:
		g.word(g.pick("text", "number", "date", "email", "any"))
	}
}

func (g *generator) pair() {
	if g.one(5) {
		g.word(`"a b"`)
	} else {
		g.name()
	}
	g.word(":")
	if g.one(4) {
		g.object(2)
		return
	}
	g.expr(1)
}

// data writes a value of a test; at the top of a line it is an object.
func (g *generator) data(depth int) {
	if depth == 0 || depth < 3 && g.one(4) {
		g.depth += 2
		g.body(true, "DataPair")
		g.depth -= 2
		return
	}
	if depth < 3 && g.one(4) {
		g.word("[")
		for range g.IntN(3) {
			g.data(depth + 1)
			g.word(",")
			g.maybeLine()
		}
		g.word("]")
		return
	}
	g.word(g.pick(`"Ann"`, "3", "-1.5", "true", "null", "2026-12-25", "2026-12-25 09:00", "3d", "3 days"))
}

func (g *generator) object(depth int) {
	g.word("{")
	for i := range g.IntN(3) {
		if i > 0 {
			g.word(g.pick(",", "\n"))
		}
		g.word(g.pick("sku", `"a b"`, "price", "else", "otherwise") + ":")
		g.expr(depth + 1)
	}
	g.word("}")
}

func (g *generator) journey() {
	g.word("{\n")
	for range g.IntN(4) {
		g.rule("Clause")
		g.write("\n")
	}
	for range g.IntN(5) {
		g.rule("Labelled")
		g.write("\n")
	}
	g.word("}")
}

// expr writes an expression.
func (g *generator) expr(depth int) {
	if depth > 4 {
		g.operand(depth)
		return
	}
	switch g.IntN(12) {
	case 0, 1:
		g.expr(depth + 1)
		g.word(g.pick("and", "or", "&&", "||"))
		g.maybeLine()
		g.expr(depth + 1)
	case 2, 3:
		g.operand(depth + 1)
		g.word(g.pick("==", "!=", "<", ">=", "+", "-", "*", "/", "%", "**", "in", "contains", "not in", "startsWith"))
		g.maybeLine()
		g.operand(depth + 1)
	case 4:
		g.word(g.pick("not", "!", "-"))
		g.operand(depth + 1)
	case 5:
		g.operand(depth + 1)
		g.word(g.pick("is set", "is missing"))
	case 6:
		g.operand(depth + 1)
		g.word("?")
		g.maybeLine()
		g.operand(depth + 1)
		g.word(":")
		g.operand(depth + 1)
	case 7:
		g.operand(depth + 1)
		g.word("<")
		g.operand(depth + 1)
		g.word("<=")
		g.operand(depth + 1)
	case 8:
		g.word("(")
		g.operand(depth + 1)
		g.word("??")
		g.operand(depth + 1)
		g.word(")")
	default:
		g.operand(depth)
	}
}

func (g *generator) maybeLine() {
	if g.one(5) {
		g.write("\n")
	}
}

func (g *generator) operand(depth int) {
	kinds := 12
	if depth > 4 {
		kinds = 7
	}
	switch g.IntN(kinds) {
	case 0:
		g.word(g.pick("3", "10_000", "0.5", "true", "now", "it", "2026-12-25", "2026-12-25  9:00", "2026-12-25T09:00+08:00", "9:30", "3 days", "1h30m", ".price"))
	case 1:
		g.string()
	case 2, 3, 4:
		g.word(g.pick("profile.tier", "event.total", "entry . cart_id", `row["電話"]`, "run.a[ 0 ].b", "segment.vip"))
	case 5:
		g.word("len ( profile.tags )")
	case 6:
		g.word("count(order_completed in last 90 days)")
	case 7, 8:
		g.word(g.pick("any", "max", "filter", "most", "at") + "(")
		for i := range 1 + g.IntN(2) {
			if i > 0 {
				g.word(",")
			}
			g.maybeLine()
			if g.one(8) {
				g.object(depth + 1)
			} else {
				g.expr(depth + 1)
			}
		}
		g.maybeLine()
		g.word(")")
	case 9:
		g.word("[")
		for range g.IntN(3) {
			g.expr(depth + 1)
			g.word(",")
			g.maybeLine()
		}
		g.word("]")
	default:
		g.word("(")
		g.maybeLine()
		g.expr(depth + 1)
		g.maybeLine()
		g.word(")")
	}
}

// disturb puts comments, blanks and line ends between the tokens of a source,
// wherever it can still be read with them.
func (g *generator) disturb(text string, times int) string {
	for n := range times {
		tree, _ := syntax.Parse(&diag.File{Text: text})
		toks := scan(text, tree.Comments)
		at := toks[g.IntN(len(toks))]
		where := at.start
		if g.one(3) {
			where = at.end
		}
		insert := g.pick(fmt.Sprintf(" # note %d\n", n), fmt.Sprintf("\n#n%d \t\n", n), fmt.Sprintf(" # a\n\n\n  # b %d\n", n), "\n", "\n\n\n", "   ", "\t", "\r\n")
		changed := text[:where] + insert + text[where:]
		if _, ds := syntax.Parse(&diag.File{Text: changed}); len(ds) == 0 {
			text = changed
		}
	}
	return text
}
