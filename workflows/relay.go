package workflows

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"journey/engine"
	"journey/profiles/store"
)

const (
	pollEvery  = 250 * time.Millisecond // how long another process's commit waits at most
	leaseEvery = 3 * time.Second        // leases last 10 s
	batch      = 128                    // reactions read at once
	parallel   = 8                      // partitions worked on at once

	complainEvery = 10 * time.Second
	stalledEvery  = time.Minute // how often it is said of a partition that it stands still
)

// partitions is what the relay needs of the engine.
type partitions interface {
	Hold(ctx context.Context, held []engine.Lease) ([]engine.Lease, error)
	Withdraw(ctx context.Context, held []engine.Lease) error
	Work(ctx context.Context, owned []int) ([]int, error)
	Nudges() <-chan int
	Outbox(ctx context.Context, l engine.Lease, max int) ([]store.Reaction, error)
	Ack(ctx context.Context, l engine.Lease, ids ...string) error
	Tick(ctx context.Context, l engine.Lease) (engine.Ticked, error)
}

var _ partitions = (*engine.Engine)(nil)

// Lag says how far the relay is behind.
type Lag struct {
	Owned   int       // partitions that this process has
	Started int64     // workflows started
	Woken   int64     // wakes sent
	Poison  int64     // reactions that Temporal will never take, dropped and logged
	Trouble time.Time // since when Temporal has not answered; zero: it does
	Stalled int       // partitions of this process whose oldest reaction cannot be read
}

// relay has the partitions of this process: it takes their reactions to
// Temporal, lets what is due happen, and wakes what is overdue.
type relay struct {
	parts partitions
	service
	log    *slog.Logger
	passed func(Point, string)

	mu         sync.Mutex
	owned      map[int]engine.Lease
	trouble    time.Time
	complained time.Time
	stalled    map[int]time.Time // partitions that stand still, and when it was last said

	started, woken, poison atomic.Int64
}

func newRelay(opt Options) *relay {
	return &relay{
		parts: opt.Engine, service: service{client: opt.Client, namespace: opt.Namespace, lives: opt.Engine.RunLives, real: realOrder(opt.Engine)},
		log: opt.Logger, passed: opt.passed(), owned: map[int]engine.Lease{}, stalled: map[int]time.Time{},
	}
}

// run works until the context ends, and then gives the leases back.
func (r *relay) run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { every(ctx, leaseEvery, r.lease) })
	loops.Go(func() { r.work(ctx) })
	loops.Wait()
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = r.parts.Withdraw(back, slices.Collect(maps.Values(r.leases()))) // they run out by themselves
}

func every(ctx context.Context, d time.Duration, do func(context.Context)) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		do(ctx)
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// lease keeps this process's share of the partitions.
func (r *relay) lease(ctx context.Context) {
	held := slices.SortedFunc(maps.Values(r.leases()), func(a, b engine.Lease) int { return cmp.Compare(a.Partition, b.Partition) })
	now, err := r.parts.Hold(ctx, held)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		if r.complain() {
			r.log.Warn("leases cannot be renewed", "error", err.Error())
		}
		return
	}
	owned := make(map[int]engine.Lease, len(now))
	for _, l := range now {
		owned[l.Partition] = l
	}
	r.mu.Lock()
	r.owned = owned
	maps.DeleteFunc(r.stalled, func(p int, _ time.Time) bool { _, ours := owned[p]; return !ours })
	r.mu.Unlock()
}

func (r *relay) leases() map[int]engine.Lease {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.owned)
}

// work looks at the partitions that have something to do: at once where this
// process has committed a reaction, every now and then at all.
func (r *relay) work(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		todo := map[int]bool{}
		select {
		case <-ctx.Done():
			return
		case p := <-r.parts.Nudges():
			todo[p] = true
			for more := true; more; {
				select {
				case p := <-r.parts.Nudges():
					todo[p] = true
				default:
					more = false
				}
			}
		case <-poll.C:
			for _, p := range r.look(ctx) {
				todo[p] = true
			}
		}
		r.handle(ctx, todo)
	}
}

// look asks which partitions have something to do.
func (r *relay) look(ctx context.Context) []int {
	var owned []int
	for p := range r.leases() {
		owned = append(owned, p)
	}
	if len(owned) == 0 {
		return nil
	}
	ps, err := r.parts.Work(ctx, owned)
	if err != nil && ctx.Err() == nil && r.complain() {
		r.log.Warn("partitions cannot be looked at", "error", err.Error())
	}
	return ps
}

