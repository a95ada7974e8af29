// Package diag says what is wrong with a workspace, and where.
//
// Positions are byte offsets into a File, small and cheap; lines, columns and
// terminal cells are computed only where a diagnostic is shown. Every part of
// the project that has something to say about sources says it with a
// Diagnostic, and nothing but this package prints one.
package diag

// File is one source of a workspace.
type File struct {
	Name string // relative to the workspace, with slashes
	Text string
}

// Span is a stretch of a file in byte offsets, End exclusive.
type Span struct {
	File       *File
	Start, End int
}

// Severity says whether a program can go live in spite of a diagnostic.
type Severity uint8

// The severities.
const (
	Error Severity = iota
	Warning
)

// Code names a kind of mistake: "unknown-trait". Codes never change.
type Code string

// Diagnostic is one thing that is wrong at one place.
type Diagnostic struct {
	Severity Severity
	Code     Code
	Message  string // one sentence, lower case, no stop
	Span     Span
	Suggest  string    // what was probably meant ("profile.tier"), or ""
	Related  []Related // other places that explain it
}

// Related is a second place, with what it has to do with the first.
type Related struct {
	Span    Span
	Message string
}
