package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/clean"
	"journey/simulator"
	"journey/why"
)

// simulateFlags are the flags of `journey simulate`.
type simulateFlags struct {
	given, start, at, why string
	test, from, mails     string
	json, open, full      bool
	assume                []string
	server                client
}

func newSimulate() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate DIR [FILE …]",
		Short: "Take one person through the journeys, in virtual time",
		Long: `Simulate takes one person through the journeys of a workspace and tells what
happens: entered, waited, why this branch, what was sent or not and why, left.
What it tells is what production does: it runs on the same machine.

FILEs say what happens to the person; "-" reads standard input. They hold

  - calls as they are posted to the API, one JSON object after the other. Each
    happens at its "at", which is the time since the start ("30m", "3d") or a
    local time, else at its "timestamp", else together with the one before;
  - or a block as in a test: given, start, at, assume, without expect.

--test takes a test of the workspace instead. --from takes a real person from a
server, as the profile shows him at this moment: identifiers and free text that
no condition reads are masked before anything is done with them, everything
else is as it is. A profile shows the newest 20 events; where that makes a
difference to a segment, it is said, and the server's answer is taken.`,
		Example: `  journey simulate examples/shop examples/shop/events/signed_up.json
  journey simulate examples/shop calls.jsonl --start "2026-03-02 09:00" --at 7d
  journey simulate examples/shop calls.jsonl --why abandoned_cart
  journey simulate examples/shop --test "a buyer is left alone" --open
  journey simulate examples/shop cart.jsonl --from user_id:ann --server http://127.0.0.1:8080 --key admin`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("say which folder, as in `%s`", cmd.UseLine())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return (&simulation{cmd: cmd, dir: args[0], files: args[1:], simulateFlags: f}).run()
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.given, "given", "", "traits the person has before the start, as JSON")
	fl.StringVar(&f.start, "start", "", "local time at which it starts (default 2026-03-02 09:00; with --from now)")
	fl.StringVar(&f.at, "at", "60d", "jump to then and say where the person is: a time since the start, or a local time")
	fl.StringVar(&f.why, "why", "", "tell of this journey alone, and why the person is in it or is not")
	fl.StringVar(&f.test, "test", "", "what happens is what this test of the workspace says, by its title")
	fl.StringVar(&f.from, "from", "", "begin with a real person: user_id:ann, another identifier, or a profile's id")
	f.server.flags(cmd)
	fl.StringArrayVar(&f.assume, "assume", nil, "as in a test: 'split NAME BRANCH' (or NAME=BRANCH), 'segment NAME', 'control', 'MESSAGE fails', 'call NAME returns {…}'")
	fl.BoolVar(&f.full, "full", false, "show whole messages, not their first lines")
	fl.BoolVar(&f.open, "open", false, "open the messages in a browser, as their receiver sees them")
	fl.StringVar(&f.mails, "mails", "", "write the mails as HTML files into this folder")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a line")
	_ = cmd.RegisterFlagCompletionFunc("why", completeIn(journeysOf))
	_ = cmd.RegisterFlagCompletionFunc("test", completeIn(titlesOf))
	return cmd
}

// simulation is one run of the command.
type simulation struct {
	cmd   *cobra.Command
	dir   string
	files []string
	simulateFlags

	starts bool // the block says when
	plan   *orchestrator.Plan
	reader *intake.Reader
	script *simulator.Script
	sim    *simulator.Simulation
	out    io.Writer
	story  *simulator.Story
	sent   []simulator.Sent
}

func (s *simulation) run() error {
	program, err := loadWorkspace(s.cmd, s.dir)
	if err != nil {
		return err
	}
	if _, ok := program.Journey(s.why); s.why != "" && !ok {
		return usage("--why: %w", noJourney(program, s.why))
	}
	if err := s.prepare(program); err != nil {
		return err
	}
	until, err := instantOf(s.at, s.script.Start, s.reader.Options())
	if err != nil {
		return usage("--at %w", err)
	}
	s.tell(until)
	if s.mails != "" {
		if err := writeMails(s.mails, s.sent); err != nil {
			return &exit{exitFailed, err}
		}
	}
	if s.open {
		return s.show()
	}
	return nil
}

