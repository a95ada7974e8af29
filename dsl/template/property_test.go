package template

import (
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each testdata/NAME.KIND.liquid is rendered with the data of the other tests
// into NAME.KIND.golden.
func TestGolden(t *testing.T) {
	kinds := map[string]Kind{"txt": Text, "html": HTML, "header": Header, "url": URL}
	files, err := filepath.Glob("testdata/*.liquid")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			base := strings.TrimSuffix(file, ".liquid")
			got, err := renderShop(t, string(src), kinds[strings.TrimPrefix(filepath.Ext(base), ".")])
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(base+".golden", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(base + ".golden")
			if err != nil || got != string(want) {
				t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
			}
		})
	}
}

// drawData draws what templates of drawTemplate read: values full of what
// must not come out of them.
func drawData(t *rapid.T) map[string]any {
	text := rapid.StringOf(rapid.RuneFrom([]rune("<>\"'&;/ab 王👋\r\n\x00\u2028lt#%20")))
	var draw func(depth int) any
	draw = func(depth int) any {
		switch n := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case n == 0:
			return nil
		case n == 1:
			return rapid.Float64Range(-1e9, 1e9).Draw(t, "number")
		case n == 2:
			return instant("2026-03-02T01:00:00Z")
		case n <= 4 && depth < 2:
			list := make([]any, rapid.IntRange(0, 3).Draw(t, "size"))
			for i := range list {
				list[i] = draw(depth + 1)
			}
			return list
		case n == 5 && depth < 2:
			return map[string]any{"k": draw(depth + 1), text.Draw(t, "name"): draw(depth + 1)}
		}
		return text.Draw(t, "text")
	}
	return map[string]any{"a": draw(0), "b": draw(0), "c": map[string]any{"k": draw(0)}}
}

// drawnValue is a value of drawData, of a template of drawTemplate, or a literal.
var drawnValue = rapid.SampledFrom([]string{"a", "b", "c.k", "a.first", "b[0]", "x", "'&lt;b&gt;'", "'%3Cb%3E'", "5", "forloop.index", "(1..3)", "'<i>'", "a[b]", "a.size"})

// drawChain draws a value and filters for it.
func drawChain(t *rapid.T) string {
	filters, value := slices.Sorted(maps.Keys(filterDefs)), drawnValue
	var s strings.Builder
	s.WriteString(value.Draw(t, "value"))
	for range rapid.IntRange(0, 4).Draw(t, "filters") {
		name := rapid.SampledFrom(filters).Draw(t, "filter")
		s.WriteString(" | " + name)
		sep := ": "
		for i := range rapid.IntRange(filterDefs[name].min, filterDefs[name].max).Draw(t, "arguments") {
			arg := value.Draw(t, "argument")
			if name == "date" {
				arg = "'%c %Z'"
			} else if filterDefs[name].key && i == 0 {
				arg = "'k'"
			}
			s.WriteString(sep + arg)
			sep = ", "
		}
	}
	return s.String()
}

// drawTemplate draws a template of which no character of markup is its own.
func drawTemplate(t *rapid.T) string {
	chain := func() string { return drawChain(t) }
	value := drawnValue
	var nodes func(depth int) string
	nodes = func(depth int) string {
		var s strings.Builder
		for range rapid.IntRange(1, 3).Draw(t, "nodes") {
			kind := rapid.IntRange(0, 8).Draw(t, "node")
			if depth > 2 && kind > 3 {
				kind = 0
			}
			switch kind {
			case 0, 1, 2:
				s.WriteString("{{ " + chain() + " }}")
			case 3:
				s.WriteString("{% assign x = " + chain() + " %}-and-")
			case 4:
				s.WriteString("{% capture x %}" + nodes(depth+1) + "{% endcapture %}")
			case 5:
				s.WriteString("{% for x in " + value.Draw(t, "list") + " %}" + nodes(depth+1) + "{% endfor %}")
			case 6:
				s.WriteString("{%- if " + value.Draw(t, "left") + " contains " + value.Draw(t, "right") + " -%}" + nodes(depth+1) + "{% else %}" + nodes(depth+1) + "{% endif %}")
			case 7:
				s.WriteString("{% case " + value.Draw(t, "left") + " %}{% when " + value.Draw(t, "right") + " %}" + nodes(depth+1) + "{% else %}" + nodes(depth+1) + "{% endcase %}")
			case 8:
				s.WriteString("{% cycle " + value.Draw(t, "left") + ", " + value.Draw(t, "right") + " %}")
			}
		}
		return s.String()
	}
	return nodes(0)
}

