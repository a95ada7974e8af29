package forecast

import (
	"sync"
	"time"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
)

// figure names something that is counted.
type figure struct {
	what                  what
	journey, name, detail string
}

// what is counted.
type what string

// The kinds of figure. Name and detail are in brackets.
const (
	entered what = "entered"
	refused what = "refused" // (reason)
	ended   what = "ended"   // (reason)
	sent    what = "sent"    // (message, channel)
	skipped what = "skipped" // (message, reason)
	failed  what = "failed"  // (message, reason)
	goal    what = "goal"    // (goal)
	took    what = "took"    // (step, way)
	inside  what = "inside"  // (step, what the run does there)
)

// figures gives figures numbers. All workers share one; each keeps what it has
// met.
type figures struct {
	mu     sync.Mutex
	number map[figure]int32
	list   []figure
}

func newFigures() *figures { return &figures{number: map[figure]int32{}} }

func (f *figures) of(x figure) int32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, known := f.number[x]
	if !known {
		n = int32(len(f.list))
		f.number[x] = n
		f.list = append(f.list, x)
	}
	return n
}

// tally is what happened to one person, by figure.
type tally []counted

type counted struct{ figure, n int32 }

func (t *tally) add(figure, n int32) {
	for i := range *t {
		if (*t)[i].figure == figure {
			(*t)[i].n += n
			return
		}
	}
	*t = append(*t, counted{figure, n})
}

func (t *tally) merge(o tally) {
	for _, c := range o {
		t.add(c.figure, c.n)
	}
}

// counts is what happened in a shard.
type counts struct {
	known  map[figure]int32 // numbers that were asked for before
	n      []int64          // by figure
	value  []float64        // of goals
	square []float64        // of a sample: the sum of the squares of what groups have
	days   map[day]int64

	met, merged, people              int
	peopleSquared                    float64 // the sum over groups
	unused, dropped, behind, repeats int
}

// day is what is counted for each day.
type day struct {
	date    value.Date
	what    what // entered, sent or goal
	channel string
}

func newCounts() *counts { return &counts{known: map[figure]int32{}, days: map[day]int64{}} }

func (c *counts) grow(n int32) {
	for int(n) >= len(c.n) {
		c.n, c.value = append(c.n, 0), append(c.value, 0)
	}
}

// count counts a figure for the one at hand.
func (w *worker) count(x figure, each bool) int32 {
	c := w.shard
	n, known := c.known[x]
	if !known {
		n = w.figures.of(x)
		c.known[x] = n
		c.grow(n)
	}
	c.n[n]++
	if each && w.o.each() {
		w.who.tally.add(n, 1)
	}
	return n
}

// Observe counts what happens.
func (w *worker) Observe(t orchestrator.Trace) {
	switch t.Kind {
	case orchestrator.TraceEntered:
		w.count(figure{entered, t.Journey, "", ""}, true)
		w.shard.days[day{w.days.of(t.At), entered, ""}]++
	case orchestrator.TraceRefused:
		w.count(figure{refused, t.Journey, t.Detail, ""}, true)
	case orchestrator.TraceEnded:
		w.count(figure{ended, t.Journey, t.Detail, ""}, true)
	case orchestrator.TraceGoal:
		n := w.count(figure{goal, t.Journey, t.Name, ""}, true)
		if v, ok := t.Value.(float64); ok {
			w.shard.value[n] += v
		}
		w.shard.days[day{w.days.of(t.At), goal, ""}]++
	case orchestrator.TraceTook:
		w.count(figure{took, t.Journey, t.Step, t.Detail}, false)
	case orchestrator.TraceOutcome:
		w.outcome(&t)
	}
}

func (w *worker) outcome(t *orchestrator.Trace) {
	way := "otherwise"
	state, reason := cutDetail(t.Detail)
	switch state {
	case sent:
		channel := channelOf(w.o.Plan.Program, t.Name)
		w.count(figure{sent, t.Journey, t.Name, channel}, true)
		w.shard.days[day{w.days.of(t.At), sent, channel}]++
		way = "sent"
	case skipped:
		w.count(figure{skipped, t.Journey, t.Name, reason}, true)
		if reason == orchestrator.SkippedControl {
			way = "sent"
		}
	default:
		w.count(figure{failed, t.Journey, t.Name, reason}, true)
	}
	w.count(figure{took, t.Journey, t.Step, way}, false)
}

// cutDetail takes "skipped: consent" apart.
func cutDetail(s string) (state what, reason string) {
	const sep = ": "
	for i := 0; i+len(sep) <= len(s); i++ {
		if s[i:i+len(sep)] == sep {
			return what(s[:i]), s[i+len(sep):]
		}
	}
	return what(s), ""
}

// callChannel is how a declared webhook that is called is counted.
const callChannel = "call"

func channelOf(p *dsl.Program, message string) string {
	if m, ok := p.Message(message); ok {
		return m.Channel
	}
	return callChannel
}

// days says on which day of a zone an instant is, quickly for those of one
// day.
type days struct {
	zone     *time.Location
	from, to value.Time // of the day that was asked for last
	date     value.Date
}

func (d *days) of(t value.Time) value.Date {
	if t >= d.from && t < d.to {
		return d.date
	}
	d.date = t.Date(d.zone)
	d.from, d.to = d.date.Midnight(d.zone), (d.date + 1).Midnight(d.zone)
	return d.date
}
