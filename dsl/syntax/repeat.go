package syntax

// Repeat is a bounded loop.
//
//	Repeat = "repeat" "up" "to" Number "times" ( "every" Expr )? ( "while" Expr )? Block .
type Repeat struct {
	asStep
	Times Number `parser:"'repeat' 'up' 'to' @@ 'times'"`
	Every *Expr  `parser:"( 'every' @@ )?"` // the wait between rounds
	While *Expr  `parser:"( 'while' @@ )?"`
	Body  *Block `parser:"@@"`
}
