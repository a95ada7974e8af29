package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/cond"
	"journey/profiles"
	"journey/profiles/store"
)

// merge takes the steps of a merge as its protocol says, and dies before the
// step with a number; 0: it does not die.
func merge(t *testing.T, s *env, loser, winner string, die int) {
	t.Helper()
	l := get(t, s, loser)
	if l.ID == winner {
		// It was finished before; the identifiers may be left.
		repoint(t, s, loser, winner)
		return
	}
	if die == 1 {
		return
	}
	if _, err := s.StartMove(ctx, loser, l.Base, winner, profiles.Cause{}); err != nil {
		t.Fatal(err)
	}
	if die == 2 {
		return
	}
	if err := s.CarryMarks(ctx, loser, winner); err != nil {
		t.Fatal(err)
	}
	if die == 3 {
		return
	}
	for {
		l, w := get(t, s, loser), get(t, s, winner)
		if l.Moving != winner {
			t.Fatalf("the loser is moving to %q", l.Moving)
		}
		if absorb(w.Person, l) {
			if err := s.Commit(ctx, unchecked(w.Person, w.Base))[0].Err; errors.Is(err, store.ErrConflict) {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
		}
		break
	}
	if die == 4 {
		return
	}
	if err := s.FinishMove(ctx, loser, winner); err != nil {
		t.Fatal(err)
	}
	if die == 5 {
		return
	}
	repoint(t, s, loser, winner)
}

// absorb merges a loser into a winner, unless that was done.
func absorb(w *profiles.Person, l store.Loaded) bool {
	for _, a := range w.Absorbed {
		if a.ID == l.ID {
			return false
		}
	}
	if l.Person.Traits != nil {
		w.Traits["n"] = profiles.Trait{Value: w.Value("n").(float64) + l.Person.Value("n").(float64)}
	}
	w.Spilled += l.Person.Spilled
	w.Absorbed = append(w.Absorbed, profiles.Absorbed{ID: l.ID, Version: l.Base.Version()})
	return true
}

func identifiers(who string) []profiles.Identifier {
	return []profiles.Identifier{{Trait: "email", Value: who + "@example.com"}, {Trait: "user_id", Value: who}}
}

func repoint(t *testing.T, s *env, loser, winner string) {
	t.Helper()
	if err := s.Repoint(ctx, loser, winner, identifiers(loser)); err != nil {
		t.Fatal(err)
	}
}

// TestMergeSurvivesDeath: whatever step a merge dies at, another one finishes
// it, and nothing is lost or counted twice.
func TestMergeSurvivesDeath(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		for die := 1; die <= 6; die++ {
			loser, winner := fmt.Sprint("l", die), fmt.Sprint("w", die)
			l := somebody(loser, 20)
			l.Spilled = 1
			l.Events = map[string]*profiles.Kept{"viewed": {}}
			for i := range 100 {
				l.Events["viewed"].List = append(l.Events["viewed"].List, &cond.Event{Name: "viewed", ID: fmt.Sprint(i), Arrived: 1})
			}
			c := unchecked(l, nil)
			c.Spill = []profiles.Mark{{ID: 77, Payload: 5}}
			base := put(t, s, c)
			w := unchecked(somebody(winner, 3), nil)
			w.Base = put(t, s, w)
			var points []store.Pointer
			for _, id := range identifiers(loser) {
				points = append(points, store.Pointer{Identifier: id, Profile: loser})
			}
			must(s.Point(ctx, points))

			merge(t, s, loser, winner, die)

			// What arrives on the loser in between.
			err := s.Commit(ctx, unchecked(l, base))[0].Err
			var moved *store.MovedError
			if die == 1 {
				if err != nil {
					t.Fatalf("before the first step: %v", err)
				}
			} else if !errors.As(err, &moved) || moved.To != winner || moved.Finished != (die >= 5) {
				t.Fatalf("dead before step %d: a commit on the loser got %v", die, err)
			}
			if 2 <= die && die <= 4 {
				if due, _, _ := s.Due(ctx, store.Partition(loser), 0, 10); len(due) != 1 || due[0].ID != loser {
					t.Errorf("dead before step %d: nobody will meet the loser: %v", die, due)
				}
			}

			merge(t, s, loser, winner, 0)
			merge(t, s, loser, winner, 0)
			got := get(t, s, loser)
			if got.ID != winner || got.Person.Value("n") != 23.0 || len(got.Person.Absorbed) != 1 {
				t.Errorf("dead before step %d: %+v", die, got.Person)
			}
			for _, owner := range must(s.Lookup(ctx, identifiers(loser))) {
				if owner != winner {
					t.Errorf("dead before step %d: an identifier leads to %q", die, owner)
				}
			}
			for _, key := range []string{store.KeyFields(loser), store.KeyMarks(loser, s.Today())} {
				if must(redis.Int(s.c.Do("EXISTS", key))) != 0 {
					t.Errorf("dead before step %d: %q is left of the loser", die, key)
				}
			}
			if n := len(must(redis.Bytes(s.c.Do("GET", store.KeyPerson(loser))))); n > 20 {
				t.Errorf("dead before step %d: %d bytes are left of the loser", die, n)
			}
			if due, _, _ := s.Due(ctx, store.Partition(loser), 0, 10); len(due) != 0 {
				t.Errorf("dead before step %d: still due: %v", die, due)
			}
			// A repeat of a message that the loser had.
			again := unchecked(got.Person, got.Base)
			again.Check = []profiles.Mark{{ID: 77, Payload: 5}}
			var dup *store.DuplicateError
			if err := s.Commit(ctx, again)[0].Err; !errors.As(err, &dup) {
				t.Errorf("dead before step %d: a mark of the loser was lost: %v", die, err)
			}
		}
	})
}

