package syntax

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// Mistakes that people make again and again, with sentences of their own: they
// say what to type instead.

// otherWords are words of other languages, or of speech, for those of this one.
var otherWords = map[string]string{
	"body": "text", "content": "text", "title": "subject", "headline": "subject",
	"delay": "wait", "sleep": "wait", "pause": "wait", "mail": "send", "notify": "send", "deliver": "send",
	"trigger": "enter", "on": "enter", "filter": "only", "stop": "exit", "end": "exit", "return": "exit", "leave": "exit",
	"loop": "repeat", "unless": "if", "attribute": "trait", "property": "trait", "field": "trait", "audience": "segment",
	"campaign": "journey", "flow": "journey", "template": "message", "email": "message", "track": "emit", "remove": "clear", "unset": "clear",
	"else": "otherwise", "otherwise": "else", "expectation": "expect", "then": "expect", "assert": "expect", "when": "at",
}

// known is the problem of a statement at a token, if it is one of those.
func (r *rule) known(lex *lexer.PeekingLexer, bad, word *lexer.Token, want string) (problem, bool) {
	usage := r.usage
	if r.word != "" && word.Type == tokName && word.Value != r.word {
		usage = strings.Replace(usage, r.word+" ", word.Value+" ", 1) // subject "…"
	}
	before := tokenBefore(lex, bad)
	switch {
	case is(bad, ":") && r.word != "" && !isDeclWord(word.Value) && before != nil && before.Pos.Offset == word.Pos.Offset:
		return at(bad, diag.Unexpected, fmt.Sprintf("no `:` stands behind `%s`; it is written: %s", word.Value, usage)), true
	case bad.Type == tokName && before != nil && (is(before, "with") || is(before, "json") || is(before, "returns")):
		return noBlock(bad, before), true
	case is(bad, ":") && want == "" && strings.HasSuffix(usage, "{ … }"):
		return noBlock(bad, bad), true
	case is(bad, ",") && before != nil && before.Type == tokNumber:
		p := at(bad, diag.Unexpected, "numbers are written without commas: 1000, or 1_000")
		p.start = before.Pos.Offset
		return p, true
	case want == "a text in quotes" && bad.Type == tokName && !slices.Contains(r.words, bad.Value):
		p := at(bad, diag.Unexpected, "a text stands in quotes: "+usage)
		p.end, p.suggest = restOfLine(lex, bad)
		return p, true
	case want == "a name" && bad.Type == tokString:
		p := at(bad, diag.Unexpected, "a name stands without quotes; it is written: "+usage)
		if name := strings.Trim(bad.Value, `"`); name != "" && nameEnd(name, 0) == len(name) && !isDigit(name[0]) {
			p.suggest = name
		}
		return p, true
	case want == "`=`" && is(bad, ":"), want == "`:`" && is(bad, "="):
		p := at(bad, diag.Unexpected, fmt.Sprintf("here stands %s, not %s; it is written: %s", want, show(bad), usage))
		p.suggest = strings.Trim(want, "`")
		return p, true
	case want == "`:`" && bad.Type == tokName:
		return at(bad, diag.Unexpected, fmt.Sprintf("a `:` is missing before %s; it is written: %s", show(bad), usage)), true
	case r.word == "send" && bad.Type == tokName && before != nil && channelWord[before.Value]:
		p := at(before, diag.Unexpected, "the channel belongs to the message; it is written: "+usage)
		return p, true
	case r.word == "send" && is(bad, "to"):
		return at(bad, diag.Unexpected, "the address belongs to the message: `to EXPR` stands in its block"), true
	case r.word == "send" && is(bad, "at"):
		return at(bad, diag.Unexpected, "the time stands in a step before: wait until 09:00"), true
	case (r.word == "set" || r.word == "clear") && bad.Type == tokName && before != nil && before.Pos.Offset == word.Pos.Offset:
		p := at(bad, diag.Unexpected, "what is changed begins with `profile.`; it is written: "+usage)
		p.suggest = "profile." + bad.Value
		return p, true
	case r.word == "wait" && bad.Type == tokClock && before != nil && weekdays[before.Value] != nil:
		p := at(bad, diag.Unexpected, "`at` is missing before the time: wait until monday at 09:00")
		p.suggest = "at " + bad.Value
		return p, true
	case r.word == "wait" && want == "" && (is(bad, "until") || is(bad, "for")):
		return at(bad, diag.Unexpected, "to wait at most so long, it is written: wait up to D for EVENT, or wait up to D until C"), true
	}
	return problem{}, false
}

var channelWord = wordSet("email", "sms", "push", "line", "webhook")

