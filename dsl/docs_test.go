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
	for _, file := range []string{"../docs/language.md", "../docs/language.zh-TW.md", "../README.md"} {
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

// The reference in 繁體中文 shows the same programs as the English one, and
// has the same parts.
func TestReferencesAgree(t *testing.T) {
	comment := regexp.MustCompile(`(?m)\s*#\s[^"\n]*$`)
	parts := regexp.MustCompile(`(?m)^#+ `)
	read := func(file string) (programs []string, headings int) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
			if m[1] == "journey" {
				programs = append(programs, comment.ReplaceAllString(m[2], ""))
			}
		}
		return programs, len(parts.FindAllString(fence.ReplaceAllString(string(text), ""), -1))
	}
	en, parts1 := read("../docs/language.md")
	zh, parts2 := read("../docs/language.zh-TW.md")
	if len(en) != len(zh) || parts1 != parts2 {
		t.Errorf("%d programs in %d parts in English, %d in %d in 繁體中文", len(en), parts1, len(zh), parts2)
	}
	for i := range min(len(en), len(zh)) {
		if en[i] != zh[i] {
			t.Errorf("program %d differs:\n%s\nand\n%s", i+1, en[i], zh[i])
		}
	}
}