func TestMovesAreDecidedOnce(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		b := put(t, s, unchecked(somebody("l", 1), nil))
		if _, err := s.StartMove(ctx, "l", nil, "w", profiles.Cause{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("with a wrong version: %v", err)
		}
		v1, err := s.StartMove(ctx, "l", b, "w", profiles.Cause{})
		if err != nil || v1 != 2 {
			t.Fatal(v1, err)
		}
		if v, err := s.StartMove(ctx, "l", b, "w", profiles.Cause{}); err != nil || v != v1 {
			t.Errorf("again: %v %v", v, err)
		}
		var moved *store.MovedError
		if _, err := s.StartMove(ctx, "l", b, "x", profiles.Cause{}); !errors.As(err, &moved) || moved.To != "w" || moved.Finished {
			t.Errorf("to another: %v", err)
		}
		l := get(t, s, "l")
		if l.Moving != "w" || l.Base.Version() != 2 || l.Person.Value("n") != 1.0 {
			t.Errorf("loaded %+v", l)
		}
		if err := s.FinishMove(ctx, "l", "x"); !errors.Is(err, store.ErrConflict) {
			t.Errorf("finished to another: %v", err)
		}
		if err := s.FinishMove(ctx, "w", "l"); !errors.Is(err, store.ErrConflict) {
			t.Errorf("finished somebody who is not moving: %v", err)
		}
		if _, err := s.StartMove(ctx, "l", b, "l", profiles.Cause{}); err == nil {
			t.Error("moved into himself")
		}
		// Somebody who has identifiers and was never stored.
		if _, err := s.StartMove(ctx, "new", nil, "w", profiles.Cause{}); err != nil {
			t.Fatal(err)
		}
		if l := get(t, s, "new"); l.Moving != "w" || l.Person == nil || l.Person.ID != "new" {
			t.Errorf("loaded %+v", l)
		}
		if err := s.Commit(ctx, unchecked(somebody("new", 1), nil))[0].Err; !errors.As(err, &moved) {
			t.Errorf("a first commit on somebody who is moving: %v", err)
		}
	})
}

func TestChainsAreShortened(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		const n = 6
		for i := range n {
			b := put(t, s, unchecked(somebody(fmt.Sprint("p", i), 1), nil))
			if i < n-1 {
				to := fmt.Sprint("p", i+1)
				must(s.StartMove(ctx, fmt.Sprint("p", i), b, to, profiles.Cause{}))
				if err := s.FinishMove(ctx, fmt.Sprint("p", i), to); err != nil {
					t.Fatal(err)
				}
			}
		}
		all, _, err := s.Load(ctx, "p0", "p3", "p5", "p0")
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range all {
			if l.ID != "p5" || l.Person == nil || l.Base.Version() != 1 {
				t.Errorf("%d: %+v", i, l)
			}
		}
		for i := range n - 1 {
			b := must(redis.String(s.c.Do("GET", store.KeyPerson(fmt.Sprint("p", i)))))
			if i != 1 && i != 2 && b[10:] != "p5" && i != 4 {
				t.Errorf("p%d leads to %q", i, b[10:])
			}
		}
	})
}
