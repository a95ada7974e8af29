package ingest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"journey/dsl/diag"
)

// diagnostic is a diagnostic as the API shows it. Lines and columns count
// from 1, columns in characters; start and end are bytes of the file.
type diagnostic struct {
	Severity string `json:"severity"` // "error" or "warning"
	Code     string `json:"code"`
	Message  string `json:"message"`
	place
	Suggest  string    `json:"suggest,omitempty"`
	Related  []related `json:"related,omitempty"`
	Rendered string    `json:"rendered"` // for people
}

type related struct {
	Message string `json:"message"`
	place
}

type place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Start  int    `json:"start"`
	End    int    `json:"end"`
}

// show is a diagnostic for the API.
func show(d diag.Diagnostic) diagnostic {
	out := diagnostic{Severity: "error", Code: string(d.Code), Message: d.Message, place: placeOf(d.Span), Suggest: d.Suggest}
	if d.Severity == diag.Warning {
		out.Severity = "warning"
	}
	for _, r := range d.Related {
		out.Related = append(out.Related, related{Message: r.Message, place: placeOf(r.Span)})
	}
	out.Rendered = out.prefix() + out.Message
	return out
}

// prefix is where something is, as it stands before a message.
func (p place) prefix() string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
}

func placeOf(s diag.Span) place {
	if s.File == nil {
		return place{}
	}
	p := place{File: s.File.Name, Start: s.Start, End: s.End}
	before := s.File.Text[:min(max(s.Start, 0), len(s.File.Text))]
	p.Line = 1 + strings.Count(before, "\n")
	p.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return p
}
