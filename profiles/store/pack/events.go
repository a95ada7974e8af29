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

// eventHere writes an event and answers its shape.
func (e *encoder) eventHere(ev *cond.Event) *shape {
	e.str(ev.Name)
	e.once(ev.ID)
	e.time(ev.At)
	e.after(ev.At, ev.Arrived)
	return e.object(ev.Props)
}

// event writes an event, if possible as a reference to one of the newest.
func (e *encoder) event(ev *cond.Event) {
	if ev == nil {
		e.uint(evNone)
		return
	}
	// First by what is known of them, without looking into the events: they
	// are in memory that has not been touched for long.
	for i := len(e.recent) - 1; i >= 0; i-- {
		r := &e.recent[i]
		place := uint64(len(e.recent)-1-i) << 1
		switch ev {
		case r.Event:
			e.uint(evWhole + place)
			return
		case r.part:
			e.uint(evWhole + place + 1)
			e.uint(r.mask)
			return
		}
	}
	for i := len(e.recent) - 1; i >= 0; i-- {
		r := &e.recent[i]
		place := uint64(len(e.recent)-1-i) << 1
		if r.Arrived != ev.Arrived || r.ID != ev.ID || r.At != ev.At || r.Name != ev.Name {
			continue
		}
		if mask, ok := r.maskOf(ev.Props); ok {
			if len(ev.Props) == len(r.Props) {
				e.uint(evWhole + place)
				return
			}
			e.uint(evWhole + place + 1)
			e.uint(mask)
			r.part, r.mask = ev, mask
			return
		}
	}
	e.uint(evHere)
	e.eventHere(ev)
}

// maskOf says which of the properties of an event a part has, if it has no
// others and none with another value.
func (r *look) maskOf(part map[string]any) (mask uint64, ok bool) {
	s := r.shape
	if len(part) > len(s.names) || len(s.names) > maxMask {
		return 0, false
	}
	for i, name := range s.names {
		v, has := part[name]
		if !has {
			continue
		}
		if !value.Equal(v, r.Props[name]) {
			return 0, false
		}
		mask |= 1 << i
	}
	return mask, bits.OnesCount64(mask) == len(part)
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
	r := &d.recent[len(d.recent)-1-int(place)]
	if n&1 == 0 {
		return r.Event
	}
	ev := *r.Event
	ev.Props = nil
	mask := d.uint()
	for j, name := range r.shape.names {
		if j < maxMask && mask&(1<<j) != 0 {
			if ev.Props == nil {
				ev.Props = make(map[string]any, bits.OnesCount64(mask))
			}
			ev.Props[name] = r.Props[name]
		}
	}
	r.part, r.mask = &ev, mask
	return &ev
}
