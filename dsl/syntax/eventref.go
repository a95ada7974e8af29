package syntax

// EventRef names an event: by its name or, as a String, by its name on the
// wire.
//
//	EventRef = Name | String .
type EventRef struct {
	node
	Name string
	Wire bool // Name is the name on the wire

	problems []problem
}
