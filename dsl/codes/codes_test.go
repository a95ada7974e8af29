package codes_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"journey/dsl"
	"journey/dsl/codes"
	"journey/dsl/diag"
	"journey/dsl/format"
)

var update = flag.Bool("update", false, "write docs/diagnostics.md")

// declared are the files in which codes are declared.
var declared = []string{"../diag/codes.go", "../codes.go", "../cond/codes.go"}

// elsewhere are codes that are declared where no workspace is checked.
var elsewhere = map[diag.Code]bool{"counts-from-now": true}

// unshown are the codes for which there is nothing to show.
var unshown = map[diag.Code]map[string]string{
	"invalid-utf8":    {"a.journey": "trait name: text # \xa4\xa4\n"},
	"file-too-large":  {"a.journey": strings.Repeat("# nothing\n", 60_000)},
	"too-long":        {"a.journey": "trait age: number\nsegment a = " + strings.Repeat("profile.age == 1 or ", 1000) + "true\n"},
	"internal":        nil,
	"counts-from-now": nil, // depends on what was published before
}

// TestEveryCode: each code that is declared has a number and a page, and each
// page and number a code.
func TestEveryCode(t *testing.T) {
	known := map[diag.Code]bool{}
	for _, code := range declaredCodes(t) {
		known[code] = true
		if code.Number() == "" {
			t.Errorf("%s has no number: add one in diag/numbers.go", code)
		}
		if _, err := codes.Of(code); err != nil {
			t.Error(err)
		}
	}
	numbers := map[string]diag.Code{}
	for _, code := range diag.Codes() {
		if !known[code] && !elsewhere[code] {
			t.Errorf("%s has a number and is not declared", code)
		}
		if other, twice := numbers[code.Number()]; twice {
			t.Errorf("%s and %s have the same number", code, other)
		}
		numbers[code.Number()] = code
		if n := code.Number(); len(n) != 4 || n[0] != 'J' {
			t.Errorf("%s has the number %q", code, n)
		}
	}
	entries, err := os.ReadDir("pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if code := diag.Code(strings.TrimSuffix(e.Name(), ".md")); code.Number() == "" {
			t.Errorf("pages/%s is about no code", e.Name())
		}
	}
}

// declaredCodes are the values of the constants of type diag.Code.
func declaredCodes(t *testing.T) []diag.Code {
	var found []diag.Code
	for _, name := range declared {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING && spec.Type != nil {
				code, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, diag.Code(code))
			}
			return true
		})
	}
	if len(found) < 70 {
		t.Fatalf("found only %d codes", len(found))
	}
	return found
}

// TestExamples: the wrong example of a page has its code and no other, the
// right one has nothing at all and is formatted.
func TestExamples(t *testing.T) {
	all, err := codes.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		t.Run(string(p.Code), func(t *testing.T) {
			wrong, hidden := unshown[p.Code]
			switch {
			case hidden && (p.Wrong != nil || p.Right != nil):
				t.Error("it has an example; take it out of unshown")
			case hidden && wrong != nil:
				only(t, p.Code, wrong)
			case hidden:
			case p.Wrong == nil || p.Right == nil:
				t.Error("it lacks an example")
			default:
				only(t, p.Code, sources(p.Wrong))
				right(t, p.Right)
			}
		})
	}
}

// only wants one code, and no other.
func only(t *testing.T, code diag.Code, sources map[string]string) {
	t.Helper()
	_, diags := dsl.Load(sources)
	if len(diags) == 0 {
		t.Error("the wrong example is right")
	}
	for _, d := range diags {
		if d.Code != code {
			t.Errorf("the wrong example has another code: %s: %s", d.Code, diag.Plain(d))
		}
	}
}

func right(t *testing.T, files []codes.File) {
	t.Helper()
	_, diags := dsl.Load(sources(files))
	for _, d := range diags {
		t.Errorf("the right example is wrong: %s: %s", d.Code, diag.Plain(d))
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name, dsl.Extension) {
			continue
		}
		if out, _ := format.Source(&diag.File{Name: f.Name, Text: f.Text}); string(out) != f.Text {
			t.Errorf("the right example is not formatted; it should be\n%s", out)
		}
	}
}

func sources(files []codes.File) map[string]string {
	m := map[string]string{}
	for _, f := range files {
		m[f.Name] = f.Text
	}
	return m
}

func TestFind(t *testing.T) {
	for what, want := range map[string][2]string{
		"unknown-trait":  {"unknown-trait", ""},
		"Unknown_Trait":  {"unknown-trait", ""},
		"J102":           {"unknown-trait", ""},
		"j102":           {"unknown-trait", ""},
		"102":            {"unknown-trait", ""},
		"unkown-trait":   {"", "unknown-trait"},
		"J999":           {"", ""},
		"something-else": {"", ""},
	} {
		if code, near := codes.Find(what); string(code) != want[0] || near != want[1] {
			t.Errorf("%q finds %q and suggests %q, want %q", what, code, near, want)
		}
	}
}

// TestDocs: docs/diagnostics.md is made from the pages.
func TestDocs(t *testing.T) {
	const name = "../../docs/diagnostics.md"
	want, err := codes.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not up to date: run go test ./dsl/codes -update", name)
	}
}
