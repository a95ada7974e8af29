package dsl

import (
	"time"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
)

// Test is a `test` block: what happens to one person, and what is to come of
// it. The simulator runs it.
type Test struct {
	Title    string
	Journeys []string       // those that are live; empty: all
	Given    map[string]any // traits, as they arrive (see TestInput.Data); nil: none
	Start    value.Local    // in the workspace's zone
	Inputs   []TestInput    // in the order of the source
	Assume   Assumptions
	Expect   []Expectation // in the order of the source
	Span     diag.Span     // of the title
}

// TestTime is a time in a test.
type TestTime struct {
	After value.Duration // since the start; may be negative
	At    any            // value.Local, in the workspace's zone, or value.Time; nil: After
	Span  diag.Span
}

// Instant is the time in a test that starts at an instant, in a workspace of a
// zone.
func (t TestTime) Instant(start value.Time, zone *time.Location) value.Time {
	switch at := t.At.(type) {
	case value.Local:
		return at.In(zone)
	case value.Time:
		return at
	}
	return start.Add(t.After)
}

// TestInputKind says what a TestInput is.
type TestInputKind uint8

// The kinds of input of a test.
const (
	TestEvent TestInputKind = iota
	TestSet
	TestRequest
)

// TestInput is something that happens to the person.
type TestInput struct {
	Kind    TestInputKind
	At      TestTime
	Of      *TestTime // TestEvent: its own time; nil: At
	Event   string    // TestEvent: the declared name
	Journey string    // TestRequest
	// Data are the properties, traits or parameters as they arrive from
	// outside: by their names on the wire, and of JSON's types (nil, bool,
	// float64, string, []any, map[string]any). Dates, times and durations are
	// text: "2026-12-25", "2026-12-25 09:00" (local to the workspace) or with
	// an offset, "3d".
	Data map[string]any
	Span diag.Span
}

// Assumptions are what a test takes for given, by name.
type Assumptions struct {
	Segments map[string]bool
	Splits   map[string]string // the branch
	Control  map[string]bool   // the journeys whose control group he is in; "": the workspace's
	Calls    map[string]CallAnswer
	Fails    map[string]bool // the messages that the provider refuses
}

// CallAnswer is what a webhook answers.
type CallAnswer struct {
	Fails   bool
	Returns map[string]any // the JSON object, as it arrives
}

// ExpectKind says what an Expectation claims.
type ExpectKind uint8

// The claims of a test.
const (
	ExpectSend     ExpectKind = iota // all of them, in order, are all the sends
	ExpectNoSend                     // nothing is sent at all
	ExpectSkip                       // a send is skipped
	ExpectFail                       // a send fails
	ExpectEnter                      // a run begins
	ExpectNotEnter                   // none of the journey does; with a reason: it was refused for that
	ExpectExit                       // a run ends before its steps do
	ExpectEnd                        // a run comes to the end of its steps
	ExpectGoal                       // all of them are all the goals
	ExpectNoGoal                     // that goal is not reached; without a name, none is
	ExpectThat                       // a condition on the person holds
)

// Expectation is one claim.
type Expectation struct {
	Kind         ExpectKind
	At           *TestTime // nil: whenever; of ExpectThat: at the end
	Message      string    // of sends
	Journey      string    // of runs; "": of whichever journey
	Goal         string
	Reason       string     // "": for whichever reason
	To           *string    // ExpectSend: the address; nil: whichever
	Fields       []Field    // ExpectSend: what parts of the message say
	Value        *float64   // ExpectGoal; nil: whichever
	WithoutValue bool       // ExpectGoal: it is not credited
	That         *cond.Expr // in the scope of a person
	Span         diag.Span
}

// Field is what a part of a message says: its subject, text, html, title, url,
// image, or a property of its json.
type Field struct {
	Name, Text string
	Span       diag.Span
}
