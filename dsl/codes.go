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

	// BadFormat is a format that says nothing, or of a type that has none.
	//
	//	trait birthday: date format "day/month"
	BadFormat diag.Code = "bad-format"

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

	// ControlShare is a control group of more than everybody.
	//
	//	workspace { control 120% }
	ControlShare diag.Code = "control-share"

	// AlwaysQuiet is quiet hours that leave no minute.
	//
	//	workspace { quiet 09:00 to 21:00 quiet 20:00 to 10:00 }
	AlwaysQuiet diag.Code = "always-quiet"

	// OnlyNewest is a condition that reads more past events than are kept.
	//
	//	event ping { n: number }
	//	segment a = any(ping, .n > 1)
	OnlyNewest diag.Code = "only-newest"

	// UnknownTopic is a message about a topic that the workspace does not have.
	//
	//	trait email: email identifier
	//	message m via email { subject "Hi" text "Hi" topic news }
	UnknownTopic diag.Code = "unknown-topic"

	// Circle is a computed trait, segment or rule of a tag that depends on itself.
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

	// WholeDays is a distance in calendar days that is none.
	//
	//	trait birthday: date
	//	journey j { enter yearly 36h before profile.birthday }
	WholeDays diag.Code = "whole-days"

	// DayTwice is a day of the month that is listed twice.
	//
	//	journey j { enter monthly on 1, 15, 1 at 09:00 }
	DayTwice diag.Code = "day-twice"

	// BadPriority is a priority that is no whole number.
	//
	//	event e
	//	journey j { enter on e once priority 0.5 }
	BadPriority diag.Code = "bad-priority"

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

	// NotSettable is a trait or tag that a journey cannot set.
	//
	//	event e
	//	journey j { enter on e once set profile.user_id = "1" }
	NotSettable diag.Code = "not-settable"

	// LetType is a value of a run that gets a value of another type.
	LetType diag.Code = "let-type"

	// BadTimes is a number of rounds that a loop cannot make.
	//
	//	event e
	//	journey j { enter on e once repeat up to 0 times { tag "x" } }
	BadTimes diag.Code = "bad-times"

	// NoWait is a loop that turns more than ten times without ever waiting.
	//
	//	event e
	//	journey j { enter on e once repeat up to 20 times { tag "x" } }
	NoWait diag.Code = "no-wait"

	// NotEmitted is an event that a journey cannot track.
	//
	//	event e
	//	journey j { enter on e once emit message_opened { message: "m" } }
	NotEmitted diag.Code = "not-emitted"

	// PropertyLacks is an event or request without a property that it always
	// has.
	//
	//	event e
	//	event f { id: text }
	//	journey j { enter on e once emit f }
	PropertyLacks diag.Code = "property-lacks"

	// NoRequest is a request of a journey that takes none.
	//
	//	event e
	//	journey j { enter on e once start k }
	//	journey k { enter on e once }
	NoRequest diag.Code = "no-request"

	// UnknownWebhook is `call` with a webhook that is not declared.
	//
	//	event e
	//	journey j { enter on e once call points }
	UnknownWebhook diag.Code = "unknown-webhook"

	// Uncalled is a webhook that nothing calls (a warning).
	Uncalled diag.Code = "uncalled-webhook"

	// AnswerDiffers is an answer of a webhook that two calls declare
	// differently.
	//
	//	event e
	//	webhook points { url "https://example.com" }
	//	journey j {
	//	  enter on e
	//	  once
	//	  call points as a returns { n: number }
	//	  call points as b returns { n: text }
	//	}
	AnswerDiffers diag.Code = "answer-differs"

	// EmptyWindow is a wait for a window that is never open.
	//
	//	event e
	//	journey j { enter on e once wait until 10:00 to 10:00 }
	EmptyWindow diag.Code = "empty-window"

	// UnknownSplit is an assumption about a split that no journey has, or about
	// a branch that it does not have.
	//
	//	test "t" { assume split s a }
	UnknownSplit diag.Code = "unknown-split"

	// UnknownReason is a reason for which nothing is skipped, or fails.
	//
	//	trait email: email identifier
	//	message m via email { subject "Hi" text "Hi" }
	//	test "t" { expect skip m "consnet" }
	UnknownReason diag.Code = "unknown-reason"

	// UnknownPart is a part that a message does not have.
	//
	//	trait phone: phone identifier
	//	message m via sms { text "Hi" }
	//	test "t" { expect send m with subject "Hi" }
	UnknownPart diag.Code = "unknown-part"

	// BadTest is a line of a test that makes no sense.
	//
	//	test "t" { start 2026-03-02 09:00+08:00 }
	BadTest diag.Code = "bad-test"

	// UnknownFormat is a kind of file that cannot be imported.
	//
	//	import people from xml { identify user_id = row["id"] }
	UnknownFormat diag.Code = "unknown-format"

	// ImportLacks is an import without something it needs.
	//
	//	import people from csv { set language = row["language"] }
	ImportLacks diag.Code = "import-lacks"
)
