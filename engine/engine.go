package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"journey/orchestrator"
	"journey/profiles/store"
)

const (
	// patience bounds one attempt at the store, retries included: callers
	// hear within two seconds that it is away.
	patience = 1500 * time.Millisecond
	// maxTries is how often a commit is tried that others got in the way of.
	maxTries = 10
	// maxCalls bounds the calls under way, and with them the memory that a
	// frozen Redis can cost.
	maxCalls = 10_000
	// refreshEvery is how often the live release and the switches are read
	// without being told of a change by a refused commit.
	refreshEvery = 2 * time.Second
)

// Options are what an engine needs.
type Options struct {
	Store  *store.Store
	Clock  *Clock       // nil: real time
	Logger *slog.Logger // nil: nothing is logged
	// Owner names this process in leases and claims: a random id; "": one is
	// made.
	Owner string
	// RandomID makes ids of profiles: 128 bits that nobody can guess; nil:
	// 32 hex digits from the system's source.
	RandomID func() string
	// CacheBytes bounds the people and identifiers kept in memory, by
	// estimate; 0: an eighth of the machine's memory, but not less than 64 MB
	// and not more than 4 GB. Less than 0: nothing is kept.
	CacheBytes int64
	// Unsubscribe is the address of the page on which the receiver of a send
	// can leave, by the send's key; nil: there is none.
	Unsubscribe func(key, channel string) string
	// LogBound, if it is not 0, has every commit append to the event log of its
	// partition, of which so many entries may wait to be moved to files: beyond
	// that calls are answered ErrUnavailable. 0: there is no event log.
	LogBound int64
	// Observe is told what the machine did with a person, after it has been
	// committed; nil: nobody is.
	Observe func(profile string, traces []orchestrator.Trace)
	// World, in tests, changes the world of a release before it goes live:
	// `test` blocks assume control groups and segments; nil: nothing does.
	World func(w *orchestrator.World)
	// Forgetters are the other stores of data about people, which an erasure
	// reaches, too.
	Forgetters []Forgetter
	// Fault, in tests, is asked at the named points of a procedure of several
	// steps, and stops it there with its error; nil: nothing is stopped.
	Fault func(point string) error
}

