package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"journey/dsl"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// living is what is in force: the live release and the switches beside it. It
// is immutable.
type living struct {
	number   int64
	release  store.Release
	plan     *orchestrator.Plan
	shape    *shape
	switches store.Switches
	world    *orchestrator.World
}

// plans are the compiled releases of this process, by hash: the live one and
// those that people's runs entered under, as they are met.
type plans struct {
	mu     sync.RWMutex
	byHash map[string]*orchestrator.Plan
	load   sync.Mutex // one compilation at a time
}

func (ps *plans) get(hash string) *orchestrator.Plan {
	ps.mu.RLock()
	defer ps.mu.RUnlock()
	return ps.byHash[hash]
}

func (ps *plans) put(hash string, p *orchestrator.Plan) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.byHash == nil {
		ps.byHash = map[string]*orchestrator.Plan{}
	}
	ps.byHash[hash] = p
}

// Live is the live release's plan, as this process knows it; nil while
// nothing was ever published.
func (e *Engine) Live() *orchestrator.Plan {
	if l := e.living.Load(); l != nil {
		return l.plan
	}
	return nil
}

// refresh reads what is live, and takes it over if it is something else.
func (e *Engine) refresh(ctx context.Context) error {
	e.adopt.Lock()
	defer e.adopt.Unlock()
	return e.refreshLocked(ctx)
}

// agree sees to it that this process and the partitions agree about what is
// live: it takes over a newer release, and lets a publication that has not
// reached every partition be completed.
func (e *Engine) agree(ctx context.Context, number int64) error {
	before := e.living.Load()
	e.adopt.Lock()
	defer e.adopt.Unlock()
	if now := e.living.Load(); now != before && now != nil && now.number == number {
		return nil // somebody else has just done it
	}
	return e.refreshLocked(ctx)
}

func (e *Engine) refreshLocked(ctx context.Context) error {
	r, err := e.store.Live(ctx) // completes a publication that was interrupted
	if errors.Is(err, store.ErrUnknown) {
		if e.living.Swap(nil) != nil { // everything is gone
			e.people.clear()
			e.pointers.clear()
			if err := e.keepClock(ctx); err != nil {
				return err
			}
		}
		return ErrNoRelease
	}
	if err != nil {
		return e.away(err)
	}
	sw, err := e.store.Switches(ctx)
	if err != nil {
		return e.away(err)
	}
	if l := e.living.Load(); l != nil && l.number == r.Number && l.release.Hash == r.Hash && l.switches.Version == sw.Version {
		return nil
	}
	plan, err := e.plan(ctx, r.Hash)
	if err != nil {
		return fmt.Errorf("load release %d: %w", r.Number, err)
	}
	e.living.Store(e.makeLiving(r, plan, sw))
	return nil
}

func (e *Engine) makeLiving(r store.Release, plan *orchestrator.Plan, sw store.Switches) *living {
	l := &living{number: r.Number, release: r, plan: plan, shape: newShape(plan), switches: sw}
	paused, stopped := setOf(sw.Paused), setOf(sw.Stopped)
	l.world = &orchestrator.World{
		Live: plan, Since: e.clock.Virtual(r.At), Release: e.plans.get, Speed: e.clock.Speed(), Unsubscribe: e.unsubscribe,
	}
	if len(paused) > 0 {
		l.world.Paused = func(journey string) bool { return paused[journey] }
	}
	if len(stopped) > 0 {
		l.world.Stopped = func(channel string) bool { return stopped[channel] }
	}
	if e.shape != nil {
		e.shape(l.world)
	}
	return l
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, n := range names {
		set[n] = true
	}
	return set
}

// plan is a release by its hash, compiled once in this process.
func (e *Engine) plan(ctx context.Context, hash string) (*orchestrator.Plan, error) {
	if p := e.plans.get(hash); p != nil {
		return p, nil
	}
	e.plans.load.Lock()
	defer e.plans.load.Unlock()
	if p := e.plans.get(hash); p != nil {
		return p, nil
	}
	files, err := e.store.Sources(ctx, hash)
	if err != nil {
		return nil, e.away(err)
	}
	program, diags := dsl.Load(files)
	if program == nil {
		return nil, fmt.Errorf("a published release does not compile any more (%d errors): it was made by another version", len(diags))
	}
	p := orchestrator.NewPlan(program)
	e.plans.put(hash, p)
	return p, nil
}

// needPlans loads the releases under which a person's runs entered, and the one
// that he carries.
func (e *Engine) needPlans(ctx context.Context, p *profiles.Person) error {
	if p == nil {
		return nil
	}
	if p.Release != "" && e.plans.get(p.Release) == nil {
		// Without it nothing is done under it: everything is due under the live one.
		if _, err := e.plan(ctx, p.Release); errors.Is(err, ErrUnavailable) {
			return err
		}
	}
	for _, list := range [2][]*profiles.Run{p.Runs, p.Ended} {
		for _, r := range list {
			if r.Release == "" || e.plans.get(r.Release) != nil {
				continue
			}
			if _, err := e.plan(ctx, r.Release); err != nil {
				if errors.Is(err, store.ErrUnknown) {
					e.log.Error("the release of a run is gone: it goes on under the live one", "run", r.ID, "release", r.Release)
					continue
				}
				return err
			}
		}
	}
	return nil
}
