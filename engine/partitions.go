package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

const (
	// leaseFor is how long a partition's lease holds without being renewed.
	leaseFor = 10 * time.Second
	// memberFor is how long a process counts among those that share the
	// partitions: less than its leases hold, so that the others know their
	// larger share when these run out.
	memberFor = 9 * time.Second
	// sweepAfter is how long a run must be overdue to be woken, and
	// sweepAtMost how long it is left alone between two such wakes.
	sweepAfter  = 60 * time.Second
	sweepAtMost = 10 * time.Minute

	maxDue      = 256 // people of a partition looked at in one Tick
	dueParallel = 16

	// sweepPartition is the partition whose owner fits people to a new
	// release.
	sweepPartition = 0
)

// Lease is the right to a partition: its moments, its sweeper and its relay.
// It holds for ten seconds by Redis's clock and is renewed by taking it again.
type Lease = store.Lease

// Lease takes or renews the lease of a partition; false: another process has
// it.
func (e *Engine) Lease(ctx context.Context, partition int) (Lease, bool, error) {
	l, ok, err := e.store.Lease(ctx, partition, e.owner, leaseFor)
	return l, ok, e.away(err)
}

// GiveBack gives a lease back before its time.
func (e *Engine) GiveBack(ctx context.Context, l Lease) error {
	return e.away(e.store.GiveBack(ctx, l))
}

// Hold renews the leases that this process has, takes free ones up to its
// share, and gives back what it has above that: all partitions divided by the
// number of processes that call Hold. It answers the leases that this process
// has now; with an error those are still the ones given. Call it every three
// seconds: what a dead process had is free after ten, and a new one has its
// share when the others have called Hold once and it twice.
func (e *Engine) Hold(ctx context.Context, held []Lease) ([]Lease, error) {
	now, err := e.hold(ctx, held)
	if err != nil {
		return held, e.away(err)
	}
	copied := slices.Clone(now)
	e.held.Store(&copied)
	return now, nil
}

// Held are the leases that this process had when it last called Hold. Another
// may have taken one over since: what is done under it is fenced.
func (e *Engine) Held() []Lease {
	if held := e.held.Load(); held != nil {
		return *held
	}
	return nil
}

func (e *Engine) hold(ctx context.Context, held []Lease) ([]Lease, error) {
	n, err := e.store.Join(ctx, e.owner, memberFor)
	if err != nil {
		return nil, err
	}
	share := (store.Partitions + n - 1) / n
	if len(held) > share {
		if err := e.store.GiveBack(ctx, held[share:]...); err != nil {
			return nil, err
		}
		held = held[:share]
	}
	mine := make([]int, len(held))
	for i, l := range held {
		mine[i] = l.Partition
	}
	kept, err := e.store.Leases(ctx, mine, e.owner, leaseFor)
	if err != nil || len(kept) == share {
		return kept, err
	}
	free, err := e.store.Free(ctx, e.others(kept))
	if err != nil {
		return nil, err
	}
	more, err := e.store.Leases(ctx, free[:min(len(free), share-len(kept))], e.owner, leaseFor)
	return append(kept, more...), err
}

// others are the partitions without those of some leases. Each process begins
// at a place of its own, so that several do not want the same ones.
func (e *Engine) others(leases []Lease) []int {
	var ours [store.Partitions]bool
	for _, l := range leases {
		ours[l.Partition] = true
	}
	list := make([]int, 0, store.Partitions)
	for i, first := 0, store.Partition(e.owner); i < store.Partitions; i++ {
		if p := (first + i) % store.Partitions; !ours[p] {
			list = append(list, p)
		}
	}
	return list
}

// Withdraw gives the leases back and takes this process out of the share-out,
// until it calls Hold again.
func (e *Engine) Withdraw(ctx context.Context, held []Lease) error {
	e.held.Store(nil)
	return e.away(errors.Join(e.store.Leave(ctx, e.owner), e.store.GiveBack(ctx, held...)))
}

// Nudges are the partitions in which this process has just committed
// reactions. Nothing depends on a nudge: it only saves waiting for the next
// look.
func (e *Engine) Nudges() <-chan int { return e.nudges }

// Outbox are the oldest reactions of a partition that are not acknowledged.
func (e *Engine) Outbox(ctx context.Context, l Lease, max int) ([]store.Reaction, error) {
	rs, err := e.store.Outbox(ctx, l.Partition, "", max)
	return rs, e.away(err)
}

