package syntax

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// participle stops at the first error. To find the next ones, everything in
// braces is read by a loop of our own over statements: one that cannot be
// read is reported and costs its line (with the braces that begin in it), and
// the loop goes on behind it. A word that is nearly right is put right and
// parsed again, so that what follows it is read as it was meant.

// parseBody reads what stands in braces, as statements of a place. Every
// statement goes to each.
func (p *place) parseBody(lex *lexer.PeekingLexer, n *node, f *faults, each func(Statement)) {
	open := lex.Peek()
	if !is(open, "{") {
		n.setSpan(open.Pos.Offset, open.Pos.Offset)
		f.fault(noBlock(open, previous(lex)))
		return
	}
	begin := lex.RawCursor()
	lex.Next()
	last := open
	bare := false // the steps of an `if` stand without their braces
	for {
		t := lex.Peek()
		switch {
		case t.Type == tokNewline:
			lex.Next()
			continue
		case p.commas && is(t, ","):
			last = lex.Next()
			continue
		case t.EOF(), startsDecl(lex):
			f.fault(unclosedBlock(leftOpen(lex.Range(begin, lex.RawCursor())).Pos.Offset))
			n.setSpan(open.Pos.Offset, end(last))
			return
		case is(t, "}"):
			lex.Next()
			n.setSpan(open.Pos.Offset, end(t))
			return
		}
		if len(f.problems) > maxProblems {
			f.giveUp(t)
			for !lex.Peek().EOF() && !startsDecl(lex) {
				lex.Next()
			}
			n.setSpan(open.Pos.Offset, end(last))
			return
		}
		before := lex.RawCursor()
		if bare && (is(t, "else") || is(t, "otherwise")) {
			skipStatement(lex, t) // it belongs to the block that is missing
			continue
		}
		if st := p.read(lex, f.fault); st != nil {
			each(st)
			bare = bare || lacksBlock(st)
		}
		if lex.RawCursor() == before {
			lex.Next() // a mistake in the grammar must not become a loop
		}
		last = previous(lex)
	}
}

// lacksBlock says whether the block of an `if` is missing, which was reported.
func lacksBlock(st Statement) bool {
	s, ok := st.(*If)
	return ok && s.Then != nil && s.Then.start == s.Then.end
}

// leftOpen is the brace that is probably not closed in tokens that begin with
// an opening one whose counterpart is missing. It is one whose `}` stands
// further left than the line that opened it, so that it was meant to close a
// block outside; without such a one it is the first.
func leftOpen(tokens []lexer.Token) *lexer.Token {
	type opened struct {
		brace  *lexer.Token
		indent int // column of the first token of its line
	}
	var stack []opened
	indent := 0
	for i := range tokens {
		t := &tokens[i]
		first := i == 0 || t.Pos.Line != tokens[i-1].Pos.Line
		if first {
			indent = t.Pos.Column
		}
		switch {
		case is(t, "{"):
			stack = append(stack, opened{t, indent})
		case is(t, "}") && len(stack) > 1:
			if o := stack[len(stack)-1]; first && t.Pos.Column < o.indent {
				return o.brace
			}
			stack = stack[:len(stack)-1]
		}
	}
	return &tokens[0]
}

// maxProblems is how many mistakes of a block or file are listed. A text with
// more is none of the language.
const maxProblems = 500

// giveUp says that the rest was not read, once.
func (f *faults) giveUp(t *lexer.Token) {
	f.fault(at(t, diag.Unexpected, fmt.Sprintf("there are more than %d mistakes; the rest of this was not read", maxProblems)))
}

