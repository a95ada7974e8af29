package examples

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/simulator"
)

// workspaces are the folders beside this file.
func workspaces(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/workspace.journey")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workspaces, %v", len(files), err)
	}
	for i := range files {
		files[i] = filepath.Dir(files[i])
	}
	return files
}

// Each workspace is right to the last warning, written in the one style, says
// what it is, and its tests pass and take every branch.
func TestWorkspaces(t *testing.T) {
	for _, dir := range workspaces(t) {
		t.Run(dir, func(t *testing.T) {
			sources, err := dsl.ReadDir(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			program, diags := dsl.Load(sources)
			for _, d := range diags {
				t.Errorf("%s:%d: %s", d.Span.File.Name, d.Span.Position().Line, d.Message)
			}
			if program == nil {
				return
			}
			styled(t, sources)
			if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
				t.Error(err)
			}
			plan, cover := simulator.PlanOf(program), simulator.NewCoverage()
			for _, test := range program.Tests {
				for _, f := range simulator.Run(plan, test, cover).Failures {
					t.Errorf("%s:%d %q: %s", f.Span.File.Name, f.Span.Position().Line, test.Title, f.Message)
				}
			}
			for _, b := range cover.Branches(program) {
				if !b.Taken {
					t.Errorf("no test takes %s %s %s: %s", b.Journey, b.Step, b.Way, b.Missing)
				}
			}
		})
	}
}

func styled(t *testing.T, sources map[string]string) {
	t.Helper()
	for name, text := range sources {
		if !strings.HasSuffix(name, ".journey") {
			continue
		}
		if out, _ := format.Source(&diag.File{Name: name, Text: text}); string(out) != text {
			t.Errorf("%s is not as `journey fmt` writes it", name)
		}
	}
}
