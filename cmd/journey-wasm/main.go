// Command journey-wasm is checker, formatter and simulator as one small
// program for WebAssembly: for a page in which the language can be tried, and
// as proof that they need neither clock nor network nor threads.
//
//	GOOS=wasip1 GOARCH=wasm go build -o journey.wasm ./cmd/journey-wasm
//
// It reads one JSON object from standard input:
//
//	{"do": "check" | "fmt" | "test", "sources": {"shop.journey": "…"}}
//
// and writes one to standard output:
//
//	{"diagnostics": […], "sources": {…}, "tests": […]}
//
// diagnostics are those of `journey check --json`, sources are formatted, and
// tests are what became of each test block.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/format"
	"journey/simulator"
)

// request is what is asked.
type request struct {
	Do      string            `json:"do"`
	Sources map[string]string `json:"sources"`
}

// answer is what is answered.
type answer struct {
	OK          bool              `json:"ok"` // the workspace could go live, and its tests pass
	Diagnostics []json.RawMessage `json:"diagnostics"`
	Sources     map[string]string `json:"sources,omitempty"`
	Tests       []test            `json:"tests,omitempty"`
}

// test is what became of a test block.
type test struct {
	Title    string   `json:"title"`
	Failures []string `json:"failures,omitempty"`
	Happened []string `json:"happened"` // a line each
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "journey-wasm:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("the request is no JSON object with do and sources: %w", err)
	}
	a, err := do(&r)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(a)
}

func do(r *request) (*answer, error) {
	if r.Do == "fmt" {
		return formatted(r.Sources)
	}
	program, diags := dsl.Load(r.Sources)
	a := &answer{OK: program != nil}
	var err error
	if a.Diagnostics, err = lines(diags); err != nil {
		return nil, err
	}
	switch r.Do {
	case "check":
	case "test":
		if program != nil {
			a.test(program)
		}
	default:
		return nil, fmt.Errorf("it can check, fmt and test, not %q", r.Do)
	}
	return a, nil
}

// formatted formats what can be read; what cannot stays as it is.
func formatted(sources map[string]string) (*answer, error) {
	a := &answer{Sources: map[string]string{}}
	var diags []diag.Diagnostic
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		text := sources[name]
		styled, more := format.Source(&diag.File{Name: name, Text: text})
		diags = append(diags, more...)
		a.Sources[name] = string(styled)
	}
	a.OK = len(diags) == 0
	var err error
	a.Diagnostics, err = lines(diags)
	return a, err
}

func (a *answer) test(program *dsl.Program) {
	plan := simulator.PlanOf(program)
	for _, t := range program.Tests {
		trial := simulator.Run(plan, t)
		of := test{Title: t.Title, Happened: trial.Lines()}
		for _, f := range trial.Failures {
			of.Failures = append(of.Failures, fmt.Sprintf("%s:%d: %s", f.Span.File.Name, f.Span.Position().Line, f.Message))
			a.OK = false
		}
		a.Tests = append(a.Tests, of)
	}
}

// lines are diagnostics as JSON objects.
func lines(diags []diag.Diagnostic) ([]json.RawMessage, error) {
	var b bytes.Buffer
	if err := diag.JSON(&b, diags); err != nil {
		return nil, err
	}
	list := []json.RawMessage{}
	for line := range bytes.Lines(b.Bytes()) {
		list = append(list, bytes.Clone(bytes.TrimSpace(line)))
	}
	return list, nil
}
