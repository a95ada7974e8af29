package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// commitOf is the commit of what the tasks of a group made of a person.
func (e *Engine) commitOf(rec *record, v *visit, group []*task) (store.Commit, error) {
	c := store.Commit{
		Person: v.p, Base: rec.base, Release: v.live.number, Switches: v.live.switches.Version,
		Due: v.due(), Reactions: reactionsOf(v), LogBound: e.logBound,
	}
	if e.logBound > 0 {
		v.begun()
		c.Log = v.log
	}
	for _, t := range group {
		if t.lease != nil {
			c.Lease = t.lease
		}
		if !t.input {
			c.LogBound = 0
		}
		if v.p.Spilled > 0 && t.mark != nil && t.seen == nil {
			c.Check = append(c.Check, *t.mark)
		}
	}
	c.Spill = store.SpillMarks(v.p)
	return c, v.logErr
}

// committed takes the answer to a group's commit. again means that it was
// refused and everything is to be done once more on a fresh person.
func (e *Engine) committed(ctx context.Context, rec *record, v *visit, group []*task, done store.Committed) (again bool, err error) {
	var release *store.ReleaseError
	var moved *store.MovedError
	var seen *store.DuplicateError
	switch {
	case done.Err == nil:
		rec.base = done.Base
		e.follow(rec, v, group)
		return false, e.at("commit: its answer")
	case errors.Is(done.Err, store.ErrConflict):
		e.stats.conflicts.Add(1)
		return true, nil
	case errors.As(done.Err, &release):
		return true, e.agree(ctx, release.Live)
	case errors.Is(done.Err, store.ErrSwitches), errors.Is(done.Err, store.ErrUnknown): // Redis was emptied
		return true, e.refresh(ctx)
	case errors.Is(done.Err, store.ErrFenced):
		for _, t := range group {
			t.fenced = t.lease != nil
		}
		return true, nil
	case errors.As(done.Err, &seen):
		for _, t := range group {
			if m := markOf(seen.Seen, t.mark); m != nil {
				t.seen = m
			}
		}
		return true, nil
	case errors.As(done.Err, &moved):
		return false, &movedError{to: moved.To, finished: moved.Finished}
	}
	return false, e.away(done.Err)
}

// markOf finds a mark among others.
func markOf(list []profiles.Mark, mark *profiles.Mark) *profiles.Mark {
	for i := range list {
		if mark != nil && list[i].ID == mark.ID {
			return &list[i]
		}
	}
	return nil
}

// follow is what follows a commit: the person stays in memory, and the
// relay of this process hears of the reactions.
func (e *Engine) follow(rec *record, v *visit, group []*task) {
	e.stats.commits.Add(1)
	e.remember(rec, group)
	if e.observe != nil && len(v.traces) > 0 {
		e.observe(v.p.ID, v.traces)
	}
	if len(v.reactions) == 0 {
		return
	}
	select {
	case e.nudges <- store.Partition(v.p.ID):
	default: // the relay is behind, and will find them
	}
}

// remember keeps a person in memory. A decoded person takes some fifteen times
// what he takes in the store: maps, mostly.
func (e *Engine) remember(rec *record, group []*task) {
	asked := func(t *task) bool { return !t.cold }
	if rec.base == nil || rec.fresh && !slices.ContainsFunc(group, asked) {
		return // nobody is stored there, or nobody has asked for him
	}
	rec.fresh = false
	e.people.put(rec.person.ID, rec, 2048+15*int64(rec.base.Size()))
}

func reactionsOf(v *visit) []store.Reaction {
	if len(v.reactions) == 0 {
		return nil
	}
	list := make([]store.Reaction, len(v.reactions))
	for i, r := range v.reactions {
		kind := store.StartRun
		if r.Kind == orchestrator.WakeRun {
			kind = store.WakeRun
		}
		list[i] = store.Reaction{
			Kind: kind, Run: r.Run, Journey: r.Journey, Release: r.Release, Seq: r.Seq, At: v.p.Last,
			Order: store.Order{Kind: uint8(r.Order.Kind), Seq: r.Order.Seq, Until: r.Order.Until, Channel: r.Order.Channel},
		}
	}
	return list
}

// due is when the owner of the person's partition must look at him: at his
// next moment, when a run of his is overdue and nobody has seen to it, or when
// an attempt that outlived its run must be over.
func (v *visit) due() value.Time {
	due := v.p.Moment
	earlier := func(at value.Time) {
		if at != 0 && (due == 0 || at < due) {
			due = at
		}
	}
	for _, r := range v.p.Runs {
		earlier(v.overdueAt(r))
	}
	for _, s := range v.p.Ledger {
		if outlived(v.p, s) {
			earlier(v.e.clock.Virtual(time.UnixMilli(s.Deadline + 1)))
		}
	}
	return due
}

// outlived says whether a send is being attempted for a run that has ended
// meanwhile: then no workflow asks what became of it.
func outlived(p *profiles.Person, s *profiles.Send) bool {
	if s.State != profiles.Attempting {
		return false
	}
	_, lives := p.Run(s.Run)
	return !lives
}

// overdueAt is when the sweeper wakes a run: 60 seconds after it should have
// gone on, and again after as long as it has been overdue by then, at most
// ten minutes; 0: time alone does not move it.
func (v *visit) overdueAt(r *profiles.Run) value.Time {
	due := v.dueAt(r)
	if due == 0 || due <= v.now && v.standsStill(r) {
		return 0 // or when its journey is resumed, its channel opened: see rouse
	}
	clock := v.e.clock
	if r.Wake <= due {
		return due.Add(clock.stretch(sweepAfter))
	}
	pause := max(r.Wake.Sub(due), clock.stretch(sweepAfter))
	return r.Wake.Add(min(pause, clock.stretch(sweepAtMost)))
}

// dueAt is when a run is to go on by time alone: its timer, or the planning of
// the send it stands at; 0: never.
func (v *visit) dueAt(r *profiles.Run) value.Time {
	if r.State != profiles.Sending {
		return r.Until
	}
	if s := orchestrator.Pending(v.p, r.ID); s != nil {
		return s.At
	}
	return 0
}

// standsStill says whether a run stands still with its journey, or at a send
// with its channel.
func (v *visit) standsStill(r *profiles.Run) bool {
	return v.world.Paused != nil && v.world.Paused(r.Journey) || v.world.Stands(v.p, r)
}
