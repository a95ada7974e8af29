package syntax

// Let keeps a value for the run.
//
//	Let = "let" Name "=" Expr .
type Let struct {
	asStep
	Name  Name  `parser:"'let' @@"`
	Value *Expr `parser:"'=' @@"`
}