// read reads one statement, or reports and skips it. The statement is nil if
// not even its kind is known.
func (p *place) read(lex *lexer.PeekingLexer, report func(problem)) Statement {
	first := lex.Peek()
	label := p.readLabel(lex)
	word := lex.Peek()
	if isMark(word) {
		report(markAt(point{place: p, begins: true, start: word.Pos.Offset}))
		lex.Next()
		return nil
	}
	wordEnd := end(word)
	r, refused := p.choose(lex)
	if r == nil && refused == nil {
		r, refused = p.mend(lex, report)
	}
	if r == nil {
		if refused != nil {
			report(*refused)
		}
		skipStatement(lex, lex.Peek())
		return nil
	}
	st := r.read(lex, p, wordEnd, report)
	s := st.stmt()
	s.label, s.first, s.wordEnd = label, word.Pos.Offset, wordEnd
	s.setSpan(first.Pos.Offset, max(end(previous(lex)), wordEnd))
	return st
}

func (p *place) readLabel(lex *lexer.PeekingLexer) *Name {
	if !p.labels || !is(lex.Peek(), "@") {
		return nil
	}
	start := lex.MakeCheckpoint()
	lex.Next()
	label := new(Name)
	if label.Parse(lex) != nil {
		lex.LoadCheckpoint(start) // `@` is then reported as what it is: unknown
		return nil
	}
	return label
}

// mend deals with a word that begins no statement here: it reports it and,
// if it is nearly a word that does, puts that in its place.
func (p *place) mend(lex *lexer.PeekingLexer, report func(problem)) (*rule, *problem) {
	word := lex.Peek()
	if isOperatorStart(word) {
		report(leadingOperator(word))
		return nil, nil
	}
	meant := ""
	if word.Type == tokName {
		meant = diag.Suggest(word.Value, p.words)
	}
	if meant == "" && p.labels && word.Type == tokName {
		meant = diag.Suggest(word.Value, continuations)
	}
	if is(word, "when") && p.rules["enter"] != nil {
		report(unknownWord(word, p.name, p.expected, "enter when"))
		return nil, nil
	}
	if other := otherWords[word.Value]; meant == "" && word.Type == tokName && p.rules[other] != nil {
		meant = other
	}
	if p.labels && (is(word, "else") || is(word, "otherwise")) {
		report(looseElse(word))
		return nil, nil
	}
	report(unknownWord(word, p.name, p.expected, meant))
	if meant == "" || slices.Contains(continuations, meant) {
		return nil, nil
	}
	readAs(word, meant)
	r, _ := p.choose(lex)
	return r, nil
}

// continuations are the words that go on with the step before.
var continuations = []string{"else", "otherwise"}

// read parses a statement, reports what is wrong with it, and leaves the
// lexer behind it.
func (r *rule) read(lex *lexer.PeekingLexer, p *place, wordEnd int, report func(problem)) Statement {
	start := lex.MakeCheckpoint()
	word := lex.Peek()
	for mended := 0; ; mended++ {
		st, err := r.parse(lex)
		bad := lex.Peek()
		var u *participle.UnexpectedTokenError
		switch {
		case err == nil && startsDecl(lex) && lex.RawCursor() > 0 && bad.Pos.Line > previous(lex).Pos.Line:
			return st // a block in it is not closed, which was reported
		case err == nil && (endsStatement(bad, p) || p.begins(bad) && !r.goesOn(bad)):
			return st
		case errors.As(err, &u):
			bad = &u.Unexpected
		}
		if isMark(bad) || err == nil && bad.Type == tokName && beforeMark(lex) {
			report(markAt(point{place: p, start: word.Pos.Offset}))
			st.stmt().broken = true
			skipStatement(lex, nil)
			return st
		}
		if p, ok := unitAlone(lex, bad); ok {
			report(p)
			st.stmt().broken = true
			skipStatement(lex, nil)
			return st
		}
		meant := ""
		if bad.Type == tokName {
			meant = diag.Suggest(bad.Value, r.words)
			if other := otherWords[bad.Value]; meant == "" && slices.Contains(r.words, other) {
				meant = other
			}
		}
		if meant != "" {
			report(unexpected(bad, r.word, r.usage, meant))
			if mended < 3 && replace(lex, start, bad.Pos.Offset, meant) {
				continue
			}
		} else if err == nil && bad.Type == tokName && diag.Suggest(bad.Value, p.words) != "" {
			return st // the next statement begins here, and is mended in its turn
		} else {
			report(r.problem(lex, st, bad, word, wordEnd, want(err)))
		}
		st.stmt().broken = true
		resume(lex, st)
		skipStatement(lex, nil)
		return st
	}
}

