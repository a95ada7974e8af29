// Package orchestrator is the pure machine: it decides what happens to a
// person. It has no clock, does no I/O, starts no goroutines and takes no
// chances; time is an argument, and equal arguments give equal answers.
//
// Its drivers keep time and data: package simulator in virtual time, package
// engine with Redis and the clock. Both call the same few methods of World:
//
//	Apply    takes inputs: events, identifies, requests, ticks
//	Advance  lets one run go on, with what its send came to
//	Claim    judges a send at the last moment and renders it
//	Merge    makes one person of two
//	Rebase   fits a person to another release
//
// Each first settles the person: everything that was due before the instant
// of the call happens first, in order, at its own due instant.
package orchestrator
