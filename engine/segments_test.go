package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// sizes compares the counts with a walk over all people, and answers them.
func sizes(t *testing.T, e *Engine) map[string]int64 {
	t.Helper()
	list, people, _, err := e.Segments(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]int64{"*": people}
	for _, s := range list {
		counted[s.Name] = s.Members
	}
	met := map[string]int64{}
	for name := range counted {
		if name == "*" {
			continue
		}
		met[name] = 0
		n, err := e.Members(context.Background(), name, func(m Member) error { met[name]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		met["*"] = n
	}
	if !reflect.DeepEqual(counted, met) {
		t.Errorf("counted %v, met %v", counted, met)
	}
	return counted
}

// Segments are counted right while two processes take events of the same
// people, who merge, are erased, closed and opened, and after a release.
func TestSegmentsAreCountedByTheCommits(t *testing.T) {
	r := startRedis(t)
	engines := []*Engine{startEngine(t, r.url), startEngine(t, r.url)}
	deploy(t, engines[0], sale)
	var all sync.WaitGroup
	for n, e := range engines {
		all.Go(func() {
			chance := rand.New(rand.NewPCG(1, uint64(n)))
			for range 300 {
				user := fmt.Sprint("user", chance.IntN(25))
				c := Call{Kind: CallIdentify, UserID: user, Traits: map[string]any{"tier": []string{"silver", "gold"}[chance.IntN(2)]}}
				switch chance.IntN(8) {
				case 0, 1:
					c = track(user, "Nudged", fmt.Sprint("m", n, chance.IntN(1000)), nil)
				case 2: // somebody unknown turns out to be him
					c = Call{Kind: CallIdentify, AnonymousID: fmt.Sprint("a", chance.IntN(40)), Traits: map[string]any{"tier": "gold"}}
				case 3:
					c.AnonymousID = fmt.Sprint("a", chance.IntN(40))
				case 4:
					mode := []string{DeleteOnly, SuppressOnly, Unsuppress, SuppressOnly, Unsuppress}[chance.IntN(5)]
					_, err := e.Erase(context.Background(), "user_id:"+user, mode, "x")
					if err != nil && !errors.Is(err, ErrNoProfile) && !errors.Is(err, ErrNotSuppressed) {
						t.Error(err)
					}
					continue
				}
				if _, err := patiently(func() ([]CallResult, error) { return e.Submit(context.Background(), []Call{c}) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	before := sizes(t, engines[0])
	if before["*"] == 0 || before["gold"] == 0 || before["nudgees"] == 0 {
		t.Errorf("nobody is in them: %v", before)
	}

	deploy(t, engines[1], strings.Replace(sale, "segment nudgees = count(nudged) > 0",
		`segment silver = profile.tier == "silver"`, 1))
	waitFor(t, "people are fitted to the release", func() bool {
		_, _ = engines[0].Work(context.Background(), []int{sweepPartition})
		f, err := engines[1].Fitting(context.Background())
		return err == nil && f.Done
	})
	if f, _ := engines[1].Fitting(context.Background()); f.People == 0 || f.Fitted == 0 || f.Release != 2 {
		t.Errorf("%+v", f)
	}
	after := sizes(t, engines[1])
	if after["*"] != before["*"] || after["silver"] == 0 || after["silver"]+after["gold"] > after["*"] {
		t.Errorf("%v, then %v", before, after)
	}
	_, counts, err := engines[0].store.Counts(context.Background())
	if _, old := counts["nudgees"]; err != nil || old {
		t.Errorf("a segment that is gone is counted: %v %v", counts, err)
	}
}

// A walk that somebody dies in the middle of a merge leaves nobody counted
// twice: the one who moves is in no count from when he is marked.
func TestWhoMovesIsCountedOnce(t *testing.T) {
	r := startRedis(t)
	died := errKilled
	die := ""
	e := startEngine(t, r.url, func(o *Options) {
		o.Fault = func(at string) error {
			if at == die {
				return died
			}
			return nil
		}
	})
	deploy(t, e, sale)
	for n, step := range []string{"merge: marked", "merge: absorbed", "merge: left"} {
		user, anonymous := fmt.Sprint("u", n), fmt.Sprint("a", n)
		submit(t, e, Call{Kind: CallIdentify, UserID: user, Traits: map[string]any{"tier": "silver"}})
		submit(t, e, Call{Kind: CallIdentify, AnonymousID: anonymous, Traits: map[string]any{"tier": "gold"}})
		both := Call{Kind: CallIdentify, UserID: user, AnonymousID: anonymous}
		die = step
		if _, err := e.Submit(context.Background(), []Call{both}); !errors.Is(err, died) {
			t.Fatalf("%s: %v", step, err)
		}
		die = ""
		sizes(t, e)
		submit(t, e, both)
		if got := sizes(t, e); got["*"] != int64(n+1) {
			t.Errorf("%s: %v", step, got)
		}
	}
}

// A profile is in a segment, and out of it, at the very moment it is asked,
// though nobody works on the moments that are due.
func TestTimeAloneMovesMembers(t *testing.T) {
	r := startRedis(t)
	e := startEngine(t, r.url, func(o *Options) { o.Clock = NewClock(1800) })
	deploy(t, e, "event nudged \"Nudged\"\nsegment fresh = count(nudged in last 1 hour) > 0\ntag \"fresh\" while segment.fresh\ntrait n: number = count(nudged in last 1 hour)")
	submit(t, e, track("ann", "Nudged", "m1", nil))
	if v := profile(t, e, "user_id:ann"); len(v.Segments) != 1 || v.Tags[0] != "fresh" {
		t.Skip("more than a second has passed")
	}
	waitFor(t, "the hour is over", func() bool {
		v := profile(t, e, "user_id:ann")
		return len(v.Segments) == 0 && len(v.Tags) == 0 && v.Traits["n"] == 0.0
	})
	n := 0
	if _, err := e.Members(context.Background(), "fresh", func(Member) error { n++; return nil }); err != nil || n != 0 {
		t.Errorf("%d members, %v", n, err)
	}
}

// A condition is tried on the people there are, two segments are compared, and
// nothing happens to anybody by it.
func TestPreviewAndOverlap(t *testing.T) {
	r := startRedis(t)
	e := startEngine(t, r.url)
	deploy(t, e, sale)
	crowd(t, e, 60)
	for n := range 10 {
		submit(t, e, track(fmt.Sprint("user", n), "Nudged", fmt.Sprint("m", n), nil))
	}
	submit(t, e, Call{Kind: CallIdentify, UserID: "user1", AnonymousID: "device 1"})
	ctx := context.Background()
	asked := 0
	v, err := e.Preview(ctx, `profile.tier == "gold" and not segment.nudgees # of the rest`, func(Preview) error { asked++; return nil })
	if err != nil || v.People != 60 || v.Members != 16 || len(v.Examples) != 16 || asked == 0 || len(v.Notes) != 0 {
		t.Errorf("%+v %v", v, err)
	}
	if x := v.Examples[0]; x.Identifiers["user_id"][0] != "u…" {
		t.Errorf("%+v", x)
	}
	if v, err = e.Preview(ctx, `profile.tier == "silver"`, nil); err != nil || v.Members != 40 || len(v.Examples) != maxExamples {
		t.Errorf("%+v %v", v, err)
	}
	if v, err = e.Preview(ctx, `sum(nudged, .at.hour) > 3 or count(page_viewed) > 1`, nil); err == nil {
		t.Errorf("%+v", v)
	}
	if v, err = e.Preview(ctx, `count(page_viewed) > 1`, nil); err != nil || len(v.Notes) != 1 {
		t.Errorf("%+v %v", v, err)
	}
	for _, wrong := range []string{"", "profile.tear", "true)\ntrait x: number = (3", "segment.preview"} {
		var c *CallError
		if _, err := e.Preview(ctx, wrong, nil); !errors.As(err, &c) || c.Code != "bad-condition" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if o, err := e.Overlap(ctx, "gold", "nudgees", nil); err != nil || o != (Overlap{60, 20, 10, 4}) {
		t.Errorf("%+v %v", o, err)
	}
	if _, err := e.Overlap(ctx, "gold", "gould", nil); err == nil || !strings.Contains(err.Error(), "gould") {
		t.Error(err)
	}
	if masked("ann@example.com") != "a…@example.com" || masked("小美") != "小…" || masked("") != "…" {
		t.Error("masks show too much")
	}
}
