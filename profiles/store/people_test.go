package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/gomodule/redigo/redis"
	"github.com/google/go-cmp/cmp"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/store"
)

var ctx = context.Background()

// unchecked is a commit on which only the version matters.
func unchecked(p *profiles.Person, b *store.Base) store.Commit {
	return store.Commit{Person: p, Base: b, Release: -1, Switches: -1}
}

// put commits and must succeed.
func put(t testing.TB, s *env, c store.Commit) *store.Base {
	t.Helper()
	got := s.Commit(ctx, c)
	if got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	return got[0].Base
}

// get loads one and must succeed.
func get(t testing.TB, s *env, id string) store.Loaded {
	t.Helper()
	got, _, err := s.Load(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	return got[0]
}

func same(t testing.TB, want, got *profiles.Person) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("not the same person:\n%s", cmp.Diff(want, got))
	}
}

// somebody is a person with a number in a trait.
func somebody(id string, n float64) *profiles.Person {
	return &profiles.Person{ID: id, Created: 1000, Last: 2000, Release: "r",
		Traits: map[string]profiles.Trait{"n": {Value: n, At: 2000}}}
}

func TestCommitAndLoad(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		if l := get(t, s, "ann"); l.Person != nil || l.Base != nil {
			t.Fatalf("somebody is there who was never stored: %+v", l)
		}
		p := somebody("ann", 1)
		b := put(t, s, unchecked(p, nil))
		l := get(t, s, "ann")
		same(t, p, l.Person)
		if l.Base.Version() != 1 || b.Version() != 1 {
			t.Errorf("versions %d and %d, want 1", l.Base.Version(), b.Version())
		}
		p = somebody("ann", 2)
		b = put(t, s, unchecked(p, b))
		same(t, p, get(t, s, "ann").Person)

		// With what was loaded, with what was committed, and not with what is old.
		if got := s.Commit(ctx, unchecked(p, l.Base)); !errors.Is(got[0].Err, store.ErrConflict) {
			t.Errorf("a stale commit: %v", got[0].Err)
		}
		if got := s.Commit(ctx, unchecked(p, nil)); !errors.Is(got[0].Err, store.ErrConflict) {
			t.Errorf("a new person who is there: %v", got[0].Err)
		}
		put(t, s, unchecked(p, b))
	})
}

func TestManyAtOnce(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		const n = 350
		var commits []store.Commit
		var ids []string
		for i := range n {
			id := fmt.Sprint("p", i)
			ids = append(ids, id)
			commits = append(commits, unchecked(somebody(id, float64(i)), nil))
		}
		for i, got := range s.Commit(ctx, commits...) {
			if got.Err != nil {
				t.Fatalf("%d: %v", i, got.Err)
			}
		}
		commits[7].Base = nil // refused; the others are not concerned
		all, _, err := s.Load(ctx, ids...)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range all {
			same(t, commits[i].Person, l.Person)
			commits[i].Base = l.Base
		}
		commits[7].Base = nil
		for i, got := range s.Commit(ctx, commits...) {
			if refused := errors.Is(got.Err, store.ErrConflict); refused != (i == 7) {
				t.Fatalf("%d: %v", i, got.Err)
			}
		}
	})
}

// TestPagesFollow: what lies beside the core is stored, read and deleted with
// it, whether the writer loaded the person or has kept him.
func TestPagesFollow(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		p := somebody("ann", 0)
		p.Events = map[string]*profiles.Kept{"viewed": {}}
		var b *store.Base
		for i := range 400 {
			ev := &cond.Event{ID: fmt.Sprint("m", i), Name: "viewed", At: value.Time(i + 1), Arrived: value.Time(i + 1),
				Props: cond.PropsOf(map[string]any{"n": float64(i)})}
			k := p.Events["viewed"]
			k.List = append(k.List, ev)
			if len(k.List) > 150 {
				k.List, k.Dropped = k.List[1:], k.Dropped+1
			}
			p.Recent = append(p.Recent, ev)
			p.Recent = p.Recent[max(0, len(p.Recent)-20):]
			b = put(t, s, unchecked(p, b))
			if i%37 == 0 {
				l := get(t, s, "ann")
				same(t, p, l.Person)
				p, b = l.Person, l.Base
			}
		}
		same(t, p, get(t, s, "ann").Person)
		pages := must(redis.Int(s.c.Do("HLEN", store.KeyFields("ann"))))
		if pages < 4 || pages > 6 {
			t.Errorf("150 kept events lie in %d pages", pages)
		}
		p.Events = nil
		put(t, s, unchecked(p, b))
		if n := must(redis.Int(s.c.Do("EXISTS", store.KeyFields("ann")))); n != 0 {
			t.Error("pages are left of a kind that is no longer kept")
		}
	})
}

