package engine

import (
	"context"
	"errors"
	"sync"
	"time"
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

// sweepState is how far this process is.
type sweepState struct {
	mu       sync.Mutex
	progress Sweep
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

// startSweep begins the sweep of the live release, unless it is under way or
// done.
func (e *Engine) startSweep() {
	live := e.living.Load()
	if live == nil {
		return
	}
	st := &e.rebased
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.progress.Running || st.progress.Release == live.number || e.ctx.Err() != nil {
		return
	}
	st.progress = Sweep{Release: live.number, Running: true}
	e.work.Go(func() {
		err := e.sweepPeople(e.ctx, live.number)
		st.mu.Lock()
		defer st.mu.Unlock()
		st.progress.Running = false
		if err != nil {
			st.progress.Release = 0 // another Tick begins it again
		}
	})
}

// errOutdated: another release went live during the sweep.
var errOutdated = errors.New("another release is live")

// sweepPeople fits everybody to the release with that number.
func (e *Engine) sweepPeople(ctx context.Context, number int64) error {
	if swept, err := e.store.Swept(ctx); err != nil || swept >= number {
		return e.away(err)
	}
	for cursor := ""; ; {
		ids, next, err := e.store.People(ctx, cursor, sweepBatch)
		if err == nil {
			err = e.fit(ctx, ids, number)
		}
		switch {
		case errors.Is(err, errOutdated):
			return err
		case err != nil:
			e.log.Warn("people cannot be fitted to the release at the moment", "release", number, "error", err.Error())
			if pause(ctx, sweepRest) != nil {
				return ctx.Err()
			}
			continue
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	done := e.Sweep()
	e.log.Info("people are fitted to the release", "release", number, "people", done.People, "fitted", done.Fitted)
	return e.away(e.store.SetSwept(ctx, number))
}

// fit fits some people to the release.
func (e *Engine) fit(ctx context.Context, ids []string, number int64) error {
	errs := make([]error, len(ids))
	fitted := make([]bool, len(ids))
	places := make(chan struct{}, sweepParallel)
	var all sync.WaitGroup
	for i, id := range ids {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			fitted[i], errs[i] = e.fitOne(ctx, id, number)
		})
	}
	all.Wait()
	e.rebased.mu.Lock()
	defer e.rebased.mu.Unlock()
	e.rebased.progress.People += int64(len(ids))
	for _, f := range fitted {
		if f {
			e.rebased.progress.Fitted++
			e.stats.rebased.Add(1)
		}
	}
	return firstOf(errs)
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
		v.take(v.world.Rebase(v.p, v.moment()))
		fitted = true
		return nil
	}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := e.on(ctx, id, t); err != nil {
		return false, err
	}
	var moved *movedError
	if errors.As(t.err, &moved) {
		return false, nil // he is met as the one he is now
	}
	return fitted, t.err
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
