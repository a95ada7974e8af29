// Package names knows where the names of a workspace are declared and used,
// for editors: definition, references, rename, hover and completion.
//
//	trees ─Build→ Index ─┬─ At(file, offset)   what a name there stands for
//	                     ├─ Uses(symbol)       everywhere it stands
//	                     └─ Point              what could stand at a mark
//
// Build walks the trees twice: first it takes every declaration (declare.go),
// then it resolves every name, in clauses and steps (journey.go), in messages
// and their templates (messages.go), in tests and their data (tests.go), and in
// expressions (expr.go), following types so that `event.total` leads to the
// property of the right event.
//
// It is lenient where the checker (package dsl) is strict: half-typed files
// are its daily bread, so it never reports anything; a name that it cannot
// resolve simply leads nowhere.
//
// For completion, the editor's text gets a name that nobody has at the cursor
// (Options.Mark). Where the walk meets it, it keeps what could stand there
// (point.go): names are then completed by the very code that resolves them.
package names
