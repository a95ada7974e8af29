package syntax

import "journey/dsl/diag"

// File is the tree of one source.
//
//	File = Decl* .
type File struct {
	Source   *diag.File
	Decls    []Decl
	Comments []Comment
}
