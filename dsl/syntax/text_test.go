package syntax

import (
	"strings"
	"testing"
)

func title(t *testing.T, literal string) *String {
	t.Helper()
	f, ds := parse("segment s " + literal + " = true\n")
	for _, d := range ds {
		t.Error(describe(d))
	}
	return f.Decls[0].(*Segment).Title
}

func TestTexts(t *testing.T) {
	for _, c := range []struct{ literal, want string }{
		{`""`, ""},
		{`"a # b"`, "a # b"},
		{`"\"\\\n\t\r\u00e9\u{1f600}"`, "\"\\\n\t\ré😀"},
		{`"""a"""`, "a"},
		{`""""""`, ""},
		{`"""say "hello" """`, `say "hello" `},
		{"\"\"\"\n  a\n    b\n\n  c\n  \"\"\"", "a\n  b\n\nc"},
		{"\"\"\"\n    a\n  \"\"\"", "  a"},
		{"\"\"\"\n  a\n  b\"\"\"", "a\nb"},
		{"\"\"\"\r\n  a\r\n  b\r\n  \"\"\"", "a\nb"},
		{"\"\"\"first\n  a\n  b\n\"\"\"", "first\n  a\n  b"},
		{"\"\"\"\n\ta\n\t b\n\t\"\"\"", "a\n b"},
		{"\"\"\"\n  a \\\"\\\"\\\" \\u0041\n  \"\"\"", `a """ A`},
		{"\"\"\"\n\n  a\n\n  \"\"\"", "\na\n"},
		{"\"\"\"\n\"\"\"", ""},
	} {
		t.Run(c.literal, func(t *testing.T) {
			s := title(t, c.literal)
			if s.Value != c.want {
				t.Errorf("got %q, want %q", s.Value, c.want)
			}
		})
	}
}

// Every part of a text knows where it stands.
func TestTextParts(t *testing.T) {
	for _, literal := range []string{
		`"a {{x}} b"`,
		`"\"金\n {{x}} b"`,
		`"""{{x}}"""`,
		"\"\"\"\n    a\n      {{x}} b\n    c\n    \"\"\"",
		"\"\"\"\r\n    a\\\"\r\n\r\n    \\u{1f600}{{x}} b\r\n    \"\"\"",
	} {
		t.Run(literal, func(t *testing.T) {
			s := title(t, literal)
			i := strings.Index(s.Value, "{{x}}")
			if got := s.Part(i, i+5).Text(); got != "{{x}}" {
				t.Errorf("got %q", got)
			}
			if got := s.Part(len(s.Value), len(s.Value)); got.Start < s.start || got.End > s.end {
				t.Errorf("the end stands at %d to %d", got.Start, got.End)
			}
		})
	}
}
