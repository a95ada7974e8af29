package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"

	"journey/orchestrator"
	"journey/profiles"
)

// held is all that a Redis holds, as its own dump of every key.
func held(t testing.TB, url string) string {
	t.Helper()
	keys, err := redis.Strings(ask(t, url, "KEYS", "*"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, key := range keys {
		dump, err := redis.Bytes(ask(t, url, "DUMP", key), nil)
		if err != nil && !errors.Is(err, redis.ErrNil) {
			t.Fatal(err)
		}
		b.WriteString(key)
		b.Write(dump)
	}
	return b.String()
}

func asking(t testing.TB, e *Engine, ref, mode string) Erasure {
	t.Helper()
	r, err := e.Erase(context.Background(), ref, mode, "privacy@example.com")
	if err != nil {
		t.Fatalf("%s %s: %v", mode, ref, err)
	}
	return r
}

// An erasure is killed after each of its steps, while another process has the
// person in memory: nothing more is stored of him or sent to him, what was
// begun is brought to its end, and nothing is left.
func TestErasedKilledAtEveryStep(t *testing.T) {
	url := startRedis(t, "--rdbcompression", "no").url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	ctx := context.Background()
	if err := b.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	points := []string{"erase: recorded", "erase: runs ended", "erase: closed", "erase: forgotten elsewhere", "erase: identifiers", "erase: gone", ""}
	for n, point := range points {
		for _, mode := range []string{SuppressWithDelete, DeleteOnly} {
			t.Run(point+" "+mode, func(t *testing.T) {
				secret := fmt.Sprintf("Xq%dZ%s", n, mode[:3])
				device, user := "dev"+secret, "usr"+secret
				mail, _ := visitor(t, a, device, user)
				submit(t, b, Call{Kind: CallIdentify, UserID: user, AnonymousID: device, Traits: map[string]any{"name": "名" + secret}})
				id := profile(t, b, "user_id:"+user).ID
				claimed := claim(t, b, mail)

				a.fault = func(at string) error {
					if at == point {
						return errKilled
					}
					return nil
				}
				r, err := a.Erase(ctx, "user_id:"+user, mode, "privacy")
				a.fault = nil
				if (point == "") != (err == nil) {
					t.Fatalf("the erasure ended with %v", err)
				}
				if err == nil && r.State != ErasureFinished {
					t.Errorf("it is %+v", r)
				}
				if err := b.eraseNow(ctx); err != nil { // whoever looks after it
					t.Fatal(err)
				}
				// What process b remembers of him is of no use to it.
				late := track(user, "Order Completed", user+"-late", map[string]any{"total": 9.0})
				late.AnonymousID = device
				res := submit(t, b, late, Call{Kind: CallIdentify, AnonymousID: device})
				suppressed := mode == SuppressWithDelete
				if res[0].Suppressed != suppressed || res[1].Suppressed != suppressed {
					t.Errorf("late calls: %+v", res)
				}
				if _, err := b.Profile(ctx, id); !errors.Is(err, ErrNoProfile) {
					t.Errorf("his profile: %v", err)
				}
				if o, err := b.Settle(ctx, claimed, orchestrator.Outcome{State: profiles.Sent}); err != nil || o.Kind != orchestrator.EndRun {
					t.Errorf("the settlement is answered %+v %v", o, err)
				}
				if o, err := a.Advance(ctx, mail, 1<<40); err != nil || o.Kind != orchestrator.EndRun {
					t.Errorf("the workflow is told %+v %v", o, err)
				}
				if d, err := a.Draft(ctx, mail, 1<<40); err != nil || d.Ready || d.Order.Kind != orchestrator.EndRun {
					t.Errorf("the draft is %+v %v", d, err)
				}
				all, err := a.Erasures(ctx)
				if err != nil || all[0].State != ErasureFinished {
					t.Errorf("the record is %+v %v", all[0], err)
				}
				if suppressed {
					if strings.Contains(held(t, url), secret) {
						t.Errorf("Redis still has %q", secret)
					}
					return
				}
				again := profile(t, b, "user_id:"+user)
				if again.ID == id || again.Traits["orders"] != 1.0 || again.Traits["name"] != nil {
					t.Errorf("who comes again is %+v", again)
				}
			})
		}
	}
	if n := a.Counts().Lost + b.Counts().Lost; n > 0 {
		t.Errorf("%d runs were lost", n)
	}
}

// eraseNow carries out what is not over, however young.
func (e *Engine) eraseNow(ctx context.Context) error {
	ids, err := e.store.Erasing(ctx)
	for _, id := range ids {
		r, err := e.store.Erasure(ctx, id)
		if err == nil {
			err = e.close(ctx, &r)
		}
		if err == nil {
			err = e.carryOut(ctx, &r)
		}
		if err != nil {
			return err
		}
	}
	return err
}

// Who is only suppressed can be looked at, and be opened again.
func TestSuppressOnly(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	ctx := context.Background()
	if err := b.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	order := func(n int) Call {
		return track("ann", "Order Completed", fmt.Sprint("o", n), map[string]any{"total": 1.0})
	}
	submit(t, a, order(1))
	submit(t, b, order(2))
	asking(t, a, "user_id:ann", SuppressOnly)
	for _, e := range []*Engine{a, b} {
		if r := submit(t, e, order(3)); !r[0].Suppressed {
			t.Errorf("it is stored: %+v", r)
		}
		if v := profile(t, e, "user_id:ann"); v.Traits["orders"] != 2.0 {
			t.Errorf("orders are %v", v.Traits["orders"])
		}
	}
	for _, r := range profile(t, a, "user_id:ann").Runs {
		if r.State != "ended" {
			t.Errorf("a run goes on: %+v", r)
		}
	}
	// A new identifier beside the old one does not come in by the back door.
	link := Call{Kind: CallIdentify, UserID: "ann", AnonymousID: "new-device"}
	if r := submit(t, b, link); !r[0].Suppressed {
		t.Errorf("it is stored: %+v", r)
	}
	if r := submit(t, b, Call{Kind: CallIdentify, AnonymousID: "new-device"}); r[0].Suppressed {
		t.Error("the device was taken for hers")
	}
	asking(t, b, "user_id:ann", Unsuppress)
	submit(t, a, order(4))
	submit(t, b, order(5))
	if v := profile(t, a, "user_id:ann"); v.Traits["orders"] != 4.0 {
		t.Errorf("orders are %v", v.Traits["orders"])
	}
	if _, err := a.Erase(ctx, "user_id:ann", Unsuppress, "x"); !errors.Is(err, ErrNotSuppressed) {
		t.Errorf("once more: %v", err)
	}
}

// An identifier that nobody has can be kept out, and let in again.
func TestSuppressUnknown(t *testing.T) {
	e := startEngine(t, startRedis(t).url)
	deploy(t, e, shop)
	ctx := context.Background()
	if _, err := e.Erase(ctx, "email:eve@example.com", DeleteOnly, "x"); !errors.Is(err, ErrNoProfile) {
		t.Errorf("delete: %v", err)
	}
	asking(t, e, "email:EVE@example.com", SuppressWithDelete)
	call := Call{Kind: CallIdentify, UserID: "eve", Traits: map[string]any{"email": "eve@example.com"}}
	for range 2 {
		if r := submit(t, e, call); !r[0].Suppressed {
			t.Fatalf("it is stored: %+v", r)
		}
	}
	if _, err := e.Profile(ctx, "user_id:eve"); !errors.Is(err, ErrNoProfile) {
		t.Errorf("she is known: %v", err)
	}
	asking(t, e, "email:eve@example.com", Unsuppress)
	if r := submit(t, e, call); r[0].Suppressed {
		t.Error("it is not stored")
	}
	if n := e.Counts().Suppressed; n != 2 {
		t.Errorf("%d calls were counted", n)
	}
	if _, err := e.Erase(ctx, "email:eve@example.com", "forget", "x"); !errors.Is(err, ErrMode) {
		t.Errorf("a mode that there is not: %v", err)
	}
}

// Somebody on his way into another when that one is erased is erased with him.
func TestErasedBeforeHeAbsorbs(t *testing.T) {
	url := startRedis(t, "--rdbcompression", "no").url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	ctx := context.Background()
	if err := b.refresh(ctx); err != nil {
		t.Fatal(err)
	}
	visitor(t, a, "devOnTheWay", "usrOnTheWay")
	a.fault = func(at string) error {
		if at == "merge: marked" {
			return errKilled
		}
		return nil
	}
	link := Call{Kind: CallIdentify, Source: "web", MessageID: "link", UserID: "usrOnTheWay", AnonymousID: "devOnTheWay"}
	if _, err := a.Submit(ctx, []Call{link}); !errors.Is(err, errKilled) {
		t.Fatalf("the merge ended with %v", err)
	}
	a.fault = nil
	asking(t, b, "user_id:usrOnTheWay", SuppressWithDelete)
	for _, e := range []*Engine{a, b} {
		if r := submit(t, e, link); !r[0].Suppressed {
			t.Errorf("it is stored: %+v", r)
		}
		if r := submit(t, e, Call{Kind: CallIdentify, AnonymousID: "devOnTheWay"}); !r[0].Suppressed {
			t.Errorf("the other's is stored: %+v", r)
		}
	}
	if strings.Contains(held(t, url), "OnTheWay") {
		t.Error("Redis still has them")
	}
}

// forgetful is a store that forgets when it likes to.
type forgetful struct {
	refuses bool
	ids     []string
	who     []string
}

func (f *forgetful) Forgets() string { return "mailbox" }

func (f *forgetful) Forget(_ context.Context, ids, addresses []string) error {
	if f.refuses {
		return errors.New("not now")
	}
	f.ids, f.who = ids, addresses
	return nil
}

// While another store cannot forget, what it must be told is kept, nothing is
// stored, and the record says so.
func TestErasedElsewhereLater(t *testing.T) {
	f := &forgetful{refuses: true}
	e := startEngine(t, startRedis(t).url, func(o *Options) { o.Forgetters = []Forgetter{f} })
	deploy(t, e, shop)
	ctx := context.Background()
	visitor(t, e, "d1", "u1")
	submit(t, e, Call{Kind: CallIdentify, UserID: "u1", AnonymousID: "d1"})
	was := profile(t, e, "user_id:u1")
	r := asking(t, e, "user_id:u1", SuppressWithDelete)
	if r.State != ErasurePartial {
		t.Errorf("it is %+v", r)
	}
	if res := submit(t, e, Call{Kind: CallIdentify, UserID: "u1"}); !res[0].Suppressed {
		t.Errorf("it is stored: %+v", res)
	}
	f.refuses = false
	if err := e.eraseNow(ctx); err != nil {
		t.Fatal(err)
	}
	if r, err := e.Erasure(ctx, r.ID); err != nil || r.State != ErasureFinished || len(r.Stores) != 3 || r.Stores[2].State != ErasureFinished {
		t.Errorf("it is %+v %v", r, err)
	}
	if len(f.ids) != 2 || f.ids[0] != was.ID || !slices.Contains(f.who, "d1@example.com") {
		t.Errorf("it was told of %v %v", f.ids, f.who)
	}
}
