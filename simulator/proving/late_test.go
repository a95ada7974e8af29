package proving_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/simulator/proving"
)

// TestLate has machines that are late: every timer fires and every send is
// claimed and settled some seconds after its time, with inputs in between.
// Work takes no time on a run's clock, so where nothing depends on how the
// person is at a certain instant, every run takes the same steps at the same
// instants of its clock as with machines that are never late.
func TestLate(t *testing.T) {
	generate := func(i uint64) *proving.Case { return proving.GenerateSteady(*seed, i).Apart() }
	everyOf(t, *cases/3, generate, func(c *proving.Case, plan *orchestrator.Plan) string {
		inTime := newWays(plan, c.Script)
		inTime.m.Play(c.Script)
		late := newWays(plan, c.Script)
		(&lateDriver{ways: late, r: chance(c)}).play(c.Script)
		for run, want := range inTime.of {
			got := late.of[run]
			if len(got) < len(want) || !slices.Equal(want, got[:len(want)]) {
				return fmt.Sprintf("%s goes in time\n  %s\nand late\n  %s", run, strings.Join(want, "\n  "), strings.Join(got, "\n  "))
			}
		}
		return ""
	})
}

// ways are the ways that runs take, with their clocks.
type ways struct {
	m  *proving.Machine
	of map[string][]string
}

func newWays(plan *orchestrator.Plan, s *proving.Script) *ways {
	w := &ways{m: proving.NewMachine(plan, s), of: map[string][]string{}}
	w.m.World.Observe = w
	return w
}

// Observe notes where a run goes, and its clock where it comes to a send.
func (w *ways) Observe(t orchestrator.Trace) {
	line := ""
	switch t.Kind {
	case orchestrator.TraceTook, orchestrator.TraceEnded:
		line = fmt.Sprintf("%s at %s: %s", t.Kind, t.Step, t.Detail)
	case orchestrator.TracePlanned:
		r, _ := w.m.Person.Run(t.Run)
		line = fmt.Sprintf("send at %s: %s", t.Step, r.Clock)
	case orchestrator.TraceJump:
		line = "jump"
	default:
		return
	}
	w.of[t.Run] = append(w.of[t.Run], line)
}

// lateDriver calls the machine late.
type lateDriver struct {
	*ways
	r     *rand.Rand
	jobs  []job
	timer value.Time // the due instant for which a timer is set
}

// job is a call that is to be made.
type job struct {
	at  value.Time
	run string // "": a timer
	out *orchestrator.Outcome
}

// after is some seconds after an instant. A run comes to a dozen sends at most
// between two waits, so it stays below the five minutes after which its clock
// may jump.
func (d *lateDriver) after(t value.Time) value.Time { return t + value.Time(d.r.IntN(8000)) }

func (d *lateDriver) play(s *proving.Script) {
	inputs := s.MachineInputs()
	end := s.Until + value.Time(10*value.Minute)
	for {
		slices.SortStableFunc(d.jobs, func(a, b job) int { return int(a.at - b.at) })
		switch {
		case len(inputs) > 0 && (len(d.jobs) == 0 || inputs[0].At <= d.jobs[0].at):
			d.m.Now = inputs[0].At
			d.m.World.Apply(d.m.Person, []orchestrator.Input{inputs[0].Input}, d.m.Now)
			inputs = inputs[1:]
		case len(d.jobs) > 0 && d.jobs[0].at <= end:
			j := d.jobs[0]
			d.jobs = d.jobs[1:]
			d.m.Now = j.at
			d.do(j)
		default:
			return
		}
		d.plan()
	}
}

func (d *lateDriver) do(j job) {
	w, p := d.m.World, d.m.Person
	switch {
	case j.run == "":
		d.timer = 0
		w.Apply(p, nil, j.at)
	case j.out != nil:
		w.Advance(p, j.run, j.out, j.at)
	default:
		if c := w.Claim(p, j.run, j.at, "late", 0); c.Verdict == orchestrator.Claimed {
			d.jobs = append(d.jobs, job{d.after(j.at), j.run, &orchestrator.Outcome{State: profiles.Sent}})
		}
	}
}

// plan sets timers and claims for what the person now waits for.
func (d *lateDriver) plan() {
	for _, s := range d.m.Person.Ledger {
		if s.State == profiles.Planned && !slices.ContainsFunc(d.jobs, func(j job) bool { return j.run == s.Run }) {
			d.jobs = append(d.jobs, job{at: d.after(d.m.Now), run: s.Run})
		}
	}
	if due := d.m.World.NextDue(d.m.Person); due != 0 && due != d.timer {
		d.timer = due
		d.jobs = append(d.jobs, job{at: d.after(max(due, d.m.Now))})
	}
}

// TestLateKnown has what TestLate once found: behind an event that does not
// satisfy a wait, the one that does was not looked for.
func TestLateKnown(t *testing.T) {
	at := value.Time(1_772_413_200_000)
	ping := func(at, of value.Time) *proving.Input {
		return &proving.Input{At: at, Of: of, Kind: proving.InputEvent, Name: "ping"}
	}
	c := &proving.Case{
		Program: &proving.Program{
			Messages: []*proving.Message{{Name: "hook", Via: "webhook"}},
			Journeys: []*proving.Journey{{
				Name:    "j",
				Entries: []*proving.Entry{{Kind: "event", Event: "ping"}},
				Steps: []*proving.Step{
					{Kind: proving.StepSend, Name: "hook"},
					{Kind: proving.StepFor, For: &proving.Expr{Op: proving.OpLit, Val: value.Minute}, Alts: []*proving.Alt{{Event: "ping"}}},
				},
			}},
		},
		Script: &proving.Script{
			Start: at, Until: at + value.Time(value.Hour),
			Inputs: []*proving.Input{ping(at, at), ping(at+1, at-value.Time(value.Hour)), ping(at+2, at+2)},
		},
	}
	program, err := c.Program.Load()
	if err != nil {
		t.Fatal(err)
	}
	late := newWays(orchestrator.NewPlan(program), c.Script)
	(&lateDriver{ways: late, r: rand.New(rand.NewPCG(1, 1))}).play(c.Script)
	want := []string{"send at 1: " + at.String(), "took at 2: event ping", "ended at : end"}
	if got := late.of[proving.PersonID+".1"]; !slices.Equal(got, want) {
		t.Errorf("the run goes\n  %s", strings.Join(got, "\n  "))
	}
}
