package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/store"
)

func TestCommitChecksTheRelease(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		c := store.Commit{Person: somebody("ann", 1), Release: 1, Switches: 0}
		if err := s.Commit(ctx, c)[0].Err; err == nil {
			t.Error("a release was judged with that was never published")
		}
		publish(t, s, "one")
		b := put(t, s, c)
		publish(t, s, "two")
		c.Base = b
		var r *store.ReleaseError
		if err := s.Commit(ctx, c)[0].Err; !errors.As(err, &r) || r.Live != 2 {
			t.Errorf("with release 1: %v", err)
		}
		if l := get(t, s, "ann"); l.Release != 2 || l.Base.Version() != 1 {
			t.Errorf("loaded: %+v", l)
		}
		c.Release = 2
		put(t, s, c)
	})
}

func publish(t testing.TB, s *env, hash string) store.Release {
	t.Helper()
	if err := s.SaveSources(ctx, hash, map[string]string{"a.journey": "journey " + hash}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Publish(ctx, store.Release{Hash: hash, By: "ann", At: time.UnixMilli(1000)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCommitChecksTheSwitches(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		c := store.Commit{Person: somebody("ann", 1), Release: -1, Switches: 0}
		c.Base = put(t, s, c)
		w, err := s.SetSwitches(ctx, store.Switches{Paused: []string{"welcome"}, Stopped: []string{"sms", "email"}})
		if err != nil || w.Version != 1 {
			t.Fatal(w, err)
		}
		if err := s.Commit(ctx, c)[0].Err; !errors.Is(err, store.ErrSwitches) {
			t.Errorf("with old switches: %v", err)
		}
		if l := get(t, s, "ann"); l.Switches != 1 {
			t.Errorf("loaded switches %d", l.Switches)
		}
		c.Switches = 1
		put(t, s, c)
		got, err := s.Switches(ctx)
		if err != nil || !slices.Equal(got.Paused, []string{"welcome"}) || !slices.Equal(got.Stopped, []string{"email", "sms"}) || got.Version != 1 {
			t.Errorf("switches %+v, %v", got, err)
		}
		if _, err := s.SetSwitches(ctx, store.Switches{Version: 0}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("old switches replaced the new: %v", err)
		}
	})
}

func TestReleases(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		if _, err := s.Live(ctx); !errors.Is(err, store.ErrUnknown) {
			t.Errorf("before the first: %v", err)
		}
		if _, err := s.Publish(ctx, store.Release{Hash: "nothing"}); !errors.Is(err, store.ErrUnknown) {
			t.Errorf("without sources: %v", err)
		}
		one, two := publish(t, s, "one"), publish(t, s, "two")
		back, err := s.Publish(ctx, store.Release{Hash: "one", By: "bob", Of: one.Number})
		if err != nil || one.Number != 1 || two.Number != 2 || back.Number != 3 {
			t.Fatal(one, two, back, err)
		}
		live, err := s.Live(ctx)
		if err != nil || live.Hash != "one" || live.Number != 3 || live.Of != 1 || live.By != "bob" {
			t.Errorf("live %+v, %v", live, err)
		}
		all, err := s.Releases(ctx)
		if err != nil || len(all) != 3 || all[1].Hash != "two" || all[1].Number != 2 || !all[0].At.Equal(time.UnixMilli(1000)) {
			t.Errorf("releases %+v, %v", all, err)
		}
		if r, err := s.Release(ctx, 2); err != nil || r.Hash != "two" {
			t.Errorf("release 2: %+v, %v", r, err)
		}
		for _, n := range []int64{0, -1, 4} {
			if _, err := s.Release(ctx, n); !errors.Is(err, store.ErrUnknown) {
				t.Errorf("release %d: %v", n, err)
			}
		}
		files, err := s.Sources(ctx, "two")
		if err != nil || len(files) != 1 || files["a.journey"] != "journey two" {
			t.Errorf("sources %v, %v", files, err)
		}
		if err := s.SaveSources(ctx, "two", nil); err != nil {
			t.Fatal(err)
		}
		if files, _ := s.Sources(ctx, "two"); len(files) != 1 {
			t.Error("the sources of a hash were changed")
		}
		if _, err := s.Sources(ctx, "three"); !errors.Is(err, store.ErrUnknown) {
			t.Errorf("unknown sources: %v", err)
		}
	})
}

