package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"journey/dsl/value"
	"journey/eventlog"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// diary is a second release of the shop: with what runs do to people.
const diary = shop + `
event praised "Praised" { by: text optional }
trait praises: number = count(praised)
segment written_to = count(praised) > 1
journey praise {
  enter on nudged
  again after exit
  wait 5 minutes
  set profile.tier = "gold"
  tag "nudged"
  emit praised { by: "praise" }
  wait 2 hours
  untag "nudged"
}
`

// story lets many things happen to some people by two engines at the same time.
type story struct {
	t       *testing.T
	rnd     *rand.Rand
	clock   *Clock
	engines []*Engine
	n       int
}

func (s *story) pick(list ...string) string { return list[s.rnd.IntN(len(list))] }

// meets lets somebody who was known by his device alone turn out to be a user.
func (s *story) meets(i int) {
	device, user := fmt.Sprint("x", i), fmt.Sprint("u", i%9)
	s.n++
	submit(s.t, s.engines[0], Call{Kind: CallTrack, Source: "web", MessageID: fmt.Sprint("m", s.n), AnonymousID: device,
		Event: "Cart Updated", Properties: map[string]any{"cart_id": "k1"}})
	submit(s.t, s.engines[1], track(user, "Nudged", fmt.Sprint("n", s.n), nil),
		Call{Kind: CallIdentify, Source: "web", UserID: user, AnonymousID: device})
}

// call is something that happens to somebody.
func (s *story) call() Call {
	s.n++
	c := Call{Kind: CallTrack, Source: "web", MessageID: fmt.Sprint("m", s.n)}
	if s.rnd.IntN(12) == 0 && s.n > 3 {
		c.MessageID = fmt.Sprint("m", s.rnd.IntN(s.n))
	}
	who := fmt.Sprint(s.rnd.IntN(9))
	switch s.rnd.IntN(4) {
	case 0:
		c.UserID = "u" + who
	case 1:
		c.AnonymousID = "d" + who
	default:
		c.UserID, c.AnonymousID = "u"+who, "d"+who
	}
	switch s.rnd.IntN(6) {
	case 0:
		c.Kind, c.Traits = CallIdentify, map[string]any{"name": s.pick("Ann", "Bo", "陳"), "tier": s.pick("bronze", "silver")}
		if s.rnd.IntN(2) == 0 {
			c.Traits["email"] = "m" + who + "@example.com"
		}
		c.Traits["consent"] = map[string]any{"email": s.rnd.IntN(4) > 0}
	case 1, 2:
		c.Event, c.Properties = "Cart Updated", map[string]any{"cart_id": s.pick("k1", "k2"), "total": s.rnd.Float64() * 100}
	case 3:
		c.Event, c.Properties = "Order Completed", map[string]any{"cart_id": s.pick("k1", "k2"), "total": 12.5, "lines": []any{map[string]any{"sku": "a", "n": 2.0}}}
	case 4:
		c.Event, c.Properties = "Nudged", map[string]any{"n": float64(s.n)}
	default:
		c.Kind, c.Journey, c.Properties = CallRequest, "invite", map[string]any{"code": s.pick("x", "y")}
	}
	return c
}

// round is some calls by each engine at the same time, then what is due.
func (s *story) round() {
	calls := make([][]Call, len(s.engines))
	for i := range calls {
		for range 1 + s.rnd.IntN(12) {
			calls[i] = append(calls[i], s.call())
		}
	}
	var all sync.WaitGroup
	for i, e := range s.engines {
		all.Go(func() {
			if _, err := patiently(func() ([]CallResult, error) { return e.Submit(context.Background(), calls[i]) }); err != nil {
				s.t.Errorf("submit: %v", err)
			}
		})
	}
	all.Wait()
	now, _ := s.clock.set()
	s.clock.Set(now.Add(value.Duration(s.rnd.IntN(int(value.Hour)))))
	e := s.engines[s.rnd.IntN(len(s.engines))]
	for id, p := range everybody(s.t, e) {
		if s.rnd.IntN(2) == 0 {
			tickAll(s.t, e, lease(s.t, e, store.Partition(id)))
		}
		for _, r := range p.Runs {
			s.run(e, r.ID)
		}
	}
	for _, e := range s.engines {
		s.giveBack(e)
	}
}

func (s *story) giveBack(e *Engine) {
	leases, _ := e.store.Leases(context.Background(), allPartitions(), e.owner, leaseFor)
	_ = e.store.GiveBack(context.Background(), leases...)
}

