package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// problem is a diagnostic before its file is known.
type problem struct {
	code       diag.Code
	message    string
	start, end int
	suggest    string
	// anchored: it stands at the word that begins the statement around it (a
	// declaration: at its name); start and end are not used.
	anchored bool
	// lexical: the scanner found it. It explains whatever else is wrong in
	// its line.
	lexical bool
	// point: not a mistake, but where the mark of Words stands.
	point *point
}

// faults are the problems of a node that the parser wrote by hand builds.
// Such a node reports here and never fails: an error that it returned would
// be lost wherever participle tries an alternative.
type faults struct{ problems []problem }

func (f *faults) found() []problem { return f.problems }
func (f *faults) fault(p problem)  { f.problems = append(f.problems, p) }

// One constructor per mistake. Messages say what is wrong and what to write
// instead.

// scanner

func lookalikeOf(at int, r rune, meant string) problem {
	return problem{code: diag.UnknownCharacter, start: at, end: at + len(string(r)), lexical: true, suggest: meant,
		message: fmt.Sprintf("%q is not part of the language; type %q", r, meant)}
}

func lookalikesOf(at int, typed, meant string) problem {
	return problem{code: diag.UnknownCharacter, start: at, end: at + len(typed), lexical: true, suggest: meant,
		message: fmt.Sprintf("%q is not part of the language; type %q", typed, meant)}
}

func unknownCharacter(at int, r rune, size int) problem {
	p := problem{code: diag.UnknownCharacter, start: at, end: at + size, lexical: true}
	if unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r) {
		p.message = fmt.Sprintf("%q has no meaning outside of texts in quotes", r)
	} else {
		p.message = fmt.Sprintf("there is an invisible character here (U+%04X); delete it", r)
	}
	return p
}

func curlyQuotes(start, end int, inner string) problem {
	return problem{code: diag.UnknownCharacter, start: start, end: end, lexical: true, suggest: quoted(inner),
		message: `texts stand in straight double quotes: "…"`}
}

func quotedOtherwise(start, end int, inner string) problem {
	return problem{code: diag.UnknownCharacter, start: start, end: end, lexical: true, suggest: quoted(inner),
		message: `texts stand in double quotes: "…"`}
}