// TestInterruptedPublication: a publisher that dies between two partitions
// leaves nothing that is not completed by the next who comes by.
func TestInterruptedPublication(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		publish(t, s, "one")
		publish(t, s, "two")
		interrupt := func() { // as if the second one had reached only some
			for i := 5; i < store.Partitions; i++ {
				must(s.c.Do("HSET", store.KeyControl(i), "live", 1))
			}
		}
		live := func() (all int) {
			for i := range store.Partitions {
				if must(redis.Int(s.c.Do("HGET", store.KeyControl(i), "live"))) == 2 {
					all++
				}
			}
			return all
		}
		interrupt()
		put(t, s, store.Commit{Person: somebody("somebody", 1), Release: 2, Switches: -1})
		if n := live(); n != store.Partitions {
			t.Errorf("after a commit that found it, %d partitions are at the new release", n)
		}
		interrupt()
		must(s.Live(ctx))
		if n := live(); n != store.Partitions {
			t.Errorf("after Live, %d partitions are at the new release", n)
		}
		interrupt()
		open(t, s.url)
		if n := live(); n != store.Partitions {
			t.Errorf("after Open, %d partitions are at the new release", n)
		}
	})
}

func TestLeases(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		a, ok, err := s.Lease(ctx, 7, "a", 10*time.Second)
		if err != nil || !ok || a.Token < 1 {
			t.Fatal(a, ok, err)
		}
		if _, ok, _ := s.Lease(ctx, 7, "b", 10*time.Second); ok {
			t.Fatal("two hold one lease")
		}
		again, ok, _ := s.Lease(ctx, 7, "a", 10*time.Second)
		if !ok || again.Token != a.Token {
			t.Fatal("a holder could not renew", again)
		}
		got, err := s.Leases(ctx, []int{6, 7, 8}, "b", 10*time.Second)
		if err != nil || len(got) != 2 || got[0].Partition != 6 || got[1].Partition != 8 {
			t.Fatal(got, err)
		}
		// It runs out.
		if _, ok, _ := s.Lease(ctx, 7, "a", -time.Second); !ok {
			t.Fatal("not renewed")
		}
		b, ok, _ := s.Lease(ctx, 7, "b", 10*time.Second)
		if !ok || b.Token <= a.Token {
			t.Fatal("the lease that ran out was not taken over", b)
		}
		if err := s.GiveBack(ctx, a); err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := s.Lease(ctx, 7, "c", 10*time.Second); ok {
			t.Fatal("somebody gave back what was not his")
		}
		if err := s.GiveBack(ctx, b); err != nil {
			t.Fatal(err)
		}
		c, ok, _ := s.Lease(ctx, 7, "c", 10*time.Second)
		if !ok || c.Token <= b.Token {
			t.Fatal("not given back", c)
		}
	})
}

func TestFencing(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		part := store.Partition("ann")
		old, _, _ := s.Lease(ctx, part, "a", -time.Second)
		c := unchecked(somebody("ann", 1), nil)
		c.Lease, c.Reactions = &old, []store.Reaction{{Run: "ann.1"}}
		c.Base = put(t, s, c)
		held, _, _ := s.Lease(ctx, part, "b", 10*time.Second)
		if err := s.Commit(ctx, c)[0].Err; !errors.Is(err, store.ErrFenced) {
			t.Errorf("a commit under a lost lease: %v", err)
		}
		box := must(s.Outbox(ctx, part, "", 10))
		if err := s.Ack(ctx, old, box[0].ID); !errors.Is(err, store.ErrFenced) {
			t.Errorf("an acknowledgement under a lost lease: %v", err)
		}
		if n := len(must(s.Outbox(ctx, part, "", 10))); n != 1 {
			t.Errorf("%d entries, want 1", n)
		}
		c.Lease = &held
		put(t, s, c)
	})
}

