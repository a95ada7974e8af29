package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/clean"
	"journey/simulator"
)

// simulateFlags are the flags of `journey simulate`.
type simulateFlags struct {
	given, start, at, why, open string
	json                        bool
	assume                      []string
}

func newSimulate() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate DIR [FILE …]",
		Short: "Take one person through the journeys, in virtual time",
		Long: `Simulate takes one person through the journeys of a workspace and tells what
happens: entered, waited, why this branch, what was sent or not and why, left.

FILEs hold calls as they are posted to the API, one JSON object after the other
("-" reads them from standard input). Each happens at its "at", which is the
time since the start ("30m", "3d") or a local time, else at its "timestamp",
else together with the one before.`,
		Example: `  journey simulate examples/shop examples/shop/events/signed_up.json
  journey simulate examples/shop calls.jsonl --start "2026-03-02 09:00" --at 7d
  journey simulate examples/shop calls.jsonl --why abandoned_cart`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("say which folder, as in `%s`", cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return simulate(cmd, args[0], args[1:], f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.given, "given", "", "traits the person has before the start, as JSON")
	fl.StringVar(&f.start, "start", "2026-03-02 09:00", "local time at which it starts")
	fl.StringVar(&f.at, "at", "60d", "how long to go on: a time since the start, or a local time")
	fl.StringVar(&f.why, "why", "", "say only why the person did or did not enter this journey")
	fl.StringVar(&f.open, "open", "", "write the mails as HTML files into this folder")
	fl.StringArrayVar(&f.assume, "assume", nil, "SPLIT=BRANCH: the branch of a split")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a line")
	return cmd
}

func simulate(cmd *cobra.Command, dir string, files []string, f simulateFlags) error {
	program, err := loadWorkspace(cmd, dir)
	if err != nil {
		return err
	}
	plan := orchestrator.NewPlan(program)
	reader := intake.New(plan)
	start, err := instantOf(f.start, 0, reader.Options())
	if err != nil {
		return usage("--start %w", err)
	}
	until, err := instantOf(f.at, start, reader.Options())
	if err != nil {
		return usage("--at %w", err)
	}
	if _, ok := program.Journey(f.why); f.why != "" && !ok {
		return usage("--why: there is no journey %q", f.why)
	}
	inputs, faults, err := readInputs(cmd, files, reader, start)
	if err != nil {
		return usage("%w", err)
	}
	s := simulator.New(&orchestrator.World{Live: plan, Unsubscribe: func(string) string { return "https://example.com/unsubscribe" }}, "simulated", start)
	if err := given(s, reader, f, start); err != nil {
		return usage("%w", err)
	}
	out := cmd.OutOrStdout()
	for _, fault := range faults {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s %s\n", fault.Field, fault.Reason)
	}
	return tellSimulation(out, s, program, f, inputs, until)
}

// tellSimulation runs it and writes what was asked for.
func tellSimulation(out io.Writer, s *simulator.Simulation, p *dsl.Program, f simulateFlags, inputs []simulator.Input, until value.Time) error {
	story := &simulator.Story{W: out, World: s.World, Person: s.Person}
	entered := 0
	s.World.Observe = orchestrator.ObserverFunc(func(t orchestrator.Trace) {
		switch {
		case f.why != "" && (t.Journey != f.why || t.Kind != orchestrator.TraceEntered && t.Kind != orchestrator.TraceRefused && t.Kind != orchestrator.TraceIgnored):
			return
		case f.why != "":
			entered++
		}
		if f.json {
			_ = json.NewEncoder(out).Encode(traceJSON(t))
			return
		}
		story.Observe(t)
	})
	n := 0
	s.Deliver = func(r orchestrator.Rendered) orchestrator.Outcome {
		n++
		if f.why == "" && !f.json {
			story.Line(s.Now, r.Journey, sent(r))
		}
		if f.open != "" && r.HTML != "" {
			name := filepath.Join(f.open, fmt.Sprintf("%02d-%s.html", n, r.Message))
			if err := os.MkdirAll(f.open, 0o755); err == nil {
				_ = os.WriteFile(name, []byte(r.HTML), 0o644)
			}
		}
		return orchestrator.Outcome{State: profiles.Sent}
	}
	s.Run(inputs, until)
	if f.why != "" && entered == 0 && !f.json {
		fmt.Fprintln(out, neverAsked(p, f.why))
	}
	return nil
}

