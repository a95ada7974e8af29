package dsl_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"journey/dsl"
	"journey/dsl/diag"
)

// However a workspace changes, with a cache it is loaded as without one.
func TestCache(t *testing.T) {
	shop, err := dsl.ReadDir(os.DirFS("../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(shop))
	rapid.Check(t, func(t *rapid.T) {
		var cache dsl.Cache
		sources := maps.Clone(shop)
		for range 6 {
			name := rapid.SampledFrom(names).Draw(t, "file")
			switch text := sources[name]; rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				delete(sources, name)
			case 1:
				sources[name] = shop[name]
			default:
				at := rapid.IntRange(0, len(text)).Draw(t, "at")
				to := min(len(text), at+rapid.IntRange(0, 12).Draw(t, "length"))
				sources[name] = text[:at] + rapid.SampledFrom([]string{"", "x", "}", "send ", "\"", "profile."}).Draw(t, "text") + text[to:]
			}
			got, gotDiags, _ := cache.Load(sources)
			want, wantDiags := dsl.Load(sources)
			if (got == nil) != (want == nil) || got != nil && got.Hash != want.Hash || shown(gotDiags) != shown(wantDiags) {
				t.Fatalf("with the cache\n%s\nwithout\n%s", shown(gotDiags), shown(wantDiags))
			}
		}
	})
}

func shown(diags []diag.Diagnostic) string {
	var b strings.Builder
	_ = diag.Text(&b, diags, false) // a Builder does not fail
	return b.String()
}
