package template

import (
	"fmt"
	"strings"
	"testing"
)

// shown is a problem as the words it points at and its sentence.
func shown(src string, p Problem) string { return src[p.Start:p.End] + ": " + p.Message }

func TestProblems(t *testing.T) {
	for src, want := range map[string]string{
		// what is not closed
		"a {{ profile.name":                      "{{: this {{ is not closed: its }} is missing",
		"a {% if x":                              "{%: this {% is not closed: its %} is missing",
		"{{ a | default: 'Hi }}, it's\n":         "': this string is not closed: its second ' is missing",
		"{{ a | default: 'Hi }}":                 "': this string is not closed: its second ' is missing",
		"{% if x %}a":                            "{% if x %}: this if is not closed: {% endif %} is missing",
		"{% for a in b %}{% if x %}{% endfor %}": "{% if x %}: this if is not closed: {% endif %} is missing",
		"{% comment %} {% endraw %}":             "{% comment %}: this comment is not closed: {% endcomment %} is missing",
		"{% raw %} {{ x }}":                      "{% raw %}: this raw is not closed: {% endraw %} is missing",
		// structure
		"{% endif %}":                                  "{% endif %}: endif closes nothing",
		"{% if x %}{% endfor %}{% endif %}":            "{% endfor %}: endfor closes nothing: the open block is if",
		"{% else %}":                                   "{% else %}: else belongs to no open block",
		"{% for i in x %}{% when 1 %}{% endfor %}":     "{% when 1 %}: when does not belong to for",
		"{% if x %}{% else %}{% elsif y %}{% endif %}": "{% elsif y %}: elsif comes after the else of this if",
		"{% if x %}{% else y %}{% endif %}":            `y: unexpected "y"`,
		"{% endif x %}":                                `{% endif x %}: endif closes nothing // x: unexpected "x"`,
		"{% break %}":                                  "{% break %}: break stands inside {% for %} only",
		"{% endcomment %}":                             "{% endcomment %}: endcomment closes nothing",
		"{% %}":                                        "{% %}: a tag begins with its name, as in {% if … %}",
		"{%%}":                                         "{%%}: a tag begins with its name, as in {% if … %}",
		// tags
		"{% iff x %}":                          `{% iff x %}: unknown tag "iff"; did you mean if?`,
		"{% asign x = 1 %}":                    `{% asign x = 1 %}: unknown tag "asign"; did you mean assign?`,
		"{% frobnicate %}":                     `{% frobnicate %}: unknown tag "frobnicate"`,
		"{% include 'x' %}":                    "{% include 'x' %}: a template includes nothing: put the text here, or pass it in with the message",
		"{% render 'x' %}":                     "{% render 'x' %}: a template includes nothing: put the text here, or pass it in with the message",
		"{% tablerow x in y %}":                "{% tablerow x in y %}: tablerow is not known here: write the rows with {% for %}",
		"{% for x on y %}{% endfor %}":         `on: expected in, not "on"`,
		"{% for x in y step: 2 %}{% endfor %}": "step: a loop takes reversed, limit: N and offset: N, not step",
		"{% for forloop in y %}{% endfor %}":   "{% for forloop in y %}: a loop's variable cannot be named forloop",
		"{% for x in y offset: continue2.a, limit 3 %}{% endfor %}": `3: expected ":" after limit, not "3"`,
		"{% assign x %}":                `%}: expected "=" after the name, not end of the tag`,
		"{% assign a.b = 1 %}":          `.: expected "=" after the name, not "."`,
		"{% assign in = 1 %}":           `in: "in" is a word of Liquid and cannot be the name to assign to`,
		"{% assign __k = 1 %}":          "__k: names do not begin with __",
		"{% capture %}{% endcapture %}": "%}: expected the name of the captured text, not end of the tag",
		"{% assign a = b == c %}":       "b == c: a comparison stands in {% if %}: it cannot be written or assigned",
		"{% cycle %}":                   "%}: expected a value, not end of the tag",
		"{% cycle x: 1 %}":              "x: a cycle's name is a text in quotes",
		"{% if %}x{% endif %}":          "%}: expected a value, not end of the tag",
		// expressions
		"{{ }}":                                  "{{ }}: this writes nothing: put a name between the braces",
		"{{-}}":                                  "{{-}}: this writes nothing: put a name between the braces",
		"{{ a b }}":                              `b: unexpected "b"`,
		"{{ a. }}":                               "}}: expected a name after the dot, not end of the tag",
		"{{ a[1 }}":                              `}}: expected "]" to close the index, not end of the tag`,
		"{{ (1..2 }}":                            `}}: expected ")" after the range, not end of the tag`,
		"{{ a | }}":                              "}}: expected a filter's name, not end of the tag",
		"{{ a | 'x' }}":                          `'x': expected a filter's name, not "'x'"`,
		"{{ a ? b }}":                            `?: unexpected "?"`,
		"{{ 你。 }}":                               `。: unexpected "。"`,
		"{{ a == 1 }}":                           "a == 1: a comparison stands in {% if %}: it cannot be written or assigned",
		"{{ a and b }}":                          "a and b: and stands in {% if %}: it cannot be written or assigned",
		"{% if a = 1 %}{% endif %}":              "=: a comparison is written ==",
		"{% if a == %}{% endif %}":               "%}: expected a value, not end of the tag",
		"{% if a | size > 1 %}{% endif %}":       "size: a filter does not stand in a comparison: assign its result to a name first",
		"{% if 1 < a | size %}{% endif %}":       "|: a filter does not stand in a comparison: assign its result to a name first",
		"{% if and %}{% endif %}":                `and: expected a value, not "and"`,
		"{{ __at }}":                             "__at: names do not begin with __",
		"{{ " + strings.Repeat("9", 400) + " }}": strings.Repeat("9", 400) + ": this number is too large",
		// filters
		"{{ a | upcse }}":                         `upcse: unknown filter "upcse"; did you mean upcase?`,
		"{{ a | zz }}":                            `zz: unknown filter "zz"`,
		"{{ a | raw }}":                           "raw: values are always escaped: what people send must not become markup; put markup into the template itself",
		"{{ a | upcase | safe }}":                 "safe: values are always escaped: what people send must not become markup; put markup into the template itself",
		"{{ a | sample }}":                        "sample: a template has no chance: the same data always gives the same text",
		"{{ 'now' | date: '%Y' }}":                "'now': a template has no clock, so the same data always gives the same text: write a time of the data, such as entry.at",
		"{{ \"Today\" | date: '%Y' }}":            "\"Today\": a template has no clock, so the same data always gives the same text: write a time of the data, such as entry.at",
		"{{ a | date: '%q' }}":                    `'%q': "%q" is no directive of a date's format; a literal % is written %%`,
		"{{ a | date: '%999999999d' }}":           "'%999999999d': a width in the format is too large",
		"{{ a | date: 5 }}":                       `5: date takes a format such as "%Y-%m-%d"`,
		"{{ a | date }}":                          "date: date takes one argument, not 0",
		"{{ a | upcase: 1 }}":                     "upcase: upcase takes no argument, not 1",
		"{{ a | replace: 1 }}":                    "replace: replace takes 2 arguments, not 1",
		"{{ a | truncate: 1, 2, 3 }}":             "truncate: truncate takes 0 to 2 arguments, not 3",
		"{{ a | default: 1, allow_false: true }}": ":: filters take no named arguments here",
		"{% if (a | nope) == 1 %}{% endif %}":     `nope: unknown filter "nope"`,
		"{% for i in a | nope %}{% endfor %}":     `nope: unknown filter "nope"`,
		"{% for i in (1..1000000) %}{% endfor %}": "(1..1000000): this loop goes round more than 100000 times, which is the most that a message may: it would never be sent",
		"a\xff": "\xff: the template is not valid UTF-8 here",
		// several
		"{{ a | nope }}{% if %}{{ b | upcse }}{% endif %}": `nope: unknown filter "nope" // %}: expected a value, not end of the tag // upcse: unknown filter "upcse"; did you mean upcase?`,
	} {
		t.Run(src, func(t *testing.T) {
			tmpl, problems := Parse(src, HTML)
			var got []string
			for _, p := range problems {
				got = append(got, shown(src, p))
			}
			if got := strings.Join(got, " // "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if _, err := tmpl.Render(nil, Options{}); err == nil {
				t.Error("it renders")
			}
		})
	}
}

func TestSourceBounds(t *testing.T) {
	for name, src := range map[string]string{
		"size":         strings.Repeat("x", MaxSource+1),
		"blocks":       strings.Repeat("{% if x %}", 60) + strings.Repeat("{% endif %}", 60),
		"many blocks":  strings.Repeat("{% for x in y %}", 10000),
		"parentheses":  "{% if " + strings.Repeat("(", 60) + "x" + strings.Repeat(")", 60) + " %}{% endif %}",
		"brackets":     "{{ " + strings.Repeat("a[", 20000) + "1" + strings.Repeat("]", 20000) + " }}",
		"terms":        "{% if x" + strings.Repeat(" and x", 20000) + " %}{% endif %}",
		"filters":      "{{ x" + strings.Repeat(" | upcase", 20000) + " }}",
		"steps":        "{{ x" + strings.Repeat(".y", 50000) + " }}",
		"arguments":    "{{ x | append: 1" + strings.Repeat(", 1", 50000) + " }}",
		"open strings": strings.Repeat("{{ 'x ", 40000),
		"opens":        strings.Repeat("{{", 100000),
		"raws":         strings.Repeat("{% raw %}", 20000),
		"mistakes":     strings.Repeat("{{ ? }}", 30000),
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Parse(src, Text)
			if len(problems) == 0 || len(problems) > 3*maxProblems {
				t.Errorf("got %d problems", len(problems))
			}
		})
	}
	for name, src := range map[string]string{
		"text":     strings.Repeat("x", MaxSource),
		"outputs":  strings.Repeat("{{ 1 }}", 30000),
		"comments": strings.Repeat("{% comment %}{% endcomment %}", 8000),
	} {
		t.Run(name, func(t *testing.T) {
			if _, problems := Parse(src, Text); problems != nil {
				t.Errorf("got %v", problems)
			}
		})
	}
}

