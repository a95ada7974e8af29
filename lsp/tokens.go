package lsp

import "journey/lsp/names"

// The kinds of token that the server names, and what is said about them.
var (
	tokenTypes     = []string{"property", "event", "function", "class", "enumMember", "variable", "namespace", "label"}
	tokenModifiers = []string{"declaration", "defaultLibrary"}
	tokenOf        = map[names.Kind]int{
		names.Trait: 0, names.Property: 0, names.Event: 1, names.Message: 2, names.Webhook: 2, names.Journey: 3, names.Segment: 4,
		names.Topic: 4, names.Goal: 4, names.Split: 6, names.Branch: 4, names.RunValue: 5, names.Given: 5, names.Label: 7, names.Import: 6,
	}
)

// tokens are the names of a file with what they stand for, for colours; the
// rest of the language is coloured by its grammar.
func (q *question) tokens() (any, error) {
	data := []int{}
	var last position
	end := -1
	for _, u := range q.index().In(q.file) {
		if u.Span.Start < end || u.Wire {
			continue // several meanings of one name
		}
		end = u.Span.End
		at := q.span(u.Span)
		if at.Start.Line != at.End.Line {
			continue
		}
		column := at.Start.Character
		if at.Start.Line == last.Line {
			column -= last.Character
		}
		data = append(data, at.Start.Line-last.Line, column, at.End.Character-at.Start.Character, tokenOf[u.Symbol.Kind], modifiers(u))
		last = at.Start
	}
	return semanticTokens{data}, nil
}

func modifiers(u names.Use) int {
	m := 0
	if u.Span == u.Symbol.Span {
		m |= 1
	}
	if u.Symbol.BuiltIn() {
		m |= 2
	}
	return m
}
