// Package dsl turns a workspace, a folder of .journey files and the templates
// they name, into a compiled program, or into a list of what is wrong with it.
//
//	sources, err := dsl.ReadDir(os.DirFS("examples/shop"))
//	program, diags := dsl.Load(sources)   // program is nil if anything is wrong
//
// # The way of a workspace
//
//	sources ─syntax→ trees ─declare→ names ─compile→ Program
//	                           │          │
//	                           └── diagnostics, all in one go ──→ diag
//
// Load first declares everything (declare.go: a broken declaration still
// declares its name, so that nobody who uses it is blamed), then compiles
// computed traits and segments (derived.go), messages (messages.go) and
// journeys (journey.go for heads, steps.go and waits.go for steps), and at
// last looks at each message once more from every place that sends it
// (sends.go, bodies.go), since what a template may name depends on who sends it.
//
// Conditions and values are compiled by package cond, templates by package
// template; which names they may use, where, is decided here (scope.go).
//
// # The compiled program
//
// A Program is immutable and addressed by the hash of its sources. Its
// journeys are flat: a Step names the next one by its index (step.go). What
// it reads, so that nothing else needs to be kept or asked again, is told by
// reads.go.
//
// # Mistakes
//
// Every mistake has a code (codes.go, with an example) and a constructor with
// its sentence (errors.go). A mistake is reported once, where it was made; what only follows
// from it is not.
package dsl