func TestOutbox(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		part := store.Partition("ann")
		l, _, _ := s.Lease(ctx, part, "a", 10*time.Second)
		c := unchecked(somebody("ann", 1), nil)
		var want []store.Reaction
		for i := range 5 {
			r := store.Reaction{Kind: store.ReactionKind(i % 2), Run: fmt.Sprint("ann.", i), Journey: "welcome", Release: "hash",
				Seq: int64(i), At: value.Time(100 + i), Order: store.Order{Kind: 1, Seq: 3, Until: -7, Channel: "email"}}
			c.Reactions = []store.Reaction{r, {Run: "x"}}
			c.Base = put(t, s, c)
			want = append(want, r, store.Reaction{Run: "x"})
		}
		got := must(s.Outbox(ctx, part, "", 100))
		for i := range want {
			if i > 0 && got[i].ID == got[i-1].ID {
				t.Error("two entries have one id")
			}
			want[i].ID = got[i].ID
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		if some := must(s.Outbox(ctx, part, got[3].ID, 2)); !slices.Equal(some, want[4:6]) {
			t.Errorf("after the fourth: %+v", some)
		}
		b := must(s.Backlog(ctx))
		if b.Entries != 10 || b.Oldest != 100 {
			t.Errorf("backlog %+v", b)
		}
		if err := s.Ack(ctx, l, got[0].ID, got[2].ID, "77-0"); err != nil {
			t.Fatal(err)
		}
		if rest := must(s.Outbox(ctx, part, "", 2)); !slices.Equal(rest, []store.Reaction{want[1], want[3]}) {
			t.Errorf("after two were acknowledged: %+v", rest)
		}
		if err := s.Ack(ctx, l); err != nil {
			t.Error(err)
		}
		// All gone: the ids go on.
		for _, r := range got {
			if err := s.Ack(ctx, l, r.ID); err != nil {
				t.Fatal(err)
			}
		}
		put(t, s, c)
		if next := must(s.Outbox(ctx, part, got[9].ID, 2)); len(next) != 2 {
			t.Errorf("an entry got an id that was there before: %+v", next)
		}
	})
}

// What lies before an entry that cannot be read is read; the entry is named,
// and the rest of the outboxes is counted all the same.
func TestUnreadableOutbox(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		part := store.Partition("ann")
		l, _, _ := s.Lease(ctx, part, "a", 10*time.Second)
		c := unchecked(somebody("ann", 1), nil)
		c.Reactions = []store.Reaction{{Run: "ann.1", At: 7}}
		put(t, s, c)
		keys, err := redis.Strings(s.c.Do("KEYS", "*outbox"))
		if err != nil || len(keys) != 1 {
			t.Fatal(keys, err)
		}
		id, err := redis.String(s.c.Do("XADD", keys[0], "9999999999999-7", "r", "nonsense"))
		if err != nil {
			t.Fatal(err)
		}
		got := must(s.Outbox(ctx, part, "", 100))
		if len(got) != 1 || got[0].Run != "ann.1" {
			t.Fatalf("before it: %+v", got)
		}
		if b := must(s.Backlog(ctx)); b.Stalled != 0 || b.Entries != 2 || b.Oldest != 7 {
			t.Errorf("backlog %+v", b)
		}
		if err := s.Ack(ctx, l, got[0].ID); err != nil {
			t.Fatal(err)
		}
		var u *store.UnreadableError
		if _, err := s.Outbox(ctx, part, "", 100); !errors.As(err, &u) || u.ID != id || u.Partition != part || strings.Contains(err.Error(), "nonsense") {
			t.Errorf("at it: %v", err)
		}
		if b := must(s.Backlog(ctx)); b.Stalled != 1 || b.Entries != 1 {
			t.Errorf("backlog %+v", b)
		}
	})
}

func TestDue(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		// Five people of one partition.
		var ids []string
		for i := 0; len(ids) < 5; i++ {
			if id := fmt.Sprint("p", i); store.Partition(id) == 3 {
				ids = append(ids, id)
			}
		}
		bases := map[string]*store.Base{}
		for i, id := range ids {
			c := unchecked(somebody(id, 1), nil)
			c.Due = value.Time(1_780_000_000_000 + 10*i)
			bases[id] = put(t, s, c)
		}
		due, next, err := s.Due(ctx, 3, 1_780_000_000_020, 10)
		if err != nil || len(due) != 3 || due[0] != (store.DuePerson{ID: ids[0], At: 1_780_000_000_000}) || next != 1_780_000_000_030 {
			t.Fatal(due, next, err)
		}
		due, next, _ = s.Due(ctx, 3, 1_780_000_000_020, 2)
		if len(due) != 2 || next != 1_780_000_000_020 {
			t.Error(due, next)
		}
		// Unchanged, never, and again.
		c := unchecked(somebody(ids[0], 2), bases[ids[0]])
		c.Due = 1_780_000_000_000
		c.Base = put(t, s, c)
		c.Due = 0
		c.Base = put(t, s, c)
		if due, _, _ = s.Due(ctx, 3, 1_780_000_000_000, 9); len(due) != 0 {
			t.Error("somebody is due who is so never:", due)
		}
		c.Due = 5
		put(t, s, c)
		// Whoever loaded him does not know and sets it.
		l := get(t, s, ids[0])
		put(t, s, unchecked(l.Person, l.Base))
		due, next, _ = s.Due(ctx, 3, 1_780_000_000_040, 9)
		if len(due) != 4 || next != 0 {
			t.Error(due, next)
		}
		must(s.c.Do("ZADD", store.KeyDue(3), 1, "nobody"))
		if err := s.DropDue(ctx, "nobody", ids[1]); err != nil {
			t.Fatal(err)
		}
		if due, _, _ = s.Due(ctx, 3, 1_780_000_000_040, 9); len(due) != 4 {
			if store.Partition("nobody") == 3 {
				t.Error(due)
			}
		}
	})
}

