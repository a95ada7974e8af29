package syntax

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
)

// Parse reads a source. It always returns a tree, with what it could read,
// and says in the diagnostics what it could not; they are in the order of the
// source, at most one a line. It is safe for concurrent use.
func Parse(file *diag.File) (*File, []diag.Diagnostic) {
	f := &File{Source: file}
	s := scan(file.Text)
	f.Comments = s.comments
	c := collector{file: file, problems: s.problems}
	f.read(&s.tokens, &c)
	return f, c.diagnostics()
}

// read reads the declarations of a file.
func (f *File) read(tokens *tokenList, c *collector) {
	defer func() {
		if r := recover(); r != nil { // participle panics on mistakes in a grammar
			c.problems = append(c.problems, internal(fmt.Sprint(r)))
		}
	}()
	lex, err := lexer.Upgrade(tokens)
	if err != nil {
		c.problems = append(c.problems, internal(err.Error()))
		return
	}
	file := lang().file
	deep := tooDeepParts(lex)
	quiet := false // the last thing was wrong: what follows it may be its rest
	for {
		t := lex.Peek()
		switch {
		case t.EOF():
			return
		case t.Type == tokNewline:
			lex.Next()
			continue
		case isMark(t):
			c.problems = append(c.problems, markAt(point{place: file, begins: true, start: t.Pos.Offset}))
			return
		}
		if len(c.problems) > 2*maxProblems {
			var f faults
			f.giveUp(t)
			c.problems = append(c.problems, f.problems...)
			return
		}
		for len(deep) > 0 && t.Pos.Offset >= deep[0].end {
			deep = deep[1:]
		}
		if len(deep) > 0 && t.Pos.Offset >= deep[0].start {
			c.problems = append(c.problems, tooDeep(deep[0].bracket))
			for lex.Peek().Pos.Offset < deep[0].end && !lex.Peek().EOF() {
				lex.Next()
			}
			continue
		}
		if !file.begins(t) && !startsDecl(lex) {
			quiet = f.misfit(lex, c, quiet)
			continue
		}
		quiet = f.decl(lex, c)
	}
}

// decl reads a declaration and says whether something was wrong with it.
func (f *File) decl(lex *lexer.PeekingLexer, c *collector) (wrong bool) {
	st := lang().file.read(lex, func(p problem) {
		wrong = true
		c.problems = append(c.problems, p)
	})
	if d, ok := st.(Decl); ok {
		f.Decls = append(f.Decls, d)
		before := len(c.problems)
		c.collect(reflect.ValueOf(d), nil)
		wrong = wrong || len(c.problems) > before
	}
	return wrong
}

// misfit deals with what begins no declaration.
func (f *File) misfit(lex *lexer.PeekingLexer, c *collector, quiet bool) bool {
	t := lex.Peek()
	if t.Type == tokName && t.Pos.Column == 1 {
		if meant := diag.Suggest(t.Value, lang().file.words); meant != "" {
			return f.decl(lex, c)
		}
	}
	if !quiet {
		switch {
		case is(t, "}"), is(t, ")"), is(t, "]"):
			c.problems = append(c.problems, stray(t))
		default:
			c.problems = append(c.problems, unknownWord(t, lang().file.name, lang().file.expected, ""))
		}
	}
	lex.Next()
	skipToDecl(lex)
	return true
}

// skipToDecl goes to the next declaration that begins a line.
func skipToDecl(lex *lexer.PeekingLexer) {
	for line := lex.Peek().Pos.Line; ; lex.Next() {
		t := lex.Peek()
		if t.EOF() || startsDecl(lex) || isMark(t) && t.Pos.Line != line {
			return
		}
		if t.Pos.Line != line {
			line = t.Pos.Line
			if t.Type == tokName && t.Pos.Column == 1 && diag.Suggest(t.Value, lang().file.words) != "" {
				return
			}
		}
	}
}

// deepPart is a stretch of a file between the beginnings of two declarations
// in which brackets are nested too deep.
type deepPart struct {
	start, end int
	bracket    *lexer.Token // the first that is too deep
}

// tooDeepParts finds what is nested too deep. Leaving it out keeps every
// recursion of the parser short.
func tooDeepParts(lex *lexer.PeekingLexer) (parts []deepPart) {
	begin := lex.MakeCheckpoint()
	defer lex.LoadCheckpoint(begin)
	depth := 0
	part := deepPart{}
	finish := func(end int) {
		if part.end = end; part.bracket != nil {
			parts = append(parts, part)
		}
		part, depth = deepPart{start: end}, 0
	}
	for ; !lex.Peek().EOF(); lex.Next() {
		t := lex.Peek()
		switch {
		case startsDecl(lex):
			finish(t.Pos.Offset)
		case t.Type != tokOp:
		case t.Value == "{", t.Value == "(", t.Value == "[":
			if depth++; depth > maxDepth && part.bracket == nil {
				part.bracket = t
			}
		case t.Value == "}", t.Value == ")", t.Value == "]":
			depth = max(depth-1, 0)
		}
	}
	finish(lex.Peek().Pos.Offset)
	return parts
}

// diagnostics are the problems in the order of the source, the first of each
// line. What the scanner found goes before what the parser made of it.
func (c *collector) diagnostics() []diag.Diagnostic {
	slices.SortStableFunc(c.problems, func(a, b problem) int { return cmp.Compare(a.start, b.start) })
	var ds []diag.Diagnostic
	lines := lineCounter{text: c.file.Text}
	last, lastLexical := 0, false
	for _, p := range c.problems {
		line := lines.of(p.start)
		d := diag.Diagnostic{Code: p.code, Message: p.message, Suggest: p.suggest,
			Span: diag.Span{File: c.file, Start: min(p.start, len(c.file.Text)), End: min(p.end, len(c.file.Text))}}
		switch {
		case line != last:
			ds = append(ds, d)
		case p.lexical && !lastLexical:
			ds[len(ds)-1] = d
		case lastLexical && !p.anchored && p.start == ds[len(ds)-1].Span.Start && ds[len(ds)-1].Suggest != "" && p.end == ds[len(ds)-1].Span.End && utf8.RuneCountInString(ds[len(ds)-1].Span.Text()) == 1:
			notEvenSo(&ds[len(ds)-1])
			continue
		default:
			continue
		}
		last, lastLexical = line, p.lexical
	}
	return ds
}

// notEvenSo is for a character that would not fit as the one that it was taken
// for, either.
func notEvenSo(d *diag.Diagnostic) {
	d.Message = fmt.Sprintf("%q does not belong here; delete it", d.Span.Text())
	if d.Suggest == "(" || d.Suggest == "[" {
		d.Message = fmt.Sprintf("%q does not fit here; blocks and values by name stand between { and }", d.Span.Text())
	}
	d.Suggest = ""
}

// lineCounter numbers lines for offsets that never go back.
type lineCounter struct {
	text     string
	at, line int
}

func (l *lineCounter) of(offset int) int {
	if l.line == 0 {
		l.line = 1
	}
	if offset = min(offset, len(l.text)); offset > l.at {
		l.line += strings.Count(l.text[l.at:offset], "\n")
		l.at = offset
	}
	return l.line
}
