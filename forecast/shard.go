package forecast

import (
	"crypto/sha256"
	"encoding/hex"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/simulator"
)

// someone is a person with what a forecast keeps of him.
type someone struct {
	p     *profiles.Person
	live  bool // the journeys are live for him: his time is after the beginning
	tally tally
}

var _ orchestrator.Observer = (*worker)(nil)

// Known is the person.
func (s *someone) Known() *profiles.Person { return s.p }

// Since is when he was first met.
func (s *someone) Since() value.Time { return s.p.Created }

// members are the people of a group, in the order in which they were met.
type members struct{ list []*someone }

// owner is the one whom an identifier leads to.
func (m *members) owner(id profiles.Identifier) (*someone, bool) {
	for _, s := range m.list {
		if s.p.HasIdentifier(id.Trait, id.Value) {
			return s, true
		}
	}
	return nil, false
}

// holder is the one who holds all of some identifiers, as mostly somebody
// does; nil: it needs thought.
func (m *members) holder(ids []profiles.Identifier) *someone {
	s, _ := m.owner(ids[0])
	for _, id := range ids[1:] {
		if s == nil || !s.p.HasIdentifier(id.Trait, id.Value) {
			return nil
		}
	}
	return s
}

// worker works on some of the shards; it is one goroutine.
type worker struct {
	o      *Options
	rules  *intake.Rules
	queue  chan []op
	groups map[int32]*members

	before, live *orchestrator.World // before the beginning no journey is live
	sim          simulator.Simulation
	shard        *counts // of the group at hand
	shards       map[int]*counts
	figures      *figures
	days         days
	who          *someone // whom what happens happens to

	computed []string // traits that follow from others
}

// work does what is queued, until the queue is closed.
func (w *worker) work() {
	for ops := range w.queue {
		for i := range ops {
			w.do(&ops[i])
		}
	}
}

func (w *worker) do(o *op) {
	w.at(o.group)
	switch {
	case o.away != nil:
		o.away <- w.groups[o.group]
		delete(w.groups, o.group)
	case o.from != nil:
		w.members(o.group).list = append(w.members(o.group).list, (<-o.from).list...)
	default:
		w.take(w.members(o.group), o.call)
	}
}

// at makes a group the one at hand.
func (w *worker) at(group int32) {
	n := int(group % shards)
	if w.shard = w.shards[n]; w.shard == nil {
		w.shard = newCounts()
		w.shards[n] = w.shard
	}
}

func (w *worker) members(group int32) *members {
	m := w.groups[group]
	if m == nil {
		m = &members{}
		w.groups[group] = m
	}
	return m
}

// take brings a call to its person.
func (w *worker) take(m *members, c *call) {
	if w.aliasOfUser(m, c) {
		w.shard.unused++
		return
	}
	if s := m.holder(c.ids); s != nil {
		w.apply(s, c.ids, c)
		return
	}
	for {
		kept, owners, dropped := intake.Choose(w.rules, c.ids, m.owner)
		switch len(owners) {
		case 0:
			w.apply(w.born(m, c), kept, c)
		case 1:
			w.apply(owners[0], kept, c)
		default:
			w.unite(m, owners, c.arrived)
			continue
		}
		w.shard.dropped += len(dropped)
		return
	}
}

// aliasOfUser says whether an alias names somebody who has a user_id: two
// people are not made one by it.
func (w *worker) aliasOfUser(m *members, c *call) bool {
	if c.prev == "" || c.prev == c.user {
		return false
	}
	_, is := m.owner(profiles.Identifier{Trait: "user_id", Value: c.prev})
	return is
}

// born is somebody new. His id, by which branches and control groups are
// drawn, follows from what he is first known by.
func (w *worker) born(m *members, c *call) *someone {
	sum := sha256.Sum256([]byte(c.ids[0].Trait + "\x00" + c.ids[0].Value))
	s := &someone{p: profiles.New(hex.EncodeToString(sum[:16]), c.arrived), live: w.o.From == 0}
	m.list = append(m.list, s)
	w.shard.met++
	return s
}

// unite makes people one, as a merge does.
func (w *worker) unite(m *members, parties []*someone, at value.Time) {
	winner := parties[0]
	for _, s := range parties[1:] {
		if intake.Stronger(w.rules, s, winner) {
			winner = s
		}
	}
	for _, s := range parties {
		if s == winner {
			continue
		}
		now := max(at, s.p.Last+1, winner.p.Last+1)
		w.let(s, now-1)
		w.let(winner, now-1)
		for _, name := range w.computed { // they follow from what is united
			delete(s.p.Traits, name)
		}
		w.on(winner).Merge(s.p, now)
		winner.p.Recent = nil
		winner.tally.merge(s.tally)
		m.remove(s)
		w.shard.merged++
	}
}

func (m *members) remove(s *someone) {
	for i, o := range m.list {
		if o == s {
			m.list = append(m.list[:i], m.list[i+1:]...)
			return
		}
	}
}

// on makes somebody the one whom what happens happens to.
func (w *worker) on(s *someone) *simulator.Simulation {
	w.who = s
	w.sim.Person, w.sim.Now, w.sim.Sends = s.p, s.p.Last, w.sim.Sends[:0]
	w.sim.World = w.live
	if !s.live {
		w.sim.World = w.before
	}
	return &w.sim
}

// let lets time pass for somebody, over the beginning too.
func (w *worker) let(s *someone, until value.Time) {
	if from := w.o.From; !s.live && until >= from-1 {
		w.on(s).Pass(from - 1)
		s.p.Release = "" // going live sets the baselines of conditions and calendars
		s.live = true
		w.on(s).World.Rebase(s.p, max(from-1, s.p.Last))
	}
	w.on(s).Pass(until)
}

// apply lets a call happen to somebody.
func (w *worker) apply(s *someone, kept []profiles.Identifier, c *call) {
	at := c.arrived
	if s.p.Last >= at {
		if s.p.Last > at {
			w.shard.behind++
		}
		at = s.p.Last + 1 // an instant of its own
	}
	w.let(s, at-1)
	in := c.in
	in.Identifiers = kept
	if c.at == 0 || c.at > at {
		c.at = at
	}
	in.At = c.at
	if in.Event != nil {
		in.Event.At = c.at
	}
	for _, a := range w.on(s).Step([]orchestrator.Input{in}, at) {
		if a.Duplicate {
			w.shard.repeats++
		}
	}
	s.p.Recent = nil // only a profile shows them
}
