package cond

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"journey/dsl/value"
)

// gen writes random expressions that are right, over the declarations of
// world.
type gen struct {
	r     *rand.Rand
	in    []string // what `it` is in the predicates around: "order", "page", "item", "text", "number", "time"
	timed bool     // prefer what time moves
}

// seeded makes its choices from a seed, which names the case in a failure.
// (A generator that shrinks prefers small numbers, and would hardly ever leave
// the first alternatives.)
func seeded(seed uint64) *gen { return &gen{r: rand.New(rand.NewPCG(seed, 0))} }

// spoil puts one name or literal of an expression in the place of another.
func (g *gen) spoil(text string) string {
	words := regexp.MustCompile(`[\w.]+|"[^"]*"`).FindAllStringIndex(text, -1)
	other := g.one(`"a"`, "3", "now", "it", "profile.nmae", "profile.tags", ".total", "order_completed", "event", "true", "profile.tier", "1 day", "lower", "09:00", "2026-01-01")
	if w := words[g.n(len(words))]; g.n(3) > 0 {
		return text[:w[0]] + other + text[w[1]:]
	}
	a, b := words[g.n(len(words))], words[g.n(len(words))]
	return text[:a[0]] + text[b[0]:b[1]] + text[a[1]:]
}

func (g *gen) n(max int) int { return g.r.IntN(max) }

func (g *gen) one(of ...string) string { return of[g.n(len(of))] }

func (g *gen) it() string {
	if len(g.in) == 0 {
		return ""
	}
	return g.in[len(g.in)-1]
}

func (g *gen) with(elem string, f func() string) string {
	g.in = append(g.in, elem)
	s := f()
	g.in = g.in[:len(g.in)-1]
	return s
}

func (g *gen) op() string { return g.one("==", "!=", "<", "<=", ">", ">=") }

func (g *gen) boolean(d int) string {
	if d <= 0 {
		return g.one("true", "profile.vip", "segment.high_value", "profile.gone_bool", "event.gift", "journey.welcome", "profile.consent.sms")
	}
	if g.timed && g.n(2) == 0 {
		return g.moved(d)
	}
	switch g.n(14) {
	case 0:
		return fmt.Sprintf("(%s and %s)", g.boolean(d-1), g.boolean(d-1))
	case 1:
		return fmt.Sprintf("(%s or %s)", g.boolean(d-1), g.boolean(d-1))
	case 2:
		return fmt.Sprintf("not (%s)", g.boolean(d-1))
	case 3, 4:
		return fmt.Sprintf("(%s %s %s)", g.number(d-1), g.op(), g.number(d-1))
	case 5:
		return fmt.Sprintf("(%s %s %s)", g.text(d-1), g.op(), g.text(d-1))
	case 6:
		return g.moved(d)
	case 7:
		return fmt.Sprintf("(%s is %s)", g.any(d-1), g.one("set", "missing"))
	case 8:
		if len(g.in) < maxDepth {
			list, elem := g.list(d - 1)
			return fmt.Sprintf("%s(%s, %s)", g.one("any", "all", "none", "one"), list, g.with(elem, func() string { return g.boolean(d - 1) }))
		}
	case 9:
		return fmt.Sprintf("(%s %s %s)", g.text(d-1), g.one("contains", "startsWith", "endsWith"), g.text(d-1))
	case 10:
		return fmt.Sprintf("(%s %s [%s, %s])", g.number(d-1), g.one("in", "not in"), g.number(d-1), g.number(0))
	case 11:
		return fmt.Sprintf("((%s) ?? %s)", g.boolean(d-1), g.boolean(d-1))
	case 12:
		return fmt.Sprintf("(%s ? %s : %s)", g.boolean(d-1), g.boolean(d-1), g.boolean(d-1))
	}
	return fmt.Sprintf("(%s matches %q)", g.text(d-1), g.one("^a", "[0-9]+", "林"))
}

