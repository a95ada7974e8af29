package orchestrator

import (
	"slices"
	"sort"
	"strings"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Merge makes one person of two: everything of loser goes into winner. The
// caller sees to it that it happens once (winner.Absorbed) and that the
// loser's place says where he went. What was due of either happens first. The
// cause is recorded with both as they were.
func (w *World) Merge(winner, loser *profiles.Person, version uint64, cause profiles.Cause, now value.Time) Result {
	record := profiles.Merge{At: now, Winner: winner.ID, Loser: loser.ID, Cause: cause,
		WinnerHad: slices.Clone(winner.Identifiers), LoserHad: slices.Clone(loser.Identifiers)}
	before := w.Settle(loser, now)
	m := w.begin(winner, now)
	m.settle(now)
	m.at = now
	for _, r := range loser.Runs {
		m.was[r.ID] = snapshotOf(r)
	}
	m.quiet = true
	m.absorb(loser)
	m.react()
	m.quiet = false
	m.p.Absorbed = append(m.p.Absorbed, loser.Absorbed...)
	m.p.Absorbed = append(m.p.Absorbed, profiles.Absorbed{ID: loser.ID, Version: version, At: now})
	m.recordMerge(loser, record)
	m.close(now)
	res := m.finish("")
	res.Reactions = append(before.Reactions, res.Reactions...)
	return res
}

// recordMerge adds the record of a merge to those of both.
func (m *machine) recordMerge(l *profiles.Person, record profiles.Merge) {
	p := m.p
	p.Merges = append(append(slices.Clip(p.Merges), l.Merges...), record)
	slices.SortStableFunc(p.Merges, func(a, b profiles.Merge) int { return compare(a.At, b.At) })
	theirs := l.Unlinked
	ours := p.Unlinked
	p.Unlinked = nil
	for _, u := range append(slices.Clone(theirs), ours...) {
		if !p.HasIdentifier(u.Trait, u.Value) { // what was somebody else's is his by now
			m.unlinked(u)
		}
	}
	slices.SortStableFunc(p.Unlinked, func(a, b profiles.Unlinked) int { return compare(a.At, b.At) })
}

// absorb unites the two, part by part.
func (m *machine) absorb(l *profiles.Person) {
	p := m.p
	older := p.Created <= l.Created
	if l.Created != 0 { // else he was never stored
		p.Created = min(p.Created, l.Created)
	}
	for _, id := range l.Identifiers {
		if !p.HasIdentifier(id.Trait, id.Value) {
			p.Identifiers = append(p.Identifiers, id)
		}
	}
	m.absorbTraits(l)
	m.absorbRunning(l) // before the events: it asks which both have
	m.absorbEvents(l)
	absorbMap(&p.Splits, l.Splits, !older)
	absorbMap(&p.Controls, l.Controls, !older)
	for key, day := range l.Calendar {
		if day > p.Calendar[key] {
			m.dealtWith(key, day)
		}
	}
	for key, held := range l.Whens {
		if held {
			if p.Whens == nil {
				p.Whens = map[string]bool{}
			}
			p.Whens[key] = true
		}
	}
	m.absorbEntries(l)
	p.Ledger = append(p.Ledger, l.Ledger...)
	slices.SortStableFunc(p.Ledger, func(a, b *profiles.Send) int { return compare(a.At, b.At) })
	m.absorbRuns(l)
	p.Refused = append(p.Refused, l.Refused...)
	slices.SortStableFunc(p.Refused, func(a, b profiles.Refusal) int { return compare(a.At, b.At) })
	if n := len(p.Refused) - maxRefused; n > 0 {
		p.Refused = slices.Delete(p.Refused, 0, n)
	}
	m.absorbMarks(l)
	if l.Moment > 0 && (p.Moment == 0 || l.Moment < p.Moment) {
		p.Moment = l.Moment
	}
}

func compare[T ~int64 | ~float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// absorbMap adds what is missing in to; of two the loser's only if take says
// so.
func absorbMap[V any](to *map[string]V, from map[string]V, take bool) {
	for k, v := range from {
		if *to == nil {
			*to = map[string]V{}
		}
		if _, had := (*to)[k]; !had || take {
			(*to)[k] = v
		}
	}
}

// absorbTraits keeps the newer of two values by event time. Of two choices
// about receiving messages the stricter stays, and tags are united, but for
// those of rules, which follow from what is, like computed traits. Computed
// traits are not absorbed: they follow from what is.
func (m *machine) absorbTraits(l *profiles.Person) {
	p := m.p
	names := make([]string, 0, len(l.Traits))
	for name := range l.Traits {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if t, known := m.plan.Trait(name); known && t.Computed != nil {
			continue
		}
		theirs := l.Traits[name]
		ours, had := p.Traits[name]
		v := theirs
		top, _, keyed := strings.Cut(name, ".")
		switch {
		case !had:
		case keyed && profiles.KeyedTrait(top):
			v = stricter(top, ours, theirs)
		case name == tagsTrait:
			v = profiles.Trait{Value: unite(ours.Value, theirs.Value), At: max(ours.At, theirs.At)}
		case theirs.At <= ours.At:
			v = ours
		}
		if p.Traits == nil {
			p.Traits = map[string]profiles.Trait{}
		}
		if name == tagsTrait {
			v.Value = m.withRules(v.Value)
		}
		p.Traits[name] = v
		if !keyed || !profiles.KeyedTrait(top) {
			top = name
		}
		if !value.Equal(ours.Value, v.Value) {
			m.changed.trait(top)
		}
	}
}

// stricter is the choice that lets less through: no consent, out of a topic,
// suppressed. A missing one never wins.
func stricter(trait string, a, b profiles.Trait) profiles.Trait {
	strict := trait == "suppressed"
	switch {
	case a.Value == nil:
		return b
	case b.Value == nil, a.Value == strict:
		return a
	case b.Value == strict:
		return b
	case b.At > a.At:
		return b
	}
	return a
}

func unite(a, b any) any {
	x, _ := a.([]any)
	y, _ := b.([]any)
	u := slices.Clone(x)
	for _, t := range y {
		if !slices.ContainsFunc(u, func(o any) bool { return value.Equal(o, t) }) {
			u = append(u, t)
		}
	}
	if len(u) == 0 {
		return nil
	}
	return u
}

// absorbEvents unites the kept events and the newest ones, each once, in the
// order of arrival. They get numbers of their own after the old ones. What is
// known of theirs by the hour is added: those were events of their own.
func (m *machine) absorbEvents(l *profiles.Person) {
	p := m.p
	p.AbsorbHours(l)
	for kind, theirs := range l.Events {
		if p.Events == nil {
			p.Events = map[string]*profiles.Kept{}
		}
		ours := p.Events[kind]
		if ours == nil {
			ours = &profiles.Kept{}
			p.Events[kind] = ours
		}
		list := uniteEvents(ours.List, theirs.List)
		numbers := ours.Dropped + len(ours.List)
		if n := len(list) - maxKept; n > 0 {
			m.keepHours(kind, list[:n])
			list = list[n:]
		}
		p.Events[kind] = &profiles.Kept{List: list, Dropped: numbers}
		m.changed.event(kind)
	}
	p.Recent = uniteEvents(p.Recent, l.Recent)
	if n := len(p.Recent) - maxRecent; n > 0 {
		p.Recent = p.Recent[n:]
	}
}

func uniteEvents(a, b []*cond.Event) []*cond.Event {
	have := make(map[string]bool, len(a))
	for _, e := range a {
		have[e.ID] = e.ID != ""
	}
	u := slices.Clone(a)
	for _, e := range b {
		if !have[e.ID] {
			u = append(u, e)
		}
	}
	slices.SortStableFunc(u, func(x, y *cond.Event) int { return compare(x.Arrived, y.Arrived) })
	return u
}

// absorbRunning adds running values, less the events that both have stored.
func (m *machine) absorbRunning(l *profiles.Person) {
	p := m.p
	for kind := range m.kinds(l) {
		both := common(stored(p, kind), stored(l, kind))
		for _, r := range m.runningOf(kind) {
			theirs := l.Running[r.Key()]
			if theirs == nil {
				continue
			}
			m.changed.event(kind)
			if p.Running == nil {
				p.Running = map[string]*profiles.Aggregate{}
			}
			ours := p.Running[r.Key()]
			if ours == nil {
				p.Running[r.Key()] = theirs
				continue
			}
			ours.Absorb(r, theirs, both)
		}
	}
}

// stored are the events of a kind that a person still has: those that are kept
// or, of a kind that is not, those among the newest of any kind.
func stored(p *profiles.Person, kind string) []*cond.Event {
	if list := p.Kept(kind); len(list) > 0 {
		return list
	}
	var list []*cond.Event
	for _, e := range p.Recent {
		if e.Name == kind {
			list = append(list, e)
		}
	}
	return list
}

func (m *machine) kinds(l *profiles.Person) map[string]bool {
	kinds := map[string]bool{}
	for kind := range m.plan.running {
		kinds[kind] = true
	}
	for _, plan := range m.olderPlans() {
		for kind := range plan.running {
			kinds[kind] = true
		}
	}
	return kinds
}

// common are the events that stand in both lists, by message id.
func common(a, b []*cond.Event) []*cond.Event {
	ids := make(map[string]bool, len(a))
	for _, e := range a {
		ids[e.ID] = e.ID != ""
	}
	var both []*cond.Event
	for _, e := range b {
		if ids[e.ID] {
			both = append(both, e)
		}
	}
	return both
}

// absorbEntries unites the memory of entries, the newest of each key. A key
// that one of the two keeps in full and the other as a hash is one key.
func (m *machine) absorbEntries(l *profiles.Person) {
	p := m.p
	for journey, list := range l.Entries {
		if p.Entries == nil {
			p.Entries = map[string][]profiles.EntryMark{}
		}
		u := slices.Clone(p.Entries[journey])
		at := make(map[string]int, len(u)) // by hash: two keys of one hash are one in any case when they are old
		for i := range u {
			at[shortKey(u[i].Key)] = i
		}
		for _, e := range list {
			i, both := at[shortKey(e.Key)]
			if !both {
				u = append(u, e)
				continue
			}
			u[i].At = max(u[i].At, e.At)
			if isHashed(u[i].Key) {
				u[i].Key = e.Key
			}
		}
		slices.SortStableFunc(u, func(a, b profiles.EntryMark) int { return compare(a.At, b.At) })
		p.Entries[journey] = m.boundEntries(u)
	}
}

// absorbRuns lets the runs of both go on as runs of the one. Of two in the
// same journey under the same key the earlier entry goes on.
func (m *machine) absorbRuns(l *profiles.Person) {
	p := m.p
	runs := append(slices.Clone(p.Runs), l.Runs...)
	slices.SortStableFunc(runs, func(a, b *profiles.Run) int {
		if c := compare(a.Entered, b.Entered); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	p.Runs = runs
	p.Ended = append(p.Ended, l.Ended...)
	slices.SortStableFunc(p.Ended, func(a, b *profiles.Run) int { return compare(a.EndedAt, b.EndedAt) })
	inside := map[string]bool{}
	for _, r := range m.live() {
		key := r.Journey + "\x00" + r.Key
		if inside[key] {
			m.end(r, EndedMerged)
			continue
		}
		inside[key] = true
		m.changed.journey(r.Journey)
	}
}

func (m *machine) absorbMarks(l *profiles.Person) {
	p := m.p
	have := make(map[uint64]bool, len(p.Marks))
	for _, k := range p.Marks {
		have[k.ID] = true
	}
	for _, k := range l.Marks {
		if !have[k.ID] {
			p.Marks = append(p.Marks, k)
		}
	}
	slices.SortStableFunc(p.Marks, func(a, b profiles.Mark) int { return compare(a.At, b.At) })
	p.Spilled += l.Spilled
}