// goesOn says whether a word is one of the statement's, or was to be.
func (r *rule) goesOn(t *lexer.Token) bool {
	return slices.Contains(r.words, t.Value) || t.Type == tokName && !statementWords[t.Value] && diag.Suggest(t.Value, r.words) != ""
}

// problem says what is wrong with a statement at a token.
func (r *rule) problem(lex *lexer.PeekingLexer, st Statement, bad, word *lexer.Token, wordEnd int, want string) problem {
	if p, ok := r.known(lex, bad, word, want); ok {
		return p
	}
	// What stands where a name should is taken for what comes after the name.
	noun := want != "" && !strings.HasPrefix(want, "`")
	if bad.Type == tokName && slices.Contains(r.words, bad.Value) && want == "" {
		return misfit(bad, r.usage)
	}
	if !endsLine(bad) && !(bad.Type == tokOp && noun || is(bad, "{") && want != "") {
		return unexpected(bad, r.word, r.usage, "")
	}
	message := "this is not complete; it is written: " + r.usage
	if want != "" {
		message = want + " is missing; it is written: " + r.usage
	}
	p := incomplete(message)
	p.anchored = false
	p.start, p.end = word.Pos.Offset, wordEnd
	if n := declName(st); n != nil {
		p.start, p.end = n.start, n.end
	}
	return p
}

// replace writes another word over the token at an offset and goes back to the
// start. It refuses if there is a block between: blocks in blocks would be
// read again and again.
func replace(lex *lexer.PeekingLexer, start lexer.Checkpoint, offset int, word string) bool {
	now := lex.MakeCheckpoint()
	lex.LoadCheckpoint(start)
	for t := lex.Peek(); !t.EOF() && t.Pos.Offset <= offset && !is(t, "{"); t = lex.Peek() {
		if t.Pos.Offset == offset {
			readAs(t, word)
			lex.LoadCheckpoint(start)
			return true
		}
		lex.Next()
	}
	lex.LoadCheckpoint(now)
	return false
}

// endsLine says whether nothing more comes in the line or block.
func endsLine(t *lexer.Token) bool {
	return t.EOF() || t.Type == tokNewline || is(t, "}")
}

func endsStatement(t *lexer.Token, p *place) bool {
	return endsLine(t) || p.commas && is(t, ",")
}

// skipStatement goes to the end of the line, stepping over braces, or to the
// next declaration; the word that begins the statement is not taken for one.
func skipStatement(lex *lexer.PeekingLexer, word *lexer.Token) {
	for depth := 0; ; {
		t := lex.Peek()
		switch {
		case t.EOF(), t != word && startsDecl(lex), isMark(t) && depth > 0:
			return
		case is(t, "{"):
			depth++
		case is(t, "}"):
			if depth--; depth < 0 {
				return
			}
		case t.Type == tokNewline && depth == 0:
			return
		}
		lex.Next()
	}
}

// startsDecl says whether the next token begins a declaration in the first
// column, where a property or a value may also begin (`event: text`).
func startsDecl(lex *lexer.PeekingLexer) bool {
	t := lex.Peek()
	if t.Type != tokName || t.Pos.Column != 1 {
		return false
	}
	if t.Value == "tag" { // a step, too, but for its `while`
		next := ahead(lex)
		return next[1].Type == tokString && is(next[2], "while")
	}
	if !isDeclWord(t.Value) {
		return false
	}
	start := lex.MakeCheckpoint()
	lex.Next()
	after := lex.Peek()
	lex.LoadCheckpoint(start)
	return after.Type != tokOp || is(after, "{") || is(after, "=")
}

// previous is the token before the next one. At the beginning it is the first.
func previous(lex *lexer.PeekingLexer) *lexer.Token {
	c := max(lex.RawCursor(), 1)
	return &lex.Range(c-1, c)[0]
}
