package orchestrator

import (
	"slices"

	"journey/dsl/cond"
	"journey/profiles"
)

// keepHours takes events that are no longer kept, because there are newer
// ones, into their hours, as far as a window reaches.
func (m *machine) keepHours(kind string, dropped []*cond.Event) {
	if len(dropped) == 0 {
		return
	}
	for _, r := range m.hoursOf(kind) {
		for _, e := range dropped {
			if r.Window == 0 || cond.HourOf(e.At) >= r.Since(m.at) {
				m.p.AddHour(r, e)
			}
		}
	}
}

// forgetHours drops the hours that have left their windows. What no release
// at hand reads stays, like running values, and for as long as hours can be
// kept at all: a release that is taken back loses none.
func (m *machine) forgetHours() {
	if len(m.p.Hours) == 0 {
		return
	}
	window := map[string]*cond.HourRead{}
	for kind := range m.p.Events {
		for _, r := range m.hoursOf(kind) {
			window[r.Key()] = r
		}
	}
	for key := range m.p.Hours {
		since := cond.HourOf(m.now) - profiles.MaxHours
		if r := window[key]; r != nil {
			if r.Window == 0 {
				continue
			}
			since = r.Since(m.now)
		}
		m.p.DropHours(key, since)
	}
}

// hoursOf is what to keep by the hour of a kind, for the live release and
// those of the person's runs, each with its widest window.
func (m *machine) hoursOf(kind string) []*cond.HourRead {
	list := m.plan.hours[kind]
	for _, plan := range m.olderPlans() {
		for _, r := range plan.hours[kind] {
			switch live := hourly(list, r.Key()); {
			case live == nil:
				list = append(slices.Clip(list), r)
			case live.Window != 0 && (r.Window == 0 || r.Window > live.Window):
				list = slices.Clone(list)
				list[slices.Index(list, live)] = r
			}
		}
	}
	return list
}

// hourly is the one of a list with a key; nil if there is none.
func hourly(list []*cond.HourRead, key string) *cond.HourRead {
	i := slices.IndexFunc(list, func(r *cond.HourRead) bool { return r.Key() == key })
	if i < 0 {
		return nil
	}
	return list[i]
}
