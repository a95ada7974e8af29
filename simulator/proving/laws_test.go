package proving_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/simulator"
	"journey/simulator/proving"
)

// chance is a source of choices for a case: the same for the same case.
func chance(c *proving.Case) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(c.Script.Start), uint64(len(c.Program.Text()))))
}

// someInstants are instants within a script, some of them those of its
// inputs.
func someInstants(r *rand.Rand, s *proving.Script, n int) []value.Time {
	if len(s.Inputs) == 0 {
		return nil
	}
	from := s.Inputs[0].At
	var list []value.Time
	for range n {
		t := from + value.Time(r.Int64N(int64(max(s.Until-from, 0))+1))
		if r.IntN(3) == 0 {
			t = min(s.Inputs[r.IntN(len(s.Inputs))].At+value.Time(r.IntN(3))-1, s.Until)
		}
		list = append(list, max(t, from))
	}
	slices.Sort(list)
	return list
}

// TestLaws checks what holds of every play, whatever the program means.
func TestLaws(t *testing.T) {
	every(t, *cases/3, func(c *proving.Case, plan *orchestrator.Plan) string {
		if proving.NewMachine(plan, c.Script).Play(c.Script).Endless {
			return ""
		}
		d := newDriver(plan, c.Script)
		l := &laws{d: d, quiet: &orchestrator.World{Live: plan}, r: chance(c), clocks: map[string]value.Time{}}
		d.between = l.check
		rec := d.play()
		if l.broken != "" {
			return l.broken
		}
		return afterwards(d, rec)
	})
}

// afterwards checks the record: nothing is sent by a run that has ended, and
// no send twice.
func afterwards(d *driver, rec *proving.Record) string {
	over := map[string]bool{}
	for _, f := range rec.Facts {
		switch {
		case f.Kind == "ended":
			over[f.Name] = true
		case over[f.Name] && f.Kind != "goal":
			return "a run goes on after its end: " + f.String()
		}
	}
	for key, n := range d.sent {
		if n > 1 {
			return fmt.Sprintf("%s was sent %d times", key, n)
		}
	}
	return ""
}

type laws struct {
	d      *driver
	quiet  *orchestrator.World
	r      *rand.Rand
	clocks map[string]value.Time
	broken string
}

func (l *laws) fail(format string, args ...any) {
	if l.broken == "" {
		l.broken = fmt.Sprintf(format, args...)
	}
}

// check looks at the person between two calls.
func (l *laws) check() {
	p := l.d.m.Person
	for _, r := range p.Runs {
		if before, known := l.clocks[r.ID]; known && r.Clock < before {
			l.fail("the clock of %s goes back from %s to %s", r.ID, before, r.Clock)
		}
		l.clocks[r.ID] = r.Clock
		if r.Clock > l.d.m.Now {
			l.fail("the clock of %s is ahead of now: %s", r.ID, r.Clock)
		}
	}
	if l.r.IntN(6) == 0 {
		l.settle(p)
		l.strangers(p)
		l.twice(p)
	}
}

// later is an instant from now on, often one at which something is due.
func (l *laws) later(p *profiles.Person) value.Time {
	t := l.d.m.Now + value.Time(l.r.Int64N(int64(20*value.Day)))
	if due := l.quiet.NextDue(p); due != 0 && l.r.IntN(2) == 0 {
		t = due + value.Time(l.r.IntN(3)) - 1
	}
	return max(t, l.d.m.Now)
}

// settle: to settle twice is to settle once, and to settle on the way changes
// nothing of where it leads.
func (l *laws) settle(p *profiles.Person) {
	t := l.later(p)
	half := l.d.m.Now + (t-l.d.m.Now)/2
	once, twice, halves := l.copy(p), l.copy(p), l.copy(p)
	l.quiet.Settle(once, t)
	l.quiet.Settle(twice, t)
	l.quiet.Settle(twice, t)
	l.quiet.Settle(halves, half)
	l.quiet.Settle(halves, t)
	l.same(once, twice, "settled twice")
	for _, p := range []*profiles.Person{once, halves} {
		for _, s := range p.Ledger {
			if s.State == profiles.Planned {
				s.At = 0 // since when it stands in line is when it was found due
			}
		}
	}
	l.same(once, halves, "settled half way")
}

// strangers: a run that is unknown or has ended changes nothing by being
// advanced or claimed.
func (l *laws) strangers(p *profiles.Person) {
	t := l.later(p)
	run := proving.PersonID + ".99999"
	if len(p.Ended) > 0 && l.r.IntN(2) == 0 {
		run = p.Ended[l.r.IntN(len(p.Ended))].ID
	}
	without, advanced, claimed := l.copy(p), l.copy(p), l.copy(p)
	l.quiet.Apply(without, nil, t)
	out := orchestrator.Outcome{State: profiles.Sent}
	if order, _ := l.quiet.Advance(advanced, run, &out, t); order.Kind != orchestrator.EndRun {
		l.fail("a run that is not live is told to go on: %+v", order)
	}
	if c := l.quiet.Claim(claimed, run, t, "stranger", 0); c.Verdict == orchestrator.Claimed {
		l.fail("a send of a run that is not live is claimed")
	}
	l.same(without, advanced, "advanced a run that is not live")
	l.same(without, claimed, "claimed for a run that is not live")
}

