package syntax

// Emit tracks an event for the person.
//
//	Emit = "emit" EventRef Pairs? .
type Emit struct {
	asStep
	Event EventRef `parser:"'emit' @@"`
	Props *Pairs   `parser:"( (?= '{') @@ )?"`
}

// Begin requests the entry into another journey.
//
//	Begin = "start" Name ( "with" Pairs )? .
type Begin struct {
	asStep
	Journey Name   `parser:"'start' @@"`
	With    *Pairs `parser:"( 'with' @@ )?"`
}
