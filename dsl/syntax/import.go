package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Import says what the rows of a file are: people, or events.
//
//	Import = "import" Name "from" Name ( "as" EventRef )? "live"? ImportClauses .
type Import struct {
	asDecl
	Name    Name          `parser:"'import' @@"`
	Format  Name          `parser:"'from' @@"`
	Event   *EventRef     `parser:"( 'as' @@ )?"` // nil: the rows are people
	Live    bool          `parser:"@'live'?"`
	Clauses ImportClauses `parser:"@@"`
}

// ImportClauses are the lines of an import.
//
//	ImportClauses = "{" ( ImportClause newline )* "}" .
type ImportClauses struct {
	node
	Items []ImportClause

	faults
}

// ImportIdentify says whom a row is about.
//
//	ImportIdentify = "identify" Name "=" Expr .
type ImportIdentify struct {
	asImportClause
	Trait Name  `parser:"'identify' @@"`
	Value *Expr `parser:"'=' @@"`
}

// ImportSet fills a trait, or a property of the event.
//
//	ImportSet = "set" Name ( "." Name )* "=" Expr ( "format" String )? .
type ImportSet struct {
	asImportClause
	Name  Name   `parser:"'set' @@"`
	Path  []Name `parser:"( '.' @@ )*"`
	Value *Expr  `parser:"'=' @@"`

	Format *String `parser:"( 'format' @@ )?"` // how a date, time or number is written in the file; nil: as the type says
}

// ImportAt says when the row happened.
//
//	ImportAt = "at" Expr ( "format" String )? .
type ImportAt struct {
	asImportClause
	Time *Expr `parser:"'at' @@"`

	Format *String `parser:"( 'format' @@ )?"` // how the time is written in the file; nil: not said
}

var _ participle.Parseable = (*ImportClauses)(nil)

// Parse reads the lines of an import.
func (c *ImportClauses) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().imports.parseBody(lex, &c.node, &c.faults, func(st Statement) {
		c.Items = append(c.Items, st.(ImportClause))
		if _, ok := st.(*ImportAt); ok {
			seen.check(st, "at", &c.faults)
		}
	})
	return nil
}
