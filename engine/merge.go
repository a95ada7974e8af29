package engine

import (
	"context"
	"errors"
	"fmt"

	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/store"
)

// Two people turn out to be one. The loser goes into the winner in steps of
// which each may be repeated, by anybody who meets it:
//
//  1. the loser is marked as moving; from then on every commit on him is
//     refused and finishes the merge first;
//  2. the winner absorbs him in one commit, which also says so: a repeat
//     finds it said;
//  3. of the loser only the way to the winner stays;
//  4. his identifiers lead to the winner at once.
//
// A process that dies in between leaves a merge that the next input, claim or
// settlement of the loser finishes.

// unite merges the people of a call into the strongest of them.
func (e *Engine) unite(ctx context.Context, s *shape, parties []*party, it *item, known pointers) error {
	ids := it.prep.idents
	cause := it.prep.cause(it.call)
	winner := parties[0]
	for _, p := range parties[1:] {
		if intake.Stronger(s.rules, p, winner) {
			winner = p
		}
	}
	for _, p := range parties {
		if p == winner {
			continue
		}
		_, err := e.store.StartMove(ctx, p.id, p.base, winner.id, cause)
		var moved *store.MovedError
		switch {
		case errors.Is(err, store.ErrConflict), errors.As(err, &moved):
			return nil // he is another than he was: look again
		case err != nil:
			return e.away(err)
		}
		e.people.drop(p.id)
		if err := e.at("merge: marked"); err != nil {
			return err
		}
		to, err := e.finishMerge(ctx, p.id)
		if errors.Is(err, errErased) {
			return nil // the winner is gone: look again
		}
		if err != nil {
			return err
		}
		// The index may know identifiers that the person does not hold: those
		// of this call, if he was never stored.
		if err := e.repoint(ctx, p.id, to, ids, known); err != nil {
			return err
		}
	}
	return nil
}

// finishMerge brings the merge of a moving person to its end, and answers the
// id of the person he is now.
func (e *Engine) finishMerge(ctx context.Context, loser string) (string, error) {
	to, err := e.finishMergeBelow(ctx, loser, 0)
	if err == nil {
		e.people.drop(loser)
	}
	return to, err
}

// maxChain bounds how many merges can wait for each other.
const maxChain = 16

func (e *Engine) finishMergeBelow(ctx context.Context, loser string, depth int) (string, error) {
	if depth > maxChain {
		return "", fmt.Errorf("%w (merges wait for each other)", ErrUnavailable)
	}
	l, err := e.load(ctx, loser)
	if err != nil {
		return "", err
	}
	switch {
	case store.Nowhere(l.ID):
		return "", errErased
	case l.ID != loser || l.Moving == "":
		return l.ID, nil // somebody else has finished it
	case store.Nowhere(l.Moving):
		return "", errClosed
	}
	winner := l.Moving
	for range maxTries {
		err := e.absorb(ctx, winner, loser)
		var moved *movedError
		if !errors.As(err, &moved) {
			if err != nil {
				return "", err
			}
			return winner, e.leaveBehind(ctx, l, winner)
		}
		winner = moved.to
		if err := moved.nowhere(); errors.Is(err, errErased) { // and with him all that is he
			if err := e.vanish(ctx, l, winner); err != nil {
				return "", err
			}
			return "", errErased
		} else if err != nil {
			return "", err
		}
		if !moved.finished { // the winner is going into another himself
			if winner, err = e.finishMergeBelow(ctx, winner, depth+1); err != nil {
				return "", err
			}
		}
	}
	return "", fmt.Errorf("%w (the winner of a merge kept changing)", ErrUnavailable)
}

// absorb is the second step: one commit of the winner.
func (e *Engine) absorb(ctx context.Context, winner, loser string) error {
	merged := false
	t := &task{do: func(v *visit) error {
		merged = false
		if hasAbsorbed(v.p, loser) {
			return nil
		}
		l, err := e.load(v.ctx, loser)
		if err != nil {
			return err
		}
		if l.ID != loser || l.Moving == "" {
			v.doubtful = true // finished: then the winner has absorbed him
			return nil
		}
		if l.Person == nil || l.Person.Last == 0 {
			return nil // nobody was ever stored there: the winner has nothing of him, not his age either
		}
		if err := e.needPlans(v.ctx, l.Person); err != nil {
			return err
		}
		if l.Person.Spilled > 0 {
			if err := e.store.CarryMarks(v.ctx, loser, v.p.ID); err != nil {
				return e.away(err)
			}
		}
		now := max(v.instant(), l.Person.Last+1)
		v.merge(l.Person, l.Base.Version(), l.Cause, now)
		merged = true
		return nil
	}}
	if err := e.on(ctx, winner, t); err != nil {
		return err
	}
	if t.err == nil && merged {
		e.stats.merges.Add(1)
		return e.at("merge: absorbed")
	}
	return t.err
}

// vanish lets somebody go the way of the one whom he was about to go into:
// nowhere.
func (e *Engine) vanish(ctx context.Context, l store.Loaded, to string) error {
	if l.Person != nil {
		if err := e.shut(ctx, l.Person, to); err != nil {
			return err
		}
	}
	return e.away(e.store.FinishMove(ctx, l.ID, l.Moving))
}

func hasAbsorbed(p *profiles.Person, loser string) bool {
	for _, a := range p.Absorbed {
		if a.ID == loser {
			return true
		}
	}
	return false
}

// leaveBehind are the last two steps.
func (e *Engine) leaveBehind(ctx context.Context, l store.Loaded, winner string) error {
	if err := e.store.FinishMove(ctx, l.ID, l.Moving); err != nil {
		return e.away(err)
	}
	if err := e.at("merge: left"); err != nil {
		return err
	}
	if l.Person == nil {
		return nil
	}
	for _, id := range l.Person.Identifiers {
		e.pointers.drop(keyOf(id))
	}
	return e.away(e.store.Repoint(ctx, l.ID, winner, l.Person.Identifiers))
}
