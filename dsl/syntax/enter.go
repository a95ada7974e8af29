package syntax

// EnterEvent is an entry by event.
//
//	EnterEvent = "enter" "on" EventRef ( "each" "event" "." Name )? ( "where" Expr )? .
type EnterEvent struct {
	asClause
	Event EventRef `parser:"'enter' 'on' @@"`
	Each  *Name    `parser:"( 'each' 'event' '.' @@ )?"` // a list of the event: one entry for each element
	Where *Expr    `parser:"( 'where' @@ )?"`
}

// EnterWhen is an entry by a condition that becomes true.
//
//	EnterWhen = "enter" "when" Expr ( "where" Expr )? ( "including" "existing" )? .
type EnterWhen struct {
	asClause
	When      *Expr `parser:"'enter' 'when' @@"`
	Where     *Expr `parser:"( 'where' @@ )?"`
	Including bool  `parser:"( @'including' 'existing' )?"`
}

// EnterRequest is an entry by request.
//
//	EnterRequest = "enter" "on" "request" Properties? ( "where" Expr )? .
type EnterRequest struct {
	asClause
	Request bool        `parser:"'enter' 'on' @'request'"`
	Params  *Properties `parser:"( (?= '{') @@ )?"` // nil: anything
	Where   *Expr       `parser:"( 'where' @@ )?"`
}
