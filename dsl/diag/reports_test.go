package diag

import (
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
)

// reported are diagnostics with all that a report must escape.
func reported() []Diagnostic {
	trait := mark("a b/c,d:e.journey", "# 金\nsegment 貴賓 = profile.⟦teir⟧ == \"金\"\n")
	two := mark("m.journey", "message ⟦m\nvia⟧ x")
	return []Diagnostic{
		{Code: "unknown-trait", Message: "unknown <trait> & 100%", Span: trait, Suggest: "profile.tier",
			Related: []Related{{two, "declared here"}, {Message: "nowhere"}}},
		{Severity: Warning, Code: "unsent-message", Message: "nothing sends\nit", Span: two},
		{Code: "unknown-trait", Message: "again", Span: trait},
		{Code: "x", Message: "nowhere"},
	}
}

func TestGitHub(t *testing.T) {
	var b strings.Builder
	if err := GitHub(&b, reported()); err != nil {
		t.Fatal(err)
	}
	want := `::error file=a b/c%2Cd%3Ae.journey,line=2,col=22,endLine=2,endColumn=26,title=J102 unknown-trait::unknown <trait> & 100%25 (did you mean profile.tier?)
::warning file=m.journey,line=1,col=9,endLine=2,endColumn=4,title=J310 unsent-message::nothing sends�it
::error file=a b/c%2Cd%3Ae.journey,line=2,col=22,endLine=2,endColumn=26,title=J102 unknown-trait::again
::error title=x::nowhere
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestJUnit holds the report against what the readers of such reports agree
// on: the counts are those of the cases, a case has a name and a class, and at
// most one failure with a message and a type.
func TestJUnit(t *testing.T) {
	var b strings.Builder
	if err := JUnit(&b, reported(), []string{"a b/c,d:e.journey", "m.journey", "z.journey"}); err != nil {
		t.Fatal(err)
	}
	var r struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Suites   []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Cases    []struct {
				Class    string `xml:"classname,attr"`
				Name     string `xml:"name,attr"`
				Failures []struct {
					Message string `xml:"message,attr"`
					Type    string `xml:"type,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
				Output string `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(b.String()), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Suites) != 1 || r.Tests != 5 || r.Failures != 3 || r.Suites[0].Tests != 5 || r.Suites[0].Failures != 3 || r.Suites[0].Name == "" {
		t.Fatalf("got %s", b.String())
	}
	failed := 0
	var names []string
	for _, c := range r.Suites[0].Cases {
		names = append(names, c.Class+" "+c.Name)
		failed += len(c.Failures)
		for _, f := range c.Failures {
			if f.Message == "" || f.Type == "" || !strings.Contains(f.Text, "error[") {
				t.Errorf("got %+v", f)
			}
		}
	}
	want := []string{"a b/c,d:e.journey J102 unknown-trait 2:22", "a b/c,d:e.journey J102 unknown-trait 2:22", " x", "m.journey check", "z.journey check"}
	if !slices.Equal(names, want) || failed != 3 {
		t.Errorf("got %q", names)
	}
	if out := r.Suites[0].Cases[3].Output; !strings.Contains(out, "warning[J310 unsent-message]") {
		t.Errorf("the warning is lost: %q", out)
	}
	if strings.ContainsAny(b.String(), "\x1b") {
		t.Error("escape codes in a file")
	}
}

// TestSARIF holds the log against what the standard asks (SARIF 2.1.0): the
// properties that must be there (3.13, 3.14, 3.18, 3.19, 3.27), rule indexes
// that lead to the rule of that id (3.52), regions that begin at 1 and do not
// end before (3.30), addresses that are relative references (3.4), and no
// property that it does not have.
func TestSARIF(t *testing.T) {
	var b strings.Builder
	titles := func(c Code) string { return map[Code]string{"unknown-trait": "A trait that is not declared"}[c] }
	if err := SARIF(&b, reported(), "1.2.3", titles); err != nil {
		t.Fatal(err)
	}
	checkSARIF(t, b.String())
	if err := SARIF(&b, nil, "", titles); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), `"results": []`) {
		t.Error("a log without results has no list of them, as if nothing had been looked at")
	}
}

type sarifPlace struct {
	PhysicalLocation *struct {
		ArtifactLocation *struct{ URI string }
		Region           *struct{ StartLine, StartColumn, EndLine, EndColumn int }
	}
	Message *struct{ Text string }
}

func checkSARIF(t *testing.T, text string) {
	t.Helper()
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version string
					Rules         []struct {
						ID, Name               string
						ShortDescription, Help *struct{ Text string }
					}
				}
			}
			ColumnKind string
			Results    []struct {
				RuleID                      string
				RuleIndex                   *int
				Level                       string
				Message                     struct{ Text string }
				Locations, RelatedLocations []sarifPlace
			}
		}
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Schema == "" {
		t.Fatalf("got %s", text)
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name == "" || run.ColumnKind != "unicodeCodePoints" && run.ColumnKind != "utf16CodeUnits" || len(run.Results) != 4 {
		t.Errorf("got %s", text)
	}
	if n := len(run.Tool.Driver.Rules); n != 3 {
		t.Errorf("%d rules, want each once", n)
	}
	for i, r := range run.Results {
		if r.RuleIndex == nil || run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("result %d names another rule", i)
		}
		if !slices.Contains([]string{"none", "note", "warning", "error"}, r.Level) || r.Message.Text == "" {
			t.Errorf("result %d: got %+v", i, r)
		}
		for _, l := range append(r.Locations, r.RelatedLocations...) {
			p := l.PhysicalLocation
			if p == nil || p.ArtifactLocation == nil || p.Region == nil {
				t.Fatalf("result %d stands nowhere", i)
			}
			if uri := p.ArtifactLocation.URI; uri == "" || strings.ContainsAny(uri, " \\") || strings.HasPrefix(uri, "/") {
				t.Errorf("result %d: the address %q is no relative reference", i, uri)
			}
			g := p.Region
			if g.StartLine < 1 || g.StartColumn < 1 || g.EndLine < g.StartLine || g.EndLine == g.StartLine && g.EndColumn < g.StartColumn {
				t.Errorf("result %d: the region %+v", i, *g)
			}
		}
	}
	if got := run.Results[0].Locations[0].PhysicalLocation; got.ArtifactLocation.URI != "a%20b/c,d:e.journey" || got.Region.StartColumn != 22 {
		t.Errorf("got %+v", got)
	}
	if len(run.Results[0].RelatedLocations) != 1 || len(run.Results[3].Locations) != 0 {
		t.Error("a place is lost, or one that is none is there")
	}
}
