package why

import (
	"strings"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Condition says, while a run stands at an `if`, why it goes which way; "" at
// any other step.
func Condition(w *orchestrator.World, p *profiles.Person, run string, at value.Time) string {
	r, ok := p.Run(run)
	if !ok {
		return ""
	}
	x := &explainer{world: w, probe: w.Probe(p, at), p: p, at: at, zone: p.Zone(w.Live.Settings.Zone)}
	s, ok := x.probe.Step(r).(*dsl.If)
	if !ok {
		return ""
	}
	c := x.check(s.Cond, x.probe.OnRun(r))
	return c.sentence()
}

// Ignored says, while an event is being handled, why a journey's entry (by its
// id) did not let in: what of its `where` does not hold. "" where that cannot
// be told.
func Ignored(w *orchestrator.World, p *profiles.Person, journey, entry string, at value.Time) string {
	j, ok := w.Live.Journey(journey)
	if !ok {
		return ""
	}
	x := &explainer{world: w, probe: w.Probe(p, at), p: p, j: j, at: at, zone: p.Zone(w.Live.Settings.Zone)}
	for _, e := range j.Entries {
		if e.ID != entry || e.Where == nil || e.Each != "" {
			continue
		}
		if ev := x.newest(e.Event); ev != nil {
			c := x.check(e.Where, x.probe.OnEvent(ev))
			return c.sentence()
		}
	}
	return ""
}

// Unmet says what a condition on a person that does not hold asks about, and of
// several parts which; "" where nothing can be told.
func Unmet(w *orchestrator.World, p *profiles.Person, c *cond.Expr, at value.Time) string {
	x := &explainer{world: w, probe: w.Probe(p, at), p: p, at: at, zone: p.Zone(w.Live.Settings.Zone)}
	out := x.check(c, x.probe.OnPerson())
	if out.Holds || len(out.Parts) > 0 {
		return out.sentence()
	}
	return strings.Join(out.Reads, ", ")
}

// sentence is a condition on one line: that it holds, or the parts of it that
// do not, each with what it asks about.
func (c *Check) sentence() string {
	if c.Holds {
		return "`" + c.Condition + "` holds"
	}
	var parts []string
	c.blame(func(part *Check) {
		says := "`" + part.Condition + "` does not hold"
		if len(part.Reads) > 0 {
			says += " (" + strings.Join(part.Reads, ", ") + ")"
		}
		parts = append(parts, says)
	})
	return strings.Join(parts, "; ")
}

// blame calls f with the smallest parts that do not hold.
func (c *Check) blame(f func(*Check)) {
	deeper := false
	for i := range c.Parts {
		if !c.Parts[i].Holds {
			c.Parts[i].blame(f)
			deeper = true
		}
	}
	if !deeper {
		f(c)
	}
}
