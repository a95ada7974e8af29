package cond

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"

	"journey/dsl/diag"
	"journey/dsl/value"
)

var (
	many  = flag.Int("cond.cases", 20_000, "random expressions to evaluate")
	first = flag.Uint64("cond.seed", 0, "seed of the first of them")
)

// wild is a random expression of any type over data of any kind.
func wild(g *gen) (string, *Expr, *Env) {
	var text string
	depth := g.n(5)
	g.timed = g.n(3) == 0
	switch g.n(7) {
	case 0:
		text = g.number(depth)
	case 1:
		text = g.text(depth)
	case 2:
		text = g.moment(depth)
	case 3:
		text = g.duration(depth)
	case 4:
		text, _ = g.list(depth)
	case 5:
		text = fmt.Sprintf("({a: %s, b: [%s]})", g.any(depth), g.any(depth))
	default:
		text = g.boolean(depth)
	}
	file, node := mustParse(nil, text)
	x, diags := Compile(file, node, world(), Anything)
	if x == nil {
		panic(fmt.Sprintf("%s: %v", text, diags))
	}
	zone, _ := value.Zone(g.one(zones...))
	return text, x, g.env(value.Time(1772412000000)+value.Time(g.n(1e9)), zone, true)
}

// TestNothingFails: whatever the data are, an expression has a value of its
// type or none.
func TestNothingFails(t *testing.T) {
	for seed := range *many {
		g := seeded(*first + uint64(seed))
		text, x, e := wild(g)
		text = fmt.Sprintf("seed %d: %s", seed, text)
		v := x.Value(e)
		if err := fits(x.Type(), v); err != "" {
			t.Fatalf("%s\nis %v: %s\n%s", text, v, err, dump(e))
		}
		if b := x.Bool(e); b != (v == true) {
			t.Fatalf("%s\nis %v as a value and %v as a condition", text, v, b)
		}
		if x.Duration(e) < 0 {
			t.Fatalf("%s\nis a negative duration", text)
		}
		x.Moment(e)
		if e.Look != 0 && e.Look <= e.Now {
			t.Fatalf("%s\nlooks at the past", text)
		}
	}
}

// fits says what is wrong with a value of a type.
func fits(t *value.Type, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		if !finite(v) {
			return "not finite"
		}
		if v == 0 && math.Signbit(v) {
			return "minus zero"
		}
	case []any:
		if t.Kind == value.List || t.Kind == value.Any {
			return "" // what came from data stays as it was
		}
	case map[string]any:
		if t.Kind == value.Object || t.Kind == value.Any {
			return ""
		}
	case string, bool, value.Time, value.Date, value.Duration:
	default:
		return fmt.Sprintf("a %T", v)
	}
	if t.Kind != value.Any && fit(t, v) == nil {
		return "not of type " + t.String()
	}
	return ""
}

// TestReadsAreAll: a person of whom only what Reads names is kept gives the
// same value.
func TestReadsAreAll(t *testing.T) {
	for seed := range *many / 4 {
		g := seeded(*first + uint64(seed) + 1<<40)
		text, x, e := wild(g)
		text = fmt.Sprintf("seed %d: %s", seed, text)
		full := x.Value(e)
		e.Person = &keptPerson{p: e.Person.(*person), r: x.Reads(), now: e.Now}
		if kept := x.Value(e); !value.Equal(full, kept) && fmt.Sprint(full) != fmt.Sprint(kept) { // NaN inside data
			t.Fatalf("%s\nis %v, and %v of what it says it reads: %+v\n", text, full, kept, *x.Reads())
		}
	}
}

// keptPerson has only what a Reads names.
type keptPerson struct {
	p   *person
	r   *Reads
	now value.Time
}

func (k *keptPerson) ID() string { return k.p.ID() }
func (k *keptPerson) Trait(name string) any {
	if slices.Contains(k.r.Traits, name) {
		return k.p.Trait(name)
	}
	return "never read"
}
func (k *keptPerson) InSegment(name string) bool {
	return slices.Contains(k.r.Segments, name) && k.p.InSegment(name)
}
func (k *keptPerson) InJourney(name string) bool {
	return slices.Contains(k.r.Journeys, name) && k.p.InJourney(name)
}
func (k *keptPerson) Events(name string) []*Event {
	var kept []*Event
	for _, ev := range k.p.Events(name) {
		var props []string
		some, whole := false, false
		for _, r := range k.r.Events {
			if r.Event == name && (r.Window == 0 || ev.At >= k.now.Add(-r.Window)) {
				some, whole, props = true, whole || r.Whole, append(props, r.Props...)
			}
		}
		if some {
			kept = append(kept, only(ev, props, whole))
		}
	}
	return kept
}
func (k *keptPerson) Hours(r *HourRead) []Hour {
	for _, x := range k.r.Hours {
		if x.Key() == r.Key() && r.Window <= x.Window {
			return k.p.Hours(r)
		}
	}
	return nil
}
func (k *keptPerson) Running(r *Running) any {
	if !slices.ContainsFunc(k.r.Running, func(x *Running) bool { return x.Key() == r.Key() }) {
		return "never read"
	}
	if ev, ok := k.p.Running(r).(*Event); ok && ev != nil {
		return only(ev, r.Props, r.Whole)
	}
	return k.p.Running(r)
}

func only(ev *Event, props []string, whole bool) *Event {
	if whole {
		return ev
	}
	return &Event{ID: ev.ID, Name: ev.Name, At: ev.At, Props: ev.Props.Only(slices.Compact(slices.Sorted(slices.Values(props))))}
}

// FuzzCompile: whatever can be parsed is compiled or refused.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{`profile.total_spend >= 10_000 and count(order_completed in last 365 days) >= 3`,
		`last(filter(cart_updated, .cart_id == entry.cart_id)).total`, `local(now).hour in [1, 2] ? 3 : 4`, `any(profile.tags, it startsWith "vip")`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, node, err := parse(text)
		if err != nil {
			return
		}
		for _, want := range []Want{Condition, Anything, Computed(typNumber)} {
			x, diags := Compile(file, node, world(), want)
			if x == nil && len(diags) == 0 {
				t.Fatal("neither compiled nor refused")
			}
			for _, d := range diags {
				if d.Span.Start < 0 || d.Span.End > len(file.Text) || d.Span.Start > d.Span.End || d.Message == "" {
					t.Fatalf("%+v", d)
				}
			}
			if x != nil {
				e := ann(t)
				x.Value(e)
				x.Bool(e)
			}
		}
	})
}

// TestMistakes: a random change of a right expression never makes Compile
// fail itself, and its mistakes stand inside the expression.
func TestMistakes(t *testing.T) {
	for seed := range *many / 2 {
		g := seeded(*first + uint64(seed) + 1<<42)
		text := g.boolean(g.n(4))
		for range 1 + g.n(3) {
			text = g.spoil(text)
		}
		file, node, err := parse(text)
		if err != nil {
			continue
		}
		x, diags := Compile(file, node, world(), Condition)
		if (x == nil) == (len(diags) == 0) {
			t.Fatalf("%s: %v", text, diags)
		}
		if !slices.IsSortedFunc(diags, func(a, b diag.Diagnostic) int { return a.Span.Start - b.Span.Start }) {
			t.Fatalf("%s: not in order", text)
		}
	}
}
