package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// A lane is the queue of one person in this process, and exists as long as it
// has tasks. Who finds none opens it and does his own tasks at once; those
// that come meanwhile queue up, and a goroutine works them off afterwards: it
// takes all that have come, does them one after the other on the loaded
// person, each at an instant of its own, and commits what came of them
// together.
//
// When the commit is refused, the person as changed by the tasks is thrown
// away and everything is done again on a fresh one: so a task must not keep
// what it did the first time. Tasks made for another release than the live
// one go back to their makers (errRelease), and so do all when the person
// turns out to have gone into another (*movedError).

// maxGroup bounds how many tasks are committed together.
const maxGroup = 256

// task is one thing to be done with a person.
type task struct {
	// do does it. It may be called again after a refused commit. An error is
	// the task's own; the others of the group go on.
	do func(v *visit) error
	// release is the number of the release that its arguments were made for;
	// 0: any.
	release int64
	// lease is the lease it is done under, if any.
	lease *store.Lease
	// input says that it is an outsider's, who can be told to come again later.
	input bool
	// newborn says that nobody is stored there yet, as far as is known: he
	// need not be loaded to find that out.
	newborn bool
	// cold says that the person is looked at in passing: he is not kept in
	// memory for it.
	cold bool
	// mark is the mark of the task's input, if it has one.
	mark *profiles.Mark
	// fenced says that the lease was taken over.
	fenced bool
	// seen is the mark of the input's first sight, if it is among those that
	// were moved out of the person.
	seen *profiles.Mark

	state atomic.Int32 // taskWaiting, taskTaken, taskLeft
	err   error
	done  chan struct{}
}

const (
	taskWaiting int32 = iota
	taskTaken         // the lane does it: its result will come
	taskLeft          // its maker has gone: it must not be begun
)

// errBroken: the task broke the machine. It is a bug, and nobody else's harm.
var errBroken = errors.New("this input cannot be processed: it breaks the machine")

// Errors by which a lane gives a task back to its maker.
var errRelease = errors.New("the task was made for another release than the live one")

// movedError: the person has gone into another, or is on the way there.
type movedError struct {
	to       string
	finished bool
}

func (e *movedError) Error() string { return "the person is another one now" }

// nowhere says that he is nobody by now: errErased if nothing is left of him,
// errClosed if nothing of him may change; nil if he is another one.
func (e *movedError) nowhere() error {
	switch {
	case !store.Nowhere(e.to):
		return nil
	case e.finished:
		return errErased
	}
	return errClosed
}

// record is a person in memory. Whoever works the lane owns it.
type record struct {
	person *profiles.Person
	base   *store.Base
	fresh  bool // loaded in this attempt, not taken from memory
}

// visit is what a task sees.
type visit struct {
	ctx   context.Context
	e     *Engine
	world *orchestrator.World
	live  *living
	p     *profiles.Person
	base  *store.Base // nil: nobody is stored there
	fresh bool
	now   value.Time // Redis's time of this attempt

	reactions []orchestrator.Reaction
	log       []byte // what goes to the event log; nil: nothing so far
	logErr    error  // why that cannot be written
	traces    []orchestrator.Trace
	changed   bool // a commit is needed
	touched   bool // the person is no longer as stored
	doubtful  bool // an answer that is right only of a fresh person
}

// instant is the instant of an input: always after the person's last.
func (v *visit) instant() value.Time { return max(v.now, v.p.Last+1) }

// moment is the instant of what is no input: never before the person's last.
func (v *visit) moment() value.Time { return max(v.now, v.p.Last) }

// take notes what a call of the machine brought about.
func (v *visit) take(r orchestrator.Result) {
	v.reactions = append(v.reactions, r.Reactions...)
	v.changed, v.touched = true, true
}

// lanes are the lanes of an engine.
type lanes struct {
	mu     sync.Mutex
	byID   map[string]*lane
	closed bool
	work   sync.WaitGroup
}

type lane struct {
	id    string
	queue []*task
}

// close lets no task in any more and waits for those that are there.
func (l *lanes) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.work.Wait()
}

// on does tasks with a person, in their order. Each has its result in its err
// field afterwards; the error is that of those that did not get one in time.
func (e *Engine) on(ctx context.Context, id string, tasks ...*task) error {
	l, err := e.join(id, tasks)
	if err != nil {
		return err
	}
	if l == nil {
		return wait(ctx, tasks)
	}
	defer e.leave(l)
	for len(tasks) > 0 {
		group := tasks[:min(len(tasks), maxGroup)]
		tasks = tasks[len(group):]
		e.serve(e.within(ctx), id, group, true)
	}
	return nil
}

