package graph

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"journey/dsl"
	"journey/dsl/diag"
)

var update = flag.Bool("update", false, "rewrite the expected drawings")

func load(t testing.TB, sources map[string]string) *dsl.Program {
	t.Helper()
	program, diags := dsl.Load(sources)
	if program == nil {
		for _, d := range diags {
			t.Error(diag.Plain(d))
		}
		t.FailNow()
	}
	return program
}

// TestGolden draws each case of testdata in every format.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	var counts Counts
	for _, f := range ar.Files {
		switch {
		case strings.HasSuffix(f.Name, dsl.Extension):
			sources[f.Name] = string(f.Data)
		case f.Name == "counts.json":
			if counts, err = ReadCounts(bytes.NewReader(f.Data)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var graphs []*Graph
	for _, j := range load(t, sources).Journeys {
		graphs = append(graphs, Of(j))
	}
	draw := map[string]func(io.Writer, []*Graph, Counts) error{"want.mmd": Mermaid, "want.dot": DOT, "want.svg": SVG}
	for i, f := range ar.Files {
		if draw[f.Name] == nil {
			continue
		}
		var b bytes.Buffer
		if err := draw[f.Name](&b, graphs, counts); err != nil {
			t.Fatal(err)
		}
		if *update {
			ar.Files[i].Data = b.Bytes()
		} else if d := cmp.Diff(strings.Split(string(f.Data), "\n"), strings.Split(b.String(), "\n")); d != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, d)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(ar), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// workspaces are those of the examples and of the conformance suite.
func workspaces(t *testing.T) map[string]*dsl.Program {
	t.Helper()
	all := map[string]*dsl.Program{}
	for _, root := range []string{"../examples", "../conformance", "../starters"} {
		dirs := map[string]bool{}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, dsl.Extension) {
				rel, _ := filepath.Rel(root, path)
				parts := strings.Split(filepath.ToSlash(rel), "/")
				dirs[filepath.Join(root, filepath.Join(parts[:min(len(parts)-1, depth(root))]...))] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for dir := range dirs {
			sources, err := dsl.ReadDir(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			if p, _ := dsl.Load(sources); p != nil {
				all[dir] = p
			}
		}
	}
	if len(all) < 10 {
		t.Fatalf("only %d workspaces", len(all))
	}
	return all
}

// depth is how many folders below a root lead to a workspace.
func depth(root string) int {
	if strings.HasSuffix(root, "starters") {
		return 2
	}
	return 1
}

// TestEveryStepOnce: the tree of a journey has each of its steps just once.
func TestEveryStepOnce(t *testing.T) {
	for dir, p := range workspaces(t) {
		for _, j := range p.Journeys {
			var want, got []string
			for _, s := range j.Code {
				want = append(want, s.Head().ID)
			}
			each(Of(j).Steps, func(n *Node) {
				if n.ID != "" {
					got = append(got, n.ID)
				}
			})
			slices.Sort(want)
			slices.Sort(got)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s %s (-code +graph):\n%s", dir, j.Name, d)
			}
		}
	}
}

func each(seq []*Node, f func(*Node)) {
	for _, n := range seq {
		f(n)
		each(n.Body, f)
		for _, b := range n.Branches {
			each(b.Steps, f)
		}
	}
}

type box struct{ x, y, w, h float64 }

func (a box) over(b box) bool {
	return a.x < b.x+b.w-0.2 && b.x < a.x+a.w-0.2 && a.y < b.y+b.h-0.2 && b.y < a.y+a.h-0.2
}

var (
	rects = regexp.MustCompile(`<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.-]+)" height="([\d.-]+)" rx="[\d.]+" fill="#\w+" stroke="#\w+"( stroke-width="1.3")?/>`)
	sized = regexp.MustCompile(`viewBox="0 0 (\d+) (\d+)"`)
)

// TestNothingOverlaps: in the drawings of all workspaces no box lies over
// another, and none over the edge.
func TestNothingOverlaps(t *testing.T) {
	for dir, p := range workspaces(t) {
		for _, j := range p.Journeys {
			var b bytes.Buffer
			if err := SVG(&b, []*Graph{Of(j)}, nil); err != nil {
				t.Fatal(err)
			}
			checkSVG(t, dir+" "+j.Name, b.String())
		}
	}
}

func checkSVG(t *testing.T, name, svg string) {
	t.Helper()
	if err := xml.NewDecoder(strings.NewReader(svg)).Decode(new(struct{})); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	for _, out := range []string{"http:", "https:", "<script", "url("} {
		rest := strings.ReplaceAll(strings.ReplaceAll(svg, "http://www.w3.org/2000/svg", ""), "url(#a)", "")
		if text := regexp.MustCompile(`(?s)<(text|title)[^>]*>.*?</(text|title)>`).ReplaceAllString(rest, ""); strings.Contains(text, out) {
			t.Errorf("%s: it reaches out: %s", name, out)
		}
	}
	number := func(s string) float64 { v, _ := strconv.ParseFloat(s, 64); return v }
	size := sized.FindStringSubmatch(svg)
	page := box{0, 0, number(size[1]), number(size[2])}
	var boxes []box
	for _, m := range rects.FindAllStringSubmatch(svg, -1) {
		boxes = append(boxes, box{number(m[1]), number(m[2]), number(m[3]), number(m[4])})
	}
	for i, a := range boxes {
		if a.x < 0 || a.y < 0 || a.x+a.w > page.w || a.y+a.h > page.h {
			t.Errorf("%s: %+v lies over the edge of %+v", name, a, page)
		}
		for _, b := range boxes[i+1:] {
			if a.over(b) {
				t.Errorf("%s: %+v lies over %+v", name, a, b)
			}
		}
	}
}

// TestRandomTrees draws trees of any form.
func TestRandomTrees(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		g := &Graph{Name: "j", Title: text(r), Enters: []string{text(r)}, Steps: tree(r, 3)}
		g.Ends = open(g.Steps)
		var b bytes.Buffer
		if err := SVG(&b, []*Graph{g}, nil); err != nil {
			r.Fatal(err)
		}
		checkSVG(t, "a tree", b.String())
		if t.Failed() {
			r.Fatalf("%s", mustJSON(g))
		}
	})
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func text(r *rapid.T) string {
	return rapid.SampledFrom([]string{"", "a", "wait 3 days", "購物車提醒購物車提醒購物車提醒購物車提醒購物車提醒", strings.Repeat("word ", 40), strings.Repeat("x", 90), `<&">`}).Draw(r, "text")
}

func tree(r *rapid.T, deep int) []*Node {
	kinds := []Kind{Wait, Send, Change, Call, Emit, Leave}
	if deep > 0 {
		kinds = append(kinds, Choose, Split, Repeat, Choose, Wait)
	}
	var seq []*Node
	for range rapid.IntRange(0, 3).Draw(r, "steps") {
		n := &Node{Kind: rapid.SampledFrom(kinds).Draw(r, "kind"), Text: text(r), Detail: text(r)}
		seq = append(seq, n)
		switch n.Kind {
		case Leave:
			return seq
		case Repeat:
			n.Body = tree(r, deep-1)
		case Choose, Split:
			for range rapid.IntRange(1, 4).Draw(r, "branches") {
				n.Branches = append(n.Branches, Branch{Label: text(r), Steps: tree(r, deep-1)})
			}
			if !open([]*Node{n}) {
				return seq
			}
		}
	}
	return seq
}

// TestWrap: no line is too wide, and nothing is lost but what "…" stands for.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab 購物é ,.→"))).Draw(r, "text")
		cells := rapid.IntRange(4, 40).Draw(r, "cells")
		lines := wrap(s, cells, 1000)
		for _, line := range lines {
			if runewidth.StringWidth(line) > cells {
				r.Fatalf("%q is wider than %d", line, cells)
			}
		}
		if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.Join(strings.Fields(s), "") {
			r.Fatalf("%q became %q", s, got)
		}
	})
}

// TestReadCounts: what is no forecast is refused.
func TestReadCounts(t *testing.T) {
	for _, wrong := range []string{``, `[]`, `{}`, `{"journeys": 3}`, `{"journeys": [{"entered": "x"}]}`} {
		if _, err := ReadCounts(strings.NewReader(wrong)); err == nil {
			t.Errorf("%s is read", wrong)
		}
	}
	c, err := ReadCounts(strings.NewReader(`{"workspace": "w", "forecast": {"journeys": [{"name": "j", "entered": {"n": 1200, "plus_minus": 30}, "ways": [{"step": "1", "way": "then", "n": 7}]}]}}`))
	if err != nil || c["j"].Entered != 1200 || c["j"].way("1", "then") != "7" || c["j"].way("1", "else") != "0" {
		t.Errorf("%v %+v", err, c)
	}
}
