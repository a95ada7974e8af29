package format

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"journey/dsl/syntax"
)

// token is a token with what stands before it.
type token struct {
	text       string // as it is to be printed
	start, end int    // in the source
	instead    []int  // where parentheses began that are left out before it
	comments   []comment
	newline    bool // a line end stands before it
	blank      bool // a blank line stands directly before it
}

// comment is a comment before a token.
type comment struct {
	text  string
	own   bool // it begins a line
	blank bool // a blank line stands before it
}

// scan divides a source without errors into tokens; the last one is empty and
// stands for the end of the file. It needs to know less than the scanner of
// package syntax: only where one token ends and the next begins.
func scan(text string, comments []syntax.Comment) []token {
	var toks []token
	t := token{}
	newlines := 0 // since the last token or comment
	for i := 0; ; {
		switch {
		case len(comments) > 0 && comments[0].Start == i:
			c := comments[0]
			comments = comments[1:]
			first := len(toks) == 0 && len(t.comments) == 0
			t.comments = append(t.comments, comment{strings.TrimRight(text[c.Start:c.End], " \t\r"), newlines > 0 || first, newlines > 1})
			t.newline, newlines = true, 0
			i = c.End
			continue
		case i < len(text) && text[i] == '\n':
			newlines++
			i++
			continue
		case i < len(text) && isBlank(text[i:]) > 0:
			i += isBlank(text[i:])
			continue
		}
		t.newline = t.newline || newlines > 0
		t.blank = newlines > 1
		t.start, t.end = i, i
		if i < len(text) {
			t.end = i + tokenLength(text[i:])
		}
		t.text = spelling(text[i:t.end])
		next := token{}
		if t.text == "," && len(t.comments) == 0 { // no line begins with a comma
			next.newline, t.newline = t.newline, false
		}
		toks = append(toks, t)
		if i == len(text) {
			return toks
		}
		i = t.end
		t, newlines = next, 0
	}
}

// isBlank is the length of the blank that a text begins with, or 0.
func isBlank(text string) int {
	for _, b := range []string{" ", "\t", "\r", "\u00a0", "\u3000", "\ufeff"} {
		if strings.HasPrefix(text, b) {
			return len(b)
		}
	}
	return 0
}

// tokenLength is the length of the token that a text begins with.
func tokenLength(text string) int {
	switch c := text[0]; {
	case c == '"':
		return quotedLength(text)
	case '0' <= c && c <= '9':
		return numberLength(text)
	}
	if n := wordLength(text); n > 0 {
		return n
	}
	for _, op := range []string{"==", "!=", "<=", ">=", "&&", "||", "**", "..", "??"} {
		if strings.HasPrefix(text, op) {
			return 2
		}
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

func quotedLength(text string) int {
	closing, i := `"`, 1
	if strings.HasPrefix(text, `"""`) {
		closing, i = `"""`, 3
	}
	for i < len(text) && !strings.HasPrefix(text[i:], closing) {
		if text[i] == '\\' {
			i++
		}
		i++
	}
	return min(i+len(closing), len(text))
}

// wordLength is the length of the letters, digits and `_` that a text begins
// with.
func wordLength(text string) int {
	for i, r := range text {
		if r != '_' && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
			return i
		}
	}
	return len(text)
}

// numberLength is the length of a number, percentage, duration, time of day,
// date or date-time.
func numberLength(text string) int {
	if n := dateLength(text); n > 0 {
		return n
	}
	if n := clockLength(text); n > 0 {
		return n
	}
	n := wordLength(text) // digits, and the unit of a duration
	if strings.HasPrefix(text[n:], ".") && digits(text[n+1:]) > 0 {
		n += 1 + wordLength(text[n+1:])
	}
	if strings.HasPrefix(text[n:], "%") && !operand(text[n+1:]) {
		n++
	}
	return n
}

// operand says whether one begins right here, so that a `%` before it divides.
func operand(text string) bool {
	return text != "" && (text[0] == '(' || text[0] == '.' || text[0] < utf8.RuneSelf && wordLength(text) > 0)
}

func digits(text string) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}

// clockLength is the length of the time of day that a text begins with, or 0.
func clockLength(text string) int {
	h := digits(text)
	if h < 1 || h > 2 || len(text) < h+3 || text[h] != ':' || digits(text[h+1:]) != 2 {
		return 0
	}
	return h + 3
}

// dateLength is the length of the date or date-time that a text begins with,
// or 0.
func dateLength(text string) int {
	if len(text) < 10 || digits(text) != 4 || text[4] != '-' || digits(text[5:]) != 2 || text[7] != '-' || digits(text[8:]) != 2 {
		return 0
	}
	n := 10
	for n < len(text) && text[n] == ' ' {
		n++
	}
	if n == 10 && strings.HasPrefix(text[n:], "T") {
		n++
	}
	clock := clockLength(text[n:])
	if n == 10 || clock == 0 {
		return 10
	}
	n += clock
	switch tail := text[n:]; {
	case len(tail) >= 6 && (tail[0] == '+' || tail[0] == '-') && clockLength(tail[1:]) == 5:
		n += 6
	case strings.HasPrefix(tail, "Z") && wordLength(tail) == 1:
		n++
	}
	return n
}

// spelling is how a token is printed: as it was written, but for operators
// that are words of the language, and times of day, which have two digits.
func spelling(text string) string {
	switch text {
	case "&&":
		return "and"
	case "||":
		return "or"
	case "!":
		return "not"
	}
	if text == "" || digits(text[:1]) == 0 {
		return text
	}
	if n := dateLength(text); n > 10 {
		return text[:10] + " " + spelling(strings.TrimLeft(text[10:], " T"))
	}
	if clockLength(text) == 4 {
		return "0" + text
	}
	return text
}
