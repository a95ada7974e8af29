package examples

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/graph"
	"journey/simulator"
)

var update = flag.Bool("update", false, "draw the journeys anew")

// workspaces are the folders beside this file.
func workspaces(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/*.journey")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, file := range files {
		dirs = append(dirs, filepath.Dir(file))
	}
	if dirs = slices.Compact(dirs); len(dirs) < 8 {
		t.Fatalf("only %v", dirs)
	}
	return dirs
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
			drawn(t, dir, program)
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

// drawn: the picture in the README shows the journeys as they are.
func drawn(t *testing.T, dir string, p *dsl.Program) {
	t.Helper()
	var graphs []*graph.Graph
	for _, j := range p.Journeys {
		graphs = append(graphs, graph.Of(j))
	}
	var now bytes.Buffer
	if err := graph.SVG(&now, graphs, nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "graph.svg")
	if *update {
		if err := os.WriteFile(file, now.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(file); err != nil || !bytes.Equal(was, now.Bytes()) {
		t.Errorf("%s is not what `journey graph %s -o %s` draws (%v): run the test with -update", file, dir, file, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "README.md")); err != nil || !bytes.Contains(text, []byte("(graph.svg)")) {
		t.Errorf("the README does not show graph.svg: %v", err)
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
