package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// readText resolves a text token. raw is the token with its quotes, start its
// offset.
func readText(raw string, start int) (value string, pieces []piece) {
	body, at := unquote(raw)
	start += at
	if strings.HasPrefix(raw, `"""`) {
		return readLongText(body, start)
	}
	if !strings.ContainsRune(body, '\\') {
		return body, []piece{{0, start}}
	}
	b := builder{pieces: []piece{{0, start}}}
	b.unescape(body, start)
	return b.String(), b.pieces
}

// unquote takes the quotes away, whichever they are; the closing ones may be
// missing.
func unquote(raw string) (body string, from int) {
	if strings.HasPrefix(raw, `"""`) {
		return strings.TrimSuffix(raw[3:], `"""`), 3
	}
	r, n := utf8.DecodeRuneInString(raw)
	body = raw[n:]
	if r == '"' {
		if closed(body) {
			body = body[:len(body)-1]
		}
		return body, n
	}
	_, last := utf8.DecodeLastRuneInString(body)
	return body[:len(body)-last], n
}

// closed says whether a text ends with a quote that is not escaped.
func closed(body string) bool {
	if !strings.HasSuffix(body, `"`) {
		return false
	}
	backslashes := 0
	for i := len(body) - 2; i >= 0 && body[i] == '\\'; i-- {
		backslashes++
	}
	return backslashes%2 == 0
}

// builder collects a text and where its parts came from.
type builder struct {
	strings.Builder
	pieces []piece
}

// add appends text that stands at src as it is.
func (b *builder) add(text string, src int) {
	if text == "" {
		return
	}
	if n := len(b.pieces); n == 0 || b.pieces[n-1].src-b.pieces[n-1].at != src-b.Len() {
		b.pieces = append(b.pieces, piece{b.Len(), src})
	}
	b.WriteString(text)
}

// unescape appends text with its escapes resolved. Wrong ones have been
// reported and stay as they are.
func (b *builder) unescape(text string, src int) {
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 {
			b.add(text, src)
			return
		}
		b.add(text[:i], src)
		s, n := unescape(text[i:])
		if n == 0 {
			s, n = `\`, 1
		}
		b.add(s, src+i)
		text, src = text[i+n:], src+i+n
	}
}

// unescape reads the escape that a text begins with: what it means and how
// long it is; 0 if it is none.
//
//	\" \\ \n \r \t \uXXXX \u{X…}
func unescape(text string) (string, int) {
	if len(text) < 2 {
		return "", 0
	}
	switch text[1] {
	case '"', '\\', '\'':
		return text[1:2], 2
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'u':
		return unescapeUnicode(text)
	}
	return "", 0
}

func unescapeUnicode(text string) (string, int) {
	hex, n := "", 6
	if strings.HasPrefix(text, `\u{`) {
		var ok bool
		if hex, _, ok = strings.Cut(text[3:], "}"); !ok || len(hex) > 6 {
			return "", 0
		}
		n = len(hex) + 4
	} else if len(text) >= 6 {
		hex = text[2:6]
	}
	r, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || !utf8.ValidRune(rune(r)) {
		return "", 0
	}
	return string(rune(r)), n
}

// readLongText takes from a """text""" the line break after the opening
// quotes, that before the closing ones, and the indentation that its lines
// and the closing quotes share. Line ends become \n.
func readLongText(body string, start int) (string, []piece) {
	b := builder{pieces: []piece{{0, start}}}
	first, rest, many := strings.Cut(body, "\n")
	if !many {
		b.unescape(body, start)
		return b.String(), b.pieces
	}
	lines := strings.Split(rest, "\n")
	src := start + len(first) + 1
	indent := sharedIndent(lines)
	if last := len(lines) - 1; isBlank(lines[last]) {
		lines = lines[:last]
	}
	broken := false // a line has been written
	if !isBlank(first) {
		b.unescape(strings.TrimSuffix(first, "\r"), start)
		broken = true
	}
	for _, line := range lines {
		if broken {
			b.add("\n", src-1)
		}
		broken = true
		text := strings.TrimSuffix(line, "\r")
		if cut := min(len(indent), len(text)); isBlank(text) {
			b.add(text[cut:], src+cut)
		} else {
			b.unescape(text[cut:], src+cut)
		}
		src += len(line) + 1
	}
	return b.String(), b.pieces
}

func isBlank(line string) bool { return strings.Trim(line, " \t\r") == "" }

// sharedIndent is the longest beginning of blanks that all lines share; blank
// ones count only where they hold the closing quotes.
func sharedIndent(lines []string) string {
	indent, found := "", false
	for i, line := range lines {
		blanks := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		switch {
		case isBlank(line) && i < len(lines)-1:
		case !found:
			indent, found = blanks, true
		default:
			n := 0
			for n < len(indent) && n < len(blanks) && indent[n] == blanks[n] {
				n++
			}
			indent = indent[:n]
		}
	}
	return indent
}
