package diag

import "strings"

// numbers is the registry of the codes: each has a number, which is never
// given to another one and never changes: J015 was one that is no longer in
// use. What a code means, with examples, is in package codes.
//
// The first digit says what the code is about: 0 reading a file, 1 names and
// expressions, 2 declarations and settings, 3 messages, 4 journeys, 5 tests
// and imports, 6 what a server says.
var numbers = map[Code]string{
	"invalid-utf8":       "J001",
	"file-too-large":     "J002",
	"unknown-character":  "J003",
	"unclosed-text":      "J004",
	"bad-escape":         "J005",
	"bad-number":         "J006",
	"bad-date":           "J007",
	"bad-duration":       "J008",
	"unknown-word":       "J009",
	"unexpected":         "J010",
	"incomplete":         "J011",
	"unclosed-block":     "J012",
	"unclosed-bracket":   "J013",
	"stray-bracket":      "J014",
	"clause-after-step":  "J016",
	"repeated-clause":    "J017",
	"too-deep":           "J018",
	"too-long":           "J019",
	"needs-parentheses":  "J020",
	"not-in-expressions": "J021",
	"unknown-type":       "J022",
	"internal":           "J099",

	"unknown-name":     "J101",
	"unknown-trait":    "J102",
	"unknown-event":    "J103",
	"unknown-segment":  "J104",
	"unknown-journey":  "J105",
	"unknown-property": "J106",
	"unknown-function": "J107",
	"not-here":         "J108",
	"wrong-type":       "J109",
	"mismatched-types": "J110",
	"not-one-of":       "J111",
	"wrong-arguments":  "J112",
	"bad-pattern":      "J113",
	"dynamic-name":     "J114",
	"untracked-now":    "J115",
	"not-sent":         "J116",
	"no-opens":         "J117",
	"only-newest":      "J118",

	"second-workspace": "J201",
	"duplicate-name":   "J202",
	"reserved-name":    "J203",
	"same-wire-name":   "J204",
	"empty-text":       "J205",
	"bad-identifier":   "J206",
	"builtin-changed":  "J207",
	"bad-one-of":       "J208",
	"unknown-zone":     "J209",
	"unknown-country":  "J210",
	"unknown-currency": "J211",
	"bad-setting":      "J212",
	"circle":           "J213",
	"control-share":    "J214",
	"always-quiet":     "J215",
	"bad-format":       "J216",

	"unknown-channel": "J301",
	"wrong-clause":    "J302",
	"message-lacks":   "J303",
	"no-address":      "J304",
	"bad-url":         "J305",
	"bad-method":      "J306",
	"no-file":         "J307",
	"bad-template":    "J308",
	"with-lacks":      "J309",
	"unsent-message":  "J310",
	"unknown-message": "J311",
	"unknown-topic":   "J312",

	"no-entry":         "J401",
	"no-reentry-rule":  "J402",
	"unknown-goal":     "J403",
	"exit-first":       "J404",
	"unreachable-step": "J405",
	"shares":           "J406",
	"split-differs":    "J407",
	"not-settable":     "J408",
	"let-type":         "J409",
	"empty-window":     "J410",
	"bad-times":        "J411",
	"no-wait":          "J412",
	"whole-days":       "J413",
	"day-twice":        "J414",
	"bad-priority":     "J415",
	"not-emitted":      "J416",
	"property-lacks":   "J417",
	"no-request":       "J418",
	"unknown-webhook":  "J419",
	"uncalled-webhook": "J420",
	"answer-differs":   "J421",

	"unknown-split":  "J501",
	"unknown-reason": "J502",
	"unknown-part":   "J503",
	"bad-test":       "J504",
	"unknown-format": "J505",
	"import-lacks":   "J506",

	"counts-from-now": "J601",
}

// Number is the code's number, like "J102". A code that is not registered has
// none.
func (c Code) Number() string { return numbers[c] }

// Numbered is the code with its number, as diagnostics show it: "J102
// unknown-trait".
func (c Code) Numbered() string {
	return strings.TrimLeft(c.Number()+" "+string(c), " ")
}

// Codes are all registered codes, in no order.
func Codes() []Code {
	codes := make([]Code, 0, len(numbers))
	for c := range numbers {
		codes = append(codes, c)
	}
	return codes
}
