package conformance

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/simulator"
)

// enough is how many tests there are at least.
const enough = 300

// topics are the workspaces of this folder, in order.
func topics(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/workspace.journey")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d workspaces, %v", len(files), err)
	}
	var dirs []string
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	return dirs
}

// load is the program of a workspace, which is to have no error.
func load(t *testing.T, dir string) *dsl.Program {
	t.Helper()
	sources, err := dsl.ReadDir(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		var b strings.Builder
		_ = diag.Text(&b, diags, false)
		t.Fatal(b.String())
	}
	return program
}

// Every workspace of this folder passes its own tests.
func TestWorkspaces(t *testing.T) {
	total := 0
	for _, dir := range topics(t) {
		t.Run(dir, func(t *testing.T) {
			program := load(t, dir)
			if len(program.Tests) == 0 {
				t.Fatal("it has no tests")
			}
			total += len(program.Tests)
			t.Logf("%d tests", len(program.Tests))
			plan := simulator.PlanOf(program)
			for _, test := range program.Tests {
				trial := simulator.Run(plan, test)
				for _, f := range trial.Failures {
					t.Errorf("%s:%d %q: %s\n%s", f.Span.File.Name, f.Span.Position().Line, test.Title, f.Message,
						strings.Join(trial.Lines()[:min(20, len(trial.Lines()))], "\n"))
				}
			}
		})
	}
	t.Logf("%d tests in all", total)
	if total < enough {
		t.Errorf("%d tests, want %d at least", total, enough)
	}
}

// Every file is as `journey fmt` writes it.
func TestStyle(t *testing.T) {
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".journey" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if out, _ := format.Source(&diag.File{Name: name, Text: string(text)}); string(out) != string(text) {
			t.Errorf("%s is not as `journey fmt` writes it", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
