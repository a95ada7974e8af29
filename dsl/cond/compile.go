package cond

import (
	"github.com/expr-lang/expr/ast"

	"journey/dsl/diag"
)

// Compile checks and compiles an expression. It reports everything that is
// wrong with it, in the order of the source; the Expr is nil then.
func Compile(file *diag.File, node ast.Node, scope *Scope, want Want) (*Expr, []diag.Diagnostic) {
	return nil, nil
}
