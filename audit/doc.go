// Package audit is the log of what administrators did: entries of which each
// holds the hash of the one before, so that none can be changed, taken out or
// put in without breaking the chain behind it.
//
//	last, err := audit.Check(nil, entries)   // *audit.Error says where it is broken
//
// A chain alone cannot tell that its end was cut off. Whoever writes down
// number and hash of an entry, somewhere else, can ask for it later.
//
// The engine writes it (engine/audit.go), before what it says is done.
package audit