// within is the time that an attempt on the store has: its caller may go, but
// not longer than he would have waited.
func (e *Engine) within(ctx context.Context) context.Context {
	end := time.Now().Add(patience)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	return until{context.WithoutCancel(ctx), end}
}

// join opens a person's lane for tasks that their maker does himself, and
// answers it; nil: it is open already, and the tasks have queued up in it.
func (e *Engine) join(id string, tasks []*task) (*lane, error) {
	e.lanes.mu.Lock()
	defer e.lanes.mu.Unlock()
	if e.lanes.closed {
		return nil, ErrClosed
	}
	l, open := e.lanes.byID[id]
	for _, t := range tasks {
		t.err = nil
		if open {
			t.done = make(chan struct{})
			t.state.Store(taskWaiting)
		} else {
			t.done = nil
			t.state.Store(taskTaken)
		}
	}
	if open {
		l.queue = append(l.queue, tasks...)
		return nil, nil
	}
	if e.lanes.byID == nil {
		e.lanes.byID = map[string]*lane{}
	}
	l = &lane{id: id}
	e.lanes.byID[id] = l
	e.lanes.work.Add(1)
	return l, nil
}

// leave closes a lane that the caller opened; what has queued up in it
// meanwhile is worked off by a goroutine.
func (e *Engine) leave(l *lane) {
	e.lanes.mu.Lock()
	defer e.lanes.mu.Unlock()
	if len(l.queue) == 0 {
		delete(e.lanes.byID, l.id)
		e.lanes.work.Done()
		return
	}
	go func() {
		defer e.lanes.work.Done()
		e.drive(l)
	}()
}

// drive works a lane off until nothing is left in it.
func (e *Engine) drive(l *lane) {
	for {
		e.lanes.mu.Lock()
		if len(l.queue) == 0 {
			delete(e.lanes.byID, l.id)
			e.lanes.mu.Unlock()
			return
		}
		n := min(len(l.queue), maxGroup)
		group := make([]*task, 0, n)
		for _, t := range l.queue[:n] {
			if t.state.CompareAndSwap(taskWaiting, taskTaken) {
				group = append(group, t)
			}
		}
		l.queue = slices.Clone(l.queue[n:])
		e.lanes.mu.Unlock()
		e.serve(e.within(e.ctx), l.id, group, true)
	}
}

// wait waits for tasks that have queued up in a lane.
func wait(ctx context.Context, tasks []*task) error {
	ctx, cancel := timed(ctx)
	defer cancel()
	for i, t := range tasks {
		select {
		case <-t.done:
		case <-ctx.Done():
			for _, t := range tasks[i:] {
				t.state.CompareAndSwap(taskWaiting, taskLeft)
			}
			return fmt.Errorf("%w (%w)", ErrUnavailable, ctx.Err())
		}
	}
	return nil
}

// end gives a task its result.
func (t *task) end(err error) {
	if err != nil {
		t.err = err
	}
	if t.done != nil {
		close(t.done)
	}
}

func finish(tasks []*task, err error) {
	for _, t := range tasks {
		t.end(err)
	}
}

// serve does a group of tasks on a person and commits it. memory says whether
// the person in memory will do.
func (e *Engine) serve(ctx context.Context, id string, group []*task, memory bool) {
	for tries := 0; tries < maxTries; {
		live := e.living.Load()
		if live == nil {
			finish(group, ErrNoRelease)
			return
		}
		if group = giveBack(group, live); len(group) == 0 {
			return
		}
		rec, err := e.obtain(ctx, id, memory, group[0].newborn, live)
		if errors.Is(err, errAgain) {
			tries++
			continue
		}
		var v *visit
		if err == nil {
			v, group, err = e.visit(ctx, id, rec, live, group)
		}
		if err != nil {
			finish(group, err)
			return
		}
		if v == nil || v.unsure(rec) {
			memory = false
			continue
		}
		if !v.changed {
			e.unchanged(rec, v, group)
			return
		}
		commit, err := e.commitOf(rec, v, group)
		if err != nil {
			finish(group, err)
			return
		}
		again, err := e.committed(ctx, rec, v, group, e.store.Commit(ctx, commit)[0])
		if !again {
			finish(group, err)
			return
		}
		memory = false
		if tries++; tries > 1 { // somebody else is at it: not in step with him
			time.Sleep(rand.N(time.Duration(tries) * time.Millisecond))
		}
	}
	finish(group, fmt.Errorf("%w (others changed the person %d times in between)", ErrUnavailable, maxTries))
}

