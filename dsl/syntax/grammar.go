package syntax

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// grammar is the root from which participle builds its rules. It is never
// parsed: files and blocks are loops of our own (body.go), so that they can go
// on after an error, and each statement is parsed by its own rule.
type grammar struct {
	Decl          Decl          `parser:"  @@"`
	Setting       Setting       `parser:"| @@"`
	MessageClause MessageClause `parser:"| @@"`
	TestClause    TestClause    `parser:"| @@"`
	ImportClause  ImportClause  `parser:"| @@"`
	Clause        Clause        `parser:"| @@"`
	Step          Step          `parser:"| @@"`
	Branch        *Branch       `parser:"| @@"`
	Alternative   *Alternative  `parser:"| @@"`
	Property      *Property     `parser:"| @@"`
}

func buildGrammar() *participle.Parser[grammar] {
	return participle.MustBuild[grammar](
		participle.Lexer(definition{}),
		participle.Union[Decl](&Workspace{}, &Trait{}, &Event{}, &Segment{}, &TagRule{}, &Message{}, &Webhook{},
			&Journey{}, &Test{}, &Import{}),
		participle.Union[Setting](&Timezone{}, &Country{}, &Currency{}, &Consent{}, &Identify{}, &Never{}, &LateAfter{},
			&Quiet{}, &Cap{}, &ControlAll{}, &Topics{}, &Suppress{}),
		participle.Union[MessageClause](&Content{}, &To{}, &Exempt{}, &TopicOf{}, &ValidFor{}, &Resend{},
			&URL{}, &Method{}, &JSON{}),
		participle.Union[Clause](&EnterEvent{}, &EnterWhen{}, &EnterRequest{},
			&EnterYearly{}, &EnterDate{}, &EnterClock{}, &EnterDay{}, &Once{}, &AgainAfterExit{}, &AgainAfter{},
			&OnlyWhile{}, &ExitEvent{}, &ExitWhen{}, &ExitGoal{}, &Goal{}, &Control{}, &Transactional{}, &Priority{}),
		participle.Union[Step](&Wait{}, &WaitClock{}, &WaitHour{}, &WaitWindow{}, &WaitMoment{}, &WaitQuiet{}, &WaitFor{},
			&If{}, &Split{}, &Repeat{}, &Set{}, &Clear{}, &Tag{}, &Let{}, &Send{}, &Emit{}, &Ask{}, &Begin{}, &Exit{}),
		participle.Union[TestClause](&Given{}, &TestStart{}, &Happens{}, &AssumeSegment{}, &AssumeSplit{}, &AssumeControl{}, &AssumeCall{},
			&AssumeFails{}, &ExpectSend{}, &ExpectNothing{}, &ExpectUnsent{}, &ExpectRun{}, &ExpectGoal{}, &ExpectThat{}),
		participle.Union[ImportClause](&ImportIdentify{}, &ImportSet{}, &ImportAt{}),
	)
}

// Grammar is the grammar of the language in EBNF, as participle prints it.
func Grammar() string { return lang().root.String() }

// rule parses one kind of statement.
type rule struct {
	word  string   // the word it begins with, or ""
	usage string   // how it is written, for people
	words []string // the words of the language after the first
	parse func(*lexer.PeekingLexer) (Statement, error)
}

// newRule is the rule of a node type. words are those that its usage does not
// show.
func newRule[T any, P interface {
	*T
	Statement
}](root *participle.Parser[grammar], usage string, words ...string) *rule {
	p, err := participle.ParserForProduction[T](root)
	if err != nil {
		panic(err) // the grammar does not contain the type; no input can cause it
	}
	r := described(usage)
	r.words = append(r.words, words...)
	r.parse = func(lex *lexer.PeekingLexer) (Statement, error) {
		t, err := p.ParseFromLexer(lex, participle.AllowTrailing(true))
		return P(t), err
	}
	return r
}

var quotedPart = regexp.MustCompile(`"[^"]*"`)

// described is a rule with the words of its usage: those in lower case.
func described(usage string) *rule {
	r := &rule{usage: usage}
	for i, w := range strings.FieldsFunc(quotedPart.ReplaceAllString(usage, ""), func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch {
		case w != strings.ToLower(w):
		case i == 0:
			r.word = w
		case w == r.word: // of another way to write it
		default:
			r.words = append(r.words, w)
		}
	}
	return r
}

// want is what participle expected, in words: "`within`", "a name", or "".
func want(err error) string {
	var u *participle.UnexpectedTokenError
	if !errors.As(err, &u) {
		return ""
	}
	_, expected, _ := strings.Cut(u.Message(), " (expected ")
	if text, ok := strings.CutPrefix(expected, `"`); ok {
		word, _, _ := strings.Cut(text, `"`)
		return "`" + word + "`"
	}
	first, _, _ := strings.Cut(expected, " ")
	return map[string]string{
		"Name": "a name", "String": "a text in quotes", "EventRef": "an event", "Clock": "a time of day", "Percent": "a percentage",
		"Duration": "a duration", "Date": "a date", "Monthday": "a day of the month", "Moment": "a time such as `30m` or a date-time",
		"Data": "a value that is written out,", "TraitRef": "`profile.` and a trait", "Days": "a day of the week", "Unit": "a unit such as `hours`", "Number": "a number", "Type": "a type", "Target": "`profile.` and a trait",
	}[strings.TrimRight(first, ")")]
}

var lang = sync.OnceValue(buildLanguage)
