package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

func TestAnEventIsInTheProfile(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	rs := submit(t, e,
		Call{Kind: CallIdentify, Source: "web", MessageID: "i1", UserID: "ann", Traits: map[string]any{
			"email": " Ann@Example.com ", "name": "Ann", "tier": "gold", "consent": map[string]any{"email": "true"}, "shoe": 41.0,
		}},
		track("ann", "Cart Updated", "c1", map[string]any{"cart_id": "k1", "total": "120", "coupon": "X"}),
		Call{Kind: CallPage, Source: "web", MessageID: "p1", UserID: "ann", Event: "Home", Properties: map[string]any{"url": "https://x.example/"}},
	)
	if rs[0].Profile == "" || rs[0].Profile != rs[1].Profile || rs[1].Profile != rs[2].Profile {
		t.Fatalf("three calls of one person went to %q, %q, %q", rs[0].Profile, rs[1].Profile, rs[2].Profile)
	}
	v := profile(t, e, "email:ANN@example.com")
	if v.ID != rs[0].Profile || v.Traits["name"] != "Ann" || v.Traits["shoe"] != 41.0 || v.Consent["email"] != true {
		t.Errorf("profile is %+v", v)
	}
	if len(v.Events) != 2 || v.Events[0].Event != "page_viewed" || v.Events[0].Properties["name"] != "Home" ||
		v.Events[1].Event != "cart_updated" || v.Events[1].Properties["total"] != 120.0 || v.Events[1].Properties["coupon"] != "X" {
		t.Errorf("events are %+v", v.Events)
	}
	if len(v.Runs) != 1 || v.Runs[0].Journey != "cart" || v.Runs[0].State != "waiting" || v.Runs[0].Step != "1" {
		t.Errorf("runs are %+v", v.Runs)
	}
	if byID := profile(t, e, v.ID); byID.ID != v.ID {
		t.Errorf("by its id the profile is %s", byID.ID)
	}
	if _, err := e.Profile(context.Background(), "user_id:nobody"); !errors.Is(err, ErrNoProfile) {
		t.Errorf("nobody: %v", err)
	}
}

