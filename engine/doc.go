// Package engine keeps people: it is the only writer of them.
//
// Whatever happens to a person in production happens here: a call of the
// ingest API (Submit), a run that goes on (Advance, Draft, Claim, Settle), a
// moment that comes (Tick), a merge of two people, a new release (Deploy).
// The engine loads the person, calls the pure machine (package orchestrator),
// and commits in one atomic step what came of it; package profiles/store
// keeps it in Redis.
//
// # One person
//
// lane.go is the heart. Everything that is to be done with one person inside
// this process queues in that person's lane, and what has queued is done and
// committed together. Between processes compare-and-set decides: the commit
// is refused if the person, the live release or the switches are others than
// those it was judged with, and the lane loads and does it again, at most ten
// times. So a stale copy is harmless, and lately seen people are kept in
// memory: their event costs one round trip, the commit.
//
// # Many people
//
// Who a call is about is found in resolve.go: identifiers lead to a profile,
// new ones are claimed, people who turn out to be one are merged (merge.go).
// A batch means the same as its calls one after the other: submit.go puts the
// calls that can concern one person in their order and lets the others go
// side by side.
//
// # Time
//
// Now is Redis's time mapped by the Clock, and always after the person's last
// instant. Nothing here asks this machine's clock for an instant.
package engine
