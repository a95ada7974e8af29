package diag

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// mark makes a file of a text in which ⟦ and ⟧ enclose a span.
func mark(name, text string) Span {
	start := strings.Index(text, "⟦")
	text = strings.Replace(text, "⟦", "", 1)
	end := strings.Index(text, "⟧")
	return Span{&File{name, strings.Replace(text, "⟧", "", 1)}, start, end}
}

func TestText(t *testing.T) {
	declared := mark("traits.journey", "# traits\n\ttrait ⟦tier⟧: text one of \"金\"\n")
	long := strings.Repeat("金", 200)
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"whole", Diagnostic{Code: "unknown-trait", Message: `there is no trait "teir"`, Suggest: "tier",
			Span:    mark("journeys/vip.journey", "journey vip {\n  only while profile.⟦teir⟧ == \"金\"\n}\n"),
			Related: []Related{{declared, "declared here"}}}, `
error[J102 unknown-trait]: there is no trait "teir"
  journeys/vip.journey:2:22 in journey vip
   2 │   only while profile.teir == "金"
     │                      ^^^^ did you mean tier?
   declared here: traits.journey:2:8   trait tier: text one of "金"
`},
		{"a declaration that is closed", Diagnostic{Code: "x", Message: "m",
			Span: mark("a", "journey a {\n}\n⟦b⟧\n")}, `
error[x]: m
  a:3:1
   3 │ b
     │ ^
`},
		{"a test with a title, a comment behind the brace", Diagnostic{Code: "x", Message: "m",
			Span: mark("a", "test \"a # b\" for j { # why\n\n  ⟦b⟧\n}\n")}, `
error[x]: m
  a:3:3 in test "a # b"
   3 │   b
     │   ^
`},
		{"the first line of a declaration", Diagnostic{Code: "x", Message: "m",
			Span: mark("a", "journey ⟦a⟧ {\n}\n")}, `
error[x]: m
  a:1:9
   1 │ journey a {
     │         ^
`},
		{"wide characters before and in the mark", Diagnostic{Severity: Warning, Code: "x", Message: "m",
			Span: mark("a", "segment 高價值 = ⟦金額⟧ > 3\n")}, `
warning[x]: m
  a:1:15
   1 │ segment 高價值 = 金額 > 3
     │                  ^^^^
`},
		{"combining mark, emoji, family", Diagnostic{Code: "x", Message: "m",
			Span: mark("a", "e\u0301 😀 👨‍👩‍👧 ⟦here⟧")}, `
error[x]: m
  a:1:12
   1 │ ` + "e\u0301 😀 👨‍👩‍👧" + ` here
     │         ^^^^
`},
		{"tabs and CRLF", Diagnostic{Code: "x", Message: "m",
			Span: mark("a", "a\r\n\tb\t⟦c⟧\r\n")}, `
error[x]: m
  a:2:4
   2 │     b    c
     │          ^
`},
		{"byte order mark", Diagnostic{Code: "x", Message: "m",
			Span: mark("a", "\ufeff⟦a⟧")}, `
error[x]: m
  a:1:1
   1 │ a
     │ ^
`},
		{"end of the file", Diagnostic{Code: "x", Message: "m", Span: mark("a", "abc\n⟦⟧")}, `
error[x]: m
  a:2:1
   2 │
     │ ^
`},
		{"several lines", Diagnostic{Code: "x", Message: "m", Span: mark("a", "a ⟦b c\nd⟧ e")}, `
error[x]: m
  a:1:3
   1 │ a b c
     │   ^^^
`},
		{"what steers the terminal", Diagnostic{Code: "x", Message: "m \x1b[2J",
			Span: mark("a", "\x1b[31m \u202e ⟦a⟧")}, `
error[x]: m �[2J
  a:1:9
   1 │ �[31m � a
     │         ^
`},
		{"long line", Diagnostic{Code: "x", Message: "m", Span: mark("a", long+"⟦here⟧"+long)}, `
error[x]: m
  a:1:201
   1 │ … ` + strings.Repeat("金", 26) + "here" + strings.Repeat("金", 52) + ` …
     │   ` + strings.Repeat("  ", 26) + `^^^^
`},
		{"nowhere", Diagnostic{Code: "x", Message: "m", Suggest: "n", Related: []Related{{Message: "because"}}}, `
error[x]: m
  did you mean n?
   because
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := Text(&b, []Diagnostic{c.d}, false); err != nil {
				t.Fatal(err)
			}
			if got := "\n" + b.String(); got != c.want {
				t.Errorf("got%s\nwant%s", got, c.want)
			}
		})
	}
}

func TestColor(t *testing.T) {
	d := Diagnostic{Code: "x", Message: "m", Span: mark("a", "a ⟦b⟧")}
	var plain, colored strings.Builder
	if Text(&plain, []Diagnostic{d, d}, false) != nil || Text(&colored, []Diagnostic{d, d}, true) != nil {
		t.Fatal("not written")
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("escape codes without colour")
	}
	bare := strings.NewReplacer(red, "", yellow, "", blue, "", bold, "", reset, "").Replace(colored.String())
	if bare != plain.String() || bare == colored.String() {
		t.Errorf("got %q", colored.String())
	}
}

func TestPlain(t *testing.T) {
	d := Diagnostic{Severity: Warning, Message: "m", Suggest: "x", Span: mark("a.journey", "金\n金金⟦b⟧")}
	if got, want := Plain(d), "a.journey:2:3: warning: m (did you mean x?)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	span := mark("a.journey", "金 ⟦<b\nc⟧")
	var b strings.Builder
	err := JSON(&b, []Diagnostic{
		{Code: "x", Message: "m & n", Span: span, Suggest: "y", Related: []Related{{span, "r"}, {Message: "s"}}},
		{Severity: Warning, Code: "unsent-message", Message: "n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"severity":"error","code":"x","message":"m & n","suggest":"y","file":"a.journey","line":1,"column":3,"end_line":2,"end_column":2,` +
		`"related":[{"message":"r","file":"a.journey","line":1,"column":3,"end_line":2,"end_column":2},{"message":"s"}],` +
		`"rendered":"error[x]: m & n\n  a.journey:1:3\n   1 │ 金 <b\n     │    ^^ did you mean y?\n   r: a.journey:1:3   金 <b\n   s\n"}` + "\n" +
		`{"severity":"warning","code":"unsent-message","number":"J310","message":"n","rendered":"warning[J310 unsent-message]: n\n"}` + "\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestSort(t *testing.T) {
	a, b := &File{"a", "xxxx"}, &File{"b", "xxxx"}
	at := func(f *File, i int, code Code) Diagnostic { return Diagnostic{Code: code, Span: Span{f, i, i + 1}} }
	got := Sort([]Diagnostic{at(b, 0, "1"), at(a, 2, "2"), at(a, 1, "4"), at(a, 2, "2"), at(a, 1, "3"), {Code: "0"}})
	var codes string
	for _, d := range got {
		codes += string(d.Code)
	}
	if codes != "03421" {
		t.Errorf("got %s", codes)
	}
}

