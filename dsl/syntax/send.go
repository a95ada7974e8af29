package syntax

// Send sends a message.
//
//	Send = "send" Name ( "with" Pairs )? ( "otherwise" Block )? .
type Send struct {
	asStep
	Message   Name   `parser:"'send' @@"`
	With      *Pairs `parser:"( 'with' @@ )?"`
	Otherwise *Block `parser:"( 'otherwise' @@ )?"`
}
