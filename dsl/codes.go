package dsl

import "journey/dsl/diag"

// The codes of what the checker finds. Each says one kind of mistake; the
// example in its comment is wrong in just this way. Codes of the parser are in
// package diag, those of expressions in package cond; errors.go has the
// sentences.
const (
	// SecondWorkspace is a second `workspace` block.
	//
	//	workspace { country TW }
	//	workspace { currency TWD }
	SecondWorkspace diag.Code = "second-workspace"

	// Duplicate is a name that is declared again.
	//
	//	trait name: text
	//	trait name: text
	Duplicate diag.Code = "duplicate-name"

	// ReservedName is a name that has a meaning of its own where it would stand.
	//
	//	trait id: text
	ReservedName diag.Code = "reserved-name"

	// SameWire is a name on the wire that two traits, events or properties have.
	//
	//	trait name: text
	//	trait full_name "name": text
	SameWire diag.Code = "same-wire-name"

	// EmptyText is a text that must say something and is empty.
	//
	//	trait name "": text
	EmptyText diag.Code = "empty-text"

	// BadIdentifier is an identifier that cannot be one.
	//
	//	trait age: number identifier
	BadIdentifier diag.Code = "bad-identifier"

	// BuiltinChanged is a built-in trait, event or property that is declared
	// again as something else.
	//
	//	trait timezone: number
	BuiltinChanged diag.Code = "builtin-changed"

	// BadOneOf is `one of` where it cannot stand, or the same value twice.
	//
	//	trait tier: number one of "1", "2"
	BadOneOf diag.Code = "bad-one-of"

	// UnknownZone is a time zone that the IANA database does not have.
	//
	//	workspace { timezone "Asia/Taipeh" }
	UnknownZone diag.Code = "unknown-zone"

	// UnknownCountry is a country that ISO 3166 does not have.
	//
	//	workspace { country XX }
	UnknownCountry diag.Code = "unknown-country"

	// UnknownCurrency is a currency that ISO 4217 does not have.
	//
	//	workspace { currency XYZ }
	UnknownCurrency diag.Code = "unknown-currency"

	// BadSetting is a setting with a value that makes no sense.
	//
	//	workspace { late after 0s }
	BadSetting diag.Code = "bad-setting"

	// Circle is a computed trait or segment that depends on itself.
	//
	//	segment a = segment.b
	//	segment b = segment.a
	Circle diag.Code = "circle"

	// UnknownChannel is a channel that does not exist.
	//
	//	message m via emial { subject "Hi" text "Hi" }
	UnknownChannel diag.Code = "unknown-channel"

	// WrongClause is a clause that a message of its channel cannot have.
	//
	//	message m via webhook { url "https://example.com" subject "Hi" }
	WrongClause diag.Code = "wrong-clause"

	// MessageLacks is a message without something it needs.
	//
	//	trait email: email identifier
	//	message m via email { text "Hi" }
	MessageLacks diag.Code = "message-lacks"

	// NoAddress is a message on a channel whose address trait is not declared.
	//
	//	message m via email { subject "Hi" text "Hi" }
	NoAddress diag.Code = "no-address"

	// BadURL is an address of a webhook that cannot be called.
	//
	//	message m via webhook { url "example" }
	BadURL diag.Code = "bad-url"

	// BadMethod is an HTTP method that webhooks do not use.
	//
	//	message m via webhook { url "https://example.com" method PSOT }
	BadMethod diag.Code = "bad-method"

	// NoFile is a file that the workspace does not have.
	//
	//	trait email: email identifier
	//	message m via email { subject "Hi" text file "missing.txt" }
	NoFile diag.Code = "no-file"

	// BadTemplate is a template that cannot be read.
	//
	//	trait email: email identifier
	//	message m via email { subject "Hi" text "{% if %}" }
	BadTemplate diag.Code = "bad-template"

	// WithLacks is a send that leaves out a value which the message writes.
	WithLacks diag.Code = "with-lacks"

	// Unsent is a message that nothing sends (a warning).
	Unsent diag.Code = "unsent-message"

	// NoEntry is a journey that nobody can enter.
	//
	//	journey j { wait 1 day }
	NoEntry diag.Code = "no-entry"

	// NoReentry is a journey entered by event or condition that does not say
	// whether people may enter again (a warning; it means `once`).
	//
	//	event e
	//	journey j { enter on e }
	NoReentry diag.Code = "no-reentry-rule"

	// UnknownGoal is `exit on goal` with a goal that the journey does not have.
	//
	//	event e
	//	journey j { enter on e once exit on goal sold }
	UnknownGoal diag.Code = "unknown-goal"

	// ExitFirst is a wait for an event that always ends the run (a warning).
	ExitFirst diag.Code = "exit-first"

	// Unreachable is a step to which no run can come.
	//
	//	event e
	//	journey j { enter on e once exit wait 1 day }
	Unreachable diag.Code = "unreachable-step"

	// UnknownMessage is `send` with a message that is not declared.
	//
	//	event e
	//	journey j { enter on e once send hello }
	UnknownMessage diag.Code = "unknown-message"

	// Shares is a split whose shares do not make 100 per cent.
	//
	//	event e
	//	journey j { enter on e once split s { 50% a { } 40% b { } } }
	Shares diag.Code = "shares"

	// SplitDiffers is a split that has other branches elsewhere.
	SplitDiffers diag.Code = "split-differs"

	// NotSettable is a trait that a journey cannot set.
	//
	//	event e
	//	journey j { enter on e once set profile.user_id = "1" }
	NotSettable diag.Code = "not-settable"

	// LetType is a value of a run that gets a value of another type.
	LetType diag.Code = "let-type"

	// EmptyWindow is a wait for a window that is never open.
	//
	//	event e
	//	journey j { enter on e once wait until 10:00 to 10:00 }
	EmptyWindow diag.Code = "empty-window"
)
