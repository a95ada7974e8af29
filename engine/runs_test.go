package engine

import (
	"context"
	"errors"
	"sync"
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

const start = value.Time(1_772_413_200_000) // 2026-03-02 09:00 in Taipei

// manual is an engine whose clock the test sets.
func manual(t testing.TB, url string) (*Engine, *Clock) {
	t.Helper()
	c := ManualClock(start)
	e := startEngine(t, url, func(o *Options) { o.Clock = c })
	return e, c
}

func cartOf(t testing.TB, e *Engine, user string) string {
	t.Helper()
	rs := submit(t, e,
		Call{Kind: CallIdentify, UserID: user, Traits: map[string]any{"email": user + "@example.com", "consent": map[string]any{"email": true}}},
		track(user, "Cart Updated", user+"-c", map[string]any{"cart_id": "k"}),
	)
	return person(t, e, rs[0].Profile).Runs[0].ID
}

func advance(t testing.TB, e *Engine, run string, seen int64) orchestrator.Order {
	t.Helper()
	o, err := patiently(func() (orchestrator.Order, error) { return e.Advance(context.Background(), run, seen) })
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestARunsWay(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, shop)
	ctx := context.Background()
	run := cartOf(t, e, "ann")

	hour := start.Add(value.Hour)
	first := advance(t, e, run, 0)
	if first.Kind != orchestrator.WaitUntil || first.Until < hour || first.Until > hour+10 {
		t.Fatalf("first order is %+v", first)
	}
	commits := e.Counts().Commits
	if again := advance(t, e, run, first.Seq); again != first || e.Counts().Commits != commits {
		t.Fatalf("asked too early: %+v, %d commits", again, e.Counts().Commits-commits)
	}
	clock.Set(first.Until)
	order := advance(t, e, run, first.Seq)
	if order.Kind != orchestrator.Deliver || order.Channel != "email" || order.Seq <= first.Seq {
		t.Fatalf("after the wait the order is %+v", order)
	}
	if stale := advance(t, e, run, first.Seq); stale != order {
		t.Fatalf("one who has seen an old order hears %+v", stale)
	}
	d, err := e.Draft(ctx, run, order.Seq)
	if err != nil || !d.Ready || d.Message.Subject != "Hi there" || d.Message.To != "ann@example.com" {
		t.Fatalf("draft is %+v, %v", d, err)
	}

	// Before the claim the message changes.
	submit(t, e, Call{Kind: CallIdentify, UserID: "ann", Traits: map[string]any{"name": "Ann"}})
	if _, err := e.Claim(ctx, d); !errors.Is(err, ErrChanged) {
		t.Fatalf("claim of an old draft: %v", err)
	}
	d, _ = e.Draft(ctx, run, order.Seq)
	claimed, err := e.Claim(ctx, d)
	if err != nil || !claimed.Ready || claimed.Message.Subject != "Hi Ann" {
		t.Fatalf("claim is %+v, %v", claimed, err)
	}
	if _, err := e.Draft(ctx, run, order.Seq); !errors.Is(err, ErrNotYet) {
		t.Fatalf("a second worker hears %v", err)
	}
	if _, err := e.Claim(ctx, d); !errors.Is(err, ErrNotYet) {
		t.Fatalf("a second claim: %v", err)
	}
	next := settle(t, e, claimed, profiles.Sent)
	if next.Kind != orchestrator.WaitUntil || next.Until != first.Until.Add(value.Day) {
		t.Fatalf("after the mail the order is %+v", next)
	}
	if again := settle(t, e, claimed, profiles.Failed); again != next {
		t.Fatalf("a repeated settlement answers %+v", again)
	}
	clock.Set(next.Until)
	if end := advance(t, e, run, next.Seq); end.Kind != orchestrator.EndRun {
		t.Fatalf("the end is %+v", end)
	}
	v := profile(t, e, "user_id:ann")
	if len(v.Messages) != 1 || v.Messages[0].Outcome != "sent" || v.Runs[0].State != "ended" || v.Runs[0].Reason != "end" {
		t.Fatalf("profile is %+v", v)
	}
	if e.Counts().Lost != 0 {
		t.Errorf("%d runs count as lost", e.Counts().Lost)
	}
	if o := advance(t, e, "nobody.1", 0); o.Kind != orchestrator.EndRun || e.Counts().Lost != 1 {
		t.Errorf("an unknown run: %+v, lost %d", o, e.Counts().Lost)
	}
	if _, lives, err := e.RunLives(ctx, run); lives || err != nil {
		t.Errorf("the ended run lives: %v %v", lives, err)
	}
}

// An exit that was acknowledged is followed by no claim.
func TestNoClaimAfterAnExit(t *testing.T) {
	url := startRedis(t).url
	a, clock := manual(t, url)
	deploy(t, a, shop)
	b := startEngine(t, url, func(o *Options) { o.Clock = clock })
	run := cartOf(t, a, "ann")
	clock.Set(start.Add(2 * value.Hour))
	order := advance(t, a, run, 1)
	d, err := a.Draft(context.Background(), run, order.Seq)
	if err != nil || !d.Ready {
		t.Fatal(d, err)
	}
	submit(t, b, track("ann", "Order Completed", "o", map[string]any{"cart_id": "k", "total": 1.0}))
	c, err := a.Claim(context.Background(), d)
	if err != nil || c.Ready || c.Order.Kind != orchestrator.EndRun {
		t.Fatalf("claim after the exit: %+v, %v", c, err)
	}
	if p := person(t, a, store.RunProfile(run)); len(p.Ledger) > 1 {
		t.Fatalf("ledger is %+v", p.Ledger)
	}
}

func TestLeftOverClaims(t *testing.T) {
	url := startRedis(t).url
	a, clock := manual(t, url)
	deploy(t, a, shop)
	b := startEngine(t, url, func(o *Options) { o.Clock = clock })
	ctx := context.Background()
	claimed := func(user string) (string, orchestrator.Order) {
		run := cartOf(t, a, user)
		clock.Set(profileNow(a).Add(2 * value.Hour))
		order := advance(t, a, run, 1)
		claim(t, a, run)
		return run, order
	}
	run, order := claimed("ann")
	if _, err := b.Draft(ctx, run, order.Seq); !errors.Is(err, ErrNotYet) {
		t.Fatalf("within the deadline: %v", err)
	}
	clock.Set(profileNow(a).Add(value.Minute))
	d, err := b.Draft(ctx, run, order.Seq)
	if err != nil || d.Ready || d.Order.Kind != orchestrator.WaitUntil {
		t.Fatalf("after the deadline: %+v %v", d, err)
	}
	if v := profile(t, a, "user_id:ann"); v.Messages[0].Outcome != "uncertain" {
		t.Fatalf("the send is %+v", v.Messages[0])
	}

	// A claim whose answer this process never heard was not delivered.
	run, order = claimed("bob")
	p := person(t, a, store.RunProfile(run))
	a.claims.doubt(p.Ledger[0].Owner)
	d, err = a.Draft(ctx, run, order.Seq)
	if err != nil || !d.Ready {
		t.Fatalf("an unheard claim: %+v %v", d, err)
	}

	// A provider that could not take it for now gives the claim back.
	run, order = claimed("cid")
	p = person(t, a, store.RunProfile(run))
	old := Draft{Run: run, Seq: order.Seq, Owner: p.Ledger[0].Owner, Message: orchestrator.Rendered{Key: p.Ledger[0].Key()}}
	if o := settle(t, a, old, profiles.Planned); o.Kind != orchestrator.Deliver {
		t.Fatalf("given back: %+v", o)
	}
	settle(t, b, claim(t, b, run), profiles.Sent)
}

// A run that is gone while its send is on the way counts as lost, too.
func TestLostWhileSending(t *testing.T) {
	url := startRedis(t).url
	e, clock := manual(t, url)
	deploy(t, e, shop)
	var drafts, claims []Draft
	for i, user := range []string{"ann", "bob"} {
		run := cartOf(t, e, user)
		clock.Set(profileNow(e).Add(2 * value.Hour))
		order := advance(t, e, run, 1)
		d, err := e.Draft(context.Background(), run, order.Seq)
		if err != nil || !d.Ready {
			t.Fatal(d, err)
		}
		if drafts = append(drafts, d); i == 1 {
			claims = append(claims, claim(t, e, run))
		}
		del(t, url, store.RunProfile(run))
	}
	if c, err := e.Claim(context.Background(), drafts[0]); err != nil || c.Ready || c.Order.Kind != orchestrator.EndRun || e.Counts().Lost != 1 {
		t.Errorf("claimed: %+v %v, %d lost", c, err, e.Counts().Lost)
	}
	if o := settle(t, e, claims[0], profiles.Sent); o.Kind != orchestrator.EndRun || e.Counts().Lost != 2 {
		t.Errorf("settled: %+v, %d lost", o, e.Counts().Lost)
	}
}

// An attempt whose worker is gone and whose run has ended since is given up
// all the same: nobody else asks for it.
func TestAnAttemptThatOutlivesItsRun(t *testing.T) {
	url := startRedis(t).url
	a, clock := manual(t, url)
	deploy(t, a, shop)
	run := cartOf(t, a, "ann")
	clock.Set(start.Add(2 * value.Hour))
	advance(t, a, run, 1)
	lost := claim(t, a, run)
	submit(t, a, track("ann", "Order Completed", "o", map[string]any{"cart_id": "k", "total": 1.0}))
	b := startEngine(t, url, func(o *Options) { o.Clock = clock })
	l := lease(t, b, store.Partition(store.RunProfile(run)))
	outcome := func() string {
		for _, m := range profile(t, a, "user_id:ann").Messages {
			if m.Message == "reminder" {
				return m.Outcome
			}
		}
		return ""
	}
	clock.Set(profileNow(a).Add(40 * value.Second))
	tickAll(t, b, l)
	if got := outcome(); got != "attempting" {
		t.Fatalf("within its deadline it is %q", got)
	}
	clock.Set(profileNow(a).Add(10 * value.Second))
	if busy, err := b.Work(context.Background(), []int{l.Partition}); err != nil || len(busy) != 1 {
		t.Fatalf("nobody is due: %v %v", busy, err)
	}
	tickAll(t, b, l)
	if got := outcome(); got != "uncertain" {
		t.Fatalf("after its deadline it is %q", got)
	}
	if o := settle(t, a, lost, profiles.Sent); o.Kind != orchestrator.EndRun || outcome() != "uncertain" {
		t.Fatalf("a late settlement: %+v, %s", o, outcome())
	}
}

func profileNow(e *Engine) value.Time {
	now, _ := e.Now(context.Background())
	return now
}

// Two workers race for one send: one of them gets it.
func TestOneOfManyClaims(t *testing.T) {
	url := startRedis(t).url
	a, clock := manual(t, url)
	deploy(t, a, shop)
	b := startEngine(t, url, func(o *Options) { o.Clock = clock })
	run := cartOf(t, a, "ann")
	clock.Set(start.Add(2 * value.Hour))
	order := advance(t, a, run, 1)
	var mu sync.Mutex
	ready := 0
	var all sync.WaitGroup
	for i := range 8 {
		e := []*Engine{a, b}[i%2]
		all.Go(func() {
			d, err := e.Draft(context.Background(), run, order.Seq)
			if err != nil || !d.Ready {
				return
			}
			c, err := e.Claim(context.Background(), d)
			if err == nil && c.Ready {
				mu.Lock()
				ready++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if ready != 1 {
		t.Fatalf("%d workers were told to deliver", ready)
	}
}
