package engine

import (
	"context"
	"fmt"
	"strings"

	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/clean"
	"journey/profiles/store"
	"journey/why"
)

// Profile is what is known of somebody, by an identifier ("user_id:ann",
// "email:ann@example.com") or the profile's own id. It is read from the
// store: whatever was acknowledged before, by any process, is in it.
// ErrNoProfile: nobody is known by that.
func (e *Engine) Profile(ctx context.Context, ref string) (*profiles.View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := e.known(ctx, ref)
	if err != nil {
		return nil, err
	}
	view := profiles.NewView(p, profiles.ViewOptions{Step: e.stepOf})
	return view, e.present(ctx, p, view)
}

// present makes what follows from data and time (segments, tags and computed
// traits) right at this moment, whether or not the owner of the person's
// partition has come to it. Nothing else is told before it is stored.
func (e *Engine) present(ctx context.Context, p *profiles.Person, view *profiles.View) error {
	live := e.living.Load()
	if live == nil {
		return nil
	}
	now, err := e.Now(ctx)
	if err != nil {
		return err
	}
	bringTo(live.world, p, now) // on this copy alone
	fresh := profiles.NewView(p, profiles.ViewOptions{})
	view.Traits, view.Tags, view.Segments = fresh.Traits, fresh.Tags, fresh.Segments
	return nil
}

// Portrait is all that is known of somebody, and why he is where he is; the
// reference is that of Profile. It takes at most three round trips to the
// store, however much there is.
func (e *Engine) Portrait(ctx context.Context, ref string, o why.PortraitOptions) (*why.Portrait, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, live, now, err := e.asItIs(ctx, ref)
	if err != nil {
		return nil, err
	}
	return why.Paint(live.world, p, now, o), nil
}

// asItIs is somebody as the live release has him now: a copy that is fitted
// to it as the next input would.
func (e *Engine) asItIs(ctx context.Context, ref string) (*profiles.Person, *living, value.Time, error) {
	p, err := e.known(ctx, ref)
	if err != nil {
		return nil, nil, 0, err
	}
	live := e.living.Load()
	if live == nil {
		return nil, nil, 0, ErrNoRelease
	}
	now, err := e.Now(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	if p.Release != live.plan.Hash {
		live.world.Rebase(p, p.Last) // on this copy alone: what the next input does first
	}
	return p, live, max(now, p.Last), nil
}

// Why explains how somebody and a journey stand to each other, as he is
// stored; nothing happens to him by it. The reference is that of Profile. A
// journey that there is none of is a *CallError with the code
// unknown-journey.
func (e *Engine) Why(ctx context.Context, ref, journey string) (*why.Explanation, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, live, now, err := e.asItIs(ctx, ref)
	if err != nil {
		return nil, err
	}
	told := why.Explain(live.world, p, journey, now)
	if told == nil {
		return nil, &CallError{Code: "unknown-journey", Field: "journey", Message: "there is no such journey in the live release"}
	}
	return told, nil
}

// known is somebody as he is stored, with the plans of his runs at hand.
func (e *Engine) known(ctx context.Context, ref string) (*profiles.Person, error) {
	id, err := e.refer(ctx, ref)
	if err != nil {
		return nil, err
	}
	for range maxTries {
		l, err := e.load(ctx, id)
		if err != nil {
			return nil, err
		}
		if l.Moving != "" && !store.Nowhere(l.Moving) { // what is known of somebody closed can be looked at
			if id, err = e.finishMerge(ctx, l.ID); nowhere(err) {
				return nil, ErrNoProfile
			} else if err != nil {
				return nil, err
			}
			continue
		}
		if l.Person == nil {
			return nil, ErrNoProfile
		}
		if err := e.needPlans(ctx, l.Person); err != nil {
			return nil, err
		}
		return l.Person, nil
	}
	return nil, fmt.Errorf("%w (the person kept moving)", ErrUnavailable)
}

// refer is the profile's id for a reference.
func (e *Engine) refer(ctx context.Context, ref string) (string, error) {
	id, err := e.identifierOf(ref)
	if err != nil || id == nil {
		return ref, err
	}
	owners, err := e.store.Lookup(ctx, []profiles.Identifier{*id})
	if err != nil {
		return "", e.away(err)
	}
	if owners[0] == "" || store.Nowhere(owners[0]) {
		return "", ErrNoProfile
	}
	return owners[0], nil
}

// identifierOf is the identifier of a reference; nil: it is a profile's id.
func (e *Engine) identifierOf(ref string) (*profiles.Identifier, error) {
	trait, val, named := strings.Cut(ref, ":")
	if !named {
		return nil, nil
	}
	id := &profiles.Identifier{Trait: trait, Value: val}
	if live := e.living.Load(); live != nil {
		t, ok := live.plan.Trait(trait)
		if !ok || !t.Identifier {
			return nil, ErrNoProfile
		}
		if v, err := clean.Value(val, t.Type, live.shape.reader.Options()); err == nil {
			if s, ok := v.(string); ok {
				id.Value = strings.TrimSpace(s)
			}
		}
	}
	return id, nil
}

// stepOf is the id of the step a run is at.
func (e *Engine) stepOf(r *profiles.Run) string {
	plan := e.plans.get(r.Release)
	if plan == nil {
		return ""
	}
	j, ok := plan.Journey(r.Journey)
	if !ok || r.Step < 0 || r.Step >= len(j.Code) {
		return ""
	}
	return j.Code[r.Step].Head().ID
}
