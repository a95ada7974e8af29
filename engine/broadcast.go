package engine

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"journey/dsl/cond"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/store"
)

// A broadcast is a request that is addressed to a segment, or to everybody.
// It is kept first; then the owner of partition 0 walks over all people and
// makes the request to each who is addressed, as if it came for him alone.
// Whoever dies on the way is followed by another who begins again: a mark on
// each person tells who has been addressed before.

// Broadcast says what a broadcast is and how far it has come.
type Broadcast = store.Broadcast

// broadcastFor is how long a broadcast may take, interruptions included: the
// marks by which a repeat is recognised live a little longer.
const broadcastFor = 20 * time.Hour

// ErrBroadcast: another broadcast has that id.
var ErrBroadcast = errors.New("another broadcast has this id")

// Announce keeps a broadcast that is to be made: of its fields ID, Journey,
// Segment and Params count. The same one again changes nothing, and answers
// how far it is. The error is a *CallError when the request is wrong.
func (e *Engine) Announce(ctx context.Context, b Broadcast) (Broadcast, error) {
	live := e.living.Load()
	if live == nil {
		return Broadcast{}, ErrNoRelease
	}
	if _, err := readBroadcast(&b, live); err != nil {
		return Broadcast{}, err
	}
	real, err := e.realNow(ctx)
	if err != nil {
		return Broadcast{}, err
	}
	now, err := e.Now(ctx)
	if err != nil {
		return Broadcast{}, err
	}
	b.At, b.Asked, b.State, b.Refused = now, real.UTC(), store.BroadcastRunning, map[string]int64{}
	if b.Hash, err = hashOf(b); err != nil {
		return Broadcast{}, err
	}
	kept, err := e.store.NewBroadcast(ctx, b)
	if err != nil {
		return Broadcast{}, e.away(err)
	}
	if kept.Hash != b.Hash {
		return Broadcast{}, ErrBroadcast
	}
	return kept, nil
}

// Broadcast is the broadcast with an id; ErrNoBroadcast.
func (e *Engine) Broadcast(ctx context.Context, id string) (Broadcast, error) {
	b, err := e.store.Broadcast(ctx, id)
	if errors.Is(err, store.ErrUnknown) {
		return Broadcast{}, ErrNoBroadcast
	}
	return b, e.away(err)
}

// ErrNoBroadcast: no broadcast has that id.
var ErrNoBroadcast = errors.New("no broadcast has this id")

// Broadcasts are all that there ever were.
func (e *Engine) Broadcasts(ctx context.Context) ([]Broadcast, error) {
	all, err := e.store.Broadcasts(ctx)
	return all, e.away(err)
}

func hashOf(b Broadcast) (uint64, error) {
	data, err := json.Marshal([]any{b.Journey, b.Segment, b.Params})
	return xxhash.Sum64(data), err
}

// addressed is a broadcast as a release reads it.
type addressed struct {
	of      *Broadcast
	live    *living
	input   orchestrator.Input
	members *cond.Expr // nil: everybody
}

// readBroadcast reads a broadcast by a release. The error is a *CallError.
func readBroadcast(b *Broadcast, live *living) (*addressed, error) {
	a := &addressed{of: b, live: live}
	if b.Segment != "" {
		segment, ok := live.plan.Segment(b.Segment)
		if !ok {
			return nil, &CallError{Code: "no-segment", Field: "segment", Message: "there is no segment " + b.Segment}
		}
		a.members = segment.When
	}
	read, wrong := live.shape.reader.Read(&intake.Call{Kind: CallRequest, Journey: b.Journey, Properties: b.Params})
	if wrong != nil {
		return nil, wrong
	}
	a.input = read.Input
	// Its mark cannot meet those of calls, which begin with a source's name.
	mark := profiles.Mark{ID: xxhash.Sum64String("\x00broadcast\x00" + b.ID), Payload: uint32(b.Hash)}
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], mark.ID)
	a.input.ID, a.input.Mark = hex.EncodeToString(id[:]), &mark
	return a, nil
}

