package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// side is one of those that events are posted to.
type side struct {
	o     order
	proc  *child
	rates sample // events a second, one for each round
	own   sample // its processor time for an event in µs
	redis sample // Redis'
	p50   sample
}

// shopServers are the servers that the rows of events and of one person need.
type shopServers struct {
	redis                  *child
	url                    string
	gen                    *generator
	hot, cold, bare, empty *child
	hotAt, coldAt          string
	bareAt, emptyAt        string
	bytes                  int // of a stored person
}

func (s *shopServers) stop() {
	for _, c := range []*child{s.hot, s.cold, s.bare, s.empty} {
		if c == nil {
			continue
		}
		c.end()
		if rest, _ := io.ReadAll(c.lines); len(rest) > 0 { // what it counted
			fmt.Fprintf(os.Stderr, "  %s", rest)
		}
	}
	if s.gen != nil {
		s.gen.end()
	}
	if s.redis != nil {
		s.redis.kill()
	}
}

// startShop starts them, and lets people come: each with his traits, his two
// waiting runs and 20 events.
func (b *bench) startShop() (s *shopServers, err error) {
	s = &shopServers{}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.redis, s.url, err = redisServer(filepath.Join(b.dir, "redis")); err != nil {
		return s, err
	}
	if s.gen, err = newGenerator(); err != nil {
		return s, err
	}
	profile := func(name string) string {
		if b.profiles == "" {
			return "-cpuprofile="
		}
		return "-cpuprofile=" + filepath.Join(b.profiles, name+".prof")
	}
	if s.hot, s.hotAt, err = server("journey", "-redis", s.url, profile("hot")); err != nil {
		return s, err
	}
	if s.cold, s.coldAt, err = server("journey", "-redis", s.url, "-cold", profile("cold")); err != nil {
		return s, err
	}
	// All of the people are made by the hot one: it is the quicker one.
	for _, prefix := range []string{"c", "h"} {
		o := order{Addr: s.hotAt, Prefix: prefix, People: b.people, Begin: true, Events: b.people}
		if _, err := s.gen.do(o); err != nil {
			return s, err
		}
		o.Begin, o.Events, o.Batch, o.Conns = false, b.before*b.people, 100, 8
		if _, err := s.gen.do(o); err != nil {
			return s, err
		}
	}
	if s.bytes, err = personBytes(s.url); err != nil {
		return s, err
	}
	if s.bare, s.bareAt, err = server("echo", "-work", "redis", "-redis", s.url, "-bytes", fmt.Sprint(s.bytes)); err != nil {
		return s, err
	}
	s.empty, s.emptyAt, err = server("echo", "-work", "none")
	return s, err
}

// eventRows are the first three rows: single posts of people seen lately and
// not, beside Echo with bare Redis and Echo alone; and batches beside single
// posts.
func (b *bench) eventRows() ([]row, error) {
	s, err := b.shop()
	if err != nil {
		return nil, err
	}
	sides := map[string]*side{
		"empty": {o: order{Addr: s.emptyAt, Prefix: "e"}, proc: s.empty},
		"bare":  {o: order{Addr: s.bareAt, Prefix: "r"}, proc: s.bare},
		"cold":  {o: order{Addr: s.coldAt, Prefix: "c"}, proc: s.cold},
		"hot":   {o: order{Addr: s.hotAt, Prefix: "h"}, proc: s.hot},
		"batch": {o: order{Addr: s.hotAt, Prefix: "h", Batch: 100}, proc: s.hot},
	}
	turns := []string{"bare", "hot", "empty", "cold", "batch"}
	if b.sides != "" {
		only := strings.Split(b.sides, ",")
		turns = slices.DeleteFunc(turns, func(name string) bool { return !slices.Contains(only, name) })
	}
	for _, side := range sides {
		side.o.People = b.people
	}
	if b.profiles != "" {
		_ = s.hot.cmd.Process.Signal(syscall.SIGUSR1)
		_ = s.cold.cmd.Process.Signal(syscall.SIGUSR1)
	}
	for round := -1; round < b.rounds; round++ { // the first warms up
		if err := b.eventRound(s, sides, turns, round < 0); err != nil {
			return nil, err
		}
	}
	if b.sides != "" {
		return nil, nil // without all of them there is nothing to set side by side
	}
	hot, cold, bare, empty, batch := sides["hot"], sides["cold"], sides["bare"], sides["empty"], sides["batch"]
	figure := func(a, b *side) string {
		return fmt.Sprintf("%.0f and %.0f events/s; CPU an event %.0f + %.0f (Redis) and %.0f + %.0f µs; median answer %.1f and %.1f ms",
			a.rates.median(), b.rates.median(), a.own.median(), a.redis.median(), b.own.median(), b.redis.median(), a.p50.median(), b.p50.median())
	}
	what := "single POST to acknowledged commit, 20 segments, 10 journeys, people "
	beside := fmt.Sprintf("Echo, the JSON parsed, one HMGET, one script writing the same %d bytes", s.bytes)
	return []row{
		atLeast(what+"not seen lately", beside, ratios(cold.rates, bare.rates), 0.5, "", figure(cold, bare)),
		atLeast(what+"seen lately", beside, ratios(hot.rates, bare.rates), 0.8, " (stretch 1.2)", figure(hot, bare)),
		atLeast("the same, people seen lately", "Echo answering without work", ratios(hot.rates, empty.rates), 0.12, "", figure(hot, empty)),
		atLeast("events per second in batches of 100", "single POSTs", ratios(batch.rates, hot.rates), 3, "", figure(batch, hot)),
	}, nil
}

// passes is how many turns each side has in a round.
const passes = 4

// eventRound lets the sides take turns, several short ones each, so that what
// disturbs the machine disturbs all of them.
func (b *bench) eventRound(s *shopServers, sides map[string]*side, turns []string, warm bool) error {
	type sums struct{ events, seconds, own, redis, p50 float64 }
	all := map[string]*sums{}
	for _, name := range turns {
		all[name] = &sums{}
	}
	for range passes {
		for _, name := range turns {
			side := sides[name]
			side.o.For = b.slice
			own, redis := cpu(side.proc), cpu(s.redis)
			r, err := s.gen.do(side.o)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			sum := all[name]
			sum.own += cpu(side.proc) - own
			sum.redis += cpu(s.redis) - redis
			if r.Repeats > 0 {
				b.logf("  %s: %d requests had to be repeated", name, r.Repeats)
			}
			sum.events += float64(r.Events)
			sum.seconds += r.Seconds
			sum.p50 += r.P50 / passes
		}
		if warm {
			return nil
		}
	}
	for _, name := range turns {
		side, sum := sides[name], all[name]
		side.rates = append(side.rates, sum.events/sum.seconds)
		side.own = append(side.own, sum.own/sum.events*1e6)
		side.redis = append(side.redis, sum.redis/sum.events*1e6)
		side.p50 = append(side.p50, sum.p50)
	}
	for _, name := range turns {
		b.logf("  %-6s %6.0f events/s, %3.0f + %3.0f µs CPU an event", name, last(sides[name].rates), last(sides[name].own), last(sides[name].redis))
	}
	return nil
}

func last(s sample) float64 { return s[len(s)-1] }
