package syntax

// Property is a property of an event, object or request.
//
//	Property = Name String? ":" Type "optional"? .
type Property struct {
	statement
	Name     Name    `parser:"@@"`
	Wire     *String `parser:"@@?"` // its name on the wire, where that differs
	Type     *Type   `parser:"':' @@"`
	Optional bool    `parser:"@'optional'?"`
}

// Properties are properties in braces, separated by commas or line ends.
//
//	Properties = "{" ( Property ( "," | newline ) )* "}" .
type Properties struct {
	node
	Items []*Property

	problems []problem
}
