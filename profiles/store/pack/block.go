package pack

import (
	"slices"

	"journey/dsl/cond"
)

// The newest events make up most of a person, and all but one of them are the
// same in the next commit. So they are a block of their own, with tables of
// its own, and whoever keeps a person in memory keeps the block with him:
// a new event is written at its end, and the rest is copied.
//
// Events that are no longer among the newest stay at the block's beginning,
// dead, until there are maxDead of them; then the block is made anew. What
// else refers to the newest events may refer to dead ones too.
//
// The block of a Layout is given away to the first Encode that starts from
// it, with its memory; a second one from the same Layout (after a commit that
// was refused) makes a new block.

const (
	maxDead       = 6
	maxBlockBytes = 16 << 10 // larger blocks are not kept in memory
	maxSpare      = 16       // shapes of former blocks that are kept
)

// block is a block of events with what is needed to go on writing it.
type block struct {
	e     encoder // its buf holds the events; its table may have no slots yet
	looks []look  // the events, oldest first
	dead  int     // how many of them are no longer among the newest
}

// look is an event that may be referred to.
type look struct {
	*cond.Event
	shape *shape
	part  *cond.Event // one that is known to be a part of it, if any,
	mask  uint64      // and which part
}

// newest writes the newest events.
func (e *encoder) newest(w *writing, rewrite bool) {
	var b *block
	if w.old != nil {
		b = w.old.block.Swap(nil)
	}
	switch {
	case b == nil:
		b = &block{}
	case rewrite || !b.leadsTo(w.p.Recent):
		b.restart()
	}
	b.e.names = e.names
	b.e.table.wake()
	for _, ev := range w.p.Recent[len(b.looks)-b.dead:] {
		s := b.e.eventHere(ev)
		b.looks = append(b.looks, look{Event: ev, shape: s})
	}
	if b.e.err != nil {
		e.fail(b.e.err)
		return
	}
	e.uint(uint64(b.dead))
	e.uint(uint64(len(b.looks) - b.dead))
	e.buf = append(e.buf, b.e.buf...)
	e.recent, e.dead = b.looks, b.dead
	if len(b.e.buf) <= maxBlockBytes {
		w.next.block.Store(b)
	}
}

// restart empties a block. Its memory serves the next one: a person has a new
// block with every seventh event.
func (b *block) restart() {
	b.e.restart()
	clear(b.looks)
	b.looks, b.dead = b.looks[:0], 0
}

// restart lets an encoder begin anew, with its memory.
func (e *encoder) restart() {
	e.table.reset()
	for _, s := range e.shapes {
		clear(s.last)
	}
	spare := append(e.spare, e.shapes...)
	if len(spare) > maxSpare {
		spare = slices.Delete(spare, 0, len(spare)-maxSpare)
	}
	clear(e.shapes)
	clear(e.vals)
	*e = encoder{buf: e.buf[:0], table: e.table, spare: spare, shapes: e.shapes[:0], keys: e.keys[:0], vals: e.vals[:0], tails: e.tails[:0]}
}

// leadsTo says whether the list begins with the events of the block that are
// left when some of the first are dead, and counts these.
func (b *block) leadsTo(list []*cond.Event) bool {
	if len(list) == 0 {
		return false
	}
	for b.dead < len(b.looks) && b.looks[b.dead].Event != list[0] {
		b.dead++
	}
	live := b.looks[b.dead:]
	if b.dead > maxDead || len(live) == 0 || len(live) > len(list) {
		return false
	}
	for i := range live {
		if live[i].Event != list[i] {
			return false
		}
	}
	return true
}

// newest reads the newest events.
func (d *decoder) newest(r *reading) []*cond.Event {
	dead := d.count(5)
	n := dead + d.count(5)
	if n == 0 {
		return nil
	}
	b := &decoder{rest: d.rest, names: d.names}
	list, events, looks := make([]*cond.Event, n), make([]cond.Event, n), make([]look, n)
	for i := range list {
		list[i] = &events[i]
		looks[i] = look{Event: list[i], shape: b.eventHere(list[i])}
	}
	if b.err != nil {
		d.stop(b.err)
		return nil
	}
	text := d.rest[:len(d.rest)-len(b.rest)]
	d.rest = b.rest
	d.recent = looks
	if len(text) <= maxBlockBytes {
		r.layout.block.Store(&block{looks: looks, dead: dead,
			e: encoder{buf: []byte(text), table: index{list: b.table}, last: b.last, shapes: b.shapes}})
	}
	if dead == n {
		return nil
	}
	return list[dead:]
}
