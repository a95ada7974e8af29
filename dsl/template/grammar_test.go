package template

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawExpr draws an expression of the grammar, with names and nesting that
// tempt the library's own scanner.
type exprDrawer struct{ t *rapid.T }

func (d exprDrawer) pick(words ...string) string { return rapid.SampledFrom(words).Draw(d.t, "word") }

func (d exprDrawer) value(depth int) string {
	n := 8
	if depth > 3 {
		n = 4
	}
	switch rapid.IntRange(0, n).Draw(d.t, "value") {
	case 0:
		return d.pick("a", "b_c", "_d", "e-f", "g-", "王小明", "İ", "true-x", "in-", "orb", "nilly", "reversed", "limit", "item9", "forloop", "é́x")
	case 1:
		return d.pick("'x'", `"it's"`, "'}}'", "'%}'", "''", "'{{ a }'", "'\n'", "'\\'", "'{%'")
	case 2:
		return d.pick("0", "-1", "3.14", "007", "1234567890123")
	case 3:
		return d.pick("true", "false", "nil", "null", "blank", "empty")
	case 4:
		return d.value(9) // of the above
	case 5:
		return d.pick("a", "b") + d.pick(".in", ".or", ".first", ".size", ".王", ".x-y", "['k}}']", "[0]", "[-1]", "[b]") + d.pick("", ".c", "["+d.pick("a", "1", "c.d")+"]")
	case 6:
		return "(" + d.value(depth+1) + ".." + d.value(depth+1) + ")"
	case 7:
		return "(" + d.cond(depth+1) + ")"
	}
	return "(" + d.chain(depth+1) + ")"
}

func (d exprDrawer) chain(depth int) string {
	s := d.value(depth)
	for range rapid.IntRange(0, 3).Draw(d.t, "filters") {
		s += d.pick(" | ", "|") + d.pick("upcase", "default: "+d.value(depth+1), "replace: "+d.value(depth+1)+", "+d.value(depth+1), "append:'x'", "size")
	}
	return s
}

func (d exprDrawer) cond(depth int) string {
	s := d.value(depth)
	if rapid.Bool().Draw(d.t, "compared") {
		s += " " + d.pick("==", "!=", "<>", "<", ">", "<=", ">=", "contains") + " " + d.value(depth+1)
	}
	if depth < 3 && rapid.Bool().Draw(d.t, "more") {
		s += d.pick(" and ", " or ") + d.cond(depth+1)
	}
	return s
}

// Every template that the grammar allows is one that parses, and what parses
// is accepted by the library: Parse and the library never disagree.
func TestGrammar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := exprDrawer{t}
		var src strings.Builder
		for range rapid.IntRange(1, 4).Draw(t, "tags") {
			dash, end := d.pick("", "-"), d.pick("", "-")
			tag := func(s string) string { return "{%" + dash + " " + s + " " + end + "%}" }
			switch rapid.IntRange(0, 6).Draw(t, "tag") {
			case 0:
				src.WriteString("{ { {{" + dash + " (" + d.chain(0) + ") | json" + " " + end + "}} }")
			case 1:
				src.WriteString(tag("if "+d.cond(0)) + "{ " + tag("elsif "+d.cond(0)) + tag("else") + tag("endif"))
			case 2:
				src.WriteString(tag("unless "+d.cond(0)) + tag("endunless"))
			case 3:
				src.WriteString(tag("for "+d.pick("x", "limit", "王")+" in "+d.chain(0)+d.pick("", " reversed", " limit: 2", " offset:a, limit : b.c reversed")) + tag("else") + tag("endfor"))
			case 4:
				src.WriteString(tag("case "+d.cond(0)) + tag("when "+d.value(0)+d.pick(" or ", ", ")+d.value(0)) + "%" + tag("endcase"))
			case 5:
				src.WriteString(tag("assign x-y = "+d.value(0)+" | size") + tag("capture z") + "}}" + tag("endcapture"))
			case 6:
				src.WriteString(tag("cycle "+d.pick("'g': ", "")+d.value(0)+", "+d.value(0)) + tag("increment q"))
			}
		}
		// Comparisons inside an output are refused by rule, not by grammar.
		tmpl, problems := Parse(src.String(), HTML)
		for _, p := range problems {
			if !strings.Contains(p.Message, "cannot be written or assigned") {
				t.Fatalf("%s: %v", src.String(), problems)
			}
		}
		if _, err := tmpl.Render(shop(), Options{}); err != nil && strings.Contains(err.Error(), "the template failed") {
			t.Fatalf("%s: %v", src.String(), err)
		}
	})
}

// Conditions group from the right, as in Liquid.
func TestConditionsGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(rapid.Bool(), 1, 8).Draw(t, "terms")
		ops := rapid.SliceOfN(rapid.Bool(), 8, 8).Draw(t, "and")
		cond, want := "", terms[len(terms)-1]
		for i, b := range terms {
			cond += fmt.Sprint(b)
			if i < len(terms)-1 {
				cond += map[bool]string{true: " and ", false: " or "}[ops[i]]
			}
		}
		for i := len(terms) - 2; i >= 0; i-- {
			if ops[i] {
				want = terms[i] && want
			} else {
				want = terms[i] || want
			}
		}
		tmpl, problems := Parse("{% if "+cond+" %}true{% else %}false{% endif %}", Text)
		if problems != nil {
			t.Fatal(problems)
		}
		if got, err := tmpl.Render(nil, Options{}); got != fmt.Sprint(want) {
			t.Fatalf("%s: got %s, %v", cond, got, err)
		}
	})
}

func ExampleParse() {
	t, problems := Parse("{{ profile.name | default: 'Hi' }}, your cart {{ entry.cart_id }} is waiting", Header)
	fmt.Println(problems, t.Names())
	text, err := t.Render(map[string]any{"entry": map[string]any{"cart_id": "c-1"}}, Options{})
	fmt.Println(text, err)
	_, err = t.Render(nil, Options{})
	fmt.Println(err)
	_, problems = Parse("{{ profile.name | upcse }}", Header)
	fmt.Println(problems[0].Message)
	// Output:
	// [] [profile.name entry.cart_id]
	// Hi, your cart c-1 is waiting <nil>
	// entry.cart_id is missing: give it a default, as in {{ entry.cart_id | default: "…" }}, or ask with {% if %} first
	// unknown filter "upcse"; did you mean upcase?
}