func TestSurvey(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		want := map[string]bool{}
		var commits []store.Commit
		for i := range 300 {
			c := unchecked(somebody(fmt.Sprint("p", i), 1), nil)
			if i == 7 {
				c.Due = 1000
			}
			if i == 8 {
				c.Reactions = []store.Reaction{{Run: "p8.1"}}
			}
			want[c.Person.ID] = true
			commits = append(commits, c)
		}
		for _, got := range s.Commit(ctx, commits...) {
			if got.Err != nil {
				t.Fatal(got.Err)
			}
		}
		publish(t, s, "one")
		seen := map[string]bool{}
		for cursor := ""; ; {
			ids, next, err := s.People(ctx, cursor, 50)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if seen[id] = true; !want[id] {
					t.Errorf("%q is nobody", id)
				}
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%d people of %d", len(seen), len(want))
		}
		var all []int
		for i := range store.Partitions {
			all = append(all, i)
		}
		busy := []int{store.Partition("p7"), store.Partition("p8")}
		slices.Sort(busy)
		if got := must(s.Waiting(ctx, all, 1000)); !slices.Equal(got, slices.Compact(busy)) {
			t.Errorf("busy are %v, want %v", got, busy)
		}
		if got := must(s.Waiting(ctx, all, 999)); !slices.Equal(got, []int{store.Partition("p8")}) {
			t.Errorf("before it is due, busy are %v", got)
		}
		if n := must(s.Swept(ctx)); n != 0 {
			t.Errorf("swept to %d", n)
		}
		if err := s.SetSwept(ctx, 3); err != nil {
			t.Fatal(err)
		}
		if n := must(s.Swept(ctx)); n != 3 {
			t.Errorf("swept to %d", n)
		}
	})
}

func TestSpilledMarks(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		p := somebody("ann", 1)
		var c store.Commit
		for i := range 200 {
			m := profiles.Mark{ID: uint64(i) << 40, Payload: uint32(i), At: value.Time(i)}
			p.Marks = append(p.Marks, m)
			c.Person, c.Release, c.Switches = p, -1, -1
			c.Spill = store.SpillMarks(p)
			c.Check = nil
			if p.Spilled > 0 {
				c.Check = []profiles.Mark{m}
			}
			c.Base = put(t, s, c)
		}
		if len(p.Marks) > 64 || p.Spilled+len(p.Marks) != 200 {
			t.Fatalf("%d marks, %d spilled", len(p.Marks), p.Spilled)
		}
		same(t, p, get(t, s, "ann").Person)
		c.Spill = nil
		c.Check = []profiles.Mark{{ID: 999}, {ID: 3 << 40, Payload: 77}, {ID: 998}, {ID: 4 << 40, Payload: 4}}
		var d *store.DuplicateError
		err := s.Commit(ctx, c)[0].Err
		if !errors.As(err, &d) || !slices.Equal(d.Seen, []profiles.Mark{{ID: 3 << 40, Payload: 3}, {ID: 4 << 40, Payload: 4}}) {
			t.Fatalf("got %v %+v", err, d)
		}
		c.Check = []profiles.Mark{{ID: 999}}
		c.Base = put(t, s, c)
		// Yesterday's count, those before do not.
		today := s.Today()
		must(s.c.Do("RENAME", store.KeyMarks("ann", today), store.KeyMarks("ann", today-1)))
		c.Check = []profiles.Mark{{ID: 3 << 40, Payload: 77}}
		if err := s.Commit(ctx, c)[0].Err; !errors.As(err, &d) {
			t.Errorf("with yesterday's marks: %v", err)
		}
		if ttl := must(redis.Int(s.c.Do("PTTL", store.KeyMarks("ann", today-1)))); ttl < int(25*time.Hour/time.Millisecond)-1000 || ttl > int(49*time.Hour/time.Millisecond) {
			t.Errorf("spilled marks expire in %v", time.Duration(ttl)*time.Millisecond)
		}
	})
}

