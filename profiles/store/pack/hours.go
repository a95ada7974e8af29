package pack

import (
	"math"
	"slices"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// What is kept by the hour is a list for each key, the oldest hour first. Its
// chunks stay as they are while events of other hours come and the oldest
// hours go.

var chunkHours = chunking{from: 64, open: 4, every: 64}

func (e *encoder) hours(w *writing, p *profiles.Person) {
	e.uint(uint64(len(p.Hours)))
	for _, key := range slices.Clone(sorted(e, p.Hours)) {
		list := p.Hours[key]
		e.str(key)
		e.list(w, chunkHours, len(list),
			func(i int) uint64 { return uint64(list[i].Hour) * 0x9e3779b97f4a7c15 >> 32 }, // one in 64, also of those a day apart
			func(e *encoder, i int) { e.hour(&list[i]) })
	}
}

// hour writes an hour as the difference from the hour of the instant written
// before. The least and the greatest of one number are its sum, mostly.
func (e *encoder) hour(h *cond.Hour) {
	e.int(h.Hour - cond.HourOf(e.last))
	e.last = value.Time(h.Hour * int64(value.Hour))
	one := same(h.Sum, h.Min) && same(h.Sum, h.Max)
	n := int64(h.N) << 1
	if one {
		n |= 1
	}
	e.int(n)
	e.float(h.Sum)
	if !one {
		e.float(h.Min)
		e.float(h.Max)
	}
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func (d *decoder) hours(r *reading) {
	n := d.count(3)
	if n == 0 {
		return
	}
	r.p.Hours = make(map[string][]cond.Hour, n)
	for range n {
		key := d.str()
		var list []cond.Hour
		d.list(r, 3, func(d *decoder) { list = append(list, d.hour()) })
		if d.err != nil {
			return
		}
		r.p.Hours[key] = list
	}
}

func (d *decoder) hour() cond.Hour {
	h := cond.Hour{Hour: cond.HourOf(d.last) + d.int()}
	d.last = value.Time(h.Hour * int64(value.Hour))
	n := d.int()
	h.N, h.Sum = int(n>>1), d.float()
	if h.Min, h.Max = h.Sum, h.Sum; n&1 == 0 {
		h.Min, h.Max = d.float(), d.float()
	}
	return h
}
