package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/value"
)

// Test is a story about one person, and what is to come of it.
//
//	Test = "test" String ( "for" Name ( "," Name )* )? TestClauses .
type Test struct {
	asDecl
	Title   *String     `parser:"'test' @@"`
	For     []Name      `parser:"( 'for' @@ ( ',' @@ )* )?"` // the journeys that are live; none: all
	Clauses TestClauses `parser:"@@"`
}

// TestClauses are the lines of a test.
//
//	TestClauses = "{" ( TestClause newline )* "}" .
type TestClauses struct {
	node
	Items []TestClause

	faults
}

// Given is the state of the person before anything is live.
//
//	Given = "given" Data .
type Given struct {
	asTestClause
	Traits *Data `parser:"'given' @@"`
}

// TestStart is the local time at which a test begins.
//
//	TestStart = "start" Moment .
type TestStart struct {
	asTestClause
	At *Moment `parser:"'start' @@"`
}

// Happens is what happens to the person: an event, other traits, a request.
//
//	Happens = "at" Moment ( "event" EventRef Data? ( "of" Moment )? | "set" Data | "request" Name Data? ) .
type Happens struct {
	asTestClause
	At      *Moment   `parser:"'at' @@"`
	Event   *EventRef `parser:"( 'event' @@"`
	Props   *Data     `parser:"( (?= '{') @@ )?"`
	Of      *Moment   `parser:"( 'of' @@ )?"` // its own time, if it arrives later
	Traits  *Data     `parser:"| 'set' @@"`
	Journey *Name     `parser:"| 'request' @@"`
	Params  *Data     `parser:"( (?= '{') @@ )? )"`
}

// AssumeSegment takes a membership for given.
//
//	AssumeSegment = "assume" "segment" Name ( "is" ( "true" | "false" ) )? .
type AssumeSegment struct {
	asTestClause
	Segment Name   `parser:"'assume' 'segment' @@"`
	Is      string `parser:"( 'is' @( 'true' | 'false' ) )?"`
}

// AssumeSplit takes a branch for given.
//
//	AssumeSplit = "assume" "split" Name Name .
type AssumeSplit struct {
	asTestClause
	Split  Name `parser:"'assume' 'split' @@"`
	Branch Name `parser:"@@"`
}

// AssumeControl puts the person into a control group: that of a journey, or
// the workspace's.
//
//	AssumeControl = "assume" "control" Name? .
type AssumeControl struct {
	asTestClause
	Control bool  `parser:"'assume' @'control'"`
	Journey *Name `parser:"( (?! 'at' | 'expect' | 'assume' | 'given' | 'start') @@ )?"`
}

// AssumeCall says what a webhook answers.
//
//	AssumeCall = "assume" "call" Name ( "fails" | "returns" Data ) .
type AssumeCall struct {
	asTestClause
	Webhook Name  `parser:"'assume' 'call' @@"`
	Fails   bool  `parser:"( @'fails'"`
	Returns *Data `parser:"| 'returns' @@ )"`
}

// AssumeFails says that the provider refuses a message.
//
//	AssumeFails = "assume" Name "fails" .
type AssumeFails struct {
	asTestClause
	Message Name `parser:"'assume' @@"`
	Fails   bool `parser:"@'fails'"`
}

// ExpectSend claims that a message is sent.
//
//	ExpectSend = "expect" "send" Name ( "at" Moment )? ( "to" String )? FieldText* .
type ExpectSend struct {
	asTestClause
	Message Name         `parser:"'expect' 'send' @@"`
	At      *Moment      `parser:"( 'at' @@ )?"`
	To      *String      `parser:"( 'to' @@ )?"`
	With    []*FieldText `parser:"@@*"`
}

// FieldText is what a field of a message is to say.
//
//	FieldText = "with" Name String .
type FieldText struct {
	Field Name    `parser:"'with' @@"`
	Text  *String `parser:"@@"`
}

