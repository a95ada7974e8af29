package syntax

// If chooses by conditions.
//
//	If = "if" Expr Block ElseIf* ( "else" Block )? .
type If struct {
	asStep
	Cond    *Expr     `parser:"'if' @@"`
	Then    *Block    `parser:"@@"`
	ElseIfs []*ElseIf `parser:"@@*"`
	Else    *Block    `parser:"( 'else' @@ )?"`
}

// ElseIf is a further condition of an If.
//
//	ElseIf = "else" "if" Expr Block .
type ElseIf struct {
	Cond *Expr  `parser:"'else' 'if' @@"`
	Then *Block `parser:"@@"`
}
