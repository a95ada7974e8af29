package cond

import (
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"

	"journey/dsl/value"
)

// Types are judged by expr's own checker, one operation at a time, from the
// leaves up: the operands are replaced by names whose declared types are
// those found for the operands, and one that was already reported is `any`,
// which fits everywhere. So every mistake of an expression is found, and none
// is the consequence of another.

// judge asks whether an operation is allowed on operands of these types. The
// answer is the index of the operand to blame, -1 for the operation itself,
// and false if there is nothing to blame.
func (k *compiler) judge(operation func(leaf []ast.Node) ast.Node, operands ...types.Type) (blame int, wrong bool) {
	env := make(types.Map, len(operands))
	leaves := make([]ast.Node, len(operands))
	for i, t := range operands {
		name := "operand" + strconv.Itoa(i)
		env[name] = t
		leaves[i] = &ast.IdentifierNode{Value: name}
		leaves[i].SetLocation(file.Location{From: i + 1})
	}
	config := &conf.Config{Env: env.Nature(), Strict: true}
	_, err := checker.Check(&parser.Tree{Node: operation(leaves)}, config)
	if err == nil {
		return 0, false
	}
	var at *file.Error
	if errors.As(err, &at) {
		return at.From - 1, true
	}
	return -1, true
}

// declared is a type that expr's checker understands.
type declared struct{ n nature.Nature }

func (d declared) Nature() nature.Nature   { return d.n }
func (d declared) Equal(t types.Type) bool { return reflect.DeepEqual(d.n, t.Nature()) }
func (d declared) String() string          { return d.n.String() }

// typeFor is a declared type in expr's terms: dates and times are time.Time,
// all numbers are float64, objects are strict maps.
func (k *compiler) typeFor(t *value.Type) types.Type {
	if t, ok := k.natures[t]; ok {
		return t
	}
	var of types.Type
	switch {
	case t.Kind.IsText():
		of = types.String
	case t.Kind == value.Number || t.Kind == value.Integer:
		of = types.Float64
	case t.Kind == value.Boolean:
		of = types.Bool
	case t.Kind == value.DateKind || t.Kind == value.TimeKind:
		of = types.TypeOf(time.Time{})
	case t.Kind == value.DurationKind:
		of = types.TypeOf(time.Duration(0))
	case t.Kind == value.List:
		of = types.Array(k.typeFor(elemOf(t)))
	case t.Kind == value.Object:
		m := make(types.Map, len(t.Fields))
		for _, f := range t.Fields {
			m[f.Name] = k.typeFor(f.Type)
		}
		if t.Elem != nil {
			m[types.Extra] = k.typeFor(t.Elem)
		}
		of = m
	default:
		of = types.Any
	}
	d := declared{of.Nature()}
	k.natures[t] = d
	return d
}
