package pack

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Fields are the fields beside a core, by name.
type Fields map[string][]byte

// reading is a person in the making.
type reading struct {
	format byte
	fields Fields
	layout *Layout
	p      *profiles.Person

	traits     []string // their names in the order of the bytes
	fieldBytes int      // read so far
}

// Decode unpacks a person: the core as Encode made it, and the fields beside
// it. The person's id is not among the bytes. ErrTorn and ErrNames say that
// newer fields or names are needed; other errors that the bytes are none of
// Encode's.
func Decode(id string, core []byte, fields Fields, names *Names) (*profiles.Person, *Layout, error) {
	if names == nil {
		names = &Names{}
	}
	if len(core) == 0 {
		return nil, nil, fmt.Errorf("%w: no bytes", errFormat)
	}
	if core[0] < 1 || core[0] > format {
		return nil, nil, fmt.Errorf("%w: format %d is not known: it was written by a newer version", errFormat, core[0])
	}
	d := &decoder{rest: string(core[1:]), names: names, table: make([]string, 0, 64), shapes: make([]*shape, 0, 8)}
	r := &reading{format: core[0], fields: fields, layout: &Layout{bytes: len(core)}, p: &profiles.Person{ID: id}}
	d.person(r)
	if err := d.end(); err != nil {
		return nil, nil, err
	}
	for _, data := range fields {
		r.layout.bytes += len(data)
	}
	r.layout.release, r.layout.absorbed = r.p.Release, len(r.p.Absorbed)
	return r.p, r.layout, nil
}

func (d *decoder) person(r *reading) {
	p := r.p
	p.Created = d.time()
	p.Last = d.time()
	p.Release = d.str()
	p.Entered = d.small64()
	p.Spilled = d.small()
	p.Moment = d.time()
	d.identifiers(p)
	d.traits(r)
	p.Recent = d.newest(r)
	d.kept(r)
	d.running(p)
	d.segments(p)
	p.Whens = d.flags()
	d.splits(p)
	if n := d.count(9); n > 0 {
		p.Runs = make([]*profiles.Run, n)
		for i := range p.Runs {
			p.Runs[i] = d.run(p)
		}
	}
	d.list(r, 9, func(d *decoder) { p.Ended = append(p.Ended, d.run(p)) })
	d.list(r, 9, func(d *decoder) { p.Ledger = append(p.Ledger, d.send(p)) })
	d.entries(r)
	for range d.count(3) {
		p.Refused = append(p.Refused, profiles.Refusal{Journey: d.str(), Reason: d.str(), At: d.time()})
	}
	d.marks(p)
	for range d.count(3) {
		p.Absorbed = append(p.Absorbed, profiles.Absorbed{ID: d.once(), Version: d.uint(), At: d.time()})
	}
	d.more(r)
}

func (d *decoder) more(r *reading) {
	if len(d.rest) == 0 {
		return
	}
	p := r.p
	p.Controls = d.flags()
	if n := d.count(2); n > 0 {
		p.Calendar = make(map[string]value.Date, n)
		for range n {
			entry := d.str()
			p.Calendar[entry] = value.Date(d.int())
		}
	}
	if len(d.rest) > 0 {
		d.hours(r)
	}
	if len(d.rest) > 0 {
		d.identity(r)
	}
}

func (d *decoder) identifiers(p *profiles.Person) {
	n := d.count(3)
	if n == 0 {
		return
	}
	p.Identifiers = make([]profiles.Identifier, n)
	for i := range p.Identifiers {
		p.Identifiers[i] = profiles.Identifier{Trait: d.str(), Value: d.str(), Since: d.time()}
	}
}

func (d *decoder) traits(r *reading) {
	n := d.count(3)
	if n == 0 {
		return
	}
	r.p.Traits = make(map[string]profiles.Trait, n)
	r.traits = make([]string, n)
	for i := range r.traits {
		name, at := d.str(), d.time()
		r.p.Traits[name] = profiles.Trait{At: at, Value: d.value()}
		r.traits[i] = name
	}
}

