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
	commas   bool                    // entries are divided by commas or line ends
	labels   bool                    // a statement may have a label
	oneLine  bool                    // several statements often share a line
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
	return p.rules[t.Value] != nil
}

// language is the grammar with its tables, built once.
type language struct {
	root                                      *participle.Parser[grammar]
	file, workspace, message, webhook         *place
	journey, block, test, imports             *place
	branches, alternatives, properties, pairs *place
	data                                      *place
}

func buildLanguage() *language {
	root := buildGrammar()
	steps := stepRules(root)
	l := &language{
		root: root,
		file: &place{
			name: "a file outside of blocks", expected: "workspace, trait, event, segment, tag, message, webhook, journey, test or import",
			rules: fileRules(root),
		},
		workspace: &place{
			name:     "a workspace",
			expected: "timezone, country, currency, consent, identify, never, late after, quiet, cap, control, topics or suppress",
			rules:    settingRules(root),
			oneLine:  true,
		},
		message: &place{
			name:     "a message",
			expected: "subject, text, html, title, image, to, topic, valid for, transactional, in doubt resend, url, method or json",
			rules:    messageRules(root),
			oneLine:  true,
		},
		webhook: &place{name: "a webhook", expected: "url, method or json", rules: webhookRules(root), oneLine: true},
		block:   &place{name: "a block of steps", rules: headRules(root), labels: true},
		journey: &place{name: "a journey", rules: headRules(root), labels: true},
		test:    &place{name: "a test", expected: "given, start, at, assume or expect", rules: testRules(root)},
		imports: &place{name: "an import", expected: "identify, at or set", rules: importRules(root), oneLine: true},
		branches: &place{name: "a split", only: newRule[Branch](root, "50% NAME { … }"),
			start: func(t *lexer.Token) bool { return t.Type == tokPercent }},
		alternatives: &place{name: "a wait", only: newRule[Alternative](root,
			"EVENT [where C] [since entry] [{ … }], or when C [{ … }]"),
			start: func(t *lexer.Token) bool { return t.Type == tokName || t.Type == tokString }},
		properties: &place{name: "a list of properties", commas: true, only: newRule[Property](root,
			`NAME ["name on the wire"]: TYPE [optional]`)},
		pairs: &place{name: "a list of values", commas: true, only: pairRule()},
		data:  &place{name: "a list of values", commas: true, only: dataRule()},
	}
	// Clauses are read in blocks, too, to say that they do not belong there.
	for word, choose := range steps {
		l.journey.rules[word], l.block.rules[word] = choose, choose
	}
	for _, p := range []*place{l.file, l.workspace, l.message, l.webhook, l.journey, l.block, l.test, l.imports} {
		p.words = slices.Sorted(maps.Keys(p.rules))
	}
	return l
}

func fileRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"workspace": always(newRule[Workspace](root, "workspace { … }")),
		"trait":     always(newRule[Trait](root, `trait NAME ["name on the wire"]: TYPE [identifier [up to N]] [= EXPR]`)),
		"event":     always(newRule[Event](root, `event NAME ["name on the wire"] { PROPERTY: TYPE, … }`)),
		"segment":   always(newRule[Segment](root, `segment NAME ["title"] = CONDITION`)),
		"tag":       always(newRule[TagRule](root, `tag "…" while CONDITION`)),
		"message":   always(newRule[Message](root, "message NAME via CHANNEL { … }")),
		"webhook":   always(newRule[Webhook](root, "webhook NAME { … }")),
		"journey":   always(newRule[Journey](root, `journey NAME ["title"] { … }`)),
		"test":      always(newRule[Test](root, `test "what is tested" [for JOURNEY, …] { … }`)),
		"import":    always(newRule[Import](root, "import NAME from csv [as EVENT] [live] { … }")),
	}
}

func settingRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"timezone": always(newRule[Timezone](root, `timezone "Asia/Taipei"`)),
		"country":  always(newRule[Country](root, "country TW")),
		"currency": always(newRule[Currency](root, "currency TWD")),
		"consent":  always(newRule[Consent](root, "consent required, or consent assumed")),
		"identify": always(newRule[Identify](root, "identify TRAIT, TRAIT, …")),
		"never":    always(newRule[Never](root, `never "VALUE", …`)),
		"late":     always(newRule[LateAfter](root, "late after DURATION", unitWords...)),
		"quiet":    always(newRule[Quiet](root, "quiet 21:00 to 09:00 [on weekdays] [for CHANNEL, …]")),
		"cap": always(newRule[Cap](root, "cap CHANNEL 3 per DURATION, or cap all 3 per calendar day",
			append(slices.Clone(unitWords), "calendar", "day")...)),
		"control":  always(newRule[ControlAll](root, "control 5%")),
		"topics":   always(newRule[Topics](root, `topics NAME ["title"], …`)),
		"suppress": always(newRule[Suppress](root, "suppress [CHANNEL] when C")),
	}
}

func messageRules(root *participle.Parser[grammar]) map[string]chooser {
	content := newRule[Content](root, `text "…", or text file "…"`)
	content.word, content.words = "text", []string{"file"}
	rules := webhookRules(root)
	for _, part := range []string{"subject", "text", "html", "title", "image"} {
		rules[part] = always(content)
	}
	rules["to"] = always(newRule[To](root, "to EXPR"))
	rules["transactional"] = always(newRule[Exempt](root, "transactional"))
	rules["topic"] = always(newRule[TopicOf](root, "topic NAME"))
	rules["valid"] = always(newRule[ValidFor](root, "valid for D"))
	rules["in"] = always(newRule[Resend](root, "in doubt resend"))
	return rules
}

func webhookRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"url":    always(newRule[URL](root, `url "https://…"`)),
		"method": always(newRule[Method](root, "method POST")),
		"json":   always(newRule[JSON](root, "json { NAME: EXPR, … }")),
	}
}

func importRules(root *participle.Parser[grammar]) map[string]chooser {
	return map[string]chooser{
		"identify": always(newRule[ImportIdentify](root, `identify TRAIT = row["column"]`)),
		"set":      always(newRule[ImportSet](root, `set NAME = row["column"]`)),
		"at":       always(newRule[ImportAt](root, `at row["column"]`)),
	}
}

// always is the chooser for words that begin only one rule.
func always(r *rule) chooser {
	return func([]*lexer.Token) (*rule, *problem) { return r, nil }
}

// is says whether a token is a certain word or operator.
func is(t *lexer.Token, text string) bool {
	return (t.Type == tokName || t.Type == tokOp) && t.Value == text
}
