package eventlog

import (
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Entry is what one commit of a person left in the log.
type Entry struct {
	Profile string
	Version uint64     // of the person, with this commit
	Release int64      // number of the release that was live
	Born    value.Time // his Created, if this was his first commit
	Paused  []string   // journeys that were paused
	Stopped []string   // channels that were stopped
	Records []Record   // in the order in which they happened
}

// Kind says what a record tells. The numbers are written to files.
type Kind uint8

// The kinds of record.
const (
	Event      Kind = 1  // Input: an event, live or History (late, imported)
	Identify   Kind = 2  // Input: traits, consents, tags, identifiers
	Request    Kind = 3  // Input: into a journey
	Tick       Kind = 4  // time alone changed the person
	Advance    Kind = 5  // Run went on by time
	Settlement Kind = 6  // Run went on with the Outcome of its send or call
	Claim      Kind = 7  // a send of Run was claimed, or decided without its provider
	Merge      Kind = 8  // Other was absorbed at OtherVersion
	Fit        Kind = 9  // the person was fitted to the release
	Tags       Kind = 10 // Input: tags given and taken by hand
	End        Kind = 11 // all runs of the person ended, for the Reason
)

var kinds = map[Kind]string{
	Event: "event", Identify: "identify", Request: "request", Tick: "tick", Advance: "advance",
	Settlement: "settlement", Claim: "claim", Merge: "merge", Fit: "release", Tags: "tags", End: "end",
}

// String is the kind's word.
func (k Kind) String() string { return kinds[k] }

// Record is one thing that happened to a person.
type Record struct {
	Kind Kind
	Now  value.Time // its instant

	Input *orchestrator.Input // Event, Identify, Request, Tags

	Run      string                // Advance, Settlement, Claim
	Outcome  *orchestrator.Outcome // Settlement
	Owner    string                // Claim
	Deadline int64                 // Claim: as in profiles.Send
	Dropped  bool                  // Claim: only what it settled holds; the send is as it was before

	Reason string // End

	Other        string // Merge
	OtherVersion uint64
	Cause        profiles.Cause
}
