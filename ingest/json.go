package ingest

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of an event. Whatever lies within them is harmless to everything
// behind: nothing there recurses deeper, or sorts more names.
const (
	maxDepth = 32  // nesting, the event itself being 1
	maxKeys  = 512 // members of one object
	maxKey   = 128 // bytes of a name
)

// aliasBelow is the size, in bytes, of a document whose texts may stay parts
// of it: a person who keeps one text keeps all of the document in memory.
// Texts of larger ones are copied.
const aliasBelow = 2 << 10

// flaw says what is wrong with a document.
type flaw struct {
	code    string
	field   string // path of the member it is about: "properties.total"; "" for the whole
	message string
	fatal   bool // not JSON: nobody knows where the value ends
	size    bool // too large, rather than wrong
}

// pair is a member of an object that is being read.
type pair struct {
	key string
	val any
}

// parser reads one JSON document (RFC 8259) in one pass, into the values that
// encoding/json makes, but stricter: a name may come once in an object, text
// must be UTF-8, and the bounds above hold. It is half of the time of an
// event, so it allocates nothing but what it answers. Its methods answer
// false when there is a flaw, and leave it in p.flaw.
//
// It does not recurse deeper than maxDepth, whatever it reads.
type parser struct {
	src   string
	pos   int
	depth int
	clone bool // texts are copied out of src
	flaw  *flaw
	lost  bool // a text had half a character, now U+FFFD

	posthog bool // events are PostHog's

	pairs []pair            // members of the objects that are open
	items []any             // elements of the lists that are open
	keys  []string          // names of the objects that are open and not kept
	names map[string]string // those that have been copied
}

// reset makes the parser read another document.
func (p *parser) reset(src string) {
	p.forget(0, 0, 0)
	*p = parser{src: src, clone: len(src) > aliasBelow, pairs: p.pairs[:0], items: p.items[:0], keys: p.keys[:0]}
}

// forget takes what is above these heights off the stacks; what a flaw left
// behind, that is.
func (p *parser) forget(pairs, items, keys int) {
	clear(p.pairs[pairs:])
	clear(p.items[items:])
	clear(p.keys[keys:])
	p.pairs, p.items, p.keys = p.pairs[:pairs], p.items[:items], p.keys[:keys]
}

// broken reports that the document is not JSON.
func (p *parser) broken(message string) bool {
	line := 1 + strings.Count(p.src[:min(p.pos, len(p.src))], "\n")
	p.flaw = &flaw{code: "invalid-json", fatal: true,
		message: "the body is not JSON: " + message + " at byte " + strconv.Itoa(p.pos+1) + " (line " + strconv.Itoa(line) + ")"}
	return false
}

// wrong reports something that JSON allows and we do not.
func (p *parser) wrong(code, field, message string) bool {
	p.flaw = &flaw{code: code, field: field, message: message}
	return false
}

// within says that the flaw lies in a member of that name.
func (p *parser) within(key string) bool {
	if f := p.flaw; !f.fatal {
		if len(key) > maxKey {
			key = strings.ToValidUTF8(key[:maxKey], "") + "…"
		}
		switch {
		case f.field == "":
			f.field = key
		case len(f.field) < 256:
			f.field = key + "." + f.field
		}
	}
	return false
}

func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next is the byte at the position, 0 at the end.
func (p *parser) next() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// end reports anything that follows the document.
func (p *parser) end() bool {
	p.space()
	if p.pos < len(p.src) {
		return p.broken("something follows its end")
	}
	return true
}

// value reads the value at the position.
func (p *parser) value() (any, bool) {
	switch c := p.next(); {
	case c == '"':
		s, ok := p.text()
		return s, ok
	case c == '{':
		m, ok := p.object()
		return m, ok
	case c == '[':
		l, ok := p.list()
		return l, ok
	case c == '-' || '0' <= c && c <= '9':
		f, ok := p.number()
		return f, ok
	case c == 't':
		return true, p.literal("true")
	case c == 'f':
		return false, p.literal("false")
	case c == 'n':
		return nil, p.literal("null")
	}
	return nil, p.broken("a value is missing")
}

func (p *parser) literal(word string) bool {
	if !strings.HasPrefix(p.src[p.pos:], word) {
		return p.broken("there is an unknown word")
	}
	p.pos += len(word)
	return true
}

