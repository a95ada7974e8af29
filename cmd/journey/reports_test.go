package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"journey/dsl/codes"
)

// TestReports: what check reports of every mistake that there is a page about
// is valid in every format: SARIF by the schema of its version 2.1.0, JUnit
// as XML whose numbers add up, GitHub's commands and JSON line by line.
func TestReports(t *testing.T) {
	pages, err := codes.All()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, page := range pages {
		if page.Wrong == nil {
			continue
		}
		tried++
		dir := filepath.Join(t.TempDir(), "w s 金")
		for _, f := range page.Wrong {
			name := filepath.Join(dir, f.Name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(f.Text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for format, check := range map[string]func(*testing.T, string){"sarif": validSARIF, "junit": validJUnit, "github": validGitHub, "json": validJSON} {
			var out, errs bytes.Buffer
			run(context.Background(), []string{"check", "--format", format, dir}, &out, &errs)
			if errs.Len() > 0 {
				t.Fatalf("%s: %s", page.Code, errs.String())
			}
			if strings.Contains(out.String(), "\x1b") {
				t.Errorf("%s %s: there are colours in it", page.Code, format)
			}
			t.Run(string(page.Code)+"/"+format, func(t *testing.T) { check(t, out.String()) })
		}
	}
	if tried < 50 {
		t.Errorf("only %d mistakes", tried)
	}
}

// validSARIF holds a report against the schema, and reads it into the
// standard's types, which must know every field.
func validSARIF(t *testing.T, text string) {
	result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(sarifSchema()), gojsonschema.NewStringLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range result.Errors() {
		t.Errorf("%s\n%s", wrong, text)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	report := &sarif.Report{}
	if err := dec.Decode(report); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(report.Runs) != 1 || len(report.Runs[0].Results) == 0 {
		t.Errorf("it has no results")
	}
}

// TestSARIFSchema: what is no SARIF is found to be none.
func TestSARIFSchema(t *testing.T) {
	for _, wrong := range []string{`{}`, `{"version": "2.0.0", "runs": []}`, `{"version": "2.1.0", "runs": [{"results": []}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"level": "bad", "message": {"text": "x"}}]}]}`} {
		result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(sarifSchema()), gojsonschema.NewStringLoader(wrong))
		if err != nil || result.Valid() {
			t.Errorf("%s is SARIF: %v", wrong, err)
		}
	}
}

// sarifSchema is the schema of SARIF 2.1.0, which stands in the sources of
// the module that has its types.
var sarifSchema = sync.OnceValue(func() string {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		panic(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		panic(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	schema, err := strconv.Unquote(text)
	if err != nil {
		panic(err)
	}
	return schema
})

func validJUnit(t *testing.T, text string) {
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Cases    []struct {
				Class   string    `xml:"classname,attr"`
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text), &suites); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	tests, failures := 0, 0
	for _, s := range suites.Suites {
		n := 0
		for _, c := range s.Cases {
			if c.Class == "" || c.Name == "" {
				t.Errorf("a case without a name: %s", text)
			}
			if c.Failure != nil {
				n++
			}
		}
		if len(s.Cases) != s.Tests || n != s.Failures {
			t.Errorf("a suite says %d and %d, and has %d and %d", s.Tests, s.Failures, len(s.Cases), n)
		}
		tests, failures = tests+s.Tests, failures+s.Failures
	}
	if tests != suites.Tests || failures != suites.Failures || tests == 0 {
		t.Errorf("it says %d and %d, and has %d and %d", suites.Tests, suites.Failures, tests, failures)
	}
}

var githubLine = regexp.MustCompile(`^::(error|warning|notice) (file|title)=[^\n]*::[^\n]+$`)

func validGitHub(t *testing.T, text string) {
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if !githubLine.MatchString(line) {
			t.Errorf("it is no command: %q", line)
		}
	}
}

func validJSON(t *testing.T, text string) {
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		var d struct {
			Severity, Code, Message, Rendered string
			Line                              int
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil || d.Code == "" || d.Message == "" || d.Rendered == "" || d.Severity == "" {
			t.Errorf("%v: %s", err, line)
		}
	}
}