func (d *decoder) kept(r *reading) {
	var old []*cond.Event
	if r.format > 1 {
		old = d.older(r)
	}
	r.layout.slots = d.uint()
	n := d.count(5)
	if n == 0 {
		if len(old) > 0 {
			d.fail("older events of no kind")
		}
		return
	}
	met := 0
	r.p.Events = make(map[string]*profiles.Kept, n)
	for range n {
		kind := d.str()
		x := extent{slot: d.uint(), from: d.small64()}
		x.paged = x.from + d.small64()
		k := &profiles.Kept{Dropped: x.from, List: d.readPages(r, x)}
		for _, ev := range old {
			if ev.Name == kind {
				k.List = append(k.List, ev)
				met++
			}
		}
		for range d.count(1) {
			k.List = append(k.List, d.event())
		}
		if d.err != nil {
			return
		}
		if x.slot != 0 {
			if r.layout.kinds == nil {
				r.layout.kinds = map[string]extent{}
			}
			r.layout.kinds[kind] = x
		}
		r.p.Events[kind] = k
	}
	if met != len(old) {
		d.fail("older events of no kind")
	}
}

func (d *decoder) running(p *profiles.Person) {
	n := d.count(4)
	if n == 0 {
		return
	}
	p.Running = make(map[string]*profiles.Aggregate, n)
	for range n {
		key := d.str()
		p.Running[key] = &profiles.Aggregate{Number: d.float(), N: d.small(), Event: d.event()}
	}
}

func (d *decoder) float() float64 {
	f, ok := d.value().(float64)
	if !ok {
		d.fail("no number")
	}
	return f
}

func (d *decoder) segments(p *profiles.Person) {
	n := d.count(2)
	if n == 0 {
		return
	}
	p.Segments = make(map[string]value.Time, n)
	for range n {
		name := d.str()
		p.Segments[name] = d.time()
	}
}

func (d *decoder) flags() map[string]bool {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	m := make(map[string]bool, n)
	for range n {
		key := d.str()
		m[key] = d.byte() != 0
	}
	return m
}

func (d *decoder) splits(p *profiles.Person) {
	n := d.count(2)
	if n == 0 {
		return
	}
	p.Splits = make(map[string]string, n)
	for range n {
		name := d.str()
		p.Splits[name] = d.str()
	}
}

func (d *decoder) entries(r *reading) {
	n := d.count(3)
	if n == 0 {
		return
	}
	r.p.Entries = make(map[string][]profiles.EntryMark, n)
	for range n {
		journey := d.str()
		var list []profiles.EntryMark
		d.list(r, 2, func(d *decoder) {
			list = append(list, profiles.EntryMark{Key: d.str(), At: d.time()})
		})
		if d.err != nil {
			return
		}
		r.p.Entries[journey] = list
	}
}

func (d *decoder) runID(p *profiles.Person) string {
	if n := d.uint(); n > 0 {
		return p.ID + "." + strconv.FormatUint(n, 10)
	}
	return d.str()
}

func (d *decoder) marks(p *profiles.Person) {
	n := d.count(13)
	if n == 0 {
		return
	}
	p.Marks = make([]profiles.Mark, n)
	next := 0
	for i := range p.Marks {
		b := d.text(12)
		at := d.uint()
		if d.err != nil {
			return
		}
		if at&1 == 0 {
			if at>>1 >= uint64(len(p.Recent)-next) {
				d.fail("a mark of an event that is not there")
				return
			}
			next += int(at >> 1)
			d.last = p.Recent[next].Arrived
			next++
		} else {
			d.last += value.Time(unzigzag(at >> 1))
		}
		p.Marks[i] = profiles.Mark{
			ID:      binary.LittleEndian.Uint64([]byte(b[:8])),
			Payload: binary.LittleEndian.Uint32([]byte(b[8:])),
			At:      d.last,
		}
	}
}
