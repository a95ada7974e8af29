package syntax

// Wait waits for a time.
//
//	Wait = "wait" Expr .
type Wait struct {
	asStep
	For *Expr `parser:"'wait' @@"`
}

// WaitClock waits for a time of day, on any day or on one of some.
//
//	WaitClock = "wait" "until" ( "tomorrow" "at" | Days "at" )? Clock ( "on" Days )? .
type WaitClock struct {
	asStep
	Tomorrow bool  `parser:"'wait' 'until' ( @'tomorrow' 'at'"`
	Days     *Days `parser:"| @@ 'at' )?"`
	Clock    Clock `parser:"@@"`
	On       *Days `parser:"( 'on' @@ )?"`
}

// WaitHour waits for an hour that an expression gives.
//
//	WaitHour = "wait" "until" "hour" Expr .
type WaitHour struct {
	asStep
	Hour *Expr `parser:"'wait' 'until' 'hour' @@"`
}

// WaitWindow waits until it is between two times of day.
//
//	WaitWindow = "wait" "until" Clock "to" Clock ( "on" Days )? .
type WaitWindow struct {
	asStep
	From Clock `parser:"'wait' 'until' @@"`
	To   Clock `parser:"'to' @@"`
	Days *Days `parser:"( 'on' @@ )?"`
}

// WaitMoment waits for a moment that an expression gives.
//
//	WaitMoment = "wait" "until" Expr ( "at" Clock ( "on" Days )? )? Block? ( "otherwise" Block )? ( "if" "past" "exit" )? .
type WaitMoment struct {
	asStep
	Moment    *Expr  `parser:"'wait' 'until' @@"`
	At        *Clock `parser:"( 'at' @@"`
	On        *Days  `parser:"( 'on' @@ )? )?"`
	Then      *Block `parser:"( (?= '{') @@ )?"`
	Otherwise *Block `parser:"( 'otherwise' @@ )?"`
	ExitPast  bool   `parser:"( @'if' 'past' 'exit' )?"`
}

// WaitQuiet waits until an event has not happened for a time.
//
//	WaitQuiet = "wait" "until" "no" EventRef ( "where" Expr )? "for" Expr .
type WaitQuiet struct {
	asStep
	Event EventRef `parser:"'wait' 'until' 'no' @@"`
	Where *Expr    `parser:"( 'where' @@ )?"`
	For   *Expr    `parser:"'for' @@"`
}
