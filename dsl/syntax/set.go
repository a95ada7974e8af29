package syntax

import "journey/dsl/diag"

// Set changes a trait.
//
//	Set = "set" Target "=" Expr .
type Set struct {
	asStep
	Target Target `parser:"'set' @@"`
	Value  *Expr  `parser:"'=' @@"`
}

// Clear makes a trait missing.
//
//	Clear = "clear" Target .
type Clear struct {
	asStep
	Target Target `parser:"'clear' @@"`
}

// Target is the trait that a step changes, or a part of it
// (`profile.consent.email`).
//
//	Target = "profile" "." Name ( "." Name )* .
type Target struct {
	Trait Name   `parser:"'profile' '.' @@"`
	Path  []Name `parser:"( '.' @@ )*"`
}

// Span is where the target stands, without `profile.`.
func (t *Target) Span() diag.Span {
	span := t.Trait.Span()
	if n := len(t.Path); n > 0 {
		span.End = t.Path[n-1].end
	}
	return span
}
