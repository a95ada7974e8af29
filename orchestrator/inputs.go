package orchestrator

import (
	"slices"
	"sort"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// The bounds of what a person keeps.
const (
	maxRecent  = 20
	maxRefused = 20
	maxKept    = 1000
	maxEnded   = 20
	maxOpen    = 100 // ended runs of a journey that are kept for their goals
	maxLedger  = 50  // final entries
	markWindow = 24 * value.Hour
)

// input takes one input whole: it stores it, then handles its event, then the
// changes of traits it caused.
func (m *machine) input(in *Input) Answer {
	if in.Mark != nil && m.seen(*in.Mark) {
		return Answer{Duplicate: true}
	}
	m.history = in.History || in.Kind == EventInput && m.late(m.arriving(in.Event))
	defer func() { m.history = false }()
	m.source = in.Source
	m.identify(in)
	m.source = ""
	switch in.Kind {
	case EventInput:
		m.event(in.Event)
	case RequestInput:
		a := m.request(in)
		m.react()
		return a
	case TagsInput:
		m.tagByHand(in)
	case TickInput:
		if m.p.Moment > 0 && m.p.Moment <= m.at {
			m.p.Moment = 0
		}
		m.changed.time = true
	}
	m.react()
	return Answer{}
}

// seen remembers a mark and says whether it was there already.
func (m *machine) seen(mark profiles.Mark) bool {
	p := m.p
	for _, old := range p.Marks {
		if old.ID == mark.ID {
			return true
		}
	}
	window := markWindow
	if m.Speed > 1 {
		window = value.Duration(float64(window) * m.Speed)
	}
	n := 0
	for n < len(p.Marks) && m.at.Sub(p.Marks[n].At) > window {
		n++
	}
	mark.At = m.at
	p.Marks = append(p.Marks[n:], mark)
	return false
}

// identify stores identifiers and traits.
func (m *machine) identify(in *Input) {
	for _, id := range in.Identifiers {
		if !m.p.HasIdentifier(id.Trait, id.Value) {
			id.Since, id.Source = m.at, in.Source
			m.p.Identifiers = append(m.p.Identifiers, id)
		}
		if builtinIdentifier(id.Trait) {
			m.setTrait(id.Trait, id.Value, in.At)
		}
	}
	for _, u := range in.Unlinked {
		u.At = m.at
		m.unlinked(u)
	}
	names := make([]string, 0, len(in.Traits))
	for name := range in.Traits {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		m.setTrait(name, in.Traits[name], in.At)
	}
}

// unlinked remembers an identifier that was not taken. One that comes again
// and again, as a client that knows nobody sends it, takes one place.
func (m *machine) unlinked(u profiles.Unlinked) {
	p := m.p
	for i := range p.Unlinked {
		if o := &p.Unlinked[i]; o.Trait == u.Trait && o.Value == u.Value && o.Rule == u.Rule {
			u.Times += o.Times
			p.Unlinked = slices.Delete(p.Unlinked, i, i+1)
			break
		}
	}
	p.Unlinked = append(p.Unlinked, u)
	if n := len(p.Unlinked) - maxRefused; n > 0 {
		p.Unlinked = slices.Delete(p.Unlinked, 0, n)
	}
}

func builtinIdentifier(trait string) bool { return trait == "user_id" || trait == "anonymous_id" }

// setTrait stores a value if it is newer than the one there is; nil clears.
// The keyed traits are merged key by key.
func (m *machine) setTrait(name string, v any, at value.Time) {
	if profiles.KeyedTrait(name) {
		obj, _ := v.(map[string]any)
		keys := make([]string, 0, len(obj))
		for k := range obj {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			m.storeTrait(name+"."+k, obj[k], at)
		}
		return
	}
	m.storeTrait(name, v, at)
}

func (m *machine) storeTrait(name string, v any, at value.Time) {
	p := m.p
	old, had := p.Traits[name]
	if had && at < old.At {
		return // a newer value is known: order of event time, not of arrival
	}
	if p.Traits == nil {
		p.Traits = map[string]profiles.Trait{}
	}
	// A cleared trait stays as a missing value with its time, so that an older
	// value that arrives late does not bring it back.
	if name == tagsTrait {
		v = m.withRules(v)
	}
	p.Traits[name] = profiles.Trait{Value: v, At: at, Source: m.source}
	if value.Equal(old.Value, v) {
		return
	}
	top, _, _ := strings.Cut(name, ".")
	if !profiles.KeyedTrait(top) {
		top = name
	}
	m.changed.trait(top)
	if top == name {
		m.noteChange(name, old.Value, v)
	}
}

// arriving is the event as it comes in now.
func (m *machine) arriving(e *cond.Event) *cond.Event {
	e.Arrived = m.at
	if e.At == 0 || e.At > m.at {
		e.At = m.at // nothing has happened in the future
	}
	return e
}

// event stores an event and handles it: goals, exits, waits, entries.
func (m *machine) event(e *cond.Event) {
	m.remember(e)
	m.changed.event(e.Name)
	m.report(e)
	m.derive()
	m.handle(e)
}

// handle lets an event act: goals, exits, waits, entries.
func (m *machine) handle(e *cond.Event) {
	m.goals(e)
	m.exits(e)
	if !m.history {
		m.waits(e)
	}
	m.entries(e)
}

// late says whether an event was history when it arrived.
func (m *machine) late(e *cond.Event) bool {
	return e.Arrived.Sub(e.At) > m.lateAfter()
}

// lateAfter is the age beyond which an event is history on arrival.
func (m *machine) lateAfter() value.Duration {
	if limit := m.plan.Settings.LateAfter; limit != 0 {
		return limit
	}
	return value.Day
}

// remember puts an event where it is read: the newest of any kind, the kept
// events of its kind, the running values.
func (m *machine) remember(e *cond.Event) {
	p := m.p
	p.Recent = append(p.Recent, e)
	if n := len(p.Recent) - maxRecent; n > 0 {
		p.Recent = slices.Delete(p.Recent, 0, n)
	}
	if k := m.keepOf(e.Name); k != nil {
		m.keep(k.kept(e), k.window)
	}
	for _, r := range m.runningOf(e.Name) {
		if p.Running == nil {
			p.Running = map[string]*profiles.Aggregate{}
		}
		key := r.Key()
		if p.Running[key] == nil {
			p.Running[key] = &profiles.Aggregate{}
		}
		p.Running[key].Add(r, e)
	}
}

func (m *machine) keep(e *cond.Event, window value.Duration) {
	p := m.p
	if p.Events == nil {
		p.Events = map[string]*profiles.Kept{}
	}
	k := p.Events[e.Name]
	if k == nil {
		k = &profiles.Kept{}
		p.Events[e.Name] = k
	}
	k.List = append(k.List, e)
	n := max(0, len(k.List)-maxKept)
	m.keepHours(e.Name, k.List[:n])
	if window > 0 {
		for n < len(k.List) && m.at.Sub(k.List[n].At) > window {
			n++
		}
	}
	if n > 0 {
		k.List, k.Dropped = slices.Delete(k.List, 0, n), k.Dropped+n
	}
}

// keepOf is what to keep of a kind for the live release and those of the
// person's runs.
func (m *machine) keepOf(kind string) *keep {
	k := m.plan.keeps[kind]
	for _, plan := range m.olderPlans() {
		k = k.union(plan.keeps[kind])
	}
	return k
}

// union is what serves both.
func (k *keep) union(o *keep) *keep {
	switch {
	case o == nil:
		return k
	case k == nil:
		return o
	}
	u := &keep{window: max(k.window, o.window)}
	if k.window == 0 || o.window == 0 {
		u.window = 0
	}
	if k.props != nil && o.props != nil {
		u.props = merged(k.props, o.props)
	}
	return u
}

func (m *machine) runningOf(kind string) []*cond.Running {
	list := m.plan.running[kind]
	for _, plan := range m.olderPlans() {
		for _, r := range plan.running[kind] {
			if !slices.ContainsFunc(list, func(o *cond.Running) bool { return o.Key() == r.Key() }) {
				list = append(slices.Clip(list), r)
			}
		}
	}
	return list
}

// olderPlans are the plans of runs that entered under another release.
func (m *machine) olderPlans() []*Plan {
	var plans []*Plan
	for _, r := range m.p.Runs {
		if r.Release == m.plan.Hash {
			continue
		}
		if p := m.planOf(r); p != m.plan && !slices.Contains(plans, p) {
			plans = append(plans, p)
		}
	}
	return plans
}
