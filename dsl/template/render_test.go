package template

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"journey/dsl/value"
)

var taipei = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Taipei")
	if err != nil {
		panic(err)
	}
	return zone
}()

// at is an instant for test data.
func instant(s string) value.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return value.TimeOf(t)
}

// shop is the data most tests render with.
func shop() map[string]any {
	return map[string]any{
		"profile": map[string]any{
			"name": "Ann", "chinese": "王小明", "wave": "👋🏽 hi", "evil": `<script>alert("1")</script> & 'co'`,
			"age": 42.0, "spend": 1_200_000.0, "tenth": 0.1, "empty": "", "blank": " \t", "no": false, "yes": true,
			"tags": []any{"vip", "news"}, "none": []any{}, "nums": []any{3.0, 1.0, 2.0},
			"birthday": value.DateOf(1990, 4, 1), "for": 3 * value.Day,
			"lines": "one\r\ntwo\n<b>", "injected": "Ann\r\nBcc: all@example.com", "quoted": "12.5",
			"link": "https://example.com/?a=1&b=2",
		},
		"entry": map[string]any{
			"at": instant("2026-03-02T01:00:00Z"), "later": instant("2026-03-03T01:00:00Z"), "total": 120.0, "text_at": "2026-03-02T09:00:00+08:00",
			"items": []any{
				map[string]any{"name": "茶", "price": 120.0, "sku": "b"},
				map[string]any{"name": "<mug>", "price": 80.5, "sku": "A"},
				map[string]any{"name": "pot", "sku": "c", "sale": true},
			},
			"address": map[string]any{"city": "Taipei", "zip": "100"},
		},
		"segment": map[string]any{"vip": true},
	}
}

func renderShop(t testing.TB, src string, kind Kind) (string, error) {
	t.Helper()
	tmpl, problems := Parse(src, kind)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return tmpl.Render(shop(), Options{Zone: taipei})
}

