package engine

import (
	"context"
	"errors"

	"journey/profiles/store"
)

// A convoy takes many people's tasks to the store together: one flush loads
// those who are not in memory, one commits what came of all. It is what makes
// a batch cheaper than its calls. Whoever falls behind (somebody else is at
// work on the person, a commit is refused, an answer needs a fresh person) is
// served alone afterwards, as he would have been without the convoy.

// rider is one person's part of a convoy.
type rider struct {
	chain *chain
	id    string
	tasks []*task
	group []*task // those that are not answered yet
	lane  *lane   // held by the convoy; nil: the tasks wait in somebody else's
	rec   *record
	v     *visit
	alone bool // to be served alone
	fresh bool // … and from a fresh person
}

// convoy brings the first items of chains to their people, as far as that
// needs no thought. What is left stays in the chains.
func (e *Engine) convoy(ctx context.Context, chains []*chain) {
	riders := make([]*rider, 0, len(chains))
	for _, c := range chains {
		owner, n := c.front()
		n = min(n, maxGroup)
		r := &rider{chain: c, id: owner, tasks: tasksFor(c.items[:n], false)}
		if r.lane, c.err = e.join(owner, r.tasks); c.err == nil {
			r.group = r.tasks
			riders = append(riders, r)
		}
	}
	within := e.within(ctx)
	e.ride(within, riders)
	for _, r := range riders { // nobody waits for us longer than he must
		if r.lane != nil && !r.alone {
			e.leave(r.lane)
		}
	}
	for _, r := range riders {
		if r.lane != nil && r.alone {
			e.serve(within, r.id, r.group, !r.fresh)
			e.leave(r.lane)
		}
	}
	for _, r := range riders { // and we wait for others when nobody waits for us
		if r.lane == nil {
			r.chain.err = wait(ctx, r.tasks)
		}
		if r.chain.err == nil {
			r.chain.err = e.harvest(ctx, r.chain, r.id, r.tasks)
		}
	}
}

// ride does the tasks of all whose lanes the convoy holds, and commits.
func (e *Engine) ride(ctx context.Context, riders []*rider) {
	live := e.living.Load()
	for _, r := range riders {
		r.alone = r.lane != nil
	}
	if live == nil {
		return
	}
	e.board(ctx, riders, live)
	on := make([]*rider, 0, len(riders))
	commits := make([]store.Commit, 0, len(riders))
	for _, r := range riders {
		if r.rec == nil {
			continue
		}
		if r.group = giveBack(r.group, live); len(r.group) == 0 {
			r.alone = false
			continue
		}
		var err error
		r.v, r.group, err = e.visit(ctx, r.id, r.rec, live, r.group)
		switch {
		case err != nil:
			r.answer(err)
		case r.v == nil || r.v.unsure(r.rec):
			r.fresh = true
		case !r.v.changed:
			e.unchanged(r.rec, r.v, r.group)
			r.alone = false
		default:
			commit, err := e.commitOf(r.rec, r.v, r.group)
			if err != nil {
				r.answer(err)
				continue
			}
			on = append(on, r)
			commits = append(commits, commit)
		}
	}
	if len(on) == 0 {
		return
	}
	for i, done := range e.store.Commit(ctx, commits...) {
		r := on[i]
		again, err := e.committed(ctx, r.rec, r.v, r.group, done)
		if again {
			r.fresh = true
			continue
		}
		r.answer(err)
	}
}

func (r *rider) answer(err error) {
	finish(r.group, err)
	r.alone = false
}

// board gets the people from memory, and those who are not there from the
// store in one flush. Who cannot be had is answered.
func (e *Engine) board(ctx context.Context, riders []*rider, live *living) {
	var missing []*rider
	var ids []string
	for _, r := range riders {
		if r.lane == nil {
			continue
		}
		if rec, ok := e.people.take(r.id); ok {
			e.stats.hits.Add(1)
			rec.fresh = false
			r.rec = rec
			continue
		}
		missing = append(missing, r)
		ids = append(ids, r.id)
	}
	if len(missing) == 0 {
		return
	}
	e.stats.loads.Add(int64(len(ids)))
	loaded, _, err := e.store.Load(ctx, ids...)
	for i, r := range missing {
		if err != nil {
			r.answer(e.away(err))
			continue
		}
		rec, err := e.recordOf(ctx, r.id, loaded[i], live)
		if err == nil {
			r.rec = rec
		} else if !errors.Is(err, errAgain) {
			r.answer(err)
		}
	}
}
