// Package template reads, checks and renders the Liquid texts of messages:
// subjects, HTML and text bodies, headers and addresses of webhooks.
//
//	t, problems := template.Parse(src, template.HTML)
//	refs := t.Names()                            // for the checker
//	text, err := t.Render(data, template.Options{Zone: zone})
//
// It is pure: no clock, no chance, no input or output. The same template and
// data give the same text, in production and in the simulator.
//
// # The way of a template
//
//	source ─scan→ tokens ─parse→ tree ─names→ refs, guards
//	                               ├─plain→ pieces ───────────render→ text
//	                               └─lower→ osteele/liquid ─render→ text
//
// A template of text and outputs alone, as most are, is evaluated straight from
// its tree (plain.go). All others go on: the library github.com/osteele/liquid
// renders them, but never sees what an author wrote. Its scanner cannot read a
// string that holds "}}", its tree cannot be walked, its errors know lines
// only, and it has no limits. So this package reads the source itself (scan.go, expr.go, parse.go), with byte offsets,
// checks everything, and then writes the tree out again in a plain form
// (lower.go): text and literals become numbers into tables, each filter is told
// its place in the source, and every output becomes a tag that judges, prints
// and escapes its value (write.go). Values are handed over in a wrapper of our own
// (values.go), so comparisons, indexing and printing follow the language's
// types; filters (filters*.go) and tags (tags.go) are our own as well, and
// charge what they do to a budget (budget.go).
//
// # Missing values
//
// A value that nobody sent is missing (nil or absent). Conditions may ask for
// it, a loop over it makes no rounds, but writing it is an error, a
// [*MissingError], and the message is not sent. A filter with a missing input
// or argument gives a missing result, so the rule holds behind filters too;
// only default ends it:
//
//	{{ profile.name }}                          error when missing
//	{{ profile.name | upcase }}                 error when missing
//	{{ profile.name | upcase | default: "YOU" }}  YOU
//	{% if profile.name %}Hi {{ profile.name }}{% endif %}
//
// A division by zero and an index out of range are missing too.
//
// # How values are written
//
// Numbers plainly (120, 0.1, 1200000); a time as 2026-03-02 09:00 in
// Options.Zone, a date as 2026-03-02, a duration as 3d or 1h30m; booleans as
// true and false; a list as its elements joined by ", ". An object cannot be
// written: that is an error which says so (the json filter can).
//
// In [HTML] everything written by {{ }} is escaped, and no filter turns that
// off: markup stands in the template. Captured text is not escaped twice; once
// a filter has worked on it, it is text again. [URL] percent-encodes what is
// written, [Header] lets no line break or control character out, [Text]
// changes nothing.
//
// # Tags
//
// assign, capture, case/when/else, comment, cycle, decrement, for/else with
// limit, offset and reversed, break, continue, if/elsif/else, increment, raw,
// unless, and {% # a note %}. Text control with dashes ({{- -}}, {%- -%}) strips
// white space of the template, never of data. `and` and `or` group from the
// right, as everywhere in Liquid; parentheses may be used. `blank` and `empty`
// are known. Templates include nothing: include, render and their kin are
// refused.
//
// # Filters
//
//	text     append capitalize downcase escape escape_once lstrip
//	         newline_to_br prepend remove remove_first replace
//	         replace_first rstrip slice split strip strip_html
//	         strip_newlines truncate truncatewords upcase url_decode
//	         url_encode
//	numbers  abs at_least at_most ceil divided_by floor minus modulo plus
//	         round times
//	lists    compact concat first join last map reverse size slice sort
//	         sort_natural sum uniq where
//	others   date default json
//
// All of them are deterministic. They count characters, not bytes. A number is
// a number: 7 | divided_by: 2 is 3.5. The date filter takes a time, a date, a
// text in ISO 8601 or seconds or milliseconds since 1970, and a strftime format;
// "now" and "today" are refused, since a template has no clock.
//
// # Bounds
//
// A source has at most [MaxSource] bytes. A render writes at most
// Options.MaxBytes, makes at most Options.MaxSteps loop rounds, and has a budget
// for all work together that ends it after about a tenth of a second; beyond
// any of them it fails with a [*LimitError].
package template
