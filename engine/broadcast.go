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
	"journey/dsl/value"
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
	if err := e.audit(ctx, "", "broadcast", b.Journey, b.ID); err != nil {
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
		switch {
		case errors.Is(err, store.ErrUnknown):
			continue // Redis has lost it
		case err != nil:
		case b.State == store.BroadcastRunning:
			err = e.broadcast(ctx, &b)
		default: // it is over: that is all there is to be written down
			_, err = e.store.SaveBroadcast(ctx, b)
		}
		if err != nil {
			return e.away(err)
		}
	}
	return nil
}

// broadcast walks over all people and addresses them. errOutdated: another
// process makes it, or has made it.
//
// Two processes may be at it at once, when one was frozen for so long that it
// lost its lease and does not know yet. That is harmless: by his mark each
// person is addressed once, whoever comes first. Only the counts differ, for
// each process writes down its own, in which those whom the other addressed
// are counted as such. The first that is through ends it; the other can write
// nothing any more, and stops.
func (e *Engine) broadcast(ctx context.Context, b *Broadcast) error {
	if err := e.expire(ctx, b); err != nil {
		return err
	}
	if b.State == store.BroadcastRunning {
		b.People, b.Entered, b.Again, b.Refused = 0, 0, 0, map[string]int64{}
		err := e.save(ctx, b) // before anybody is addressed: is it running still?
		if err == nil {
			c := &broadcasting{b: b, met: map[string]bool{}}
			err = e.everybody(ctx, "addressed by a broadcast", func(ids []string) error { return e.addressSome(ctx, ids, c) })
		}
		if err != nil && b.State == store.BroadcastRunning {
			return err
		}
	}
	if b.State == store.BroadcastRunning {
		real, err := e.realNow(ctx)
		if err != nil {
			return err
		}
		b.State, b.Finished = store.BroadcastDone, real.UTC()
	}
	if err := e.save(ctx, b); err != nil {
		return err
	}
	e.log.Info("a broadcast is over", "broadcast", b.ID, "state", b.State, "people", b.People, "entered", b.Entered)
	return nil
}

// expire ends a broadcast whose marks are about to be forgotten.
func (e *Engine) expire(ctx context.Context, b *Broadcast) error {
	real, err := e.realNow(ctx)
	if err == nil && real.Sub(b.Asked) > broadcastFor {
		b.State, b.Finished = store.BroadcastExpired, real.UTC()
	}
	return err
}

// save writes down how far a broadcast is. errOutdated: it is over.
func (e *Engine) save(ctx context.Context, b *Broadcast) error {
	wrote, err := e.store.SaveBroadcast(ctx, *b)
	if err == nil && !wrote {
		return errOutdated
	}
	return e.away(err)
}

// replaced says that another process may look after what concerns everybody.
func (e *Engine) replaced() bool {
	return time.Since(time.Unix(0, e.sweeping.Load())) > leaseFor
}

// addressSome makes the request to some people. If it is repeated because it
// did not work with all of them, it goes on with the others.
func (e *Engine) addressSome(ctx context.Context, ids []string, c *broadcasting) error {
	if err := e.expire(ctx, c.b); err != nil {
		return err
	}
	if e.replaced() || c.b.State != store.BroadcastRunning {
		return errOutdated
	}
	if err := e.each(ids, func(id string) error { return e.addressOne(ctx, id, c) }); err != nil {
		return err
	}
	if err := e.save(ctx, c.b); err != nil {
		return err
	}
	clear(c.met)
	return nil
}

// broadcasting counts what comes of a broadcast while several people at a time
// are addressed.
type broadcasting struct {
	mu  sync.Mutex
	b   *Broadcast
	as  *addressed      // as the live release reads it
	met map[string]bool // who of those that are being addressed is counted already
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

// has says whether somebody is counted.
func (c *broadcasting) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.met[id]
}

// count counts what came of a person. Who was met under the id of another who
// has gone into him is counted under his own, except for what came of it.
func (c *broadcasting) count(id string, himself bool, a orchestrator.Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.met[id] = true
	if himself {
		c.b.People++
	}
	switch {
	case a.Duplicate:
		if himself {
			c.b.Again++
		}
	case a.Run != "":
		c.b.Entered++
	case a.Refused != "":
		c.b.Refused[a.Refused]++
	}
}

// addressOne makes the request to one person, if he is addressed. Of one who
// has gone into another it is made to that one: he may have been met before,
// when he was no member yet.
func (e *Engine) addressOne(ctx context.Context, id string, c *broadcasting) error {
	if c.has(id) {
		return nil
	}
	var himself bool
	var answer orchestrator.Answer
	t := &task{cold: true}
	t.do = func(v *visit) error {
		himself, answer = v.base != nil && v.p.ID == id, orchestrator.Answer{}
		if e.replaced() {
			return errOutdated // it was frozen meanwhile
		}
		if at := c.b.At; v.base == nil || v.p.Created > at || !himself && absorbedBefore(v.p, id, at) {
			return nil
		}
		as, err := c.read(v.live)
		if err != nil {
			if himself {
				answer.Refused = orchestrator.RefusedUnknown
			}
			return nil
		}
		t.mark = as.input.Mark
		answer = as.address(v, t)
		return nil
	}
	if err := e.onPerson(ctx, id, t); nowhere(err) {
		return nil
	} else if err != nil {
		return err
	}
	c.count(id, himself, answer)
	return nil
}

// absorbedBefore says whether another had gone into the person by an instant:
// then the whole walk meets the two as one.
func absorbedBefore(p *profiles.Person, loser string, at value.Time) bool {
	for _, a := range p.Absorbed {
		if a.ID == loser {
			return a.At <= at
		}
	}
	return false
}

// address makes the request to the person of a visit, if he is a member.
func (as *addressed) address(v *visit, t *task) (answer orchestrator.Answer) {
	if v.p.Release != v.live.plan.Hash {
		v.fit()
	}
	now := v.instant()
	if as.members != nil && !v.world.Holds(v.p, as.members, now) {
		return answer
	}
	if t.seen != nil || markOf(v.p.Marks, t.mark) != nil {
		answer.Duplicate = true
		return answer
	}
	in := as.input
	in.At = now
	mark := *in.Mark
	in.Mark = &mark
	return v.apply(in, now)
}