// moved is a condition that time may move.
func (g *gen) moved(d int) string {
	switch g.n(7) {
	case 3:
		if len(g.in) < maxDepth {
			return fmt.Sprintf("%s((order_completed in last %s), %s)", g.one("any", "all", "none", "one"), g.one("7 seconds", "40 seconds", "1 minute"), g.with("order", func() string { return g.boolean(d - 1) }))
		}
	case 4:
		return fmt.Sprintf("(count((order_completed in last %s)) %s %s)", g.one("7 seconds", "40 seconds", "1 minute"), g.op(), g.one("0", "1", "2", "profile.visits"))
	case 0:
		return fmt.Sprintf("(%s %s %s)", g.duration(d-1), g.op(), g.duration(d-1))
	case 1:
		return fmt.Sprintf("(%s %s %s)", g.number(d-1), g.op(), g.number(d-1))
	case 2:
		return fmt.Sprintf("(local(%s).weekday %s %q)", g.moment(d-1), g.op(), g.one("monday", "sunday", "thursday"))
	}
	return fmt.Sprintf("(%s %s %s)", g.moment(d-1), g.op(), g.moment(d-1))
}

func (g *gen) number(d int) string {
	if d <= 0 {
		leaf := []string{"0", "1", "3", "0.5", "9", "profile.visits", "profile.total_spend", "profile.gone_number", "run.pick", "event.total", "run.answer.points", "1000000000000"}
		switch g.it() {
		case "order":
			leaf = append(leaf, ".total", "len(.items)")
		case "page":
			leaf = append(leaf, ".seconds")
		case "item":
			leaf = append(leaf, ".price", ".quantity")
		case "number":
			leaf = append(leaf, "it", "it")
		}
		return g.one(leaf...)
	}
	switch g.n(13) {
	case 0, 1:
		return fmt.Sprintf("(%s %s %s)", g.number(d-1), g.one("+", "-", "*", "/", "%"), g.number(d-1))
	case 2:
		return fmt.Sprintf("(%s(%s))", g.one("abs", "ceil", "floor", "round", "-"), g.number(d-1))
	case 3:
		return fmt.Sprintf("len(%s)", g.text(d-1))
	case 4:
		list, elem := g.list(d - 1)
		if elem == "number" {
			return fmt.Sprintf("%s(%s)", g.one("sum", "min", "max", "mean", "median", "first", "last"), list)
		}
		return fmt.Sprintf("count(%s)", list)
	case 5, 6:
		if len(g.in) < maxDepth {
			list, elem := g.list(d - 1)
			return fmt.Sprintf("count(%s, %s)", list, g.with(elem, func() string { return g.boolean(d - 1) }))
		}
	case 7:
		if len(g.in) < maxDepth {
			list, elem := g.list(d - 1)
			f := g.one("sum", "mean", "median", "most", "min", "max")
			body := g.with(elem, func() string { return g.number(d - 1) })
			if f == "min" || f == "max" { // must speak of the element
				if elem == "order" || elem == "item" || elem == "page" {
					body = map[string]string{"order": ".total", "item": ".price", "page": ".seconds"}[elem]
				} else {
					f = "sum"
				}
			}
			return fmt.Sprintf("%s(%s, %s)", f, list, body)
		}
	case 8, 9:
		return fmt.Sprintf("local(%s).%s", g.moment(d-1), g.one("hour", "minute", "day", "month", "year"))
	case 10:
		return fmt.Sprintf("(%s ?? %s)", g.number(d-1), g.number(d-1))
	case 11:
		return fmt.Sprintf("age(%s)", g.one("profile.birthday", "2000-02-29", "profile.gone_time", "2026-03-03", "local(now).date"))
	}
	return fmt.Sprintf("%s(%s, %s)", g.one("min", "max"), g.number(0), g.one("profile.visits", "7"))
}

