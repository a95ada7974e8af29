package lsp

import (
	"cmp"
	"slices"

	"journey/lsp/names"
)

// symbolKinds are the numbers that the protocol gives to kinds of symbol.
var symbolKinds = map[names.Kind]int{
	names.Trait: 7, names.Event: 24, names.Property: 8, names.Segment: 17, names.Message: 15, names.Webhook: 11, names.Journey: 5,
	names.Goal: 14, names.Topic: 22, names.Split: 10, names.Branch: 22, names.RunValue: 13, names.Given: 13, names.Label: 20,
	names.Import: 2, names.Test: 6,
}

// outline are the declarations of a file, each with what it contains.
func (q *question) outline() (any, error) {
	type entry struct {
		symbol     *names.Symbol
		start, end int
	}
	var all []entry
	for _, s := range q.index().Symbols {
		if s.Span.File == nil || s.Span.File.Name != q.file || s.Kind == names.Given {
			continue
		}
		e := entry{s, s.Span.Start, s.Span.End}
		if s.Node != nil {
			at := s.Node.Span()
			e.start, e.end = min(e.start, at.Start), max(e.end, at.End)
		}
		all = append(all, e)
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	var take func(end int) []documentSymbol
	take = func(end int) []documentSymbol {
		found := []documentSymbol{}
		for len(all) > 0 && all[0].start < end {
			e := all[0]
			all = all[1:]
			found = append(found, documentSymbol{
				Name: e.symbol.Name, Detail: outlineDetail(e.symbol), Kind: symbolKinds[e.symbol.Kind],
				Range: q.rangeOf(q.file, e.start, e.end), SelectionRange: q.span(e.symbol.Span), Children: take(min(e.end, end)),
			})
		}
		return found
	}
	return take(1 << 60), nil
}

func outlineDetail(s *names.Symbol) string {
	switch s.Kind {
	case names.Trait, names.Property:
		if s.Type != nil {
			return s.Type.Text
		}
	case names.Test:
		return "test"
	}
	return s.Title
}
