package cond

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"journey/dsl/diag"
	"journey/dsl/value"
)

// zones have clock changes of an hour, of half an hour, at midnight, and none.
var zones = []string{"UTC", "Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "Asia/Kolkata", "America/St_Johns"}

// starts are local times shortly after which something changes.
var starts = []string{
	"2026-03-02 08:59:30", "2026-03-01 23:59:20", "2025-12-31 23:59:10", "2026-02-27 23:59:30", "2028-02-28 23:59:30",
	"2026-03-29 01:59:30", "2026-10-25 02:59:20", "2026-04-05 01:59:30", "2026-10-04 01:59:30", "2026-03-28 23:59:30", "2026-03-08 01:59:40", "2010-03-14 00:00:30", "2010-11-07 00:00:30",
}

// TestNoChangeIsMissed: looking only when the last look said so sees every
// change that looking at every instant sees.
func TestNoChangeIsMissed(t *testing.T) {
	untracked := 0
	for seed := range *many {
		g := seeded(*first + uint64(seed) + 1<<41)
		g.timed = true
		text := g.boolean(1 + g.n(4))
		file, node := mustParse(nil, text)
		x, diags := Compile(file, node, world(), Condition)
		if x == nil {
			if slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Code != UntrackedNow }) {
				t.Fatalf("%s: %v", text, diags)
			}
			untracked++
			continue
		}
		zone, _ := value.Zone(g.one(zones...))
		start, _ := time.ParseInLocation("2006-01-02 15:04:05", g.one(starts...), zone)
		e := g.env(value.TimeOf(start), zone, false)
		missed(t, fmt.Sprintf("seed %d: %s", seed, text), x, e, grid(e.Now, 100))
	}
	if untracked > *many/4 {
		t.Errorf("%d of %d expressions were refused", untracked, *many)
	}
}

// grid is every whole second for a while, and the milliseconds around it.
func grid(from value.Time, seconds int) []value.Time {
	var at []value.Time
	for s := range seconds {
		for _, ms := range []int{0, 1, 2, 999} {
			at = append(at, from+value.Time(1000*s+ms))
		}
	}
	return at
}

// missed walks over the instants and follows the looks, too.
func missed(t interface{ Fatalf(string, ...any) }, text string, x *Expr, e *Env, instants []value.Time) {
	first := e.Now
	e.Look = 0
	followed := x.Bool(e)
	look, looks := e.Look, 0
	since := e.Now
	for _, now := range instants {
		for look != 0 && look <= now {
			if looks++; looks > 5000 {
				t.Fatalf("%s\n%d looks", text, looks)
			}
			since, e.Now, e.Look = look, look, 0
			followed = x.Bool(e)
			if e.Look != 0 && e.Look <= e.Now {
				t.Fatalf("%s: at %s it looks again at %s", text, e.Now, e.Look)
			}
			look = e.Look
		}
		e.Now, e.Look = now, 0
		if got := x.Bool(e); got != followed {
			t.Fatalf("%s\nis %v at %s (%d ms after the start); the last look at %s (+%d ms) saw %v and named %s\n%s", text, got, now, now-first, since, since-first, followed, look, dump(e))
		}
	}
	if !x.Reads().Now && looks > 0 {
		t.Fatalf("%s: looks ahead and does not say that it reads now", text)
	}
}

func dump(e *Env) string {
	p := e.Person.(*person)
	s := fmt.Sprintf("traits %v\n", p.traits)
	for name, evs := range p.events {
		for _, ev := range evs {
			s += fmt.Sprintf("%s at %s %v\n", name, ev.At, ev.Props)
		}
	}
	for key, hours := range p.hours {
		s += fmt.Sprintf("%s by the hour %v\n", key, hours)
	}
	for _, ev := range []*Event{e.Event, e.Entry} {
		if ev != nil {
			s += fmt.Sprintf("%s at %s %v\n", ev.Name, ev.At, ev.Props)
		}
	}
	return s + "zone " + e.Zone.String()
}
