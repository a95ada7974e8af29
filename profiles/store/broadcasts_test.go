package store_test

import (
	"errors"
	"slices"
	"testing"

	"journey/profiles/store"
)

// A broadcast is to be made from its announcement until it is over, and what
// is over stays as it is.
func TestBroadcasts(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		toBeMade := func(want ...string) {
			t.Helper()
			if got := must(s.Broadcasting(ctx)); !slices.Equal(got, want) {
				t.Errorf("to be made are %v, want %v", got, want)
			}
		}
		b := store.Broadcast{ID: "spring", Journey: "sale", Hash: 7, State: store.BroadcastRunning}
		if _, err := s.Broadcast(ctx, "spring"); !errors.Is(err, store.ErrUnknown) {
			t.Errorf("before it is announced: %v", err)
		}
		if wrote := must(s.SaveBroadcast(ctx, b)); wrote {
			t.Error("what nobody announced was written down")
		}
		must(s.NewBroadcast(ctx, b))
		toBeMade("spring")

		b.People = 5
		if wrote := must(s.SaveBroadcast(ctx, b)); !wrote {
			t.Error("it runs, and was not written down")
		}
		if kept := must(s.NewBroadcast(ctx, store.Broadcast{ID: "spring", Hash: 8, State: store.BroadcastRunning})); kept.People != 5 || kept.Hash != 7 {
			t.Errorf("announced again: %+v", kept)
		}
		toBeMade("spring")

		done := b
		done.State = store.BroadcastDone
		if wrote := must(s.SaveBroadcast(ctx, done)); !wrote {
			t.Error("it could not be ended")
		}
		toBeMade()
		b.People = 3
		if wrote := must(s.SaveBroadcast(ctx, b)); wrote {
			t.Error("it is over, and was written down as running")
		}
		b.People = 0
		if kept := must(s.NewBroadcast(ctx, b)); kept.State != store.BroadcastDone || kept.People != 5 {
			t.Errorf("announced after its end: %+v", kept)
		}
		toBeMade()
		if all := must(s.Broadcasts(ctx)); len(all) != 1 || all[0].State != store.BroadcastDone {
			t.Errorf("all: %+v", all)
		}
	})
}