// startBroadcasts makes what is to be made, unless it is being made.
func (e *Engine) startBroadcasts() {
	if e.ctx.Err() != nil || !e.broadcasting.CompareAndSwap(false, true) {
		return
	}
	e.work.Go(func() {
		defer e.broadcasting.Store(false)
		_ = e.broadcastAll(e.ctx) // another look begins it again
	})
}

// broadcastAll makes the broadcasts that are to be made, one after the other.
func (e *Engine) broadcastAll(ctx context.Context) error {
	ids, err := e.store.Broadcasting(ctx)
	if err != nil {
		return e.away(err)
	}
	for _, id := range ids {
		b, err := e.store.Broadcast(ctx, id)
		if errors.Is(err, store.ErrUnknown) {
			continue // it is being announced
		}
		if err == nil {
			err = e.broadcast(ctx, &b)
		}
		if err != nil {
			return e.away(err)
		}
	}
	return nil
}

// broadcast walks over all people and addresses them.
func (e *Engine) broadcast(ctx context.Context, b *Broadcast) error {
	c := &broadcasting{b: b}
	err := e.everybody(ctx, "addressed by a broadcast", func(ids []string) error {
		if time.Since(time.Unix(0, e.sweeping.Load())) > leaseFor {
			return errOutdated // another process makes it now
		}
		real, err := e.realNow(ctx)
		if err != nil {
			return err
		}
		if real.Sub(b.Asked) > broadcastFor {
			b.State, b.Finished = store.BroadcastExpired, real.UTC()
			return errOutdated
		}
		if err := e.each(ids, func(id string) error { return e.addressOne(ctx, id, c) }); err != nil {
			return err
		}
		b.People += int64(len(ids))
		return e.store.SaveBroadcast(ctx, *b)
	})
	if err != nil && b.State == store.BroadcastRunning {
		return err
	}
	if b.State == store.BroadcastRunning {
		real, err := e.realNow(ctx)
		if err != nil {
			return err
		}
		b.State, b.Finished = store.BroadcastDone, real.UTC()
	}
	e.log.Info("a broadcast is over", "broadcast", b.ID, "state", b.State, "people", b.People, "entered", b.Entered)
	return e.store.SaveBroadcast(ctx, *b)
}

// broadcasting counts what comes of a broadcast while several people at a time
// are addressed.
type broadcasting struct {
	mu sync.Mutex
	b  *Broadcast
	as *addressed // as the live release reads it
}

// read is the broadcast by a release, which may be another one by now. What a
// new release does not know any more addresses nobody.
func (c *broadcasting) read(live *living) (*addressed, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.as != nil && c.as.live.number == live.number {
		return c.as, nil
	}
	as, err := readBroadcast(c.b, live)
	if err == nil {
		c.as = as
	}
	return as, err
}

func (c *broadcasting) count(a orchestrator.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case a.Duplicate:
		c.b.Again++
	case a.Run != "":
		c.b.Entered++
	case a.Refused != "":
		if c.b.Refused == nil {
			c.b.Refused = map[string]int64{}
		}
		c.b.Refused[a.Refused]++
	}
}

// addressOne makes the request to one person, if he is addressed.
func (e *Engine) addressOne(ctx context.Context, id string, c *broadcasting) error {
	var answer orchestrator.Answer
	t := &task{cold: true}
	t.do = func(v *visit) error {
		answer = orchestrator.Answer{}
		as, err := c.read(v.live)
		if err != nil {
			answer.Refused = orchestrator.RefusedUnknown
			return nil
		}
		t.mark = as.input.Mark
		if v.base == nil || v.p.Created > as.of.At {
			return nil
		}
		if v.p.Release != v.live.plan.Hash {
			v.take(v.world.Rebase(v.p, v.moment()))
		}
		now := v.instant()
		if as.members != nil && !v.world.Holds(v.p, as.members, now) {
			return nil
		}
		if t.seen != nil || markOf(v.p.Marks, t.mark) != nil {
			answer.Duplicate = true
			return nil
		}
		in := as.input
		in.At = now
		mark := *in.Mark
		in.Mark = &mark
		res := v.world.Apply(v.p, []orchestrator.Input{in}, now)
		v.take(res)
		answer = res.Answers[0]
		return nil
	}
	if err := e.passing(ctx, id, t); err != nil {
		return err
	}
	c.count(answer)
	return nil
}
