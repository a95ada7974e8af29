package simulator

import (
	"cmp"
	"slices"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Input is something that happens to the person at an instant. Inputs of one
// instant are taken in their order.
type Input struct {
	At value.Time
	orchestrator.Input
}

// Sent is a message that was delivered.
type Sent struct {
	At value.Time
	orchestrator.Rendered
}

// Simulation is one person in virtual time. The zero value of its optional
// fields is ready to use; it is for one goroutine.
type Simulation struct {
	World  *orchestrator.World
	Person *profiles.Person
	// Deliver stands for the provider; nil accepts everything.
	Deliver func(orchestrator.Rendered) orchestrator.Outcome
	// Sends are the delivered messages, in order.
	Sends []Sent
	// Now is the instant up to which everything has happened.
	Now value.Time
}

// New is a simulation of somebody of whom nothing is known yet.
func New(world *orchestrator.World, id string, start value.Time) *Simulation {
	return &Simulation{World: world, Person: profiles.New(id, start), Now: start}
}

// Run lets everything happen until an instant, that instant included: the
// inputs, and what time alone brings about. It answers what became of each
// input, in the order of their instants.
func (s *Simulation) Run(inputs []Input, until value.Time) []orchestrator.Answer {
	inputs = slices.Clone(inputs)
	slices.SortStableFunc(inputs, func(a, b Input) int { return cmp.Compare(a.At, b.At) })
	var answers []orchestrator.Answer
	for {
		at, ok := s.next(inputs)
		if !ok || at > until {
			break
		}
		var now []orchestrator.Input
		for len(inputs) > 0 && inputs[0].At <= at {
			now, inputs = append(now, inputs[0].Input), inputs[1:]
		}
		answers = append(answers, s.Step(now, at)...)
	}
	s.Now = max(s.Now, until)
	return answers
}

// next is the next instant at which anything happens.
func (s *Simulation) next(inputs []Input) (value.Time, bool) {
	at := s.World.NextDue(s.Person)
	if len(inputs) > 0 && (at == 0 || inputs[0].At < at) {
		return max(inputs[0].At, s.Now), true
	}
	return max(at, s.Now), at != 0
}

// Pass lets time alone pass until an instant, that instant included.
func (s *Simulation) Pass(until value.Time) {
	for {
		at, ok := s.next(nil)
		if !ok || at > until {
			break
		}
		s.Step(nil, at)
	}
	s.Now = max(s.Now, until)
}

// Merge makes one person of the simulated one and another, who goes into him
// with all that is going on. What was due of either must have happened.
func (s *Simulation) Merge(loser *profiles.Person, at value.Time) {
	s.Now = at
	s.World.Merge(s.Person, loser, 0, profiles.Cause{}, at)
	for s.send(at) {
	}
}

// Step takes the inputs of one instant and does what is due at it, sends
// included: work takes no time here.
func (s *Simulation) Step(inputs []orchestrator.Input, at value.Time) []orchestrator.Answer {
	s.Now = at
	res := s.World.Apply(s.Person, inputs, at)
	for s.send(at) {
	}
	return res.Answers
}

// send makes the first send that is planned; false when there is none.
func (s *Simulation) send(at value.Time) bool {
	for _, e := range s.Person.Ledger {
		if r, live := s.Person.Run(e.Run); e.State != profiles.Planned || !live || r.State != profiles.Sending {
			continue // made, or held over quiet hours
		}
		c := s.World.Claim(s.Person, e.Run, at, "simulator", 0)
		switch c.Verdict {
		case orchestrator.NotYet:
			continue // its journey is paused
		case orchestrator.Claimed:
			s.deliver(e.Run, c.Message, at)
		}
		return true
	}
	return false
}

func (s *Simulation) deliver(run string, msg orchestrator.Rendered, at value.Time) {
	outcome := orchestrator.Outcome{State: profiles.Sent}
	if s.Deliver != nil {
		outcome = s.Deliver(msg)
	}
	if outcome.State == profiles.Sent {
		s.Sends = append(s.Sends, Sent{at, msg})
	}
	s.World.Advance(s.Person, run, &outcome, at)
}
