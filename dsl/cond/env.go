package cond

import (
	"time"

	"journey/dsl/value"
)

// Event is something that happened to a person, as conditions see it.
type Event struct {
	ID      string // message id
	Name    string // declared name, or the wire name of an undeclared one
	At      value.Time
	Arrived value.Time // instant of its commit
	Props   Props
}

// Person is what a condition can ask about somebody. Values are of package
// value; nil is missing.
type Person interface {
	// ID is the profile's id.
	ID() string
	// Trait is the present value of a trait, computed ones and the built-in
	// tags, consent, topics and suppressed included.
	Trait(name string) any
	// Events are the kept events of a kind in order of arrival.
	Events(name string) []*Event
	// Running is the value of a running aggregate over all events of a kind:
	// a number for count, sum, mean, min and max, an *Event for first and last.
	Running(r *Running) any
	// Hours is what is left of the events of a kind that are no longer kept,
	// by the hour, the oldest first.
	Hours(r *HourRead) []Hour
	// InSegment and InJourney are the person's memberships.
	InSegment(name string) bool
	InJourney(name string) bool
}

// Sends is what a condition of a run can ask about the messages it sends.
type Sends interface {
	// Sent says that this run has sent the message; uncertain counts.
	Sent(message string) bool
	// Opened says that such a send was opened or clicked.
	Opened(message string) bool
	// Clicked says that a link in such a send was clicked.
	Clicked(message string) bool
}

// Env is the surroundings in which an expression is evaluated. It is reused
// from one evaluation to the next; evaluation writes only Look.
type Env struct {
	Now    value.Time
	Zone   *time.Location // the person's zone
	Person Person
	Event  *Event // the event at hand; nil where there is none
	Entry  *Event // what began the run; nil where there is none
	Run    map[string]any
	Sends  Sends          // nil where there is no run
	With   map[string]any // what a step's `with` gives the expressions of its message or call
	Row    map[string]any // the row of a file that is imported

	// Look is the earliest instant after Now at which time alone can change a
	// result; 0 when none can. Evaluations lower it and never raise it, so
	// one Env collects it over many; the caller resets it.
	Look value.Time

	it any // the element that the innermost predicate is asked about
}

// LookAt notes that time alone can change a result at t.
func (e *Env) LookAt(t value.Time) {
	if t > e.Now && (e.Look == 0 || t < e.Look) {
		e.Look = t
	}
}

// Agg is the kind of a running value.
type Agg uint8

// The running values.
const (
	Count Agg = iota
	Sum
	Min
	Max
	First
	Last
	Mean // of what Sum keeps
)

// Running is an aggregate over all events of a kind, without a window. It is
// kept with the person as the events come in (so it holds also for events
// that are no longer kept) and compares by its Key.
type Running struct {
	Agg   Agg
	Event string
	Prop  string // for Sum, Mean, Min and Max: dotted path of a property; "at" is the event's time

	// For First and Last: the top-level properties of that event that are
	// read, sorted, or all of them. They are not part of the Key.
	Props []string
	Whole bool

	key string
}

var aggNames = [...]string{"count", "sum", "min", "max", "first", "last", "mean"}

// String is the aggregate's word in the language.
func (a Agg) String() string { return aggNames[a] }

// Key names the value among all running values: "sum order_completed.total". A
// mean has that of its sum.
func (r *Running) Key() string {
	if r.key != "" {
		return r.key
	}
	if r.Prop == "" {
		return r.Agg.String() + " " + r.Event
	}
	agg := r.Agg
	if agg == Mean {
		agg = Sum
	}
	return agg.String() + " " + r.Event + "." + r.Prop
}

// EventRead says which past events a condition reads.
type EventRead struct {
	Event  string
	Props  []string       // top-level properties, sorted; At is always there
	Whole  bool           // all properties: the event itself is a value
	Window value.Duration // how far back; 0: without a window
}

// Reads is what an expression depends on, apart from the event, the entry and
// the run at hand. Where it depends on the person's zone, Traits has the
// trait timezone.
type Reads struct {
	Traits   []string // top-level names, sorted
	Segments []string
	Journeys []string
	Messages []string // whose sends, opens or clicks by the run are asked
	Events   []EventRead
	Running  []*Running
	Hours    []*HourRead // of some of the windows in Events, what is no longer kept
	Now      bool        // time alone can change it
}
