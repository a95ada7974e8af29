package pack

import (
	"slices"

	"journey/dsl/cond"
)

// The kept events that are no longer among the newest and not yet in a page
// are a block of their own too, the older block. Once written they stay as
// they are until they go to a page, or the oldest of them are dropped: then
// the block is made anew. So what an event costs does not depend on how many
// of them there are.
//
// The block holds the events of all kinds, in the order in which they came to
// it; those of one kind are in the order of the kept ones.

// maxOlder bounds the events of a block that is read. Encode never writes more
// than maxCold.
const maxOlder = 256

// older is the older block with what is needed to go on writing it.
type older struct {
	e     encoder // its buf holds the events; its table may have no slots yet
	kinds []ofKind
	n     int // events of all kinds
}

// ofKind are the events of one kind in the block, in their order.
type ofKind struct {
	kind   string
	events []*cond.Event
}

// older writes the older block.
func (e *encoder) older(w *writing, tails []tail, rewrite bool) {
	var b *older
	if w.old != nil {
		b = w.old.older.Swap(nil)
	}
	switch {
	case b == nil:
		b = &older{}
	case rewrite || !b.leadsTo(tails):
		b.restart()
	}
	b.e.names = e.names
	b.e.table.wake()
	for i := range tails {
		b.add(&tails[i])
	}
	if b.e.err != nil {
		e.fail(b.e.err)
		return
	}
	e.uint(uint64(b.n))
	e.buf = append(e.buf, b.e.buf...)
	if b.n > 0 && len(b.e.buf) <= maxBlockBytes {
		w.next.older.Store(b)
	}
}

// older are the events of a kind that belong to the block.
func (t *tail) older() []*cond.Event {
	list := t.kept.List[t.paged-t.from : t.cold-t.from]
	for _, ev := range list {
		if ev.Name != t.kind { // the reader could not tell whose it is
			return nil
		}
	}
	return list
}

// add writes the events of a kind that are not in the block yet.
func (b *older) add(t *tail) {
	list := t.older()
	t.blocked = len(list)
	if len(list) == 0 {
		return
	}
	k := b.of(t.kind)
	for _, ev := range list[len(k.events):] {
		b.e.eventHere(ev)
		k.events = append(k.events, ev)
		b.n++
	}
}

func (b *older) of(kind string) *ofKind {
	for i := range b.kinds {
		if b.kinds[i].kind == kind {
			return &b.kinds[i]
		}
	}
	b.kinds = append(b.kinds, ofKind{kind: kind})
	return &b.kinds[len(b.kinds)-1]
}

// leadsTo says whether the events of the block are the first of those that
// belong to it now.
func (b *older) leadsTo(tails []tail) bool {
	found := 0
	for i := range tails {
		t := &tails[i]
		at := slices.IndexFunc(b.kinds, func(k ofKind) bool { return k.kind == t.kind })
		if at < 0 {
			continue
		}
		have, list := b.kinds[at].events, t.older()
		if len(have) > len(list) || !slices.Equal(have, list[:len(have)]) {
			return false
		}
		found += len(have)
	}
	return found == b.n
}

// restart empties the block and keeps its memory.
func (b *older) restart() {
	b.e.restart()
	clear(b.kinds)
	b.kinds, b.n = b.kinds[:0], 0
}

// older reads the older block.
func (d *decoder) older(r *reading) []*cond.Event {
	n := d.count(5)
	if n == 0 || d.err != nil {
		return nil
	}
	if n > maxOlder {
		d.fail("%d older events", n)
		return nil
	}
	c := &decoder{rest: d.rest, names: d.names}
	list, events := make([]*cond.Event, n), make([]cond.Event, n)
	b := &older{n: n}
	for i := range list {
		list[i] = &events[i]
		c.eventHere(list[i])
		k := b.of(list[i].Name)
		k.events = append(k.events, list[i])
	}
	if c.err != nil {
		d.stop(c.err)
		return nil
	}
	text := d.rest[:len(d.rest)-len(c.rest)]
	d.rest = c.rest
	if len(text) <= maxBlockBytes {
		b.e = encoder{buf: []byte(text), table: index{list: c.table}, last: c.last, shapes: c.shapes}
		r.layout.older.Store(b)
	}
	return list
}
