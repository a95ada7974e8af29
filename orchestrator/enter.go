package orchestrator

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Reasons for which an entry is not made.
const (
	RefusedAgain   = "again"
	RefusedFilter  = "filter"
	RefusedLeft    = "already left"
	RefusedMany    = "too many"
	RefusedNoKey   = "no key"
	RefusedLate    = "late"
	RefusedPaused  = "paused"
	RefusedDepth   = "depth"
	RefusedWhere   = "where"      // of a request: its `where` did not hold
	RefusedUnknown = "no journey" // of a request: there is no such journey, or it takes none
)

const (
	maxRuns   = 100   // live runs per person and journey
	maxKeys   = 1000  // keys of `per` kept in full
	maxHashed = 10000 // older ones, as short hashes
	keepKeys  = 400 * value.Day
	maxDepth  = 10
)

// entries makes the entries that an event brings about.
func (m *machine) entries(e *cond.Event) {
	ev := m.plan.onEvent[e.Name]
	if ev == nil {
		return
	}
	var asked *dsl.Journey // the clauses of a journey are alternatives, and stand together
	for _, of := range ev.entries {
		if of.journey == asked {
			continue
		}
		events := []*cond.Event{e}
		if of.entry.Each != "" {
			events = m.elements(of, e)
		}
		for _, e := range events {
			if !m.admits(of.entry, e) {
				m.trace(Trace{Kind: TraceIgnored, Journey: of.journey.Name, Detail: of.entry.ID})
				continue
			}
			asked = of.journey
			m.admit(of, e)
		}
	}
}

// admit makes the entry of an event; history begins nothing.
func (m *machine) admit(of entryOf, e *cond.Event) {
	if m.history {
		m.refuse(of.journey.Name, RefusedLate)
		return
	}
	m.enter(of, e)
}

// admits asks an entry's `where`.
func (m *machine) admits(e *dsl.Entry, ev *cond.Event) bool {
	return e.Where == nil || e.Where.Bool(m.aboutEvent(ev))
}

// request makes the entry of a request.
func (m *machine) request(in *Input) Answer {
	req := m.plan.requests[in.Journey]
	if req == nil {
		m.refuse(in.Journey, RefusedUnknown)
		return Answer{Refused: RefusedUnknown}
	}
	ev := &cond.Event{ID: in.ID, Name: "request", At: in.At, Arrived: m.at, Props: cond.PropsOf(in.Params)}
	if ev.At == 0 || ev.At > m.at {
		ev.At = m.at
	}
	if !m.admits(req.entry, ev) {
		m.refuse(in.Journey, RefusedWhere)
		return Answer{Refused: RefusedWhere}
	}
	run, reason := m.enter(*req, ev)
	return Answer{Run: run, Refused: reason}
}

// enter begins a run, or records why not. The entry's `where` has held.
func (m *machine) enter(of entryOf, ev *cond.Event) (run, refused string) {
	j := of.journey
	env := m.aboutEvent(ev)
	key, refused := m.mayEnter(j, of.entry, ev, env)
	if refused != "" {
		m.refuse(j.Name, refused)
		return "", refused
	}
	p := m.p
	p.Entered++
	r := &profiles.Run{
		ID: profiles.RunID(p.ID, p.Entered), Journey: j.Name, Release: m.plan.Hash, Key: key,
		Entered: m.at, Entry: ev, Clock: m.at, Step: j.Start, Pass: 1, Depth: m.depth,
	}
	if j.Arms > 0 {
		r.Arms = make([]*cond.Event, j.Arms)
	}
	p.Runs = append(p.Runs, r)
	m.markEntry(j.Name, key)
	m.changed.journey(j.Name)
	m.ready[r] = true
	m.traceRun(TraceEntered, r, Trace{Name: key, Clause: slices.Index(j.Entries, of.entry) + 1})
	m.leaveWhen(r, j)
	return r.ID, ""
}

