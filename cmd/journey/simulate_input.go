package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/simulator"
)

// startsAt is when a simulation starts of which nobody says when.
const startsAt = "2026-03-02 09:00"

// titled is the title of the test that a block becomes.
const titled = "simulated"

// prepare makes the script: what happens to the person, from the block, the
// files, the flags and the server.
func (s *simulation) prepare(program *dsl.Program) error {
	var calls []source
	block := source{name: "block"}
	for _, name := range s.files {
		in, err := s.source(name)
		switch {
		case err != nil:
			return usage("%w", err)
		case in.isJSON():
			calls = append(calls, in)
		case block.text != "":
			return usage("%s and %s are both blocks: give one, and calls as JSON", block.name, in.name)
		default:
			block = in
		}
	}
	if block.text != "" && s.test != "" {
		return usage("--test and the block %s contradict each other", block.name)
	}
	program, test, err := s.scenario(program, block)
	if err != nil {
		return err
	}
	s.plan = orchestrator.NewPlan(program)
	s.reader = intake.New(s.plan)
	if err := s.setStart(test); err != nil {
		return err
	}
	if err := s.setGiven(test); err != nil {
		return err
	}
	_, err = simulator.Play(s.plan, test, func(script *simulator.Script) error { s.script = script; return nil })
	if err != nil {
		return &exit{exitFailed, err}
	}
	if err := s.addCalls(calls); err != nil {
		return usage("%w", err)
	}
	if s.from != "" {
		return s.fromServer()
	}
	return nil
}

// source is a file that says what happens.
type source struct{ name, text string }

func (in source) isJSON() bool {
	t := strings.TrimSpace(strings.TrimPrefix(in.text, "\ufeff"))
	return t == "" || t[0] == '{' || t[0] == '['
}

func (s *simulation) source(name string) (source, error) {
	var b []byte
	var err error
	if name == "-" {
		b, err = io.ReadAll(bufio.NewReader(s.cmd.InOrStdin()))
	} else {
		b, err = os.ReadFile(name)
	}
	return source{name, string(b)}, err
}

// saysStart finds the statement that says when a block starts.
var saysStart = regexp.MustCompile(`(?m)^\s*start\s`)

// scenario is the test that says what happens: that of --test, or one made of
// the block and what is assumed.
func (s *simulation) scenario(program *dsl.Program, block source) (*dsl.Program, *dsl.Test, error) {
	if s.test != "" && len(s.assume) == 0 {
		t, err := testTitled(program, s.test)
		s.starts = true
		return program, t, err
	}
	if s.test != "" {
		t, err := testTitled(program, s.test)
		if err != nil {
			return nil, nil, err
		}
		block = source{name: t.Span.File.Name, text: bodyOf(t)}
	}
	s.starts = saysStart.MatchString(block.text)
	sources, err := readWorkspace(s.dir)
	if err != nil {
		return nil, nil, err
	}
	head := fmt.Sprintf("test %q {\n", titled)
	name := path.Join(".simulated", block.name+dsl.Extension)
	sources[name] = head + block.text + "\n" + s.assumptions() + "}\n"
	withBlock, diags := dsl.Load(sources)
	if withBlock == nil {
		diags = asWritten(diags, name, []source{{text: head}, {block.name, block.text + "\n"}, {"--assume", s.assumptions()}})
		if err := tell(s.cmd.ErrOrStderr(), diags); err != nil {
			return nil, nil, &exit{exitFailed, err}
		}
		return nil, nil, &exit{code: exitUsage}
	}
	t, err := testTitled(withBlock, titled)
	return withBlock, t, err
}

// assumptions are the flags --assume as a test writes them.
func (s *simulation) assumptions() string {
	var b strings.Builder
	for _, a := range s.assume {
		if name, branch, short := strings.Cut(a, "="); short && !strings.ContainsAny(a, " {\"") {
			a = "split " + name + " " + branch
		}
		fmt.Fprintf(&b, "assume %s\n", a)
	}
	return b.String()
}

