package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

var errKilled = errors.New("killed here")

// visitor makes an anonymous person with a mail that is due and a cart that
// waits, and a user beside; it answers the run of the mail.
func visitor(t testing.TB, e *Engine, device, user string) (mail, cart string) {
	t.Helper()
	ident := func(c Call) Call { c.AnonymousID = device; return c }
	rs := submit(t, e,
		ident(Call{Kind: CallIdentify, Traits: map[string]any{"email": device + "@example.com", "consent": map[string]any{"email": true}}}),
		ident(track("", "Cart Updated", device+"-c", map[string]any{"cart_id": "k"})),
		ident(track("", "Order Completed", device+"-o", map[string]any{"cart_id": "v", "total": 5.0})),
	)
	rs2 := submit(t, e, track(user, "Order Completed", user+"-o", map[string]any{"cart_id": "w", "total": 7.0}))
	for _, r := range person(t, e, rs2[0].Profile).Runs { // the user's own mail does not stand in the way
		if d, err := e.Draft(context.Background(), r.ID, 1<<40); err != nil || d.Ready || d.Order.Kind != orchestrator.EndRun {
			t.Fatalf("a mail without an address: %+v %v", d, err)
		}
	}
	for _, r := range person(t, e, rs[0].Profile).Runs {
		switch r.Journey {
		case "thanks":
			mail = r.ID
		case "cart":
			cart = r.ID
		}
	}
	if mail == "" || cart == "" {
		t.Fatal("the visitor's runs are not there")
	}
	return mail, cart
}

// A merge is killed after each of its steps, and an exit, a claim or a
// settlement arrives on the loser: it finishes the merge, and nothing is
// lost.
func TestMergeKilledAtEveryStep(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	if err := b.refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	n := 0
	for _, point := range []string{"merge: marked", "merge: absorbed", "merge: left", ""} {
		for _, what := range []string{"exit", "claim", "settlement", "repeat"} {
			n++
			device, user := fmt.Sprint("dev", n), fmt.Sprint("usr", n)
			t.Run(point+" then "+what, func(t *testing.T) {
				mail, cart := visitor(t, a, device, user)
				var claimed Draft
				if what == "settlement" {
					claimed = claim(t, a, mail)
				}
				a.fault = func(at string) error {
					if at == point {
						return errKilled
					}
					return nil
				}
				link := Call{Kind: CallIdentify, Source: "web", MessageID: user + "-link", UserID: user, AnonymousID: device}
				_, err := a.Submit(ctx, []Call{link})
				a.fault = nil
				if (point == "") != (err == nil) || point != "" && !errors.Is(err, errKilled) {
					t.Fatalf("the merge ended with %v", err)
				}
				switch what {
				case "exit":
					c := track("", "Order Completed", user+"-exit", map[string]any{"cart_id": "k", "total": 1.0})
					c.AnonymousID = device
					submit(t, b, c)
				case "claim":
					claimed = claim(t, b, mail)
					settle(t, b, claimed, profiles.Sent)
				case "settlement":
					settle(t, b, claimed, profiles.Sent)
				case "repeat":
					submit(t, b, link)
				}
				submit(t, b, link) // the client repeats what was not acknowledged
				checkMerged(t, a, device, user, what, cart)
				checkMerged(t, b, device, user, what, cart)
			})
		}
	}
}

func checkMerged(t *testing.T, e *Engine, device, user, what, cart string) {
	t.Helper()
	v := profile(t, e, "user_id:"+user)
	for _, ref := range []string{"anonymous_id:" + device, "email:" + device + "@example.com"} {
		if o := profile(t, e, ref); o.ID != v.ID {
			t.Fatalf("%s is %s, the user is %s", ref, o.ID, v.ID)
		}
	}
	orders := 2.0
	if what == "exit" {
		orders = 3
	}
	if v.Traits["orders"] != orders {
		t.Errorf("orders are %v, want %v", v.Traits["orders"], orders)
	}
	p := person(t, e, v.ID)
	_, lives := p.Run(cart)
	if lives != (what != "exit") {
		t.Errorf("the cart's run lives: %v", lives)
	}
	if len(p.Absorbed) != 1 {
		t.Errorf("absorbed %d times", len(p.Absorbed))
	}
	sent := 0
	for _, s := range p.Ledger {
		if s.State == profiles.Sent {
			sent++
		}
	}
	want := 0
	if what == "claim" || what == "settlement" {
		want = 1
	}
	if sent != want {
		t.Errorf("%d mails are sent, want %d", sent, want)
	}
}

