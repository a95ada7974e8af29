package proving

import (
	"time"

	"journey/dsl/value"
)

// days near which scripts begin: clock changes, a leap day, a new year, and
// nothing special.
var days = []value.Date{
	day(2026, time.March, 2), day(2026, time.March, 7), day(2026, time.March, 8), day(2026, time.March, 27),
	day(2026, time.March, 29), day(2026, time.April, 4), day(2026, time.October, 3), day(2026, time.October, 23),
	day(2026, time.October, 25), day(2026, time.October, 31), day(2026, time.November, 1), day(2027, time.December, 30),
	day(2028, time.February, 27), day(2026, time.June, 10),
}

// changes are days on which the clocks of a zone change.
var changes = map[string][]value.Date{
	"America/New_York":    {day(2026, time.March, 8), day(2026, time.November, 1)},
	"Europe/Berlin":       {day(2026, time.March, 29), day(2026, time.October, 25)},
	"Australia/Lord_Howe": {day(2026, time.April, 5), day(2026, time.October, 4)},
	"Asia/Beirut":         {day(2026, time.March, 29), day(2026, time.October, 25)},
}

// script is what happens to the person.
func (g *gen) script(p *Program) *Script {
	zone := zoneNamed(p.Zone)
	if zone == nil {
		zone = time.UTC
	}
	from := days
	if c := changes[p.Zone]; c != nil && g.chance(40) {
		from = c
	}
	start := calendar{}.at(pick(g, from...), pick(g, g.clocks...)-pick(g, 0, 0, 0, 1, 60), zone)
	s := &Script{Start: start}
	at := start
	if g.chance(90) || g.steady {
		s.Inputs = append(s.Inputs, &Input{At: at, Of: at, Kind: InputSet, Props: g.first(zone, at)})
	}
	n := 2 + g.n(12)
	if g.chance(7) {
		n = 60 // more than is kept of anything but events
	}
	for range n {
		at = g.later(s, at, zone)
		s.Inputs = append(s.Inputs, g.input(p, at, zone))
	}
	s.Until = at + value.Time(pick(g, 0, value.Hour, 3*value.Day, 20*value.Day, 45*value.Day))
	horizon := start + value.Time(150*value.Day)
	if g.hourly {
		horizon = start + value.Time(8*value.Day)
	}
	s.Until = min(s.Until, horizon)
	for len(s.Inputs) > 1 && s.Inputs[len(s.Inputs)-1].At > s.Until {
		s.Inputs = s.Inputs[:len(s.Inputs)-1]
	}
	if only := s.Inputs[0]; only.At > s.Until {
		only.At, only.Of = start, start
	}
	for _, m := range p.Messages {
		switch k := g.n(100); {
		case g.steady:
		case k < 8:
			s.Fails = append(s.Fails, m.Name)
		case k < 11:
			s.Doubts = append(s.Doubts, m.Name)
		}
	}
	return s
}

// later is the instant of the next input.
func (g *gen) later(s *Script, at value.Time, zone *time.Location) value.Time {
	from := at
	if len(s.Inputs) > 0 && g.chance(50) {
		from = pick(g, s.Inputs...).At
	}
	length := value.Time(pick(g, g.lengths...))
	next := at
	k := g.n(100)
	if g.steady && g.chance(50) {
		return at + value.Time(1+g.n(20_000)) // while machines are still at what came before
	}
	switch {
	case k < 12 && !g.steady:
		return at
	case k < 30:
		next = from + length
	case k < 36:
		next = from + length + value.Time(pick(g, -1, 1))*value.Time(value.Second)
	case k < 42:
		next = from + length + value.Time(pick(g, g.lengths...))
	case k < 52:
		next = calendar{}.nextClock(from+1, pick(g, g.clocks...), nil, zone)
	case k < 80:
		next = at + value.Time(1+g.n(180))*value.Time(value.Minute)
	case k < 97:
		next = at + value.Time(1+g.n(10))*value.Time(value.Day) + value.Time(g.n(600))*value.Time(value.Minute)
	default:
		next = at + value.Time(20+g.n(40))*value.Time(value.Day)
	}
	if next < at {
		next = at + length
	}
	return next
}

