package engine

import (
	"journey/dsl/value"
	"journey/eventlog"
	"journey/orchestrator"
	"journey/profiles"
)

// Every call of the machine that changes a person is made here, so that what
// was asked goes to the event log with the commit that it leads to: the same
// calls make the same person again (see replay.go).

// apply lets an input happen to the person.
func (v *visit) apply(in orchestrator.Input, now value.Time) orchestrator.Answer {
	if v.e.logBound > 0 {
		v.record(&eventlog.Record{Kind: kindOf(in.Kind), Now: now, Input: &in})
	}
	res := v.world.Apply(v.p, []orchestrator.Input{in}, now)
	v.take(res)
	return res.Answers[0]
}

func kindOf(kind orchestrator.InputKind) eventlog.Kind {
	switch kind {
	case orchestrator.EventInput:
		return eventlog.Event
	case orchestrator.IdentifyInput:
		return eventlog.Identify
	case orchestrator.RequestInput:
		return eventlog.Request
	case orchestrator.TagsInput:
		return eventlog.Tags
	}
	return eventlog.Tick
}

// goOn lets a run go on, with what its send or call came to, if anything.
func (v *visit) goOn(run string, outcome *orchestrator.Outcome) orchestrator.Order {
	now := v.moment()
	if v.e.logBound > 0 {
		r := eventlog.Record{Kind: eventlog.Advance, Now: now, Run: run, Outcome: outcome}
		if outcome != nil {
			r.Kind = eventlog.Settlement
		}
		v.record(&r)
	}
	order, res := v.world.Advance(v.p, run, outcome, now)
	v.take(res)
	return order
}

// claim claims the send of a run for an owner, unless what it would say is not
// wanted (nil: anything is): then only what was due before holds.
func (v *visit) claim(run string, now value.Time, owner string, deadline int64, wanted func(*orchestrator.Rendered) bool) orchestrator.Claim {
	s := orchestrator.Pending(v.p, run)
	var before profiles.Send
	if s != nil {
		before = *s
	}
	c := v.world.Claim(v.p, run, now, owner, deadline)
	v.take(c.Result)
	dropped := s != nil && c.Verdict == orchestrator.Claimed && wanted != nil && !wanted(&c.Message)
	if dropped {
		*s = before
	}
	if v.e.logBound > 0 {
		v.record(&eventlog.Record{Kind: eventlog.Claim, Now: now, Run: run, Owner: owner, Deadline: deadline, Dropped: dropped})
	}
	return c
}

// end ends all runs of the person.
func (v *visit) end(reason string) {
	now := v.instant()
	if v.e.logBound > 0 {
		v.record(&eventlog.Record{Kind: eventlog.End, Now: now, Reason: reason})
	}
	v.take(v.world.End(v.p, reason, now))
}

// fit fits the person to the live release.
func (v *visit) fit() {
	now := v.moment()
	if v.e.logBound > 0 {
		v.record(&eventlog.Record{Kind: eventlog.Fit, Now: now})
	}
	v.take(v.world.Rebase(v.p, now))
}

// merge lets the person absorb another, who was stored at a version.
func (v *visit) merge(loser *profiles.Person, version uint64, cause profiles.Cause, now value.Time) {
	if v.e.logBound > 0 {
		v.record(&eventlog.Record{Kind: eventlog.Merge, Now: now, Other: loser.ID, OtherVersion: version, Cause: cause})
	}
	v.take(v.world.Merge(v.p, loser, version, cause, now))
}

// begun begins the entry of the event log. A commit that the machine had no
// part in (the flag of a wake was cleared) leaves one without records: then a
// gap in a person's versions means that entries are missing.
func (v *visit) begun() {
	if v.log != nil {
		return
	}
	e := eventlog.Entry{
		Profile: v.p.ID, Version: v.base.Version() + 1, Release: v.live.number,
		Paused: v.live.switches.Paused, Stopped: v.live.switches.Stopped,
	}
	if v.base == nil {
		e.Born = v.p.Created
	}
	v.log = eventlog.Begin(&e)
}

func (v *visit) record(r *eventlog.Record) {
	v.begun()
	var err error
	if v.log, err = eventlog.Append(v.log, r); err != nil && v.logErr == nil {
		v.logErr = err
	}
}