// object reads the object at the position.
func (p *parser) object() (map[string]any, bool) {
	if !p.open() {
		return nil, false
	}
	base := len(p.pairs)
	for more := p.next() != '}'; more; {
		key, ok := p.key(len(p.pairs) - base)
		if !ok {
			return nil, false
		}
		val, ok := p.value()
		if !ok {
			return nil, p.within(key)
		}
		p.pairs = append(p.pairs, pair{key, val})
		if more, ok = p.more('}'); !ok {
			return nil, false
		}
	}
	p.close()
	list := p.pairs[base:]
	m := make(map[string]any, len(list))
	for i := range list {
		m[list[i].key] = list[i].val
		if len(m) != i+1 {
			return nil, p.repeated(list[i].key)
		}
	}
	clear(list)
	p.pairs = p.pairs[:base]
	return m, true
}

// list reads the list at the position.
func (p *parser) list() ([]any, bool) {
	if !p.open() {
		return nil, false
	}
	base := len(p.items)
	for more := p.next() != ']'; more; {
		val, ok := p.value()
		if !ok {
			return nil, p.within(strconv.Itoa(len(p.items) - base))
		}
		p.items = append(p.items, val)
		if more, ok = p.more(']'); !ok {
			return nil, false
		}
	}
	p.close()
	l := append(make([]any, 0, len(p.items)-base), p.items[base:]...)
	clear(p.items[base:])
	p.items = p.items[:base]
	return l, true
}

// members reads the object at the position by calling f at the value of each
// member, which f must pass. The names are the same that object takes.
func (p *parser) members(f func(key string) bool) bool {
	if !p.open() {
		return false
	}
	base := len(p.keys)
	for more := p.next() != '}'; more; {
		key, ok := p.key(len(p.keys) - base)
		if !ok {
			return false
		}
		p.keys = append(p.keys, key)
		if !f(key) {
			return p.within(key)
		}
		if more, ok = p.more('}'); !ok {
			return false
		}
	}
	p.close()
	if i := twice(p.keys[base:]); i >= 0 {
		return p.repeated(p.keys[base+i])
	}
	p.keys = p.keys[:base]
	return true
}

// open passes the bracket that begins an object or list.
func (p *parser) open() bool {
	if p.depth++; p.depth > maxDepth {
		return p.wrong("too-deep", "", "objects and lists are nested more than "+strconv.Itoa(maxDepth)+" deep")
	}
	p.pos++
	p.space()
	return true
}

// close passes the bracket that ends it.
func (p *parser) close() {
	p.depth--
	p.pos++
}

// more passes what follows a member or element: a comma, and then there is
// another one; or the closing bracket is next.
func (p *parser) more(closing byte) (more, ok bool) {
	p.space()
	switch p.next() {
	case ',':
		p.pos++
		p.space()
		return true, true
	case closing:
		return false, true
	}
	return false, p.broken("a comma or a closing bracket is missing")
}

// key reads a name and the colon, and stands at the value; have is the number
// of members before it.
func (p *parser) key(have int) (string, bool) {
	if p.next() != '"' {
		return "", p.broken("a name in quotes is missing")
	}
	key, ok := p.raw()
	if !ok {
		return "", false
	}
	switch {
	case strings.IndexByte(key, '\\') >= 0:
		key = p.unescape(key)
	case p.clone && len(key) <= maxKey:
		key = p.name(key)
	}
	p.space()
	if p.next() != ':' {
		return "", p.broken("a colon is missing")
	}
	p.pos++
	p.space()
	if len(key) > maxKey {
		return "", p.wrong("key-too-long", key, "a name has at most "+strconv.Itoa(maxKey)+" bytes")
	}
	if have >= maxKeys {
		return "", p.wrong("too-many-keys", "", "an object has at most "+strconv.Itoa(maxKeys)+" members")
	}
	return key, true
}

// maxNames bounds the names that are remembered of a document.
const maxNames = 256

// name is a copy of a name, the same one each time: the events of a batch are
// alike.
func (p *parser) name(s string) string {
	if c, ok := p.names[s]; ok {
		return c
	}
	c := strings.Clone(s)
	if p.names == nil {
		p.names = make(map[string]string)
	}
	if len(p.names) < maxNames {
		p.names[c] = c
	}
	return c
}

func (p *parser) repeated(key string) bool {
	return p.wrong("duplicate-key", key, "the name comes twice in one object: send it once")
}

// discard passes the value at the position as value reads it, and keeps
// nothing of it.
func (p *parser) discard() bool {
	switch p.next() {
	case '{':
		return p.members(func(string) bool { return p.discard() })
	case '[':
		if !p.open() {
			return false
		}
		for more := p.next() != ']'; more; {
			if !p.discard() {
				return false
			}
			var ok bool
			if more, ok = p.more(']'); !ok {
				return false
			}
		}
		p.close()
		return true
	case '"':
		_, ok := p.raw()
		return ok
	case 't', 'f', 'n':
		_, ok := p.value()
		return ok
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		_, ok := p.number()
		return ok
	}
	return p.broken("a value is missing")
}

