package syntax

// Segment is a named condition on people.
//
//	Segment = "segment" Name String? "=" Expr .
type Segment struct {
	asDecl
	Name  Name    `parser:"'segment' @@"`
	Title *String `parser:"@@?"`
	When  *Expr   `parser:"'=' @@"`
}
