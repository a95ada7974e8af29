package dsl

import (
	"fmt"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// Tests.

func errStart(at diag.Span) diag.Diagnostic {
	return mistake(BadTest, at, "", "a test starts at a local time of the workspace, like `2026-03-02 09:00`")
}

func errHappensChange(ref *syntax.EventRef) diag.Diagnostic {
	return mistake(BadTest, ref.Span(), "", "the change of a trait happens when it is set: write `at … set { %s: … }`", ref.Change.Text)
}

func errNoSendAndSend(at diag.Span) diag.Diagnostic {
	return mistake(BadTest, at, "", "this test expects a message as well, and the ones it lists are all there are")
}

func errNotEnter(at diag.Span, verb string) diag.Diagnostic {
	return mistake(BadTest, at, "", "`not` stands before `enter` alone; that a run goes on is what its further sends show, not `not %s`", verb)
}

func errNoObject(at diag.Span) diag.Diagnostic {
	return mistake(BadTest, at, "", "names and values are wanted here, as in `{ name: \"Ann\" }`")
}

func errUnknownSegment(name *syntax.Name, segments []string) diag.Diagnostic {
	return mistake(cond.UnknownSegment, name.Span(), diag.Suggest(name.Text, segments), "unknown segment `%s`", name.Text)
}

func errUnknownSplit(name *syntax.Name, splits []string) diag.Diagnostic {
	return mistake(UnknownSplit, name.Span(), diag.Suggest(name.Text, splits), "unknown split `%s`", name.Text)
}

func errUnknownBranch(name *syntax.Name, split string, branches []string) diag.Diagnostic {
	return mistake(UnknownSplit, name.Span(), diag.Suggest(name.Text, branches), "the split `%s` has no branch `%s`: it has %s", split, name.Text, strings.Join(branches, ", "))
}

func errUnknownReason(s *syntax.String, reasons []string) diag.Diagnostic {
	var list []string
	for _, r := range reasons {
		list = append(list, fmt.Sprintf("%q", r))
	}
	return mistake(UnknownReason, s.Span(), quotedOrNone(diag.Suggest(s.Value, reasons)), "unknown reason %q: there are %s", s.Value, strings.Join(list, ", "))
}

func errUnknownTestGoal(name *syntax.Name, goals []string) diag.Diagnostic {
	return mistake(UnknownGoal, name.Span(), diag.Suggest(name.Text, goals), "no journey of this test has a goal `%s`", name.Text)
}

func errNoPart(name *syntax.Name, message string, known []string) diag.Diagnostic {
	return mistake(UnknownPart, name.Span(), diag.Suggest(name.Text, known), "`%s` has no part `%s`: it has %s", message, name.Text, strings.Join(known, ", "))
}

func errUnknownMessageText(at diag.Span, name string, messages []string) diag.Diagnostic {
	return mistake(UnknownMessage, at, quotedOrNone(diag.Suggest(name, messages)), "unknown message `%s`", name)
}

func errUnknownJourneyText(at diag.Span, name string, journeys []string) diag.Diagnostic {
	return mistake(cond.UnknownJourney, at, quotedOrNone(diag.Suggest(name, journeys)), "unknown journey `%s`", name)
}

// Imports.

func errUnknownFormat(name *syntax.Name) diag.Diagnostic {
	return mistake(UnknownFormat, name.Span(), diag.Suggest(name.Text, formats), "files of the kind `%s` cannot be imported: there is %s", name.Text, strings.Join(formats, ", "))
}

func errFilledTwice(at diag.Span, name string, first diag.Span) diag.Diagnostic {
	return because(mistake(Duplicate, at, "", "`%s` is filled already", name), first, "here")
}

func errImportWhole(name *syntax.Name) diag.Diagnostic {
	return mistake(NotSettable, name.Span(), "", "`%s` is filled one by one, as in `set %s.NAME = …`", name.Text, name.Text)
}

func errImportLacks(name *syntax.Name, what string) diag.Diagnostic {
	return mistake(ImportLacks, name.Span(), "", "the import `%s` needs %s", name.Text, what)
}