// run does what a run's workflow would do, or a part of it.
func (s *story) run(e *Engine, run string) {
	ctx := context.Background()
	o := advance(s.t, e, run, 1<<40)
	if o.Kind != orchestrator.Deliver || s.rnd.IntN(4) == 0 {
		return
	}
	d, err := patiently(func() (Draft, error) { return e.Draft(ctx, run, 1<<40) })
	if err != nil || !d.Ready {
		return
	}
	if s.rnd.IntN(4) == 0 {
		d.Message.Subject += "!" // the claim finds another message
	}
	if d, err = patiently(func() (Draft, error) { return e.Claim(ctx, d) }); err != nil || !d.Ready || s.rnd.IntN(5) == 0 {
		return
	}
	out := orchestrator.Outcome{State: profiles.Sent}
	switch s.rnd.IntN(5) {
	case 0:
		out = orchestrator.Outcome{State: profiles.Failed, Reason: "mailbox full"}
	case 1:
		out.State = profiles.Planned
	}
	_, _ = patiently(func() (orchestrator.Order, error) { return e.Settle(ctx, d, out) })
}

func allPartitions() []int {
	list := make([]int, store.Partitions)
	for i := range list {
		list[i] = i
	}
	return list
}

// everybody is all who are stored.
func everybody(t *testing.T, e *Engine) map[string]*profiles.Person {
	t.Helper()
	all := map[string]*profiles.Person{}
	for cursor := ""; ; {
		ids, next, err := e.store.People(context.Background(), cursor, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			l, err := e.load(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			if l.ID != id || l.Person == nil {
				continue
			}
			for _, r := range append(l.Person.Runs, l.Person.Ended...) {
				r.Wake = 0 // says only what Temporal was told
			}
			all[id] = l.Person
		}
		if cursor = next; cursor == "" {
			return all
		}
	}
}

// dying stops a procedure at one of its points now and then.
func dying(rnd *rand.Rand, one int) func(string) error {
	var mu sync.Mutex
	return func(string) error {
		mu.Lock()
		defer mu.Unlock()
		if rnd.IntN(one) == 0 {
			return errKilled
		}
		return nil
	}
}

// writes moves the streams to the log by an engine's leases, killed now and
// then on the way.
func (s *story) writes(e *Engine, to eventlog.Store, one int) {
	ctx := context.Background()
	leases, err := e.store.Leases(ctx, allPartitions(), e.owner, leaseFor)
	if err != nil || len(leases) != store.Partitions {
		s.t.Fatalf("%d leases, %v", len(leases), err)
	}
	w := eventlog.NewWriter(eventlog.WriterOptions{
		Streams: e.store, To: to, Owner: e.owner, Leases: func() []store.Lease { return leases }, Fault: dying(s.rnd, one),
	})
	if err := w.Pass(ctx, true); err != nil && !errors.Is(err, errKilled) {
		s.t.Fatalf("write: %v", err)
	}
	s.giveBack(e)
}

func TestAReplayMakesEverybodyAnew(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 1
	}
	for i := range seeds {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Logf("seed %d", seed)
			replayed(t, seed)
		})
	}
}

func replayed(t *testing.T, seed uint64) {
	ctx := context.Background()
	s := &story{t: t, rnd: rand.New(rand.NewPCG(seed, 0)), clock: ManualClock(start)}
	url := startRedis(t).url
	logs := func(o *Options) { o.Clock, o.LogBound = s.clock, 1_000_000 }
	s.engines = []*Engine{startEngine(t, url, logs), startEngine(t, url, logs)}
	disk, err := eventlog.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, s.engines[0], shop)
	for i := range 24 {
		switch i {
		case 6:
			deploy(t, s.engines[1], diary)
		case 12:
			if err := s.engines[0].Pause(ctx, "praise", true); err != nil {
				t.Fatal(err)
			}
		case 16:
			if err := s.engines[1].Pause(ctx, "praise", false); err != nil {
				t.Fatal(err)
			}
		case 20:
			if _, err := s.engines[0].Rollback(ctx, 1); err != nil {
				t.Fatal(err)
			}
		}
		s.round()
		if i%5 == 0 {
			s.meets(i)
		}
		s.writes(s.engines[i%2], disk, 4)
	}
	s.writes(s.engines[0], disk, 1<<30)
	want := everybody(t, s.engines[0])
	if s.engines[0].Counts().Merges+s.engines[1].Counts().Merges == 0 {
		t.Error("nobody was merged: the story is too dull")
	}
	log, err := eventlog.Open(ctx, disk)
	if err != nil {
		t.Fatal(err)
	}
	var entries int64
	for _, p := range log.Epochs[0].Partitions() {
		for _, err := range log.Epochs[0].Entries(ctx, p) {
			if err != nil {
				t.Fatal(err)
			}
			entries++
		}
	}
	if n := log.Epochs[0].Count(); n != entries {
		t.Errorf("%d entries stand in the log, of which %d are different", n, entries)
	}

	fresh := startRedis(t).url
	var e *Engine
	kills := 0
	for ; ; kills++ {
		e = startEngine(t, fresh, func(o *Options) { o.Clock, o.Fault = s.clock, dying(s.rnd, 60) })
		if kills > 60 {
			e.fault = nil
		}
		done, err := e.Replay(ctx, log, nil)
		_ = e.Close()
		if err == nil {
			t.Logf("killed %d times: %+v", kills, done)
			if done.Gaps != 0 || done.Entries != entries {
				t.Errorf("%d entries: replayed %+v", entries, done)
			}
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
	}
	samePeople(t, everybody(t, e), want)
	again := startEngine(t, fresh, func(o *Options) { o.Clock = s.clock })
	for u := range 9 {
		ref := fmt.Sprint("user_id:u", u)
		a, err1 := s.engines[0].Profile(ctx, ref)
		b, err2 := again.Profile(ctx, ref)
		if !errors.Is(err2, err1) || canonical(a) != canonical(b) {
			t.Errorf("%s was\n%s %v\nand is\n%s %v", ref, canonical(a), err1, canonical(b), err2)
		}
	}
	if _, err := again.Replay(ctx, log, nil); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a replay into people who are there: %v", err)
	}
}

