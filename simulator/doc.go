// Package simulator is the machine's driver in virtual time: one person, his
// inputs at their instants, no clock and no store. A year passes as quickly
// as there are things to happen in it.
//
// What it keeps is time and data, as the engine does in production; what
// happens is decided by package orchestrator in both.
//
// On it stand tests (trial.go, claims.go, script.go), their coverage, the story
// of a person for people (story.go) and the calls of a file (calls.go).
package simulator
