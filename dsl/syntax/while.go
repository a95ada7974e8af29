package syntax

// OnlyWhile is the filter of a journey.
//
//	OnlyWhile = "only" "while" Expr .
type OnlyWhile struct {
	asClause
	While *Expr `parser:"'only' 'while' @@"`
}
