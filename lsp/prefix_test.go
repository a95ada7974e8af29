package lsp

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"journey/dsl"
	"journey/lsp/names"
)

// asked is a question about a text, without an editor.
func asked(sources map[string]string, cache *dsl.Cache, name string) *question {
	p := &project{dir: "/w", disk: sources, cache: cache}
	return &question{snapshot: p.snapshot(), ctx: context.Background(), file: name}
}

// Wherever a name stands in the shop, the completion there has it, while the
// rest of its line is not typed yet.
func TestEveryName(t *testing.T) {
	sources := shop(t)
	var cache dsl.Cache
	whole := asked(sources, &cache, "")
	tried := 0
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if !strings.HasSuffix(name, dsl.Extension) || testing.Short() && len(name)%3 > 0 {
			continue
		}
		text := sources[name]
		for _, u := range whole.index().In(name) {
			// What is declared needs no completing; the last branch of a split, or the
			// only `with` of a message, is known by nothing else.
			if u.Span == u.Symbol.Span || u.Wire || u.Symbol.Kind == names.Given || u.Symbol.Kind == names.Branch && strings.Contains(lineOf(text, u.Span.Start), "%") {
				continue
			}
			tried++
			cut := text[:u.Span.Start]
			if n := strings.IndexByte(text[u.Span.Start:], '\n'); n >= 0 {
				cut += text[u.Span.Start+n:]
			}
			changed := maps.Clone(sources)
			changed[name] = cut
			got := completed(t, asked(changed, &cache, name), u.Span.Start)
			if !slices.Contains(got, u.Symbol.Name) {
				t.Errorf("%s: %s| has no %s but %v", name, strings.TrimSpace(lineOf(text, u.Span.Start)[:u.Span.Start-lineStart(text, u.Span.Start)]), u.Symbol.Name, got)
			}
		}
	}
	t.Logf("%d names", tried)
	if tried < 50 {
		t.Errorf("only %d names", tried)
	}
}

func lineStart(text string, at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }

func lineOf(text string, at int) string {
	line, _, _ := strings.Cut(text[lineStart(text, at):], "\n")
	return line
}

func completed(t *testing.T, q *question, offset int) []string {
	t.Helper()
	list, err := q.completion(offset)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, i := range list.(completionList).Items {
		labels = append(labels, i.Label)
	}
	return labels
}

// A file that is typed from its beginning is answered at every place, in time,
// whatever is asked.
func TestEveryPrefix(t *testing.T) {
	sources := shop(t)
	var cache dsl.Cache
	step := 29
	if testing.Short() {
		step = 101
	}
	slowest, n := time.Duration(0), 0
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if !strings.HasSuffix(name, dsl.Extension) {
			continue
		}
		text := sources[name]
		changed := maps.Clone(sources)
		for at := 0; at <= len(text); at += step {
			for at < len(text) && !utf8.RuneStart(text[at]) {
				at++
			}
			changed[name] = text[:at]
			q := asked(changed, &cache, name)
			begin := time.Now()
			completed(t, q, at)
			for _, ask := range []func(int) (any, error){q.hover, q.definition, q.highlight} {
				if _, err := ask(at); err != nil {
					t.Fatal(err)
				}
			}
			for _, ask := range []func() (any, error){q.outline, q.tokens, q.formatting} {
				if _, err := ask(); err != nil {
					t.Fatal(err)
				}
			}
			slowest = max(slowest, time.Since(begin))
			n++
		}
	}
	t.Logf("%d prefixes, the slowest %v", n, slowest)
	if slowest > 5*time.Second {
		t.Errorf("the slowest took %v", slowest)
	}
}
