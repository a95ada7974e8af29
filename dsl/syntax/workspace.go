package syntax

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// Workspace holds the settings of a program.
//
//	Workspace = "workspace" Settings .
type Workspace struct {
	asDecl
	Settings Settings `parser:"'workspace' @@"`
}

// Settings are the clauses of a workspace.
//
//	Settings = "{" ( Setting newline )* "}" .
type Settings struct {
	node
	Items []Setting

	faults
}

// Timezone is the fallback zone: `timezone "Asia/Taipei"`.
//
//	Timezone = "timezone" String .
type Timezone struct {
	asSetting
	Zone *String `parser:"'timezone' @@"`
}

// Country is the default region of phone numbers: `country TW`.
//
//	Country = "country" Name .
type Country struct {
	asSetting
	Code Name `parser:"'country' @@"`
}

// Currency is the workspace's currency: `currency TWD`.
//
//	Currency = "currency" Name .
type Currency struct {
	asSetting
	Code Name `parser:"'currency' @@"`
}

// Consent says what a missing consent means: `consent required` or
// `consent assumed`.
//
//	Consent = "consent" Name .
type Consent struct {
	asSetting
	Mode Name `parser:"'consent' @@"`
}

// Identify is the order of the identifiers, strongest first.
//
//	Identify = "identify" Name ( "," Name )* .
type Identify struct {
	asSetting
	Traits []Name `parser:"'identify' @@ ( ',' @@ )*"`
}

// Never are values that identify nobody here, beside those that never do:
// `never "void", "walk-in"`.
//
//	Never = "never" String ( "," String )* .
type Never struct {
	asSetting
	Values []*String `parser:"'never' @@ ( ',' @@ )*"`
}

// LateAfter says from what age an arriving event is history.
//
//	LateAfter = "late" "after" Duration .
type LateAfter struct {
	asSetting
	Age *Duration `parser:"'late' 'after' @@"`
}

// Quiet are hours in which messages are held, of some channels or of all:
// `quiet 21:00 to 09:00 for sms, push`.
//
//	Quiet = "quiet" Clock "to" Clock ( "on" Days )? ( "for" Name ( "," Name )* )? .
type Quiet struct {
	asSetting
	From     Clock  `parser:"'quiet' @@"`
	To       Clock  `parser:"'to' @@"`
	Days     *Days  `parser:"( 'on' @@ )?"`
	Channels []Name `parser:"( 'for' @@ ( ',' @@ )* )?"`
}

// Cap bounds how many messages somebody gets: `cap email 3 per 7 days`.
//
//	Cap = "cap" Name Number "per" ( "calendar" "day" | Duration ) .
type Cap struct {
	asSetting
	Channel  Name      `parser:"'cap' @@"` // or `all`
	Count    Number    `parser:"@@ 'per'"`
	Calendar bool      `parser:"( @'calendar' 'day'"`
	Per      *Duration `parser:"| @@ )"` // nil: Calendar
}

// ControlAll is the share of people who get no marketing: `control 5%`.
//
//	ControlAll = "control" Percent .
type ControlAll struct {
	asSetting
	Share Percent `parser:"'control' @@"`
}

// Topics are what people can leave without leaving the channel.
//
//	Topics = "topics" Topic ( "," Topic )* .
type Topics struct {
	asSetting
	Items []*Topic `parser:"'topics' @@ ( ',' @@ )*"`
}

// Topic is one of them.
//
//	Topic = Name String? .
type Topic struct {
	Name  Name    `parser:"@@"`
	Title *String `parser:"@@?"`
}

// Suppress says who gets no marketing, over a channel or at all:
// `suppress email when segment.unengaged`.
//
//	Suppress = "suppress" ( "when" | Name "when" ) Expr .
type Suppress struct {
	asSetting
	All     bool  `parser:"'suppress' ( @'when'"`
	Channel *Name `parser:"| @@ 'when' )"` // nil: all
	When    *Expr `parser:"@@"`
}

var _ participle.Parseable = (*Settings)(nil)

// Parse reads settings.
func (s *Settings) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().workspace.parseBody(lex, &s.node, &s.faults, func(st Statement) {
		s.Items = append(s.Items, st.(Setting))
		word := "late"
		switch st.(type) {
		case *Never, *Quiet, *Cap, *Topics, *Suppress:
			return // there may be several
		case *ControlAll:
			word = "control"
		case *Timezone:
			word = "timezone"
		case *Country:
			word = "country"
		case *Currency:
			word = "currency"
		case *Consent:
			word = "consent"
		case *Identify:
			word = "identify"
		}
		seen.check(st, word, &s.faults)
	})
	return nil
}

// once finds clauses that are given twice.
type once map[string]bool

func (o *once) check(st Statement, word string, f *faults) {
	if st.Broken() {
		return // whatever it was to be
	}
	if *o == nil {
		*o = once{}
	}
	if (*o)[word] {
		f.fault(repeatedClause(st.stmt().first, st.stmt().wordEnd, word))
	}
	(*o)[word] = true
}
