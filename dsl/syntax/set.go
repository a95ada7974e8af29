package syntax

// Set changes a trait.
//
//	Set = "set" Target "=" Expr .
type Set struct {
	step
	Target Target `parser:"'set' @@"`
	Value  *Expr  `parser:"'=' @@"`
}

// Clear makes a trait missing.
//
//	Clear = "clear" Target .
type Clear struct {
	step
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
