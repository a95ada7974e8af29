package dsl

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"journey/dsl/cond"
	"journey/dsl/diag"
)

// workspaces are the sources of all test workspaces and of the example.
func workspaces(t interface{ Fatal(...any) }) []map[string]string {
	var list []map[string]string
	files, _ := filepath.Glob("testdata/*/*.txtar")
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sources := map[string]string{}
		for _, f := range archive.Files {
			sources[f.Name] = string(f.Data)
		}
		list = append(list, sources)
	}
	shop, err := ReadDir(os.DirFS("../examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	return append(list, shop)
}

// judge loads a workspace and checks what holds for every result.
func judge(t interface {
	Fatalf(string, ...any)
}, sources map[string]string) {
	p, diags := Load(sources)
	if (p == nil) != diag.HasErrors(diags) {
		t.Fatalf("program %v with\n%s", p != nil, describe(diags))
	}
	for i, d := range diags {
		if d.Span.File == nil || d.Span.Start < 0 || d.Span.Start > d.Span.End || d.Span.End > len(d.Span.File.Text) {
			t.Fatalf("a diagnostic that stands nowhere: %+v", d)
		}
		if d.Code == "" || d.Message == "" || d.Code == diag.Internal {
			t.Fatalf("a diagnostic that says nothing: %+v", d)
		}
		if i > 0 && diags[i-1].Span == d.Span && diags[i-1].Code == d.Code {
			t.Fatalf("a diagnostic twice:\n%s", describe(diags))
		}
	}
	if p == nil {
		return
	}
	p.Exprs(func(x *cond.Expr) { _ = x.Reads() })
	p.Keeps()
	p.Runnings()
	p.Hours()
	for _, j := range p.Journeys {
		for i, s := range j.Code {
			checkTargets(t, j, i, s)
		}
	}
	q, _ := Load(maps.Clone(sources))
	if q == nil || q.Hash != p.Hash {
		t.Fatalf("loaded again it is another program")
	}
}

// checkTargets: every index leads to a step or to the end, and never back but
// to a loop, which counts its rounds; so a run comes to an end.
func checkTargets(t interface {
	Fatalf(string, ...any)
}, j *Journey, i int, s Step) {
	for _, to := range append(targets(s), &s.Head().Next) {
		if *to >= 0 && *to <= i {
			if _, loop := j.Code[*to].(*Repeat); loop {
				continue
			}
		}
		if *to != End && (*to <= i || *to >= len(j.Code)) {
			t.Fatalf("%s: step %d goes to %d of %d", j.Name, i, *to, len(j.Code))
		}
	}
	if s.Head().Slot >= j.Arms {
		t.Fatalf("%s: step %d reads arm %d of %d", j.Name, i, s.Head().Slot, j.Arms)
	}
}

// TestMutations: whatever is done to a source, Load answers, and says nothing
// that is nowhere or twice.
func TestMutations(t *testing.T) {
	all := workspaces(t)
	var pieces []string
	for _, sources := range all {
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			pieces = append(pieces, words(sources[name])...)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		sources := maps.Clone(all[rapid.IntRange(0, len(all)-1).Draw(t, "workspace")])
		for range rapid.IntRange(1, 4).Draw(t, "mutations") {
			names := slices.Sorted(maps.Keys(sources))
			name := rapid.SampledFrom(names).Draw(t, "file")
			text := sources[name]
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			to := min(len(text), from+rapid.IntRange(0, 30).Draw(t, "length"))
			put := rapid.SampledFrom(pieces).Draw(t, "put")
			sources[name] = text[:from] + put + text[to:]
		}
		judge(t, sources)
	})
}

// words cuts a text into runs of letters and single other characters.
func words(text string) []string {
	var out []string
	from := 0
	letter := func(r rune) bool { return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127 }
	inside := false
	for i, r := range text {
		if letter(r) && inside {
			continue
		}
		if i > from {
			out = append(out, text[from:i])
		}
		from, inside = i, letter(r)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// FuzzLoad does the same with bytes of any kind.
func FuzzLoad(f *testing.F) {
	for _, sources := range workspaces(f) {
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			f.Add(sources[name], sources["a.journey"])
		}
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		judge(t, map[string]string{"a.journey": a, "b.journey": b, "templates/welcome.html": b})
	})
}
