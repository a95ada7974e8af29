package cond_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"journey/dsl/cond"
	"journey/dsl/value"
)

// TestProps holds properties against the map that they are instead of.
func TestProps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"a", "b", "b.c", "ab", "商品", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"})
		m := rapid.MapOf(name, rapid.OneOf(
			rapid.Just[any]("x"), rapid.Just[any](2.0), rapid.Just[any](nil), rapid.Just[any](map[string]any{"c": 1.0}),
		)).Draw(t, "m")
		p := cond.PropsOf(m)
		same := func(what string, p cond.Props, m map[string]any) {
			if p.Len() != len(m) || !slices.IsSorted(p.Names()) || !value.Equal(p.Map(), m) || !p.Equal(cond.PropsOf(m)) {
				t.Fatalf("%s: %v is not %v", what, p, m)
			}
			if got := maps.Collect(p.All()); !value.Equal(got, m) {
				t.Fatalf("%s: all of %v are %v", what, m, got)
			}
		}
		same("of", p, m)
		for _, path := range []string{"a", "b", "b.c", "b.d", "z", "商品.c", ""} {
			if got, want := p.Path(path), value.Path(m, path); !value.Equal(got, want) {
				t.Fatalf("%s of %v is %v, not %v", path, m, got, want)
			}
		}
		one := name.Draw(t, "one")
		with := maps.Clone(m)
		with[one] = 7.0
		same("with", p.With(one, 7.0), with)
		same("of, afterwards", p, m)

		names := slices.Compact(slices.Sorted(slices.Values(rapid.SliceOf(name).Draw(t, "names"))))
		part := map[string]any{}
		for _, name := range names {
			if v, ok := m[name]; ok {
				part[name] = v
			}
		}
		same("only", p.Only(names), part)
	})
}