func TestNames(t *testing.T) {
	for src, want := range map[string]string{
		"{{ profile.name }}":                                                                       "profile.name@profile.name o",
		"\ufeff 你 {{ profile['name'] | upcase }}":                                                  "profile.name@profile['name'] o",
		"{{ profile.name | upcase | default: run.x }}":                                             "profile.name@profile.name od, run.x@run.x o",
		"{{ profile.name | default: run.x | default: run.y }}":                                     "profile.name@profile.name od, run.x@run.x od, run.y@run.y o",
		"{{ 'a' | append: run.x | default: 'y' }}":                                                 "run.x@run.x od",
		"{{ entry.items[0].name }}":                                                                "entry.items[].name@entry.items[0].name o",
		"{{ entry.items[run.i].name }}":                                                            "entry.items[].name@entry.items[run.i].name o, run.i@run.i o",
		"{% for i in entry.items %}{{ i.price }}{{ forloop.index }}{% endfor %}{{ i }}":            "entry.items@entry.items , entry.items[].price@i.price o, i@i o",
		"{% for i in entry.items %}{% for t in i.tags %}{{ t }}{% endfor %}{% endfor %}":           "entry.items@entry.items , entry.items[].tags@i.tags , entry.items[].tags[]@t o",
		"{% for i in (1..run.n) limit: run.l offset: run.o %}{{ i }}{% endfor %}":                  "run.n@run.n , run.l@run.l , run.o@run.o ",
		"{% for i in entry.items | sort: 'price' | reverse %}{{ i.sku }}{% endfor %}":              "entry.items@entry.items , entry.items[].price@'price' , entry.items[].sku@i.sku o",
		"{% assign n = profile.name %}{{ n.first }}":                                               "profile.name@profile.name , profile.name.first@n.first o",
		"{% assign n = profile.name | upcase %}{{ n }}":                                            "profile.name@profile.name ",
		"{% assign n = profile.name | default: 'x' %}{{ n }}":                                      "profile.name@profile.name d",
		"{% assign l = entry.items | where: 'sku', run.s | first %}{{ l.name }}":                   "entry.items@entry.items , entry.items[].sku@'sku' , run.s@run.s , entry.items[].name@l.name o",
		"{{ n }}{% assign n = 1 %}{{ n }}":                                                         "n@n o",
		"{% if run.a %}{% assign n = run.b %}{% else %}{% assign n = run.c %}{% endif %}{{ n.x }}": "run.a@run.a , run.b@run.b , run.c@run.c , run.b.x@n.x o, run.c.x@n.x o",
		"{% assign n = run.b %}{% assign n = run.c %}{{ n }}":                                      "run.b@run.b , run.c@run.c , run.c@n o",
		"{% capture c %}{{ run.a }}{% endcapture %}{{ c }}":                                        "run.a@run.a o",
		"{% case run.a %}{% when run.b %}{{ run.c }}{% endcase %}":                                 "run.a@run.a , run.b@run.b , run.c@run.c o",
		"{% cycle run.a, run.b %}{% increment k %}":                                                "run.a@run.a o, run.b@run.b o",
		"{% comment %}{{ a }}{% endcomment %}{% raw %}{{ b }}{% endraw %}{% # c %}":                "",
		"{% if forloop %}{% endif %}":                                                              "forloop@forloop ",
		"{{ entry.items | map: 'name' | join: run.sep }}":                                          "entry.items@entry.items o, entry.items[].name@'name' , run.sep@run.sep o",
		// guards
		"{% if run.a %}{{ run.a }}{{ run.b }}{% else %}{{ run.a }}{% endif %}{{ run.a }}":                                  "run.a@run.a , run.a@run.a og, run.b@run.b o, run.a@run.a o, run.a@run.a o",
		"{% if run.a and run.b.c > 1 %}{{ run.a }}{{ run.b }}{{ run.b.c }}{{ run.b.d }}{% endif %}":                        "run.a@run.a , run.b.c@run.b.c , run.a@run.a og, run.b@run.b og, run.b.c@run.b.c og, run.b.d@run.b.d o",
		"{% if run.a or run.b %}{{ run.a }}{% endif %}":                                                                    "run.a@run.a , run.b@run.b , run.a@run.a o",
		"{% if run.a == nil %}{{ run.a }}{% else %}{{ run.a }}{% endif %}":                                                 "run.a@run.a , run.a@run.a o, run.a@run.a og",
		"{% if run.a == blank or run.b == nil %}{% elsif run.c %}{{ run.a }}{{ run.b }}{% endif %}":                        "run.a@run.a , run.b@run.b , run.c@run.c , run.a@run.a og, run.b@run.b og",
		"{% unless run.a %}{{ run.a }}{% else %}{{ run.a }}{% endunless %}":                                                "run.a@run.a , run.a@run.a o, run.a@run.a og",
		"{% if run.a != blank %}{{ run.a }}{% endif %}":                                                                    "run.a@run.a , run.a@run.a og",
		"{% if run.a != 'x' %}{{ run.a }}{% else %}{{ run.a }}{% endif %}":                                                 "run.a@run.a , run.a@run.a o, run.a@run.a og",
		"{% if run.a == run.b %}{{ run.a }}{% endif %}":                                                                    "run.a@run.a , run.b@run.b , run.a@run.a o",
		"{% if run.a == 'x' %}{{ run.a }}{% endif %}":                                                                      "run.a@run.a , run.a@run.a og",
		"{% for i in run.l %}{% if i.a %}{{ i.a }}{% endif %}{{ run.l.size }}{{ run.l }}{% else %}{{ run.l }}{% endfor %}": "run.l@run.l , run.l[].a@i.a , run.l[].a@i.a og, run.l.size@run.l.size o, run.l@run.l og, run.l@run.l o",
		"{% assign n = run.a %}{% if n %}{{ run.a }}{{ n }}{% endif %}":                                                    "run.a@run.a , run.a@n , run.a@run.a og, run.a@n og",
	} {
		t.Run(src, func(t *testing.T) {
			tmpl, problems := Parse(src, Text)
			if problems != nil {
				t.Fatal(problems)
			}
			var got []string
			for _, r := range tmpl.Names() {
				flags := ""
				for _, f := range []struct {
					on   bool
					flag string
				}{{r.Output, "o"}, {r.Defaulted, "d"}, {r.Guarded, "g"}} {
					if f.on {
						flags += f.flag
					}
				}
				got = append(got, fmt.Sprintf("%s@%s %s", r, src[r.Start:r.End], flags))
			}
			if got := strings.Join(got, ", "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestDidYouMean(t *testing.T) {
	for word, want := range map[string]string{"upcse": "upcase", "dowcnase": "downcase", "at": "", "x": "", "iff": "if", "": ""} {
		got := didYouMean(word, []string{"if", "in", "upcase", "downcase"})
		if want != "" {
			want = "; did you mean " + want + "?"
		}
		if got != want {
			t.Errorf("%q: got %q", word, got)
		}
	}
}
