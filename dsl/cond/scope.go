package cond

import (
	"journey/dsl/value"
)

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

	// Mixed are the properties of the entry that have another type in one of the
	// events that a journey is entered on than in another: they cannot be used.
	// OneOf says that `event` is the entry, too.
	Mixed map[string][2]*value.Type
	OneOf bool

	// HasRun says that `run` is there; Run are the names known by now. A nil
	// type is any.
	HasRun bool
	Run    map[string]*value.Type

	// Messages are all messages with their channels, and Sends says which of
	// them the run's journey sends: those can be asked for by sent(M),
	// opened(M) and clicked(M). Sends is nil where there is no run.
	Messages map[string]string
	Sends    map[string]bool

	// With are names that stand by themselves, before those of events: what
	// the steps that send a message or make a call give with it.
	With map[string]*value.Type

	// Row says that there is a row of a file that is imported, and nothing
	// else: no person and no clock.
	Row bool
}
