// Package syntax turns the text of a .journey file into a tree.
//
//	text → scanner → tokens → parser → File → check (in package dsl)
//
// Parse returns the tree and the diagnostics together; the tree is never
// dropped, because editors need it most while a file is wrong. What the
// parser could not make sense of is missing from the tree and has been
// reported; a consumer that meets a nil or a Broken expression stays quiet.
//
// # Where things are
//
// Every node type stands in a file of its own with its grammar: the struct
// tags are participle's grammar (lookahead 1), and the same rule stands above
// the type as EBNF. A statement begins with its own keyword, so choosing a
// rule is a look at one or two words (dispatch.go) and never a guess; blocks
// are loops over statements that know how to go on after a wrong one
// (body.go). Conditions and values are parsed into the tree of expr-lang by a
// parser of our own (expr*.go), since they contain words that expr lacks.
//
// The parser takes more than the language allows and leaves the rest to the
// checker, which has better words: names are not resolved here, types not
// compared.
//
// # Lines
//
// A statement ends with its line or at `}`; the scanner keeps the ends of
// lines as tokens. Only a line that begins with `else` or `otherwise` belongs
// to the `}` before it. Inside ( ), [ ] and { } an expression may span lines,
// outside of them it goes on only after an operator.
//
// # Positions
//
// Positions are byte offsets into the whole file, those of expr nodes
// (Location) too; lines and columns are computed in package diag.
package syntax