func TestIdentifiers(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		ids := []profiles.Identifier{{Trait: "user_id", Value: "ann"}, {Trait: "email", Value: "ann@example.com"}, {Trait: "email", Value: "ann"}}
		if got := must(s.Lookup(ctx, ids)); !slices.Equal(got, []string{"", "", ""}) {
			t.Errorf("at first: %q", got)
		}
		owners := must(s.Point(ctx, []store.Pointer{{Identifier: ids[0], Profile: "p1"}, {Identifier: ids[1], Profile: "p1"}, {Identifier: ids[0], Profile: "p2"}}))
		if !slices.Equal(owners, []string{"p1", "p1", "p1"}) {
			t.Errorf("owners %q", owners)
		}
		if got := must(s.Lookup(ctx, ids)); !slices.Equal(got, []string{"p1", "p1", ""}) {
			t.Errorf("then: %q", got)
		}
		must(s.Point(ctx, []store.Pointer{{Identifier: ids[2], Profile: "p9"}}))
		if err := s.Repoint(ctx, "p1", "p2", ids); err != nil {
			t.Fatal(err)
		}
		if got := must(s.Lookup(ctx, ids)); !slices.Equal(got, []string{"p2", "p2", "p9"}) {
			t.Errorf("repointed: %q", got)
		}
		if err := s.Unpoint(ctx, "p2", ids); err != nil {
			t.Fatal(err)
		}
		if got := must(s.Lookup(ctx, ids)); !slices.Equal(got, []string{"", "", "p9"}) {
			t.Errorf("unpointed: %q", got)
		}
		if got, err := s.Lookup(ctx, nil); err != nil || len(got) != 0 {
			t.Error(got, err)
		}
	})
}

func TestAnchorIsKept(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		at, speed, err := s.Anchor(ctx, time.UnixMilli(1_780_000_000_123), 60)
		if err != nil || at.UnixMilli() != 1_780_000_000_123 || speed != 60 {
			t.Fatal(at, speed, err)
		}
		at, speed, err = open(t, s.url).Anchor(ctx, time.UnixMilli(5), 1)
		if err != nil || at.UnixMilli() != 1_780_000_000_123 || speed != 60 {
			t.Fatal(at, speed, err)
		}
	})
}

// TestScriptsAreSentAgain: a Redis that has lost the scripts gets them anew.
func TestScriptsAreSentAgain(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		b := put(t, s, unchecked(somebody("ann", 1), nil))
		must(s.c.Do("SCRIPT", "FLUSH"))
		var commits []store.Commit
		for i := range 5 {
			commits = append(commits, unchecked(somebody(fmt.Sprint("p", i), 1), nil))
		}
		for _, c := range s.Commit(ctx, append(commits, unchecked(somebody("ann", 2), b))...) {
			if c.Err != nil {
				t.Error(c.Err)
			}
		}
	})
}

func TestRunProfile(t *testing.T) {
	for run, want := range map[string]string{"ann.1": "ann", "a.b.12": "a.b", "ann": "", "": ""} {
		if got := store.RunProfile(run); got != want {
			t.Errorf("%q: got %q, want %q", run, got, want)
		}
	}
}

func TestPartitionsAreEven(t *testing.T) {
	var n [store.Partitions]int
	for i := range 256 * 100 {
		n[store.Partition(fmt.Sprintf("%x", i))]++
	}
	if slices.Min(n[:]) < 50 || slices.Max(n[:]) > 160 {
		t.Errorf("between %d and %d people in a partition, want some 100", slices.Min(n[:]), slices.Max(n[:]))
	}
	// What is stored says where it is by this: it must never change.
	if got := [...]int{store.Partition("ann"), store.Partition("0f3b9c"), store.Partition("")}; got != [...]int{203, 49, 225} {
		t.Errorf("partitions %v", got)
	}
}
