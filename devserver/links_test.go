package devserver

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The packages that link the embedded Temporal server, tests included, are
// those that the Makefile keeps from the race detector, and no others: it
// takes minutes to build.
func TestWhoLinksTheServer(t *testing.T) {
	cmd := exec.Command("go", "list", "-test", "-f", `{{.ImportPath}}{{range .Deps}} {{.}}{{end}}`, "./...")
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	found := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		names := strings.Fields(line) // "journey/x [journey/x.test] dep dep"
		if slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, "go.temporal.io/server/") }) {
			found[strings.TrimSuffix(names[0], ".test")] = true
		}
	}
	links := slices.Sorted(maps.Keys(found))
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`(?m)^SERVER\s*:=\s*(.*)$`).FindSubmatch(makefile)
	if said == nil {
		t.Fatal("the Makefile has no list SERVER")
	}
	if want := slices.Sorted(slices.Values(strings.Fields(string(said[1])))); !slices.Equal(links, want) {
		t.Errorf("these packages link the server: %q; the Makefile says %q", links, want)
	}
}
