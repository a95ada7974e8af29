package names_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"journey/dsl"
	"journey/lsp/names"
)

// Every place that the index knows has the name that it should have, in the
// sources and in their templates, and nearly every name of the shop is known.
func TestPlaces(t *testing.T) {
	sources, err := dsl.ReadDir(os.DirFS("../../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	var cache dsl.Cache
	_, _, trees := cache.Load(sources)
	x := names.Build(trees, names.Options{Sources: sources, Cache: &cache})
	uses, inTemplates := 0, 0
	for file, text := range sources {
		for _, u := range x.In(file) {
			uses++
			if !strings.HasSuffix(file, dsl.Extension) {
				inTemplates++
			}
			got := text[u.Span.Start:u.Span.End]
			if got != u.Symbol.Name && got != strconv.Quote(u.Symbol.Name) && !u.Wire {
				t.Errorf("%s: %q stands for the %s %s", file, got, u.Symbol.Kind, u.Symbol.Name)
			}
			if at := x.At(file, u.Span.Start); len(at) == 0 {
				t.Errorf("%s: nothing is at %q", file, got)
			}
		}
	}
	if uses < 500 || inTemplates < 5 {
		t.Errorf("only %d names, %d in templates", uses, inTemplates)
	}
	if s := x.Named(names.Trait, "favorite"); s == nil || len(x.Uses(s)) < 4 {
		t.Errorf("favorite is %+v", s)
	}
}

// A name leads to the declaration that its scope means.
func TestScopes(t *testing.T) {
	source := `event a { x: number, list: list of { y: text } }
event b { x: number }
journey j {
  enter on a where event.x > 1
  once per event.x
  exit on b where event.x == entry.x
  let kept = filter(a in last 9d, any(.list, .y == "z"))
  wait up to 1 day for b { if event.x > 1 { tag "b" } }
  if any(run.kept, .x > 1) { tag "c" }
}
`
	var cache dsl.Cache
	_, diags, trees := cache.Load(map[string]string{"s.journey": source})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	x := names.Build(trees, names.Options{})
	for place, owner := range map[string]string{
		"where event.|x > 1": "a", "per event.|x": "a", "where event.|x ==": "b", "entry.|x": "a", "{ if event.|x": "b",
		".|y ==": "a", "run.kept, .|x": "a", "any(.|list": "a",
	} {
		before, after, _ := strings.Cut(place, "|")
		i := strings.Index(source, before+after)
		uses := x.At("s.journey", i+len(before))
		if i < 0 || len(uses) != 1 || uses[0].Symbol.Owner == nil || uses[0].Symbol.Owner.Name != owner {
			t.Errorf("%s: %+v", place, uses)
		}
	}
}