func (g *gen) text(d int) string {
	if d <= 0 {
		leaf := []string{`"a"`, `"林"`, `""`, "profile.name", "profile.email", "profile.gone", "profile.id", "entry.event", "event.order_id", "profile.address.city"}
		switch g.it() {
		case "order":
			leaf = append(leaf, ".order_id")
		case "page":
			leaf = append(leaf, ".url")
		case "item":
			leaf = append(leaf, ".sku")
		case "text":
			leaf = append(leaf, "it")
		}
		return g.one(leaf...)
	}
	switch g.n(6) {
	case 0:
		return fmt.Sprintf("%s(%s)", g.one("lower", "upper", "trim"), g.text(d-1))
	case 1:
		return fmt.Sprintf("(%s + %s)", g.text(d-1), g.text(d-1))
	case 2:
		return fmt.Sprintf("replace(%s, %s, %s)", g.text(d-1), g.text(0), g.text(d-1))
	case 3:
		list := g.one("profile.tags", "split(profile.name, \"n\")", "map(page_viewed, .url)")
		if len(g.in) == maxDepth {
			list = "profile.tags"
		}
		return fmt.Sprintf("join(%s, %s)", list, g.text(d-1))
	case 4:
		return fmt.Sprintf("(%s ?? %s)", g.text(d-1), g.text(d-1))
	}
	return fmt.Sprintf("(%s ? %s : %s)", g.boolean(d-1), g.text(d-1), g.text(d-1))
}

func (g *gen) moment(d int) string {
	if d <= 0 {
		if g.timed && g.n(3) > 0 {
			return g.one("now", "now", "entry.at", "event.at", "profile.last_seen", "entry.starts", "last(order_completed).at")
		}
		leaf := []string{"now", "now", "2026-03-02", "2026-03-02 09:00", "profile.last_seen", "profile.birthday", "event.at", "entry.at", "entry.starts",
			"profile.gone_time", "last(order_completed).at", "profile.dates[0]"}
		switch g.it() {
		case "order", "page":
			leaf = append(leaf, ".at", ".at", ".at")
			if g.timed && g.n(3) > 0 {
				return ".at"
			}
		case "time":
			leaf = append(leaf, "it", "it")
		}
		return g.one(leaf...)
	}
	switch g.n(9) {
	case 8:
		return fmt.Sprintf("(%s - (now - %s))", g.moment(0), g.moment(0)) // runs backwards
	case 0, 1:
		return fmt.Sprintf("%s(%s)", g.one("ago", "from_now"), g.duration(g.n(d)))
	case 2, 3:
		return fmt.Sprintf("(%s %s %s)", g.moment(d-1), g.one("+", "-"), g.duration(d-1))
	case 4:
		return fmt.Sprintf("(%s ?? %s)", g.moment(d-1), g.moment(d-1))
	case 5:
		return fmt.Sprintf("(%s ? %s : %s)", g.boolean(d-1), g.moment(d-1), g.moment(d-1))
	case 6:
		return fmt.Sprintf("local(%s).date", g.moment(d-1))
	}
	list, elem := g.list(d - 1)
	switch elem {
	case "order", "page":
		return fmt.Sprintf("%s(%s).at", g.one("first", "last"), list)
	case "time":
		return fmt.Sprintf("%s(%s)", g.one("first", "last", "min", "max"), list)
	}
	return g.moment(0)
}

func (g *gen) duration(d int) string {
	if d <= 0 {
		if g.timed && g.n(3) > 0 {
			return g.one("1 second", "7 seconds", "30 seconds", "40 seconds", "50 seconds")
		}
		return g.one("0 seconds", "1 second", "7 seconds", "40 seconds", "1 minute", "2 hours", "1 day", "365 days", "profile.lead")
	}
	switch g.n(6) {
	case 0, 1, 2:
		return fmt.Sprintf("(%s - %s)", g.moment(d-1), g.moment(d-1))
	case 3:
		return fmt.Sprintf("(%s %s %s)", g.duration(d-1), g.one("+", "-"), g.duration(d-1))
	case 4:
		return fmt.Sprintf("(%s %s %s)", g.duration(0), g.one("*", "/"), g.number(d-1))
	}
	return fmt.Sprintf("(-%s)", g.duration(d-1))
}