func claim(t testing.TB, e *Engine, run string) Draft {
	t.Helper()
	d, err := e.Draft(context.Background(), run, 1<<40)
	if err != nil || !d.Ready {
		t.Fatalf("draft of %s: %+v %v", run, d.Order, err)
	}
	c, err := e.Claim(context.Background(), d)
	if err != nil || !c.Ready {
		t.Fatalf("claim of %s: %+v %v", run, c.Order, err)
	}
	return c
}

func settle(t testing.TB, e *Engine, d Draft, s profiles.SendState) orchestrator.Order {
	t.Helper()
	o, err := e.Settle(context.Background(), d, orchestrator.Outcome{State: s})
	if err != nil {
		t.Fatalf("settlement of %s: %v", d.Message.Key, err)
	}
	return o
}

// Many merges race through two engines: one person comes out, with
// everything.
func TestRacingMerges(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	for round := range 5 {
		const devices = 4
		var all sync.WaitGroup
		for d := range devices {
			for w := range 2 {
				e := []*Engine{a, b}[w]
				all.Go(func() {
					for n := range 6 {
						c := track("", "Order Completed", fmt.Sprintf("%d-%d-%d-%d", round, d, w, n), map[string]any{"total": 1.0})
						c.AnonymousID = fmt.Sprintf("d%d-%d", round, d)
						if n > 1 { // by now it is known who that is
							c.UserID = fmt.Sprint("u", round)
						}
						for {
							_, err := e.Submit(context.Background(), []Call{c})
							if err == nil {
								break
							}
							if !errors.Is(err, ErrUnavailable) {
								t.Error(err)
								return
							}
						}
					}
				})
			}
		}
		all.Wait()
		v := profile(t, a, fmt.Sprint("user_id:u", round))
		if v.Traits["orders"] != float64(devices*2*6) || len(v.Identifiers["anonymous_id"]) != devices {
			t.Errorf("round %d: %v orders, %d devices", round, v.Traits["orders"], len(v.Identifiers["anonymous_id"]))
		}
	}
	t.Logf("a: %+v", a.Counts())
}

// A batch means the same as its items one by one, merges inside.
func TestABatchMeansItsItems(t *testing.T) {
	url := startRedis(t).url
	e := startEngine(t, url)
	deploy(t, e, shop)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		n := rapid.IntRange(2, 14).Draw(rt, "n")
		var batch, single []Call
		for i := range n {
			user := rapid.SampledFrom([]string{"", "u1", "u2"}).Draw(rt, "user")
			device := rapid.SampledFrom([]string{"d1", "d2", "d3", ""}).Draw(rt, "device")
			mail := rapid.SampledFrom([]string{"", "", "m1", "m2"}).Draw(rt, "mail")
			kind := rapid.SampledFrom([]string{"cart", "order", "nudge"}).Draw(rt, "kind")
			if i > 0 && rapid.IntRange(0, 4).Draw(rt, "repeat") == 0 {
				k := rapid.IntRange(0, i-1).Draw(rt, "of")
				batch, single = append(batch, batch[k]), append(single, single[k])
				continue
			}
			if user == "" && device == "" && mail == "" {
				device = "d1"
			}
			build := func(side string) Call {
				scoped := func(s string) string {
					if s == "" {
						return ""
					}
					return fmt.Sprintf("%s-%d-%s", s, round, side)
				}
				c := Call{Source: side, MessageID: fmt.Sprintf("%d-%d", round, i), UserID: scoped(user), AnonymousID: scoped(device)}
				if mail != "" {
					c.Traits = map[string]any{"email": scoped(mail) + "@example.com"}
				}
				switch kind {
				case "cart":
					c.Event, c.Properties = "Cart Updated", map[string]any{"cart_id": fmt.Sprint(i % 2)}
				case "order":
					c.Event, c.Properties = "Order Completed", map[string]any{"cart_id": fmt.Sprint(i % 2), "total": 1.0}
				default:
					c.Event = "Nudged"
				}
				return c
			}
			batch, single = append(batch, build("b")), append(single, build("s"))
		}
		rb := submit(rt, e, batch...)
		var rs []CallResult
		for _, c := range single {
			rs = append(rs, submit(rt, e, c)...)
		}
		for i := range rb {
			if rb[i].Duplicate != rs[i].Duplicate {
				rt.Fatalf("call %d: duplicate %v in the batch, %v alone", i, rb[i].Duplicate, rs[i].Duplicate)
			}
			got, want := describe(rt, e, rb[i].Profile), describe(rt, e, rs[i].Profile)
			if got != want {
				rt.Fatalf("call %d: in the batch\n%s\nalone\n%s", i, got, want)
			}
		}
	})
}

