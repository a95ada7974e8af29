package syntax

// Type is the type of a trait or property.
//
//	Type = "list" "of" Type | "{" Property* "}" | Name ( "one" "of" String ( "," String )* )? .
type Type struct {
	node
	Kind   Name        // "text", "list", …; "" for an object
	Elem   *Type       // of a list
	Fields *Properties // of an object
	OneOf  []*String   // the only values allowed; empty: any

	problems []problem
}
