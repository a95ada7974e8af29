package dsl_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
)

const mistakesFile = "testdata/mistakes.txt"

// Mistakes that people make are each told once, with what to type instead; see
// the file.
func TestMistakes(t *testing.T) {
	raw, err := os.ReadFile(mistakesFile)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(raw), "\n### ")
	var out strings.Builder
	out.WriteString(parts[0])
	for _, part := range parts[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		text, want, _ := strings.Cut(rest, "\n=> ")
		text = strings.TrimRight(text, "\n") + "\n"
		sources := map[string]string{"base.journey": parts[0], "it.journey": text}
		if strings.HasPrefix(text, "# alone\n") {
			delete(sources, "base.journey")
		}
		_, diags := dsl.Load(sources)
		var got []string
		for _, d := range diags {
			if d.Severity == diag.Error {
				got = append(got, strings.TrimPrefix(diag.Plain(d), "it.journey:"))
			}
		}
		found := strings.Join(got, "\n=> ")
		if want = strings.TrimRight(want, "\n"); found != want && !*updateMistakes {
			t.Errorf("%s:\n%s\ngot  %s\nwant %s", title, text, found, want)
		}
		out.WriteString("\n### " + title + "\n" + text + "=> " + found + "\n")
	}
	if *updateMistakes {
		if err := os.WriteFile(mistakesFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var updateMistakes = flag.Bool("update-mistakes", false, "write what was found into "+mistakesFile)
