package proving

import (
	"fmt"
	"strings"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/simulator"
)

// PersonID is the id of the person to whom everything happens.
const PersonID = "p1"

// Load compiles the case's program.
func (p *Program) Load() (*dsl.Program, error) {
	program, diags := dsl.Load(map[string]string{"w.journey": p.Text()})
	if program != nil {
		return program, nil
	}
	var b strings.Builder
	for _, d := range diags {
		if d.Severity == diag.Error {
			text := d.Span.File.Text[d.Span.Start:]
			line, _, _ := strings.Cut(text, "\n")
			fmt.Fprintf(&b, "%s at %q\n", d.Message, line)
		}
	}
	return nil, fmt.Errorf("the program is wrong:\n%s", b.String())
}

// Machine plays a script.
type Machine struct {
	*simulator.Simulation
	Record *Record
}

// NewMachine is somebody of whom nothing is known, under a program.
func NewMachine(plan *orchestrator.Plan, s *Script) *Machine {
	m := &Machine{Record: &Record{}}
	world := &orchestrator.World{Live: plan, Observe: m.Record}
	m.Simulation = simulator.New(world, PersonID, s.Start)
	m.Deliver = func(r orchestrator.Rendered) orchestrator.Outcome { return m.Record.Deliver(r, s, m.Now) }
	return m
}

// Deliver stands for the provider: it accepts everything but what the script
// says.
func (r *Record) Deliver(msg orchestrator.Rendered, s *Script, now value.Time) orchestrator.Outcome {
	for _, f := range s.Fails {
		if f == msg.Message {
			return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
		}
	}
	for _, d := range s.Doubts {
		if d == msg.Message {
			return orchestrator.Outcome{State: profiles.Uncertain}
		}
	}
	text := msg.To + "|" + msg.Subject + "|" + msg.Text
	if msg.Channel == "webhook" {
		text = string(msg.JSON)
	}
	run, _, _ := strings.Cut(msg.Key, "/")
	r.add(now, "sent", runName(msg.Journey, run), "%s %s", msg.Message, text)
	return orchestrator.Outcome{State: profiles.Sent}
}

func runName(journey, run string) string {
	return journey + "#" + run[strings.LastIndexByte(run, '.')+1:]
}

// Observe writes down what happens.
func (r *Record) Observe(t orchestrator.Trace) {
	switch t.Kind {
	case orchestrator.TraceEntered:
		r.add(t.At, "entered", runName(t.Journey, t.Run), "%s", t.Name)
	case orchestrator.TraceRefused:
		r.add(t.At, "refused", t.Journey, "%s", t.Detail)
	case orchestrator.TraceOutcome:
		if t.Detail != "sent" {
			r.add(t.At, "not sent", runName(t.Journey, t.Run), "%s %s", t.Name, t.Detail)
		}
	case orchestrator.TraceGoal:
		r.add(t.At, "goal", runName(t.Journey, t.Run), "%s", t.Name)
	case orchestrator.TraceEnded:
		r.add(t.At, "ended", runName(t.Journey, t.Run), "%s", t.Detail)
	case orchestrator.TraceSegment:
		r.add(t.At, t.Detail, t.Name, "")
	}
}

// Inputs are the script's inputs as the machine takes them.
func (s *Script) MachineInputs() []simulator.Input {
	list := make([]simulator.Input, len(s.Inputs))
	for i, in := range s.Inputs {
		list[i] = simulator.Input{At: in.At, Input: in.machine(fmt.Sprint("m", i))}
	}
	return list
}

func (in *Input) machine(id string) orchestrator.Input {
	m := orchestrator.Input{At: in.Of}
	switch in.Kind {
	case InputEvent:
		m.Kind, m.ID = orchestrator.EventInput, id
		m.Event = &cond.Event{ID: id, Name: in.Name, At: in.Of, Props: cond.PropsOf(values(in.Props))}
		m.Traits = keyed(in.Traits)
	case InputRequest:
		m.Kind, m.ID, m.Journey, m.Params = orchestrator.RequestInput, id, in.Name, values(in.Props)
	case InputSet:
		m.Kind, m.Traits = orchestrator.IdentifyInput, keyed(in.Props)
	}
	return m
}

