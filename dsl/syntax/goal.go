package syntax

// Goal is a conversion that is counted.
//
//	Goal = "goal" Name "on" EventRef ( "where" Expr )? "within" Expr ( "value" Expr )? .
type Goal struct {
	asClause
	Name   Name     `parser:"'goal' @@"`
	Event  EventRef `parser:"'on' @@"`
	Where  *Expr    `parser:"( 'where' @@ )?"`
	Within *Expr    `parser:"'within' @@"`
	Value  *Expr    `parser:"( 'value' @@ )?"`
}
