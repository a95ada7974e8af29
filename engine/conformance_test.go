package engine

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
	"journey/simulator"
	"journey/simulator/proving"
)

var (
	conformCases = flag.Int("conform.cases", 60, "how many random cases are played by simulator and engine")
	conformSeed  = flag.Uint64("conform.seed", 7, "seed of the random cases")
	conformFrom  = flag.Uint64("conform.from", 0, "number of the first case")
)

// Random programs with random inputs through the simulator and through the
// engine on a real Redis: what happens is the same, to the millisecond; also
// when one commit in five happens and its answer is lost.
func TestTheEngineDoesWhatTheSimulatorDoes(t *testing.T) {
	r := startRedis(t)
	for i := range uint64(*conformCases) {
		n := *conformFrom + i
		c := proving.Generate(*conformSeed, n)
		c.Script.Inputs = slices.DeleteFunc(c.Script.Inputs, func(in *proving.Input) bool { return refusedAtOnce(c, in) })
		if len(c.Script.Inputs) == 0 || c.Script.Inputs[0].At > c.Script.Until {
			continue // nobody would be stored
		}
		for k := 1; k < len(c.Script.Inputs); k++ { // the engine gives every input an instant of its own
			before, in := c.Script.Inputs[k-1], c.Script.Inputs[k]
			in.At = max(in.At, before.At+1)
		}
		want := simulated(t, c)
		for _, lossy := range []bool{false, true} {
			if d := proving.Diff(want, conformed(t, r.url, c, lossy)); d != "" {
				t.Fatalf("case %d of seed %d (-conform.seed %d -conform.from %d -conform.cases 1), answers lost: %v, - by the simulator, + by the engine:\n%s\n%s",
					n, *conformSeed, *conformSeed, n, lossy, d, c.Archive())
			}
		}
	}
}

// refusedAtOnce says of a request that the engine refuses it as a wrong call:
// the journey takes none.
func refusedAtOnce(c *proving.Case, in *proving.Input) bool {
	return in.Kind == proving.InputRequest && !slices.ContainsFunc(c.Program.Journeys, func(j *proving.Journey) bool {
		return j.Name == in.Name && slices.ContainsFunc(j.Entries, func(e *proving.Entry) bool { return e.Kind == "request" })
	})
}

// simulated plays a case in virtual time.
func simulated(t *testing.T, c *proving.Case) *proving.Record {
	t.Helper()
	program, err := c.Program.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := proving.NewMachine(orchestrator.NewPlan(program), c.Script)
	inputs := c.Script.MachineInputs()
	for i := range inputs {
		if inputs[i].Input.At > inputs[i].At {
			inputs[i].Input.At = inputs[i].At
		}
		inputs[i].Identifiers = []profiles.Identifier{{Trait: "user_id", Value: "u"}}
	}
	m.Run(inputs, c.Script.Until)
	return m.Finish()
}

// conformed plays a case through the engine.
func conformed(t *testing.T, url string, c *proving.Case, lossy bool) *proving.Record {
	t.Helper()
	id, user := proving.PersonID, "u"
	flush(t, url)
	rec := &proving.Record{}
	clock := ManualClock(c.Script.Start)
	e := startEngine(t, url, func(o *Options) {
		o.Clock = clock
		o.RandomID = func() string { return id }
		o.Observe = func(_ string, traces []orchestrator.Trace) {
			for _, tr := range traces {
				rec.Observe(tr)
			}
		}
	})
	defer func() {
		_ = e.Close()
		_ = e.store.Close()
	}()
	deploy(t, e, c.Program.Text())
	if lossy {
		n := 0
		e.fault = func(at string) error {
			if n++; at == "commit: its answer" && n%5 == 0 {
				return fmt.Errorf("%w (the answer is lost)", ErrUnavailable)
			}
			return nil
		}
	}
	d := &conformer{t: t, e: e, clock: clock, rec: rec, script: c.Script, lease: lease(t, e, store.Partition(id))}
	inputs := c.Script.Inputs
	for {
		at := d.next(id)
		if len(inputs) > 0 && (at == 0 || inputs[0].At <= at) {
			at = inputs[0].At
		}
		if at == 0 || at > c.Script.Until {
			break
		}
		clock.Set(at)
		if len(inputs) > 0 && inputs[0].At == at {
			call := callOf(inputs[0], user)
			call.MessageID = fmt.Sprint(len(inputs))
			submit(t, e, call)
			inputs = inputs[1:]
		}
		d.due(id, at)
		for d.send(id, at) {
		}
	}
	m := proving.Machine{Simulation: &simulator.Simulation{Person: person(t, e, id)}, Record: rec}
	return m.Finish()
}