// tell plays the script and writes what was asked for.
func (s *simulation) tell(until value.Time) {
	s.out = s.cmd.OutOrStdout()
	s.story = &simulator.Story{W: s.out}
	observed := s.script.Observe
	muted := true
	begin := s.script.Begin
	s.script.Begin = func() { muted = false; begin() }
	s.script.Observe = orchestrator.ObserverFunc(func(t orchestrator.Trace) {
		observed.Observe(t)
		if !muted {
			s.observe(t)
		}
	})
	deliver := s.script.Deliver
	s.script.Deliver = func(m orchestrator.Rendered, at value.Time) orchestrator.Outcome {
		o := deliver(m, at)
		if o.State == profiles.Sent {
			s.delivered(m, at)
		}
		return o
	}
	// Going live may already bring somebody in, before Live returns.
	assume := s.script.Assume
	s.script.Assume = func(w *orchestrator.World, live bool) { assume(w, live); s.story.World = w }
	known := s.script.Known
	s.script.Known = func(p *profiles.Person) {
		if s.story.Person = p; known != nil {
			known(p)
		}
	}
	s.sim = s.script.Live(s.plan)
	inputs := make([]simulator.Input, len(s.script.Calls))
	for i, c := range s.script.Calls {
		inputs[i] = simulator.Input{At: c.At, Input: c.Input}
	}
	s.sim.Run(inputs, until)
	s.ending()
}

// observe tells one thing that happens.
func (s *simulation) observe(t orchestrator.Trace) {
	if s.why != "" && t.Journey != s.why {
		return
	}
	if s.json {
		if s.why == "" {
			_ = json.NewEncoder(s.out).Encode(traceJSON(t))
		}
		return
	}
	s.story.Observe(t)
}

// delivered tells of a message that went out.
func (s *simulation) delivered(m orchestrator.Rendered, at value.Time) {
	if m.Call || s.why != "" && m.Journey != s.why {
		return
	}
	s.sent = append(s.sent, simulator.Sent{At: at, Rendered: m})
	if s.json {
		if s.why == "" {
			_ = json.NewEncoder(s.out).Encode(sentJSON(m, at))
		}
		return
	}
	lines := 4
	if s.full {
		lines = 0
	}
	switch {
	case m.Channel == "webhook":
		s.story.Line(at, m.Journey, fmt.Sprintf("%s sent to %s", m.Message, m.URL))
		s.story.Text(string(m.JSON), lines)
		return
	case m.Subject != "":
		s.story.Line(at, m.Journey, fmt.Sprintf("%s sent to %s: %q", m.Message, m.To, m.Subject))
	default:
		s.story.Line(at, m.Journey, fmt.Sprintf("%s sent to %s", m.Message, m.To))
	}
	s.story.Text(textOf(m), lines)
}

// textOf is a message as plain text: what it opens and shows stands below.
func textOf(m orchestrator.Rendered) string {
	text := m.Text
	if text == "" {
		text = plainHTML(m.HTML)
	}
	for _, more := range []string{m.URL, m.Image} {
		if more != "" {
			text += "\n→ " + more
		}
	}
	return text
}

// ending says where the person is in the end, or why.
func (s *simulation) ending() {
	switch {
	case s.why != "":
		e := why.Explain(s.sim.World, s.sim.Person, s.why, s.sim.Now)
		if s.json {
			_ = json.NewEncoder(s.out).Encode(e)
			return
		}
		if s.story.Told() {
			fmt.Fprintln(s.out)
		}
		fmt.Fprint(s.out, e.Rendered)
	case s.json:
	default:
		s.story.Ending(s.sim.Now)
		if !s.story.Told() {
			zone := s.sim.Person.Zone(s.plan.Settings.Zone)
			fmt.Fprintf(s.out, "nothing happens until %s (--why JOURNEY says why not)\n", why.Local(s.sim.Now, zone))
		}
	}
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

// sentJSON is a message as `--json` writes it.
func sentJSON(r orchestrator.Rendered, at value.Time) map[string]any {
	m := map[string]any{"kind": "message", "at": at.String()}
	for k, v := range map[string]string{
		"journey": r.Journey, "message": r.Message, "channel": r.Channel, "to": r.To,
		"subject": r.Subject, "text": r.Text, "html": r.HTML, "url": r.URL, "image": r.Image,
	} {
		if v != "" {
			m[k] = v
		}
	}
	if len(r.JSON) > 0 {
		m["json"] = json.RawMessage(r.JSON)
	}
	return m
}

// loadWorkspace compiles a folder; what is wrong with it is told.
func loadWorkspace(cmd *cobra.Command, dir string) (*dsl.Program, error) {
	sources, err := readWorkspace(dir)
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, noSources(dir)
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
