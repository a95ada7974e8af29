package pack

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"

	"journey/dsl/value"
	"journey/profiles"
)

// format is the number of the format written, partFormat that of pages and
// chunks. Every other one that was ever released is read too:
//
//	1  had no older block: all events of a kind stood with the kind
const (
	format     = 2
	partFormat = 1
)

// Field is a field beside the core.
type Field struct {
	Name string
	Data []byte
}

// Packed is a person to be written.
type Packed struct {
	Core   []byte
	Set    []Field  // fields to be written
	Delete []string // fields to be deleted
	Layout *Layout  // what is stored after that
}

// writing is a Packed in the making.
type writing struct {
	Packed
	names     *Names
	old, next *Layout
	ownKinds  bool // next has a map of kinds of its own
	p         *profiles.Person
}

// Encode packs a person. The core is appended to dst. old is the layout of
// the person as he is stored, nil for one who is not; rewrite says that past
// kept events may have changed in any way, which a new release and a new
// absorbed person say by themselves.
func Encode(dst []byte, p *profiles.Person, old *Layout, rewrite bool, names *Names) (Packed, error) {
	if names == nil {
		names = &Names{}
	}
	w := &writing{names: names, old: old, next: old.next(), p: p}
	w.next.release, w.next.absorbed = p.Release, len(p.Absorbed)
	if old != nil && (old.release != p.Release || old.absorbed != len(p.Absorbed)) {
		rewrite = true
	}
	e := newEncoder(dst, names)
	defer e.free()
	e.buf = append(e.buf, format)
	e.person(w, rewrite)
	if e.err != nil {
		return Packed{}, fmt.Errorf("person cannot be packed: %w", e.err)
	}
	w.dropChunks()
	w.Core, w.Layout = e.buf, w.next
	w.next.bytes += len(e.buf) - len(dst)
	for _, x := range w.next.kinds {
		w.next.bytes += (x.paged - x.from) * pagedSize
	}
	return w.Packed, nil
}

// pagedSize is what an event in a page is taken to need.
const pagedSize = 40

func (e *encoder) person(w *writing, rewrite bool) {
	p := w.p
	e.time(p.Created)
	e.time(p.Last)
	e.str(p.Release)
	e.uint(uint64(p.Entered))
	e.int(int64(p.Spilled))
	e.time(p.Moment)
	e.identifiers(p.Identifiers)
	e.traits(p.Traits)
	e.newest(w, rewrite)
	e.kept(w, rewrite)
	e.running(p.Running)
	e.segments(p.Segments)
	e.flags(p.Whens)
	e.splits(p.Splits)
	e.uint(uint64(len(p.Runs)))
	for _, r := range p.Runs {
		e.run(p, r)
	}
	e.list(w, chunkEnded, len(p.Ended),
		func(i int) uint64 { return xxhash.Sum64String(p.Ended[i].ID) },
		func(e *encoder, i int) { e.run(p, p.Ended[i]) })
	e.list(w, chunkSends, len(p.Ledger),
		func(i int) uint64 { return xxhash.Sum64String(p.Ledger[i].Run + p.Ledger[i].Step) },
		func(e *encoder, i int) { e.send(p, p.Ledger[i]) })
	e.entries(w, p.Entries)
	e.uint(uint64(len(p.Refused)))
	for _, r := range p.Refused {
		e.str(r.Journey)
		e.str(r.Reason)
		e.time(r.At)
	}
	e.marks(p)
	e.uint(uint64(len(p.Absorbed)))
	for _, a := range p.Absorbed {
		e.once(a.ID)
		e.uint(a.Version)
		e.time(a.At)
	}
	e.more(w)
}

// more writes what most people have not. What comes new to a person is added
// at its end: a reader stops where the bytes do, so older people have it not.
func (e *encoder) more(w *writing) {
	p := w.p
	identity := hasIdentity(p)
	if len(p.Controls)+len(p.Calendar)+len(p.Hours) == 0 && !identity {
		return
	}
	e.flags(p.Controls)
	e.uint(uint64(len(p.Calendar)))
	for _, entry := range sorted(e, p.Calendar) {
		e.str(entry)
		e.int(int64(p.Calendar[entry]))
	}
	if len(p.Hours) == 0 && !identity {
		return
	}
	e.hours(w, p)
	if identity {
		e.identity(w)
	}
}

// sorted are the keys of a map in order; they are good until the next call.
func sorted[V any](e *encoder, m map[string]V) []string {
	e.keys = e.keys[:0]
	for k := range m {
		e.keys = append(e.keys, k)
	}
	slices.Sort(e.keys)
	return e.keys
}

