package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/store"
)

// Who a call is about.
//
// Identifiers that all lead to one profile, as the index (or what is
// remembered of it) says, need no thought: the call goes there, and the lane
// adds those that the profile does not hold yet. Everything else is settled
// here: new identifiers are claimed, people who turn out to be one are
// merged, and an identifier that would make two people one who are not, or
// give somebody more of them than a person can have, is dropped from the
// call: the stronger identifiers decide. So two user_ids never join, on a
// shared device either: the new login keeps its person, and the anonymous_id
// stays where it was.
//
// The limits are asked again in the lane, where the commit guards the answer:
// an identifier that leads to somebody who cannot have it (two calls claimed
// places at the same time) is taken out of the index and settled once more.

// pointerKey is an identifier.
type pointerKey struct{ trait, value string }

// pointers are the profiles that identifiers lead to, as far as is known.
type pointers map[pointerKey]string

func keyOf(id profiles.Identifier) pointerKey { return pointerKey{id.Trait, id.Value} }

// point notes where an identifier leads.
func (e *Engine) point(id profiles.Identifier, owner string, known pointers) {
	known[keyOf(id)] = owner
	if owner == "" || store.Nowhere(owner) { // it is asked for each time whether that is still so
		e.pointers.drop(keyOf(id))
		return
	}
	e.pointers.put(keyOf(id), owner, int64(len(id.Trait)+len(id.Value)+len(owner)+160))
}

// repointed notes that a person has become another.
func (e *Engine) repointed(from, to string, known pointers) {
	for key, owner := range known {
		if owner == from {
			e.point(profiles.Identifier{Trait: key.trait, Value: key.value}, to, known)
		}
	}
}

// repoint makes the identifiers of a call that lead to a person who is gone
// lead to the one he is now: whoever merged them did not get that far.
func (e *Engine) repoint(ctx context.Context, from, to string, ids []profiles.Identifier, known pointers) error {
	var led []profiles.Identifier
	for _, id := range ids {
		if known[keyOf(id)] == from {
			led = append(led, id)
		}
	}
	if len(led) == 0 {
		return nil
	}
	if err := e.store.Repoint(ctx, from, to, led); err != nil {
		return e.away(err)
	}
	e.repointed(from, to, known)
	return nil
}

// unpoint takes the identifiers of a call out of the index that lead to
// somebody who was erased: they are nobody's.
func (e *Engine) unpoint(ctx context.Context, owner string, ids []profiles.Identifier, known pointers) error {
	var led []profiles.Identifier
	for _, id := range ids {
		if known[keyOf(id)] == owner {
			led = append(led, id)
		}
	}
	if err := e.store.Unpoint(ctx, owner, led); err != nil {
		return e.away(err)
	}
	return e.lookUpInto(ctx, led, known)
}

// lookUp finds where the identifiers of items lead, in memory or with one
// flush.
func (e *Engine) lookUp(ctx context.Context, items []*item) (pointers, error) {
	known := make(pointers, len(items))
	var missing []profiles.Identifier
	for _, it := range items {
		for _, id := range it.prep.idents {
			key := keyOf(id)
			if _, met := known[key]; met {
				continue
			}
			owner, ok := e.pointers.get(key)
			known[key] = owner
			if !ok {
				missing = append(missing, id)
			}
		}
	}
	return known, e.lookUpInto(ctx, missing, known)
}

func (e *Engine) lookUpInto(ctx context.Context, ids []profiles.Identifier, known pointers) error {
	if len(ids) == 0 {
		return nil
	}
	owners, err := e.store.Lookup(ctx, ids)
	if err != nil {
		return e.away(err)
	}
	for i, id := range ids {
		e.point(id, owners[i], known)
	}
	return nil
}

// party is a person that identifiers of a call lead to.
type party struct {
	id     string
	person *profiles.Person // empty, not nil, for somebody who is not stored
	base   *store.Base
}

// Known is the person.
func (p *party) Known() *profiles.Person { return p.person }

