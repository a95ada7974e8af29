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

// LateAfter says from what age an arriving event is history.
//
//	LateAfter = "late" "after" Duration .
type LateAfter struct {
	asSetting
	Age *Duration `parser:"'late' 'after' @@"`
}

var _ participle.Parseable = (*Settings)(nil)

// Parse reads settings.
func (s *Settings) Parse(lex *lexer.PeekingLexer) error {
	var seen once
	lang().workspace.parseBody(lex, &s.node, &s.faults, func(st Statement) {
		s.Items = append(s.Items, st.(Setting))
		word := "late"
		switch st.(type) {
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