func (e *encoder) identifiers(list []profiles.Identifier) {
	e.uint(uint64(len(list)))
	for _, id := range list {
		e.str(id.Trait)
		e.str(id.Value)
		e.time(id.Since)
	}
}

func (e *encoder) traits(m map[string]profiles.Trait) {
	e.uint(uint64(len(m)))
	for _, name := range sorted(e, m) {
		t := m[name]
		e.str(name)
		e.time(t.At)
		e.value(t.Value)
	}
}

func (e *encoder) kept(w *writing, rewrite bool) {
	tails := layTails(e.tails[:0], w.p, e.recent[e.dead:], w.old, w.next, rewrite)
	e.older(w, tails, rewrite)
	e.uint(w.next.slots)
	e.uint(uint64(len(tails)))
	for i := range tails {
		t := &tails[i]
		if err := t.writePages(w); err != nil {
			e.fail(err)
		}
		e.str(t.kind)
		e.uint(t.slot)
		e.uint(uint64(t.from))
		e.uint(uint64(t.paged - t.from))
		list := t.kept.List[t.paged-t.from+t.blocked:]
		e.uint(uint64(len(list)))
		for _, ev := range list {
			e.event(ev)
		}
	}
	w.dropKinds()
	clear(tails)
	e.tails = tails[:0]
}

// dropKinds deletes the pages of kinds that the person no longer has.
func (w *writing) dropKinds() {
	if w.old == nil {
		return
	}
	for kind, x := range w.old.kinds {
		if w.p.Events[kind] != nil {
			continue
		}
		for n := x.from / pageEvents; n*pageEvents < x.paged; n++ {
			w.Delete = append(w.Delete, pageField(x.slot, n))
		}
		w.setKind(kind, extent{})
	}
}

func (e *encoder) running(m map[string]*profiles.Aggregate) {
	e.uint(uint64(len(m)))
	for _, key := range sorted(e, m) {
		a := m[key]
		e.str(key)
		e.float(a.Number)
		e.int(int64(a.N))
		e.event(a.Event)
	}
}

func (e *encoder) segments(m map[string]value.Time) {
	e.uint(uint64(len(m)))
	for _, name := range sorted(e, m) {
		e.str(name)
		e.time(m[name])
	}
}

func (e *encoder) flags(m map[string]bool) {
	e.uint(uint64(len(m)))
	for _, key := range sorted(e, m) {
		e.str(key)
		e.bool(m[key])
	}
}

func (e *encoder) bool(b bool) {
	if b {
		e.buf = append(e.buf, 1)
	} else {
		e.buf = append(e.buf, 0)
	}
}

func (e *encoder) splits(m map[string]string) {
	e.uint(uint64(len(m)))
	for _, name := range sorted(e, m) {
		e.str(name)
		e.str(m[name])
	}
}

func (e *encoder) entries(w *writing, m map[string][]profiles.EntryMark) {
	e.uint(uint64(len(m)))
	for _, journey := range slices.Clone(sorted(e, m)) {
		list := m[journey]
		e.str(journey)
		e.list(w, chunkEntries, len(list),
			func(i int) uint64 { return xxhash.Sum64String(list[i].Key) },
			func(e *encoder, i int) {
				e.str(list[i].Key)
				e.time(list[i].At)
			})
	}
}

// runID writes a run's id: its number if the person's own id is in it, else 0
// and the id.
func (e *encoder) runID(p *profiles.Person, id string) {
	if rest, own := strings.CutPrefix(id, p.ID); own && len(rest) > 1 && rest[0] == '.' && rest[1] != '0' {
		if n, err := strconv.ParseUint(rest[1:], 10, 63); err == nil && rest[1] != '+' {
			e.uint(n)
			return
		}
	}
	e.uint(0)
	e.str(id)
}

// marks writes the marks. Most of them came with one of the newest events, in
// the same order: of those the instant is written as how many events were
// passed over, twice; of others as the difference, twice plus 1.
func (e *encoder) marks(p *profiles.Person) {
	e.uint(uint64(len(p.Marks)))
	next := 0
	for _, m := range p.Marks {
		e.buf = binary.LittleEndian.AppendUint64(e.buf, m.ID)
		e.buf = binary.LittleEndian.AppendUint32(e.buf, m.Payload)
		i := next
		for i < len(p.Recent) && p.Recent[i].Arrived < m.At {
			i++
		}
		if i < len(p.Recent) && p.Recent[i].Arrived == m.At {
			e.uint(uint64(i-next) << 1)
			next, e.last = i+1, m.At
			continue
		}
		n := zigzag(int64(m.At - e.last))
		if n > 1<<63-1 {
			e.fail(fmt.Errorf("the instant %d cannot be stored", int64(m.At)))
		}
		e.uint(n<<1 | 1)
		e.last = m.At
	}
}
