package diag

import (
	"encoding/xml"
	"io"
	"slices"
	"strconv"
)

// JUnit writes diagnostics as the report of a test run, for servers that read
// those: each error is a test case that failed, each of files without an error
// one that passed, with its warnings as its output. Times are not given.
func JUnit(w io.Writer, ds []Diagnostic, files []string) error {
	suite := junitSuite{Name: "journey check"}
	warnings := map[string]string{}
	for i := range ds {
		d := &ds[i]
		name := ""
		if d.Span.File != nil {
			name = d.Span.File.Name
		}
		text := rendered(d)
		if d.Severity == Warning {
			warnings[name] += text
			continue
		}
		c := junitCase{Class: name, Name: d.Code.Numbered()}
		if p := d.Span.Position(); p.Line > 0 {
			c.Name += " " + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
		}
		c.Failure = &junitFailure{Message: sentence(*d), Type: string(d.Code), Text: text}
		suite.Cases = append(suite.Cases, c)
		suite.Failures++
	}
	for _, name := range files {
		if !slices.ContainsFunc(suite.Cases, func(c junitCase) bool { return c.Class == name }) {
			c := junitCase{Class: name, Name: "check"}
			if text := warnings[name]; text != "" {
				c.Output = &junitOutput{text}
			}
			suite.Cases = append(suite.Cases, c)
		}
	}
	suite.Tests = len(suite.Cases)
	report := junitReport{Tests: suite.Tests, Failures: suite.Failures, Suites: []junitSuite{suite}}
	out, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(out)+"\n")
	return err
}

// rendered is a diagnostic as Text writes it, without colours.
func rendered(d *Diagnostic) string {
	r := renderer{mappers: mappers{}}
	r.diagnostic(d)
	return r.String()
}

type junitReport struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Output  *junitOutput  `xml:"system-out,omitempty"`
}

type junitOutput struct {
	Text string `xml:",cdata"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}