// An editor's position leads back to the offset it came from, and a Mapper
// counts as a Span does.
func TestMapper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("a金😀\n\té"))).Draw(t, "text")
		m := NewMapper(&File{"a", text})
		for offset := range text {
			line, column := m.UTF16(offset)
			if got := m.Offset(line, column); got != offset {
				t.Fatalf("offset %d is %d:%d is %d in %q", offset, line, column, got, text)
			}
			s := Span{m.file, offset, offset}
			if got, want := m.Position(offset), s.Position(); got != want {
				t.Fatalf("offset %d is at %v, to its span at %v", offset, got, want)
			}
		}
	})
}

func TestCells(t *testing.T) {
	for text, want := range map[string]int{"abc": 3, "金": 2, "e\u0301": 1, "😀": 2, "\t": 4, "": 0, "\u200b": 0, "ｱ": 1} {
		m := NewMapper(&File{"a", "x\n" + text})
		if line, got := m.Cells(len(text) + 2); got != want || line != 1 {
			t.Errorf("%q has %d cells, want %d", text, got, want)
		}
	}
}

// The column in a long line is the same that counting gives, and quick.
func TestLongLines(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("金e\u0301😀 x", 10_000),
		"\ufeff" + strings.Repeat("é", 20_000) + "\nx " + strings.Repeat("a金", 30_000) + "\nend",
	} {
		f := &File{Name: "a", Text: text}
		m := NewMapper(f)
		for at := 0; at < len(text); at += 777 {
			for text[at]&0xc0 == 0x80 {
				at++
			}
			if got, want := m.Position(at), (Span{File: f, Start: at}).Position(); got != want {
				t.Fatalf("%d: %v, want %v", at, got, want)
			}
		}
	}
}
