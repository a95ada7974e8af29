package main

import (
	"context"
	"slices"
	"time"
)

// Two servers on one Redis and one Temporal.

// postedThrice posts every event three times at the same moment, to any of
// two servers.
func postedThrice(s *scene) {
	to := newSink(s)
	x := s.newSite(to.url)
	a, b := x.serve(), x.serve()
	a.mustDeploy(declarations + flow)
	c := s.newCrowd(walkers, newGroup(a, b).any, to)
	c.times = 3
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s.happens("every event is posted three times at once")
	c.walk(ctx, 5*time.Second)
	c.judge(c.arrive(2*time.Minute), to.box.List(), never)
	c.judgeDuplicates(a, b)
}

// judgeDuplicates compares how many repeats the servers recognised with how
// many were posted.
func (c *crowd) judgeDuplicates(servers ...*process) {
	c.Helper()
	want, got := 0.0, 0.0
	for _, w := range c.people {
		w.mu.Lock()
		want += float64(len(w.acked) * (c.times - 1))
		w.mu.Unlock()
	}
	for _, p := range servers {
		n, err := p.metric(`journey_engine_total{what="duplicates"}`)
		if err != nil {
			c.Fatal(err)
		}
		got += n
	}
	c.Logf("%.0f repeats were recognised, %.0f posted", got, want)
	if got < want {
		c.Errorf("%.0f repeats were recognised, %.0f posted", got, want)
	}
}

// pairKilled kills one of two servers again and again while people go
// through, and starts it anew.
func pairKilled(s *scene) {
	n, over, every := 60, 30*time.Second, 8*time.Second
	if *faultsFull {
		n, over, every = 600, 10*time.Minute, 20*time.Second
	}
	to := newSink(s)
	x := s.newSite(to.url)
	c := s.newCrowd(n, nil, to)
	g := newGroup(x.serve(c.trail()), x.serve(c.trail()))
	trails := slices.Clone(c.trails)
	g[0].Load().mustDeploy(declarations + flow)
	c.server = g.any
	c.times = 2
	ctx, cancel := context.WithTimeout(context.Background(), over+4*time.Minute)
	defer cancel()
	c.walk(ctx, over)
	kills := 0
	for end := time.Now().Add(over); ; {
		nap(ctx, every*3/4+s.between(0, every/2))
		if time.Now().After(end) {
			break
		}
		i := s.rand.IntN(2)
		awaitFlight(ctx, trails[i])
		s.happens("kill -9 of server %d", i)
		g[i].Load().kill()
		g[i].Store(x.serve(c.trail()))
		trails[i] = c.lastTrail()
		s.happens("it runs again")
		kills++
	}
	views := c.arrive(3 * time.Minute)
	open := c.inFlight()
	c.judge(views, to.box.List(), open.has)
	s.Logf("%d kills; at them: %s", kills, open)
}