func TestWrongCallsHurtNoOther(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	rs, err := e.Submit(context.Background(), []Call{
		track("null", "Cart Updated", "1", nil),
		track("ann", "", "2", nil),
		track("ann", "Cart Updated", "3", map[string]any{"cart_id": "k"}),
		{Kind: CallRequest, UserID: "ann", Journey: "nowhere"},
		{Kind: CallRequest, UserID: "ann", Journey: "cart"},
		{Kind: CallRequest, UserID: "ann", Journey: "invite"},
		{Kind: CallRequest, UserID: "ann", Journey: "invite", Properties: map[string]any{"code": "X"}},
		{Kind: CallRequest, UserID: "ann", Journey: "invite", Properties: map[string]any{"code": "X"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, code := range []string{"no-identifier", "no-event", "", "unknown-journey", "no-request", "bad-request", "", ""} {
		var wrong *CallError
		if errors.As(rs[i].Err, &wrong) != (code != "") || wrong != nil && wrong.Code != code {
			t.Errorf("call %d: %v, want %q", i, rs[i].Err, code)
		}
	}
	if rs[6].Run == "" || rs[7].Run != "" || rs[7].Refused != "again" {
		t.Errorf("requests were answered %+v and %+v", rs[6], rs[7])
	}
	v := profile(t, e, "user_id:ann")
	if len(v.Events) != 1 || len(v.Runs) != 2 || len(v.Refused) != 1 {
		t.Errorf("profile is %+v", v)
	}
}

// What only the engine records comes from nobody else, under whatever name it
// has on the wire; opens and clicks do come from outside.
func TestWhatOnlyTheEngineRecords(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, "event unsubscribed \"Left\"\n")
	refused := []string{"message_sent", "message_delivered", "message_bounced", "message_complained", "unsubscribed", "Left"}
	taken := []string{"message_opened", "message_clicked", "left"}
	var calls []Call
	for _, name := range append(refused, taken...) {
		calls = append(calls, track("ann", name, name, nil))
	}
	own := track("ann", "Left", "own", nil)
	own.Own = true
	rs, err := e.Submit(t.Context(), append(calls, own))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rs {
		var wrong *CallError
		if errors.As(r.Err, &wrong) != (i < len(refused)) || wrong != nil && (wrong.Code != "reserved-name" || wrong.Field != "event") {
			t.Errorf("call %d: %v", i, r.Err)
		}
	}
}

// A call that names nobody says what is wrong with its identifiers, not with
// something else.
func TestWhyACallNamesNobody(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	nameless := Call{Kind: CallTrack, Event: "Cart Updated", Properties: map[string]any{"total": "much"}, Traits: map[string]any{"consent": "yes"}}
	for _, c := range []struct{ userID, want string }{
		{"", "the call names nobody: give userId, anonymousId or an identifier among the traits"},
		{strings.Repeat("a", 600), "nothing in the call identifies anybody: userId has 600 bytes, more than 512, and identifies nobody"},
		{"null", "nothing in the call identifies anybody: userId identifies nobody"},
	} {
		nameless.UserID = c.userID
		var wrong *CallError
		if _, err := e.prepare(e.living.Load(), &nameless); !errors.As(err, &wrong) || wrong.Message != c.want {
			t.Errorf("%.10q: %v", c.userID, err)
		}
	}
}

func TestNothingIsStoredBeforeARelease(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	if _, err := e.Submit(context.Background(), []Call{track("ann", "x", "1", nil)}); !errors.Is(err, ErrNoRelease) {
		t.Fatalf("got %v", err)
	}
}

// Events of one person from many sides, through two engines, each message
// three times in parallel: none is lost, none counts twice.
func TestTwoEnginesLoseNothingAndCountNothingTwice(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	const people, events = 5, 60
	var all sync.WaitGroup
	for copies := range 3 {
		for p := range people {
			e := []*Engine{a, b}[(copies+p)%2]
			for w := range 4 {
				all.Go(func() {
					for n := w; n < events; n += 4 {
						c := track(fmt.Sprint("user", p), "Order Completed", fmt.Sprintf("m%d-%d", p, n), map[string]any{"total": 1.0})
						for {
							rs, err := e.Submit(context.Background(), []Call{c})
							if err == nil && rs[0].Err == nil {
								break
							}
							if !errors.Is(err, ErrUnavailable) {
								t.Errorf("event %d: %v %v", n, err, rs)
								return
							}
						}
					}
				})
			}
		}
	}
	all.Wait()
	for p := range people {
		v := profile(t, b, fmt.Sprint("user_id:user", p))
		if v.Traits["orders"] != float64(events) {
			t.Errorf("user%d has %v orders, want %d", p, v.Traits["orders"], events)
		}
		full := person(t, a, v.ID)
		last := value.Time(0)
		for _, ev := range full.Recent {
			if ev.Arrived <= last {
				t.Errorf("two events share an instant: %v", ev.Arrived)
			}
			last = ev.Arrived
		}
	}
	t.Logf("a: %+v", a.Counts())
	t.Logf("b: %+v", b.Counts())
}

func TestARepeatWithOtherContentIsReported(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	c := track("ann", "Nudged", "m", nil)
	c.Payload = 1
	submit(t, e, c)
	c.Payload = 2
	rs := submit(t, e, c)
	if !rs[0].Duplicate || len(rs[0].Warnings) == 0 {
		t.Fatalf("got %+v", rs[0])
	}
	other := c
	other.Source = "app"
	if rs := submit(t, e, other); rs[0].Duplicate {
		t.Fatal("another source's message id counts as a repeat")
	}
}

// A person with many events moves marks out of himself; repeats are still
// recognised.
func TestOldRepeatsAreRecognised(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	const n = 300
	for i := 0; i < n; i += 30 {
		var calls []Call
		for k := range 30 {
			calls = append(calls, track("ann", "Order Completed", fmt.Sprint("m", i+k), map[string]any{"total": 1.0}))
		}
		submit(t, e, calls...)
	}
	for i := range n {
		if rs := submit(t, e, track("ann", "Order Completed", fmt.Sprint("m", i), nil)); !rs[0].Duplicate {
			t.Fatalf("message %d counts again", i)
		}
	}
	if v := profile(t, e, "user_id:ann"); v.Traits["orders"] != float64(n) {
		t.Fatalf("orders are %v", v.Traits["orders"])
	}
}

func TestTwoUsersNeverJoin(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	// Many users log in on one device at the same time.
	const users = 12
	var all sync.WaitGroup
	for u := range users {
		e := []*Engine{a, b}[u%2]
		all.Go(func() {
			for n := range 5 {
				c := track(fmt.Sprint("user", u), "Nudged", fmt.Sprintf("%d-%d", u, n), nil)
				c.AnonymousID = "device"
				if _, err := e.Submit(context.Background(), []Call{c}); err != nil && !errors.Is(err, ErrUnavailable) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	ids := map[string]bool{}
	holders := 0
	for u := range users {
		v := profile(t, a, fmt.Sprint("user_id:user", u))
		if len(v.Identifiers["user_id"]) != 1 || ids[v.ID] {
			t.Errorf("user%d is %+v", u, v.Identifiers)
		}
		ids[v.ID] = true
		holders += len(v.Identifiers["anonymous_id"])
	}
	if holders != 1 {
		t.Errorf("%d people hold the device", holders)
	}
}

// What Redis lost in a crash is not missed by a process that remembers it:
// people and the ways to them are made anew.
func TestRedisLosesWhatTheProcessRemembers(t *testing.T) {
	url := startRedis(t).url
	e := startEngine(t, url)
	deploy(t, e, shop)
	c := track("ann", "Order Completed", "1", map[string]any{"total": 1.0})
	c.AnonymousID = "dev"
	submit(t, e, c)
	flush(t, url)
	if _, err := e.Submit(context.Background(), []Call{track("ann", "Nudged", "2", nil)}); !errors.Is(err, ErrNoRelease) {
		t.Fatalf("after everything is gone: %v", err)
	}
	if o := advance(t, e, "0123.1", 0); o.Kind != orchestrator.EndRun || e.Counts().Lost != 1 {
		t.Fatalf("a run that is gone is told %+v, lost %d", o, e.Counts().Lost)
	}
	if d, err := e.Draft(context.Background(), "0123.1", 0); err != nil || d.Order.Kind != orchestrator.EndRun {
		t.Fatalf("its send: %+v %v", d, err)
	}
	deploy(t, e, shop)
	submit(t, e, c)
	if v := profile(t, e, "anonymous_id:dev"); v.Traits["orders"] != 1.0 {
		t.Fatalf("orders are %v", v.Traits["orders"])
	}
	// A process that starts now reads what the one that lived through it wrote.
	if v := profile(t, startEngine(t, url), "anonymous_id:dev"); v.Traits["orders"] != 1.0 {
		t.Fatalf("another process reads orders of %v", v.Traits["orders"])
	}
	// Only the last second is gone: the person, and the way to him.
	submit(t, e, Call{Kind: CallTrack, Source: "web", MessageID: "n", UserID: "new", Event: "Nudged"})
	id := profile(t, e, "user_id:new").ID
	if err := e.store.Unpoint(context.Background(), id, []profiles.Identifier{{Trait: "user_id", Value: "new"}}); err != nil {
		t.Fatal(err)
	}
	del(t, url, id)
	submit(t, e, Call{Kind: CallTrack, Source: "web", MessageID: "n", UserID: "new", Event: "Nudged"})
	if v := profile(t, e, "user_id:new"); len(v.Events) != 1 {
		t.Fatalf("events are %+v", v.Events)
	}
}
