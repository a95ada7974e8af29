package orchestrator

import (
	"journey/dsl"
	"journey/profiles"
)

// repeat brings a run to a Repeat: for the first time, or back from its
// block. Between rounds it waits.
func (m *machine) repeat(r *profiles.Run, s *dsl.Repeat) {
	begun := r.Rounds[r.Step]
	if begun > 0 && begun < s.Times && s.Every != nil {
		until := r.Clock.Add(s.Every.Duration(m.atStep(r, s.Slot)))
		if until > r.Clock {
			m.wait(r, until)
			return
		}
	}
	m.round(r, s)
}

// round begins the next round of a Repeat, or goes on behind it.
func (m *machine) round(r *profiles.Run, s *dsl.Repeat) {
	step, begun := r.Step, r.Rounds[r.Step]
	if begun >= s.Times || s.While != nil && !s.While.Bool(m.atStep(r, s.Slot)) {
		delete(r.Rounds, step)
		m.take(r, s.Next, "done")
		return
	}
	if r.Rounds == nil {
		r.Rounds = map[int]int{}
	}
	r.Rounds[step] = begun + 1
	m.take(r, s.Body, "round")
}

// pass counts how often a run has come to a send: inside a repeat more than
// once.
func (m *machine) pass(r *profiles.Run) int {
	if len(r.Rounds) == 0 {
		return 1
	}
	if r.Passes == nil {
		r.Passes = map[int]int{}
	}
	r.Passes[r.Step]++
	return r.Passes[r.Step]
}