// text reads the string at the position.
func (p *parser) text() (string, bool) {
	s, ok := p.raw()
	if !ok {
		return "", false
	}
	if strings.IndexByte(s, '\\') >= 0 {
		return p.unescape(s), true
	}
	if p.clone {
		s = strings.Clone(s)
	}
	return s, true
}

// raw passes the string at the position and answers it as it is written,
// without the quotes.
func (p *parser) raw() (string, bool) {
	start, ascii := p.pos+1, true
	for i := start; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '"':
			p.pos = i + 1
			s := p.src[start:i]
			if !ascii && !utf8.ValidString(s) {
				return "", p.wrong("invalid-utf8", "", "a text is not UTF-8: send JSON in UTF-8")
			}
			return s, true
		case c == '\\':
			n := escape(p.src[i:])
			if n == 0 {
				p.pos = i
				return "", p.broken("a backslash stands before something it does not escape")
			}
			i += n - 1
		case c < ' ':
			p.pos = i
			return "", p.broken("a control character is not escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	p.pos = len(p.src)
	return "", p.broken("a text does not end")
}

// escape is the length of the escape sequence at the beginning of s; 0: it is
// none.
func escape(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) >= 6 && hex4(s[2:6]) >= 0 {
			return 6
		}
	}
	return 0
}

// hex4 is the number that four hex digits write, or -1.
func hex4(s string) rune {
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape undoes the escapes of a string that raw has passed. Half of a
// surrogate pair becomes U+FFFD: clients that cut texts send that.
func (p *parser) unescape(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			n := strings.IndexByte(s[i:], '\\')
			if n < 0 {
				n = len(s) - i
			}
			out = append(out, s[i:i+n]...)
			i += n
			continue
		}
		switch c := s[i+1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(s[i+2 : i+6])
			i += 6
			if utf16.IsSurrogate(r) {
				pair := rune(utf8.RuneError)
				if len(s)-i >= 6 && s[i] == '\\' && s[i+1] == 'u' {
					pair = utf16.DecodeRune(r, hex4(s[i+2:i+6]))
				}
				if r = pair; r != utf8.RuneError {
					i += 6
				} else {
					p.lost = true
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		default:
			out = append(out, c)
		}
		i += 2
	}
	return string(out)
}

// number reads the number at the position.
func (p *parser) number() (float64, bool) {
	start := p.pos
	n, ok := p.digits()
	if !ok {
		return 0, false
	}
	s := p.src[start:p.pos]
	if n >= 0 { // a whole number that a float64 holds exactly
		f := float64(n)
		if s[0] == '-' {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, p.wrong("number-too-large", "", "a number is larger than 1.7e308")
	}
	return f, true
}

// digits passes a number and answers it without its sign if it is whole and
// has at most 15 digits, otherwise -1.
func (p *parser) digits() (int64, bool) {
	src, i := p.src, p.pos
	if src[i] == '-' {
		i++
	}
	first := i
	var n int64
	for ; i < len(src) && isDigit(src[i]); i++ {
		n = n*10 + int64(src[i]-'0') // may overflow: then it is not used
	}
	switch {
	case i == first:
		p.pos = i
		return 0, p.broken("a digit is missing")
	case i > first+1 && src[first] == '0':
		p.pos = first
		return 0, p.broken("a number begins with 0")
	case i > first+15:
		n = -1
	}
	if i < len(src) && src[i] == '.' {
		n = -1
		dot := i
		for i++; i < len(src) && isDigit(src[i]); i++ {
		}
		if i == dot+1 {
			p.pos = i
			return 0, p.broken("a digit is missing")
		}
	}
	if i < len(src) && (src[i] == 'e' || src[i] == 'E') {
		n = -1
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		exp := i
		for ; i < len(src) && isDigit(src[i]); i++ {
		}
		if i == exp {
			p.pos = i
			return 0, p.broken("a digit is missing")
		}
	}
	p.pos = i
	return n, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// twice is the place of a name that came before, or -1.
func twice(names []string) int {
	if len(names) <= 24 {
		for i := range names {
			for j := range i {
				if names[j] == names[i] {
					return i
				}
			}
		}
		return -1
	}
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		if seen[name] {
			return i
		}
		seen[name] = true
	}
	return -1
}
