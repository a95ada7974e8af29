package syntax

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// The scanner is written by hand for speed. It never fails: whatever it
// cannot read it reports and turns into the token that was probably meant, so
// that one wrong character costs one diagnostic and not the file.

// maxFile bounds a source. Nobody writes half a megabyte of journeys into one
// file; what is that long is a wrong file.
const maxFile = 512 << 10

// scanned is the result of scanning.
type scanned struct {
	tokens   tokenList // ends with EOF
	comments []Comment
	problems []problem
}

// Comment is a comment, `#` included, to the end of its line.
type Comment struct{ Start, End int }

type scanner struct {
	text string
	pos  int
	line int // of pos, from 1
	bol  int // offset of the beginning of that line
	scanned
}

func scan(text string) scanned {
	s := scanner{text: text, line: 1}
	if len(text) > maxFile {
		s.problems = append(s.problems, tooLargeFile(len(text)))
		s.tokens = tokenList{lexer.EOFToken(lexer.Position{Line: 1, Column: 1})}
		return s.scanned
	}
	s.tokens = make(tokenList, 0, len(text)/6+8)
	if strings.HasPrefix(text, "\ufeff") {
		s.pos, s.bol = 3, 3
	}
	if bad := invalidUTF8(text); bad >= 0 {
		s.problems = append(s.problems, notUTF8(text, bad))
	}
	for s.pos < len(s.text) {
		s.next()
	}
	s.tokens = append(s.tokens, lexer.EOFToken(s.at(s.pos)))
	return s.scanned
}

func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

func (s *scanner) at(offset int) lexer.Position {
	return lexer.Position{Offset: offset, Line: s.line, Column: offset - s.bol + 1}
}

// emit takes the text up to end as a token.
func (s *scanner) emit(t lexer.TokenType, end int) {
	s.emitAs(t, s.text[s.pos:end], end)
}

func (s *scanner) emitAs(t lexer.TokenType, value string, end int) {
	s.tokens = append(s.tokens, lexer.Token{Type: t, Value: value, Pos: s.at(s.pos)})
	if text := s.text[s.pos:end]; text != value {
		s.tokens[len(s.tokens)-1].Pos.Filename = text
	}
	s.pos = end
}

func (s *scanner) report(p problem) { s.problems = append(s.problems, p) }

// next scans one token, blank or comment.
func (s *scanner) next() {
	c := s.text[s.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\r':
		s.pos++
	case c == '\n':
		s.newline()
	case c == '#':
		s.comment()
	case c == '"':
		s.quoted()
	case isLetter(c):
		s.name()
	case isDigit(c):
		s.number()
	case c < utf8.RuneSelf:
		s.operator()
	default:
		s.foreign()
	}
}

// newline ends a line. Lines without tokens have no end of their own.
func (s *scanner) newline() {
	if n := len(s.tokens); n > 0 && s.tokens[n-1].Type != tokNewline {
		s.emit(tokNewline, s.pos+1)
	} else {
		s.pos++
	}
	s.line++
	s.bol = s.pos
}

func (s *scanner) comment() {
	end := s.pos + s.lineLength(s.pos)
	s.comments = append(s.comments, Comment{s.pos, end})
	s.pos = end
}

// lineLength is the number of bytes from an offset to the end of its line.
func (s *scanner) lineLength(from int) int {
	n := strings.IndexByte(s.text[from:], '\n')
	if n < 0 {
		n = len(s.text) - from
	}
	if n > 0 && s.text[from+n-1] == '\r' {
		n--
	}
	return n
}

func (s *scanner) name() {
	end := nameEnd(s.text, s.pos)
	word := s.text[s.pos:end]
	// A line that begins with one of these belongs to the block before it.
	if word == "else" || word == "otherwise" {
		if n := len(s.tokens); n > 1 && s.tokens[n-1].Type == tokNewline && s.tokens[n-2].Value == "}" {
			s.tokens = s.tokens[:n-1]
		}
	}
	s.emit(tokName, end)
}

