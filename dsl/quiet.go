package dsl

import "journey/dsl/diag"

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
