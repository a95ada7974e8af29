package diag

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"
)

// SARIF writes diagnostics in the Static Analysis Results Interchange Format
// 2.1.0 (OASIS). version is that of the program, and titles says in a few
// words what a code is about. Columns are in characters, as they are
// everywhere here.
func SARIF(w io.Writer, ds []Diagnostic, version string, titles func(Code) string) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "journey", Version: version, Rules: []sarifRule{}}},
		Columns: "unicodeCodePoints", Results: []sarifResult{}}
	rules := map[Code]int{}
	ms := mappers{}
	for _, d := range ds {
		index, there := rules[d.Code]
		if !there {
			index = len(rules)
			rules[d.Code] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(d.Code, titles))
		}
		result := sarifResult{Rule: ruleID(d.Code), Index: index, Level: d.Severity.String(), Message: sarifMessage{sentence(d)}}
		if l := ms.location(d.Span); l != nil {
			result.Locations = append(result.Locations, *l)
		}
		for _, r := range d.Related {
			if l := ms.location(r.Span); l != nil {
				l.Message = &sarifMessage{printable(r.Message)}
				result.Related = append(result.Related, *l)
			}
		}
		run.Results = append(run.Results, result)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run}})
}

// ruleID is the stable name of a rule: the number, without one the code.
func ruleID(c Code) string {
	if n := c.Number(); n != "" {
		return n
	}
	return string(c)
}

func rule(c Code, titles func(Code) string) sarifRule {
	r := sarifRule{ID: ruleID(c), Name: string(c)}
	if title := titles(c); title != "" {
		r.Short = &sarifMessage{title}
		r.Help = &sarifMessage{"journey explain " + string(c)}
	}
	return r
}

func (ms mappers) location(s Span) *sarifLocation {
	p := ms.place(s)
	if p == nil {
		return nil
	}
	uri := (&url.URL{Path: p.File}).EscapedPath()
	if first, _, _ := strings.Cut(uri, "/"); strings.Contains(first, ":") {
		uri = "./" + uri // otherwise it would begin like http:
	}
	return &sarifLocation{Physical: sarifPhysical{
		Artifact: sarifArtifact{uri},
		Region:   sarifRegion{p.Line, p.Column, p.EndLine, p.EndColumn},
	}}
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Columns string        `json:"columnKind"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string        `json:"id"`
	Name  string        `json:"name"`
	Short *sarifMessage `json:"shortDescription,omitempty"`
	Help  *sarifMessage `json:"help,omitempty"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifResult struct {
	Rule      string          `json:"ruleId"`
	Index     int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations,omitempty"`
	Related   []sarifLocation `json:"relatedLocations,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
	Message  *sarifMessage `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}
