package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"journey/orchestrator"
	"journey/profiles"
)

// After a new release people are fitted to it when they are next touched. Of
// those whom nobody touches the sweep takes care: otherwise a condition that
// is new with the release, and that time alone makes true, would wait for an
// event. The owner of partition 0 walks over all people, once for each
// release; whoever dies on the way is followed by another who begins again.

const (
	sweepBatch    = 500
	sweepParallel = 8
	sweepRest     = 2 * time.Second // before it tries again after trouble
)

// When a journey is resumed, or a channel that was stopped opened, nobody has
// an eye on those runs that could have gone on meanwhile: their workflows wait
// for a wake. A second walk wakes them.

// sweepState is how far this process is.
type sweepState struct {
	mu       sync.Mutex
	progress Sweep
	busy     bool  // a goroutine is at it
	roused   int64 // version of the switches for which runs were woken
	looked   time.Time
}

// Sweep says how far fitting people to a release is, in this process.
type Sweep struct {
	Release int64 // number of the release
	Running bool
	People  int64 // who were looked at so far
	Fitted  int64 // of whom so many carried an older release
}

// Sweep is the present or last sweep of this process.
func (e *Engine) Sweep() Sweep {
	e.rebased.mu.Lock()
	defer e.rebased.mu.Unlock()
	return e.rebased.progress
}

// lookEvery is how often the owner of partition 0 asks what is live, even if
// nobody commits anything.
const lookEvery = 2 * time.Second

// startSweep begins what is due for everybody, unless it is under way or done:
// the sweep of the live release, the waking of resumed runs.
func (e *Engine) startSweep() {
	live := e.living.Load()
	if live == nil {
		return
	}
	st := &e.rebased
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.busy || e.ctx.Err() != nil {
		return
	}
	fitted, woken := st.progress.Release == live.number, st.roused == live.switches.Version
	switch {
	case !fitted:
		st.progress = Sweep{Release: live.number, Running: true}
	case woken && time.Since(st.looked) < lookEvery:
		return
	}
	st.busy, st.looked = true, time.Now()
	e.work.Go(func() {
		var err error
		switch {
		case !fitted:
			err = e.sweepPeople(e.ctx, live.number)
		case woken:
			if e.refresh(e.ctx) == nil { // another look will find out
				e.startBroadcasts()
				e.startErasures()
			}
		default:
			if e.rouse(e.ctx, live) == nil {
				woken = true
			}
		}
		st.mu.Lock()
		defer st.mu.Unlock()
		st.busy, st.progress.Running = false, false
		if err != nil {
			st.progress.Release = 0 // another Tick begins it again
		}
		if woken {
			st.roused = live.switches.Version
		}
	})
}

// errOutdated: another release went live during the sweep, or other switches.
var errOutdated = errors.New("another release is live")

// sweepPeople fits everybody to the release with that number.
func (e *Engine) sweepPeople(ctx context.Context, number int64) error {
	if swept, err := e.store.Swept(ctx); err != nil || swept >= number {
		return e.away(err)
	}
	err := e.everybody(ctx, "fitted to the release", func(ids []string) error { return e.fit(ctx, ids, number) })
	if err != nil {
		return err
	}
	done := e.Sweep()
	e.log.Info("people are fitted to the release", "release", number, "people", done.People, "fitted", done.Fitted)
	return e.away(e.store.SetSwept(ctx, number))
}

// rouse wakes the runs of the journeys that were resumed, and those at sends of
// the channels that were opened, since this was last done.
func (e *Engine) rouse(ctx context.Context, live *living) error {
	last, err := e.store.Roused(ctx)
	if err != nil || last.Version >= live.switches.Version {
		return e.away(err)
	}
	resumed, opened := without(last.Paused, live.switches.Paused), without(last.Stopped, live.switches.Stopped)
	missed := live.switches.Version > last.Version+1 // any may have been paused and resumed meanwhile
	if missed || len(resumed) > 0 || len(opened) > 0 {
		freed := func(r *profiles.Run, s *profiles.Send) bool {
			return missed || resumed[r.Journey] || s != nil && opened[s.Channel]
		}
		err := e.everybody(ctx, "woken", func(ids []string) error {
			return e.each(ids, func(id string) error { return e.rouseOne(ctx, id, live.switches.Version, freed) })
		})
		if err != nil {
			return err
		}
		e.log.Info("the runs of resumed journeys and opened channels are awake")
	}
	return e.away(e.store.SetRoused(ctx, live.switches))
}

