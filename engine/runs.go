package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// onRun does a task with the person whose run it is, wherever merges have
// brought him.
func (e *Engine) onRun(ctx context.Context, run string, do func(v *visit) error) error {
	id := store.RunProfile(run)
	if id == "" {
		return fmt.Errorf("%q is no run's id", run)
	}
	err := e.onPerson(ctx, id, &task{do: do})
	if errors.Is(err, ErrNoRelease) {
		// Either nothing was ever published, or everything is gone: then the
		// run is too.
		if l, e2 := e.load(ctx, id); e2 == nil && l.Person == nil {
			return errGone
		}
	}
	return err
}

// errGone: there is no release and no person: the data are gone.
var errGone = errors.New("the data are gone")

// endRun tells the workflow of a run that there is nothing left to do.
var endRun = orchestrator.Order{Kind: orchestrator.EndRun}

// nowhere says whether what failed did so because the person is closed or was
// erased.
func nowhere(err error) bool { return errors.Is(err, errClosed) || errors.Is(err, errErased) }

// onPerson does a task with a person, following merges.
func (e *Engine) onPerson(ctx context.Context, id string, t *task) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range maxTries {
		if err := e.on(ctx, id, t); err != nil {
			return err
		}
		var moved *movedError
		if !errors.As(t.err, &moved) {
			return t.err
		}
		if err := moved.nowhere(); err != nil {
			return err
		}
		if moved.finished {
			id = moved.to
			continue
		}
		to, err := e.finishMerge(ctx, id)
		if err != nil {
			return err
		}
		id = to
	}
	return fmt.Errorf("%w (the person kept moving)", ErrUnavailable)
}

// answer is the present order of a run. Nothing is changed but its wake flag,
// which an answer clears.
func (v *visit) answer(run string) (o orchestrator.Order, lost bool) {
	v.doubtful = true
	if r, ok := v.p.Run(run); ok && r.Wake != 0 {
		r.Wake = 0
		v.changed, v.touched = true, true
	}
	o = v.world.OrderOf(v.p, run, v.now)
	return o, o.Kind == orchestrator.EndRun && v.unknown(run)
}

// unknown says whether a run that is not live was never there.
func (v *visit) unknown(run string) bool {
	if v.base == nil {
		return true
	}
	if _, ended := v.p.EndedRun(run); ended || store.RunProfile(run) != v.p.ID {
		return false
	}
	n, err := strconv.Atoi(run[strings.LastIndexByte(run, '.')+1:])
	return err != nil || n > v.p.Entered
}

// idle says whether time has nothing for the person to do.
func (v *visit) idle() bool {
	next := v.world.NextDue(v.p)
	return (next == 0 || next > v.now) && v.p.Release == v.live.plan.Hash
}

func (e *Engine) countLost(run string, lost bool) {
	if lost {
		e.stats.lost.Add(1)
		e.log.Error("a run is unknown: its workflow ends", "run", run)
	}
}

// Advance lets a run go on and answers its order. If the run's sequence is
// above seen, nothing is changed but the wake flag, and the answer is what is
// to be done now. A run that has ended, or is unknown (counted as lost), is
// told to end.
func (e *Engine) Advance(ctx context.Context, run string, seen int64) (order orchestrator.Order, err error) {
	var lost bool
	err = e.onRun(ctx, run, func(v *visit) error {
		order, lost = v.advance(run, seen)
		return nil
	})
	switch {
	case errors.Is(err, errGone):
		order, lost, err = endRun, true, nil
	case nowhere(err):
		order, err = endRun, nil
	}
	if err != nil {
		return orchestrator.Order{}, err
	}
	e.countLost(run, lost)
	return order, nil
}

func (v *visit) advance(run string, seen int64) (orchestrator.Order, bool) {
	r, live := v.p.Run(run)
	if !live || r.Seq > seen || v.idle() {
		return v.answer(run)
	}
	return v.goOn(run, nil), false
}

// RunLives is the reaction that starts a run's workflow as the run is now;
// false when it is not live. It is for a wake that finds no workflow.
func (e *Engine) RunLives(ctx context.Context, run string) (orchestrator.Reaction, bool, error) {
	var re orchestrator.Reaction
	lives := false
	err := e.onRun(ctx, run, func(v *visit) error {
		v.doubtful = true
		var r *profiles.Run
		if r, lives = v.p.Run(run); lives {
			re = orchestrator.Reaction{
				Kind: orchestrator.StartRun, Run: r.ID, Journey: r.Journey, Release: r.Release, Seq: r.Seq,
				Order: v.world.OrderOf(v.p, run, v.now),
			}
		}
		return nil
	})
	if nowhere(err) {
		return re, false, nil
	}
	return re, lives && err == nil, err
}
