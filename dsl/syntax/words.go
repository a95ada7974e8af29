package syntax

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2/lexer"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// Which words can stand at a place is asked of the grammar itself: the text
// before the place is parsed with a mark behind it; the innermost loop over
// statements that meets the mark says where it was (a point). There every word
// of the language is tried in the mark's place, and one that the parser takes,
// not as a mere name, can stand there.

// Words are the words of the language that can stand at an offset of a
// half-written source, in alphabetical order: the beginnings of statements
// where one can begin, otherwise what can go on with the one that stands there.
// Some are phrases (`is set`). Names that a program declares are not among
// them, and inside a text or a comment there are none.
func Words(text string, offset int) []string {
	text = text[:max(0, min(offset, len(text)))]
	s := scan(text)
	if s.openAt(len(text)) {
		return nil
	}
	found := map[string]bool{}
	if at, tree := s.point(); at != nil {
		at.words(text, tree, func(w string) { found[w] = true })
	}
	// A line that begins with `else` or `otherwise` belongs to the `}` before it.
	if n := len(s.tokens); n > 2 && s.tokens[n-2].Type == tokNewline && is(&s.tokens[n-3], "}") {
		s.tokens = slices.Delete(s.tokens, n-2, n-1)
		if at, tree := s.point(); at != nil {
			at.words(text, tree, func(w string) {
				if slices.Contains(continuations, w) {
					found[w] = true
				}
			})
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// IsUnit says whether a word is a unit of time: `days`.
func IsUnit(word string) bool { return longUnits[word] != 0 }

// openAt says whether the end of a scanned text lies in a comment, or in
// something that is not closed.
func (s *scanned) openAt(end int) bool {
	if n := len(s.comments); n > 0 && s.comments[n-1].End == end {
		return true
	}
	return slices.ContainsFunc(s.problems, func(p problem) bool {
		return p.code == diag.UnclosedText || p.code == diag.FileTooLarge
	})
}

// isMark says whether a token is the mark where words are asked for, or the one
// behind a word that is tried.
func isMark(t *lexer.Token) bool { return t.Type == tokMark || t.Type == tokTried }

// beforeMark says whether the mark comes after the next token. That may be the
// beginning of an optional part, which is not taken until it goes on.
func beforeMark(lex *lexer.PeekingLexer) bool {
	here := lex.MakeCheckpoint()
	defer lex.LoadCheckpoint(here)
	lex.Next()
	return lex.Peek().Type == tokMark
}

// point is where the parser met the mark.
type point struct {
	place  *place
	begins bool // a statement can begin here
	start  int  // offset of the statement that goes on, or of the mark
}

func markAt(p point) problem { return problem{point: &p} }

// point parses the tokens with a mark behind them.
func (s *scanned) point() (*point, *File) {
	eof := s.tokens[len(s.tokens)-1]
	tokens := append(slices.Clone(s.tokens[:len(s.tokens)-1]), lexer.Token{Type: tokMark, Pos: eof.Pos}, eof)
	f := &File{Source: &diag.File{}}
	c := collector{file: f.Source}
	f.read(&tokens, &c)
	for _, p := range c.problems {
		if p.point != nil {
			return p.point, f
		}
	}
	return nil, f
}

// words gives the words that can stand at a point.
func (at *point) words(text string, tree *File, yield func(string)) {
	if at.begins && at.place.only == nil {
		at.beginnings(tree, yield)
		return
	}
	before := text[at.start:]
	if before != "" && nameEnd(before[len(before)-1:], 0) > 0 {
		before += " "
	}
	names := map[string]trial{} // what a name does in a word's place
	named := func(rest string) trial {
		t, ok := names[rest]
		if !ok {
			t = at.try(before, someName, rest)
			names[rest] = t
		}
		return t
	}
	value := !named("").misfit // a value or a name can stand here
	for _, w := range allWords() {
		if value && slices.Contains(operatorWords, w.first()) && w.word != "not" {
			continue // a value is missing before it
		}
		if slices.ContainsFunc(w.rests, func(rest string) bool {
			got := at.try(before, w.word, rest)
			return !got.refused && !(value && got.empty) && !got.same(named(rest)) && !(value && got.lacks && !named(rest).lacks)
		}) {
			yield(w.word)
		}
	}
	if at.place.oneLine {
		at.beginnings(tree, func(w string) {
			if at.try(before, w, "").next {
				yield(w)
			}
		})
	}
}

// beginnings are the words that begin the statements of a place.
func (at *point) beginnings(tree *File, yield func(string)) {
	steps := stepsBegun(tree)
	for _, w := range at.place.words {
		clause := clauseWords[w] && w != "exit"
		if clause && (at.place == lang().block || at.place == lang().journey && steps) {
			continue
		}
		yield(w)
	}
}

// clauseWords begin the clauses of a journey's head.
var clauseWords = wordSet("enter", "again", "once", "only", "exit", "goal", "control", "transactional", "priority")

// stepsBegun says whether the journey that a half-written source ends with has
// steps.
func stepsBegun(f *File) bool {
	if len(f.Decls) == 0 {
		return false
	}
	j, ok := f.Decls[len(f.Decls)-1].(*Journey)
	return ok && len(j.Body.Steps) > 0
}

// trial is what the parser makes of a statement that goes on with a word.
type trial struct {
	refused  bool         // the word does not fit, or something before it is wrong
	misfit   bool         // the word does not fit
	empty    bool         // a value is missing where the word stands
	next     bool         // the word begins the next statement
	lacks    bool         // something is missing before it
	kind     reflect.Type // of the statement
	problems []string     // what the parser says, however the word is called
}

// same says that a word changes no more than another one.
func (t trial) same(o trial) bool {
	return !o.refused && t.kind == o.kind && slices.Equal(t.problems, o.problems)
}

// someName is a name that is near no word of the language.
const someName = "qqqqqqqqqqqqqqqq"

// try parses a statement with a word, what may follow it, and the mark behind
// it. The word fits if the parser gets behind it.
func (at *point) try(before, word, rest string) (t trial) {
	s := scan(before + word + rest)
	eof := s.tokens[len(s.tokens)-1]
	s.tokens = append(s.tokens[:len(s.tokens)-1], lexer.Token{Type: tokTried, Pos: eof.Pos}, eof)
	t.refused = true
	lex, err := lexer.Upgrade(&s.tokens)
	if err != nil {
		return t
	}
	c := collector{file: &diag.File{}, problems: s.problems}
	st := at.place.read(lex, func(p problem) { c.problems = append(c.problems, p) })
	if st == nil {
		return t
	}
	c.collect(reflect.ValueOf(st), nil)
	t.kind = reflect.TypeOf(st)
	t.next = lex.Peek().Pos.Offset == len(before) && len(c.problems) == 0
	behind := len(before) + len(word)
	for _, p := range c.problems {
		place := p.start
		if p.point != nil {
			place = p.point.start
		}
		if place >= behind {
			place -= len(word) // however long it is
		}
		if p.point != nil {
			t.refused = false
			t.problems = append(t.problems, fmt.Sprint(place, p.point.place.name, p.point.begins))
			continue
		}
		t.lacks = t.lacks || p.anchored
		t.problems = append(t.problems, fmt.Sprint(place, strings.ReplaceAll(p.message, "`"+word+"`", "`"+someName+"`")))
	}
	for _, p := range c.problems {
		switch {
		case p.point != nil || p.anchored || p.start >= behind:
		case p.start < len(before):
			t.refused = true
		case !incompleteCodes[p.code]:
			t.refused, t.misfit = true, true
		case p.start == len(before):
			t.empty = true
		}
	}
	return t
}

// incompleteCodes are those of mistakes that more text can put right.
var incompleteCodes = map[diag.Code]bool{diag.Incomplete: true, diag.UnclosedBlock: true, diag.UnclosedBracket: true}

// candidate is a word that may fit, and what to try for it: some words are
// taken only together with what follows them.
type candidate struct {
	word  string
	rests []string
}

func (c candidate) first() string {
	first, _, _ := strings.Cut(c.word, " ")
	return first
}

// allWords are the words of the language that can stand inside a statement:
// those of the grammar, and those of the parts that are parsed by hand.
var allWords = sync.OnceValue(func() []candidate {
	words := map[string][]string{}
	add := func(word, rest string) {
		if !slices.Contains(words[word], rest) {
			words[word] = append(words[word], rest)
		}
	}
	for _, m := range grammarWord.FindAllStringSubmatch(Grammar(), -1) {
		add(m[1], "")
	}
	for _, m := range grammarPair.FindAllStringSubmatch(Grammar(), -1) {
		if next, ok := sampleOf(m[2]); ok {
			add(m[1], " "+next)
		}
	}
	for _, more := range [][]string{operatorWords, endWords, continuations, unitWords, value.KindWords(), {"of", "last"}} {
		for _, w := range more {
			add(w, "")
		}
	}
	for _, day := range weekdayWords {
		add(day, "")
		add(day, " at")
	}
	for _, phrase := range []string{"is set", "is missing", "is true", "is false", "in last", "one of", "list of"} {
		add(phrase, "")
	}
	add("change of", " profile.x")
	add("goal", " x")
	add("call", " x")
	delete(words, "is")
	delete(words, "one")
	var all []candidate
	for _, w := range slices.Sorted(maps.Keys(words)) {
		all = append(all, candidate{w, words[w]})
	}
	return all
})

var (
	grammarWord = regexp.MustCompile(`"([a-z]+)"`)
	grammarPair = regexp.MustCompile(`"([a-z]+)"[ (]+("[^"]+"|[A-Z]\w*)`)
)

// sampleOf is a text for what follows a word in the grammar.
func sampleOf(next string) (string, bool) {
	if text, ok := strings.CutPrefix(next, `"`); ok {
		return strings.TrimSuffix(text, `"`), true
	}
	text, ok := map[string]string{
		"Name": someName, "Expr": someName, "EventRef": someName, "String": `"x"`, "Number": "1", "Percent": "1%",
		"Clock": "09:00", "Date": "2000-01-01", "Duration": "1 day", "Moment": "1h", "Days": "monday", "Type": "text",
		"Block": "{", "Pairs": "{", "Properties": "{", "Data": "{", "TraitRef": "profile", "Target": "profile",
	}[next]
	return text, ok
}
