package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"journey/dsl"
	"journey/eventlog"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// A replay makes everybody anew on an empty Redis from the event log: the
// machine is asked what it was asked before, at the same instants and under the
// same releases, and so each person becomes what he was, his runs and his
// ledger too. Nothing is sent by it: what the calls would have left to Temporal
// is dropped. Afterwards the sweeper finds the runs that are overdue.
//
// Each partition's entries are replayed in the order in which they were
// committed, all partitions at the same time. Only a merge concerns two: it
// waits until the loser is as far as he was.
//
// A commit gives a person the version of its entry. So a replay that was
// killed is simply run again: what is there already is passed over.

// ErrNotEmpty: a replay was to begin on a Redis that holds releases already.
var ErrNotEmpty = errors.New("this Redis is not empty: a replay makes people anew, and needs one that holds nothing")

// Replayed says how far a replay is.
type Replayed struct {
	Entries int64 // of the log that were looked at
	Of      int64 // that there are, at most
	Applied int64 // of those, what was not there already
	Merges  int64
	Gaps    int64 // people of whom entries before one that was replayed are missing
}

// replay is one under way.
type replay struct {
	e     *Engine
	epoch *eventlog.Epoch
	told  func(Replayed)

	mu      sync.Mutex
	done    Replayed
	lives   map[string]*living // by release and what was switched off
	working int                // partitions that are neither done nor wait
	awaited map[string]*awaited
	after   map[string]uint64 // version of people others wait for
	gapped  map[string]bool
}

// awaited is a person whom a merge waits for.
type awaited struct {
	version uint64
	reached chan struct{}
}

// Replay replays a log. Nobody else may write to the store meanwhile. told, if
// it is not nil, hears of the progress now and then.
func (e *Engine) Replay(ctx context.Context, log *eventlog.Log, told func(Replayed)) (Replayed, error) {
	begun, err := e.store.Replaying(ctx)
	if err != nil {
		return Replayed{}, e.away(err)
	}
	releases, err := e.store.Releases(ctx)
	if err != nil {
		return Replayed{}, e.away(err)
	}
	if len(releases) > 0 && !begun {
		return Replayed{}, ErrNotEmpty
	}
	if err := e.store.SetReplaying(ctx, true); err != nil {
		return Replayed{}, e.away(err)
	}
	r := &replay{e: e, told: told, gapped: map[string]bool{}}
	for _, epoch := range log.Epochs {
		r.done.Of += epoch.Count()
	}
	var published []eventlog.Release
	for _, epoch := range log.Epochs {
		if published, err = r.publish(ctx, published, epoch.Releases); err != nil {
			return r.done, err
		}
	}
	if len(published) == 0 {
		return r.done, fmt.Errorf("the event log holds no release: there is nothing to replay")
	}
	for _, epoch := range log.Epochs {
		if err := r.all(ctx, epoch); err != nil {
			return r.done, err
		}
	}
	return r.done, e.away(e.store.SetReplaying(ctx, false))
}

// publish publishes the releases of an epoch that are not there: one that began
// with those of the epoch before (it was replayed) goes on behind them.
func (r *replay) publish(ctx context.Context, before, list []eventlog.Release) ([]eventlog.Release, error) {
	same := func(a, b eventlog.Release) bool { return a.Hash == b.Hash && a.At.Equal(b.At) }
	if len(list) >= len(before) && slices.EqualFunc(before, list[:len(before)], same) {
		list = list[len(before):]
	}
	have, err := r.e.store.Releases(ctx)
	if err != nil {
		return nil, r.e.away(err)
	}
	for _, rel := range list {
		before = append(before, rel)
		program, diags := dsl.Load(rel.Sources)
		if program == nil {
			return nil, fmt.Errorf("release %d does not compile any more (%d errors): replay it with the version that made it", rel.Number, len(diags))
		}
		if r.e.plans.get(program.Hash) == nil {
			r.e.plans.put(program.Hash, orchestrator.NewPlan(program))
		}
		if len(have) >= len(before) {
			continue // by the replay that was killed
		}
		err := r.e.store.SaveSources(ctx, program.Hash, rel.Sources)
		if err == nil {
			err = r.e.store.Learn(ctx, namesOf(program))
		}
		if err == nil {
			_, err = r.e.store.Publish(ctx, store.Release{Hash: program.Hash, By: rel.By, At: rel.At, Of: rel.Of})
		}
		if err != nil {
			return nil, r.e.away(err)
		}
	}
	return before, r.e.refresh(ctx)
}