// list is a list and what its elements are.
func (g *gen) list(d int) (string, string) {
	if d <= 0 || g.n(3) == 0 {
		leaf := [][2]string{{"order_completed", "order"}, {"page_viewed", "page"}, {"profile.tags", "text"}, {"profile.scores", "number"},
			{"profile.dates", "time"}, {"event.items", "item"}, {"profile.gone_list", "number"}, {"[3, 1, 2]", "number"}}
		if g.it() == "order" {
			leaf = append(leaf, [2]string{".items", "item"})
		}
		for range 3 {
			leaf = append(leaf, [2]string{"(order_completed in last " + g.one("0 seconds", "7 seconds", "40 seconds", "1 minute", "1 day") + ")", "order"})
		}
		l := leaf[g.n(len(leaf))]
		return l[0], l[1]
	}
	list, elem := g.list(d - 1)
	switch g.n(6) {
	case 0:
		return fmt.Sprintf("%s(%s)", g.one("reverse", "unique"), list), elem
	case 1:
		return fmt.Sprintf("take(%s, %s)", list, g.number(d-1)), elem
	case 2:
		if elem == "number" || elem == "text" || elem == "time" {
			return fmt.Sprintf("sort(%s)", list), elem
		}
	case 3:
		if len(g.in) < maxDepth {
			return fmt.Sprintf("filter(%s, %s)", list, g.with(elem, func() string { return g.boolean(d - 1) })), elem
		}
	case 4:
		if len(g.in) < maxDepth {
			return fmt.Sprintf("map(%s, %s)", list, g.with(elem, func() string { return g.number(d - 1) })), "number"
		}
	case 5:
		if len(g.in) < maxDepth {
			return fmt.Sprintf("sortBy(%s, %s, %q)", list, g.with(elem, func() string { return g.number(d - 1) }), g.one("asc", "desc")), elem
		}
	}
	return list, elem
}

func (g *gen) any(d int) string {
	switch g.n(6) {
	case 0:
		return g.number(d)
	case 1:
		return g.text(d)
	case 2:
		return g.moment(d)
	case 3:
		return g.duration(d)
	case 4:
		return g.one("profile.extra", "run.answer", "run.answer.points", "profile.address", "last(order_completed)", "event", "profile.tags")
	}
	return "(" + g.boolean(d) + ")"
}

// junk is any value at all.
func (g *gen) junk(now value.Time) any {
	switch g.n(16) {
	case 0, 1:
		return nil
	case 2:
		return g.one("", "NaN", "Inf", "gold", "2026-01-01", "1e999", "林", strings.Repeat("x", 300))
	case 3:
		return []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1 << 53, math.Copysign(0, -1)}[g.n(8)]
	case 4, 5:
		return float64(g.n(20) - 5)
	case 6:
		return g.n(2) == 0
	case 7:
		return value.Time([]int64{math.MaxInt64, math.MinInt64, 0, limit, -limit, int64(now)}[g.n(6)])
	case 8:
		return value.Date([]int32{math.MaxInt32, math.MinInt32, 0, 20000, 100_000_000, -100_000_000}[g.n(6)])
	case 9:
		return value.Duration([]int64{math.MaxInt64, math.MinInt64, 0, limit, -limit, 86400000}[g.n(6)])
	case 10:
		return []any{}
	case 11:
		return []any{g.junk(now), g.junk(now), "a", 1.0}
	case 12:
		return map[string]any{"city": g.junk(now), "sku": "A", "price": g.junk(now), "at": g.junk(now), "points": g.junk(now)}
	case 13:
		return map[string]any(nil)
	case 14:
		return []any(nil)
	}
	return now
}

// near is an instant within a minute and a half of now, mostly a whole second.
func (g *gen) near(now value.Time) value.Time {
	t := now + value.Time(1000*(g.n(180)-90))
	if g.n(4) == 0 {
		t += value.Time(g.n(1000))
	}
	return t
}

