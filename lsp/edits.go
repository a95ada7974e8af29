package lsp

import (
	"slices"
	"strings"

	"journey/dsl/diag"
	"journey/dsl/format"
)

// The kinds of code action.
const (
	kindQuickFix = "quickfix"
	kindFixAll   = "source.fixAll"
)

// formatting writes a file in the one style. One with mistakes stays as it is.
func (q *question) formatting() (any, error) {
	text := q.sources[q.file]
	out, diags := format.Source(&diag.File{Name: q.file, Text: text})
	if len(diags) > 0 || string(out) == text {
		return []textEdit{}, nil
	}
	start, end, changed := difference(text, string(out))
	return []textEdit{{q.rangeOf(q.file, start, end), changed}}, nil
}

// difference is the stretch of lines in which two texts differ, and what
// stands there in the second.
func difference(from, to string) (start, end int, changed string) {
	for {
		n := strings.IndexByte(from[start:], '\n')
		if n < 0 || !strings.HasPrefix(to[start:], from[start:start+n+1]) {
			break
		}
		start += n + 1
	}
	end = len(from)
	toEnd := len(to)
	for end > start && toEnd > start {
		a := strings.LastIndexByte(from[start:end-1], '\n') + 1 + start
		b := strings.LastIndexByte(to[start:toEnd-1], '\n') + 1 + start
		if from[a:end] != to[b:toEnd] {
			break
		}
		end, toEnd = a, b
	}
	return start, end, to[start:toEnd]
}

// codeActions are the suggestions of the diagnostics that touch a range, and
// one that takes all suggestions of the file.
func (q *question) codeActions(p codeActionParams) (any, error) {
	q.analyze()
	actions := []codeAction{}
	start, end := q.offset(q.file, p.Range.Start), q.offset(q.file, p.Range.End)
	uri := q.uri(q.file)
	var all []textEdit
	last := -1
	for _, d := range q.diags {
		if d.Span.File == nil || d.Span.File.Name != q.file || d.Suggest == "" {
			continue
		}
		edit := q.suggestion(d)
		if d.Span.Start > last {
			all = append(all, edit)
			last = d.Span.End
		}
		if d.Span.Start <= end && start <= d.Span.End && wanted(p.Context.Only, kindQuickFix) {
			actions = append(actions, codeAction{
				Title: "Write " + d.Suggest, Kind: kindQuickFix, IsPreferred: true, Diagnostics: []diagnostic{q.diagnostic(d)},
				Edit: &workspaceEdit{map[string][]textEdit{uri: {edit}}},
			})
		}
	}
	if len(all) > 0 && slices.Contains(p.Context.Only, kindFixAll) || len(all) > 1 && len(actions) > 0 {
		actions = append(actions, codeAction{Title: "Take all suggestions in this file", Kind: kindFixAll,
			Edit: &workspaceEdit{map[string][]textEdit{uri: all}}})
	}
	return actions, nil
}

// wanted says whether an editor that asks for some kinds of action asks for
// this one.
func wanted(only []string, kind string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(o string) bool { return kind == o || strings.HasPrefix(kind, o+".") })
}

// suggestion puts in place what a diagnostic suggests. What it begins with may
// stand there already: `profile.tier` is suggested for `teir` behind `profile.`.
func (q *question) suggestion(d diag.Diagnostic) textEdit {
	start, suggest := d.Span.Start, d.Suggest
	before := q.sources[q.file][:start]
	for i := len(suggest) - 1; i > 0; i-- {
		if suggest[i-1] != '.' && suggest[i-1] != ' ' {
			continue
		}
		if strings.HasSuffix(before, suggest[:i]) {
			suggest = suggest[i:]
			break
		}
	}
	return textEdit{q.rangeOf(q.file, start, d.Span.End), suggest}
}
