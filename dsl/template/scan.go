package template

import (
	"fmt"
	"strings"
)

// tokenKind is what a stretch of source is.
type tokenKind int

const (
	textToken   tokenKind = iota // written as it stands
	outputToken                  // {{ … }}
	tagToken                     // {% name … %}
)

// token is a stretch of source. Offsets are bytes of the whole source.
type token struct {
	kind       tokenKind
	start, end int    // with the braces
	from, to   int    // the expression of an output, the arguments of a tag
	name       string // of a tag
	text       string // of a text, after white space control
}

// scanner cuts a source into tokens. Comments leave none; raw blocks leave
// text. White space control is applied here, so nothing behind the scanner
// knows of dashes.
type scanner struct {
	src      string
	tokens   []token
	problems []Problem
	trim     bool // the text that follows loses its leading white space
}

const space = " \t\r\n\v\f"

func scan(src string) ([]token, []Problem) {
	s := &scanner{src: src}
	pos := 0
	if strings.HasPrefix(src, "\ufeff") {
		pos = len("\ufeff")
	}
	for pos < len(src) {
		open := nextOpen(src, pos)
		if open < 0 {
			s.addText(pos, len(src), false)
			break
		}
		dash := strings.HasPrefix(src[open+2:], "-")
		s.addText(pos, open, dash)
		pos = s.markup(open, dash)
	}
	return s.tokens, s.problems
}

// nextOpen finds the next {{ or {%.
func nextOpen(src string, pos int) int {
	for pos < len(src) {
		i := strings.IndexByte(src[pos:], '{')
		if i < 0 || pos+i+1 >= len(src) {
			return -1
		}
		pos += i
		if src[pos+1] == '{' || src[pos+1] == '%' {
			return pos
		}
		pos++
	}
	return -1
}

// addText adds the text between two offsets; trimEnd strips its end.
func (s *scanner) addText(start, end int, trimEnd bool) {
	text := s.src[start:end]
	if s.trim {
		text = strings.TrimLeft(text, space)
	}
	if trimEnd {
		text = strings.TrimRight(text, space)
	}
	if start < end {
		s.trim = false
	}
	if text != "" {
		s.tokens = append(s.tokens, token{kind: textToken, start: start, end: end, text: text})
	}
}

// markup reads what opens at open and answers where to go on.
func (s *scanner) markup(open int, dash bool) int {
	from := open + 2
	if dash {
		from++
	}
	end, ok := s.closing(open, from)
	if !ok {
		return len(s.src) // what follows would be guesswork
	}
	s.trim = s.src[end-3] == '-' && end-3 >= from
	to := end - 2
	if s.trim {
		to--
	}
	if s.src[open+1] == '{' {
		s.tokens = append(s.tokens, token{kind: outputToken, start: open, end: end, from: from, to: to})
		return end
	}
	return s.tag(open, end, from, to)
}

// closing finds the end of what opens at open, passing over strings.
func (s *scanner) closing(open, pos int) (int, bool) {
	opening, closer := s.src[open:open+2], "}}"
	if opening == "{%" {
		closer = "%}"
	}
	// A note may hold anything, apostrophes too.
	note := opening == "{%" && strings.HasPrefix(strings.TrimLeft(s.src[pos:], space), "#")
	suspect := -1 // the first string that runs over an end
	for ; pos < len(s.src); pos++ {
		switch c := s.src[pos]; {
		case strings.HasPrefix(s.src[pos:], closer):
			return pos + 2, true
		case (c == '\'' || c == '"') && !note:
			n := strings.IndexByte(s.src[pos+1:], c)
			if n < 0 {
				return 0, s.openString(pos)
			}
			overEnd, runaway := overrun(s.src[pos+1 : pos+1+n])
			if runaway {
				return 0, s.openString(pos)
			}
			if overEnd && suspect < 0 {
				suspect = pos
			}
			pos += n + 1
		}
	}
	if suspect >= 0 {
		return 0, s.openString(suspect)
	}
	s.problems = append(s.problems, Problem{open, open + 2, fmt.Sprintf("this %s is not closed: its %s is missing", opening, closer)})
	return 0, false
}

func (s *scanner) openString(pos int) bool {
	s.problems = append(s.problems, Problem{pos, pos + 1, "this string is not closed: its second " + s.src[pos:pos+1] + " is missing"})
	return false
}

// overrun says whether a string holds the end of a tag, and whether it goes on
// from there through a line break or another opening: then it most likely lacks
// its own end.
func overrun(s string) (overEnd, runaway bool) {
	end := strings.Index(s, "}}")
	if i := strings.Index(s, "%}"); i >= 0 && (end < 0 || i < end) {
		end = i
	}
	return end >= 0, end >= 0 && (strings.ContainsRune(s[end:], '\n') || nextOpen(s, end) >= 0)
}

// tag adds a tag, or reads a raw block, comment or note to its end.
func (s *scanner) tag(open, end, from, to int) int {
	args := strings.TrimLeft(s.src[from:to], space)
	from = to - len(args)
	n := 0
	for n < len(args) && (args[n] == '_' || args[n] >= 'a' && args[n] <= 'z' || args[n] >= 'A' && args[n] <= 'Z' || args[n] >= '0' && args[n] <= '9') {
		n++
	}
	name := args[:n]
	switch {
	case strings.HasPrefix(args, "#"):
		return end
	case name == "raw" || name == "comment":
		return s.block(name, open, end)
	case name == "":
		s.problems = append(s.problems, Problem{open, end, "a tag begins with its name, as in {% if … %}"})
		return end
	}
	s.tokens = append(s.tokens, token{kind: tagToken, start: open, end: end, from: from + n, to: to, name: name})
	return end
}

// block reads a raw or comment block, whose body began at start, to its end
// tag. Nothing in it means anything.
func (s *scanner) block(name string, open, start int) int {
	for pos := start; ; {
		i := strings.Index(s.src[pos:], "{%")
		if i < 0 {
			s.problems = append(s.problems, Problem{open, start, fmt.Sprintf("this %s is not closed: {%% end%s %%} is missing", name, name)})
			return len(s.src)
		}
		pos += i
		rest := s.src[pos+2:]
		dash := strings.HasPrefix(rest, "-")
		rest = strings.TrimLeft(strings.TrimPrefix(rest, "-"), space)
		if after, ok := strings.CutPrefix(rest, "end"+name); ok {
			after = strings.TrimLeft(after, space)
			trim := strings.HasPrefix(after, "-%}")
			if after = strings.TrimPrefix(after, "-"); strings.HasPrefix(after, "%}") {
				if name == "raw" {
					s.addText(start, pos, dash)
				}
				s.trim = trim
				return len(s.src) - len(after) + 2
			}
		}
		pos += 2
	}
}
