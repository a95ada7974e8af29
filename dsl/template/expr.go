package template

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The expressions of a template, with the grammar of Liquid:
//
//	Cond    = Rel { ( "and" | "or" ) Rel }            grouped from the right
//	Rel     = Value [ Op Value ] | Chain
//	Chain   = Value { "|" name [ ":" Value { "," Value } ] }
//	Value   = literal | Path | "(" Value ".." Value ")" | "(" Cond ")"
//	Path    = name { "." name | "[" Value "]" }
type expr interface{ span() (start, end int) }

// at is where an expression stands in the source.
type at struct{ start, end int }

func (a at) span() (int, int) { return a.start, a.end }

// literal is a string, float64, bool, nil, or a value of type keyword.
type literal struct {
	at
	v any
}

// keyword is blank or empty, which only == and != understand.
type keyword string

// pathExpr is a name and the steps from it.
type pathExpr struct {
	at
	root  string
	steps []step
	shown string // the path as people know it, aliases resolved; set by findNames
}

// step is one step of a path: a name, or an index.
type step struct {
	name  string
	index expr // nil for a name
}

type rangeExpr struct {
	at
	lo, hi expr
}

// chain is a value sent through filters.
type chain struct {
	at
	in    expr
	calls []call
}

// call is one filter of a chain.
type call struct {
	at   // of the filter's name
	name string
	args []expr
}

// compare is a comparison; op is one of == != < > <= >= contains.
type compare struct {
	at
	op   string
	a, b expr
}

// logic is a and b, or a or b.
type logic struct {
	at
	op   string
	a, b expr
}

// The bounds on one expression keep recursion and cost small.
const (
	maxNest  = 24  // parentheses and brackets inside each other
	maxTerms = 200 // values, comparisons and filters
)

// exprParser reads the expressions of one tag. On a mistake it panics with a
// Problem, which parseArgs catches.
type exprParser struct {
	src   string
	pos   int // just behind tok
	to    int
	tok   lexeme
	nest  int
	terms int
}

// lexeme is one word or sign. kind is 'a' name, '0' number, 's' string,
// 'e' the end, or 'o' a sign, whose text says which.
type lexeme struct {
	at
	kind byte
	text string
}

// parseArgs calls read with a parser for src[from:to] and returns its mistake.
// read must consume everything.
func parseArgs(src string, from, to int, read func(p *exprParser)) (problem *Problem) {
	defer func() {
		if r := recover(); r != nil {
			p, ok := r.(Problem)
			if !ok {
				panic(r)
			}
			problem = &p
		}
	}()
	p := &exprParser{src: src, pos: from, to: to}
	p.next()
	read(p)
	if p.tok.kind != 'e' {
		p.failHere("unexpected " + p.here())
	}
	return nil
}

func (p *exprParser) fail(a at, message string) { panic(Problem{a.start, a.end, message}) }

func (p *exprParser) failHere(message string) { p.fail(p.tok.at, message) }

// here names the token at hand for a message.
func (p *exprParser) here() string {
	if p.tok.kind == 'e' {
		return "end of the tag"
	}
	return strconv.Quote(p.tok.text)
}

