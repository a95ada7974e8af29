package diag

import (
	"fmt"
	"io"
	"strings"
)

// GitHub writes diagnostics as the commands by which GitHub Actions shows
// them beside the lines of a change, one a line.
func GitHub(w io.Writer, ds []Diagnostic) error {
	ms := mappers{}
	for _, d := range ds {
		var b strings.Builder
		fmt.Fprintf(&b, "::%s ", d.Severity)
		if p := ms.place(d.Span); p != nil {
			fmt.Fprintf(&b, "file=%s,line=%d,col=%d,endLine=%d,endColumn=%d,", property(p.File), p.Line, p.Column, p.EndLine, p.EndColumn)
		}
		fmt.Fprintf(&b, "title=%s::%s\n", property(d.Code.Numbered()), data(sentence(d)))
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
	}
	return nil
}

// data escapes the text of a command, property one of its properties.
var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func data(s string) string     { return dataEscapes.Replace(s) }
func property(s string) string { return propertyEscapes.Replace(s) }

// sentence is what a diagnostic says, with what was probably meant.
func sentence(d Diagnostic) string {
	s := printable(d.Message)
	if d.Suggest != "" {
		s += " (did you mean " + printable(d.Suggest) + "?)"
	}
	return s
}
