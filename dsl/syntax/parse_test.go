package syntax

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"journey/dsl/diag"
)

func parse(text string) (*File, []diag.Diagnostic) {
	return Parse(&diag.File{Name: "a.journey", Text: text})
}

// describe is a diagnostic as the tests' regular expressions see it: the
// words it stands under, its code, its message, the suggestion.
func describe(d diag.Diagnostic) string {
	s := d.Span.File.Text[d.Span.Start:d.Span.End] + ": " + string(d.Code) + ": " + d.Message
	if d.Suggest != "" {
		s += " → " + d.Suggest
	}
	return s
}

var errorMark = regexp.MustCompile(`# ERROR (".*")$`)

// Every file of testdata marks its errors: `# ERROR "regexp"` at the end of a
// line demands just one diagnostic in that line, a line without it none.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.journey")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			checkMarks(t, string(text))
		})
	}
}

func checkMarks(t *testing.T, text string) {
	t.Helper()
	_, ds := parse(text)
	found := map[int][]string{}
	for _, d := range ds {
		line := 1 + strings.Count(text[:d.Span.Start], "\n")
		found[line] = append(found[line], describe(d))
	}
	for i, line := range strings.Split(text, "\n") {
		got := found[i+1]
		mark := errorMark.FindStringSubmatch(line)
		switch {
		case mark == nil && len(got) == 0:
		case mark == nil:
			t.Errorf("line %d: %s\n\tunexpected %s", i+1, line, strings.Join(got, "\n\tand "))
		default:
			want, err := strconv.Unquote(mark[1])
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			if len(got) != 1 || !regexp.MustCompile(want).MatchString(got[0]) {
				t.Errorf("line %d: %s\n\tgot %q", i+1, line, got)
			}
		}
	}
}
