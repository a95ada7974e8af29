package main

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"journey/dsl/diag"
	"journey/simulator"
)

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// The JUnit form that CI systems read.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

func writeJUnit(w io.Writer, suites []*suite) error {
	var all junitSuites
	var total time.Duration
	for _, s := range suites {
		js := junitSuite{Name: s.dir, Tests: len(s.trials)}
		var took time.Duration
		for i, t := range s.trials {
			c := junitCase{Name: t.Test.Title, Class: s.dir, Time: seconds(s.took[i])}
			took += s.took[i]
			if len(t.Failures) > 0 {
				js.Failures++
				var b strings.Builder
				s.tellFailure(&b, t)
				c.Failure = &junitFailure{Message: t.Failures[0].Message, Text: b.String()}
			}
			js.Cases = append(js.Cases, c)
		}
		js.Time = seconds(took)
		total += took
		all.Tests, all.Failures = all.Tests+js.Tests, all.Failures+js.Failures
		all.Suites = append(all.Suites, js)
	}
	all.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// writeLCOV writes branches in the form that editors read (geninfo(1)): a
// record a file, with branches and the lines they are on.
func writeLCOV(w io.Writer, suites []*suite) error {
	for _, s := range suites {
		byFile := map[string][]simulator.Branch{}
		for _, b := range s.coverage.Branches(s.program) {
			name := placed(s.dir, []diag.Diagnostic{{Span: b.Span}})[0].Span.File.Name
			byFile[name] = append(byFile[name], b)
		}
		for _, name := range slices.Sorted(maps.Keys(byFile)) {
			if _, err := io.WriteString(w, lcovRecord(name, byFile[name])); err != nil {
				return err
			}
		}
	}
	return nil
}

func lcovRecord(name string, branches []simulator.Branch) string {
	line := func(b simulator.Branch) int { return b.Span.Position().Line }
	slices.SortStableFunc(branches, func(a, b simulator.Branch) int { return cmp.Compare(line(a), line(b)) })
	var r strings.Builder
	fmt.Fprintf(&r, "TN:\nSF:%s\n", name)
	lines := map[int]int{}
	hit, number := 0, map[int]int{}
	for _, b := range branches {
		taken := 0
		if b.Taken {
			taken, hit = 1, hit+1
		}
		n := line(b)
		fmt.Fprintf(&r, "BRDA:%d,0,%d,%d\n", n, number[n], taken)
		number[n]++
		lines[n] = max(lines[n], taken)
	}
	fmt.Fprintf(&r, "BRF:%d\nBRH:%d\n", len(branches), hit)
	reached := 0
	for _, n := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&r, "DA:%d,%d\n", n, lines[n])
		reached += lines[n]
	}
	fmt.Fprintf(&r, "LF:%d\nLH:%d\nend_of_record\n", len(lines), reached)
	return r.String()
}
