package cond

import (
	"journey/dsl/diag"
	"journey/dsl/value"
)

// Expr is a compiled condition or value. It is immutable and safe to share;
// evaluating it never fails and never panics.
type Expr struct {
	typ   *value.Type
	span  diag.Span
	reads Reads
	parts []Part
	cond  func(*Env) bool
	value func(*Env) any
}

// Bool is the expression as a condition; a missing one is false.
func (x *Expr) Bool(env *Env) bool { return x.cond(env) }

// Value is the expression's value, of package value; nil is missing.
func (x *Expr) Value(env *Env) any { return x.value(env) }

// Duration is the expression as a length of time; a missing or negative one
// is 0.
func (x *Expr) Duration(env *Env) value.Duration {
	d, _ := x.value(env).(value.Duration)
	return max(d, 0)
}

// Moment is the expression as a value.Date or a value.Time; false when it is
// missing.
func (x *Expr) Moment(env *Env) (any, bool) {
	switch v := x.value(env).(type) {
	case value.Date, value.Time:
		return v, true
	}
	return nil, false
}

// Type is the expression's type.
func (x *Expr) Type() *value.Type { return x.typ }

// Reads is what the expression depends on; it is shared and not to be
// changed.
func (x *Expr) Reads() *Reads { return &x.reads }

// Source is the expression as it is written in its file.
func (x *Expr) Source() string { return x.span.File.Text[x.span.Start:x.span.End] }

// Span is the place of the expression.
func (x *Expr) Span() diag.Span { return x.span }
