package syntax

import (
	"time"

	"github.com/alecthomas/participle/v2/lexer"
)

// declWords begin declarations. One of them in the first column, followed by
// a name or a brace, is where the parser begins afresh after an error.
var declWords = wordSet("workspace", "trait", "event", "segment", "message", "webhook", "journey", "test", "import")

func isDeclWord(word string) bool { return declWords[word] }

// stepWords and clauseWords begin statements, so they do not go on with an
// expression.
var statementWords = wordSet(
	"wait", "send", "split", "repeat", "set", "clear", "tag", "untag", "let", "emit", "call", "start", "exit",
	"enter", "once", "again", "only", "goal", "control", "transactional", "priority",
	"subject", "text", "html", "title", "image", "topic", "to", "valid", "url", "method", "json",
	"given", "assume", "expect",
)

// operatorWords are the operators that are words.
var operatorWords = []string{"and", "or", "not", "in", "is", "contains", "startsWith", "endsWith", "matches"}

// endWords end an expression outside of brackets: the statement goes on with
// them. Nothing in an expression can have such a name.
var endWords = []string{"where", "within", "value", "for", "until", "since", "at", "if", "otherwise", "per", "including", "while", "format"}

var (
	isOperatorWord = wordSet(operatorWords...)
	isEndWord      = wordSet(endWords...)
)

func wordSet(words ...string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

// isOperatorStart says whether a token can only go on with an expression.
func isOperatorStart(t *lexer.Token) bool {
	_, ok := binary[t.Value]
	return ok && (t.Type == tokOp || t.Type == tokName)
}

var weekdays = map[string][]time.Weekday{
	"monday": {time.Monday}, "tuesday": {time.Tuesday}, "wednesday": {time.Wednesday}, "thursday": {time.Thursday},
	"friday": {time.Friday}, "saturday": {time.Saturday}, "sunday": {time.Sunday},
	"weekdays": {time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
	"weekends": {time.Saturday, time.Sunday},
}

var weekdayWords = []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "weekdays", "weekends"}
