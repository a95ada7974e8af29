package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles/store"
)

func lease(t testing.TB, e *Engine, partition int) Lease {
	t.Helper()
	l, ok, err := e.Lease(context.Background(), partition)
	if err != nil || !ok {
		t.Fatalf("lease: %v %v", ok, err)
	}
	return l
}

// tickUntil ticks until nothing is due.
func tickAll(t testing.TB, e *Engine, l Lease) (woken int) {
	t.Helper()
	for {
		done, err := patiently(func() (Ticked, error) { return e.Tick(context.Background(), l) })
		if err != nil {
			t.Fatal(err)
		}
		woken += done.Woken
		if !done.More {
			return woken
		}
	}
}

func TestMomentsComeAtTheirInstants(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, shop)
	rs := submit(t, e, track("ann", "Nudged", "1", nil))
	id := rs[0].Profile
	l := lease(t, e, store.Partition(id))
	tickAll(t, e, l)
	if p := person(t, e, id); len(p.Runs) != 0 {
		t.Fatal("entered too early")
	}
	clock.Set(start.Add(3 * value.Hour)) // the owner was away
	tickAll(t, e, l)
	p := person(t, e, id)
	if len(p.Runs) != 1 || p.Runs[0].Journey != "sleeper" {
		t.Fatalf("runs are %+v", p.Runs)
	}
	if at := start.Add(10 * value.Minute); p.Runs[0].Entered < at || p.Runs[0].Entered > at+5 {
		t.Fatalf("entered at %v, due at %v", p.Runs[0].Entered, at)
	}
	rs2, err := e.Outbox(context.Background(), l, 10)
	if err != nil || len(rs2) != 1 || rs2[0].Kind != store.StartRun || rs2[0].Run != p.Runs[0].ID {
		t.Fatalf("outbox is %+v, %v", rs2, err)
	}
	if err := e.Ack(context.Background(), l, rs2[0].ID); err != nil {
		t.Fatal(err)
	}
	if busy, err := e.Work(context.Background(), []int{l.Partition}); err != nil || len(busy) != 0 {
		t.Fatalf("still busy: %v %v", busy, err)
	}
}

func TestTheSweeperWakesWhatIsOverdue(t *testing.T) {
	e, clock := manual(t, startRedis(t).url)
	deploy(t, e, shop)
	run := cartOf(t, e, "ann")
	l := lease(t, e, store.Partition(store.RunProfile(run)))
	first := advance(t, e, run, 0)
	if n := tickAll(t, e, l); n != 0 {
		t.Fatalf("%d woken too early", n)
	}
	clock.Set(first.Until.Add(59 * value.Second))
	if n := tickAll(t, e, l); n != 0 {
		t.Fatalf("%d woken within a minute", n)
	}
	clock.Set(first.Until.Add(61 * value.Second))
	if n := tickAll(t, e, l); n != 1 {
		t.Fatalf("%d woken when overdue", n)
	}
	clock.Set(first.Until.Add(90 * value.Second))
	if n := tickAll(t, e, l); n != 0 {
		t.Fatal("woken again although a wake is on its way")
	}
	clock.Set(first.Until.Add(3 * value.Minute))
	if n := tickAll(t, e, l); n != 1 {
		t.Fatal("a wake that got lost is not repeated")
	}
	rs, _ := e.Outbox(context.Background(), l, 10)
	last := rs[len(rs)-1]
	if last.Kind != store.WakeRun || last.Run != run || last.Seq != first.Seq {
		t.Fatalf("the wake is %+v", last)
	}
	// The wake finds no workflow: it is started anew, and goes on.
	re, lives, err := e.RunLives(context.Background(), run)
	if err != nil || !lives || re.Order.Kind != orchestrator.WaitUntil {
		t.Fatalf("the run is %+v %v %v", re, lives, err)
	}
	if o := advance(t, e, run, re.Seq); o.Kind != orchestrator.Deliver {
		t.Fatalf("then the order is %+v", o)
	}
	// Nobody delivers: that is overdue too.
	clock.Set(profileNow(e).Add(2 * value.Minute))
	if n := tickAll(t, e, l); n != 1 {
		t.Fatalf("%d woken for a send that nobody makes", n)
	}
}