// Since is when he was first stored; somebody who is not is younger than
// anybody.
func (p *party) Since() value.Time {
	if p.base == nil {
		return 1<<63 - 1
	}
	return p.person.Created
}

// settle decides whose a call is and what identifies him in it. newborn says
// that the profile was made just now.
func (e *Engine) settle(ctx context.Context, it *item, known pointers) (owner string, newborn bool, err error) {
	if err := e.refuseAlias(ctx, it, known); err != nil {
		return "", false, err
	}
	for try := range maxTries {
		for _, id := range it.prep.idents {
			if store.Nowhere(known[keyOf(id)]) {
				return "", false, errClosed
			}
		}
		if try > 0 { // what was known has proved wrong: others are at it too
			if err := e.lookUpInto(ctx, it.prep.idents, known); err != nil {
				return "", false, err
			}
		}
		owner, newborn, done, err := e.settleOnce(ctx, it, known)
		if err != nil || done {
			it.settle = false
			return owner, newborn, err
		}
	}
	return "", false, fmt.Errorf("%w (the identifiers of a call kept changing hands)", ErrUnavailable)
}

func (e *Engine) settleOnce(ctx context.Context, it *item, known pointers) (owner string, newborn, done bool, err error) {
	s := e.living.Load()
	if s == nil {
		return "", false, false, ErrNoRelease
	}
	parties, again, err := e.parties(ctx, s.shape, it.prep.idents, known)
	if err != nil || again {
		return "", false, false, err
	}
	kept, owners := e.choose(s.shape, it, parties, known)
	it.prep.idents = kept
	switch len(owners) {
	case 0:
		owner, newborn = e.randomID(), true
	case 1:
		owner, newborn = owners[0].id, owners[0].base == nil
	default:
		return "", false, false, e.unite(ctx, s.shape, owners, it, known)
	}
	done, err = e.claim(ctx, owner, kept, known)
	return owner, newborn, done, err
}

