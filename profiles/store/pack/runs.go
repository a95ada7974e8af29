package pack

import (
	"maps"
	"slices"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// What a run has beside its place and clock: one bit each.
const (
	runKey = 1 << iota
	runEntry
	runState
	runUntil
	runBack
	runBase
	runBaseClock // Base is Clock
	runWake
	runDepth
	runVars
	runArms
	runGoals
	runSent
	runEnded
	runRounds
	runPasses
	runSends
)

func bit(has bool, b uint64) uint64 {
	if has {
		return b
	}
	return 0
}

func (e *encoder) run(p *profiles.Person, r *profiles.Run) {
	atClock := r.Base == r.Clock && r.Base != 0
	has := bit(r.Key != "", runKey) | bit(r.Entry != nil, runEntry) | bit(r.State != 0, runState) |
		bit(r.Until != 0, runUntil) | bit(r.Back != 0, runBack) | bit(atClock, runBaseClock) |
		bit(r.Base != 0 && !atClock, runBase) | bit(r.Wake != 0, runWake) | bit(r.Depth != 0, runDepth) |
		bit(len(r.Vars) > 0, runVars) | bit(len(r.Arms) > 0, runArms) | bit(len(r.Goals) > 0, runGoals) |
		bit(r.Sent != 0, runSent) | bit(r.EndedAt != 0 || r.Reason != "", runEnded) |
		bit(len(r.Rounds) > 0, runRounds) | bit(len(r.Passes) > 0, runPasses) | bit(len(r.Sends) > 0, runSends)
	e.runID(p, r.ID)
	e.uint(has)
	e.str(r.Journey)
	e.str(r.Release)
	e.time(r.Entered)
	e.time(r.Clock)
	e.int(int64(r.Step))
	e.int(int64(r.Pass))
	e.int(r.Seq)
	if has&runKey != 0 {
		e.str(r.Key)
	}
	if has&runEntry != 0 {
		e.event(r.Entry)
	}
	if has&runState != 0 {
		e.buf = append(e.buf, byte(r.State))
	}
	for _, t := range [...]struct {
		bit uint64
		t   value.Time
	}{{runUntil, r.Until}, {runBack, r.Back}, {runBase, r.Base}, {runWake, r.Wake}, {runSent, r.Sent}} {
		if has&t.bit != 0 {
			e.time(t.t)
		}
	}
	if has&runDepth != 0 {
		e.int(int64(r.Depth))
	}
	if has&runVars != 0 {
		e.object(r.Vars)
	}
	if has&runArms != 0 {
		e.uint(uint64(len(r.Arms)))
		for _, ev := range r.Arms {
			e.event(ev)
		}
	}
	if has&runGoals != 0 {
		e.goals(r.Goals)
	}
	if has&runEnded != 0 {
		e.time(r.EndedAt)
		e.str(r.Reason)
	}
	if has&runRounds != 0 {
		e.counts(r.Rounds)
	}
	if has&runPasses != 0 {
		e.counts(r.Passes)
	}
	if has&runSends != 0 {
		e.uint(uint64(len(r.Sends)))
		for _, message := range sorted(e, r.Sends) {
			e.str(message)
			e.buf = append(e.buf, r.Sends[message])
		}
	}
}

// counts writes numbers by step.
func (e *encoder) counts(m map[int]int) {
	e.uint(uint64(len(m)))
	for _, step := range slices.Sorted(maps.Keys(m)) {
		e.int(int64(step))
		e.int(int64(m[step]))
	}
}

func (d *decoder) counts() map[int]int {
	n := d.count(2)
	m := make(map[int]int, n)
	for range n {
		step := d.small()
		m[step] = d.small()
	}
	return m
}

func (e *encoder) goals(m map[string]profiles.Goal) {
	e.uint(uint64(len(m)))
	for _, name := range sorted(e, m) {
		g := m[name]
		e.str(name)
		e.time(g.At)
		e.bool(g.Credited)
		e.float(g.Value)
	}
}

func (d *decoder) run(p *profiles.Person) *profiles.Run {
	r := &profiles.Run{ID: d.runID(p)}
	has := d.uint()
	r.Journey = d.str()
	r.Release = d.str()
	r.Entered = d.time()
	r.Clock = d.time()
	r.Step = d.small()
	r.Pass = d.small()
	r.Seq = d.int()
	if has&runKey != 0 {
		r.Key = d.str()
	}
	if has&runEntry != 0 {
		r.Entry = d.event()
	}
	if has&runState != 0 {
		r.State = profiles.RunState(d.byte())
	}
	if has&runBaseClock != 0 {
		r.Base = r.Clock
	}
	for _, t := range [...]struct {
		bit uint64
		t   *value.Time
	}{{runUntil, &r.Until}, {runBack, &r.Back}, {runBase, &r.Base}, {runWake, &r.Wake}, {runSent, &r.Sent}} {
		if has&t.bit != 0 {
			*t.t = d.time()
		}
	}
	if has&runDepth != 0 {
		r.Depth = d.small()
	}
	if has&runVars != 0 {
		r.Vars = d.object()
	}
	if has&runArms != 0 {
		r.Arms = make([]*cond.Event, d.count(1))
		for i := range r.Arms {
			r.Arms[i] = d.event()
		}
	}
	if has&runGoals != 0 {
		r.Goals = d.goals()
	}
	if has&runEnded != 0 {
		r.EndedAt = d.time()
		r.Reason = d.str()
	}
	if has&runRounds != 0 {
		r.Rounds = d.counts()
	}
	if has&runPasses != 0 {
		r.Passes = d.counts()
	}
	if has&runSends != 0 {
		n := d.count(2)
		r.Sends = make(map[string]uint8, n)
		for range n {
			message := d.str()
			r.Sends[message] = d.byte()
		}
	}
	return r
}

func (d *decoder) goals() map[string]profiles.Goal {
	n := d.count(4)
	m := make(map[string]profiles.Goal, n)
	for range n {
		name := d.str()
		m[name] = profiles.Goal{At: d.time(), Credited: d.byte() != 0, Value: d.float()}
	}
	return m
}

// What a send has beside its place and state.
const (
	sendReason = 1 << iota
	sendOwner
	sendDeadline
	sendDue // Due is not At
	sendExempt
)

func (e *encoder) send(p *profiles.Person, s *profiles.Send) {
	has := bit(s.Reason != "", sendReason) | bit(s.Owner != "", sendOwner) |
		bit(s.Deadline != 0, sendDeadline) | bit(s.Due != s.At, sendDue) | bit(s.Exempt, sendExempt)
	e.buf = append(e.buf, byte(has), byte(s.State))
	e.runID(p, s.Run)
	e.str(s.Step)
	e.int(int64(s.Pass))
	e.str(s.Journey)
	e.str(s.Message)
	e.str(s.Channel)
	e.time(s.At)
	if has&sendDue != 0 {
		e.time(s.Due)
	}
	if has&sendReason != 0 {
		e.str(s.Reason)
	}
	if has&sendOwner != 0 {
		e.str(s.Owner)
	}
	if has&sendDeadline != 0 {
		e.int(s.Deadline - int64(s.At))
	}
}

func (d *decoder) send(p *profiles.Person) *profiles.Send {
	has, state := d.byte(), d.byte()
	s := &profiles.Send{State: profiles.SendState(state), Run: d.runID(p), Step: d.str(), Pass: d.small(),
		Journey: d.str(), Message: d.str(), Channel: d.str(), At: d.time()}
	s.Due, s.Exempt = s.At, has&sendExempt != 0
	if has&sendDue != 0 {
		s.Due = d.time()
	}
	if has&sendReason != 0 {
		s.Reason = d.str()
	}
	if has&sendOwner != 0 {
		s.Owner = d.str()
	}
	if has&sendDeadline != 0 {
		s.Deadline = d.int() + int64(s.At)
	}
	return s
}
