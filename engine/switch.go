package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"journey/profiles/store"
)

// ErrNoJourney: no release has a journey of that name.
var ErrNoJourney = errors.New("there is no such journey in any release")

// Standing is a journey as it stands.
type Standing struct {
	Name, Title string
	Paused      bool
}

// Journeys are the journeys of the live release, and behind them those that
// are paused and that it does not have (any more).
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
	for _, name := range live.switches.Paused {
		if _, ok := live.plan.Journey(name); !ok {
			list = append(list, Standing{Name: name, Paused: true})
		}
	}
	return list, nil
}

// Pause lets a journey stand still, or go on: while it is paused nobody enters
// and nothing is sent. When it returns, no commit is made any more that does
// not know of it. What is so already stays so. It may be a journey that only
// an earlier release had: runs of it may be under way. ErrNoJourney.
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
		if !was {
			if err := e.everHad(ctx, live, journey); err != nil {
				return err
			}
		}
		if was == paused {
			return nil
		}
		action := "resume"
		if paused {
			action = "pause"
		}
		if err := e.audit(ctx, "", action, journey, ""); err != nil {
			return err
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

// everHad says whether the live release, or one before it, has a journey of
// that name. ErrNoJourney.
func (e *Engine) everHad(ctx context.Context, live *living, journey string) error {
	if _, ok := live.plan.Journey(journey); ok {
		return nil
	}
	releases, err := e.store.Releases(ctx)
	if err != nil {
		return e.away(err)
	}
	seen := map[string]bool{live.release.Hash: true}
	for _, r := range slices.Backward(releases) {
		if seen[r.Hash] {
			continue
		}
		seen[r.Hash] = true
		had, err := e.releaseHas(ctx, r.Hash, journey)
		if had || err != nil {
			return err
		}
	}
	return ErrNoJourney
}

// releaseHas says whether a stored release has a journey of that name. One
// that cannot be read any more has none.
func (e *Engine) releaseHas(ctx context.Context, hash, journey string) (bool, error) {
	files, err := e.store.Sources(ctx, hash)
	if err != nil {
		if err = e.away(err); errors.Is(err, ErrUnavailable) {
			return false, err
		}
		return false, nil
	}
	names := func(text string) bool { return strings.Contains(text, journey) }
	if !slices.ContainsFunc(slices.Collect(maps.Values(files)), names) {
		return false, nil // without compiling it
	}
	plan, err := e.plan(ctx, hash)
	if err != nil {
		if errors.Is(err, ErrUnavailable) {
			return false, err
		}
		return false, nil
	}
	_, has := plan.Journey(journey)
	return has, nil
}
