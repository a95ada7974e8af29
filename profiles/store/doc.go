// Package store keeps people in Redis.
//
// It reads and writes whole persons (profiles.Person), the index of their
// identifiers, and what stands beside them: each partition's outbox, moments
// and lease, the releases, the switches and the clock's anchor. It decides
// nothing about people: whoever calls it (package engine) loads, applies the
// machine and commits, and the commit is refused if anything it was judged
// with has changed meanwhile.
//
// # Layout
//
// There are 256 partitions, fixed at first start. A profile's partition is a
// hash of its id, and everything of one person shares the partition's hash
// tag ({p042}), so that one commit is one script in one slot of a cluster.
// The index of identifiers lies in hashes of its own slots ({i01f2}); what
// concerns the whole installation lies under {journey}. Every key name is
// built in keys.go and described in docs/redis-keys.md.
//
// A person is a packed binary value, the core, made by package pack, with
// older kept events in pages beside it. In front of the core stand its state
// and its version, which the scripts compare as bytes.
//
// # Atomic steps
//
// Every step that must be atomic is a Lua script in a file of its own
// (scripts/*.lua). Scripts check everything before they write anything, and
// are functions of their arguments and the data: no clock, no chance. Times
// at which something expires are arguments.
//
// # Trouble
//
// Every call ends within Options.Timeout. Whatever goes wrong on the way to
// Redis comes back as ErrUnavailable with its cause; after a commit it means
// that nothing is known about whether it happened, and trying again is safe:
// the version, the marks and the state of a send tell.
package store
