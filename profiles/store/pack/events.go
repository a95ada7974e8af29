package pack

import (
	"math/bits"

	"journey/dsl/cond"
	"journey/dsl/value"
)

// How an event begins. Other numbers refer to one of the newest events: twice
// its place from the newest, plus evWhole, plus 1 if only some of the
// properties follow as a mask.
const (
	evNone  = 0
	evHere  = 1
	evWhole = 2
)

const maxMask = 64 // properties of an event that a mask can tell apart

// newest writes the newest events whole and remembers them for references.
func (e *encoder) newest(list []*cond.Event) {
	e.uint(uint64(len(list)))
	for _, ev := range list {
		base := len(e.vals)
		s := e.eventOn(ev)
		e.recent = append(e.recent, look{ev, s, base})
	}
}

func (e *encoder) eventHere(ev *cond.Event) {
	base := len(e.vals)
	e.eventOn(ev)
	e.vals = e.vals[:base]
}

// eventOn writes an event and leaves its values on e.vals.
func (e *encoder) eventOn(ev *cond.Event) *shape {
	e.str(ev.Name)
	e.once(ev.ID)
	e.time(ev.At)
	e.after(ev.At, ev.Arrived)
	return e.objectOn(ev.Props)
}

// event writes an event, if possible as a reference to one of the newest.
func (e *encoder) event(ev *cond.Event) {
	if ev == nil {
		e.uint(evNone)
		return
	}
	for i := len(e.recent) - 1; i >= 0; i-- {
		r := &e.recent[i]
		place := uint64(len(e.recent)-1-i) << 1
		if r.Event == ev {
			e.uint(evWhole + place)
			return
		}
		if r.Arrived != ev.Arrived || r.ID != ev.ID || r.At != ev.At || r.Name != ev.Name {
			continue
		}
		if mask, ok := e.maskOf(ev.Props, r); ok {
			if len(ev.Props) == len(r.Props) {
				e.uint(evWhole + place)
				return
			}
			e.uint(evWhole + place + 1)
			e.uint(mask)
			return
		}
	}
	e.uint(evHere)
	e.eventHere(ev)
}

// maskOf says which of the properties of an event a part has, if it has no
// others and none with another value.
func (e *encoder) maskOf(part map[string]any, whole *look) (mask uint64, ok bool) {
	s := whole.shape
	if len(part) > len(s.names) || len(s.names) > maxMask {
		return 0, false
	}
	vals := e.vals[whole.vals : whole.vals+len(s.names)]
	// Mostly it is the same properties as before.
	found := 0
	for m := s.mask; m != 0; m &= m - 1 {
		i := bits.TrailingZeros64(m)
		if v, has := part[s.names[i]]; !has || !value.Equal(v, vals[i]) {
			found = -1
			break
		}
		found++
	}
	if found == len(part) {
		return s.mask, true
	}
	found = 0
	for i, name := range s.names {
		v, has := part[name]
		if !has {
			continue
		}
		if !value.Equal(v, vals[i]) {
			return 0, false
		}
		mask |= 1 << i
		found++
	}
	s.mask = mask
	return mask, found == len(part)
}

func (d *decoder) newest() []*cond.Event {
	n := d.count(5)
	if n == 0 {
		return nil
	}
	list, events := make([]*cond.Event, n), make([]cond.Event, n)
	d.looks = make([]*shape, n)
	for i := range list {
		list[i] = &events[i]
		d.looks[i] = d.eventHere(list[i])
	}
	d.recent = list
	return list
}

func (d *decoder) eventHere(ev *cond.Event) *shape {
	ev.Name, ev.ID, ev.At = d.str(), d.once(), d.time()
	ev.Arrived = d.after(ev.At)
	s := d.shape()
	ev.Props = d.values(s)
	return s
}

func (d *decoder) event() *cond.Event {
	n := d.uint()
	switch n {
	case evNone:
		return nil
	case evHere:
		ev := &cond.Event{}
		d.eventHere(ev)
		return ev
	}
	n -= evWhole
	place := n >> 1
	if place >= uint64(len(d.recent)) {
		d.fail("event %d of %d", place, len(d.recent))
		return nil
	}
	i := len(d.recent) - 1 - int(place)
	whole := d.recent[i]
	if n&1 == 0 {
		return whole
	}
	ev := *whole
	ev.Props = nil
	mask := d.uint()
	for j, name := range d.looks[i].names {
		if j < maxMask && mask&(1<<j) != 0 {
			if ev.Props == nil {
				ev.Props = make(map[string]any, bits.OnesCount64(mask))
			}
			ev.Props[name] = whole.Props[name]
		}
	}
	return &ev
}