// Ack removes reactions that have been accepted. ErrLeaseLost: the partition
// is another process's by now, and nothing was removed.
func (e *Engine) Ack(ctx context.Context, l Lease, ids ...string) error {
	err := e.store.Ack(ctx, l, ids...)
	if errors.Is(err, store.ErrFenced) {
		return ErrLeaseLost
	}
	return e.away(err)
}

// Ticked says what a Tick did.
type Ticked struct {
	People int        // that were looked at
	Woken  int        // overdue runs that were woken
	More   bool       // more people are due already
	Next   value.Time // when the next one is due; 0: nobody is
}

// Tick lets happen what is due in a partition: moments of people at their due
// instants, in their order; and it wakes runs that are overdue. It takes a
// bounded number of people at a time: More says that others wait.
func (e *Engine) Tick(ctx context.Context, l Lease) (Ticked, error) {
	var out Ticked
	now, err := e.Now(ctx)
	if err != nil {
		return out, err
	}
	due, next, err := e.store.Due(ctx, l.Partition, now, maxDue)
	if err != nil {
		return out, e.away(err)
	}
	out.Next, out.More = next, next != 0 && next <= now
	errs := make([]error, len(due))
	woken := make([]int, len(due))
	places := make(chan struct{}, dueParallel)
	var all sync.WaitGroup
	for i, d := range due {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			woken[i], errs[i] = e.tick(ctx, l, d.ID)
		})
	}
	all.Wait()
	for i := range due {
		out.Woken += woken[i]
		if errs[i] == nil {
			out.People++
		}
	}
	e.stats.wakes.Add(int64(out.Woken))
	return out, firstOf(errs)
}

// tick lets happen what is due of one person.
func (e *Engine) tick(ctx context.Context, l Lease, id string) (woken int, err error) {
	gone := false
	real, err := e.realNow(ctx)
	if err != nil {
		return 0, err
	}
	t := &task{lease: &l, do: func(v *visit) error {
		woken, gone = 0, v.base == nil
		if gone {
			v.doubtful = true
			return nil
		}
		v.moments()
		v.giveUp(real)
		woken = v.sweep()
		v.changed, v.touched = true, true // the entry of the sorted set is written anew
		return nil
	}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := e.on(ctx, id, t); err != nil {
		return 0, err
	}
	var moved *movedError
	if errors.As(t.err, &moved) {
		gone, t.err = true, nil
		if !moved.finished && moved.nowhere() == nil {
			if _, t.err = e.finishMerge(ctx, id); nowhere(t.err) {
				t.err = nil
			}
		}
	}
	if t.err != nil {
		return 0, t.err
	}
	if gone {
		return 0, e.away(e.store.DropDue(ctx, id))
	}
	return woken, nil
}

// moments lets the person's moments happen: the machine does each at its due
// instant, and is told how late it is by now.
func (v *visit) moments() {
	if v.p.Release != v.live.plan.Hash {
		v.fit()
	}
	if at := v.p.Moment; at != 0 && at <= v.now {
		v.apply(orchestrator.Input{Kind: orchestrator.TickInput}, v.moment())
	}
}

// giveUp settles the attempts that have outlived their runs and whose workers
// have not settled them in time. They are uncertain, even of a message that is
// repeated in doubt: there is no run any more that would repeat it.
func (v *visit) giveUp(real time.Time) {
	for _, s := range slices.Clone(v.p.Ledger) {
		if !outlived(v.p, s) || real.UnixMilli() <= s.Deadline {
			continue
		}
		out := orchestrator.Outcome{State: profiles.Uncertain}
		if v.e.claims.unheard(s.Owner) { // nothing was handed to the provider
			out.State = profiles.Planned
		}
		v.goOn(s.Run, &out)
	}
}

// sweep wakes the runs that are overdue and answers how many.
func (v *visit) sweep() int {
	n := 0
	for _, r := range v.p.Runs {
		at := v.overdueAt(r)
		if at == 0 || at > v.now {
			continue
		}
		v.wake(r)
		n++
	}
	return n
}

// Work tells which of some partitions have something to do: reactions that
// wait, or people who are due.
func (e *Engine) Work(ctx context.Context, partitions []int) ([]int, error) {
	now, err := e.Now(ctx)
	if err != nil {
		return nil, err
	}
	busy, err := e.store.Waiting(ctx, partitions, now)
	if slices.Contains(partitions, sweepPartition) {
		e.sweeping.Store(time.Now().UnixNano())
		e.startSweep()
	}
	return busy, e.away(err)
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
