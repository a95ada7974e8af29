package conformance

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the language reference says was chosen where the design was silent has
// a test, in both languages the same.
func TestChoices(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| .* \| (\w+): “(.*)” \|$`)
	titles := map[string]bool{}
	for _, dir := range topics(t) {
		for _, test := range load(t, dir).Tests {
			titles[dir+": "+test.Title] = true
		}
	}
	var first []string
	for _, file := range []string{"../docs/language.md", "../docs/language.zh-TW.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			name := m[1] + ": " + m[2]
			if !titles[name] {
				t.Errorf("%s: there is no test %s", file, name)
			}
			list = append(list, name)
		}
		if len(list) == 0 {
			t.Errorf("%s says of nothing what was chosen", file)
		}
		if first == nil {
			first = list
		}
		if a, b := strings.Join(first, "\n"), strings.Join(list, "\n"); a != b {
			t.Errorf("%s lists\n%s\nand the other\n%s", file, b, a)
		}
	}
}
