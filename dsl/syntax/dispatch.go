package syntax

import (
	"maps"
	"slices"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// place is a kind of block, with the statements that can stand in it.
type place struct {
	name     string // as in "stands in NAME"
	expected string // what can stand there, where that is few things
	rules    map[string]chooser
	words    []string                // the keys of rules, for suggestions
	only     *rule                   // for a list whose entries have no keyword
	start    func(*lexer.Token) bool // what an entry of such a list begins with
	reserved map[string]string       // word → how to call it
	commas   bool                    // entries are divided by commas or line ends
	labels   bool                    // a statement may have a label
}

// chooser finds the rule of a statement from its first words, or says why
// there is none.
type chooser func(ahead []*lexer.Token) (*rule, *problem)

// lookahead is how many tokens choosers see. EOF repeats.
const lookahead = 4

func ahead(lex *lexer.PeekingLexer) []*lexer.Token {
	start := lex.MakeCheckpoint()
	tokens := make([]*lexer.Token, lookahead)
	for i := range tokens {
		tokens[i] = lex.Next()
	}
	lex.LoadCheckpoint(start)
	return tokens
}

// choose finds the rule for what comes next; neither a rule nor a problem:
// nothing begins so.
func (p *place) choose(lex *lexer.PeekingLexer) (*rule, *problem) {
	if p.only != nil {
		return p.only, nil
	}
	t := lex.Peek()
	if t.Type != tokName {
		return nil, nil
	}
	if choose, ok := p.rules[t.Value]; ok {
		return choose(ahead(lex))
	}
	if phrase, ok := p.reserved[t.Value]; ok {
		pr := reserved(t, t, phrase)
		return nil, &pr
	}
	return nil, nil
}

// begins says whether a statement of the place can begin with a token.
func (p *place) begins(t *lexer.Token) bool {
	if p.labels && t.Type == tokOp && t.Value == "@" {
		return true
	}
	if p.start != nil {
		return p.start(t)
	}
	if t.Type != tokName {
		return false
	}
	return p.rules[t.Value] != nil || p.reserved[t.Value] != ""
}

// language is the grammar with its tables, built once.
type language struct {
	root                                      *participle.Parser[grammar]
	file, workspace, message, journey, block  *place
	branches, alternatives, properties, pairs *place
}

func buildLanguage() *language {
	root := buildGrammar()
	steps := stepRules(root)
	late := newRule[LateAfter](root, "late after DURATION")
	late.words = append(late.words, unitWords...)
	l := &language{
		root: root,
		file: &place{
			name: "a file outside of blocks", expected: "workspace, trait, event, segment, message or journey",
			rules: map[string]chooser{
				"workspace": always(newRule[Workspace](root, "workspace { … }")),
				"trait":     always(newRule[Trait](root, `trait NAME ["name on the wire"]: TYPE [identifier [up to N]] [= EXPR]`)),
				"event":     always(newRule[Event](root, `event NAME ["name on the wire"] { PROPERTY: TYPE, … }`)),
				"segment":   always(newRule[Segment](root, `segment NAME ["title"] = CONDITION`)),
				"message":   always(newRule[Message](root, "message NAME via CHANNEL { … }")),
				"journey":   always(newRule[Journey](root, `journey NAME ["title"] { … }`)),
			},
			reserved: phrases("webhook", "import", "test"),
		},
		workspace: &place{
			name: "a workspace", expected: "timezone, country, currency, consent, identify or late after",
			rules: map[string]chooser{
				"timezone": always(newRule[Timezone](root, `timezone "Asia/Taipei"`)),
				"country":  always(newRule[Country](root, "country TW")),
				"currency": always(newRule[Currency](root, "currency TWD")),
				"consent":  always(newRule[Consent](root, "consent required, or consent assumed")),
				"identify": always(newRule[Identify](root, "identify TRAIT, TRAIT, …")),
				"late":     always(late),
			},
			reserved: phrases("quiet", "cap", "control", "topics", "suppress"),
		},
		message: messagePlace(root),
		block:   &place{name: "a block of steps", rules: headRules(root), reserved: reservedSteps(), labels: true},
		journey: &place{name: "a journey", rules: headRules(root), reserved: reservedSteps(), labels: true},
		branches: &place{name: "a split", only: newRule[Branch](root, "50% NAME { … }"),
			start: func(t *lexer.Token) bool { return t.Type == tokPercent }},
		alternatives: &place{name: "a wait", only: newRule[Alternative](root,
			"EVENT [where C] [since entry] [{ … }], or when C [{ … }]"),
			start: func(t *lexer.Token) bool { return t.Type == tokName || t.Type == tokString }},
		properties: &place{name: "a list of properties", commas: true, only: newRule[Property](root,
			`NAME ["name on the wire"]: TYPE [optional]`)},
		pairs: &place{name: "a list of values", commas: true, only: pairRule()},
	}
	// Clauses are read in blocks, too, to say that they do not belong there.
	for word, choose := range steps {
		l.journey.rules[word], l.block.rules[word] = choose, choose
	}
	l.journey.reserved["control"], l.journey.reserved["priority"] = "control", "priority"
	for _, p := range []*place{l.file, l.workspace, l.message, l.journey, l.block} {
		// What is supported is suggested first.
		p.words = append(slices.Sorted(maps.Keys(p.rules)), slices.Sorted(maps.Keys(p.reserved))...)
	}
	return l
}

func messagePlace(root *participle.Parser[grammar]) *place {
	content := newRule[Content](root, `text "…", or text file "…"`)
	content.word, content.words = "text", []string{"file"}
	return &place{
		name: "a message", expected: "subject, text, html, to, transactional, url, method or json",
		rules: map[string]chooser{
			"subject":       always(content),
			"text":          always(content),
			"html":          always(content),
			"to":            always(newRule[To](root, "to EXPR")),
			"transactional": always(newRule[Exempt](root, "transactional")),
			"url":           always(newRule[URL](root, `url "https://…"`)),
			"method":        always(newRule[Method](root, "method POST")),
			"json":          always(newRule[JSON](root, "json { NAME: EXPR, … }")),
		},
		reserved: map[string]string{"topic": "topic", "valid": "valid for", "in": "in doubt resend"},
	}
}

// always is the chooser for words that begin only one rule.
func always(r *rule) chooser {
	return func([]*lexer.Token) (*rule, *problem) { return r, nil }
}

func phrases(words ...string) map[string]string {
	m := make(map[string]string, len(words))
	for _, w := range words {
		m[w] = w
	}
	return m
}

func reservedSteps() map[string]string { return phrases("repeat", "emit", "call", "start") }

// is says whether a token is a certain word or operator.
func is(t *lexer.Token, text string) bool {
	return (t.Type == tokName || t.Type == tokOp) && t.Value == text
}