// mayEnter asks everything an entry must pass after its `where`: the key and
// "" or the reason against it.
func (m *machine) mayEnter(j *dsl.Journey, e *dsl.Entry, ev *cond.Event, env *cond.Env) (key, refused string) {
	if m.isPaused(j.Name) {
		return "", RefusedPaused
	}
	if m.depth > maxDepth {
		return "", RefusedDepth
	}
	if per := j.Reentry.Per; per != nil {
		v := per.Value(env)
		if v == nil {
			return "", RefusedNoKey
		}
		key = KeyText(v)
	}
	if j.While != nil && !j.While.Bool(env) {
		return "", RefusedFilter
	}
	if e.Kind == dsl.OnEvent && m.alreadyLeft(j, ev) {
		return "", RefusedLeft
	}
	if !m.reenters(j, key, env) {
		return "", RefusedAgain
	}
	n := 0
	for _, r := range m.p.Runs {
		if r.Journey == j.Name {
			n++
		}
	}
	if n >= maxRuns {
		return "", RefusedMany
	}
	return key, ""
}

// reenters asks the re-entry rule for a key.
func (m *machine) reenters(j *dsl.Journey, key string, env *cond.Env) bool {
	last, entered := m.lastEntry(j.Name, key)
	if j.Reentry.Kind == dsl.Once {
		return !entered
	}
	for _, r := range m.p.Runs {
		if r.Journey == j.Name && r.Key == key {
			return false
		}
	}
	if j.Reentry.Kind == dsl.AfterTime && entered {
		return m.at.Sub(last) >= j.Reentry.After.Duration(env)
	}
	return true
}

// alreadyLeft says whether an `exit on` event with a later time is stored
// already: the event that enters came after the one that would have ended it.
func (m *machine) alreadyLeft(j *dsl.Journey, ev *cond.Event) bool {
	for _, x := range j.Exits {
		if x.Event == "" {
			continue
		}
		for _, past := range m.p.Kept(x.Event) {
			if past == ev || past.ID != "" && past.ID == ev.ID || past.At <= ev.At {
				continue
			}
			env := m.aboutEvent(past)
			env.Entry = ev
			if x.Where == nil || x.Where.Bool(env) {
				return true
			}
		}
	}
	return false
}

func (m *machine) lastEntry(journey, key string) (value.Time, bool) {
	hashed := shortKey(key)
	for _, e := range m.p.Entries[journey] {
		if e.Key == key || e.Key == hashed {
			return e.At, true
		}
	}
	return 0, false
}

// markEntry remembers an entry: the newest 1,000 keys in full, older ones as
// short hashes for 400 days.
func (m *machine) markEntry(journey, key string) {
	p := m.p
	if p.Entries == nil {
		p.Entries = map[string][]profiles.EntryMark{}
	}
	hashed := shortKey(key)
	list := slices.DeleteFunc(p.Entries[journey], func(e profiles.EntryMark) bool {
		return e.Key == key || e.Key == hashed
	})
	p.Entries[journey] = m.boundEntries(append(list, profiles.EntryMark{Key: key, At: m.at}))
}

// boundEntries bounds the memory of a journey's entries, oldest first.
func (m *machine) boundEntries(list []profiles.EntryMark) []profiles.EntryMark {
	list = slices.Delete(list, 0, max(0, len(list)-maxHashed))
	for len(list) > maxKeys && m.at.Sub(list[0].At) > keepKeys {
		list = list[1:]
	}
	for i := range list[:max(0, len(list)-maxKeys)] {
		list[i].Key = shortKey(list[i].Key)
	}
	return list
}

// shortKey is the hash under which an old key is kept; a hash is its own.
func shortKey(key string) string {
	if isHashed(key) {
		return key
	}
	h := fnv.New64a()
	h.Write([]byte(key))
	return fmt.Sprintf("\x00%012x", h.Sum64()&(1<<48-1))
}

func isHashed(key string) bool { return strings.HasPrefix(key, "\x00") }

// refuse records an entry that was not made.
func (m *machine) refuse(journey, reason string) {
	p := m.p
	p.Refused = append(p.Refused, profiles.Refusal{Journey: journey, Reason: reason, At: m.at})
	if n := len(p.Refused) - maxRefused; n > 0 {
		p.Refused = slices.Delete(p.Refused, 0, n)
	}
	m.trace(Trace{Kind: TraceRefused, Journey: journey, Detail: reason})
}

// KeyText is the value of a `per` expression as a run's key.
func KeyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return plainNumber(v)
	}
	return fmt.Sprint(v)
}
