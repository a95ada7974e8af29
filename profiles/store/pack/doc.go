// Package pack is the binary form of a person: Encode and Decode, and nothing
// that knows Redis.
//
// # Parts
//
// A person is stored as one core, read and written with every change, and any
// number of fields beside it, which are written once and then only read:
//
//   - pages of kept events. Events of one kind are numbered (profiles.Kept),
//     and page n of a kind holds those from 32n to 32n+31. An event goes to
//     its page when it is no longer among the person's newest 20; until then
//     the core has it, mostly as a reference to one of these.
//   - chunks of the long lists (ledger, ended runs, entries, hours). A chunk is named
//     by the hash of its content and ends where the hash of an element says,
//     so that dropping the oldest or changing one leaves the others alone.
//
// Which fields a stored person has is his Layout. Encode compares with it and
// says which fields to write and which to delete. A field never gets another
// meaning: a kind whose past events were changed is laid out under a new
// number. So a reader that sees a core and fields of different ages finds a
// field missing (ErrTorn) or finds what he is looking for, never something
// else.
//
// # Bytes
//
// The first byte of core, page and chunk is the number of the format. Decode
// reads every format there ever was (testdata/*.golden).
//
// Integers are varints. Instants are differences from the instant written
// before. A string is written once: the second time, its number in the table
// of strings of this core, page or chunk is. Names of programs have a number
// for ever (Names) and are never written out. What looks like a UUID, a
// hexadecimal or a decimal number is packed as one (strings.go). An event
// names its set of properties, its shape, and then has only values
// (values.go). The newest events are a block with tables of its own, and so are
// the older ones that are not in pages yet: somebody who is kept in memory is
// written again mostly by copying (block.go, older.go).
package pack