// env is random surroundings: values that fit, are missing, or, where wild,
// are anything.
func (g *gen) env(now value.Time, zone *time.Location, wild bool) *Env {
	pick := func(fit func() any) any {
		switch r := g.n(8); {
		case r == 0:
			return nil
		case wild && r < 4:
			return g.junk(now)
		}
		return fit()
	}
	number := func() any { return float64(g.n(10)) }
	moment := func() any { return g.near(now) }
	items := func() any {
		l := make([]any, g.n(3))
		for i := range l {
			l[i] = pick(func() any {
				return map[string]any{"sku": g.one("A", "B"), "price": pick(number), "quantity": pick(number)}
			})
		}
		return l
	}
	p := &person{
		traits: map[string]any{
			"name": pick(func() any { return g.one("Ann", "林") }), "email": pick(func() any { return "a@b.c" }),
			"tier": pick(func() any { return g.one("gold", "silver") }), "total_spend": pick(number), "visits": pick(number),
			"vip": pick(func() any { return g.n(2) == 0 }), "last_seen": pick(moment), "lead": pick(func() any { return value.Duration(g.n(60)) * value.Second }),
			"birthday": pick(func() any { return now.Date(zone) - value.Date(g.n(3)-1) - value.Date(365*g.n(3)) }),
			"tags":     pick(func() any { return []any{pick(func() any { return "a" }), "b"} }),
			"scores":   pick(func() any { return []any{pick(number), pick(number)} }),
			"dates":    pick(func() any { return []any{pick(moment), pick(moment)} }),
			"address":  pick(func() any { return map[string]any{"city": pick(func() any { return "x" })} }),
			"consent":  pick(func() any { return map[string]any{"sms": pick(func() any { return true })} }),
			"extra":    pick(number),
		},
		events: map[string][]*Event{}, segments: map[string]bool{"high_value": g.n(2) == 0}, journeys: map[string]bool{"welcome": g.n(2) == 0},
	}
	if wild {
		for _, name := range []string{"gone", "gone_number", "gone_list", "gone_time", "gone_bool"} {
			p.traits[name] = g.junk(now)
		}
	}
	order := func() *Event {
		return &Event{ID: "o", Name: "order_completed", At: g.near(now), Props: PropsOf(map[string]any{
			"order_id": pick(func() any { return "a" }), "total": pick(number), "items": pick(items), "gift": pick(func() any { return true })})}
	}
	for range g.n(5) {
		p.events["order_completed"] = append(p.events["order_completed"], order())
	}
	for range g.n(3) {
		p.events["page_viewed"] = append(p.events["page_viewed"], &Event{Name: "page_viewed", At: g.near(now),
			Props: PropsOf(map[string]any{"url": pick(func() any { return "/a" }), "seconds": pick(number)})})
	}
	if g.n(3) == 0 {
		p.hours = g.hours(now)
	}
	e := &Env{Now: now, Zone: zone, Person: p}
	if g.n(4) > 0 {
		e.Event = order()
	}
	if g.n(4) > 0 {
		e.Entry = &Event{Name: "cart_updated", At: g.near(now), Props: PropsOf(map[string]any{"cart_id": pick(func() any { return "c" }), "starts": pick(moment)})}
	}
	if g.n(4) > 0 {
		e.Run = map[string]any{"pick": pick(number), "answer": pick(func() any { return map[string]any{"points": pick(number)} })}
	}
	return e
}

// hours are what is known by the hour of events before now, mostly of hours
// that are about to leave a window.
func (g *gen) hours(now value.Time) map[string][]Hour {
	all := map[string][]Hour{}
	for _, key := range []string{"order_completed", "order_completed.total", "page_viewed"} {
		for _, back := range []int64{26, 25, 24, 2, 1, 0} {
			if g.n(2) == 0 {
				least := float64(g.n(10))
				n := 1 + g.n(3)
				all[key] = append(all[key], Hour{Hour: HourOf(now) - back, N: n, Sum: least*float64(n) + 3, Min: least, Max: least + 3})
			}
		}
	}
	return all
}
