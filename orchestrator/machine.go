package orchestrator

import (
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// World is what the machine knows besides the person: the releases in force
// and the switches beside them. It is shared and not changed by the machine.
type World struct {
	Live    *Plan                     // the live release
	Since   value.Time                // when it went live; 0: before anything happened
	Release func(hash string) *Plan   // any release that has live runs; nil: unknown
	Paused  func(journey string) bool // nil: none is paused
	Stopped func(channel string) bool // nil: none is stopped
	Speed   float64                   // virtual time per real time; 0 is 1. Only lateness of the machine is judged by it
	// Assign says whether somebody is in a control group of a share (per cent)
	// instead of the hash, and Member whether he is in a segment instead of
	// its condition: what a test assumes. nil, or false as the second answer:
	// as always.
	Assign      func(group string, share float64) (in, assumed bool)
	Member      func(segment string) (in, assumed bool)
	Unsubscribe func(key, channel string) string // the page on which the receiver of a send can leave its channel; nil: there is none
	Observe     Observer                         // told what happens; nil: nobody
}

// InputKind says what an input is.
type InputKind uint8

// The kinds of input.
const (
	EventInput    InputKind = iota // an event, perhaps with traits and identifiers
	IdentifyInput                  // traits and identifiers
	RequestInput                   // a request to enter a journey
	TickInput                      // a moment is due: nothing but time
	TagsInput                      // tags given and taken by hand
)

// Input is what happens to a person, already cleaned and addressed to him.
type Input struct {
	Kind        InputKind
	Event       *cond.Event           // EventInput: Name, At, Props, ID
	Traits      map[string]any        // new values by name; nil clears. consent, topics and suppressed are merged key by key
	At          value.Time            // event time of Traits
	Identifiers []profiles.Identifier // to be added
	Tag, Untag  []string              // TagsInput; those that a rule gives are passed over
	Unlinked    []profiles.Unlinked   // identifiers that are not: to be remembered
	Source      string                // who sent it, "" for the person's own world
	Journey     string                // RequestInput
	Params      map[string]any        // RequestInput: entry's properties
	ID          string                // message id, "" for none
	History     bool                  // late or imported: changes the person, starts nothing, satisfies no wait
	Mark        *profiles.Mark        // to be remembered with it
}

// Answer is what became of one input.
type Answer struct {
	Duplicate bool
	Run       string // RequestInput: the run it began
	Refused   string // RequestInput: or why not
}

// ReactionKind says what a commit leaves to Temporal.
type ReactionKind uint8

// The kinds of reaction.
const (
	StartRun ReactionKind = iota
	WakeRun
)

// Reaction is what a commit leaves to others: start the workflow of a run, or
// wake it.
type Reaction struct {
	Kind    ReactionKind
	Run     string
	Journey string
	Release string
	Seq     int64
	Order   Order // StartRun: its first order
}

// OrderKind says what a workflow is to do next.
type OrderKind uint8

// The kinds of order. The zero kind means: ask.
const (
	Ask OrderKind = iota
	WaitUntil
	Deliver
	EndRun
)

// Order is what a run is to do next.
type Order struct {
	Kind    OrderKind
	Seq     int64
	Until   value.Time // WaitUntil: when it ends by time alone; 0: not at all (look again in a year)
	Channel string     // Deliver
}

// Result is what a call of the machine brought about, besides the person.
type Result struct {
	Answers   []Answer // of Apply: one for each input
	Reactions []Reaction
}

// Outcome is what a send came to. Planned gives a claim back: nothing went
// out for certain, and the send is to be judged and tried again.
type Outcome struct {
	State  profiles.SendState // Sent, Failed, Skipped, Uncertain or Planned
	Reason string
	Answer map[string]any // of a call that was Sent: the JSON object that came back
}

// Rendered is a message ready to go.
type Rendered struct {
	Key                 string // the send's: run, step, pass
	Journey, Message    string
	Channel             string
	To                  string
	Subject, Text, HTML string
	URL, Method         string // of a webhook; the URL also of a push message: what it opens
	Image               string // the address of a line message's picture
	JSON                []byte
	Transactional       bool
	Resend              bool // in doubt resend
	Call                bool // the answer is wanted
}

// Verdict is what a claim came to.
type Verdict uint8

// The verdicts of a claim.
const (
	Claimed Verdict = iota // the ledger says attempting: deliver Message now, once
	Decided                // skipped, failed to render, or left: the order is what comes next
	NotYet                 // an earlier send of this person must be claimed first, or another worker has it
)

// Claim is the answer to a claim.
type Claim struct {
	Verdict Verdict
	Message Rendered
	Order   Order
	Result
}
