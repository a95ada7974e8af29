package dsl

import "journey/dsl/diag"

// construct is a part of the language that the machine may not execute yet.
// It is parsed and checked all the same, and refused where it stands.
type construct string

// supported says which of them the machine executes. What is not listed
// always was.
var supported = map[construct]bool{
	"each":            true,
	"change of":       true,
	"enter yearly":    true,
	"enter … before":  true,
	"enter daily":     true,
	"enter monthly":   true,
	"enter on DAY":    true,
	"enter on DATE":   true,
	"wait until hour": true,
	"repeat":          true,
	"emit":            true,
	"call":            true,
	"start":           true,
	"control":         true,
	"priority":        true,
	"quiet":           true,
	"cap":             true,
	"topics":          true,
	"topic":           true,
	"suppress":        true,
	"valid for":       true,
	"in doubt resend": true,
	"via sms":         true,

	"via push": true, // title as the subject; the url wants Message.Link
	"via line": true, // text; the picture wants Message.Image
	"url":      false,
	"image":    false,

	// Days of the week behind quiet hours (Quiet.Days), and behind the `at` of a
	// wait (WaitMoment.Days; WaitClock.Days together with Tomorrow).
	"quiet … on DAY":         false,
	"wait until … at … on":   false,
	"wait until tomorrow on": false,

	// The names of a `with` in the json and to of messages, and in the json of
	// webhooks: wants cond.Env.With set while these are evaluated.
	"with in json": false,
}

// supports reports a construct that is not supported yet, at the word that
// begins it.
func (c *checker) supports(what construct, at diag.Span) {
	if !c.everything && !supported[what] {
		c.report(mistake(diag.ReservedWord, at, "", "`%s` is not supported yet", string(what)))
	}
}
