package profiles

import (
	"slices"

	"journey/dsl/cond"
)

// MaxHours bounds the hours that are kept of a kind of events or of a
// property of it: those of 400 days.
const MaxHours = 400 * 24

// HoursOf is what is left of a person's events that are no longer kept.
func (p *Person) HoursOf(r *cond.HourRead) []cond.Hour { return p.Hours[r.Key()] }

// AddHour takes an event that is no longer kept into its hour; without the
// number that is read there is nothing to take.
func (p *Person) AddHour(r *cond.HourRead, e *cond.Event) {
	h := cond.Hour{Hour: cond.HourOf(e.At), N: 1}
	if r.Prop != "" {
		n, ok := numberOf(e, r.Prop)
		if !ok {
			return
		}
		h.Sum, h.Min, h.Max = n, n, n
	}
	if p.Hours == nil {
		p.Hours = map[string][]cond.Hour{}
	}
	list := p.Hours[r.Key()]
	i, is := slices.BinarySearchFunc(list, h, byHour)
	if is {
		list[i].Absorb(&h)
		return
	}
	p.Hours[r.Key()] = newestHours(slices.Insert(list, i, h))
}

// AbsorbHours adds what is known of another person's hours.
func (p *Person) AbsorbHours(l *Person) {
	for key, theirs := range l.Hours {
		if p.Hours == nil {
			p.Hours = map[string][]cond.Hour{}
		}
		list := slices.Clone(p.Hours[key])
		for i := range theirs {
			if at, is := slices.BinarySearchFunc(list, theirs[i], byHour); is {
				list[at].Absorb(&theirs[i])
			} else {
				list = slices.Insert(list, at, theirs[i])
			}
		}
		p.Hours[key] = newestHours(list)
	}
}

// DropHours forgets the hours before one.
func (p *Person) DropHours(key string, before int64) {
	list := p.Hours[key]
	i, _ := slices.BinarySearchFunc(list, cond.Hour{Hour: before}, byHour)
	switch {
	case i == len(list):
		delete(p.Hours, key)
	case i > 0:
		p.Hours[key] = slices.Delete(list, 0, i)
	}
	if len(p.Hours) == 0 {
		p.Hours = nil
	}
}

func newestHours(list []cond.Hour) []cond.Hour {
	if n := len(list) - MaxHours; n > 0 {
		return slices.Delete(list, 0, n)
	}
	return list
}

func byHour(a, b cond.Hour) int {
	switch {
	case a.Hour < b.Hour:
		return -1
	case a.Hour > b.Hour:
		return 1
	}
	return 0
}

// HourlyCount is how many events of a kind are known by the hour only, and
// still may count.
func (p *Person) HourlyCount(kind string) int {
	n := 0
	for i := range p.Hours[kind] {
		n += p.Hours[kind][i].N
	}
	return n
}
