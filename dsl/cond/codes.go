package cond

import (
	"journey/dsl/diag"
)

// The codes of what is wrong with expressions. Each says one kind of mistake;
// the example in its comment is wrong in just this way.
const (
	// UnknownName is a name that means nothing where it stands.
	//
	//	total_spend > 3
	UnknownName diag.Code = "unknown-name"

	// UnknownTrait is `profile.` with a trait that is not declared.
	//
	//	profile.nmae == "Ann"
	UnknownTrait diag.Code = "unknown-trait"

	// UnknownEvent is an event that is not declared.
	//
	//	count(order_complete in last 3 days) > 0
	UnknownEvent diag.Code = "unknown-event"

	// UnknownSegment is `segment.` with a segment that is not declared.
	//
	//	segment.high_valeu
	UnknownSegment diag.Code = "unknown-segment"

	// UnknownJourney is `journey.` with a journey that is not declared.
	//
	//	journey.welcom
	UnknownJourney diag.Code = "unknown-journey"

	// UnknownProperty is a property that an event or object does not have.
	//
	//	last(order_completed).totl > 3
	UnknownProperty diag.Code = "unknown-property"

	// UnknownFunction is a function that does not exist.
	//
	//	cuont(order_completed) > 3
	UnknownFunction diag.Code = "unknown-function"

	// NotHere is a name that means nothing at this place in the program.
	//
	//	it == 3
	NotHere diag.Code = "not-here"

	// WrongType is a value of a type that cannot stand where it stands.
	//
	//	lower(profile.total_spend) == "a"
	WrongType diag.Code = "wrong-type"

	// MismatchedTypes is an operator between values that do not go together.
	//
	//	profile.total_spend > "3"
	MismatchedTypes diag.Code = "mismatched-types"

	// NotOneOf is a value that the other side can never have.
	//
	//	profile.tier == "platinum"
	NotOneOf diag.Code = "not-one-of"

	// WrongArguments is a function with too few or too many arguments.
	//
	//	lower() == "a"
	WrongArguments diag.Code = "wrong-arguments"

	// BadPattern is a pattern of `matches` that is none, or not written out.
	//
	//	profile.name matches "("
	BadPattern diag.Code = "bad-pattern"

	// Dynamic is a name that would be known only when the condition is asked.
	//
	//	profile["a" + "b"] == 1
	Dynamic diag.Code = "dynamic-name"

	// UntrackedNow is a use of now of which the next change cannot be told.
	//
	//	max(now, profile.last_seen) > 2026-01-01
	UntrackedNow diag.Code = "untracked-now"

	// NotSent is a question about a message that the journey does not send.
	//
	//	sent(receipt)
	NotSent diag.Code = "not-sent"

	// NoOpens is a question whether a message was opened whose channel does not
	// tell.
	//
	//	opened(text_reminder)
	NoOpens diag.Code = "no-opens"

	unknownMessage   diag.Code = "unknown-message" // described in package dsl
	notInExpressions           = diag.NotInExpressions
	tooDeep                    = diag.TooDeep
	tooLong                    = diag.TooLong
)
