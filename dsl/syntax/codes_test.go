package syntax

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// The example beside each code is wrong in just the way that the code says.
func TestCodes(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../diag/codes.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		code := strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`)
		example := ""
		for _, line := range strings.Split(spec.Doc.Text(), "\n") {
			if text, ok := strings.CutPrefix(line, "\t"); ok {
				example += text + "\n"
			}
		}
		t.Run(code, func(t *testing.T) {
			_, ds := parse(example)
			switch {
			case example == "" && len(ds) == 0: // too large to show
			case len(ds) != 1 || string(ds[0].Code) != code:
				t.Errorf("%s\ngives %v", example, ds)
			}
		})
		return false
	})
}
