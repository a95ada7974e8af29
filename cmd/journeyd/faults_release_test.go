package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// release is one of many releases, each of which reads the same events by
// another name on the wire and writes its own number in two journeys.
func release(k int) string {
	parity := []string{"even", "odd"}[k%2]
	return strings.NewReplacer("KKK", fmt.Sprint(k), "PARITY", parity, "LIMIT", fmt.Sprint(1000+k)).Replace(`
workspace { timezone "Asia/Taipei" }
trait score: number
trait one: text
trait two: text
trait read: text
trait entered: number
event ping { v "PARITY": text optional }
segment rich = profile.score >= 10 and profile.score < LIMIT
journey j1 {
  enter on ping
  again after exit
  set profile.one = "KKK"
  set profile.read = entry.v
}
journey j2 {
  enter on ping
  again after exit
  set profile.two = "KKK"
}
journey inside {
  enter when profile.score >= 10 and profile.score < LIMIT
  again after exit
  set profile.entered = (profile.entered ?? 0) + 1
}
`)
}

// deployed publishes 50 releases under load, through two servers. No input
// sees a mix of two releases; nobody who is inside a condition enters anew.
func deployed(s *scene) {
	const insiders, joiners, clients = 20, 20, 8
	releases := 50
	if testing.Short() {
		releases = 15
	}
	x := s.newSite("")
	g := newGroup(x.serve(), x.serve())
	first := release(0)
	g.any().mustDeploy(first[:strings.Index(first, "journey inside")])
	identify := func(user string, score int) {
		body := map[string]any{"userId": user, "traits": map[string]any{"score": score}}
		eventually(s.T, 30*time.Second, "identify", func() error {
			code, text, err := g.any().try("/v1/identify", body)
			if err == nil && code != 200 {
				err = fmt.Errorf("%d %s", code, text)
			}
			return err
		})
	}
	for i := range insiders {
		identify(fmt.Sprint("inside", i), 50)
	}
	for i := range joiners {
		identify(fmt.Sprint("joins", i), 5)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	load := &mixing{g: g, insiders: insiders}
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { load.post(ctx, i) })
	}
	s.happens("%d releases under load", releases)
	for k := 1; k <= releases; k++ {
		if err := g.any().deploy(release(k)); err != nil {
			s.Errorf("release %d: %v", k, err)
		}
		if i := k - 5; i >= 0 && i < joiners {
			identify(fmt.Sprint("joins", i), 50)
		}
		nap(ctx, s.between(0, 200*time.Millisecond))
	}
	for i := max(0, releases-4); i < joiners; i++ {
		identify(fmt.Sprint("joins", i), 50)
	}
	s.happens("the last is published")
	nap(ctx, time.Second)
	cancel()
	all.Wait()
	for _, w := range load.wrong[:min(len(load.wrong), 10)] {
		s.Error(w)
	}
	s.Logf("%d inputs looked at, by %d releases; %d were to be repeated", load.looked.Load(), len(load.seen), load.failed.Load())
	if len(load.seen) < releases/2 {
		s.Errorf("the load saw %d of %d releases", len(load.seen), releases)
	}
	s.entries(g, "inside", insiders, nil)
	s.entries(g, "joins", joiners, 1.0)
}

// entries looks how often people have entered.
func (s *scene) entries(g group, who string, n int, want any) {
	s.Helper()
	for i := range n {
		v := g.any().mustProfile(fmt.Sprint("user_id:", who, i))
		if got := v.Traits["entered"]; got != want {
			s.Errorf("%s%d has entered %v times, want %v", who, i, got, want)
		}
		if len(v.Segments) != 1 {
			s.Errorf("%s%d is in %v", who, i, v.Segments)
		}
	}
}

// mixing is a load of events, each looked at after it was acknowledged.
type mixing struct {
	g        group
	insiders int
	looked   atomic.Int64
	failed   atomic.Int64

	mu    sync.Mutex
	wrong []string
	seen  map[string]bool // releases
}

func (m *mixing) post(ctx context.Context, client int) {
	for n := 0; ctx.Err() == nil; n++ {
		user := fmt.Sprint("inside", rand.N(m.insiders)) // somebody is touched now and then
		own := n%4 != 0
		if own {
			user = fmt.Sprint("client", client)
		}
		call := track(user, "ping", map[string]any{"odd": "odd", "even": "even"}, nil)
		call["messageId"] = fmt.Sprint(client, ".", n) // else the same bytes are the same event
		code, text, err := m.g.any().try("/v1/track", call)
		if err != nil || code == 503 {
			m.failed.Add(1)
			continue
		}
		if code != 200 {
			m.note("%d %s", code, text)
			continue
		}
		if own {
			m.look(user)
		}
	}
}

// look looks at what the last event of somebody came to, whose events nobody
// else posts.
func (m *mixing) look(user string) {
	v, err := m.g.any().profile("user_id:" + user)
	if err != nil {
		m.failed.Add(1)
		return
	}
	one, two, read := fmt.Sprint(v.Traits["one"]), fmt.Sprint(v.Traits["two"]), v.Traits["read"]
	var k int
	if _, err := fmt.Sscan(one, &k); err != nil || one != two || read != []string{"even", "odd"}[k%2] {
		m.note("%s has seen a mix: %s, %s, %v", user, one, two, read)
	}
	m.looked.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	m.seen[one] = true
}

func (m *mixing) note(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrong = append(m.wrong, fmt.Sprintf(format, args...))
}
