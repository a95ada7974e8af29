package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"journey/profiles"
)

// humans is what a few humans do, each under identifiers of his own, and who
// must come out of it in whatever order it arrives.
type humans struct {
	calls  []Call
	parent map[string]string // union-find over identifiers
}

func (c *humans) root(id string) string {
	if p, ok := c.parent[id]; ok && p != id {
		return c.root(p)
	}
	return id
}

// namesIn are the identifiers of a call, as "trait:value".
func namesIn(c Call) (list []string) {
	if c.UserID != "" {
		list = append(list, "user_id:"+c.UserID)
	}
	if c.AnonymousID != "" {
		list = append(list, "anonymous_id:"+c.AnonymousID)
	}
	if m, ok := c.Traits["email"].(string); ok {
		list = append(list, "email:"+m)
	}
	return list
}

var humansStart = time.Now().Add(-time.Hour).Truncate(time.Second)

// newHumans makes it up. No two values of a trait have one event time, and who
// takes a consent back does so later than anybody gives one: which of two
// choices holds would else depend on whether the two were one by then.
func newHumans(r *rand.Rand, round int) *humans {
	c := &humans{parent: map[string]string{}}
	for h := range 3 {
		for n := range 12 {
			call := Call{Kind: CallTrack, Source: "web", MessageID: fmt.Sprintf("%d-%d-%d", round, h, n), Event: "Order Completed",
				Properties: map[string]any{"total": 1.0}, Traits: map[string]any{}, Time: humansStart.Add(time.Duration(h*100+n) * time.Second)}
			has := 1 + r.IntN(7)
			if has&1 != 0 {
				call.UserID = fmt.Sprintf("u%d-%d", round, h)
			}
			if has&2 != 0 {
				call.AnonymousID = fmt.Sprintf("d%d-%d-%d", round, h, r.IntN(4))
			}
			if has&4 != 0 {
				call.Traits["email"] = fmt.Sprintf("m%d-%d-%d@example.com", round, h, r.IntN(3))
			}
			if r.IntN(2) == 0 {
				call.Traits["name"] = call.MessageID
			}
			if r.IntN(4) == 0 {
				call.Traits["consent"] = map[string]any{"sms": n < 8}
			}
			c.calls = append(c.calls, call)
			ids := namesIn(call)
			for _, id := range ids {
				if _, met := c.parent[id]; !met {
					c.parent[id] = id
				}
				c.parent[c.root(id)] = c.root(ids[0])
			}
		}
	}
	return c
}

// described is somebody without ids and instants of arrival.
func described(ids []string, orders int, name string, consent any) string {
	slices.Sort(ids)
	return fmt.Sprintf("%s orders=%d name=%s sms=%v", strings.Join(ids, " "), orders, name, consent)
}

func (c *humans) expected() []string {
	type one struct {
		ids      map[string]bool
		orders   int
		name     string
		named    time.Time
		consents any
	}
	people := map[string]*one{}
	for _, call := range c.calls {
		ids := namesIn(call)
		p := people[c.root(ids[0])]
		if p == nil {
			p = &one{ids: map[string]bool{}}
			people[c.root(ids[0])] = p
		}
		for _, id := range ids {
			p.ids[id] = true
		}
		p.orders++
		if name, ok := call.Traits["name"].(string); ok && call.Time.After(p.named) {
			p.name, p.named = name, call.Time
		}
		if obj, ok := call.Traits["consent"].(map[string]any); ok {
			p.consents = obj["sms"] == true && p.consents != false
		}
	}
	var list []string
	for _, p := range people {
		var ids []string
		for id := range p.ids {
			ids = append(ids, id)
		}
		list = append(list, described(ids, p.orders, p.name, p.consents))
	}
	slices.Sort(list)
	return list
}

func (c *humans) found(t *testing.T, e *Engine) []string {
	t.Helper()
	seen := map[string]bool{}
	var list []string
	for id := range c.parent {
		v := profile(t, e, id)
		if seen[v.ID] {
			continue
		}
		seen[v.ID] = true
		p := person(t, e, v.ID)
		var ids []string
		for _, i := range p.Identifiers {
			ids = append(ids, i.Trait+":"+i.Value)
		}
		name, _ := p.Value("name").(string)
		orders, _ := v.Traits["orders"].(float64)
		list = append(list, described(ids, int(orders), name, p.Value("consent.sms")))
		checkRecords(t, p)
	}
	slices.Sort(list)
	return list
}

// checkRecords checks that a person has a record of each person that went
// into him, with the cause.
func checkRecords(t *testing.T, p *profiles.Person) {
	t.Helper()
	for _, a := range p.Absorbed {
		if !slices.ContainsFunc(p.Merges, func(m profiles.Merge) bool { return m.Loser == a.ID && m.Cause.Event != "" }) {
			t.Errorf("%s absorbed %s, and has no record of it", p.ID, a.ID)
		}
	}
}

// The same calls in any order, some twice, through two processes at once that
// are killed at random in the middle of merges and commits, end in the same
// people.
func TestAnyOrderMakesTheSamePeople(t *testing.T) {
	url := startRedis(t).url
	a, b := startEngine(t, url), startEngine(t, url)
	deploy(t, a, shop)
	if err := b.refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	killed := 0
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 7))
		c := newHumans(r, round)
		var mu sync.Mutex
		dice := rand.New(rand.NewPCG(uint64(round), 8))
		fault := func(string) error {
			mu.Lock()
			defer mu.Unlock()
			if dice.IntN(6) == 0 {
				killed++
				return errKilled
			}
			return nil
		}
		a.fault, b.fault = fault, fault
		var all sync.WaitGroup
		for w := range 4 {
			mine := slices.Clone(c.calls)
			r.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			if w > 1 { // some twice or oftener, all at least twice
				mine = mine[:len(mine)/2]
			}
			all.Go(func() { bringAll(t, []*Engine{a, b}, w, mine) })
		}
		all.Wait()
		a.fault, b.fault = nil, nil
		if got, want := c.found(t, a), c.expected(); !slices.Equal(got, want) {
			t.Fatalf("round %d:\ngot\n%s\nwant\n%s", round, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if got, want := c.found(t, b), c.expected(); !slices.Equal(got, want) {
			t.Fatalf("round %d: the other process sees other people", round)
		}
	}
	if killed == 0 {
		t.Error("nobody was ever killed")
	}
	t.Logf("killed %d times; a: %d merges, b: %d", killed, a.Counts().Merges, b.Counts().Merges)
}

// bringAll submits calls one by one; what is not acknowledged is repeated, by
// the other process.
func bringAll(t *testing.T, engines []*Engine, first int, calls []Call) {
	end := time.Now().Add(time.Minute)
	for i := range calls {
		for try := first; ; try++ {
			rs, err := engines[try%2].Submit(context.Background(), calls[i:i+1])
			if err == nil && rs[0].Err == nil {
				break
			}
			if err == nil || !errors.Is(err, ErrUnavailable) && !errors.Is(err, errKilled) || time.Now().After(end) {
				t.Errorf("a call is not taken: %v", err)
				return
			}
		}
	}
}
