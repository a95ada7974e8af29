package syntax

import "journey/dsl/diag"

// problem is a diagnostic before its file is known.
type problem struct {
	code       diag.Code
	message    string
	start, end int
	suggest    string
	// anchored: it stands at the word that begins the statement around it (a
	// declaration: at its name); start and end are not used.
	anchored bool
}
