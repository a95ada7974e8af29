package dsl_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
)

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```")

// Every block of the language reference is a workspace without a mistake, and
// so is the journey of the README.
func TestDocumentedBlocks(t *testing.T) {
	n := 0
	for _, file := range []string{"../docs/language.md", "../README.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
			if m[1] != "journey" && !(m[1] == "" && strings.Contains(m[2], "journey hello")) {
				continue
			}
			n++
			program, diags := dsl.Load(map[string]string{"doc.journey": m[2]})
			if program == nil {
				var b strings.Builder
				diag.Text(&b, diags, false)
				t.Errorf("%s:\n%s", file, b.String())
			}
		}
	}
	if n < 6 {
		t.Errorf("only %d blocks found", n)
	}
}
