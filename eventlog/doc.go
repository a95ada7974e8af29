// Package eventlog keeps what has happened to people: every input that was
// accepted, in day files, for as long as it is told to.
//
// The commit that stores an input appends an Entry to the log stream of the
// person's partition, in the same atomic step. A Writer, in the process that
// has the partition's lease, moves the stream into segments: files that are
// put whole, made durable, and only then trimmed from the stream. A segment
// holds frames, each of one partition, compressed, checked by a checksum and
// readable by itself; an entry's place is its partition and its number in the
// stream, so one that was written twice is read once.
//
//	entry.go    what an entry and a record are
//	encode.go   their bytes; every format that was ever written stays readable
//	frame.go    frames and segments
//	store.go    where segments are: an interface that fits an object store
//	disk.go     … a folder
//	writer.go   from the streams to segments
//	reader.go   back: entries of a partition in their order
//	export.go   entries as JSON lines, as package forecast reads them
//
// What a record tells is a call of the machine (package orchestrator) with its
// arguments: the input, the instant, the release. The machine is deterministic:
// the same calls in the order of a person's versions make the same person.
// That is how the engine replays a log.
//
// A log also holds the releases, since Redis, from which everything else would
// have to be learnt, may be what was lost. What belongs to one life of a Redis
// is an epoch: one that begins again empty begins another, so that its numbers
// do not mix with the old ones.
package eventlog
