package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/orchestrator"
	"journey/simulator"
)

// Every workspace of this folder and of examples passes its own tests.
func TestWorkspaces(t *testing.T) {
	dirs, err := filepath.Glob("*/workspace.journey")
	if err != nil || len(dirs) < 16 {
		t.Fatalf("%d workspaces, %v", len(dirs), err)
	}
	dirs = append(dirs, filepath.Join("..", "examples", "shop", "workspace.journey"))
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
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
			if len(program.Tests) == 0 {
				t.Fatal("it has no tests")
			}
			plan := orchestrator.NewPlan(program)
			for _, test := range program.Tests {
				trial := simulator.Run(plan, test)
				for _, f := range trial.Failures {
					t.Errorf("%s:%d %q: %s\n%s", f.Span.File.Name, f.Span.Position().Line, test.Title, f.Message,
						strings.Join(trial.Lines()[:min(20, len(trial.Lines()))], "\n"))
				}
			}
		})
	}
}

// The example shop's tests take every branch.
func TestShopIsCovered(t *testing.T) {
	sources, err := dsl.ReadDir(os.DirFS(filepath.Join("..", "examples", "shop")))
	if err != nil {
		t.Fatal(err)
	}
	program, _ := dsl.Load(sources)
	if program == nil {
		t.Fatal("the shop is wrong")
	}
	plan, cover := orchestrator.NewPlan(program), simulator.NewCoverage()
	for _, test := range program.Tests {
		simulator.Run(plan, test, cover)
	}
	for _, b := range cover.Branches(program) {
		if !b.Taken {
			t.Errorf("%s %s %s: %s", b.Journey, b.Step, b.Way, b.Missing)
		}
	}
}