// unsure says whether the answers are to be had from a fresh person first.
func (v *visit) unsure(rec *record) bool { return !v.changed && v.doubtful && !rec.fresh }

// unchanged answers a group that needs no commit.
func (e *Engine) unchanged(rec *record, v *visit, group []*task) {
	if !v.touched {
		e.remember(rec, group)
	}
	finish(group, nil)
}

// giveBack returns the tasks that were made for another release, or under a
// lease that is lost, and keeps the others.
func giveBack(group []*task, live *living) []*task {
	stays := func(t *task) bool { return (t.release == 0 || t.release == live.number) && !t.fenced }
	if !slices.ContainsFunc(group, func(t *task) bool { return !stays(t) }) {
		return group // as ever
	}
	var keep []*task
	for _, t := range group {
		switch {
		case stays(t):
			keep = append(keep, t)
			continue
		case t.fenced:
			t.err = ErrLeaseLost
		default:
			t.err = errRelease
		}
		t.end(nil)
	}
	return keep
}

var errAgain = errors.New("begin again")

// obtain takes a person from memory or loads him.
func (e *Engine) obtain(ctx context.Context, id string, memory, newborn bool, live *living) (*record, error) {
	if rec, ok := e.people.take(id); ok && memory {
		e.stats.hits.Add(1)
		rec.fresh = false
		return rec, nil
	}
	if newborn && memory {
		return &record{}, nil
	}
	l, err := e.load(ctx, id)
	if err != nil {
		return nil, err
	}
	return e.recordOf(ctx, id, l, live)
}

// recordOf is a person as he was loaded. errAgain: he was found under another
// release or other switches than those in hand.
func (e *Engine) recordOf(ctx context.Context, id string, l store.Loaded, live *living) (*record, error) {
	switch {
	case l.Err != nil:
		return nil, e.away(l.Err)
	case l.ID != id || store.Nowhere(id):
		return nil, &movedError{to: l.ID, finished: true}
	case l.Moving != "":
		return nil, &movedError{to: l.Moving}
	}
	if l.Release != live.number || l.Switches != live.switches.Version {
		// Found out by the load instead of by the commit.
		if err := e.agree(ctx, l.Release); err != nil {
			return nil, err
		}
		if e.living.Load() != live {
			return nil, errAgain
		}
	}
	if err := e.needPlans(ctx, l.Person); err != nil {
		return nil, err
	}
	return &record{person: l.Person, base: l.Base, fresh: true}, nil
}

// load reads one person.
func (e *Engine) load(ctx context.Context, id string) (store.Loaded, error) {
	e.stats.loads.Add(1)
	found, _, err := e.store.Load(ctx, id)
	if err == nil {
		err = found[0].Err
	}
	if err != nil {
		return store.Loaded{}, e.away(err)
	}
	return found[0], nil
}

// visit does the tasks of a group on a person. A task that breaks the machine
// is answered and left out of the group that comes back; the visit is nil
// then, for the person is spoilt.
func (e *Engine) visit(ctx context.Context, id string, rec *record, live *living, group []*task) (*visit, []*task, error) {
	now, err := e.Now(ctx)
	if err != nil {
		return nil, group, err
	}
	v := &visit{ctx: ctx, e: e, live: live, base: rec.base, fresh: rec.fresh, now: now}
	if rec.person == nil {
		rec.person = profiles.New(id, now)
	}
	v.p = rec.person
	v.world = live.world
	if e.observe != nil {
		world := *live.world
		world.Observe = orchestrator.ObserverFunc(func(t orchestrator.Trace) { v.traces = append(v.traces, t) })
		v.world = &world
	}
	for i, t := range group {
		t.err = nil
		if broken := v.try(t); broken {
			t.end(nil)
			return nil, slices.Delete(slices.Clone(group), i, i+1), nil
		}
	}
	return v, group, nil
}

// try does one task; true means that it panicked.
func (v *visit) try(t *task) (broken bool) {
	defer func() {
		if r := recover(); r != nil {
			v.e.stats.panics.Add(1)
			v.e.log.Error("a task broke the machine", "panic", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			t.err = errBroken
			broken = true
		}
	}()
	t.err = t.do(v)
	return false
}
