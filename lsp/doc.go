// Package lsp is a language server for .journey files: what an editor asks
// while somebody writes (Language Server Protocol 3.17, over a stream of
// JSON-RPC). `journey lsp` runs it on standard input and output.
//
//	editor ⇄ Server ─ documents ─→ project ─→ snapshot ─→ answers
//
// # One state, many snapshots
//
// A project is a workspace folder: the files on disk, with the texts that are
// open in the editor over them (project.go). Every change makes a new snapshot,
// which never changes and computes on demand, once, what answers need: trees
// and diagnostics (package dsl), and where names stand (package names).
//
// Messages arrive in order. Notifications change the state at once; a request
// takes the snapshot of its moment and is answered on a goroutine of its own,
// so that a slow one delays nobody and can be cancelled (server.go).
// Diagnostics are computed by one goroutine that always takes the newest
// snapshot and skips those in between (diagnostics.go).
//
// # Answers
//
// Each file answers one kind of question: completion.go, hover.go, navigate.go,
// rename.go, outline.go, edits.go (formatting and quick fixes), tokens.go.
// Whatever they compute is in byte offsets; positions in UTF-16 units, as
// editors count, appear only in protocol.go and at the edge (place.go).
//
// # Half-typed files
//
// The parser recovers, so a wrong file still has a tree. For completion a name
// that nobody has is put at the cursor, and the tree says what would stand
// there; which words of the language fit is asked of the grammar itself
// (syntax.Words). Neither knows a list of places.
package lsp
