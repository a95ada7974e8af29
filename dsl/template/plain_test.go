package template

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// byLibrary is a template that the library renders, plain or not.
func byLibrary(src string, kind Kind) *Template {
	t, problems := Parse(src, kind)
	if problems != nil || t.plain == nil {
		return t
	}
	nodes, _ := parseTemplate(src, kind)
	findNames(nodes) // tells paths what they are called
	library := &Template{kind: kind, refs: t.refs}
	if err := library.prepare(nodes); err != nil {
		panic(err)
	}
	return library
}

// samePlain says how a plain template differs from what the library makes of
// it; "" if in nothing. The library holds back what it writes last, so where a
// text is too long and something else is wrong behind it, it sees the latter
// first.
func samePlain(src string, kind Kind, data map[string]any, opts Options) string {
	t, _ := Parse(src, kind)
	text, err := t.Render(data, opts)
	want, wantErr := byLibrary(src, kind).Render(data, opts)
	var limit *LimitError
	if errors.As(err, &limit) && wantErr != nil {
		wantErr = err
	}
	if text != want || !reflect.DeepEqual(err, wantErr) {
		return src + ": " + text + " " + errText(err) + "; the library: " + want + " " + errText(wantErr)
	}
	return ""
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return "(" + err.Error() + ")"
}

// A plain template is rendered as the library would, whatever its filters and
// data are, and where it fails it fails alike.
func TestPlain(t *testing.T) {
	rendered, failed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 4).Draw(t, "outputs") {
			b.WriteString(rapid.SampledFrom([]string{"", "Hi ", "\n\n ", "<b>&", "王"}).Draw(t, "text"))
			b.WriteString("{{ " + drawChain(t) + " }}")
		}
		src, data := b.String(), drawData(t)
		opts := Options{
			MaxBytes: rapid.SampledFrom([]int{0, 3, 40}).Draw(t, "bytes"),
			MaxSteps: rapid.SampledFrom([]int{0, 2}).Draw(t, "steps"),
		}
		for kind := Text; kind <= URL; kind++ {
			if tmpl, problems := Parse(src, kind); problems != nil || tmpl.plain == nil && !strings.Contains(src, "(1..3)") {
				t.Fatalf("%s is not plain: %v", src, problems)
			} else if _, err := tmpl.Render(data, opts); err != nil {
				failed++
			} else {
				rendered++
			}
			if differs := samePlain(src, kind, data, opts); differs != "" {
				t.Fatal(differs)
			}
		}
	})
	if rendered < 20 || failed < 20 {
		t.Errorf("%d rendered and %d failed: the property says little", rendered, failed)
	}
}

// The budget is spent alike: where the library stops, so does a plain template.
func TestPlainBudget(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	data := map[string]any{"long": long, "list": []any{long, long}, "n": 1.0}
	for _, src := range []string{
		strings.Repeat("{{ long.size }}", 60),
		strings.Repeat("{{ long | size }}", 60),
		"{{ long | replace: 'x', '\n' | newline_to_br | size }}",
		"{{ list | join: long | size }}",
		"{{ long[long] | default: n }}",
		strings.Repeat("{{ list[0].size }}{{ list[n].size }}", 30),
	} {
		for kind := Text; kind <= URL; kind++ {
			if differs := samePlain(src, kind, data, Options{}); differs != "" {
				t.Error(differs[max(0, len(differs)-300):])
			}
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	const src = "Welcome, {{ profile.name | default: 'friend' }}: you have begun with {{ entry.plan }}."
	data := map[string]any{"profile": map[string]any{"name": "Ann"}, "entry": map[string]any{"plan": "green tea"}}
	tmpl, _ := Parse(src, HTML)
	for name, t := range map[string]*Template{"plain": tmpl, "library": byLibrary(src, HTML)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := t.Render(data, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