func canonical(v *profiles.View) string {
	if v == nil {
		return "nobody"
	}
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func samePeople(t *testing.T, got, want map[string]*profiles.Person) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d people were made of %d", len(got), len(want))
	}
	for id, w := range want {
		g := got[id]
		if g == nil {
			t.Errorf("%s is missing", id)
			continue
		}
		a, b := reflect.ValueOf(*g), reflect.ValueOf(*w)
		for i := range a.NumField() {
			if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
				x, _ := json.Marshal(a.Field(i).Interface())
				y, _ := json.Marshal(b.Field(i).Interface())
				t.Errorf("%s: %s is\n%s\nand was\n%s", id, a.Type().Field(i).Name, x, y)
			}
		}
	}
}

// TestTheLogForgets: of somebody who is erased nothing stays in the log, and a
// replay makes the others alone.
func TestTheLogForgets(t *testing.T) {
	ctx := context.Background()
	disk, err := eventlog.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	forgetter := &eventlog.Eraser{From: disk}
	e := startEngine(t, startRedis(t).url, func(o *Options) {
		o.Clock, o.LogBound, o.Forgetters = ManualClock(start), 1000, []Forgetter{forgetter}
	})
	forgetter.Streams = e.store
	deploy(t, e, shop)
	ann := submit(t, e, track("ann", "Nudged", "1", nil))[0].Profile
	bo := submit(t, e, track("bo", "Nudged", "2", nil))[0].Profile
	s := &story{t: t, rnd: rand.New(rand.NewPCG(1, 1))}
	s.writes(e, disk, 1<<30)
	submit(t, e, track("ann", "Nudged", "3", nil)) // waits in the stream
	r, err := e.Erase(ctx, "user_id:ann", DeleteOnly, "test")
	if err != nil || r.State == ErasureFinished {
		t.Fatalf("the erasure is %+v, %v, while an entry waits", r, err)
	}
	s.writes(e, disk, 1<<30)
	if err := forgetter.Forget(ctx, []string{ann}, nil); err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(ctx, disk)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range log.Epochs[0].Partitions() {
		for entry, err := range log.Epochs[0].Entries(ctx, p) {
			if err != nil || entry.Profile != bo {
				t.Errorf("an entry of %v is left, %v", entry, err)
			}
		}
	}
	again := startEngine(t, startRedis(t).url, func(o *Options) { o.Clock = ManualClock(start) })
	if _, err := again.Replay(ctx, log, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Profile(ctx, "user_id:ann"); !errors.Is(err, ErrNoProfile) {
		t.Errorf("who was erased is back: %v", err)
	}
	want := everybody(t, e)
	delete(want, ann) // he is closed, and not gone yet
	samePeople(t, everybody(t, again), want)
}

// TestAFullLogRefuses: while the log cannot be written, calls are taken up to a
// bound and then refused; nothing is lost, and it goes on by itself.
func TestAFullLogRefuses(t *testing.T) {
	disk, err := eventlog.OpenDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e := startEngine(t, startRedis(t).url, func(o *Options) { o.Clock, o.LogBound = ManualClock(start), 3 })
	deploy(t, e, shop)
	for i := range 3 {
		submit(t, e, track("ann", "Nudged", fmt.Sprint(i), nil))
	}
	if _, err := e.Submit(context.Background(), []Call{track("ann", "Nudged", "4", nil)}); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a call beyond the bound: %v", err)
	}
	if e.Counts().LogFull == 0 {
		t.Error("the refusal is not counted")
	}
	s := &story{t: t, rnd: rand.New(rand.NewPCG(1, 1))}
	s.writes(e, disk, 1<<30)
	submit(t, e, track("ann", "Nudged", "4", nil))
}
