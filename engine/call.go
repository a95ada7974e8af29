package engine

import (
	"time"

	"journey/orchestrator/intake"
	"journey/profiles"
)

// CallKind says what kind of call it is.
type CallKind = intake.Kind

// The kinds of call.
const (
	CallTrack    = intake.Track
	CallIdentify = intake.Identify
	CallPage     = intake.Page
	CallScreen   = intake.Screen
	CallAlias    = intake.Alias
	CallRequest  = intake.Request // start a journey
	CallGroup    = intake.Group   // traits hold the account already (intake.Account)
)

// Call is one call of the ingest API, not yet addressed to a person. Values
// are as JSON decodes them: string, float64, bool, nil, []any,
// map[string]any. The engine does not change them, and keeps none it was not
// given for keeping.
type Call struct {
	Kind      CallKind
	Source    string // name of the write key: the scope of message ids
	MessageID string // "": no repeat of it is recognised
	Payload   uint32 // hash of the content: the same id with another one is a collision

	UserID, AnonymousID string
	PreviousID          string // alias

	Event      string         // name on the wire; of page and screen the page's name
	Properties map[string]any // track, page, screen; a request's entry
	Traits     map[string]any // identify's traits; of other calls those under context.traits
	Journey    string         // request
	History    bool           // a row of a file: it changes the person, starts no journey and satisfies no wait
	Own        bool           // made by the server itself: its event may be one that only the engine records

	Time     time.Time // event time, in real time, the client's clock corrected; zero: Received
	Received time.Time // when the call arrived, in real time; zero: now
}

// CallResult is what became of a call.
type CallResult struct {
	Profile   string // id of the profile it came to
	Duplicate bool   // its message id has been seen: nothing was changed
	// Suppressed: it is about somebody whose data are not to be stored, and
	// was dropped.
	Suppressed bool
	Run        string           // request: the run it began
	Refused    string           // request: why there was no entry
	Warnings   []profiles.Fault // values that were not stored, identifiers that were not used
	Err        error            // *CallError: the call is wrong; nothing of it is stored
}
