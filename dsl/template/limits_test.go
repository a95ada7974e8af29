package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// raceDetector says that everything takes ten times as long.
var raceDetector bool

// A render that would take minutes or gigabytes ends soon, with an error. The
// bar here is wide, for slow machines and the race detector; the log says what
// it took.
func TestLimits(t *testing.T) {
	big := strings.Repeat("ab<c ", 20_000)
	object := map[string]any{}
	for i := range 10_000 {
		object[fmt.Sprint(i)] = nil
	}
	literal := strings.Repeat("x", 200_000)
	data := map[string]any{"big": big, "list": make([]any, 1000), "times": "2026-03-02T09:00:00+08:00",
		"scripts": strings.Repeat("<script>", 120_000), "object": object, "bigs": slices.Repeat([]any{big}, 1000)}
	for i := range 1000 {
		data["list"].([]any)[i] = map[string]any{"n": float64(i % 7), "s": fmt.Sprint(i)}
	}
	loop := func(body string) string {
		return "{% for i in (1..100000) %}" + body + "{% endfor %}"
	}
	for src, want := range map[string]string{
		"{% assign n = 3000000 %}{% for i in (1..n) %}{% endfor %}":                                                       "more than 100000 rounds of its loops",
		"{% assign n = 1000000000 %}{% for i in (1..n) %}x{% endfor %}":                                                   "more than 100000 rounds of its loops",
		"{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..3) %}.{% endfor %}{% endfor %}{% endfor %}":      "more than 100000 rounds of its loops",
		"{% for i in (1..300) %}{% for j in list %}{% endfor %}{% endfor %}":                                              "more than 100000 rounds of its loops",
		"{{ (1..1000000000) | join }}":                                                                                    "more than 100000 elements of a list",
		"{{ (1..1000000000) }}":                                                                                           "more than 100000 elements of a list",
		"{{ (1..1000000000) | reverse | first }}":                                                                         "more than 100000 elements of a list",
		"{{ (1..1000000000) | json }}":                                                                                    "more than 100000 elements of a list",
		"{{ big | append: big | append: big | append: big | split: '' | size }}":                                          "more than 100000 elements of a list",
		"{% assign l = list %}{% for i in (1..20) %}{% assign l = l | concat: l %}{% endfor %}":                           "more than 100000 elements of a list",
		"{% assign x = 'ab' %}{% for i in (1..64) %}{% assign x = x | append: x %}{% endfor %}{{ x }}":                    "more than 1048576 bytes of text",
		"{% assign x = 'ab' %}{% for i in (1..64) %}{% assign x = x | replace: 'a', x %}{% endfor %}":                     "more than 1048576 bytes of text",
		"{% for i in (1..64) %}{% capture x %}{{ x | default: 'ab' }}{{ x | default: 'ab' }}{% endcapture %}{% endfor %}": "more than 1048576 bytes of text",
		"{% for i in (1..100) %}{{ big }}{% endfor %}":                                                                    "more than 1048576 bytes of text",
		loop("0123456789abcdef"):                                                                                          "more than 1048576 bytes of text",
		"{% capture c %}" + loop("0123456789abcdef") + "{% endcapture %}":                                                 "more than 1048576 bytes of text",
		loop("{% if big contains 'zzz' %}{% endif %}"):                                                                    "it takes too long",
		loop("{% if '" + literal + "' contains 'yyy' %}{% endif %}"):                                                      "it takes too long",
		loop("{% assign x = big | upcase %}"):                                                                             "it takes too long",
		loop("{% assign x = big | escape | escape | size %}"):                                                             "it takes too long",
		loop("{% assign x = big | replace: 'a', 'b' %}"):                                                                  "it takes too long",
		loop("{% assign x = big | strip_html | truncatewords: 99999 | size %}"):                                           "it takes too long",
		loop("{% assign x = list | sort: 'n' %}"):                                                                         "it takes too long",
		loop("{% assign x = list | sort_natural: 's' | uniq: 's' | where: 'n', 3 | map: 's' | join %}"):                   "it takes too long",
		loop("{% assign x = list | json %}"):                                                                              "it takes too long",
		loop("{% if list == list %}{% endif %}"):                                                                          "it takes too long",
		loop("{% case list %}{% when list %}{% endcase %}"):                                                               "it takes too long",
		loop("{% if list contains 5 %}{% endif %}"):                                                                       "it takes too long",
		loop("{% assign x = times | date: '%c %c %c %c %c %c %c %c %c' %}"):                                               "it takes too long",
		loop("{% if times < times %}{% endif %}{% assign d = times | date: '%s' %}"):                                      "it takes too long",
		loop(strings.Repeat("{{ '' }}", 500)):                                                                             "it takes too long",
		loop(strings.Repeat("{% if i %}{% endif %}", 500)):                                                                "it takes too long",
		loop(strings.Repeat("{% assign x = i %}", 500)):                                                                   "it takes too long",
		loop(strings.Repeat("{% cycle '', '' %}", 500)):                                                                   "it takes too long",
		loop(strings.Repeat("{% for q in big2 %}{% endfor %}", 500)):                                                      "it takes too long",
		loop(strings.Repeat("{% capture x %}{% endcapture %}", 500)):                                                      "it takes too long",
		loop("{% if " + strings.Repeat("i == 0 or ", 40) + "false %}{% endif %}"):                                         "it takes too long",
		loop("{% assign x = i" + strings.Repeat(" | plus: 1", 60) + " %}"):                                                "it takes too long",
		loop("{% assign x = scripts | strip_html %}"):                                                                     "it takes too long",
		loop("{% for p in object %}{% break %}{% endfor %}"):                                                              "it takes too long",
		loop("{% capture c %}{{ big }}{% endcapture %}{% for p in c %}{% break %}{% endfor %}"):                           "it takes too long",
		loop("{% assign x = bigs | sort_natural %}"):                                                                      "it takes too long",
		loop("{% assign x = bigs | sort %}"):                                                                              "it takes too long",
		loop("{% assign x = bigs | uniq %}"):                                                                              "it takes too long",
		loop("{% assign x = bigs | json | size %}"):                                                                       "it takes too long",
		"{{ bigs | join }}":               "more than 1048576 bytes of text",
		loop("{% assign x = big.size %}"): "it takes too long",
	} {
		name := src
		if len(name) > 120 {
			name = name[:60] + "…" + name[len(name)-30:]
		}
		t.Run(name, func(t *testing.T) {
			if raceDetector && want == "it takes too long" {
				t.Skip("nothing here is concurrent, and the detector makes it take a minute")
			}
			tmpl, problems := Parse(src, HTML)
			if problems != nil {
				t.Fatal(problems)
			}
			start := time.Now()
			text, err := tmpl.Render(data, Options{})
			took := time.Since(start)
			t.Logf("%v", took.Round(time.Millisecond))
			var limit *LimitError
			if !errors.As(err, &limit) || text != "" || !strings.Contains(err.Error(), want) {
				t.Errorf("got %d bytes, %v; want %s", len(text), err, want)
			}
			if took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// What is within the limits goes through.
func TestWithinLimits(t *testing.T) {
	for src, size := range map[string]int{
		"{% for i in (1..100000) %}x{% endfor %}":                         100_000,
		"{% for i in (1..50000) %}{{ i | plus: 1 }},{% endfor %}":         288_898,
		"{% for i in (1..1000000000) limit: 3 %}x{% endfor %}":            3,
		"{% for i in (1..1000000000) reversed %}{% break %}{% endfor %}x": 1,
		"{{ (1..1000000000).size }}{{ (1..9) | size }}":                   0,
	} {
		t.Run(src, func(t *testing.T) {
			tmpl, problems := Parse(src, HTML)
			if size == 0 {
				if len(problems) != 1 {
					t.Errorf("got %v", problems)
				}
				return
			}
			start := time.Now()
			text, err := tmpl.Render(nil, Options{})
			t.Logf("%v", time.Since(start).Round(time.Millisecond))
			if err != nil || len(text) != size {
				t.Errorf("got %d bytes, %v; want %d", len(text), err, size)
			}
		})
	}
}

func TestOwnLimits(t *testing.T) {
	tmpl, _ := Parse("{% for i in (1..10) %}ab{% endfor %}", HTML)
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{MaxBytes: 20, MaxSteps: 10}, ""},
		{Options{MaxBytes: 19}, "the template was stopped: more than 19 bytes of text"},
		{Options{MaxSteps: 9}, "the template was stopped: more than 9 rounds of its loops"},
	} {
		got := ""
		if _, err := tmpl.Render(nil, c.o); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.o, got, c.want)
		}
	}
}
