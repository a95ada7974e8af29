package orchestrator

import (
	"slices"
	"strconv"
	"strings"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Reasons for which a run ends that no journey names.
const (
	EndedEnd    = "end"
	EndedFilter = "filter"
	EndedPast   = "past"
	EndedMerged = "merged"
	EndedGone   = "stopped" // its release is gone, or it was stopped by hand
)

// goals counts an event for the goals of runs, live and ended. Every run
// counts, but a value is credited once for each journey and goal: to the run
// with the newest sent message, without any to the newest entry.
func (m *machine) goals(e *cond.Event) {
	var credit map[string]*profiles.Run // by journey and goal
	var reached []reaching
	for _, list := range [][]*profiles.Run{m.p.Ended, m.p.Runs} {
		for _, r := range list {
			for _, g := range m.goalsOf(r, e) {
				if !m.counts(r, g, e) {
					continue
				}
				v, valued := m.goalValue(r, g, e)
				if r.Goals == nil {
					r.Goals = map[string]profiles.Goal{}
				}
				r.Goals[g.Name] = profiles.Goal{At: m.at, Value: v}
				key := r.Journey + "\x00" + g.Name
				if credit == nil {
					credit = map[string]*profiles.Run{}
				}
				if best := credit[key]; best == nil || moreRecent(r, best) {
					credit[key] = r
				}
				reached = append(reached, reaching{r, g, valued})
			}
		}
	}
	for key, r := range credit {
		name := key[len(r.Journey)+1:]
		g := r.Goals[name]
		g.Credited = true
		r.Goals[name] = g
	}
	for _, at := range reached {
		t := Trace{Name: at.goal.Name}
		if g := at.run.Goals[at.goal.Name]; g.Credited && at.valued {
			t.Value = g.Value
		}
		m.traceRun(TraceGoal, at.run, t)
	}
}

// reaching is a run that reaches a goal.
type reaching struct {
	run    *profiles.Run
	goal   *dsl.Goal
	valued bool // the event has a value for it
}

func (m *machine) goalsOf(r *profiles.Run, e *cond.Event) []*dsl.Goal {
	if ev := m.planOf(r).onEvent[e.Name]; ev != nil {
		return ev.goals[r.Journey]
	}
	return nil
}

func (m *machine) counts(r *profiles.Run, g *dsl.Goal, e *cond.Event) bool {
	if _, done := r.Goals[g.Name]; done || began(r, e) {
		return false
	}
	env := m.aboutRun(r, m.at, e)
	within := g.Within.Duration(env)
	if e.At < r.Entry.At || e.At > r.Entered.Add(within) {
		return false
	}
	return g.Where == nil || g.Where.Bool(env)
}

func (m *machine) goalValue(r *profiles.Run, g *dsl.Goal, e *cond.Event) (float64, bool) {
	if g.Value == nil {
		return 0, false
	}
	v, ok := g.Value.Value(m.aboutRun(r, m.at, e)).(float64)
	return v, ok
}

func moreRecent(a, b *profiles.Run) bool {
	if a.Sent != b.Sent {
		return a.Sent > b.Sent
	}
	if a.Entered != b.Entered {
		return a.Entered > b.Entered
	}
	return entryNumber(a) > entryNumber(b)
}

// entryNumber says which of two runs of one instant was entered later.
func entryNumber(r *profiles.Run) int {
	n, _ := strconv.Atoi(r.ID[strings.LastIndexByte(r.ID, '.')+1:])
	return n
}

// began says whether the event is the one that began the run: it neither ends
// it nor satisfies its waits.
func began(r *profiles.Run, e *cond.Event) bool {
	return r.Entry == e || e.ID != "" && r.Entry.ID == e.ID
}

// exits ends the runs that an event ends.
func (m *machine) exits(e *cond.Event) {
	for _, r := range m.live() {
		j := m.journey(r)
		if j == nil || began(r, e) {
			continue
		}
		for i, x := range j.Exits {
			if r.State != profiles.Ended && m.exitsBy(r, x, e) {
				m.leave(r, j, i)
			}
		}
	}
}

func (m *machine) exitsBy(r *profiles.Run, x *dsl.Exit, e *cond.Event) bool {
	switch {
	case x.Goal != "":
		g, counted := r.Goals[x.Goal]
		return counted && g.At == m.at
	case x.Event != e.Name || e.At < r.Entry.At:
		return false
	}
	return x.Where == nil || x.Where.Bool(m.aboutRun(r, m.at, e))
}

// leave ends a run by one of its journey's exit clauses.
func (m *machine) leave(r *profiles.Run, j *dsl.Journey, clause int) {
	m.clause = clause + 1
	m.end(r, j.Exits[clause].Reason)
	m.clause = 0
}

// end ends a run. A send that is planned but not yet attempted is dropped.
func (m *machine) end(r *profiles.Run, reason string) {
	if r.State == profiles.Ended {
		return
	}
	m.traceRun(TraceEnded, r, Trace{Detail: reason, Clause: m.clause})
	m.clause = 0
	if s := pending(m.p, r); s != nil && s.State == profiles.Planned {
		m.p.Ledger = slices.DeleteFunc(m.p.Ledger, func(o *profiles.Send) bool { return o == s })
	}
	r.State, r.Reason, r.EndedAt, r.Until = profiles.Ended, reason, m.at, 0
	r.Arms = nil
	if !m.uncounted(r) {
		r.Vars = nil // a goal may read them
	}
	delete(m.ready, r)
	m.p.Runs = slices.DeleteFunc(m.p.Runs, func(o *profiles.Run) bool { return o == r })
	m.p.Ended = append(m.p.Ended, r)
	m.ended = append(m.ended, r)
	m.changed.journey(r.Journey)
	m.forget()
}

// forget drops the oldest of the ended runs. Kept are the newest of all, and
// of those that a goal of theirs can still count for the newest of each
// journey.
func (m *machine) forget() {
	over := len(m.p.Ended) - maxEnded
	if over <= 0 {
		return
	}
	open := map[string]int{} // by journey, from the newest
	keep := make([]bool, len(m.p.Ended))
	for i := len(m.p.Ended) - 1; i >= 0; i-- {
		r := m.p.Ended[i]
		if m.goalOpen(r) && open[r.Journey] < maxOpen {
			open[r.Journey]++
			keep[i] = true
		}
	}
	i := -1
	m.p.Ended = slices.DeleteFunc(m.p.Ended, func(*profiles.Run) bool {
		i++
		if over <= 0 || keep[i] {
			return false
		}
		over--
		return true
	})
}

// goalOpen says whether a goal of a run can still count for what happens now,
// or arrives late.
func (m *machine) goalOpen(r *profiles.Run) bool {
	return slices.ContainsFunc(m.goalsLeft(r), func(g *dsl.Goal) bool {
		within := g.Within.Duration(m.aboutRun(r, m.at, nil))
		return m.at.Sub(r.Entered.Add(within)) <= m.lateAfter()
	})
}

// uncounted says whether a goal of a run has not been counted: an event that
// is imported may be old enough.
func (m *machine) uncounted(r *profiles.Run) bool { return len(m.goalsLeft(r)) > 0 }

func (m *machine) goalsLeft(r *profiles.Run) []*dsl.Goal {
	j := m.journey(r)
	if j == nil {
		return nil
	}
	if len(r.Goals) == 0 {
		return j.Goals
	}
	var left []*dsl.Goal
	for _, g := range j.Goals {
		if _, done := r.Goals[g.Name]; !done {
			left = append(left, g)
		}
	}
	return left
}

// End ends all runs of a person at once, whatever was due: somebody has
// stepped in. Nothing else happens to the person.
func (w *World) End(p *profiles.Person, reason string, now value.Time) Result {
	m := w.begin(p, now)
	m.at = now
	for _, r := range slices.Clone(p.Runs) {
		m.end(r, reason)
	}
	return m.finish("")
}
