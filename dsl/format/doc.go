// Package format prints .journey files in the one style that they have.
//
//	text → syntax.Parse → tree ─┐
//	     → tokens, comments ────┴→ outline → lines → alignment → text
//
// The tokens of a source are its truth: every one is printed as it was
// written, but for a few spellings (see tokens.go), and every comment stays
// between the tokens where it stood. The tree decides how: where a block
// begins and which statements it holds, which minus is a sign, which bracket
// calls (outline.go). Source parses what it has printed and compares the two
// trees, so that formatting can never change what a program means.
//
// # The style
//
// Two blanks a level, one between words. Nothing has options.
//
// A block that stood on one line and fits into 100 columns (the data of a test:
// 120) stays there; any other has one statement a line. The blocks of one statement (`if` and
// `else`) are broken together. Empty blocks are `{ }`. Pairs and properties
// are divided by commas on one line and by line ends otherwise.
//
// Blank lines stay, but at most one, and none at the beginning and end of a
// block. A line end inside an expression stays; what follows is indented by
// two in brackets and by four elsewhere, so that it differs from a block.
//
// Lines that follow each other and are of one kind (traits, segments,
// settings, clauses of messages, properties, pairs, branches) have their
// columns aligned, and so have the comments behind consecutive lines
// (align.go). A comment is set off by two blanks.
//
// Texts in three quotes are indented with the statement they belong to; what
// they say stays the same.
package format