// keyed are traits as the machine takes them: consent is an object.
func keyed(traits map[string]any) map[string]any {
	out := make(map[string]any, len(traits))
	for name, v := range traits {
		top, key, cut := strings.Cut(name, ".")
		if !cut {
			out[name] = v
			continue
		}
		obj, _ := out[top].(map[string]any)
		if obj == nil {
			obj = map[string]any{}
			out[top] = obj
		}
		obj[key] = v
	}
	return out
}

// values are properties as they are cleaned: nothing for one that is null.
func values(props map[string]any) map[string]any {
	if len(props) == 0 {
		return nil
	}
	m := make(map[string]any, len(props))
	for k, v := range props {
		m[k] = v
	}
	return m
}

// Play has the machine play a script. It gives up, and the record says so,
// when the person enters again and again without end.
func (m *Machine) Play(s *Script) *Record { return m.play(s, s.MachineInputs()) }

// PlayAs is Play with identifiers in the inputs.
func (m *Machine) PlayAs(s *Script, identifiers func(*Input) []profiles.Identifier) *Record {
	inputs := s.MachineInputs()
	for i, in := range s.Inputs {
		inputs[i].Identifiers = identifiers(in)
	}
	return m.play(s, inputs)
}

func (m *Machine) play(s *Script, inputs []simulator.Input) *Record {
	for t := s.Start; ; {
		t = min(t+msDay, s.Until)
		n := 0
		for n < len(inputs) && inputs[n].At <= t {
			n++
		}
		m.Run(inputs[:n], t)
		inputs = inputs[n:]
		if m.Person.Entered > tooMany {
			m.Record.Endless = true
			return m.Record
		}
		if t == s.Until {
			return m.Finish()
		}
	}
}

// Finish writes down what the person is in the end.
func (m *Machine) Finish() *Record {
	m.Record.Final(m.Person)
	return m.Record
}

// Final writes down what a person is.
func (r *Record) Final(p *profiles.Person) {
	for name, t := range p.Traits {
		if t.Value != nil {
			r.state("trait %s = %s", name, plain(t.Value))
		}
	}
	for name := range p.Segments {
		r.state("in %s", name)
	}
	for _, list := range [][]*profiles.Run{p.Ended, p.Runs} {
		for _, run := range list {
			name := runName(run.Journey, run.ID)
			for g, x := range run.Goals {
				r.state("goal %s %s at %s value %s credited %v", name, g, x.At, number(x.Value), x.Credited)
			}
			if run.State != profiles.Ended {
				r.state("live %s until %s", name, run.Until)
			}
		}
	}
	r.settle()
}

// forgetGoals drops the goals of runs that the person no longer knows: ended
// ones are kept for a while only.
func (r *Record) forgetGoals(p *profiles.Person) {
	known := map[string]bool{}
	for _, list := range [][]*profiles.Run{p.Ended, p.Runs} {
		for _, run := range list {
			known[runName(run.Journey, run.ID)] = true
		}
	}
	kept := r.State[:0]
	for _, l := range r.State {
		if words := strings.Fields(l); words[0] != "goal" || known[words[1]] {
			kept = append(kept, l)
		}
	}
	r.State = kept
}

// Judge plays a case and compares it with the oracle: "" when they agree.
func Judge(c *Case, plan *orchestrator.Plan) string {
	m := NewMachine(plan, c.Script)
	got := m.Play(c.Script)
	if got.Endless {
		return ""
	}
	want := Foretell(c, Draws{m.Person.Splits, m.Person.Controls})
	if want.Endless {
		return ""
	}
	want.forgetGoals(m.Person)
	return Diff(want, got)
}
