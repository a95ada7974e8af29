package cond

import (
	"strings"
	"testing"

	"github.com/expr-lang/expr"

	"journey/dsl/value"
)

// TestLikeExpr: where nothing is missing, expressions mean what they mean in
// expr.
func TestLikeExpr(t *testing.T) {
	e := ann(t)
	traits := e.Person.(*person).traits
	env := map[string]any{"profile": traits}
	for _, text := range []string{
		`1 + 2 * 3 - 4 / 8`, `-(3 - 5)`, `profile.visits * 2 >= 14`, `1 < 2 and not (2 < 1)`, `true or false`,
		`"a" + profile.name`, `"b" > "a"`, `profile.tier in ["gold", "silver"]`, `profile.tier not in ["gold"]`,
		`profile.name contains "nn"`, `profile.name startsWith "A"`, `profile.name endsWith "林"`, `profile.email matches "^[a-z]+@.*com$"`,
		`profile.vip ? 1 : 2`, `profile.gone ?? "x"`, `len(profile.name)`, `len(profile.tags)`, `profile.tags[0]`, `profile.tags[-1]`,
		`any(profile.scores, it > 2)`, `all(profile.scores, it > 0)`, `none(profile.scores, it > 3)`, `one(profile.scores, it == 3)`,
		`count(profile.scores, it == 2)`, `filter(profile.scores, it >= 2)`, `map(profile.scores, it * it)`, `find(profile.scores, it < 3)`,
		`sum(profile.scores)`, `sum(profile.scores, it * 2)`, `mean(profile.scores)`, `median(profile.scores)`, `min(profile.scores)`, `max(profile.scores)`,
		`max(1.5, 2.5, 0.5)`, `first(profile.scores)`, `last(profile.scores)`, `take(profile.scores, 2)`, `reverse(profile.scores)`,
		`sort(profile.scores)`, `sort(profile.scores, "desc")`, `sortBy(profile.scores, -it)`, `sortBy(profile.scores, it, "desc")`,
		`lower(profile.name)`, `upper(profile.name)`, `trim("  x ")`, `trim("xax", "x")`, `split("a,b,c", ",")`, `join(profile.tags, "+")`, `replace("banana", "a", "o")`,
		`abs(-1.5)`, `ceil(1.2)`, `floor(1.8)`, `round(1.5)`, `round(-1.5)`, `[1.5, "a"] == [1.5, "a"]`, `profile.scores == [3.0, 1.0, 2.0, 2.0]`,
	} {
		t.Run(text, func(t *testing.T) {
			program, err := expr.Compile(forExpr.Replace(text), expr.Env(env))
			if err != nil {
				t.Fatal(err)
			}
			want, err := expr.Run(program, env)
			if err != nil {
				t.Fatal(err)
			}
			if got := compile(t, text, Anything).Value(e); !value.Equal(got, plain(want)) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// forExpr writes the element as expr does.
var forExpr = strings.NewReplacer("it ", "# ", "-it", "-#", "it,", "#,", "it)", "#)")

// plain is a value of expr's as one of ours.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case []string:
		l := make([]any, len(v))
		for i, s := range v {
			l[i] = s
		}
		return l
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = plain(x)
		}
		return l
	}
	return v
}
