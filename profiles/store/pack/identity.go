package pack

import (
	"journey/profiles"

	"github.com/cespare/xxhash/v2"
)

// Where identifiers and traits came from, which identifiers were not taken and
// which people have gone into this one. The records of merges never change and
// lie in chunks, so that they cost nothing where they are many.

var chunkMerges = chunking{from: 4, open: 1, every: 4}

func hasIdentity(p *profiles.Person) bool {
	if len(p.Unlinked)+len(p.Merges) > 0 {
		return true
	}
	for i := range p.Identifiers {
		if p.Identifiers[i].Source != "" {
			return true
		}
	}
	for _, t := range p.Traits {
		if t.Source != "" {
			return true
		}
	}
	return false
}

func (e *encoder) identity(w *writing) {
	p := w.p
	for i := range p.Identifiers {
		e.str(p.Identifiers[i].Source)
	}
	for _, name := range sorted(e, p.Traits) {
		e.str(p.Traits[name].Source)
	}
	e.uint(uint64(len(p.Unlinked)))
	for i := range p.Unlinked {
		u := &p.Unlinked[i]
		e.str(u.Trait)
		e.str(u.Value)
		e.str(u.Owner)
		e.str(u.Rule)
		e.once(u.Event)
		e.str(u.Source)
		e.time(u.At)
		e.int(int64(u.Times))
	}
	e.list(w, chunkMerges, len(p.Merges),
		func(i int) uint64 { return xxhash.Sum64String(p.Merges[i].Loser) },
		func(e *encoder, i int) { e.merge(&p.Merges[i]) })
}

func (e *encoder) merge(m *profiles.Merge) {
	e.time(m.At)
	e.str(m.Winner)
	e.str(m.Loser)
	e.once(m.Cause.Event)
	e.str(m.Cause.Source)
	e.str(m.Cause.Rule)
	for _, had := range [...][]profiles.Identifier{m.WinnerHad, m.LoserHad} {
		e.identifiers(had)
		for i := range had {
			e.str(had[i].Source)
		}
	}
}

func (d *decoder) identity(r *reading) {
	p := r.p
	for i := range p.Identifiers {
		p.Identifiers[i].Source = d.str()
	}
	for _, name := range r.traits {
		t := p.Traits[name]
		t.Source = d.str()
		p.Traits[name] = t
	}
	for range d.count(8) {
		p.Unlinked = append(p.Unlinked, profiles.Unlinked{Trait: d.str(), Value: d.str(), Owner: d.str(), Rule: d.str(), Event: d.once(), Source: d.str(),
			At: d.time(), Times: d.small()})
	}
	d.list(r, 6, func(d *decoder) { p.Merges = append(p.Merges, d.merge()) })
}

func (d *decoder) merge() profiles.Merge {
	m := profiles.Merge{At: d.time(), Winner: d.str(), Loser: d.str()}
	m.Cause = profiles.Cause{Event: d.once(), Source: d.str(), Rule: d.str()}
	for _, had := range [...]*[]profiles.Identifier{&m.WinnerHad, &m.LoserHad} {
		var q profiles.Person
		d.identifiers(&q)
		for i := range q.Identifiers {
			q.Identifiers[i].Source = d.str()
		}
		*had = q.Identifiers
	}
	return m
}