// parties loads the people that identifiers lead to. again: what was known of
// them was wrong.
func (e *Engine) parties(ctx context.Context, s *shape, ids []profiles.Identifier, known pointers) (map[string]*party, bool, error) {
	var list []string
	for _, id := range ids {
		if owner := known[keyOf(id)]; owner != "" && !slices.Contains(list, owner) {
			list = append(list, owner)
		}
	}
	parties := make(map[string]*party, len(list))
	if len(list) == 0 {
		return parties, false, nil
	}
	e.stats.loads.Add(int64(len(list)))
	loaded, _, err := e.store.Load(ctx, list...)
	if err != nil {
		return nil, false, e.away(err)
	}
	again := false
	for i, l := range loaded {
		if l.Err != nil {
			return nil, false, e.away(l.Err)
		}
		to := l.ID
		if l.Moving != "" {
			to, err = e.finishMerge(ctx, l.ID)
		}
		if errors.Is(err, errErased) || store.Nowhere(to) {
			if err := e.unpoint(ctx, list[i], ids, known); err != nil {
				return nil, false, err
			}
			again = true
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if to != list[i] {
			if err := e.repoint(ctx, list[i], to, ids, known); err != nil {
				return nil, false, err
			}
			again = true
			continue
		}
		p := l.Person
		if p == nil {
			p = &profiles.Person{ID: l.ID}
		}
		parties[to] = &party{id: to, person: p, base: l.Base}
	}
	if again {
		return nil, true, nil
	}
	return parties, false, e.disclaim(ctx, s, ids, parties, known)
}

// disclaim takes identifiers out of the index that lead to somebody who
// cannot have them.
func (e *Engine) disclaim(ctx context.Context, s *shape, ids []profiles.Identifier, parties map[string]*party, known pointers) error {
	for _, id := range ids {
		p := parties[known[keyOf(id)]]
		if p == nil || p.person.HasIdentifier(id.Trait, id.Value) || intake.Count(p.person.Identifiers, id.Trait) < s.rules.Limit(id.Trait) {
			continue
		}
		if err := e.store.Unpoint(ctx, p.id, []profiles.Identifier{id}); err != nil {
			return e.away(err)
		}
		e.point(id, "", known)
	}
	return nil
}

// choose keeps the identifiers that can belong to one person, the stronger
// before the weaker, and answers the people they lead to.
func (e *Engine) choose(s *shape, it *item, parties map[string]*party, known pointers) (kept []profiles.Identifier, owners []*party) {
	kept, owners, dropped := intake.Choose(s.rules, it.prep.idents, func(id profiles.Identifier) (*party, bool) {
		p := parties[known[keyOf(id)]]
		return p, p != nil
	})
	for _, d := range dropped {
		e.stats.dropped.Add(1)
		it.prep.unlink(d.Identifier, known[keyOf(d.Identifier)], d.Rule)
	}
	return kept, owners
}

// reasons are the rules by which an identifier is dropped, as the caller is
// told.
var reasons = map[string]string{
	profiles.RuleUser:   "is somebody else's and identifies nobody in this call",
	profiles.RuleLimit:  "would be one more than a person can have and identifies nobody in this call",
	profiles.RuleMerges: "leads to somebody whom the person cannot take in any more, after a hundred, and identifies nobody in this call",
}

// claim makes identifiers lead to a profile; false: one of them leads to
// somebody else by now.
func (e *Engine) claim(ctx context.Context, owner string, ids []profiles.Identifier, known pointers) (bool, error) {
	var free []store.Pointer
	for _, id := range ids {
		if known[keyOf(id)] == "" {
			free = append(free, store.Pointer{Identifier: id, Profile: owner})
		}
	}
	if len(free) == 0 {
		return true, nil
	}
	got, err := e.store.Point(ctx, free)
	if err != nil {
		return false, e.away(err)
	}
	all := true
	for i, f := range free {
		e.point(f.Identifier, got[i], known)
		all = all && got[i] == owner
	}
	return all, nil
}

// refuseAlias refuses an alias of somebody who has a user_id: two people are
// not made one by it. Who named him is told so, and it is remembered with him.
func (e *Engine) refuseAlias(ctx context.Context, it *item, known pointers) error {
	previous := strings.TrimSpace(it.call.PreviousID)
	if previous == "" || previous == strings.TrimSpace(it.call.UserID) {
		return nil
	}
	owners, err := e.store.Lookup(ctx, []profiles.Identifier{{Trait: "user_id", Value: previous}})
	if err != nil {
		return e.away(err)
	}
	if owners[0] == "" {
		return nil
	}
	if err := e.rememberAlias(ctx, it, previous, owners[0], known); err != nil {
		return err
	}
	e.stats.dropped.Add(1)
	return &CallError{Code: "alias-of-user", Field: "previousId", Message: "is the userId of somebody: two users never become one"}
}

// rememberAlias notes a refused alias with the person whom its userId leads
// to; where it leads to nobody there is nothing to keep it with.
func (e *Engine) rememberAlias(ctx context.Context, it *item, previous, other string, known pointers) error {
	owner := ""
	for _, id := range it.prep.idents {
		if id.Trait == "user_id" {
			owner = known[keyOf(id)]
		}
	}
	if owner == "" {
		return nil
	}
	for range maxTries {
		t := &task{do: func(v *visit) error {
			if v.base == nil {
				return nil // he is claimed and was never stored
			}
			in := orchestrator.Input{Kind: orchestrator.IdentifyInput, Source: it.call.Source, Unlinked: []profiles.Unlinked{{
				Trait: "user_id", Value: profiles.Masked(previous), Owner: other, Rule: profiles.RuleAlias, Event: it.call.MessageID, Source: it.call.Source, Times: 1}}}
			v.apply(in, v.instant())
			return nil
		}}
		if err := e.on(ctx, owner, t); err != nil {
			return err
		}
		var moved *movedError
		if !errors.As(t.err, &moved) {
			return t.err
		}
		owner = moved.to
		if !moved.finished {
			var err error
			if owner, err = e.finishMerge(ctx, owner); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%w (the person kept moving)", ErrUnavailable)
}