// first is what is known of the person from the beginning.
func (g *gen) first(zone *time.Location, at value.Time) map[string]any {
	m := map[string]any{"email": "ann@example.com"}
	if g.chance(70) {
		m["consent.email"] = true
	}
	for range g.n(4) {
		k, v := g.trait(zone, at)
		m[k] = v
	}
	return m
}

// trait is a trait with a value, or with none.
func (g *gen) trait(zone *time.Location, at value.Time) (string, any) {
	name := pick(g, "email", "alt", "name", "tier", "tier", "num", "num", "flag", "lead", "since", "birthday", "timezone", "consent.email", "consent.email", "topics.offers", "suppressed.email", "suppressed.webhook")
	if g.chance(12) && name != "timezone" {
		return name, nil
	}
	switch name {
	case "email", "alt":
		return name, pick(g, "ann@example.com", "bob@example.com")
	case "name":
		return name, pick(g, "Ann", "Bob")
	case "tier":
		return name, pick(g, tiers...)
	case "num":
		return name, float64(g.n(4))
	case "lead":
		return name, pick(g, g.lengths...)
	case "since":
		return name, g.near(at)
	case "birthday":
		return name, g.nearDay(at, zone)
	case "timezone":
		return name, pick(g, zones...)
	}
	return name, g.chance(60)
}

// near is a time around an instant.
func (g *gen) near(at value.Time) value.Time {
	d := value.Time(pick(g, g.lengths...))
	switch g.n(4) {
	case 0:
		return at - d
	case 1:
		return at
	}
	return at + d
}

func (g *gen) nearDay(at value.Time, zone *time.Location) value.Date {
	d := dayOf(at, zone) + value.Date(g.n(8)-2)
	if g.chance(30) {
		d = pick(g, day(2008, time.February, 29), day(2006, time.March, 9), day(2025, time.November, 1))
	}
	return d
}

func (g *gen) input(p *Program, at value.Time, zone *time.Location) *Input {
	in := &Input{At: at, Of: at}
	k := g.n(100)
	if g.steady {
		k = 99
	}
	switch {
	case k < 25:
		in.Kind, in.Props = InputSet, map[string]any{}
		for range 1 + g.n(2) {
			name, v := g.trait(zone, at)
			in.Props[name] = v
		}
		if g.chance(8) {
			in.Of -= value.Time(pick(g, value.Minute, value.Hour, value.Day, 3*value.Day))
		}
		return in
	case k < 35:
		in.Kind, in.Name = InputRequest, pick(g, p.Journeys...).Name
	default:
		in.Kind, in.Name = InputEvent, g.event()
		if g.chance(14) {
			in.Of -= value.Time(pick(g, value.Minute, value.Hour, 12*value.Hour, value.Day, value.Day+value.Second, 3*value.Day, pick(g, g.lengths...)))
		}
		if g.chance(8) && !g.steady {
			name, v := g.trait(zone, at)
			in.Traits = map[string]any{name: v}
		}
	}
	in.Props = map[string]any{}
	if g.chance(75) {
		in.Props["id"] = pick(g, ids...)
	}
	if g.chance(75) {
		in.Props["n"] = float64(g.n(4))
	}
	if g.chance(50) {
		in.Props["when"] = g.near(at)
	}
	if g.chance(50) {
		in.Props["day"] = g.nearDay(at, zone)
	}
	if in.Kind == InputEvent && p.each() && g.chance(70) {
		in.Props["items"] = g.elements()
	}
	return in
}

// each says whether elements of lists enter anywhere.
func (p *Program) each() bool {
	for _, j := range p.Journeys {
		for _, e := range j.Entries {
			if e.Each {
				return true
			}
		}
	}
	return false
}

// elements are the elements of a list.
func (g *gen) elements() []any {
	n := g.n(4)
	if g.chance(4) {
		n = 49 + g.n(4) // about as many as may enter
	}
	list := make([]any, n)
	for i := range list {
		item := map[string]any{}
		if g.chance(80) {
			item["sku"] = pick(g, "a", "b", "c")
		}
		if g.chance(80) {
			item["n"] = float64(g.n(4))
		}
		list[i] = item
	}
	return list
}
