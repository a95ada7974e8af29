package format

import (
	"journey/dsl/diag"
	"journey/dsl/syntax"
)

// Source formats a source. One with errors is answered as it is, together with
// what the parser says about it. The result ends with a line end, unless it is
// empty.
func Source(file *diag.File) ([]byte, []diag.Diagnostic) {
	tree, diags := syntax.Parse(file)
	if len(diags) > 0 {
		return []byte(file.Text), diags
	}
	// Parentheses that change nothing are left out, but for the rare place
	// where they keep a word from being read as one of the language
	// (`wait until (no)`): there all of them stay.
	for _, parentheses := range []bool{false, true} {
		out := layout(tree, parentheses)
		again, diags := syntax.Parse(&diag.File{Name: file.Name, Text: out})
		if len(diags) == 0 && sameTree(tree, again) && sameComments(tree, again) {
			return []byte(out), nil
		}
	}
	return []byte(file.Text), []diag.Diagnostic{{
		Code:    diag.Internal,
		Message: "the formatter would have changed what this file means, and left it as it is: please report this with the file",
		Span:    diag.Span{File: file},
	}}
}

// layout prints a tree without errors.
func layout(tree *syntax.File, parentheses bool) string {
	toks := scan(tree.Source.Text, tree.Comments)
	out := newOutline(tree, toks)
	if !parentheses {
		if fewer := out.withoutParentheses(); len(fewer) < len(toks) {
			toks = fewer
			out = newOutline(tree, toks)
		}
	}
	p := printer{toks: toks, outline: out}
	p.file(tree)
	align(p.lines)
	return render(p.lines)
}
