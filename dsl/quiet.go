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

// misreadLines says whether the parser reported something in the line of a
// step that sends.
func (c *checker) misreadLines(steps []*sending) bool {
	for _, s := range steps {
		if s.place.File == nil {
			continue
		}
		text := s.place.File.Text
		line := diag.Span{File: s.place.File, Start: strings.LastIndexByte(text[:s.place.Start], '\n') + 1, End: len(text)}
		if n := strings.IndexByte(text[s.place.End:], '\n'); n >= 0 {
			line.End = s.place.End + n
		}
		if c.misread(line) {
			return true
		}
	}
	return false
}