// without are those of some names that others are not.
func without(names, others []string) map[string]bool {
	set := setOf(names)
	for _, name := range others {
		delete(set, name)
	}
	return set
}

// everybody does something with all people, a batch at a time, and repeats
// what does not work at the moment.
func (e *Engine) everybody(ctx context.Context, done string, do func(ids []string) error) error {
	for cursor := ""; ; {
		ids, next, err := e.store.People(ctx, cursor, sweepBatch)
		if err == nil {
			err = do(ids)
		}
		switch {
		case errors.Is(err, errOutdated):
			return err
		case err != nil:
			e.log.Warn("people cannot be "+done+" at the moment", "error", err.Error())
			if pause(ctx, sweepRest) != nil {
				return ctx.Err()
			}
			continue
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// each does something with some people, several at a time.
func (e *Engine) each(ids []string, do func(id string) error) error {
	errs := make([]error, len(ids))
	places := make(chan struct{}, sweepParallel)
	var all sync.WaitGroup
	for i, id := range ids {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			errs[i] = do(id)
		})
	}
	all.Wait()
	return firstOf(errs)
}

// fit fits some people to the release.
func (e *Engine) fit(ctx context.Context, ids []string, number int64) error {
	var fitted atomic.Int64
	err := e.each(ids, func(id string) error {
		is, err := e.fitOne(ctx, id, number)
		if is {
			fitted.Add(1)
			e.stats.rebased.Add(1)
		}
		return err
	})
	e.rebased.mu.Lock()
	e.rebased.progress.People += int64(len(ids))
	e.rebased.progress.Fitted += fitted.Load()
	far := e.rebased.progress
	e.rebased.mu.Unlock()
	if err != nil {
		return err
	}
	return e.away(e.store.SetSweeping(ctx, number, far.People, far.Fitted))
}

func (e *Engine) fitOne(ctx context.Context, id string, number int64) (fitted bool, err error) {
	t := &task{cold: true, do: func(v *visit) error {
		fitted = false
		if v.live.number != number {
			return errOutdated
		}
		if v.base == nil || v.p.Release == v.live.plan.Hash {
			return nil
		}
		v.fit()
		fitted = true
		return nil
	}}
	if err = e.onPerson(ctx, id, t); nowhere(err) {
		return false, nil
	}
	return fitted, err
}

// rouseOne wakes the runs of one person that could have gone on while they
// were kept from it: those that are freed, each with the send it stands at.
func (e *Engine) rouseOne(ctx context.Context, id string, version int64, freed func(*profiles.Run, *profiles.Send) bool) error {
	err := e.onPerson(ctx, id, &task{cold: true, do: func(v *visit) error {
		if v.live.switches.Version != version {
			return errOutdated
		}
		for _, r := range v.p.Runs {
			if due := v.dueAt(r); due != 0 && due <= v.now && !v.standsStill(r) && freed(r, orchestrator.Pending(v.p, r.ID)) {
				orchestrator.LineUp(v.p, r.ID, v.now)
				v.wake(r)
			}
		}
		return nil
	}})
	if nowhere(err) {
		return nil
	}
	return err
}

// wake wakes a run.
func (v *visit) wake(r *profiles.Run) {
	r.Wake = v.now
	v.changed, v.touched = true, true
	v.reactions = append(v.reactions, orchestrator.Reaction{
		Kind: orchestrator.WakeRun, Run: r.ID, Journey: r.Journey, Release: r.Release, Seq: r.Seq,
	})
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
