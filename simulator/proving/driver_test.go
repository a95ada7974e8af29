package proving_test

import (
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store/pack"
	"journey/simulator/proving"
)

// driver keeps time and data for the machine as the simulator does, but lets
// something be done between any two of its calls.
type driver struct {
	m       *proving.Machine
	script  *proving.Script
	between func()               // nil: nothing
	also    []value.Time         // further instants at which the machine is called
	poke    []orchestrator.Input // what it is given then
	sent    map[string]int       // how often, by key
}

func newDriver(plan *orchestrator.Plan, s *proving.Script) *driver {
	return &driver{m: proving.NewMachine(plan, s), script: s, sent: map[string]int{}}
}

func (d *driver) pause() {
	if d.between != nil {
		d.between()
	}
}

// play plays the script; every input and due instant has its own call.
func (d *driver) play() *proving.Record {
	inputs, also := d.script.MachineInputs(), d.also
	for {
		at := d.m.World.NextDue(d.m.Person)
		if len(inputs) > 0 && (at == 0 || inputs[0].At < at) {
			at = inputs[0].At
		}
		if len(also) > 0 && (at == 0 || also[0] < at) {
			at = also[0]
		}
		if at == 0 || at > d.script.Until {
			return d.m.Finish()
		}
		var now []orchestrator.Input
		for len(inputs) > 0 && inputs[0].At == at {
			now, inputs = append(now, inputs[0].Input), inputs[1:]
		}
		for len(also) > 0 && also[0] == at {
			now, also = append(now, d.poke...), also[1:]
		}
		d.step(now, at)
	}
}

// step does everything of one instant.
func (d *driver) step(inputs []orchestrator.Input, at value.Time) {
	d.m.Now = at
	d.m.World.Apply(d.m.Person, inputs, at)
	d.pause()
	for {
		run, ok := planned(d.m.Person)
		if !ok {
			return
		}
		c := d.m.World.Claim(d.m.Person, run, at, "driver", 0)
		d.pause()
		if c.Verdict != orchestrator.Claimed {
			continue
		}
		d.sent[c.Message.Key]++
		out := d.m.Deliver(c.Message)
		d.m.World.Advance(d.m.Person, run, &out, at)
		d.pause()
	}
}

// planned is the run whose send comes first of those that nothing holds.
func planned(p *profiles.Person) (string, bool) {
	for _, s := range p.Ledger {
		if r, live := p.Run(s.Run); s.State == profiles.Planned && live && r.State == profiles.Sending {
			return s.Run, true
		}
	}
	return "", false
}

// stored is a person as the store has him.
type stored struct {
	core   []byte
	fields pack.Fields
	layout *pack.Layout
}

func (s *stored) put(p *profiles.Person) error {
	out, err := pack.Encode(nil, p, s.layout, false, nil)
	if err != nil {
		return err
	}
	s.core, s.layout = out.Core, out.Layout
	if s.fields == nil {
		s.fields = pack.Fields{}
	}
	for _, name := range out.Delete {
		delete(s.fields, name)
	}
	for _, f := range out.Set {
		s.fields[f.Name] = f.Data
	}
	return nil
}

func (s *stored) get() (*profiles.Person, error) {
	p, layout, err := pack.Decode(proving.PersonID, s.core, s.fields, nil)
	s.layout = layout
	return p, err
}

// TestPacked packs and unpacks the person between any two calls of the
// machine: nothing is lost on the way through the store.
func TestPacked(t *testing.T) {
	every(t, *cases/3, func(c *proving.Case, plan *orchestrator.Plan) string {
		want := proving.NewMachine(plan, c.Script).Play(c.Script)
		if want.Endless {
			return ""
		}
		d := newDriver(plan, c.Script)
		var s stored
		failed := ""
		d.between = func() {
			err := s.put(d.m.Person)
			if err == nil {
				d.m.Person, err = s.get()
			}
			if err != nil {
				failed = err.Error()
			}
		}
		got := d.play()
		if failed != "" {
			return failed
		}
		return proving.Diff(want, got)
	})
}
