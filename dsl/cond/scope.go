package cond

import "journey/dsl/value"

// Scope is what names mean where an expression stands. It is read, never
// changed or kept.
type Scope struct {
	Traits     map[string]*value.Type // profile.NAME, built-in traits included
	Events     map[string]*value.Type // EVENT: an object each, without the property at
	EventWires map[string]string      // wire name → name of an event
	Segments   map[string]bool        // segment.NAME
	Journeys   map[string]bool        // journey.NAME

	// NoJourney says that journey.NAME is not allowed here (segments and
	// computed traits).
	NoJourney bool

	// Event is the type of `event`; nil where there is none.
	Event *value.Type

	// HasEntry says that `entry` is there (with .at and .event); Entry are
	// its properties and may be nil. EntryAny: the entry is an undeclared
	// request, whose fields are any.
	HasEntry bool
	Entry    *value.Type
	EntryAny bool

	// HasRun says that `run` is there; Run are the names known by now. A nil
	// type is any.
	HasRun bool
	Run    map[string]*value.Type
}

// Want is what an expression is to be.
type Want struct {
	kind wantKind
	typ  *value.Type
}

type wantKind uint8

const (
	wantAnything wantKind = iota
	wantCondition
	wantDuration
	wantMoment
	wantKey
	wantValue
	wantComputed
)

// What an expression can be wanted for.
var (
	Anything  = Want{kind: wantAnything}
	Condition = Want{kind: wantCondition} // a boolean
	Duration  = Want{kind: wantDuration}
	Moment    = Want{kind: wantMoment} // a date or time
	Key       = Want{kind: wantKey}    // a scalar that can name a run
)

// Computed wants the value of a computed trait: like ValueOf, but it follows
// data and time, so the moment of every change must be known.
func Computed(t *value.Type) Want { return Want{kind: wantComputed, typ: t} }

// ValueOf wants a value that can be stored in a trait or property of a type;
// it is asked for once.
func ValueOf(t *value.Type) Want { return Want{kind: wantValue, typ: t} }