// Engine is the only writer of people. It is safe for concurrent use; several
// engines, in several processes, may share one store.
type Engine struct {
	store       *store.Store
	clock       *Clock
	log         *slog.Logger
	owner       string
	randomID    func() string
	unsubscribe func(key, channel string) string
	observe     func(string, []orchestrator.Trace)
	shape       func(*orchestrator.World)
	forgetters  []Forgetter
	fault       func(point string) error
	logBound    int64

	lanes    lanes
	people   *lru[string, *record]
	pointers *lru[pointerKey, string]
	seats    *seats
	nudges   chan int

	plans   plans
	living  atomic.Pointer[living]
	adopt   sync.Mutex // one at a time finds out what is live
	claims  claims
	rebased sweepState

	erasing   atomic.Bool             // a goroutine is at it
	rewriting sync.Mutex              // of rewrote
	rewrote   time.Time               // when this process last had Redis's file of writes written anew, Redis's time
	held      atomic.Pointer[[]Lease] // those of the last Hold

	broadcasting atomic.Bool  // a goroutine is at it
	sweeping     atomic.Int64 // when this process last looked after sweepPartition, Unix ns

	stats Stats

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// New starts an engine on a store. The clock's anchor and speed are stored at
// the first start; another speed on the same data is refused.
func New(ctx context.Context, o Options) (*Engine, error) {
	if o.Store == nil {
		return nil, errors.New("engine: a store is needed")
	}
	e := &Engine{
		store: o.Store, clock: o.Clock, log: o.Logger, owner: o.Owner, randomID: o.RandomID,
		unsubscribe: o.Unsubscribe, observe: o.Observe, shape: o.World, fault: o.Fault, forgetters: o.Forgetters,
		logBound: o.LogBound,
		seats:    newSeats(), nudges: make(chan int, store.Partitions),
	}
	if e.clock == nil {
		e.clock = NewClock(1)
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.randomID == nil {
		e.randomID = randomID
	}
	if e.owner == "" {
		e.owner = randomID()
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = usualCache()
	}
	e.people = newLRU[string, *record](o.CacheBytes / 5 * 4)
	e.pointers = newLRU[pointerKey, string](o.CacheBytes / 5)
	if err := e.anchor(ctx); err != nil {
		return nil, err
	}
	e.ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := e.refresh(ctx); err != nil && !errors.Is(err, ErrNoRelease) {
		e.cancel()
		return nil, err
	}
	e.work.Go(e.keepFresh)
	return e, nil
}

// Owner names this process in leases and claims.
func (e *Engine) Owner() string { return e.owner }

// Close stops what the engine does by itself and waits for the commits under
// way. The store stays open.
func (e *Engine) Close() error {
	e.cancel()
	e.work.Wait()
	e.lanes.close()
	return nil
}

// anchor takes the clock's anchor from the store, or puts it there.
func (e *Engine) anchor(ctx context.Context) error {
	if _, manual := e.clock.set(); manual {
		return nil
	}
	now, err := e.store.Time(ctx)
	if err != nil {
		return e.away(err)
	}
	anchor, speed, err := e.store.Anchor(ctx, now, e.clock.speed)
	if err != nil {
		return e.away(err)
	}
	return e.clock.start(anchor, speed)
}

// keepClock writes the clock's anchor down again in a Redis that was emptied:
// this process goes on with it.
func (e *Engine) keepClock(ctx context.Context) error {
	if _, manual := e.clock.set(); manual {
		return nil
	}
	_, _, err := e.store.Anchor(ctx, e.clock.anchored(), e.clock.speed)
	return e.away(err)
}

// keepFresh looks now and then whether another release is live: a process
// that commits nothing is told by no refusal.
func (e *Engine) keepFresh() {
	t := time.NewTicker(refreshEvery)
	defer t.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-t.C:
		}
		ctx, cancel := context.WithTimeout(e.ctx, patience)
		if err := e.refresh(ctx); err != nil && !errors.Is(err, ErrNoRelease) && !errors.Is(err, ErrUnavailable) {
			e.log.Error("the live release cannot be loaded", "error", err.Error())
		}
		cancel()
	}
}

// away is an error of the store as callers know it.
func (e *Engine) away(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnavailable):
		return err
	case errors.Is(err, store.ErrLogFull):
		e.stats.logFull.Add(1)
		return fmt.Errorf("%w (%w)", ErrUnavailable, err)
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.stats.unavailable.Add(1)
		return fmt.Errorf("%w (%w)", ErrUnavailable, err)
	}
	return err
}

func (e *Engine) at(point string) error {
	if e.fault == nil {
		return nil
	}
	return e.fault(point)
}

// randomID is 128 random bits in hex.
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process before
	return hex.EncodeToString(b[:])
}

// Health says how the engine is.
type Health struct {
	Writable bool          // Redis takes writes
	Error    string        // why not
	Release  int64         // number of the live release this process has; 0: none
	Outbox   store.Backlog // reactions that wait for Temporal
	Skew     time.Duration // this machine's clock less Redis's

	OutboxError string // why Outbox is not known
}

// Ready looks at the store. It never takes longer than two seconds.
func (e *Engine) Ready(ctx context.Context) Health {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var h Health
	if l := e.living.Load(); l != nil {
		h.Release = l.number
	}
	if err := e.store.Ready(ctx); err != nil {
		h.Error = err.Error()
		return h
	}
	h.Writable = true
	var err error
	if h.Outbox, err = e.store.Backlog(ctx); err != nil {
		h.OutboxError = err.Error()
	}
	if t, err := e.store.Time(ctx); err == nil {
		h.Skew = time.Since(t)
	}
	return h
}