func callOf(in *proving.Input, user string) Call {
	c := Call{Source: "test", UserID: user, Time: in.Of.In(time.UTC), Properties: in.Raw(), Traits: in.RawTraits()}
	switch in.Kind {
	case proving.InputEvent:
		c.Kind, c.Event = CallTrack, in.Name
	case proving.InputRequest:
		c.Kind, c.Journey = CallRequest, in.Name
	case proving.InputSet:
		c.Kind, c.Traits, c.Properties = CallIdentify, c.Properties, nil
	}
	return c
}

// conformer does what Temporal and relay do, at exact instants.
type conformer struct {
	t      *testing.T
	e      *Engine
	clock  *Clock
	rec    *proving.Record
	script *proving.Script
	lease  Lease
}

// next is when time has something to do.
func (d *conformer) next(id string) value.Time {
	l, err := patiently(func() (store.Loaded, error) { return d.e.load(context.Background(), id) })
	if err != nil {
		d.t.Fatal(err)
	}
	if l.Person == nil {
		return 0
	}
	return d.e.living.Load().world.NextDue(l.Person)
}

// due lets happen what is due: moments by the partition's owner, waits by
// their timers.
func (d *conformer) due(id string, at value.Time) {
	tickAll(d.t, d.e, d.lease)
	for _, r := range person(d.t, d.e, id).Runs {
		if r.State != profiles.Sending && r.Until != 0 && r.Until <= at {
			advance(d.t, d.e, r.ID, r.Seq)
		}
	}
}

// send makes the first send that is planned; false when there is none.
func (d *conformer) send(id string, at value.Time) bool {
	ctx := context.Background()
	p := person(d.t, d.e, id)
	for _, s := range p.Ledger {
		if r, lives := p.Run(s.Run); !lives || r.State != profiles.Sending || s.State != profiles.Planned {
			continue
		}
		seen := d.seq(p, s.Run)
		draft, err := patiently(func() (Draft, error) {
			draft, err := d.e.Draft(ctx, s.Run, seen) // a repeat must not run ahead to the next send
			if err == nil && draft.Ready {
				draft, err = d.e.Claim(ctx, draft) // whether a lost one happened, the next draft finds out
			}
			return draft, err
		})
		if errors.Is(err, ErrNotYet) {
			continue
		}
		if err != nil {
			d.t.Fatal(err)
		}
		if !draft.Ready {
			return true
		}
		outcome := d.deliver(draft.Message, at)
		settled := func() (orchestrator.Order, error) { return d.e.Settle(ctx, draft, outcome) }
		if _, err := patiently(settled); err != nil {
			d.t.Fatal(err)
		}
		return true
	}
	return false
}

// seq is the sequence of a live run.
func (d *conformer) seq(p *profiles.Person, run string) int64 {
	r, _ := p.Run(run)
	return r.Seq
}

// deliver stands for the provider, as that of package proving does.
func (d *conformer) deliver(m orchestrator.Rendered, at value.Time) orchestrator.Outcome {
	if slices.Contains(d.script.Fails, m.Message) {
		return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
	}
	if slices.Contains(d.script.Doubts, m.Message) {
		return orchestrator.Outcome{State: profiles.Uncertain}
	}
	text := m.To + "|" + m.Subject + "|" + m.Text
	if m.Channel == "webhook" {
		text = string(m.JSON)
	}
	run, _, _ := strings.Cut(m.Key, "/")
	d.rec.Facts = append(d.rec.Facts, proving.Fact{
		At: at, Kind: "sent", Name: m.Journey + "#" + run[strings.LastIndexByte(run, '.')+1:], Text: m.Message + " " + text,
	})
	return orchestrator.Outcome{State: profiles.Sent}
}