func TestRender(t *testing.T) {
	for src, want := range map[string]string{
		"":           "",
		"plain text": "plain text",
		"\ufeffHi":   "Hi",
		"你好 {{ profile.chinese }}！{{ profile.wave }}": "你好 王小明！👋🏽 hi",
		"a { b } }} %} {": "a { b } }} %} {",
		"@media{a{b:c}}":  "@media{a{b:c}}",
		// values
		"{{ profile.age }} {{ profile.spend }} {{ profile.tenth }}":                                           "42 1200000 0.1",
		"{{ 1.50 }} {{ -3 }} {{ 'text' }} {{ \"it's\" }}":                                                     "1.5 -3 text it's",
		"{{ profile.yes }} {{ profile.no }} {{ true }}":                                                       "true false true",
		"{{ entry.at }} / {{ profile.birthday }} / {{ profile.for }}":                                         "2026-03-02 09:00 / 1990-04-01 / 3d",
		"{{ profile.tags }}|{{ profile.none }}|{{ (1..3) }}":                                                  "vip, news||1, 2, 3",
		"{{ 'a }} b' }}{{ \"{% if %}\" }}":                                                                    "a }} b{% if %}",
		"{{ profile['name'] }} {{ profile[\"tags\"][1] }} {{ profile.tags[-1] }}":                             "Ann news news",
		"{{ profile.tags.first }} {{ profile.tags.last }} {{ profile.tags.size }} {{ profile.chinese.size }}": "vip news 2 3",
		"{{ entry.items[0].name }} {{ entry.items.last.sku }} {{ entry.address.size }}":                       "茶 c 2",
		"{% assign i = 1 %}{{ entry.items[i].price }}":                                                        "80.5",
		// the missing-value rule
		"{{ profile.nick | default: 'friend' }}":                                                             "friend",
		"{{ profile.nick | upcase | default: 'YOU' }}":                                                       "YOU",
		"{{ profile.nick | default: profile.name }}":                                                         "Ann",
		"{{ profile.nick | default: profile.nack | default: 'x' }}":                                          "x",
		"{{ 'Hi ' | append: profile.nick | default: 'Hi there' }}":                                           "Hi there",
		"{{ profile.empty | default: 'e' }}{{ profile.no | default: 'n' }}{{ profile.none | default: 'l' }}": "enl",
		"{{ profile.empty }}|{{ 0 | default: 5 }}":                                                           "|0",
		"{{ entry.total | divided_by: 0 | default: 'n/a' }}":                                                 "n/a",
		"{% if profile.nick %}x{% else %}none{% endif %}":                                                    "none",
		"{% if profile.nick.deep.er == nil %}none{% endif %}":                                                "none",
		"{% if profile.nick > 3 or profile.nick < 3 or profile.nick contains 'a' %}x{% else %}no{% endif %}": "no",
		"{% for x in profile.nick %}x{% endfor %}{% for x in nothing.at.all %}x{% else %}-{% endfor %}":      "-",
		"{% case profile.nick %}{% when 'a' %}a{% when nil %}nil{% endcase %}":                               "nil",
		"{% assign n = profile.nick %}{% if n %}x{% endif %}":                                                "",
		"{% assign n = profile.nick | default: 'friend' %}{{ n }}":                                           "friend",
		"{% unless profile.nick %}nobody{% endunless %}":                                                     "nobody",
		// conditions
		"{% if profile.age > 40 and profile.age <= 42 %}y{% endif %}":                                                   "y",
		"{% if profile.age == 42 %}y{% endif %}{% if 42 == profile.age %}y{% endif %}":                                  "yy",
		"{% if profile.age != 42 %}n{% elsif profile.name == 'Ann' %}y{% else %}n{% endif %}":                           "y",
		"{% if profile.tags contains 'vip' and profile.nums contains 3 %}y{% endif %}":                                  "y",
		"{% if profile.name contains 'nn' and entry.address contains 'city' %}y{% endif %}":                             "y",
		"{% if true or false and false %}y{% endif %}":                                                                  "y",
		"{% if (true or false) and false %}n{% endif %}":                                                                "",
		"{% if profile.empty == blank and profile.blank == blank and profile.nick == blank %}y{% endif %}":              "y",
		"{% if profile.none == empty and profile.blank != empty and profile.nick != empty %}y{% endif %}":               "y",
		"{% if blank == profile.nick %}y{% endif %}{% if profile.name != blank %}y{% endif %}":                          "yy",
		"{% if profile.name <> 'Bob' %}y{% endif %}":                                                                    "y",
		"{% if entry.at < entry.later and entry.at == entry.text_at %}y{% endif %}":                                     "y",
		"{% if entry.at >= '2026-03-02' and profile.birthday < entry.at %}y{% endif %}":                                 "y",
		"{% if profile.birthday == '1990-04-01' %}y{% endif %}":                                                         "y",
		"{% if profile.empty %}y{% endif %}{% if 0 %}y{% endif %}":                                                      "yy",
		"{% if '5' == 5 %}y{% else %}n{% endif %}":                                                                      "n",
		"{% assign a = profile.tags | size %}{% if a == 2 %}y{% endif %}{% if (profile.tags | size) > 1 %}y{% endif %}": "yy",
		"{% unless segment.vip %}n{% else %}y{% endunless %}":                                                           "y",
		"{% unless profile.no %}y{% endunless %}{% unless true %}n{% elsif true %}z{% endunless %}":                     "yz",
		"{% case profile.age %}{% when 1, 42 %}y{% else %}n{% endcase %}":                                               "y",
		"{% case profile.name %} dropped {% when 'Bob' or 'Ann' %}y{% when 'Ann' %}n{% endcase %}":                      "y",
		// loops
		"{% for i in entry.items %}{{ forloop.index }}/{{ forloop.length }} {{ i.name }};{% endfor %}":                                                         "1/3 茶;2/3 <mug>;3/3 pot;",
		"{% for i in (1..5) reversed limit: 2 offset: 1 %}{{ i }}{% endfor %}":                                                                                 "32",
		"{% for i in (1..5), limit: 2, offset: 9 %}{{ i }}{% else %}-{% endfor %}":                                                                             "-",
		"{% for i in (3..profile.age) limit: 1 %}{{ i }}{% endfor %}{% for i in (5..1) %}x{% endfor %}":                                                        "3",
		"{% for i in (1..9) %}{% if i == 3 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}.":                               "124.",
		"{% for i in (1..2) %}{% for j in (1..2) %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }}{{ forloop.parentloop.index }} {% endfor %}{% endfor %}": "111 212 ",
		"{% for p in entry.address %}{{ p[0] }}={{ p.last }};{% endfor %}":                                                                                     "city=Taipei;zip=100;",
		"{% for i in profile.name %}{{ i }}{% endfor %}":                                                                                                       "Ann",
		"{% for i in profile.nums %}{% unless forloop.first %},{% endunless %}{{ i }}{{ forloop.rindex0 }}{% endfor %}":                                        "32,11,20",
		"{% for profile in (1..1) %}{{ profile }}{% endfor %}{{ profile.name }}":                                                                               "1Ann",
		"{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}{% cycle 'g': 1, 2 %}{% cycle 'g': 3, 4 %}":                                                      "aba14",
		"{% increment n %}{% increment n %}{% decrement m %}{% decrement m %}":                                                                                 "01-1-2",
		"{% for i in entry.items | sort: 'sku' %}{{ i.sku }}{% endfor %}":                                                                                      "Abc",
		// assignments
		"{% assign a = 'x' %}{% assign b = a | append: 'y' %}{{ b }}":                            "xy",
		"{% capture a %}[{{ profile.name }}]{% endcapture %}{{ a }}{{ a.size }}{{ a | upcase }}": "[Ann]5[ANN]",
		"{% assign x = (1..3) %}{{ x.size }}{{ x.first }}{{ x[2] }}":                             "313",
		// text control, raw and comments
		" {{- profile.name -}} !":                                        "Ann!",
		"a \n{%- if true -%}\n b \n{%- endif -%}\n c":                    "abc",
		"a {%- comment -%} x {{ {% if %} {%- endcomment -%} b":           "ab",
		"{% raw %}{{ x }} {% if %}{{{% endraw %} {{ profile.name }}":     "{{ x }} {% if %}{{ Ann",
		"a {%- raw -%} {{ x }} {%- endraw -%} b":                         "a{{ x }}b",
		"{% # it's a note %}x{%- # another -%} y":                        "xy",
		"{{ profile.blank }}|{{- profile.blank -}}|":                     " \t| \t|",
		"{{profile.name}}{%if true%}y{%endif%}{%-if true-%}z{%-endif-%}": "Annyz",
		"{{\nprofile.name\n|\nupcase\n}}":                                "ANN",
	} {
		t.Run(src, func(t *testing.T) {
			got, err := renderShop(t, src, Text)
			if err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	for src, want := range map[string]string{
		"profile.name | append: '!' | prepend: '¡'":                                    "¡Ann!",
		"profile.age | append: '' | append: 1.0":                                       "421",
		"profile.spend | append: ' NT'":                                                "1200000 NT",
		"entry.at | append: ''":                                                        "2026-03-02 09:00",
		"'élan vital' | capitalize":                                                    "Élan vital",
		"'王 x' | capitalize | upcase | downcase":                                       "王 x",
		"' a ' | strip | append: '.'":                                                  "a.",
		"' a ' | lstrip | append: '.'":                                                 "a .",
		"' a ' | rstrip | append: '.'":                                                 " a.",
		"'a<b>c</b><!-- x>y --><style>p{}</style><SCRIPT>1>2</Script>d<' | strip_html": "acd<",
		"'<script>no end' | strip_html":                                                "no end",
		"profile.lines | strip_newlines":                                               "onetwo<b>",
		"profile.lines | newline_to_br":                                                "one<br />\ntwo<br />\n<b>",
		"profile.evil | escape":                                                        "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;co&#39;",
		"'1 < 2 &amp; 3' | escape_once":                                                "1 &lt; 2 &amp; 3",
		"'a b&王' | url_encode":                                                         "a+b%26%E7%8E%8B",
		"'a+b%26' | url_decode":                                                        "a b&",
		"'aXbXc' | replace: 'X', '--'":                                                 "a--b--c",
		"'aXbXc' | replace_first: 'X', '--'":                                           "a--bXc",
		"'aXbXc' | remove: 'X'":                                                        "abc",
		"'aXbXc' | remove_first: 'X'":                                                  "abXc",
		"'王小明你好嗎' | truncate: 5":                                                       "王小...",
		"'王小明' | truncate: 3":                                                          "王小明",
		"'王小明你' | truncate: 3, ''":                                                     "王小明",
		"'abcdef' | truncate: 1":                                                       "...",
		"'one two  three' | truncatewords: 2":                                          "one two...",
		"'one two' | truncatewords: 2, '…'":                                            "one two",
		"'one two three' | truncatewords: 1, '…'":                                      "one…",
		"'a,b,,' | split: ',' | join: '/'":                                             "a/b",
		"' a  b ' | split: ' ' | join: '/'":                                            "a/b",
		"'王小' | split: '' | join: '/'":                                                 "王/小",
		"'hello' | slice: 1":                                                           "e",
		"'王小明' | slice: -2, 2":                                                         "小明",
		"'hello' | slice: 3, 99":                                                       "lo",
		"profile.nums | slice: 1, 2 | join: ' '":                                       "1 2",
		"(1..9) | slice: -3, 2":                                                        "7, 8",
		"profile.wave | size":                                                          "5",
		"profile.tags | size":                                                          "2",
		"profile.tags | join":                                                          "vip news",
		"profile.tags | first":                                                         "vip",
		"profile.tags | last":                                                          "news",
		"profile.nums | sort | join: ' '":                                              "1 2 3",
		"profile.nums | sort | reverse | join: ' '":                                    "3 2 1",
		"entry.items | sort: 'price' | map: 'sku'":                                     "A, b, c",
		"entry.items | sort_natural: 'sku' | map: 'sku'":                               "A, b, c",
		"'b,A,c' | split: ',' | sort_natural":                                          "A, b, c",
		"'b,A,c,b' | split: ',' | uniq | sort":                                         "A, b, c",
		"entry.items | where: 'sku', 'A' | map: 'name'":                                "<mug>",
		"entry.items | where: 'sale' | size":                                           "1",
		"entry.items | map: 'price' | compact | size":                                  "2",
		"entry.items | map: 'price'":                                                   "120, 80.5",
		"entry.items | sum: 'price'":                                                   "200.5",
		"profile.nums | sum":                                                           "6",
		"profile.nums | concat: profile.tags | join":                                   "3 1 2 vip news",
		"entry.items | uniq: 'sale' | size":                                            "2",
		"1 | plus: 2 | times: 3 | minus: 4":                                            "5",
		"'12.5' | plus: profile.quoted":                                                "25",
		"7 | divided_by: 2":                                                            "3.5",
		"7 | divided_by: 2 | floor":                                                    "3",
		"-7 | modulo: 3":                                                               "2",
		"7.5 | modulo: 2":                                                              "1.5",
		"-1.5 | abs | ceil":                                                            "2",
		"2.5 | round":                                                                  "3",
		"-2.5 | round":                                                                 "-3",
		"3.14159 | round: 2":                                                           "3.14",
		"1234.5 | round: -2":                                                           "1200",
		"-0.4 | round":                                                                 "0",
		"5 | at_least: 7":                                                              "7",
		"5 | at_most: 3":                                                               "3",
		"profile.spend | times: 1000000000000":                                         "1200000000000000000",
		"entry.at | date: '%Y/%m/%d %H:%M %z'":                                         "2026/03/02 09:00 +0800",
		"entry.at | date: '%-m月%-d日 %A'":                                               "3月2日 Monday",
		"profile.birthday | date: '%d %b %Y'":                                          "01 Apr 1990",
		"entry.text_at | date: '%H:%M'":                                                "09:00",
		"'2026-03-02 10:00' | date: '%H:%M %%'":                                        "10:00 %",
		"1772413200 | date: '%F %R'":                                                   "2026-03-02 09:00",
		"1772413200000 | date: '%F %R'":                                                "2026-03-02 09:00",
		"entry.items.first | json":                                                     `{"name":"茶","price":120,"sku":"b"}`,
		"entry.at | json":                                                              `"2026-03-02T01:00:00Z"`,
		"profile.none | json":                                                          "[]",
		"profile.no | default: 'x' | upcase":                                           "X",
	} {
		t.Run(src, func(t *testing.T) {
			got, err := renderShop(t, "{{ "+src+" }}", Text)
			if err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
	for name := range filterDefs {
		t.Run(name+" of a missing value", func(t *testing.T) {
			args := []string{"", ": 1", ": 'a', 'b'"}[filterDefs[name].min]
			if name == "date" {
				args = ": '%Y'"
			}
			_, err := renderShop(t, "{{ profile.nick | "+name+args+" }}", Text)
			var missing *MissingError
			if want := name != "default"; errors.As(err, &missing) != want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		kind      Kind
		src, want string
	}{
		{Text, "<b>{{ profile.evil }}</b>", `<b><script>alert("1")</script> & 'co'</b>`},
		{HTML, "<b>{{ profile.evil }}</b>", "<b>&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;co&#39;</b>"},
		{HTML, "{{ '<br>' }}{{ profile.tags | join: '<br>' }}", "&lt;br&gt;vip&lt;br&gt;news"},
		{HTML, "{{ profile.evil | escape }}", "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;co&#39;"},
		{HTML, "{{ '&lt;' | escape_once }}{{ '&lt;' }}", "&lt;&amp;lt;"},
		{HTML, "{{ profile.lines | newline_to_br }}", "one<br />\ntwo<br />\n&lt;b&gt;"},
		{HTML, "{% capture a %}<i>{{ profile.evil | slice: 0, 8 }}</i>{% endcapture %}{{ a }}", "<i>&lt;script&gt;</i>"},
		{HTML, "{% capture a %}{{ '<' }}{% endcapture %}{{ a | append: '>' }}{{ a.size }}{% if a == '<' %}y{% endif %}", "&lt;&gt;1y"},
		{HTML, "{% capture a %}<i>{% endcapture %}{{ a | upcase }}{{ a | default: 'x' }}", "&lt;I&gt;<i>"},
		{HTML, "{% cycle profile.evil, 'x' %}", "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &#39;co&#39;"},
		{HTML, `<a href="{{ profile.link }}">`, `<a href="https://example.com/?a=1&amp;b=2">`},
		{HTML, "{{ entry.items | map: 'name' }} {{ entry.items | json }}",
			`茶, &lt;mug&gt;, pot [{&#34;name&#34;:&#34;茶&#34;,&#34;price&#34;:120,&#34;sku&#34;:&#34;b&#34;},{&#34;name&#34;:&#34;&lt;mug&gt;&#34;,&#34;price&#34;:80.5,&#34;sku&#34;:&#34;A&#34;},{&#34;name&#34;:&#34;pot&#34;,&#34;sale&#34;:true,&#34;sku&#34;:&#34;c&#34;}]`},
		{Header, "Hi {{ profile.injected }}!", "Hi Ann Bcc: all@example.com!"},
		{Header, "\n a  b \t\u2028 c{{ '\x00' }}\x7f\u0085\n", "a  b c"},
		{Header, "{{ profile.evil }}", `<script>alert("1")</script> & 'co'`},
		{URL, "https://x.example/{{ profile.chinese }}?q={{ profile.evil | slice: 0, 9 }}&z={{ profile.link | url_encode }}",
			"https://x.example/%E7%8E%8B%E5%B0%8F%E6%98%8E?q=%3Cscript%3Ea&z=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b%3D2"},
		{URL, "{% capture a %}a={{ '/' }}{% endcapture %}{{ a }}{{ a | upcase }}", "a=%2FA%3D%2F"},
	} {
		t.Run(c.src, func(t *testing.T) {
			got, err := renderShop(t, c.src, c.kind)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	for src, want := range map[string]string{
		"Hi {{ profile.nick }}!":                                               "profile.nick@profile.nick",
		"{{ profile.nick | upcase }}":                                          "profile.nick@profile.nick",
		"{{ nobody }}":                                                         "nobody@nobody",
		"{{ profile.nick.first.size }}":                                        "profile.nick.first.size@profile.nick.first.size",
		"{{ profile.name.first }}":                                             "profile.name.first@profile.name.first",
		"{{ profile.tags[7] }}":                                                "profile.tags[]@profile.tags[7]",
		"{{ profile.none.first }}":                                             "profile.none.first@profile.none.first",
		"{{ 'Hi ' | append: profile.nick }}":                                   "profile.nick@profile.nick",
		"{{ profile.nick | default: profile.nack }}":                           "profile.nick@profile.nick",
		"{{ profile.name | append: profile.nick | size }}":                     "profile.nick@profile.nick",
		"{% assign n = profile.nick %}{{ n }}":                                 "profile.nick@n",
		"{% for i in entry.items %}{{ i.price }}{% endfor %}":                  "entry.items[].price@i.price",
		"{{ entry.total | divided_by: 0 }}":                                    "entry.total@{{ entry.total | divided_by: 0 }}",
		"{{ nil }}":                                                            "what is written here@{{ nil }}",
		"{% capture a %}{{ profile.nick }}{% endcapture %}":                    "profile.nick@profile.nick",
		"{% cycle profile.nick, 'a' %}":                                        "profile.nick@profile.nick",
		"{% if true %}{{ profile.nick }}{% endif %}":                           "profile.nick@profile.nick",
		"\ufeff你好 {{ profile.nick }}":                                          "profile.nick@profile.nick",
		"{{ forloop.index }}":                                                  "forloop.index@forloop.index",
		"{{ profile.nick | default: nil }}":                                    "profile.nick@profile.nick",
		"{{ profile.nick | json }}":                                            "profile.nick@profile.nick",
		"{% for i in (1..2) %}{{ i }}{% endfor %}{{ i }}":                      "i@i",
		"{{ profile.name | replace: 'A', profile.nick }}":                      "profile.nick@profile.nick",
		"{{ entry.items | where: 'sku', 'zzz' | first }}":                      "entry.items@{{ entry.items | where: 'sku', 'zzz' | first }}",
		"{% assign f = entry.items | where: 'sku', 'q' | first %}{{ f.name }}": "entry.items[].name@f.name",
	} {
		for _, kind := range []Kind{Text, HTML, Header, URL} {
			t.Run(src, func(t *testing.T) {
				text, err := renderShop(t, src, kind)
				var missing *MissingError
				if !errors.As(err, &missing) || text != "" {
					t.Fatalf("got %q, %v", text, err)
				}
				if got := missing.Name + "@" + src[missing.Start:missing.End]; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
}

// Errors name the place and never a value.
func TestRenderErrors(t *testing.T) {
	for src, want := range map[string]string{
		"{{ entry.address }}":                              "{{ entry.address }}: entry.address is an object: write one of its fields, or send it through json",
		"{{ entry.items }}":                                "{{ entry.items }}: entry.items is an object: write one of its fields, or send it through json",
		"{% for i in (1..2) %}{{ forloop }}{% endfor %}":   "{{ forloop }}: forloop is an object: write one of its fields, or send it through json",
		"{{ entry.items | join: ', ' }}":                   "join: join: an element is an object: write one of its fields, or send it through json",
		"{{ entry.address | upcase }}":                     "upcase: upcase: the value is an object: write one of its fields, or send it through json",
		"{{ profile.name | plus: 1 }}":                     "plus: plus: the value is not a number",
		"{{ 1 | plus: profile.name }}":                     "plus: plus: its argument is not a number",
		"{{ profile.name | date: '%Y' }}":                  "date: date: the value is not a time",
		"{% assign n = 'now' %}{{ n | date: '%Y' }}":       "date: date: the value is not a time",
		"{% assign f = '%Q%q' %}{{ entry.at | date: f }}":  `date: date: "%q" is no directive of a date's format; a literal % is written %%`,
		"{% assign f = '%999Y' %}{{ entry.at | date: f }}": "date: date: a width in the format is too large",
		"{{ profile.name | sort }}":                        "sort: sort: the value is not a list",
		"{{ profile.tags | concat: 'x' }}":                 "concat: concat: its argument is not a list",
		"{{ profile.tags | sum }}":                         "sum: sum: an element is not a number",
		"{{ '%zz' | url_decode }}":                         "url_decode: url_decode: the value is not encoded for a URL",
		"{% for i in (1..profile.name) %}{% endfor %}":     "(1..profile.name): range: its end is not a number",
		"{% for i in (1..3) limit: 'x' %}{% endfor %}":     ": a loop's limit or offset is not a number",
	} {
		t.Run(src, func(t *testing.T) {
			text, err := renderShop(t, src, HTML)
			var e *Error
			if !errors.As(err, &e) || text != "" {
				t.Fatalf("got %q, %v", text, err)
			}
			if got := src[e.Start:e.End] + ": " + e.Message; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestRenderWithProblems(t *testing.T) {
	tmpl, problems := Parse("{{ profile.name | nope }}", Text)
	if len(problems) != 1 || len(tmpl.Names()) != 1 {
		t.Fatalf("got %v, %v", problems, tmpl.Names())
	}
	if _, err := tmpl.Render(shop(), Options{}); err == nil {
		t.Error("rendered")
	}
}

func TestDataIsNotChanged(t *testing.T) {
	data := shop()
	tmpl, problems := Parse("{% assign profile = 1 %}{% for entry in entry.items %}{% endfor %}{% assign l = entry.items | sort: 'sku' | reverse %}{{ l | size }}{{ profile }}", Text)
	if problems != nil {
		t.Fatal(problems)
	}
	if got, err := tmpl.Render(data, Options{}); got != "31" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if !reflect.DeepEqual(data, shop()) {
		t.Error("the data changed")
	}
}

func TestZone(t *testing.T) {
	tmpl, _ := Parse("{{ entry.at }} {{ entry.at | date: '%H' }} {{ profile.birthday | date: '%F' }}", Text)
	for zone, want := range map[string]string{"": "2026-03-02 01:00 01 1990-04-01", "America/New_York": "2026-03-01 20:00 20 1990-04-01"} {
		var loc *time.Location
		if zone != "" {
			loc, _ = time.LoadLocation(zone)
		}
		if got, err := tmpl.Render(shop(), Options{Zone: loc}); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", zone, got, err, want)
		}
	}
}

func TestConcurrentRenders(t *testing.T) {
	tmpl, _ := Parse("{% for i in entry.items %}{% increment n %}{% assign x = i.name %}{% cycle 'a','b' %}{{ x | escape }}{% endfor %}", HTML)
	want, err := tmpl.Render(shop(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, done := shop(), make(chan string)
	for range 8 {
		go func() {
			got := ""
			for range 100 {
				if got, _ = tmpl.Render(data, Options{}); got != want {
					break
				}
			}
			done <- got
		}()
	}
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func BenchmarkTwoVariables(b *testing.B) {
	tmpl, _ := Parse("{{ profile.name | default: 'Hi' }}, your cart {{ entry.cart_id }} is waiting", Text)
	data := map[string]any{"profile": map[string]any{"name": "Ann"}, "entry": map[string]any{"cart_id": "c-1"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tmpl.Render(data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src := "{{ profile.name | default: 'Hi' }}, your cart {{ entry.cart_id }} is waiting" + strings.Repeat("{% if profile.name %}x{% endif %}", 10)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := Parse(src, Text); problems != nil {
			b.Fatal(problems)
		}
	}
}
