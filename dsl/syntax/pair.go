package syntax

// Pair is a value with its name, as in `with { percent: 10 }`.
//
//	Pair = ( Name | String ) ":" Expr .
type Pair struct {
	statement
	Name  Name // of a String its text
	Value *Expr
}

// Pairs are pairs in braces, separated by commas or line ends.
//
//	Pairs = "{" ( Pair ( "," | newline ) )* "}" .
type Pairs struct {
	node
	Items []*Pair

	problems []problem
}
