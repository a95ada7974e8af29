package syntax

// Event declares a kind of event.
//
//	Event = "event" Name String? Properties? .
type Event struct {
	asDecl
	Name       Name        `parser:"'event' @@"`
	Wire       *String     `parser:"@@?"` // its name on the wire, where that differs
	Properties *Properties `parser:"( (?= '{') @@ )?"`
}