// traceJSON is a trace as `--json` writes it.
func traceJSON(t orchestrator.Trace) map[string]any {
	m := map[string]any{"kind": t.Kind, "at": t.At.String()}
	for k, v := range map[string]string{"journey": t.Journey, "run": t.Run, "step": t.Step, "name": t.Name, "detail": t.Detail} {
		if v != "" {
			m[k] = v
		}
	}
	if t.Until != 0 {
		m["until"] = t.Until.String()
	}
	return m
}

func sent(r orchestrator.Rendered) string {
	switch {
	case r.Channel == "webhook":
		return fmt.Sprintf("%s sent to %s: %s", r.Message, r.URL, r.JSON)
	case r.Subject != "":
		return fmt.Sprintf("%s sent to %s: %q", r.Message, r.To, r.Subject)
	}
	return fmt.Sprintf("%s sent to %s: %q", r.Message, r.To, strings.TrimSpace(r.Text))
}

// neverAsked says why nothing asked whether somebody enters a journey.
func neverAsked(p *dsl.Program, name string) string {
	j, _ := p.Journey(name)
	var ways []string
	for _, e := range j.Entries {
		switch e.Kind {
		case dsl.OnEvent:
			ways = append(ways, "no "+e.Event+" came")
		case dsl.OnRequest:
			ways = append(ways, "nobody requested it")
		case dsl.OnWhen:
			ways = append(ways, "its condition never became true: "+e.When.Source())
		default:
			ways = append(ways, "its day did not come")
		}
	}
	return "did not enter " + name + ": " + strings.Join(ways, "; ")
}

// loadWorkspace compiles a folder; what is wrong with it is told.
func loadWorkspace(cmd *cobra.Command, dir string) (*dsl.Program, error) {
	sources, err := readWorkspace(dir)
	if err != nil {
		return nil, err
	}
	program, diags := dsl.Load(sources)
	if program == nil {
		if err := tell(cmd.ErrOrStderr(), placed(dir, diags)); err != nil {
			return nil, &exit{exitFailed, err}
		}
		return nil, &exit{code: exitWorkspace}
	}
	return program, nil
}

// instantOf reads a time since the start, or a local time.
func instantOf(s string, start value.Time, o clean.Options) (value.Time, error) {
	if d, err := clean.Value(s, &value.Type{Kind: value.DurationKind}, o); err == nil && start != 0 {
		return start.Add(d.(value.Duration)), nil
	}
	t, err := clean.Value(s, &value.Type{Kind: value.TimeKind}, o)
	if err != nil {
		return 0, fmt.Errorf("%q %w", s, err)
	}
	return t.(value.Time), nil
}

func readInputs(cmd *cobra.Command, files []string, reader *intake.Reader, start value.Time) ([]simulator.Input, []profiles.Fault, error) {
	var inputs []simulator.Input
	var faults []profiles.Fault
	for _, name := range files {
		in, err := open(cmd, name)
		if err != nil {
			return nil, nil, err
		}
		more, wrong, err := simulator.ReadCalls(in, reader, start)
		in.Close()
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		inputs, faults = append(inputs, more...), append(faults, wrong...)
	}
	return inputs, faults, nil
}

func open(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	return os.Open(name)
}

// given puts the traits the person has before the start, and the branches
// that are assumed.
func given(s *simulator.Simulation, reader *intake.Reader, f simulateFlags, start value.Time) error {
	if f.given != "" {
		var traits map[string]any
		if err := json.Unmarshal([]byte(f.given), &traits); err != nil {
			return fmt.Errorf("--given is no JSON object: %w", err)
		}
		read, wrong := reader.Read(&intake.Call{Kind: intake.Identify, Traits: traits, At: start - 1})
		if wrong != nil {
			return fmt.Errorf("--given: %w", wrong)
		}
		if len(read.Faults) > 0 {
			return fmt.Errorf("--given: %s %s", read.Faults[0].Field, read.Faults[0].Reason)
		}
		s.Step([]orchestrator.Input{read.Input}, start-1)
	}
	for _, a := range f.assume {
		split, branch, ok := strings.Cut(a, "=")
		if !ok {
			return fmt.Errorf("--assume %q: write SPLIT=BRANCH", a)
		}
		if s.Person.Splits == nil {
			s.Person.Splits = map[string]string{}
		}
		s.Person.Splits[split] = branch
	}
	return nil
}