func TestALostLeaseFencesItsTick(t *testing.T) {
	url := startRedis(t).url
	a, clock := manual(t, url)
	deploy(t, a, shop)
	b := startEngine(t, url, func(o *Options) { o.Clock = clock })
	rs := submit(t, a, track("ann", "Nudged", "1", nil))
	l := lease(t, a, store.Partition(rs[0].Profile))
	if _, ok, err := b.Lease(context.Background(), l.Partition); ok || err != nil {
		t.Fatalf("two have the lease: %v", err)
	}
	if err := a.GiveBack(context.Background(), l); err != nil {
		t.Fatal(err)
	}
	lease(t, b, l.Partition)
	clock.Set(start.Add(value.Hour))
	if _, err := a.Tick(context.Background(), l); !errors.Is(err, ErrLeaseLost) {
		t.Fatalf("a tick under a lost lease: %v", err)
	}
	if err := a.Ack(context.Background(), l, "1-0"); !errors.Is(err, ErrLeaseLost) {
		t.Fatalf("an acknowledgement under a lost lease: %v", err)
	}
	if p := person(t, a, rs[0].Profile); len(p.Runs) != 0 {
		t.Fatal("the fenced tick did something")
	}
}

// member is an engine with the leases that it has.
type member struct {
	*Engine
	held []Lease
}

// hold is what its relay does every three seconds.
func (m *member) hold(t testing.TB) {
	t.Helper()
	held, err := patiently(func() ([]Lease, error) { return m.Hold(context.Background(), m.held) })
	if err != nil {
		t.Fatal(err)
	}
	m.held = held
}

// apart wants that no two of them have the same partition, and answers how
// many partitions they have together.
func apart(t testing.TB, members ...*member) int {
	t.Helper()
	owner := map[int]*member{}
	for _, m := range members {
		for _, l := range m.held {
			if o := owner[l.Partition]; o != nil && o != m {
				t.Fatalf("two have partition %d", l.Partition)
			}
			owner[l.Partition] = m
		}
	}
	return len(owner)
}

// Processes share the partitions evenly: within two rounds of a new one, and
// of one that left; a dead one's are taken over once its leases have run out.
func TestPartitionsAreShared(t *testing.T) {
	t.Parallel() // it waits for leases to run out
	url := startRedis(t).url
	a, b, c := &member{Engine: startEngine(t, url)}, &member{Engine: startEngine(t, url)}, &member{Engine: startEngine(t, url)}
	share := func(want int, members ...*member) {
		t.Helper()
		for range 2 {
			for _, m := range members {
				m.hold(t)
			}
		}
		if n := apart(t, members...); n != store.Partitions {
			t.Fatalf("%d partitions are held, want all", n)
		}
		for i, m := range members {
			if len(m.held) > want {
				t.Fatalf("process %d of %d has %d partitions, want at most %d", i+1, len(members), len(m.held), want)
			}
		}
	}
	share(256, a)
	share(128, a, b)
	before := map[int]int64{}
	for _, l := range a.held {
		before[l.Partition] = l.Token
	}
	share(128, b, a)
	for _, l := range a.held {
		if before[l.Partition] != l.Token {
			t.Fatal("a partition changed hands without need")
		}
	}
	share(86, a, b, c)
	if err := c.Withdraw(context.Background(), c.held); err != nil {
		t.Fatal(err)
	}
	share(128, a, b)
	// b dies.
	died := time.Now()
	for len(a.held) < store.Partitions {
		if took := time.Since(died); took > 15*time.Second {
			t.Fatalf("after %s it has %d of the dead one's partitions", took, len(a.held)-128)
		}
		time.Sleep(100 * time.Millisecond)
		a.hold(t)
	}
	if took := time.Since(died); took < leaseFor/2 {
		t.Errorf("the dead one's partitions were taken over after %s already", took)
	}
}