// twice: the outcome of a send counts once.
func (l *laws) twice(p *profiles.Person) {
	run, ok := planned(p)
	if !ok {
		return
	}
	now := l.d.m.Now
	once := l.copy(p)
	if c := l.quiet.Claim(once, run, now, "once", 0); c.Verdict != orchestrator.Claimed {
		return
	}
	again := l.copy(once)
	if c := l.quiet.Claim(again, run, now, "again", 0); c.Verdict != orchestrator.NotYet {
		l.fail("a claimed send is claimed again: %v", c.Verdict)
	}
	again = l.copy(once)
	out := orchestrator.Outcome{State: profiles.Sent}
	l.quiet.Advance(once, run, &out, now)
	if _, still := orchestratorPending(once, run); still {
		return // it stands at its next send: that one is another
	}
	l.quiet.Advance(again, run, &out, now)
	l.quiet.Advance(again, run, &orchestrator.Outcome{State: profiles.Failed, Reason: "late"}, now)
	l.same(once, again, "settled a send twice")
}

func orchestratorPending(p *profiles.Person, run string) (*profiles.Send, bool) {
	s := orchestrator.Pending(p, run)
	return s, s != nil
}

func (l *laws) copy(p *profiles.Person) *profiles.Person {
	var s stored
	if err := s.put(p); err != nil {
		l.fail("%v", err)
		return p
	}
	c, err := s.get()
	if err != nil {
		l.fail("%v", err)
		return p
	}
	return c
}

// same compares two people, but for when something was last done with them
// and what of it is told to others.
func (l *laws) same(a, b *profiles.Person, what string) {
	a, b = l.copy(a), l.copy(b)
	for _, p := range []*profiles.Person{a, b} {
		p.Last = 0
		for _, r := range slices.Concat(p.Runs, p.Ended) {
			r.Seq, r.Wake = 0, 0
		}
	}
	var x, y stored
	if err := x.put(a); err != nil {
		l.fail("%v", err)
	}
	if err := y.put(b); err != nil {
		l.fail("%v", err)
	}
	if !bytes.Equal(x.core, y.core) {
		l.fail("%s: another person comes of it", what)
	}
}

// TestTicks calls the machine at instants at which nothing is due: looking
// once more changes nothing, so nothing that time moves was overlooked.
func TestTicks(t *testing.T) {
	every(t, *cases/3, func(c *proving.Case, plan *orchestrator.Plan) string {
		want := proving.NewMachine(plan, c.Script).Play(c.Script)
		if want.Endless {
			return ""
		}
		d := newDriver(plan, c.Script)
		d.also = someInstants(chance(c), c.Script, 40)
		d.poke = []orchestrator.Input{{Kind: orchestrator.TickInput}}
		return proving.Diff(want, d.play())
	})
}

// TestHalves stops a simulation somewhere and goes on.
func TestHalves(t *testing.T) {
	every(t, *cases/6, func(c *proving.Case, plan *orchestrator.Plan) string {
		want := proving.NewMachine(plan, c.Script).Play(c.Script)
		if want.Endless {
			return ""
		}
		m := proving.NewMachine(plan, c.Script)
		inputs := c.Script.MachineInputs()
		for _, t := range someInstants(chance(c), c.Script, 3) {
			n, _ := slices.BinarySearchFunc(inputs, t+1, func(in simulator.Input, t value.Time) int { return int(in.At - t) })
			m.Run(inputs[:n], t)
			inputs = inputs[n:]
		}
		m.Run(inputs, c.Script.Until)
		return proving.Diff(want, m.Finish())
	})
}

// TestLazy calls the machine with the inputs alone. What was due in between
// happens then, each thing at its own instant; so nothing is different, where
// nothing is sent.
func TestLazy(t *testing.T) {
	generate := func(i uint64) *proving.Case { return proving.Generate(*seed, i).Mute() }
	everyOf(t, *cases/6, generate, func(c *proving.Case, plan *orchestrator.Plan) string {
		want := proving.NewMachine(plan, c.Script).Play(c.Script)
		if want.Endless {
			return ""
		}
		m := proving.NewMachine(plan, c.Script)
		inputs := c.Script.MachineInputs()
		for len(inputs) > 0 {
			at := inputs[0].At
			var now []orchestrator.Input
			for len(inputs) > 0 && inputs[0].At == at {
				now, inputs = append(now, inputs[0].Input), inputs[1:]
			}
			m.World.Apply(m.Person, now, at)
		}
		m.World.Apply(m.Person, nil, c.Script.Until)
		return proving.Diff(want, m.Finish())
	})
}
