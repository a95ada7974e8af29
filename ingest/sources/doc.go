// Package sources keeps who may send events: each source has a name, write
// keys of which only the hashes are kept, a rate of its own, and the names of
// the events it may send.
//
// A source comes from the configuration or from the admin API. Registry is
// the one that a process has: it finds a source by a key, in memory, and reads
// the list anew every two seconds, so that a key that was rotated or revoked
// anywhere is so everywhere within five. Live is a source at work: its bucket
// of events, and what it has counted since that was last written down.
package sources
