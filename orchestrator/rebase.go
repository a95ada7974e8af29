package orchestrator

import (
	"journey/dsl/value"
	"journey/profiles"
)

// Rebase fits a person to the live release: what is derived (segments,
// computed traits, what is kept, the baselines of `enter when`) is computed
// for it. It makes no entries, except those that say `including existing`.
// Apply, Advance and Claim do it by themselves for a person who carries an
// older release.
func (w *World) Rebase(p *profiles.Person, now value.Time) Result {
	m := w.begin(p, now)
	m.settle(now)
	m.at = now
	m.close(now)
	return m.finish("")
}

// changeover does it at the instant at which the release went live: what was
// due before happens before, under the release that was live then, if that is
// still known.
func (m *machine) changeover() {
	if since := min(m.Since, m.now); since > m.at {
		if old := m.older(m.p.Release); old != nil {
			m.plan = old
			m.settle(since)
			m.plan = m.Live
		}
		m.at = since
	}
	m.rebase()
}

// older is a release that was live before; nil if it is not known.
func (m *machine) older(hash string) *Plan {
	if hash == "" || m.Release == nil {
		return nil
	}
	return m.Release(hash)
}

// rebase does it now.
func (m *machine) rebase() {
	p := m.p
	p.Release = m.plan.Hash
	m.quiet = true
	m.startRunning()
	m.rederive()
	var fresh []*when
	known := map[string]bool{}
	for _, wh := range m.plan.whens {
		held, had := p.Whens[wh.key]
		holds := wh.entry.When.Bool(m.about())
		m.look()
		known[wh.key] = true
		if holds && wh.entry.Including && !had {
			fresh = append(fresh, wh)
		}
		if held != holds || !had {
			m.baseline(wh, holds)
		}
	}
	for key := range p.Whens {
		if !known[key] {
			delete(p.Whens, key)
		}
	}
	m.lookAtRuns()
	m.rebaseCalendar()
	m.changed, m.quiet = changes{}, false
	for _, wh := range fresh {
		if p.Last > 0 { // somebody who exists already
			m.enterWhen(wh)
		}
	}
}

// rederive computes every computed trait, segment and rule of a tag of the live
// release and drops those that it does not have.
func (m *machine) rederive() {
	p := m.p
	p.Moment = 0
	m.dropRules()
	for _, d := range m.plan.Derived {
		switch {
		case d.Trait != nil:
			m.compute(d.Trait)
		case d.Segment != nil:
			m.member(d.Segment)
		default:
			m.ruleTag(d.Tag)
		}
	}
	for name := range p.Segments {
		if _, ok := m.plan.Segment(name); !ok && !profiles.IsRuledTag(name) {
			delete(p.Segments, name)
		}
	}
}

// startRunning begins the running values that are new with the release from
// what is kept: before that they count only from now on.
func (m *machine) startRunning() {
	p := m.p
	for kind, list := range m.plan.running {
		for _, r := range list {
			if p.Running[r.Key()] != nil || len(p.Kept(kind)) == 0 {
				continue
			}
			if p.Running == nil {
				p.Running = map[string]*profiles.Aggregate{}
			}
			a := &profiles.Aggregate{}
			for _, e := range p.Kept(kind) {
				a.Add(r, e)
			}
			p.Running[r.Key()] = a
		}
	}
}

// lookAtRuns notes when time next moves a condition of a live run.
func (m *machine) lookAtRuns() {
	for _, r := range m.p.Runs {
		j := m.journey(r)
		if j == nil {
			continue
		}
		for _, x := range j.Exits {
			if x.When != nil && x.When.Reads().Now {
				x.When.Bool(m.aboutRun(r, m.at, nil))
				m.look()
			}
		}
		m.lookAtWait(r)
	}
}