// describe is what matters of a person, without ids and instants.
func describe(t testingT, e *Engine, id string) string {
	p := person(t, e, id)
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, i := range p.Identifiers {
		add("identifier %s %.2s", i.Trait, i.Value)
	}
	add("orders %v", p.Value("orders"))
	for _, ev := range p.Recent {
		add("event %s %v", ev.Name, ev.Props)
	}
	for _, r := range p.Runs {
		add("run %s %s %v step %d", r.Journey, r.Key, r.State, r.Step)
	}
	for _, r := range p.Ended {
		add("ended %s %s %s", r.Journey, r.Key, r.Reason)
	}
	for _, s := range p.Ledger {
		add("send %s %v", s.Message, s.State)
	}
	slices.Sort(lines) // two people's events may share an instant
	return strings.Join(lines, "\n")
}

// Batches that overlap, through two engines at once, with merges inside and
// every call twice: nothing is lost, nothing counts twice.
func TestRacingBatches(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	const people, batches, size = 25, 24, 40
	orders := make([]int, people)
	all := make([][]Call, batches)
	for n := range all {
		for k := range size {
			p := (n*7 + k*11) % people
			c := track("", "Order Completed", fmt.Sprintf("%d-%d", n, k), map[string]any{"total": 1.0})
			c.AnonymousID = fmt.Sprintf("d%d-%d", p, (n+k)%3)
			if n > batches/3 || k%5 == 0 {
				c.UserID = fmt.Sprint("u", p)
			}
			orders[p]++
			all[n] = append(all[n], c)
		}
	}
	var work sync.WaitGroup
	for w := range 8 {
		e := []*Engine{a, b}[w%2]
		work.Go(func() {
			for n := w / 2; n < batches; n += 4 { // each batch by both engines
				rs, err := patiently(func() ([]CallResult, error) { return e.Submit(context.Background(), all[n]) })
				if err != nil {
					t.Error(err)
					return
				}
				for _, r := range rs {
					if r.Err != nil {
						t.Error(r.Err)
					}
				}
			}
		})
	}
	work.Wait()
	for p := range people { // whoever was only seen by a device becomes known
		for d := range 3 {
			c := track(fmt.Sprint("u", p), "Nudged", fmt.Sprintf("end-%d-%d", p, d), nil)
			c.AnonymousID = fmt.Sprintf("d%d-%d", p, d)
			submit(t, a, c)
		}
	}
	for p := range people {
		v := profile(t, b, fmt.Sprint("user_id:u", p))
		if v.Traits["orders"] != float64(orders[p]) {
			t.Errorf("u%d has %v orders, want %d", p, v.Traits["orders"], orders[p])
		}
	}
	t.Logf("a: %+v", a.Counts())
}

// TestAMergeWithNobody: identifiers may lead to somebody who was never stored,
// because his first call got no further. Who absorbs him stays as old as he is.
func TestAMergeWithNobody(t *testing.T) {
	e, _ := manual(t, startRedis(t).url)
	deploy(t, e, shop)
	ctx := context.Background()
	id := submit(t, e, track("ann", "Nudged", "1", nil))[0].Profile
	born := person(t, e, id).Created
	if _, err := e.store.Point(ctx, []store.Pointer{{Identifier: profiles.Identifier{Trait: "anonymous_id", Value: "d"}, Profile: "nobody"}}); err != nil {
		t.Fatal(err)
	}
	submit(t, e, Call{Kind: CallIdentify, Source: "web", UserID: "ann", AnonymousID: "d"})
	p := person(t, e, id)
	if p.Created != born || !p.HasIdentifier("anonymous_id", "d") {
		t.Errorf("born %v, and then %v with %v", born, p.Created, p.Identifiers)
	}
	if to := submit(t, e, Call{Kind: CallTrack, Source: "web", AnonymousID: "d", Event: "Nudged", MessageID: "2"})[0].Profile; to != id {
		t.Errorf("the device leads to %s", to)
	}
}
