package syntax

// Trait declares something known about people.
//
//	Trait = "trait" Name String? ":" Type ( "identifier" ( "up" "to" Number )? )? ( "=" Expr )? .
type Trait struct {
	asDecl
	Name       Name    `parser:"'trait' @@"`
	Wire       *String `parser:"@@?"` // its name on the wire, where that differs
	Type       *Type   `parser:"':' @@"`
	Identifier bool    `parser:"( @'identifier'"`
	UpTo       *Number `parser:"( 'up' 'to' @@ )? )?"`
	Computed   *Expr   `parser:"( '=' @@ )?"`
}
