package syntax

// Once lets everybody (with Per: each key) enter once.
//
//	Once = "once" ( "per" Expr )? .
type Once struct {
	asClause
	Once bool  `parser:"@'once'"`
	Per  *Expr `parser:"( 'per' @@ )?"`
}

// AgainAfterExit lets people enter again when they are not inside.
//
//	AgainAfterExit = "again" "after" "exit" ( "per" Expr )? .
type AgainAfterExit struct {
	asClause
	Exit bool  `parser:"'again' 'after' @'exit'"`
	Per  *Expr `parser:"( 'per' @@ )?"`
}

// AgainAfter lets people enter again some time after their last entry.
//
//	AgainAfter = "again" "after" Expr ( "per" Expr )? .
type AgainAfter struct {
	asClause
	After *Expr `parser:"'again' 'after' @@"`
	Per   *Expr `parser:"( 'per' @@ )?"`
}
