package lsp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/sourcegraph/jsonrpc2"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/lsp/names"
)

// refuse is an answer for people: why something cannot be renamed.
func refuse(format string, args ...any) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidRequest, Message: fmt.Sprintf(format, args...)}
}

// renamed is the name at an offset that can be renamed.
func (q *question) renamed(offset int) (names.Use, error) {
	uses := q.symbols(offset)
	if len(uses) == 0 {
		return names.Use{}, refuse("there is no name here")
	}
	u := uses[0]
	switch s := u.Symbol; {
	case s.BuiltIn() || s.Doc != "":
		return u, refuse("`%s` is built in and cannot be renamed", s.Name)
	case s.Kind == names.Test:
		return u, refuse("a test has a title, which is text")
	case u.Wire:
		return u, refuse("this is the name on the wire of `%s`: rename the event where it stands by its name", s.Name)
	case len(uses) > 1:
		return u, refuse("`%s` stands here for several declarations: rename each where it is declared", s.Name)
	}
	return u, nil
}

func (q *question) prepareRename(offset int) (any, error) {
	u, err := q.renamed(offset)
	if err != nil {
		return nil, err
	}
	return map[string]any{"range": q.span(u.Span), "placeholder": u.Symbol.Name}, nil
}

// rename gives what stands at an offset another name, in all files and
// templates. What data call by its name keeps it as its name on the wire. It
// refuses what would change what the workspace means: it renames in a copy,
// checks that, and compares where names then lead.
func (q *question) rename(offset int, to string) (any, error) {
	u, err := q.renamed(offset)
	if err != nil {
		return nil, err
	}
	to = norm.NFC.String(strings.TrimSpace(to))
	if !isName(to) {
		return nil, refuse("%q is no name: names are letters, digits and `_`, and do not begin with a digit", to)
	}
	if to == u.Symbol.Name {
		return &workspaceEdit{map[string][]textEdit{}}, nil
	}
	if q.index().Named(u.Symbol.Kind, to) != nil {
		return nil, refuse("there is a %s `%s` already", u.Symbol.Kind, to)
	}
	edits, err := q.renaming(u.Symbol, to)
	if err != nil {
		return nil, err
	}
	if err := q.tryRename(u.Symbol, edits); err != nil {
		return nil, err
	}
	changes := map[string][]textEdit{}
	for _, e := range edits {
		uri := q.uri(e.at.File.Name)
		changes[uri] = append(changes[uri], textEdit{q.span(e.at), e.text})
	}
	return &workspaceEdit{changes}, nil
}

// replacement is a text that comes into the place of another.
type replacement struct {
	at   diag.Span
	text string
}

// renaming are the replacements that rename a symbol, by file and place.
func (q *question) renaming(s *names.Symbol, to string) ([]replacement, error) {
	var edits []replacement
	for _, use := range q.index().Uses(s) {
		if use.Wire {
			continue
		}
		for _, other := range q.index().At(use.Span.File.Name, use.Span.Start) {
			if other.Span == use.Span && other.Symbol != s {
				return nil, refuse("`%s` at %s stands for a %s of `%s`, too", s.Name, placeOf(use.Span), other.Symbol.Kind, ownerOf(other.Symbol))
			}
		}
		text := to
		if use.Span.Text() == strconv.Quote(s.Name) {
			text = strconv.Quote(to)
		}
		if use.Span == s.Span && s.Wire {
			text += " " + strconv.Quote(s.Name)
		}
		edits = append(edits, replacement{use.Span, text})
	}
	return edits, nil
}

func ownerOf(s *names.Symbol) string {
	if s.Owner == nil {
		return s.Name
	}
	return s.Owner.Name
}

func placeOf(at diag.Span) string {
	p := at.Position()
	return fmt.Sprintf("%s:%d:%d", at.File.Name, p.Line, p.Column)
}

// tryRename renames in a copy of the workspace. It is refused if something is
// then wrong that was not before, or if a name leads elsewhere.
func (q *question) tryRename(s *names.Symbol, edits []replacement) error {
	sources := maps.Clone(q.sources)
	for _, e := range slices.Backward(edits) { // from the end, so that offsets stay right
		text := sources[e.at.File.Name]
		sources[e.at.File.Name] = text[:e.at.Start] + e.text + text[e.at.End:]
	}
	q.analyze()
	known := map[string]int{}
	for _, d := range q.diags {
		known[string(d.Code)]++
	}
	_, diags, trees := new(dsl.Cache).Load(sources)
	for _, d := range diags {
		if known[string(d.Code)]--; known[string(d.Code)] < 0 {
			return refuse("then %s", diag.Plain(d))
		}
	}
	after := names.Build(trees, names.Options{Sources: sources})
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		before, now := q.index().In(name), after.In(name)
		if len(before) != len(now) {
			return refuse("then names in %s would stand for something else", name)
		}
		for i := range now {
			if now[i].Symbol.Kind != before[i].Symbol.Kind || (now[i].Symbol.Name != before[i].Symbol.Name) != (before[i].Symbol == s) {
				return refuse("then `%s` at %s would stand for something else", before[i].Symbol.Name, placeOf(before[i].Span))
			}
		}
	}
	return nil
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.In(r, unicode.Nd, unicode.M)) {
			return false
		}
	}
	return s != ""
}