// quoted is a text as it should be written, if it is short and simple.
func quoted(inner string) string {
	if inner == "" || len(inner) > 60 || strings.ContainsAny(inner, `"\`) {
		return ""
	}
	return `"` + inner + `"`
}

func otherComment(start, end int) problem {
	return problem{code: diag.UnknownCharacter, start: start, end: end, lexical: true, suggest: "#",
		message: "comments begin with #"}
}

func semicolon(at int) problem {
	return problem{code: diag.UnknownCharacter, start: at, end: at + 1,
		message: "there is no `;`: a statement ends with its line"}
}

func dollarName(start, end int) problem {
	return problem{code: diag.UnknownCharacter, start: start, end: end, lexical: true,
		message: "names are letters, digits and `_`; nothing begins with `$`"}
}

func unclosedText(at, quotes int) problem {
	return problem{code: diag.UnclosedText, start: at, end: at + quotes, lexical: true,
		message: fmt.Sprintf("this text is not closed: %s is missing", strings.Repeat(`"`, quotes))}
}

func spreadText(start, end int) problem {
	return problem{code: diag.UnclosedText, start: start, end: end, lexical: true,
		message: "a text in \" ends on its line; one of several lines stands between \"\"\" and \"\"\""}
}

func badEscape(start, end int, text string) problem {
	return problem{code: diag.BadEscape, start: start, end: end, lexical: true,
		message: fmt.Sprintf("`%s` is no escape; there are \\\" \\\\ \\n \\r \\t \\uXXXX, and \\\\ is a backslash", text)}
}

func badNumber(start, end int, digits, letters string) problem {
	p := problem{code: diag.BadNumber, start: start, end: end, lexical: true}
	unit := letters
	if longUnits[unit] == 0 {
		unit = diag.Suggest(letters, unitWords)
	}
	switch clock := clockOf(digits, letters); {
	case clock != "":
		p.suggest = clock
		p.message = fmt.Sprintf("times of day go to 24:00: `%s%s` is written %s", digits, letters, clock)
	case unit != "":
		p.suggest = digits + " " + unit
		p.message = fmt.Sprintf("a number and its unit stand apart: `%s %s`, or short `%s%s`", digits, unit, digits, unit[:1])
	default:
		p.message = fmt.Sprintf("`%s%s` is neither a number nor a duration (90s 15m 2h 3d 2w), and names do not begin with a digit", digits, letters)
	}
	return p
}

// clockOf is the time of day that `10am` or `8pm` means, or "".
func clockOf(digits, letters string) string {
	hour, err := strconv.Atoi(digits)
	half := strings.ToLower(letters)
	if err != nil || hour < 1 || hour > 12 || half != "am" && half != "pm" {
		return ""
	}
	if hour %= 12; half == "pm" {
		hour += 12
	}
	return fmt.Sprintf("%02d:00", hour)
}

func tooLongDuration(start, end int) problem {
	return problem{code: diag.BadDuration, start: start, end: end, lexical: true,
		message: "this is longer than 1000 years"}
}

func secondsOfDay(start, end int) problem {
	return problem{code: diag.BadDate, start: start, end: end, lexical: true,
		message: "a time of day is hours and minutes: 09:00"}
}

func badClock(start, end int, text string) problem {
	return problem{code: diag.BadDate, start: start, end: end, lexical: true,
		message: fmt.Sprintf("there is no time of day %s; they go from 00:00 to 24:00", text)}
}

func badDate(start, end int, text string) problem {
	return problem{code: diag.BadDate, start: start, end: end, lexical: true,
		message: fmt.Sprintf("there is no date %s; a date is year-month-day", text)}
}

func badOffset(start, end int, text string) problem {
	return problem{code: diag.BadDate, start: start, end: end, lexical: true,
		message: fmt.Sprintf("there is no offset %s; they go from -14:00 to +14:00", text)}
}

// statements

// show is a token as it appears in a message.
func show(t *lexer.Token) string {
	switch {
	case t.EOF():
		return "the end of the file"
	case t.Type == tokNewline:
		return "the end of the line"
	case t.Type == tokString:
		return "a text"
	case len(t.Value) > 40:
		return "this"
	}
	return "`" + t.Value + "`"
}

func at(t *lexer.Token, code diag.Code, message string) problem {
	return problem{code: code, message: message, start: t.Pos.Offset, end: max(end(t), t.Pos.Offset+1)}
}

// incomplete says what the statement around lacks.
func incomplete(what string) problem {
	return problem{code: diag.Incomplete, message: what, anchored: true}
}

func unknownWord(t *lexer.Token, place, expected, suggest string) problem {
	p := at(t, diag.UnknownWord, fmt.Sprintf("%s begins nothing that stands in %s", show(t), place))
	if t.Type != tokName {
		p.code = diag.Unexpected
	}
	switch p.suggest = suggest; {
	case suggest != "":
	case expected != "":
		p.message += "; there it is " + expected
	}
	return p
}

// leadingOperator is for a line that begins where the one before should go on.
func leadingOperator(t *lexer.Token) problem {
	return at(t, diag.Unexpected, fmt.Sprintf("an expression goes on in the next line only after an operator: put %s at the end of the line before", show(t)))
}

func unexpected(t *lexer.Token, word, usage, suggest string) problem {
	p := at(t, diag.Unexpected, fmt.Sprintf("%s does not fit here; it is written: %s", show(t), usage))
	if suggest != "" {
		p.code = diag.UnknownWord
		p.message = fmt.Sprintf("%s does not fit here", show(t))
		if word != "" {
			p.message = fmt.Sprintf("%s is not a word of `%s`", show(t), word)
		}
		p.suggest = suggest
	}
	return p
}

// misfit is for a word that may stand there, but not with what follows it.
func misfit(t *lexer.Token, usage string) problem {
	return at(t, diag.Unexpected, fmt.Sprintf("what comes after %s does not fit; it is written: %s", show(t), usage))
}

func unclosedBlock(at int) problem {
	return problem{code: diag.UnclosedBlock, start: at, end: at + 1, message: "this `{` is not closed: its `}` is missing"}
}

func stray(t *lexer.Token) problem {
	return at(t, diag.StrayBracket, fmt.Sprintf("this %s closes nothing", show(t)))
}

func clauseAfterStep(start, end int, word string) problem {
	return problem{code: diag.ClauseAfterStep, start: start, end: end,
		message: fmt.Sprintf("`%s` is a clause of the journey: it stands before the first step", word)}
}

func clauseInBlock(start, end int, word string) problem {
	return problem{code: diag.ClauseAfterStep, start: start, end: end,
		message: fmt.Sprintf("`%s` is a clause of the journey: it stands at its beginning, not inside a block", word)}
}

func labelledClause(label *Name) problem {
	return problem{code: diag.Unexpected, start: label.start, end: label.end,
		message: "a label names a step; clauses have none"}
}

func unknownDay(t *lexer.Token) problem {
	p := at(t, diag.UnknownWord, fmt.Sprintf("%s is no day of the week", show(t)))
	p.suggest = diag.Suggest(t.Value, weekdayWords)
	return p
}

func repeatedClause(start, end int, word string) problem {
	return problem{code: diag.RepeatedClause, start: start, end: end,
		message: fmt.Sprintf("`%s` is there already; it can stand only once", word)}
}

func tooDeep(t *lexer.Token) problem {
	return at(t, diag.TooDeep, fmt.Sprintf("brackets are nested more than %d deep here", maxDepth))
}

func unknownType(t *lexer.Token, suggest string) problem {
	p := at(t, diag.UnknownType, fmt.Sprintf("there is no type %s", show(t)))
	if p.suggest = suggest; suggest == "" {
		p.message += "; types are text, number, integer, boolean, date, time, duration, any, email, phone, url, country, language, currency, timezone, `list of …` and `{ … }`"
	}
	return p
}

// expressions

// needsOperand is for an operator, bracket or comma that nothing follows.
func needsOperand(t, after *lexer.Token) problem {
	if b, ok := binary[t.Value]; ok && b.prec == precCompare && t.Type == tokOp && (is(after, "and") || is(after, "or")) {
		return at(after, diag.Incomplete, fmt.Sprintf("a value is missing after `%s`; say again what is compared: x > 1 %s x < 5", after.Value, after.Value))
	}
	if endsLine(t) || t.Type == tokOp || t.Pos.Line != after.Pos.Line {
		return at(after, diag.Incomplete, fmt.Sprintf("a value is missing after `%s`", after.Value))
	}
	return at(t, diag.Incomplete, fmt.Sprintf("a value is missing between `%s` and %s", after.Value, show(t)))
}

func unclosedBracket(open *lexer.Token) problem {
	closing := map[string]string{"(": ")", "[": "]", "{": "}"}[open.Value]
	return at(open, diag.UnclosedBracket, fmt.Sprintf("this `%s` is not closed: its `%s` is missing", open.Value, closing))
}

func notInExpressions(t *lexer.Token, sentence string) problem {
	return at(t, diag.NotInExpressions, sentence)
}

func notWantsParentheses(t *lexer.Token) problem {
	return at(t, diag.NeedsParentheses, fmt.Sprintf("what `%s` denies needs parentheses: not (a == b)", t.Value))
}

func coalesceWantsParentheses(start int) problem {
	return problem{code: diag.NeedsParentheses, start: start, end: start + 2,
		message: "`??` beside another operator needs parentheses: (a ?? b) > c"}
}

func tooLongExpression(t *lexer.Token) problem {
	return at(t, diag.TooLong, fmt.Sprintf("this expression is too long: it has more than %d words and signs", maxExprTokens))
}

func tooDeepExpression(t *lexer.Token) problem {
	return at(t, diag.TooDeep, fmt.Sprintf("this expression is nested more than %d deep", maxDepth))
}

func internal(message string) problem {
	return problem{code: diag.Internal, end: 1, message: "the parser failed, which is a mistake in it: " + message}
}
