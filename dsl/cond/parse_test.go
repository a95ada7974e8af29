package cond

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// parse reads an expression as it stands in a file.
func parse(text string) (*diag.File, ast.Node, error) {
	file := &diag.File{Name: "test.journey", Text: "segment test = (" + text + ")\n"}
	tree, diags := syntax.Parse(file)
	for _, d := range diags {
		return file, nil, fmt.Errorf("%s at %q", d.Message, file.Text[d.Span.Start:d.Span.End])
	}
	x := tree.Decls[0].(*syntax.Segment).When
	if x.Broken && hasHole(x.Node) {
		return file, nil, errors.New("a part is missing")
	}
	return file, x.Node, nil
}

func hasHole(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == hole || slices.ContainsFunc(children(n), hasHole)
}

func mustParse(t testing.TB, text string) (*diag.File, ast.Node) {
	file, node, err := parse(text)
	if err != nil {
		panic(err.Error() + ": " + text)
	}
	return file, node
}