// TestNoUpdateIsLost: eight writers raise the same numbers.
func TestNoUpdateIsLost(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		const writers, people = 8, 5
		each := 400
		if strings.Contains(t.Name(), "process") {
			each = 60 // scripts are slow there
		}
		var lock sync.Mutex
		want := map[string]float64{}
		conflicts := 0
		var wg sync.WaitGroup
		for w := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				r := rand.New(rand.NewPCG(uint64(w), 1))
				for range each {
					id := fmt.Sprint("p", r.IntN(people))
					add := float64(r.IntN(10))
					for {
						l := get(t, s, id)
						p := l.Person
						if p == nil {
							p = somebody(id, 0)
						}
						p.Traits["n"] = profiles.Trait{Value: p.Value("n").(float64) + add}
						err := s.Commit(ctx, unchecked(p, l.Base))[0].Err
						lock.Lock()
						if err == nil {
							want[id] += add
							lock.Unlock()
							break
						}
						conflicts++
						lock.Unlock()
						if !errors.Is(err, store.ErrConflict) {
							t.Error(err)
							return
						}
					}
				}
			}()
		}
		wg.Wait()
		for id, n := range want {
			if got := get(t, s, id).Person.Value("n"); got != n {
				t.Errorf("%s: got %v, want %v", id, got, n)
			}
		}
		t.Logf("%d conflicts in %d commits", conflicts, writers*each)
	})
}

// TestReadersSeeWholePeople: while pages come and go, a reader sees the person
// of one version, whole.
func TestReadersSeeWholePeople(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		p := somebody("ann", 0)
		p.Events = map[string]*profiles.Kept{"viewed": {}}
		b := put(t, s, unchecked(p, nil))
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for {
					select {
					case <-stop:
						return
					default:
					}
					l := get(t, s, "ann")
					k := l.Person.Events["viewed"]
					n := l.Person.Value("n").(float64)
					if float64(k.Dropped+len(k.List)) != n {
						t.Errorf("version %v has events up to %d", n, k.Dropped+len(k.List))
						return
					}
					for i, ev := range k.List {
						if ev.Props.Get("n") != float64(k.Dropped+i) || ev.Props.Get("release") != l.Person.Release {
							t.Errorf("event %d of release %s is %v", k.Dropped+i, l.Person.Release, ev.Props)
							return
						}
					}
				}
			}()
		}
		for i := range 600 {
			if i%50 == 49 {
				p.Release = fmt.Sprint("r", i)
			}
			k := p.Events["viewed"]
			k.List = append(k.List, &cond.Event{Name: "viewed", Arrived: value.Time(i + 1), Props: cond.PropsOf(map[string]any{"n": float64(i)})})
			if len(k.List) > 100 {
				k.List, k.Dropped = k.List[1:], k.Dropped+1
			}
			for j, ev := range k.List {
				c := *ev
				c.Props = cond.PropsOf(map[string]any{"n": ev.Props.Get("n"), "release": p.Release})
				k.List[j] = &c
			}
			p.Traits["n"] = profiles.Trait{Value: float64(i + 1)}
			b = put(t, s, unchecked(p, b))
		}
		close(stop)
		wg.Wait()
	})
}

