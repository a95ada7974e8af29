package diag

import (
	"encoding/json"
	"io"
)

// record is a diagnostic as JSON. Lines and columns count from 1, columns in
// characters; the end is behind the last character. A diagnostic that stands
// nowhere has no file.
type record struct {
	Severity string `json:"severity"`
	Code     Code   `json:"code"`
	Number   string `json:"number,omitempty"`
	Message  string `json:"message"`
	Suggest  string `json:"suggest,omitempty"`
	*place
	Related  []second `json:"related,omitempty"`
	Rendered string   `json:"rendered"`
}

type place struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

type second struct {
	Message string `json:"message"`
	*place
}

// JSON writes diagnostics as one JSON object a line; `rendered` holds what
// Text would write, without colours.
func JSON(w io.Writer, ds []Diagnostic) error {
	ms := mappers{}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range ds {
		d := &ds[i]
		r := renderer{mappers: ms}
		r.diagnostic(d)
		rec := record{Severity: d.Severity.String(), Code: d.Code, Number: d.Code.Number(), Message: d.Message, Suggest: d.Suggest,
			place: ms.place(d.Span), Rendered: r.String()}
		for _, rel := range d.Related {
			rec.Related = append(rec.Related, second{rel.Message, ms.place(rel.Span)})
		}
		if err := enc.Encode(rec); err != nil {
			return err
		}
	}
	return nil
}

func (ms mappers) place(s Span) *place {
	if s.File == nil {
		return nil
	}
	m := ms.of(s.File)
	from, to := m.Position(s.Start), m.Position(s.End)
	return &place{s.File.Name, from.Line, from.Column, to.Line, to.Column}
}

// String is "error" or "warning".
func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}
