package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
)

// Two processes pause and resume side by side; both are heard, and who pauses
// what is not there hears so.
func TestPauseAndResume(t *testing.T) {
	r := startRedis(t)
	a, _ := manual(t, r.url)
	deploy(t, a, shop)
	b, _ := manual(t, r.url)
	ctx := context.Background()
	var both sync.WaitGroup
	for e, journey := range map[*Engine]string{a: "invite", b: "cart"} {
		both.Go(func() {
			if err := e.Pause(ctx, journey, true); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	paused := func(e *Engine) (names []string) {
		list, err := e.Journeys(ctx)
		if err != nil || len(list) != 4 {
			t.Fatalf("%+v, %v", list, err)
		}
		for _, j := range list {
			if j.Paused {
				names = append(names, j.Name)
			}
		}
		return names
	}
	for _, e := range []*Engine{a, b} {
		if got := paused(e); len(got) != 2 || got[0] != "cart" || got[1] != "invite" {
			t.Errorf("paused are %v", got)
		}
	}
	res := submit(t, b, Call{Kind: CallRequest, UserID: "ann", Journey: "invite", Properties: map[string]any{"code": "x"}})
	if res[0].Refused != "paused" {
		t.Errorf("%+v", res[0])
	}
	for range 2 { // the second time changes nothing
		if err := a.Pause(ctx, "invite", false); err != nil {
			t.Fatal(err)
		}
	}
	if got := paused(b); len(got) != 1 || got[0] != "cart" {
		t.Errorf("paused are %v", got)
	}
	if err := a.Pause(ctx, "crt", true); !errors.Is(err, ErrNoJourney) {
		t.Errorf("%v", err)
	}
}

// A journey that the live release has no more can be paused while runs of it
// are under way; it is shown, and resumed.
func TestPauseWhatIsNoMoreThere(t *testing.T) {
	e, _ := manual(t, startRedis(t).url)
	ctx := context.Background()
	deploy(t, e, shop+"\njourney gone {\n  enter on cart_updated\n  once\n  wait 1 day\n}\n")
	deploy(t, e, shop)
	for _, name := range []string{"gon", "nudged"} { // its text, but no journey
		if err := e.Pause(ctx, name, true); !errors.Is(err, ErrNoJourney) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, paused := range []bool{true, true, false, false} {
		if err := e.Pause(ctx, "gone", paused); err != nil {
			t.Fatal(err)
		}
		list, err := e.Journeys(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if shown := slices.Contains(list, Standing{Name: "gone", Paused: true}); shown != paused {
			t.Errorf("paused %v: the journeys are %+v", paused, list)
		}
	}
}
