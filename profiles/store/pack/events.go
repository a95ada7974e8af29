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
	return e.props(ev.Props)
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
			if ev.Props.Len() == r.Props.Len() {
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
func (r *look) maskOf(part cond.Props) (mask uint64, ok bool) {
	names, values := r.Props.Names(), r.Props.Values()
	if part.Len() > len(names) || len(names) > maxMask {
		return 0, false
	}
	i := 0
	for name, v := range part.All() {
		for i < len(names) && names[i] < name {
			i++
		}
		if i == len(names) || names[i] != name || !value.Equal(v, values[i]) {
			return 0, false
		}
		mask |= 1 << i
	}
	return mask, true
}

// partOf are the properties of a mask.
func (r *look) partOf(mask uint64) cond.Props {
	all, values := r.Props.Names(), r.Props.Values()
	if len(all) < maxMask {
		mask &= 1<<len(all) - 1
	}
	n := bits.OnesCount64(mask)
	if n == 0 {
		return cond.Props{}
	}
	part := make([]any, 0, n)
	for i := range all {
		if i < maxMask && mask&(1<<i) != 0 {
			part = append(part, values[i])
		}
	}
	return cond.MakeProps(r.shape.namesOf(mask, n), part)
}

func (d *decoder) eventHere(ev *cond.Event) *shape {
	ev.Name, ev.ID, ev.At = d.str(), d.once(), d.time()
	ev.Arrived = d.after(ev.At)
	s := d.shape()
	ev.Props = d.props(s)
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
	mask := d.uint()
	ev.Props = r.partOf(mask)
	r.part, r.mask = &ev, mask
	return &ev
}
