package dsl

import (
	"strings"

	"journey/dsl/diag"
)

// What follows from a mistake is not told. Where the parser found something
// wrong in a statement, what the statement seems to lack may be just that.

// misread says whether the parser reported something inside a stretch.
func (c *checker) misread(at diag.Span) bool {
	for _, d := range c.parsed {
		if d.Severity == diag.Error && d.Span.File == at.File && d.Span.Start >= at.Start && d.Span.Start <= at.End {
			return true
		}
	}
	return false
}

// misreadAny says whether the parser reported anything at all.
func (c *checker) misreadAny() bool { return diag.HasErrors(c.parsed) }

// unsaid are the checker's diagnostics without those in the very statement of
// which the parser could not make sense: on one line with its mistake, and no
// brace between.
func (c *checker) unsaid() []diag.Diagnostic {
	byFile := map[*diag.File][]diag.Diagnostic{}
	for _, d := range c.parsed {
		byFile[d.Span.File] = append(byFile[d.Span.File], d)
	}
	kept := make([]diag.Diagnostic, 0, len(c.diags))
	for _, d := range c.diags {
		told := false
		for _, p := range byFile[d.Span.File] {
			if p.Code == d.Code && p.Span == d.Span {
				continue // it adds what was probably meant
			}
			from, to := min(p.Span.Start, d.Span.Start), max(p.Span.Start, d.Span.Start)
			told = told || d.Severity == diag.Error && to-from < 400 && !strings.ContainsAny(d.Span.File.Text[from:to], "{}\n")
		}
		if !told {
			kept = append(kept, d)
		}
	}
	return kept
}