// ExpectNothing claims that nothing is sent, or that a goal (all of them) is
// not reached.
//
//	ExpectNothing = "expect" "no" ( "send" | "goal" Name? ) .
type ExpectNothing struct {
	asTestClause
	Send bool  `parser:"'expect' 'no' ( @'send'"`
	Goal *Name `parser:"| 'goal' ( (?! 'at' | 'expect' | 'assume' | 'given' | 'start') @@ )? )"`
}

// ExpectUnsent claims that a message is skipped or fails.
//
//	ExpectUnsent = "expect" ( "skip" | "fail" ) Name String? ( "at" Moment )? .
type ExpectUnsent struct {
	asTestClause
	Verb    string  `parser:"'expect' @( 'skip' | 'fail' )"`
	Message Name    `parser:"@@"`
	Reason  *String `parser:"@@?"`
	At      *Moment `parser:"( 'at' @@ )?"`
}

// ExpectRun claims that a journey is entered, or not, left, or gone through.
//
//	ExpectRun = "expect" "not"? ( "enter" | "exit" | "end" ) Name? String? ( "at" Moment )? .
type ExpectRun struct {
	asTestClause
	Not     bool    `parser:"'expect' @'not'?"`
	Verb    string  `parser:"@( 'enter' | 'exit' | 'end' )"`
	Journey *Name   `parser:"( (?! 'at' | 'expect' | 'assume' | 'given' | 'start') @@ )?"`
	Reason  *String `parser:"@@?"`
	At      *Moment `parser:"( 'at' @@ )?"`
}

// ExpectGoal claims that a goal is reached.
//
//	ExpectGoal = "expect" "goal" Name ( "value" "-"? Number | "without" "value" )? ( "at" Moment )? .
type ExpectGoal struct {
	asTestClause
	Goal     Name    `parser:"'expect' 'goal' @@"`
	Negative bool    `parser:"( 'value' @'-'?"`
	Value    *Number `parser:"@@"`
	Without  bool    `parser:"| @'without' 'value' )?"`
	At       *Moment `parser:"( 'at' @@ )?"`
}

// ExpectThat claims that a condition on the person holds.
//
//	ExpectThat = "expect" Expr ( "at" Moment )? .
type ExpectThat struct {
	asTestClause
	That *Expr   `parser:"'expect' @@"`
	At   *Moment `parser:"( 'at' @@ )?"`
}

// Moment is a time of a test: so long after its start (30m, -70d), or a
// date-time.
type Moment struct {
	node
	After value.Duration
	At    any // value.Local or value.Time; nil: After
}

var (
	_ participle.Parseable = (*TestClauses)(nil)
	_ participle.Parseable = (*Moment)(nil)
)

// Parse reads the lines of a test.
func (c *TestClauses) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().test.parseBody(lex, &c.node, &c.faults, func(st Statement) {
		c.Items = append(c.Items, st.(TestClause))
		switch st.(type) {
		case *Given:
			seen.check(st, "given", &c.faults)
		case *TestStart:
			seen.check(st, "start", &c.faults)
		}
	})
	return nil
}

// Parse reads a moment.
func (m *Moment) Parse(lex *lexer.PeekingLexer) error {
	first := lex.Peek()
	switch first.Type {
	case tokDateTime:
		m.At = dateTime(first.Value)
	case tokDate:
		d, _ := parseDate(first.Value)
		m.At = value.Local{Date: d}
	default:
		return m.parseAfter(lex, first)
	}
	lex.Next()
	m.setSpan(first.Pos.Offset, end(first))
	return nil
}

func (m *Moment) parseAfter(lex *lexer.PeekingLexer, first *lexer.Token) error {
	minus := is(first, "-")
	if minus {
		lex.Next()
	}
	var d Duration
	if err := d.Parse(lex); err != nil {
		if err == participle.NextMatch {
			return &participle.UnexpectedTokenError{Unexpected: *lex.Peek(), Expect: "Moment"}
		}
		return err
	}
	m.After = d.Value
	if minus {
		m.After = -m.After
	}
	m.setSpan(first.Pos.Offset, d.end)
	return nil
}