// nameEnd is the end of the letters, digits and `_` from an offset on.
func nameEnd(text string, i int) int {
	for i < len(text) {
		c := text[i]
		if c < utf8.RuneSelf {
			if !isLetter(c) && !isDigit(c) {
				break
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		// Marks are the vowels of many scripts; they belong to their letter.
		if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) || n == 1 {
			break
		}
		i += n
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLetter includes `_`, which names may begin with.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }

// operators of more than one character, longest first.
var operators = []string{"==", "!=", "<=", ">=", "&&", "||", "**", "..", "??", "?."}

func (s *scanner) operator() {
	rest := s.text[s.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		s.foreignComment(2 + s.lineLength(s.pos+2))
		return
	case strings.HasPrefix(rest, "/*"):
		n := strings.Index(rest, "*/") + 2
		if n < 2 || strings.Contains(rest[:n], "\n") {
			n = s.lineLength(s.pos)
		}
		s.foreignComment(n)
		return
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			s.emit(tokOp, s.pos+2)
			return
		}
	}
	if s.wideOperator(rune(rest[0]), 1) {
		return
	}
	switch c := rest[0]; c {
	case '(', ')', '[', ']', '{', '}', ',', '.', ':', '=', '@', '|', '?', '+', '-', '*', '/', '%', '<', '>', '!', '^':
		s.emit(tokOp, s.pos+1)
	case ';':
		s.report(semicolon(s.pos))
		s.emit(tokNewline, s.pos+1)
	case '\'', '`':
		s.otherQuotes(s.pos+1, string(c), quotedOtherwise)
	case '$':
		end := nameEnd(s.text, s.pos+1)
		s.report(dollarName(s.pos, end))
		s.emit(tokUnknown, end)
	default:
		s.report(unknownCharacter(s.pos, rune(c), 1))
		s.emit(tokUnknown, s.pos+1)
	}
}

func (s *scanner) foreignComment(n int) {
	s.report(otherComment(s.pos, s.pos+2))
	s.pos += n
}

// foreign scans what is not ASCII.
func (s *scanner) foreign() {
	r, n := utf8.DecodeRuneInString(s.text[s.pos:])
	switch {
	case r == utf8.RuneError && n == 1:
		end := s.pos + 1
		for end < len(s.text) {
			if r, n := utf8.DecodeRuneInString(s.text[end:]); r != utf8.RuneError || n != 1 {
				break
			}
			end++
		}
		s.report(notUTF8(s.text, s.pos))
		s.emit(tokUnknown, end)
	case unicode.IsLetter(r):
		s.name()
	case r == '\u00a0' || r == '\u3000': // the space bar of other keyboards
		s.pos += n
	default:
		s.lookalike(r, n)
	}
}

// lookalike scans a character that is often typed instead of another one.
func (s *scanner) lookalike(r rune, n int) {
	switch {
	case r == '＃':
		s.report(lookalikeOf(s.pos, r, "#"))
		s.comment()
		return
	case strings.ContainsRune(`“”„‟«»「」『』〝〞＂`, r):
		s.otherQuotes(s.pos+n, `“”„‟«»「」『』〝〞＂"`, curlyQuotes)
		return
	case strings.ContainsRune(`‘’‚＇´`, r):
		s.otherQuotes(s.pos+n, `‘’‚＇´'`, curlyQuotes)
		return
	}
	if s.wideOperator(r, n) {
		return
	}
	if meant, ok := lookalikes[r]; ok {
		s.report(lookalikeOf(s.pos, r, meant))
		t := tokOp
		if isDigit(meant[0]) {
			t = tokNumber
		} else if meant == ";" {
			t = tokNewline
		}
		s.emitAs(t, meant, s.pos+n)
		return
	}
	s.report(unknownCharacter(s.pos, r, n))
	s.emit(tokUnknown, s.pos+n)
}

// wideOperator scans an operator of two characters, one of which at least is a
// lookalike: `＝＝`, `>＝`.
func (s *scanner) wideOperator(r rune, n int) bool {
	second, m := utf8.DecodeRuneInString(s.text[s.pos+n:])
	if r < utf8.RuneSelf && second < utf8.RuneSelf {
		return false
	}
	op := asOperator(r) + asOperator(second)
	if !slices.Contains(operators, op) {
		return false
	}
	end := s.pos + n + m
	s.report(lookalikesOf(s.pos, s.text[s.pos:end], op))
	s.emitAs(tokOp, op, end)
	return true
}

// asOperator is a character, or the one that it is typed instead of.
func asOperator(r rune) string {
	switch meant, ok := lookalikes[r]; {
	case ok:
		return meant
	case r == '＆':
		return "&"
	}
	return string(r)
}

var lookalikes = map[rune]string{
	'，': ",", '、': ",", '：': ":", '；': ";", '。': ".", '．': ".", '？': "?", '！': "!",
	'（': "(", '）': ")", '［': "[", '］': "]", '【': "[", '】': "]", '｛': "{", '｝': "}",
	'＝': "=", '＜': "<", '＞': ">", '＋': "+", '－': "-", '＊': "*", '／': "/", '％': "%", '＠': "@", '｜': "|",
	'≥': ">=", '≤': "<=", '≠': "!=", '−': "-", '–': "-", '—': "-", '×': "*", '÷': "/",
	'０': "0", '１': "1", '２': "2", '３': "3", '４': "4", '５': "5", '６': "6", '７': "7", '８': "8", '９': "9",
}

// otherQuotes scans a text in quotes that the language does not have. Whatever
// opens one also closes one: so no line is searched twice for what is not there.
func (s *scanner) otherQuotes(from int, closing string, what func(start, end int, inner string) problem) {
	line := s.text[from : from+s.lineLength(from)]
	i := strings.IndexAny(line, closing)
	if i < 0 {
		if end := s.spread(from, closing); end > 0 {
			s.spreadText(end)
			return
		}
		s.report(what(s.pos, from, ""))
		s.emit(tokUnknown, from)
		return
	}
	_, n := utf8.DecodeRuneInString(line[i:])
	s.report(what(s.pos, from+i+n, line[:i]))
	s.emit(tokString, from+i+n)
}

func (s *scanner) quoted() {
	if strings.HasPrefix(s.text[s.pos:], `"""`) {
		s.longText()
		return
	}
	escapes := false
	for i := s.pos + 1; i < len(s.text) && s.text[i] != '\n'; i++ {
		switch s.text[i] {
		case '"':
			if escapes {
				s.checkEscapes(s.pos+1, i)
			}
			s.emit(tokString, i+1)
			return
		case '\\':
			escapes = true
			if i+1 < len(s.text) && s.text[i+1] != '\n' {
				i++
			}
		}
	}
	if end := s.spread(s.pos+1, `"`); end > 0 {
		s.spreadText(end)
		return
	}
	s.report(unclosedText(s.pos, 1))
	s.emit(tokString, s.pos+s.lineLength(s.pos))
}

// maxSpread bounds, in bytes, where the end of a text is looked for that does
// not end with its line.
const maxSpread = 4 << 10

// spread is the end of a text that spans lines, though it may not: the first
// of the closing quotes, if nothing but blanks and brackets follows on its
// line. 0: it is a text whose closing quote was forgotten.
func (s *scanner) spread(from int, closing string) int {
	text := s.text[from:min(len(s.text), from+maxSpread)]
	i := strings.IndexAny(text, closing)
	if i < 0 {
		return 0
	}
	_, n := utf8.DecodeRuneInString(text[i:])
	end := from + i + n
	if strings.Trim(s.text[end:end+s.lineLength(end)], " \t)}") != "" {
		return 0
	}
	return end
}

// spreadText takes a text that spans lines as what it was meant to be.
func (s *scanner) spreadText(end int) {
	start := s.pos
	s.report(spreadText(s.pos, s.pos+s.lineLength(s.pos)))
	s.emit(tokString, end)
	s.countLines(start)
}

// longText scans a text between """.
func (s *scanner) longText() {
	start := s.pos
	for i := s.pos + 3; i < len(s.text); i++ {
		switch {
		case s.text[i] == '\\':
			i++
		case strings.HasPrefix(s.text[i:], `"""`):
			s.checkEscapes(s.pos+3, i)
			s.emit(tokString, i+3)
			s.countLines(start)
			return
		}
	}
	s.report(unclosedText(s.pos, 3))
	s.emit(tokString, s.longTextRecovery())
	s.countLines(start)
}

// longTextRecovery is where an unclosed """ probably ends: before the next
// declaration.
func (s *scanner) longTextRecovery() int {
	for i := s.pos; i < len(s.text); {
		n := strings.IndexByte(s.text[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		if end := nameEnd(s.text, i); isDeclWord(s.text[i:end]) && end < len(s.text) && s.text[end] == ' ' {
			return i - 1
		}
	}
	return len(s.text)
}

func (s *scanner) countLines(from int) {
	span := s.text[from:s.pos]
	if n := strings.Count(span, "\n"); n > 0 {
		s.line += n
		s.bol = from + strings.LastIndexByte(span, '\n') + 1
	}
}

func (s *scanner) checkEscapes(from, to int) {
	for i := from; i < to; {
		n := strings.IndexByte(s.text[i:to], '\\')
		if n < 0 {
			return
		}
		i += n
		_, n = unescape(s.text[i:to])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(s.text[i+1 : to])
			s.report(badEscape(i, i+1+size, s.text[i:i+1+size]))
			n = 1 + size
		}
		i += n
	}
}

func notUTF8(text string, at int) problem {
	msg := "this is not UTF-8; save the file as UTF-8"
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		msg = "the file is UTF-16; save it as UTF-8"
	}
	return problem{code: diag.InvalidUTF8, message: msg, start: at, end: at + 1, lexical: true}
}

func tooLargeFile(n int) problem {
	return problem{code: diag.FileTooLarge, lexical: true,
		message: fmt.Sprintf("the file has %d bytes, more than the %d a source may have; divide it into several files", n, maxFile)}
}