// all replays an epoch.
func (r *replay) all(ctx context.Context, epoch *eventlog.Epoch) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.epoch, r.lives = epoch, map[string]*living{}
	r.awaited, r.after = map[string]*awaited{}, map[string]uint64{}
	partitions := epoch.Partitions()
	r.working = len(partitions)
	errs := make([]error, len(partitions))
	var all sync.WaitGroup
	for i, p := range partitions {
		all.Go(func() {
			if errs[i] = r.partition(ctx, p); errs[i] != nil {
				cancel()
			}
			r.rests()
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return firstOf(errs)
}

// partition replays the entries of a partition.
func (r *replay) partition(ctx context.Context, partition int) error {
	for entry, err := range r.epoch.Entries(ctx, partition) {
		if err != nil {
			return err
		}
		if err := r.entry(ctx, entry); err != nil {
			return fmt.Errorf("replay of partition %d: %w", partition, err)
		}
	}
	return nil
}

// tellEvery is after how many entries the progress is told.
const tellEvery = 10_000

// entry replays an entry, unless it is there already. A store that is away for
// a moment is asked again.
func (r *replay) entry(ctx context.Context, entry *eventlog.Entry) error {
	var err error
	applied := false
	for try := 0; try < maxTries; try++ {
		if applied, err = r.once(ctx, entry); err == nil || !errors.Is(err, ErrUnavailable) {
			break
		}
		r.e.people.drop(entry.Profile)
		if pause(ctx, patience) != nil {
			return ctx.Err()
		}
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.done.Entries++
	if applied {
		r.done.Applied++
	}
	done, tell := r.done, r.told != nil && r.done.Entries%tellEvery == 0
	r.mu.Unlock()
	if tell {
		r.told(done)
	}
	return nil
}

func (r *replay) once(ctx context.Context, entry *eventlog.Entry) (applied bool, err error) {
	e := r.e
	rec, ok := e.people.take(entry.Profile)
	if !ok {
		l, err := e.load(ctx, entry.Profile)
		if err != nil {
			return false, err
		}
		if l.ID != entry.Profile || l.Moving != "" {
			return false, nil // he has gone into another: it is all there
		}
		if err := e.needPlans(ctx, l.Person); err != nil {
			return false, err
		}
		rec = &record{person: l.Person, base: l.Base}
	}
	if rec.base.Version() >= entry.Version {
		e.remember(rec, nil)
		r.reached(entry.Profile, rec.base.Version())
		return false, r.leaveBehind(ctx, entry)
	}
	if rec.base.Version()+1 != entry.Version {
		r.gap(entry.Profile)
	}
	live, err := r.living(entry)
	if err != nil {
		return false, err
	}
	v := &visit{ctx: ctx, e: e, live: live, world: live.world, base: rec.base}
	if rec.person == nil {
		rec.person = profiles.New(entry.Profile, entry.Born)
	}
	v.p = rec.person
	for i := range entry.Records {
		if err := r.record(v, &entry.Records[i]); err != nil {
			return false, err
		}
	}
	if err := r.commit(ctx, v, rec, entry); err != nil {
		return false, err
	}
	r.reached(entry.Profile, entry.Version)
	return true, r.leaveBehind(ctx, entry)
}

// record asks the machine again what it was asked.
func (r *replay) record(v *visit, rec *eventlog.Record) error {
	v.now = rec.Now
	switch rec.Kind {
	case eventlog.Event, eventlog.Identify, eventlog.Request, eventlog.Tags:
		v.world.Apply(v.p, []orchestrator.Input{*rec.Input}, rec.Now)
	case eventlog.Tick:
		v.world.Apply(v.p, []orchestrator.Input{{Kind: orchestrator.TickInput}}, rec.Now)
	case eventlog.Fit:
		v.world.Rebase(v.p, rec.Now)
	case eventlog.Advance, eventlog.Settlement:
		v.world.Advance(v.p, rec.Run, rec.Outcome, rec.Now)
	case eventlog.Claim:
		v.claim(rec.Run, rec.Now, rec.Owner, rec.Deadline, func(*orchestrator.Rendered) bool { return !rec.Dropped })
	case eventlog.End:
		v.world.End(v.p, rec.Reason, rec.Now)
	case eventlog.Merge:
		return r.absorb(v, rec)
	}
	return nil
}

// absorb replays a merge, once the loser is as far as he was then.
func (r *replay) absorb(v *visit, rec *eventlog.Record) error {
	if hasAbsorbed(v.p, rec.Other) {
		return nil
	}
	if err := r.await(v.ctx, rec.Other, rec.OtherVersion-1); err != nil { // the move was a version too
		return err
	}
	l, err := r.e.load(v.ctx, rec.Other)
	if err != nil {
		return err
	}
	if l.ID != rec.Other || l.Person == nil {
		r.gap(rec.Other)
		return nil
	}
	if err := r.e.needPlans(v.ctx, l.Person); err != nil {
		return err
	}
	if l.Moving == "" {
		if _, err := r.e.store.StartMove(v.ctx, rec.Other, l.Base, v.p.ID, rec.Cause); err != nil {
			return r.e.away(err)
		}
		r.e.people.drop(rec.Other)
	}
	if l.Person.Spilled > 0 {
		if err := r.e.store.CarryMarks(v.ctx, rec.Other, v.p.ID); err != nil {
			return r.e.away(err)
		}
	}
	v.world.Merge(v.p, l.Person, rec.OtherVersion, rec.Cause, rec.Now)
	r.mu.Lock()
	r.done.Merges++
	r.mu.Unlock()
	return r.e.at("replay: absorbing")
}

// leaveBehind does the last steps of the merges of an entry that is committed.
func (r *replay) leaveBehind(ctx context.Context, entry *eventlog.Entry) error {
	for i := range entry.Records {
		rec := &entry.Records[i]
		if rec.Kind != eventlog.Merge {
			continue
		}
		l, err := r.e.load(ctx, rec.Other)
		if err != nil {
			return err
		}
		if l.ID != rec.Other || l.Moving == "" {
			continue
		}
		if err := r.e.leaveBehind(ctx, l, l.Moving); err != nil {
			return err
		}
		r.e.people.drop(rec.Other)
	}
	return nil
}

// commit stores a person with the version of an entry. What identifies him
// leads to him before.
func (r *replay) commit(ctx context.Context, v *visit, rec *record, entry *eventlog.Entry) error {
	if err := r.identify(ctx, v.p, entry); err != nil {
		return err
	}
	c := store.Commit{
		Person: v.p, Base: rec.base, Release: -1, Switches: -1, Due: v.due(), Version: entry.Version,
		Spill: store.SpillMarks(v.p),
	}
	done := r.e.store.Commit(ctx, c)[0]
	if done.Err != nil {
		if errors.Is(done.Err, store.ErrConflict) {
			return fmt.Errorf("somebody else writes to this Redis: stop the servers first (%w)", done.Err)
		}
		return r.e.away(done.Err)
	}
	rec.base = done.Base
	r.e.remember(rec, nil)
	return r.e.at("replay: committed")
}

// identify makes identifiers lead to a person that his entry may have brought.
func (r *replay) identify(ctx context.Context, p *profiles.Person, entry *eventlog.Entry) error {
	var list []store.Pointer
	for i := range entry.Records {
		in := entry.Records[i].Input
		if in == nil {
			continue
		}
		for _, id := range in.Identifiers {
			if p.HasIdentifier(id.Trait, id.Value) {
				list = append(list, store.Pointer{Identifier: id, Profile: p.ID})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	got, err := r.e.store.Point(ctx, list)
	if err != nil {
		return r.e.away(err)
	}
	for i, owner := range got {
		if owner != p.ID { // it was given up by the one before, or he has gone into this one
			if err := r.e.store.Repoint(ctx, owner, p.ID, []profiles.Identifier{list[i].Identifier}); err != nil {
				return r.e.away(err)
			}
		}
	}
	return nil
}

// living is what was in force at an entry.
func (r *replay) living(entry *eventlog.Entry) (*living, error) {
	key := fmt.Sprint(entry.Release, entry.Paused, entry.Stopped)
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.lives[key]; l != nil {
		return l, nil
	}
	i := slices.IndexFunc(r.epoch.Releases, func(rel eventlog.Release) bool { return rel.Number == entry.Release })
	if i < 0 {
		return nil, fmt.Errorf("the event log does not hold release %d", entry.Release)
	}
	rel := r.epoch.Releases[i]
	plan := r.e.plans.get(rel.Hash)
	if plan == nil {
		return nil, fmt.Errorf("release %d has another hash than its sources", entry.Release)
	}
	l := r.e.makeLiving(store.Release{Number: rel.Number, Hash: rel.Hash, At: rel.At}, plan,
		store.Switches{Paused: entry.Paused, Stopped: entry.Stopped})
	if l.world.Unsubscribe == nil {
		l.world.Unsubscribe = func(string, string) string { return "https://replay.invalid/" } // mails are rendered, and thrown away
	}
	r.lives[key] = l
	return l, nil
}

// await waits until somebody has a version; or until all partitions wait,
// which means that the log lacks what would bring him there.
func (r *replay) await(ctx context.Context, id string, version uint64) error {
	l, err := r.e.load(ctx, id)
	if err != nil || l.ID != id || l.Base.Version() >= version {
		return err
	}
	r.mu.Lock()
	if r.after[id] >= version {
		r.mu.Unlock()
		return nil
	}
	a := &awaited{version: version, reached: make(chan struct{})}
	r.awaited[id] = a
	r.mu.Unlock()
	// He may have got there before anybody knew of the waiting.
	if l, err = r.e.load(ctx, id); err != nil {
		return err
	}
	if l.ID == id {
		r.reached(id, l.Base.Version())
	}
	r.rests()
	select {
	case <-a.reached:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reached notes how far somebody is.
func (r *replay) reached(id string, version uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.awaited[id]
	if a == nil || version < a.version {
		return
	}
	r.after[id] = version
	r.goesOn(id, a)
}

// rests notes that a partition waits, or is done.
func (r *replay) rests() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.working--; r.working > 0 {
		return
	}
	for id, a := range r.awaited { // nobody is left who could bring them on
		r.goesOn(id, a)
	}
}

// goesOn lets the partition go on that waits for somebody.
func (r *replay) goesOn(id string, a *awaited) {
	delete(r.awaited, id)
	r.working++
	close(a.reached)
}

// gap counts somebody of whom entries are missing.
func (r *replay) gap(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gapped[id] {
		r.gapped[id] = true
		r.done.Gaps++
	}
}
