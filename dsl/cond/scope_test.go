package cond

import (
	"math"
	"strings"
	"testing"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// TestScopes: what may be named depends on where an expression stands.
func TestScopes(t *testing.T) {
	bare := func(change func(*Scope)) *Scope {
		s := world()
		s.Event, s.HasEntry, s.Entry, s.HasRun, s.Run = nil, false, nil, false, nil
		if change != nil {
			change(s)
		}
		return s
	}
	for _, c := range []struct {
		name  string
		scope *Scope
		expr  string
		err   string // "" for none
	}{
		{"person", bare(nil), `profile.vip`, ""},
		{"person", bare(nil), `event.total > 3`, "there is no `event` here"},
		{"person", bare(nil), `entry.total > 3`, "there is no run here, so there is no entry either"},
		{"person", bare(nil), `run.pick > 3`, "there is no run here, so nothing is kept in `run`"},
		{"segment", bare(func(s *Scope) { s.NoJourney = true }), `journey.welcome`, "cannot ask for `journey.welcome`"},
		{"condition entry", bare(func(s *Scope) { s.HasEntry = true }), `entry.at < now and entry.event is missing`, ""},
		{"condition entry", bare(func(s *Scope) { s.HasEntry = true }), `entry.total > 3`, "unknown property of the entry `total`"},
		{"in a run", bare(func(s *Scope) { s.HasEntry = true }), `event.total > 3`, "there is no `event` here: what began the run is `entry`"},
		{"person", bare(func(s *Scope) { s.Sends = nil }), `sent(reminder)`, "there is no run here whose messages `sent` could ask about"},
		{"with", bare(func(s *Scope) {
			s.With = map[string]*value.Type{"percent": typNumber, "page_viewed": typText, "free": nil}
		}),
			`percent > 3 and page_viewed == "x" and free is set`, ""},
		{"with", bare(func(s *Scope) { s.With = map[string]*value.Type{"percent": typNumber} }), `percnt > 3`, "unknown name `percnt`"},
		{"row", &Scope{Row: true}, `trim(row["電話"]) == "1" and row.name is set and any(split(row["a"], ","), it == "x")`, ""},
		{"row", &Scope{Row: true}, `profile.name == "a"`, "there is nobody here yet"},
		{"row", &Scope{Row: true}, `now > 2026-01-01`, "an import does not look at the clock"},
		{"row", &Scope{Row: true}, `ago(3 days) > 2026-01-01`, "an import does not look at the clock"},
		{"row", &Scope{Row: true}, `rwo["a"] == "b"`, "unknown name `rwo`"},
		{"row", &Scope{Row: true}, `row["a" + "b"] == "b"`, "a name must be written out here"},
		{"undeclared request", bare(func(s *Scope) { s.HasEntry, s.EntryAny = true, true }), `entry.coupon is set and entry.more.deep is missing and entry.at < now`, ""},
		{"change", bare(func(s *Scope) { s.Event = object(field("from", typTier), field("to", typTier)) }), `event.from == "gold" and event.to != "gold" and event.at < now`, ""},
		{"change", bare(func(s *Scope) { s.Event = object(field("from", typTier)) }), `event.from == "gone"`, "is none of the values"},
		{"unknown event", bare(func(s *Scope) { s.Event = &value.Type{Kind: value.Object, Elem: typAny} }), `event.whatever > 3 and event.at < now`, ""},
	} {
		t.Run(c.name+": "+c.expr, func(t *testing.T) {
			file, node := mustParse(t, c.expr)
			x, diags := Compile(file, node, c.scope, Condition)
			switch {
			case c.err == "" && x == nil, c.err != "" && (len(diags) != 1 || !strings.Contains(diags[0].Message, c.err)):
				t.Errorf("got %v, want %q", diags, c.err)
			case c.err != "" && strings.Contains(c.err, "`entry`") && diags[0].Suggest != "entry":
				t.Errorf("suggests %q", diags[0].Suggest)
			}
		})
	}
}

// TestUndeclaredRequest: its fields have the types they come with.
func TestUndeclaredRequest(t *testing.T) {
	s := world()
	s.EntryAny = true
	e := ann(t)
	e.Entry.Props = PropsOf(map[string]any{"n": 3.0, "s": "a", "d": value.Day, "t": e.Now, "day": value.DateOf(2026, 3, 2), "l": []any{1.0, "b"}, "o": map[string]any{"x": 1.0}, "b": true})
	for text, want := range map[string]any{
		`entry.n + 1`: 4.0, `entry.n * entry.n - entry.n / entry.n % 2`: 8.0, `entry.s + "b"`: "ab", `entry.s + entry.n`: nil,
		`entry.d * 2`: 2 * value.Day, `2 * entry.d`: 2 * value.Day, `entry.d + entry.d`: 2 * value.Day, `entry.d - entry.d`: value.Duration(0), `entry.d / entry.d`: 1.0, `entry.d / 2`: value.Day / 2,
		`entry.t - entry.d`: e.Now - value.Time(value.Day), `entry.d + entry.t`: e.Now + value.Time(value.Day), `entry.t - entry.t`: value.Duration(0),
		`entry.day - entry.d`: value.DateOf(2026, 3, 1), `entry.day + entry.d / 2`: when(t, "2026-03-02 12:00:00"), `entry.day - entry.day`: value.Duration(0),
		`entry.t - entry.day`: 9 * value.Hour, `entry.day - entry.t`: -9 * value.Hour, `entry.t + entry.t`: nil, `entry.o + 1`: nil,
		`-entry.n`: -3.0, `-entry.d`: -value.Day, `-entry.s`: nil,
		`len(entry.l)`: 2.0, `len(entry.s)`: 1.0, `len(entry.n)`: nil, `count(entry.l)`: 2.0, `count(entry.n)`: 0.0, `sum(entry.l)`: 1.0, `max(entry.l)`: 1.0,
		`any(entry.l, it == "b")`: true, `map(entry.l, it)`: []any{1.0, "b"}, `entry.o.x`: 1.0, `entry.n.x`: nil, `first(entry.l)`: 1.0,
		`entry.n > 2`: true, `entry.n > "a"`: false, `entry.s > "A"`: true, `entry.t >= entry.day`: true, `entry.d > 1 hour`: true, `entry.day == 2026-03-02`: true,
		`entry.t == entry.day`: false, `entry.t > ago(1 day)`: true, `entry.d > now - entry.at`: false, `entry.b ? 1 : 2`: 1.0, `entry.n ? 1 : 2`: 2.0,
		`entry.b and true`: true, `not entry.n`: true, `entry.gone ?? 5`: 5.0, `entry.n in [3]`: true, `3 in entry.l`: false, `entry.s in entry.l`: false, `entry.s contains "a"`: true,
		`local(entry.t).hour`: 9.0, `age(entry.day)`: 0.0, `from_now(entry.d) > now`: true, `sort(entry.l)`: []any{1.0, "b"}, `lower(entry.n)`: nil,
		`unique([entry.o, entry.o])`: []any{map[string]any{"x": 1.0}}, `most([entry.l, entry.o, entry.l], it)`: []any{1.0, "b"},
		`max(entry.t, entry.day) == entry.t`: true,
	} {
		t.Run(text, func(t *testing.T) {
			file, node := mustParse(t, text)
			x, diags := Compile(file, node, s, Anything)
			if x == nil {
				t.Fatal(diags)
			}
			if got := x.Value(e); !value.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// TestStored: a value for a trait fits its type, all the way down.
func TestStored(t *testing.T) {
	address := object(field("city", typText), field("floor", typInteger))
	e := ann(t)
	e.Run["answer"] = map[string]any{"city": "a", "floor": 1.5, "l": []any{1.0, "b", nil}, "tier": "gold", "odd": "brass", "day": value.DateOf(2026, 3, 2)}
	for _, c := range []struct {
		expr string
		typ  *value.Type
		want any
	}{
		{`run.answer`, address, map[string]any{"city": "a", "l": []any{1.0, "b", nil}, "tier": "gold", "odd": "brass", "day": value.DateOf(2026, 3, 2)}},
		{`run.answer.l`, listOfType(typNumber), []any{1.0}},
		{`run.answer.tier`, typTier, "gold"},
		{`run.answer.odd`, typTier, nil},
		{`run.answer.floor`, typInteger, nil},
		{`run.answer.floor`, typNumber, 1.5},
		{`run.answer.city`, typNumber, nil},
		{`run.answer.day`, typTime, when(t, "2026-03-02 00:00:00")},
		{`profile.birthday`, typTime, when(t, "1990-03-03 00:00:00")},
		{`{city: profile.name, floor: 2}`, address, map[string]any{"city": "Ann 林", "floor": 2.0}},
	} {
		t.Run(c.expr+": "+c.typ.String(), func(t *testing.T) {
			if got := compile(t, c.expr, ValueOf(c.typ)).Value(e); !value.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	if got := compile(t, `run.answer.l`, Key).Value(e); got != nil {
		t.Errorf("a list is a key: %v", got)
	}
}

func TestUses(t *testing.T) {
	e := ann(t)
	for text, want := range map[string]value.Duration{`profile.lead`: 2 * value.Day, `-(profile.lead)`: 0, `profile.lead * profile.gone_number`: 0, `run.pick * 1 hour`: 4 * value.Hour} {
		if got := compile(t, text, Duration).Duration(e); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]any{`profile.birthday - 1 day`: value.DateOf(1990, 3, 2), `entry.starts - 2 hours`: when(t, "2026-03-05 10:00:00"), `profile.gone_time`: nil} {
		if got, ok := compile(t, text, Moment).Moment(e); got != want || ok != (want != nil) {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

// TestTreesOfOthers: what the parser never makes is refused, too.
func TestTreesOfOthers(t *testing.T) {
	text := strings.Repeat("x", 100)
	id := func() ast.Node { return &ast.IdentifierNode{Value: "now"} }
	many := ast.Node(&ast.BoolNode{})
	for range maxNodes {
		many = &ast.UnaryNode{Operator: "not", Node: many}
	}
	for what, n := range map[string]ast.Node{
		"slice":           &ast.SliceNode{Node: id(), From: id(), To: id()},
		"nil":             &ast.NilNode{},
		"chain":           &ast.ChainNode{Node: id()},
		"method":          &ast.MemberNode{Node: id(), Property: &ast.StringNode{Value: "Local"}, Method: true},
		"optional":        &ast.MemberNode{Node: id(), Property: &ast.StringNode{Value: "x"}, Optional: true},
		"sequence":        &ast.SequenceNode{Nodes: []ast.Node{id(), id()}},
		"let":             &ast.VariableDeclaratorNode{Name: "x", Value: id(), Expr: id()},
		"predicate":       &ast.PredicateNode{Node: id()},
		"builtin":         &ast.BuiltinNode{Name: "now"},
		"called value":    &ast.CallNode{Callee: &ast.MemberNode{Node: id(), Property: &ast.StringNode{Value: "Local"}}},
		"bytes":           &ast.BytesNode{Value: []byte("a")},
		"strange":         &ast.ConstantNode{Value: struct{}{}},
		"power":           &ast.BinaryNode{Operator: "**", Left: &ast.FloatNode{}, Right: &ast.FloatNode{}},
		"range":           &ast.BinaryNode{Operator: "..", Left: &ast.FloatNode{}, Right: &ast.FloatNode{}},
		"bits":            &ast.UnaryNode{Operator: "~", Node: &ast.FloatNode{}},
		"environment":     &ast.IdentifierNode{Value: "$env"},
		"index":           &ast.PointerNode{Name: "index"},
		"too large":       many,
		"infinite":        &ast.FloatNode{Value: math.Inf(1)},
		"endless":         &ast.ConstantNode{Value: value.Duration(1 << 62)},
		"set of two":      &ast.CallNode{Callee: &ast.IdentifierNode{Value: "$set"}},
		"last of nothing": &ast.CallNode{Callee: &ast.IdentifierNode{Value: "$last"}},
		"last of a list":  &ast.CallNode{Callee: &ast.IdentifierNode{Value: "$last"}, Arguments: []ast.Node{&ast.ArrayNode{}, &ast.ConstantNode{Value: value.Day}}},
		"last for a while": &ast.CallNode{Callee: &ast.IdentifierNode{Value: "$last"},
			Arguments: []ast.Node{&ast.IdentifierNode{Value: "order_completed"}, &ast.FloatNode{Value: 3}}},
		"dynamic key": &ast.MapNode{Pairs: []ast.Node{&ast.PairNode{Key: id(), Value: id()}}},
		"key twice": &ast.MapNode{Pairs: []ast.Node{&ast.PairNode{Key: &ast.StringNode{Value: "a"}, Value: &ast.BoolNode{}},
			&ast.PairNode{Key: &ast.StringNode{Value: "a"}, Value: &ast.BoolNode{}}}},
		"strange pair": &ast.MapNode{Pairs: []ast.Node{id()}},
	} {
		t.Run(what, func(t *testing.T) {
			place(n)
			x, diags := Compile(&diag.File{Text: text}, n, world(), Anything)
			if x != nil || len(diags) != 1 || diags[0].Message == "" {
				t.Errorf("got %v", diags)
			}
		})
	}
	x, diags := Compile(&diag.File{Text: text}, &ast.IdentifierNode{Value: hole}, world(), Anything)
	if x != nil || diags != nil {
		t.Errorf("a hole: got %v", diags)
	}
	numbers := &ast.BinaryNode{Operator: "+", Left: &ast.IntegerNode{Value: 1}, Right: &ast.ConstantNode{Value: 2.0}}
	place(numbers)
	if x, diags := Compile(&diag.File{Text: text}, numbers, world(), Anything); x == nil || x.Value(&Env{}) != 3.0 {
		t.Errorf("numbers of other kinds: got %v", diags)
	}
}

func place(n ast.Node) {
	n.SetLocation(file.Location{From: 10, To: 20})
	for _, c := range children(n) {
		place(c)
	}
}