// bodyOf is what a test says happens, without its claims: they may not be true
// any more with other assumptions.
func bodyOf(t *dsl.Test) string {
	text := t.Span.File.Text
	open := strings.IndexByte(text[t.Span.End:], '{')
	if open < 0 {
		return ""
	}
	from := t.Span.End + open + 1
	end := len(text)
	if len(t.Expect) > 0 {
		end = from + strings.LastIndexByte(text[from:t.Expect[0].Span.Start], '\n') + 1
	} else if i := strings.LastIndexByte(text, '}'); i > from {
		end = i
	}
	return text[from:end]
}

// asWritten puts diagnostics of the file that was made of parts back to those;
// the ones about other files stay.
func asWritten(diags []diag.Diagnostic, made string, parts []source) []diag.Diagnostic {
	files := make([]*diag.File, len(parts))
	for i, p := range parts {
		files[i] = &diag.File{Name: p.name, Text: p.text}
	}
	out := slices.Clone(diags)
	for i := range out {
		span := out[i].Span
		if span.File == nil || span.File.Name != made {
			continue
		}
		from := 0
		for k, p := range parts {
			if to := from + len(p.text); span.Start < to || k == len(parts)-1 {
				out[i].Span = diag.Span{File: files[k], Start: span.Start - from, End: min(span.End, to) - from}
				break
			}
			from += len(p.text)
		}
	}
	return out
}

func testTitled(p *dsl.Program, title string) (*dsl.Test, error) {
	for _, t := range p.Tests {
		if t.Title == title {
			return t, nil
		}
	}
	if near := diag.Suggest(title, titlesOf(p)); near != "" {
		return nil, usage("there is no test %q; did you mean %q?", title, near)
	}
	return nil, usage("there is no test %q", title)
}

// setStart puts the start where --start wants it, or somewhere if nobody says.
func (s *simulation) setStart(test *dsl.Test) error {
	if s.start == "" && s.starts {
		return nil
	}
	text := s.start
	if text == "" {
		text = startsAt
		if s.from != "" {
			text = nowIn(s.plan.Settings.Zone)
		}
	}
	at, err := instantOf(text, 0, s.reader.Options())
	if err != nil {
		return usage("--start %w", err)
	}
	zone := s.plan.Settings.Zone
	test.Start = value.Local{Date: at.Date(zone), Clock: at.Clock(zone)}
	return nil
}

// setGiven adds the traits of --given to those of the block.
func (s *simulation) setGiven(test *dsl.Test) error {
	if s.given == "" {
		return nil
	}
	var traits map[string]any
	if err := json.Unmarshal([]byte(s.given), &traits); err != nil {
		return usage("--given is no JSON object: %w", err)
	}
	read, wrong := s.reader.Read(&intake.Call{Kind: intake.Identify, Traits: traits, At: 1})
	if wrong != nil {
		return usage("--given: %w", wrong)
	}
	if len(read.Faults) > 0 {
		return usage("--given: %s %s", read.Faults[0].Field, read.Faults[0].Reason)
	}
	given := map[string]any{}
	for _, m := range []map[string]any{test.Given, traits} {
		for k, v := range m {
			given[k] = v
		}
	}
	test.Given = given
	return nil
}

// addCalls adds the calls of the JSON files; those before the start are the
// person's past.
func (s *simulation) addCalls(files []source) error {
	for _, f := range files {
		inputs, faults, err := simulator.ReadCalls(strings.NewReader(f.text), s.reader, s.script.Start)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		for _, fault := range faults {
			fmt.Fprintf(s.cmd.ErrOrStderr(), "%s %s\n", fault.Field, fault.Reason)
		}
		for _, in := range inputs {
			call := simulator.Call{At: in.At, Input: in.Input}
			if in.At < s.script.Start {
				s.script.Before = append(s.script.Before, call)
			} else {
				s.script.Calls = append(s.script.Calls, call)
			}
		}
	}
	byTime := func(a, b simulator.Call) int { return int(max(min(a.At-b.At, 1), -1)) }
	slices.SortStableFunc(s.script.Before, byTime)
	slices.SortStableFunc(s.script.Calls, byTime)
	return nil
}

// noJourney says that there is no such journey, and which may be meant.
func noJourney(p *dsl.Program, name string) error {
	if near := diag.Suggest(name, journeysOf(p)); near != "" {
		return fmt.Errorf("there is no journey %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no journey %q", name)
}
