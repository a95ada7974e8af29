package syntax

// EnterEvent is an entry by event.
//
//	EnterEvent = "enter" "on" EventRef ( "where" Expr )? .
type EnterEvent struct {
	clause
	Event EventRef `parser:"'enter' 'on' @@"`
	Where *Expr    `parser:"( 'where' @@ )?"`
}

// EnterWhen is an entry by a condition that becomes true.
//
//	EnterWhen = "enter" "when" Expr ( "where" Expr )? ( "including" "existing" )? .
type EnterWhen struct {
	clause
	When      *Expr `parser:"'enter' 'when' @@"`
	Where     *Expr `parser:"( 'where' @@ )?"`
	Including bool  `parser:"( @'including' 'existing' )?"`
}

// EnterRequest is an entry by request.
//
//	EnterRequest = "enter" "on" "request" Properties? ( "where" Expr )? .
type EnterRequest struct {
	clause
	Request bool        `parser:"'enter' 'on' @'request'"`
	Params  *Properties `parser:"( (?= '{') @@ )?"` // nil: anything
	Where   *Expr       `parser:"( 'where' @@ )?"`
}