func TestNamesAreShared(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		p := somebody("ann", 1)
		p.Release = "a_release_with_a_long_name"
		long := put(t, s, unchecked(p, nil)).Size()
		if err := s.Learn(ctx, []string{"a_release_with_a_long_name", "email", "email"}); err != nil {
			t.Fatal(err)
		}
		p.ID = "bob"
		short := put(t, s, unchecked(p, nil)).Size()
		if short > long-20 {
			t.Errorf("%d bytes with a name that is known, %d without", short, long)
		}
		other := &env{Store: open(t, s.url)}
		same(t, p, get(t, other, "bob").Person)
		// Names that come while a process runs.
		if err := other.Learn(ctx, []string{"another_long_name_of_a_release"}); err != nil {
			t.Fatal(err)
		}
		p.ID, p.Release = "cid", "another_long_name_of_a_release"
		put(t, other, unchecked(p, nil))
		same(t, p, get(t, s, "cid").Person)
		if got := must(redis.Strings(s.c.Do("LRANGE", "{journey}names", 0, -1))); len(got) != 3 {
			t.Errorf("names: %q", got)
		}
	})
}

// A Redis that was emptied below a process, or has lost its last second, does
// not know names that the process knows: they are learnt again, so that others
// can read who is written with them.
func TestNamesAreForgottenWithRedis(t *testing.T) {
	both(t, func(t *testing.T, s *env) {
		publish(t, s, "one")
		for _, names := range [][]string{{"a_long_name_of_a_trait"}, {"another_long_name"}, {"yet_another_long_name"}} {
			if err := s.Learn(ctx, names); err != nil {
				t.Fatal(err)
			}
		}
		must(s.c.Do("FLUSHALL"))
		if _, err := s.Live(ctx); !errors.Is(err, store.ErrUnknown) {
			t.Fatalf("the live release of an empty Redis: %v", err)
		}
		if err := s.Learn(ctx, []string{"yet_another_long_name", "a_long_name_of_a_trait"}); err != nil {
			t.Fatal(err)
		}
		p := somebody("ann", 1)
		p.Release = "yet_another_long_name"
		put(t, s, unchecked(p, nil))
		other := &env{Store: open(t, s.url)}
		same(t, p, get(t, other, "ann").Person)
		// The newest name is lost.
		if err := s.Learn(ctx, []string{"a_name_that_is_lost"}); err != nil {
			t.Fatal(err)
		}
		must(s.c.Do("RPOP", "{journey}names"))
		if _, err := s.Live(ctx); err != nil && !errors.Is(err, store.ErrUnknown) {
			t.Fatal(err)
		}
		p.ID, p.Release = "bob", "a_name_that_is_lost"
		put(t, s, unchecked(p, nil))
		same(t, p, get(t, other, "bob").Person)
	})
}

// Two processes on a Redis that was emptied below them: whichever learns its
// program again, the other reads what it writes, and it what the other does,
// though it has not noticed.
func TestNamesStayTheSameForAllProcesses(t *testing.T) {
	both(t, func(t *testing.T, a *env) {
		names := []string{"a_long_name_of_a_trait", "another_long_name", "yet_another_long_name"}
		if err := a.Learn(ctx, names); err != nil {
			t.Fatal(err)
		}
		b := &env{Store: open(t, a.url)}
		must(a.c.Do("FLUSHALL"))
		publish(t, a, "one")
		if err := a.Learn(ctx, []string{"yet_another_long_name", "a_new_name_of_a_trait"}); err != nil { // in another order, and one more
			t.Fatal(err)
		}
		for i, w := range []struct{ writer, reader *env }{{a, b}, {b, a}, {a, &env{Store: open(t, a.url)}}} {
			for j, name := range append(names, "a_new_name_of_a_trait") {
				p := somebody(fmt.Sprintf("ann-%d-%d", i, j), 1)
				p.Release = name
				put(t, w.writer, unchecked(p, nil))
				same(t, p, get(t, w.reader, p.ID).Person)
			}
		}
	})
}
