package pack

import (
	"encoding/binary"
	"slices"

	"journey/dsl/cond"
	"journey/profiles"
)

const (
	pageEvents = 32 // events in a page
	maxCold    = 24 // events in the core that are not among the newest; beyond, they go to pages early
)

// tail is a kind of events while it is written: what of it stays in the core.
type tail struct {
	kind string
	kept *profiles.Kept
	old  extent
	cold int // number of the first event that is among the newest; those before may go to pages
	// blocked is how many of those that stay are in the older block.
	blocked int
	extent
}

// end is the number after the last event.
func (t *tail) end() int { return t.kept.Dropped + len(t.kept.List) }

// layTails decides for each kind, sorted by name, which events go to pages.
func layTails(tails []tail, p *profiles.Person, newest []look, old *Layout, next *Layout, rewrite bool) []tail {
	cold := 0
	for kind, kept := range p.Events {
		t := tail{kind: kind, kept: kept}
		if old != nil {
			t.old = old.kinds[kind]
		}
		t.extent = t.old
		if rewrite || t.paged > t.end() || t.from > kept.Dropped {
			t.extent = extent{}
		}
		t.from = kept.Dropped
		t.paged = max(t.paged, t.from)
		t.cold = coldest(kept, t.paged, newest)
		for t.paged/pageEvents < t.cold/pageEvents {
			t.paged = (t.paged/pageEvents + 1) * pageEvents
		}
		cold += t.cold - t.paged
		tails = append(tails, t)
	}
	slices.SortFunc(tails, func(a, b tail) int {
		if a.kind < b.kind {
			return -1
		}
		return 1
	})
	for cold > maxCold {
		most := &tails[0]
		for i := range tails {
			if t := &tails[i]; t.cold-t.paged > most.cold-most.paged {
				most = t
			}
		}
		cold -= most.cold - most.paged
		most.paged = most.cold
	}
	for i := range tails {
		t := &tails[i]
		if t.paged == t.from {
			t.slot = 0
		} else if t.slot == 0 {
			next.slots++
			t.slot = next.slots
		}
	}
	return tails
}

// coldest is the number of the first event, from a number on, that is among
// the newest.
func coldest(kept *profiles.Kept, from int, newest []look) int {
	n := kept.Dropped + len(kept.List)
	if len(newest) == 0 {
		return n
	}
	// Both lists are in order of arrival, so counting from the end suffices.
	for j := len(newest) - 1; n > from; n-- {
		ev := kept.List[n-1-kept.Dropped]
		for j >= 0 && !newest[j].has(ev) {
			j--
		}
		if j < 0 {
			break
		}
	}
	return n
}

// has says whether an event is this one, perhaps with fewer properties. Which
// part of it is kept is known mostly.
func (r *look) has(ev *cond.Event) bool {
	if r.part != nil || r.Event == ev {
		return ev == r.part || ev == r.Event
	}
	return ev.Arrived == r.Arrived && ev.ID == r.ID && ev.Name == r.Name
}

// writePages writes the pages that are new or longer, and says which are gone.
func (t *tail) writePages(w *writing) error {
	if t.old.slot != 0 {
		for n := t.old.from / pageEvents; n*pageEvents < t.old.paged; n++ {
			if t.slot != t.old.slot || (n+1)*pageEvents <= t.from {
				w.Delete = append(w.Delete, pageField(t.old.slot, n))
			}
		}
	}
	if t.slot == 0 {
		w.setKind(t.kind, extent{})
		return nil
	}
	w.setKind(t.kind, t.extent)
	first := t.from
	if t.slot == t.old.slot {
		first = max(first, t.old.paged)
	}
	for n := first / pageEvents; first < t.paged && n*pageEvents < t.paged; n++ {
		from, to := max(n*pageEvents, t.from), min((n+1)*pageEvents, t.paged)
		data, err := encodePage(t.kept.List[from-t.from:to-t.from], from, w.names)
		if err != nil {
			return err
		}
		w.Set = append(w.Set, Field{pageField(t.slot, n), data})
	}
	return nil
}

// pageField names page n of the kind with a number.
func pageField(slot uint64, n int) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, slot), uint64(n)))
}

func encodePage(list []*cond.Event, first int, names *Names) ([]byte, error) {
	e := newEncoder(nil, names)
	defer e.free()
	e.buf = append(e.buf, partFormat)
	e.uint(uint64(first))
	e.uint(uint64(len(list)))
	for _, ev := range list {
		e.event(ev)
	}
	return e.buf, e.err
}

// readPages reads the events of a kind that are in pages.
func (d *decoder) readPages(r *reading, x extent) []*cond.Event {
	if x.paged == x.from {
		return nil
	}
	var list []*cond.Event
	for n := x.from / pageEvents; n*pageEvents < x.paged; n++ {
		data, ok := r.fields[pageField(x.slot, n)]
		if !ok {
			d.tear()
			return nil
		}
		page := d.field(r, data)
		first, count := page.small64(), page.count(2)
		from, to := max(n*pageEvents, x.from), min((n+1)*pageEvents, x.paged)
		if page.err == nil && (first > from || first+count < to) {
			d.tear()
			return nil
		}
		for i := first; i < to; i++ {
			ev := page.event()
			if page.err == nil && ev == nil {
				page.fail("a page without an event")
			}
			if page.err != nil {
				d.stop(page.err)
				return nil
			}
			if i >= from {
				list = append(list, ev)
			}
		}
	}
	return list
}

// field begins to read a page or chunk.
func (d *decoder) field(r *reading, data []byte) *decoder {
	f := &decoder{rest: string(data), names: d.names}
	// Bytes that name one field often must not become many times as much.
	if r.fieldBytes += len(data); r.fieldBytes > maxFieldBytes {
		f.fail("the parts of the person are too large")
	}
	if f.byte() != partFormat {
		f.fail("a part of an unknown format")
	}
	return f
}

const maxFieldBytes = 64 << 20

// small64 reads a count that need not be backed by bytes.
func (d *decoder) small64() int {
	n := d.uint()
	if n > 1<<40 {
		d.fail("number %d is too large", n)
		return 0
	}
	return int(n)
}

func (d *decoder) tear() { d.stop(ErrTorn) }

// stop ends the reading with an error.
func (d *decoder) stop(err error) {
	if d.err == nil {
		d.err = err
	}
	d.rest = ""
}
