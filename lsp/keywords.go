package lsp

import (
	"regexp"
	"strings"
	"sync"

	"journey/docs"
)

// form is a row of the language reference: how something is written, and what
// it means.
type form struct{ code, meaning string }

// keyword are the rows of the reference about a word: those whose forms begin
// with it, without such the others in which it stands.
func keyword(word string) []form {
	word, _, _ = strings.Cut(word, " ")
	about := reference()
	if forms := about.begins[word]; forms != nil {
		return forms
	}
	return about.contains[word]
}

func shownForms(forms []form) string {
	var parts []string
	for _, f := range forms {
		parts = append(parts, strings.TrimSpace("```journey\n"+f.code+"\n```\n\n"+f.meaning))
	}
	return strings.Join(parts, "\n\n")
}

type referenceIndex struct{ begins, contains map[string][]form }

// reference reads the tables of the language reference: `| form | meaning |`.
var reference = sync.OnceValue(func() referenceIndex {
	x := referenceIndex{map[string][]form{}, map[string][]form{}}
	for _, line := range strings.Split(docs.Language(), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || cells[0] != "" {
			continue
		}
		meaning := strings.TrimSpace(strings.Join(cells[2:len(cells)-1], "|"))
		var codes []string
		for _, m := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
			codes = append(codes, m[1])
		}
		if len(codes) == 0 {
			continue
		}
		f := form{strings.Join(codes, "\n"), meaning}
		begun := map[string]bool{}
		for _, code := range codes {
			for i, w := range lowerWord.FindAllString(quotedText.ReplaceAllString(code, ""), -1) {
				switch {
				case begun[w]:
				case i == 0 && strings.HasPrefix(code, w):
					x.begins[w] = append(x.begins[w], f)
				default:
					x.contains[w] = append(x.contains[w], f)
				}
				begun[w] = true
			}
		}
	}
	for word, text := range otherWords {
		if x.begins[word] == nil {
			x.begins[word] = []form{text}
		}
	}
	return x
})

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	lowerWord  = regexp.MustCompile(`\b[a-z]+\b`)
	quotedText = regexp.MustCompile(`"[^"]*"`)
)

// otherWords are those that the reference shows by examples, not in tables.
var otherWords = map[string]form{
	"workspace":  {"workspace { … }", "The settings of the program; there is one."},
	"timezone":   {`timezone "Asia/Taipei"`, "The zone of people without one, and of times in data without an offset."},
	"country":    {"country TW", "The country of phone numbers without a country code."},
	"currency":   {"currency TWD", "The workspace's currency."},
	"consent":    {"consent required\nconsent assumed", "Whether marketing needs `profile.consent.CHANNEL`, or a missing one counts as yes."},
	"identify":   {"identify user_id, email, phone", "The identifiers, the strongest first."},
	"never":      {`never "void", "walk-in"`, "Values that identify nobody here, beside those that never do."},
	"late":       {"late after 24 hours", "An event older than this on arrival is history: it starts nothing."},
	"quiet":      {"quiet 21:00 to 09:00 for sms, push", "Holds messages until it ends, in the person's zone."},
	"cap":        {"cap email 3 per 7 days\ncap all 5 per calendar day", "Skips what is more."},
	"topics":     {`topics news "Newsletter", offers "Offers"`, "What people can leave without leaving the channel."},
	"suppress":   {"suppress email when C", "No marketing to them; without a channel: none at all."},
	"trait":      {`trait NAME ["name on the wire"]: TYPE [identifier [up to N]] [= EXPR]`, "Something known about people; with `= EXPR` it is computed."},
	"event":      {`event NAME ["name on the wire"] { PROPERTY: TYPE, … }`, "Something that people do."},
	"segment":    {`segment NAME ["title"] = CONDITION`, "A named condition on people."},
	"message":    {"message NAME via CHANNEL { … }", "Something to send."},
	"webhook":    {"webhook NAME { url \"…\" method POST json { … } }", "A system that `call` asks."},
	"journey":    {`journey NAME ["title"] { … }`, "Who goes in, what happens to him, and when it ends."},
	"test":       {`test "what is tested" [for JOURNEY, …] { … }`, "A story about one person, in virtual time."},
	"import":     {"import NAME from csv [as EVENT] [live] { … }", "What the rows of a file are: people, or events."},
	"given":      {"given { TRAIT: VALUE, … }", "The person before anything is live."},
	"start":      {"start 2026-03-02 09:00", "When the test begins."},
	"assume":     {"assume segment NAME [is false]\nassume split NAME BRANCH\nassume control [JOURNEY]\nassume MESSAGE fails\nassume call WEBHOOK returns { … }", "What the test takes for given."},
	"expect":     {"expect send MESSAGE [at 1h]\nexpect no send\nexpect exit JOURNEY \"reason\"\nexpect goal NAME [value N]", "What must come of it. The sends listed are all the sends, in order."},
	"identifier": {"trait email: email identifier [up to N]", "It says who somebody is; at most five a person unless said."},
	"format":     {`date format "dd/mm/yyyy"`, "How values are written, where that can be read in several ways."},
	"optional":   {"PROPERTY: TYPE optional", "It may be missing."},
	"subject":    {`subject "…"`, "The subject of an e-mail, a template."},
	"html":       {`html "…"` + "\n" + `html file "templates/x.html"`, "The body of an e-mail as HTML; values are escaped."},
	"text":       {`text "…"` + "\n" + `text file "templates/x.txt"`, "The text of a message, a template."},
	"title":      {`title "…"`, "The title of a push message."},
	"image":      {`image "https://…"`, "The picture of a LINE message."},
	"url":        {`url "https://…"`, "Where a webhook goes, or what a push message opens."},
	"method":     {"method POST", "The HTTP method of a webhook."},
	"json":       {"json { NAME: EXPR, … }", "The body of a webhook."},
	"topic":      {"topic NAME", "The topic of the message; who has left it does not get it."},
	"valid":      {"valid for D", "How late the message may still be sent; unsaid 24 hours."},
	"doubt":      {"in doubt resend", "A send that may or may not have gone out is repeated."},
	"via":        {"message NAME via CHANNEL", "The channel: email, sms, push, line or webhook."},
	"where":      {"… where C", "Only if the condition holds."},
	"and":        {"C and D", "Both hold."}, "or": {"C or D", "One of them holds."}, "not": {"not (C)", "It does not hold; of a missing condition that is true."},
	"contains":   {`TEXT contains "x"`, "Whether a text contains another one."},
	"startsWith": {`TEXT startsWith "x"`, "Whether a text begins with another one."},
	"endsWith":   {`TEXT endsWith "x"`, "Whether a text ends with another one."},
	"matches":    {`TEXT matches "^[0-9]+$"`, "Whether a text fits a regular expression."},
	"is":         {"X is set\nX is missing", "Whether somebody has sent it."},
	"in":         {"X in LIST\nEVENT in last 90 days", "Whether a list has an element; the events of the last time."},
	"else":       {"if C { … } else if D { … } else { … }", "What is done if the condition does not hold."},
	"otherwise":  {"… otherwise { … }", "What is done if it did not come to it: the send was skipped, the wait ended without."},
}