func (r *relay) handle(ctx context.Context, todo map[int]bool) {
	leases := r.leases()
	var away atomic.Bool // Temporal: what is due must not wait for it in each partition anew
	places := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for p := range todo {
		l, ours := leases[p]
		if !ours {
			continue
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			r.partition(ctx, l, &away)
		})
	}
	all.Wait()
}

// partition lets what is due happen, and empties the outbox as far as
// Temporal takes it. Once it has taken something not, it is left alone until
// the next look.
func (r *relay) partition(ctx context.Context, l engine.Lease, away *atomic.Bool) {
	if _, err := r.parts.Tick(ctx, l); err != nil && ctx.Err() == nil && !errors.Is(err, engine.ErrLeaseLost) {
		r.log.Warn("what is due cannot be done", "partition", l.Partition, "error", err.Error())
	}
	for ctx.Err() == nil && !away.Load() {
		reactions, err := r.parts.Outbox(ctx, l, batch)
		r.stands(l.Partition, err)
		if err != nil || len(reactions) == 0 {
			return
		}
		accepted := r.deliver(ctx, l, reactions, away)
		if len(accepted) > 0 {
			if err := r.parts.Ack(ctx, l, accepted...); err != nil {
				return // read again: a repeat converges
			}
		}
		if len(accepted) < len(reactions) {
			return // the next look tries again
		}
	}
}

// stands notes whether a partition stands still at an entry of its outbox that
// cannot be read, and says so once in a while. Somebody must look at it, or a
// newer version comes and can read it.
func (r *relay) stands(partition int, err error) {
	var unreadable *store.UnreadableError
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.As(err, &unreadable) {
		if err == nil {
			delete(r.stalled, partition)
		}
		return
	}
	if said, known := r.stalled[partition]; known && time.Since(said) < stalledEvery {
		return
	}
	r.stalled[partition] = time.Now()
	r.log.Error("a partition stands still: an entry of its outbox cannot be read",
		"partition", partition, "entry", unreadable.ID, "error", unreadable.Why)
}

// deliver takes reactions to Temporal, those of one run in their order, and
// answers which were accepted.
func (r *relay) deliver(ctx context.Context, l engine.Lease, reactions []store.Reaction, away *atomic.Bool) []string {
	var order []string
	byRun := map[string][]store.Reaction{}
	for _, re := range reactions {
		if byRun[re.Run] == nil {
			order = append(order, re.Run)
		}
		byRun[re.Run] = append(byRun[re.Run], re)
	}
	var mu sync.Mutex
	var accepted []string
	places := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for _, run := range order {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			for _, re := range byRun[run] {
				if away.Load() {
					return
				}
				taken, silent := r.take(ctx, l.Partition, re)
				if silent {
					away.Store(true)
				}
				if !taken {
					return
				}
				mu.Lock()
				accepted = append(accepted, re.ID)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return accepted
}

// take brings one reaction to Temporal. Not accepted means try again later;
// away, that Temporal will take no other now either.
func (r *relay) take(ctx context.Context, partition int, re store.Reaction) (accepted, away bool) {
	r.passed(AtReaction, re.Run)
	err := r.react(ctx, partition, re)
	switch {
	case err == nil:
		r.passed(AtAccepted, re.Run)
		r.answered(true)
		if re.Kind == store.StartRun {
			r.started.Add(1)
		} else {
			r.woken.Add(1)
		}
		return true, false
	case hopeless(err):
		r.poison.Add(1)
		r.log.Error("a reaction is dropped: Temporal will never take it", "run", re.Run, "error", err.Error())
		return true, false
	case ctx.Err() != nil:
		return false, true
	case silent(err):
		r.answered(false)
		return false, true
	}
	if r.complain() {
		r.log.Warn("a reaction has to wait", "run", re.Run, "error", err.Error())
	}
	return false, false
}

// complain says now and then that it is time to: what waits is tried again
// several times a second.
func (r *relay) complain() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.complained) < complainEvery {
		return false
	}
	r.complained = time.Now()
	return true
}

// answered notes whether Temporal answers.
func (r *relay) answered(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case yes:
		r.trouble = time.Time{}
	case r.trouble.IsZero():
		r.trouble = time.Now()
		r.log.Warn("Temporal does not answer: reactions wait in the outbox")
	}
}

func (r *relay) lag() Lag {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Lag{
		Owned: len(r.owned), Started: r.started.Load(), Woken: r.woken.Load(), Poison: r.poison.Load(),
		Trouble: r.trouble, Stalled: len(r.stalled),
	}
}
