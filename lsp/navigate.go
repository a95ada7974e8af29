package lsp

import (
	"path/filepath"
	"strings"

	"journey/lsp/names"
)

// within says whether a file lies in a folder or below it.
func within(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// symbols are what stands at an offset.
func (q *question) symbols(offset int) []names.Use { return q.index().At(q.file, offset) }

// definition is where what stands at an offset is declared.
func (q *question) definition(offset int) (any, error) {
	found := []location{}
	for _, u := range q.symbols(offset) {
		if !u.Symbol.BuiltIn() {
			found = append(found, q.location(u.Symbol.Span))
		}
	}
	return found, nil
}

// references are all places of what stands at an offset.
func (q *question) references(offset int, declaration bool) (any, error) {
	found := []location{}
	for _, at := range q.symbols(offset) {
		for _, u := range q.index().Uses(at.Symbol) {
			if declaration || u.Span != u.Symbol.Span {
				found = append(found, q.location(u.Span))
			}
		}
	}
	return found, nil
}

// highlight are the places in this file.
func (q *question) highlight(offset int) (any, error) {
	found := []documentHighlight{}
	for _, at := range q.symbols(offset) {
		for _, u := range q.index().Uses(at.Symbol) {
			if u.Span.File.Name != q.file {
				continue
			}
			kind := 2 // read
			if u.Span == u.Symbol.Span {
				kind = 3 // write
			}
			found = append(found, documentHighlight{q.span(u.Span), kind})
		}
	}
	return found, nil
}

// workspaceSymbols are the declarations whose names or titles contain a text.
func workspaceSymbols(all []*snapshot, query string) []symbolInformation {
	found := []symbolInformation{}
	query = strings.ToLower(query)
	for _, s := range all {
		for _, sym := range s.index().Symbols {
			if !strings.Contains(strings.ToLower(sym.Name+"\n"+sym.Title), query) {
				continue
			}
			info := symbolInformation{Name: sym.Name, Kind: symbolKinds[sym.Kind], Location: s.location(sym.Span)}
			if sym.Owner != nil {
				info.ContainerName = sym.Owner.Name
			}
			found = append(found, info)
		}
	}
	return found
}
