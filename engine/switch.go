package engine

import (
	"context"
	"errors"
	"slices"

	"journey/profiles/store"
)

// ErrNoJourney: the live release has no journey of that name.
var ErrNoJourney = errors.New("there is no such journey in the live release")

// Standing is a journey of the live release as it stands.
type Standing struct {
	Name, Title string
	Paused      bool
}

// Journeys are the journeys of the live release.
func (e *Engine) Journeys(ctx context.Context) ([]Standing, error) {
	if err := e.refresh(ctx); err != nil {
		return nil, err
	}
	live := e.living.Load()
	if live == nil {
		return nil, ErrNoRelease
	}
	list := make([]Standing, len(live.plan.Journeys))
	for i, j := range live.plan.Journeys {
		list[i] = Standing{Name: j.Name, Title: j.Title, Paused: slices.Contains(live.switches.Paused, j.Name)}
	}
	return list, nil
}

// Pause lets a journey stand still, or go on: while it is paused nobody enters
// and nothing is sent. When it returns, no commit is made any more that does
// not know of it. What is so already stays so. ErrNoJourney.
func (e *Engine) Pause(ctx context.Context, journey string, paused bool) error {
	for {
		if err := e.refresh(ctx); err != nil {
			return err
		}
		live := e.living.Load()
		if live == nil {
			return ErrNoRelease
		}
		sw := live.switches
		was := slices.Contains(sw.Paused, journey)
		if _, ok := live.plan.Journey(journey); !ok && (paused || !was) {
			return ErrNoJourney
		}
		if was == paused {
			return nil
		}
		if paused {
			sw.Paused = append(slices.Clone(sw.Paused), journey)
		} else {
			sw.Paused = slices.DeleteFunc(slices.Clone(sw.Paused), func(name string) bool { return name == journey })
		}
		_, err := e.store.SetSwitches(ctx, sw)
		if errors.Is(err, store.ErrConflict) {
			continue // somebody else has just changed them
		}
		if err != nil {
			return e.away(err)
		}
		e.log.Info("switched", "journey", journey, "paused", paused)
		return e.refresh(ctx)
	}
}