// tokenBefore is the token before another one; nil if there is none.
func tokenBefore(lex *lexer.PeekingLexer, t *lexer.Token) *lexer.Token {
	for c := lex.RawCursor(); c > 0; c-- {
		if before := &lex.Range(c-1, c)[0]; before.Pos.Offset < t.Pos.Offset {
			return before
		}
	}
	return nil
}

// restOfLine is where the words of a line end that should stand in quotes, and
// how they are then written.
func restOfLine(lex *lexer.PeekingLexer, first *lexer.Token) (last int, inQuotes string) {
	here := lex.MakeCheckpoint()
	defer lex.LoadCheckpoint(here)
	last = end(first)
	words := first.Value
	for t := lex.Peek(); !endsLine(t) && !is(t, "{"); t = lex.Peek() {
		if t.Pos.Offset > first.Pos.Offset {
			if t.Type != tokName {
				return end(first), ""
			}
			words += " " + t.Value
			last = end(t)
		}
		lex.Next()
	}
	return last, quoted(words)
}

// unitAlone is for `per week`, which lacks its number.
func unitAlone(lex *lexer.PeekingLexer, bad *lexer.Token) (problem, bool) {
	before := tokenBefore(lex, bad)
	if bad.Type != tokName || longUnits[bad.Value] == 0 || before == nil || !is(before, "per") && !is(before, "after") && !is(before, "every") {
		return problem{}, false
	}
	p := at(bad, diag.Unexpected, "a duration has its number: 1 "+bad.Value)
	p.suggest = "1 " + bad.Value
	return p, true
}

// noBlock says that braces are missing, where something else stands.
func noBlock(t, before *lexer.Token) problem {
	switch {
	case t.Type == tokName && (is(before, "with") || is(before, "json") || is(before, "returns")):
		return at(t, diag.Unexpected, fmt.Sprintf("what it gives stands in braces: %s { %s: … }", before.Value, t.Value))
	case is(t, ":"):
		p := at(t, diag.Unexpected, "a block begins with `{` and ends with `}`; write `{` in the place of `:`")
		p.suggest = "{"
		return p
	case is(t, "-") && before.Type == tokName:
		p := at(t, diag.Unexpected, "names have no `-`; write `_`, or one word")
		if before.Value == "e" {
			p.message = "the channel is written email"
			p.start = before.Pos.Offset
		}
		return p
	case t.Type == tokName && before.Type == tokName && before.Pos.Line == t.Pos.Line && !statementWords[before.Value] && !statementWords[t.Value]:
		p := at(t, diag.Unexpected, fmt.Sprintf("a name is one word: %s_%s", before.Value, t.Value))
		p.start, p.suggest = before.Pos.Offset, before.Value+"_"+t.Value
		return p
	}
	return incomplete("a block `{ … }` is missing")
}

// looseElse is for an `else` that belongs to nothing.
func looseElse(t *lexer.Token) problem {
	what := "`if C { … } else { … }`"
	if t.Value == "otherwise" {
		what = "`send M otherwise { … }`"
	}
	return at(t, diag.Unexpected, fmt.Sprintf("this %s belongs to nothing; it stands behind the step that it is about: %s", show(t), what))
}

// inExpressions says what to type instead of words that expressions of other
// languages have.
var inExpressions = map[string]struct{ message, suggest string }{
	"then":     {"there is no `then`; the block follows the condition at once", ""},
	"do":       {"there is no `do`; the block follows the condition at once", ""},
	"between":  {"there is no `between`; it is written 1 <= x and x <= 5", ""},
	"equals":   {"there is no `equals`; to compare, write `==`", "=="},
	"equal":    {"there is no `equal`; to compare, write `==`", "=="},
	"like":     {"there is no `like`; a text is searched by `contains`", "contains"},
	"includes": {"there is no `includes`; a text is searched by `contains`, an element by `x in list`", "contains"},
	"has":      {"there is no `has`; write `is set`, or x in list", ""},
	"exists":   {"there is no `exists`; write `is set`", "is set"},
	"above":    {"there is no `above`; write `>`", ">"},
	"below":    {"there is no `below`; write `<`", "<"},
	"greater":  {"numbers are compared by `>` and `>=`", ">"},
	"less":     {"numbers are compared by `<` and `<=`", "<"},
	"after":    {"a time is moved by + and -: profile.renewal + 1 hour", "+"},
	"before":   {"a time is moved by + and -: profile.renewal - 1 hour", "-"},
	"AND":      {"it is written in small letters", "and"},
	"OR":       {"it is written in small letters", "or"},
	"在":        {"conditions are written with the words of the language: ==, contains, in", ""},
}
