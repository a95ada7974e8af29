package lsp

import (
	"fmt"
	"strings"

	"journey/dsl/syntax"
	"journey/lsp/names"
)

// hover explains what stands at an offset: a name by its declaration, a word
// of the language by its reference.
func (q *question) hover(offset int) (any, error) {
	if q.inComment(offset) {
		return nil, nil
	}
	uses := q.symbols(offset)
	if len(uses) > 0 {
		var parts []string
		for _, u := range uses {
			parts = append(parts, q.explained(u.Symbol))
		}
		at := q.span(uses[0].Span)
		return hover{markdown(strings.Join(parts, "\n\n---\n\n")), &at}, nil
	}
	text := q.sources[q.file]
	start, end := wordAt(text, offset)
	word := text[start:end]
	at := q.rangeOf(q.file, start, end)
	if strings.HasPrefix(strings.TrimLeft(text[end:], " "), "(") {
		for _, f := range names.Functions {
			if f.Name == word {
				return hover{markdown(fmt.Sprintf("```journey\n%s\n```\n\n%s", f.Form, f.Doc)), &at}, nil
			}
		}
	}
	if word == "" || strings.HasSuffix(text[:start], ".") || !q.isKeyword(start, word) {
		return nil, nil
	}
	forms := keyword(word)
	if len(forms) == 0 {
		return nil, nil
	}
	return hover{markdown(shownForms(forms)), &at}, nil
}

// isKeyword says whether a word is one of the language where it stands.
func (q *question) isKeyword(start int, word string) bool {
	for _, w := range syntax.Words(q.sources[q.file], start) {
		if w == word || strings.HasPrefix(w, word+" ") {
			return true
		}
	}
	return false
}

// explained is a symbol in Markdown: its declaration, and what can be said
// about it.
func (q *question) explained(s *names.Symbol) string {
	var b strings.Builder
	fmt.Fprintf(&b, "```journey\n%s\n```\n", declaration(s))
	if s.Title != "" {
		switch s.Kind {
		case names.Trait, names.Event, names.Property:
			fmt.Fprintf(&b, "\nOn the wire: `%s`\n", s.Title)
		default:
			fmt.Fprintf(&b, "\n%s\n", s.Title)
		}
	}
	if s.Doc != "" {
		fmt.Fprintf(&b, "\n%s\n", s.Doc)
	}
	if !s.BuiltIn() {
		fmt.Fprintf(&b, "\nDeclared in %s\n", placeOf(s.Span))
	}
	return strings.TrimSpace(b.String())
}

// maxDeclaration is how many lines of a declaration a hover shows.
const maxDeclaration = 12

// declaration is a symbol's declaration as it is written, as far as it is
// short, or a line that says what it is.
func declaration(s *names.Symbol) string {
	typed := ""
	if s.Type != nil && s.Type.Text != "" {
		typed = ": " + s.Type.Text
	}
	switch s.Kind {
	case names.Property:
		if s.Owner != nil {
			return fmt.Sprintf("%s.%s%s", s.Owner.Name, s.Name, typed)
		}
		return s.Name + typed
	case names.RunValue:
		return "run." + s.Name + typed
	case names.Given:
		return fmt.Sprintf("%s%s    # given to %s", s.Name, typed, s.Owner.Name)
	case names.Branch:
		return fmt.Sprintf("%s    # a branch of %s", s.Name, s.Owner.Name)
	}
	if s.Node == nil {
		return fmt.Sprintf("%s %s%s", s.Kind, s.Name, typed)
	}
	lines := strings.Split(s.Node.Span().Text(), "\n")
	if len(lines) > maxDeclaration {
		lines = append(lines[:maxDeclaration], "  …")
	}
	return strings.Join(lines, "\n")
}