// Whatever the data and whatever filters it went through: nothing of it comes
// out of HTML as markup, out of a header as a line break, or out of a URL
// unencoded; a render changes no data, gives the same twice, and is text or an
// error.
func TestNothingGetsOut(t *testing.T) {
	rendered, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		src := drawTemplate(t)
		data := drawData(t)
		for kind := Text; kind <= URL; kind++ {
			all++
			tmpl, problems := Parse(src, kind)
			if problems != nil {
				t.Fatalf("%s: %v", src, problems)
			}
			text, err := tmpl.Render(data, Options{})
			again, errAgain := tmpl.Render(data, Options{})
			if text != again || !reflect.DeepEqual(err, errAgain) {
				t.Fatalf("%s: %q, %v then %q, %v", src, text, err, again, errAgain)
			}
			if err != nil {
				checkError(t, src, text, err)
				continue
			}
			rendered++
			switch kind {
			case HTML:
				if strings.ContainsAny(strings.ReplaceAll(text, "<br />", ""), "<>\"'") {
					t.Fatalf("%s: %q", src, text)
				}
			case Header:
				if strings.ContainsFunc(text, unicode.IsControl) {
					t.Fatalf("%s: %q", src, text)
				}
			case URL:
				if strings.ContainsAny(text, "<>\"'&;/ #王\r\n") {
					t.Fatalf("%s: %q", src, text)
				}
			}
		}
	})
	if rendered*20 < all {
		t.Errorf("only %d of %d renders gave text: the property says little", rendered, all)
	}
}

func checkError(t *rapid.T, src, text string, err error) {
	var missing *MissingError
	var failed *Error
	var limit *LimitError
	switch {
	case text != "":
		t.Fatalf("%s: %q beside %v", src, text, err)
	case errors.As(err, &missing):
		if missing.Start < 0 || missing.End <= missing.Start || missing.End > len(src) || missing.Name == "" {
			t.Fatalf("%s: %+v", src, missing)
		}
	case errors.As(err, &failed):
		if failed.Start < 0 || failed.End <= failed.Start || failed.End > len(src) || strings.Contains(failed.Message, "failed") {
			t.Fatalf("%s: %+v", src, failed)
		}
	case !errors.As(err, &limit):
		t.Fatalf("%s: %v", src, err)
	}
}

// Any source parses to a template or to problems that point into it; what
// parses is accepted by the library and renders in time.
func FuzzTemplate(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.liquid")
	for _, file := range files {
		src, _ := os.ReadFile(file)
		f.Add(string(src), int(HTML))
	}
	for i, src := range []string{
		"{{ profile.name | default: 'x' | upcase }}", "{{- a[b.c][-1]['d'] -}}", "{% if a == 1 and (b or c) contains \"x\" %}{% elsif d <> nil %}{% else %}{% endif %}",
		"{% for i in (1..n) limit: 2 offset: a.b reversed %}{% break %}{% continue %}{% else %}{% endfor %}", "{% case a %}{% when 1, 2 or 3 %}{% else %}{% endcase %}",
		"{% assign x = a | append: 'b' %}{% capture y %}{{ x }}{% endcapture %}", "{% cycle 'g': 1, x %}{% increment a %}{% decrement a %}", "{% raw %}{{ }}{% endraw %}{% comment %}{% endcomment %}{% # it's %}",
		"\ufeff{{ 王.小-明 }}", "{{ 'a }} {% b' }}", "{{ entry.at | date: '%-d %^a %::z %10N' }}", "{% unless x %}{{%}}{% endunless %}", "{{ (1..9999999999) | slice: 2, 3 | json }}",
	} {
		f.Add(src, i%4)
	}
	data := shop()
	f.Fuzz(func(t *testing.T, src string, kind int) {
		start := time.Now()
		tmpl, problems := Parse(src, Kind(uint(kind)%4))
		for _, p := range problems {
			if p.Start < 0 || p.End < p.Start || p.End > len(src) || p.Message == "" || strings.Contains(p.Message, "cannot be prepared") {
				t.Fatalf("%q: %+v", src, p)
			}
		}
		for _, r := range tmpl.Names() {
			if r.Start < 0 || r.End <= r.Start || r.End > len(src) || len(r.Path) == 0 {
				t.Fatalf("%q: %+v", src, r)
			}
		}
		text, err := tmpl.Render(data, Options{Zone: taipei, MaxSteps: 1000, MaxBytes: 100_000})
		if err != nil && text != "" || len(problems) > 0 && err == nil {
			t.Fatalf("%q: %q, %v", src, text, err)
		}
		var failed *Error
		if errors.As(err, &failed) && strings.Contains(failed.Message, "the template failed") {
			t.Fatalf("%q: %v", src, err)
		}
		if tmpl.plain != nil {
			if differs := samePlain(src, Kind(uint(kind)%4), data, Options{Zone: taipei, MaxSteps: 1000, MaxBytes: 100_000}); differs != "" {
				t.Fatal(differs)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%q took %v", src, took)
		}
	})
}
