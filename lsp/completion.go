package lsp

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/lsp/names"
)

// cursor is a name that nobody has, and that is near no word of the language.
const cursor = "ǀqqqqqqqqqqqqqqqqǀ"

// completion is what can stand at an offset: names first, then words.
func (q *question) completion(offset int) (any, error) {
	text := q.sources[q.file]
	start, end := wordAt(text, offset)
	list := completionList{Items: []completionItem{}}
	if q.inComment(offset) || followsNumber(text, start) {
		return list, nil
	}
	p := q.point(text, start, end)
	if q.ctx.Err() != nil {
		return list, nil
	}
	at := q.rangeOf(q.file, start, end)
	if p != nil {
		if p.Quoted {
			at = q.rangeOf(q.file, p.Span.Start+1, end)
		}
		for _, s := range p.Symbols {
			list.Items = append(list.Items, q.symbolItem(s, at))
		}
		for _, w := range p.Words {
			list.Items = append(list.Items, q.wordItem(w, at))
		}
	}
	if before := text[:start]; !strings.HasSuffix(before, ".") && !strings.HasSuffix(before, "@") {
		for _, w := range syntax.Words(text, start) {
			list.Items = append(list.Items, q.keywordItem(w, at))
		}
	}
	list.Items = once(list.Items)
	return list, nil
}

// once leaves out labels that are there already.
func once(items []completionItem) []completionItem {
	seen := map[string]bool{}
	return slices.DeleteFunc(items, func(i completionItem) bool {
		again := seen[i.Label]
		seen[i.Label] = true
		return again
	})
}

// point is what names can stand where a word is replaced by the cursor's name.
func (q *question) point(text string, start, end int) *names.Point {
	q.analyze()
	changed := text[:start] + cursor + text[end:]
	tree, _ := syntax.Parse(&diag.File{Name: q.file, Text: changed})
	trees := slices.Clone(q.trees)
	for i := range trees {
		if trees[i].Source.Name == q.file {
			trees[i] = tree
		}
	}
	sources := make(map[string]string, len(q.sources))
	for name, text := range q.sources {
		sources[name] = text
	}
	sources[q.file] = changed
	return names.Build(trees, names.Options{Sources: sources, Cache: q.cache, Mark: cursor}).Point
}

// inComment says whether an offset lies in a comment.
func (q *question) inComment(offset int) bool {
	q.analyze()
	for _, tree := range q.trees {
		if tree.Source.Name != q.file {
			continue
		}
		for _, c := range tree.Comments {
			if c.Start < offset && offset <= c.End {
				return true
			}
		}
	}
	return false
}

// wordAt is the word around an offset.
func wordAt(text string, offset int) (start, end int) {
	start, end = offset, offset
	for start > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:start])
		if !inWord(r) {
			break
		}
		start -= n
	}
	for end < len(text) {
		r, n := utf8.DecodeRuneInString(text[end:])
		if !inWord(r) {
			break
		}
		end += n
	}
	return start, end
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.In(r, unicode.L, unicode.M, unicode.Nd))
}

// followsNumber says whether a word is a number, or begins with one.
func followsNumber(text string, start int) bool {
	return start < len(text) && '0' <= text[start] && text[start] <= '9'
}

var completionKinds = map[names.Kind]int{
	names.Trait: completesProperty, names.Property: completesField, names.Event: completesEvent, names.Segment: completesEnum,
	names.Message: completesFunction, names.Webhook: completesFunction, names.Journey: completesClass, names.Goal: completesConstant,
	names.Topic: completesEnum, names.Split: completesModule, names.Branch: completesEnum, names.RunValue: completesVariable,
	names.Given: completesVariable,
}

func (q *question) symbolItem(s *names.Symbol, at textRange) completionItem {
	return completionItem{Label: s.Name, Kind: completionKinds[s.Kind], Detail: detail(s), SortText: "1" + s.Name,
		Documentation: documentation(s.Title, s.Doc), TextEdit: &textEdit{at, s.Name}}
}

// detail is what a symbol is, in a line.
func detail(s *names.Symbol) string {
	typed := s.Kind == names.Trait || s.Kind == names.Property || s.Kind == names.RunValue || s.Kind == names.Given
	switch {
	case typed && s.Type != nil && s.Type.Text != "":
		return s.Type.Text
	case s.Owner != nil:
		return fmt.Sprintf("%s of %s", s.Kind, s.Owner.Name)
	}
	return s.Kind.String()
}

func documentation(parts ...string) *markup {
	text := strings.TrimSpace(strings.Join(parts, "\n\n"))
	if text == "" {
		return nil
	}
	return markdown(text)
}

func (q *question) wordItem(w names.Word, at textRange) completionItem {
	item := completionItem{Label: w.Text, Kind: completesKeyword, Detail: w.Detail, SortText: "2" + w.Text, TextEdit: &textEdit{at, w.Text}}
	switch {
	case w.Call:
		item.Kind, item.SortText = completesFunction, "4"+w.Text
		item.TextEdit.NewText += "("
		if q.snippets {
			item.InsertTextFormat, item.TextEdit.NewText = snippetFormat, w.Text+"($1)"
		}
	case w.Dot:
		item.Kind = completesModule
	case w.Detail == "file":
		item.Kind = completesFile
	case strings.HasPrefix(w.Text, "."):
		item.Kind, item.FilterText = completesField, strings.TrimPrefix(w.Text, ".")
	}
	return item
}

func (q *question) keywordItem(word string, at textRange) completionItem {
	item := completionItem{Label: word, Kind: completesKeyword, SortText: "3" + word, TextEdit: &textEdit{at, word}}
	if syntax.IsUnit(word) {
		item.SortText = "1" + word
	}
	if forms := keyword(word); len(forms) > 0 {
		item.Documentation = markdown(shownForms(forms))
	}
	return item
}