// next reads the next lexeme.
func (p *exprParser) next() {
	for p.pos < p.to && strings.IndexByte(space, p.src[p.pos]) >= 0 {
		p.pos++
	}
	start := p.pos
	take := func(kind byte, end int) {
		p.tok = lexeme{at{start, end}, kind, p.src[start:end]}
		p.pos = end
	}
	if start == p.to {
		take('e', start)
		return
	}
	rest := p.src[start:p.to]
	c := rest[0]
	switch {
	case c == '"' || c == '\'':
		n := strings.IndexByte(rest[1:], c) // the scanner saw to it that there is one
		if n < 0 {
			p.fail(at{start, start + 1}, "this string is not closed")
		}
		take('s', start+n+2)
	case digit(c) || c == '-' && len(rest) > 1 && digit(rest[1]):
		n := 1
		for n < len(rest) && (digit(rest[n]) || rest[n] == '.' && n+1 < len(rest) && digit(rest[n+1]) && !strings.Contains(rest[:n], ".")) {
			n++
		}
		take('0', start+n)
	default:
		if n := nameLen(rest); n > 0 {
			take('a', start+n)
			return
		}
		for _, op := range [...]string{"..", "==", "!=", "<>", "<=", ">=", "<", ">", ".", "[", "]", "(", ")", "|", ":", ",", "="} {
			if strings.HasPrefix(rest, op) {
				take('o', start+len(op))
				return
			}
		}
		_, n := utf8.DecodeRuneInString(rest)
		p.fail(at{start, start + n}, "unexpected "+strconv.Quote(rest[:n]))
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// nameLen is the length of the name that s begins with: letters of any script,
// digits, _ and -, a letter or _ first.
func nameLen(s string) int {
	for i, r := range s {
		if r == '_' || unicode.IsLetter(r) || i > 0 && (r == '-' || unicode.IsDigit(r) || unicode.IsMark(r)) {
			continue
		}
		return i
	}
	return len(s)
}

func (p *exprParser) is(op string) bool { return p.tok.kind == 'o' && p.tok.text == op }

func (p *exprParser) isWord(word string) bool { return p.tok.kind == 'a' && p.tok.text == word }

// accept takes the sign if it is next.
func (p *exprParser) accept(op string) bool {
	if p.is(op) {
		p.next()
		return true
	}
	return false
}

func (p *exprParser) expect(op, where string) {
	if !p.accept(op) {
		p.failHere("expected " + strconv.Quote(op) + " " + where + ", not " + p.here())
	}
}

// name takes a name that a template may give or read.
func (p *exprParser) name(what string) string {
	name := p.tok.text
	switch {
	case p.tok.kind != 'a':
		p.failHere("expected " + what + ", not " + p.here())
	case reserved(name):
		p.failHere(strconv.Quote(name) + " is a word of Liquid and cannot be " + what)
	case strings.HasPrefix(name, "__"):
		p.failHere("names do not begin with __")
	}
	p.next()
	return name
}

func reserved(name string) bool {
	switch name {
	case "and", "or", "in", "contains", "true", "false", "nil", "null", "blank", "empty":
		return true
	}
	return false
}

// deeper counts nesting; call the result on the way out.
func (p *exprParser) deeper() func() {
	if p.nest++; p.nest > maxNest {
		p.failHere("this is nested too deeply")
	}
	return func() { p.nest-- }
}

func (p *exprParser) term() {
	if p.terms++; p.terms > maxTerms {
		p.failHere("this expression is too long: split it with {% assign %}")
	}
}

// cond reads a Cond.
func (p *exprParser) cond() expr {
	a := p.rel()
	if !p.isWord("and") && !p.isWord("or") {
		return a
	}
	op := p.tok.text
	p.next()
	b := p.cond()
	return &logic{join(a, b), op, a, b}
}

// rel reads a Rel.
func (p *exprParser) rel() expr {
	p.term()
	a, filtered := p.chain()
	op := p.tok.text
	switch {
	case p.isWord("contains"), p.is("=="), p.is("!="), p.is("<"), p.is(">"), p.is("<="), p.is(">="):
	case p.is("<>"):
		op = "!="
	case p.is("="):
		p.failHere("a comparison is written ==")
	default:
		return a
	}
	if filtered {
		p.fail(a.(*chain).calls[0].at, "a filter does not stand in a comparison: assign its result to a name first")
	}
	p.next()
	b := p.value()
	if p.is("|") {
		p.failHere("a filter does not stand in a comparison: assign its result to a name first")
	}
	return &compare{join(a, b), op, a, b}
}

// chain reads a Chain and says whether it has filters.
func (p *exprParser) chain() (e expr, filtered bool) {
	in := p.value()
	if !p.is("|") {
		return in, false
	}
	c := &chain{in: in}
	end := 0
	for p.accept("|") {
		p.term()
		f := call{at: p.tok.at, name: p.tok.text}
		if p.tok.kind != 'a' {
			p.failHere("expected a filter's name, not " + p.here())
		}
		end = p.tok.end
		p.next()
		if p.accept(":") {
			for {
				arg := p.value()
				if p.is(":") {
					p.failHere("filters take no named arguments here")
				}
				f.args = append(f.args, arg)
				_, end = arg.span()
				if !p.accept(",") {
					break
				}
			}
		}
		c.calls = append(c.calls, f)
	}
	start, _ := in.span()
	c.at = at{start, end}
	return c, true
}

// value reads a Value.
func (p *exprParser) value() expr {
	p.term()
	here := p.tok
	switch {
	case here.kind == 's':
		p.next()
		return &literal{here.at, here.text[1 : len(here.text)-1]}
	case here.kind == '0':
		f, err := strconv.ParseFloat(here.text, 64)
		if err != nil {
			p.failHere("this number is too large")
		}
		p.next()
		return &literal{here.at, f}
	case p.accept("("):
		return p.parens(here)
	case here.kind == 'a' && reserved(here.text):
		v, ok := map[string]any{"true": true, "false": false, "nil": nil, "null": nil,
			"blank": keyword("blank"), "empty": keyword("empty")}[here.text]
		if !ok {
			p.failHere("expected a value, not " + p.here())
		}
		p.next()
		return &literal{here.at, v}
	case here.kind == 'a':
		return p.path()
	}
	p.failHere("expected a value, not " + p.here())
	return nil
}

// parens reads what follows an opening parenthesis.
func (p *exprParser) parens(open lexeme) expr {
	defer p.deeper()()
	e := p.cond()
	if p.accept("..") {
		hi := p.value()
		end := p.tok.end
		p.expect(")", "after the range")
		return &rangeExpr{at{open.start, end}, e, hi}
	}
	p.expect(")", "to close the parenthesis")
	return e
}

// path reads a Path.
func (p *exprParser) path() expr {
	e := &pathExpr{at: p.tok.at}
	e.root = p.name("a value's name")
	for {
		switch {
		case p.accept("."):
			if p.tok.kind != 'a' {
				p.failHere("expected a name after the dot, not " + p.here())
			}
			e.steps = append(e.steps, step{name: p.tok.text})
			e.end = p.tok.end
			p.next()
		case p.accept("["):
			up := p.deeper()
			index := p.value()
			e.end = p.tok.end
			p.expect("]", "to close the index")
			up()
			s := step{index: index}
			if l, ok := index.(*literal); ok {
				if name, ok := l.v.(string); ok {
					s = step{name: name}
				}
			}
			e.steps = append(e.steps, s)
		default:
			return e
		}
		p.term()
	}
}

// join is the place from the start of a to the end of b.
func join(a, b expr) at {
	start, _ := a.span()
	_, end := b.span()
	return at{start, end}
}
