package pack

import (
	"maps"
	"sync/atomic"
)

// Layout says which fields a stored person has beside his core, and what else
// makes it quick to write him again. To whoever has it, it is immutable; nil
// is that of nobody.
type Layout struct {
	release  string
	absorbed int
	slots    uint64              // numbers given to kinds of events so far
	kinds    map[string]extent   // those with pages
	chunks   map[string]struct{} // fields that are chunks
	bytes    int
	block    atomic.Pointer[block] // the newest events, until they are needed
	older    atomic.Pointer[older] // the older ones
}

// extent is the pages of one kind of event: those with the events numbered
// from … paged-1. Without any, slot is 0.
type extent struct {
	slot        uint64
	from, paged int
}

// Size is how many bytes the core and the fields known to the layout have;
// of fields that were not written since Decode it is an estimate.
func (l *Layout) Size() int {
	if l == nil {
		return 0
	}
	return l.bytes
}

// Fields is how many fields there are beside the core.
func (l *Layout) Fields() int {
	if l == nil {
		return 0
	}
	n := len(l.chunks)
	for _, x := range l.kinds {
		n += (x.paged-1)/pageEvents - x.from/pageEvents + 1
	}
	return n
}

// next is a layout to be changed that starts as a copy.
func (l *Layout) next() *Layout {
	if l == nil {
		return &Layout{}
	}
	return &Layout{slots: l.slots, kinds: l.kinds}
}

// setKind notes the pages of a kind in the next layout; without any, the kind
// is not in it. Mostly nothing changes, and both layouts have one map.
func (w *writing) setKind(kind string, x extent) {
	was, had := w.next.kinds[kind]
	if had == (x.slot != 0) && was == x {
		return
	}
	if !w.ownKinds {
		w.next.kinds, w.ownKinds = maps.Clone(w.next.kinds), true
		if w.next.kinds == nil {
			w.next.kinds = map[string]extent{}
		}
	}
	if x.slot == 0 {
		delete(w.next.kinds, kind)
	} else {
		w.next.kinds[kind] = x
	}
}
