package dsl

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"journey/dsl/diag"
)

// TestCodes takes each code's example from its comment in codes.go: it must
// be wrong in just this way, besides the warnings that small examples earn.
func TestCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, decl := range file.Decls {
		g, ok := decl.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if seen[code] {
				t.Errorf("%s is the code of two mistakes", code)
			}
			seen[code] = true
			t.Run(code, func(t *testing.T) { testCode(t, v, diag.Code(code)) })
		}
	}
}

func testCode(t *testing.T, v *ast.ValueSpec, code diag.Code) {
	if v.Doc == nil || !strings.HasPrefix(v.Doc.Text(), v.Names[0].Name+" is ") {
		t.Fatalf("its comment does not begin with %q", v.Names[0].Name+" is ")
	}
	example := indented(v.Doc.Text())
	if example == "" {
		if !strings.Contains(v.Doc.Text(), "warning") && code != WithLacks && code != SplitDiffers && code != LetType {
			t.Error("it has no example")
		}
		return
	}
	_, diags := Load(map[string]string{"a.journey": example})
	found := false
	for _, d := range diags {
		switch {
		case d.Code == code:
			found = true
		case d.Severity == diag.Error:
			t.Errorf("the example has another mistake:\n%s", describe(diags))
		}
	}
	if !found {
		t.Errorf("the example does not have it:\n%s%s", example, describe(diags))
	}
}

// indented are the indented lines of a comment.
func indented(doc string) string {
	var b strings.Builder
	for _, line := range strings.Split(doc, "\n") {
		if text, ok := strings.CutPrefix(line, "\t"); ok {
			b.WriteString(text + "\n")
		}
	}
	return b.String()
}
