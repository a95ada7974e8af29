package proving

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"journey/dsl/value"
)

// zones are those in which people live: half hours, southern summers, a clock
// change at midnight.
var zones = []string{"Asia/Taipei", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "UTC"}

// GenerateSteady is a random case in which nothing depends on how the person
// is at a certain instant: conditions read the event at hand, the entry and
// what the run keeps; everything is sent; nobody leaves early. There it does
// not matter how late machines are.
func GenerateSteady(seed, n uint64) *Case {
	g := &gen{r: rand.New(rand.NewPCG(seed, n/perProgram)), steady: true}
	p := g.program()
	g.r = rand.New(rand.NewPCG(^seed, n))
	return &Case{p, g.script(p)}
}

// perProgram is how many cases in a row have one program.
const perProgram = 4

// Generate is the n-th random case of a seed; equal arguments make equal
// cases.
func Generate(seed, n uint64) *Case {
	g := &gen{r: rand.New(rand.NewPCG(seed, n/perProgram))}
	p := g.program()
	g.r = rand.New(rand.NewPCG(^seed, n))
	return &Case{p, g.script(p)}
}

// Mute is the case with a tag in the place of every send, or, where it has an
// otherwise, with a condition that may take that way.
func (c *Case) Mute() *Case {
	c = clone(c)
	everyExpr(reflect.ValueOf(c.Program), func(e *Expr) {
		if e.Op == OpSent { // what is never sent must not be asked for
			*e = Expr{Op: OpTrait, Name: "flag"}
		}
	})
	for _, j := range c.Program.Journeys {
		j.steps(func(s *Step) {
			switch {
			case s.Kind != StepSend:
			case s.Else != nil:
				*s = Step{Kind: StepIf, Cond: &Expr{Op: OpTagged, Name: "vip"}, Then: s.Else}
			default:
				*s = Step{Kind: StepTag, Name: "vip"}
			}
		})
	}
	return c
}

// Apart is the case with every input at an instant of its own, as the engine
// has them, and without requests to journeys that take none, which it never
// lets through.
func (c *Case) Apart() *Case {
	c = clone(c)
	takes := map[string]bool{}
	for _, j := range c.Program.Journeys {
		for _, e := range j.Entries {
			takes[j.Name] = takes[j.Name] || e.Kind == EnterRequest
		}
	}
	s := c.Script
	s.Inputs = slices.DeleteFunc(s.Inputs, func(in *Input) bool { return in.Kind == InputRequest && !takes[in.Name] })
	for i, in := range s.Inputs[:max(0, len(s.Inputs)-1)] {
		if next := s.Inputs[i+1]; next.At <= in.At {
			if next.Of == next.At {
				next.Of = in.At + 1
			}
			next.At = in.At + 1
		}
	}
	if n := len(s.Inputs); n > 0 {
		s.Until = max(s.Until, s.Inputs[n-1].At)
	}
	return c
}

// gen makes choices. The lengths and clock times of a program are few, so that
// things often happen at one instant or just beside each other.
type gen struct {
	r       *rand.Rand
	p       *Program
	lengths []value.Duration
	clocks  []int
	steady  bool // nothing depends on how the person is
	crowded bool // the journeys are entered by the same event, and send at once
	daily   bool // local days, birthdays and ages are asked for
	hourly  bool
	j       *Journey
	props   bool // the entry of this journey has properties
	items   bool // it may be an element of a list
	vars    []string
	sends   []string // messages that it sends
	lets    int
	budget  int // steps left for this journey
}

func (g *gen) n(max int) int { return g.r.IntN(max) }

// chance is true in so many of a hundred.
func (g *gen) chance(percent int) bool { return g.n(100) < percent }

func pick[T any](g *gen, of ...T) T { return of[g.n(len(of))] }

func (g *gen) program() *Program {
	g.p = &Program{Zone: pick(g, zones...), ConsentAssumed: g.chance(20) || g.steady}
	if g.chance(10) {
		g.p.Zone = ""
	}
	for range 4 {
		g.lengths = append(g.lengths, pick(g, 30*value.Second, value.Minute, 10*value.Minute, value.Hour, 2*value.Hour,
			12*value.Hour, value.Day, value.Day, 2*value.Day, 3*value.Day, 7*value.Day, 10*value.Day, 30*value.Day))
	}
	for range 3 {
		g.clocks = append(g.clocks, pick(g, 0, 60, 90, 120, 135, 150, 180, 9*60, 9*60, 10*60, 15*60+30, 20*60, 22*60, 23*60+30))
	}
	g.crowded = g.chance(30)
	g.daily = g.chance(25)
	g.hourly = g.daily && g.chance(30)
	for i := range g.some(3) {
		g.p.Computed = append(g.p.Computed, g.computed(i))
	}
	for i := range g.some(3) {
		g.p.Segments = append(g.p.Segments, &Segment{fmt.Sprintf("seg%d", i), g.cond(2, scope{derived: true})})
	}
	if !g.steady {
		g.settings()
	}
	g.messages()
	n := 1 + g.n(3)
	if g.crowded {
		n = 3
	}
	for i := range n {
		g.p.Journeys = append(g.p.Journeys, &Journey{Name: fmt.Sprintf("j%d", i)})
	}
	for _, j := range g.p.Journeys {
		g.kinds(j)
	}
	for _, j := range g.p.Journeys {
		g.journey(j)
	}
	if g.chance(4) && !g.steady {
		g.echo()
	}
	g.ungiven()
	return g.p
}

// echo adds two journeys that set each other going.
func (g *gen) echo() {
	flag := &Expr{Op: OpTrait, Name: "flag"}
	for i, when := range []*Expr{flag, op(OpNot, flag)} {
		j := &Journey{Name: fmt.Sprintf("echo%d", i), Again: "after exit", Entries: []*Entry{{Kind: EnterWhen, When: when}}}
		if g.chance(30) {
			j.Steps = append(j.Steps, &Step{Kind: StepWait, For: op("*", g.small(), g.literal())})
		}
		j.Steps = append(j.Steps, &Step{Kind: StepSet, Trait: "flag", Value: lit(i == 1)})
		g.p.Journeys = append(g.p.Journeys, j)
	}
}

// some is how many there are of what a steady program has none of.
func (g *gen) some(max int) int {
	if g.steady {
		return 0
	}
	return g.n(max)
}

func (g *gen) computed(i int) *Computed {
	c := &Computed{Name: fmt.Sprintf("sum%d", i), Type: "number"}
	switch g.n(5) {
	case 0:
		c.Name, c.Type = fmt.Sprintf("at%d", i), "time"
		c.Expr = &Expr{Op: pick(g, OpNewest, OpFirst), Args: []*Expr{g.events(scope{})}, Name: "at"}
	default:
		c.Expr = g.num(1, scope{derived: true})
	}
	return c
}

// settings are the rules of the workspace.
func (g *gen) settings() {
	for g.chance(15) && len(g.p.Quiet) < 2 {
		from := pick(g, g.clocks...)
		q := &Quiet{From: from, To: (from + pick(g, 60, 150, 8*60)) % (24 * 60), Email: g.chance(50)}
		if g.chance(40) {
			q.Days = g.days()
		}
		g.p.Quiet = append(g.p.Quiet, q)
	}
	for g.chance(15) && len(g.p.Caps) < 2 {
		g.p.Caps = append(g.p.Caps, &Cap{Email: g.chance(50), Count: 1 + g.n(3), Per: pick(g, g.lengths...), Calendar: g.chance(30)})
	}
	if g.chance(5) {
		g.p.Control = 50
	}
	if g.chance(10) {
		g.p.Suppress = append(g.p.Suppress, &Suppress{Email: g.chance(50), When: g.cond(1, scope{derived: true})})
	}
}

func (g *gen) messages() {
	name := &Expr{Op: OpTrait, Name: "name"}
	g.p.Messages = []*Message{
		{Name: "hello", Via: "email", Subject: []Part{{Text: "hi "}, {Value: name, Default: "you"}}, Text: []Part{{Text: "hello"}}},
		{Name: "need", Via: "email", Subject: []Part{{Text: "need"}}, Text: []Part{{Text: "dear "}, {Value: name}}},
		{Name: "note", Via: "email", Subject: []Part{{Text: "note"}}, Text: []Part{{Value: &Expr{Op: OpWith, Name: "x"}, Default: "none"}}, Transactional: g.chance(50)},
		{Name: "hook", Via: "webhook", JSON: []Pair{{"who", name}, {"n", g.num(1, scope{derived: true})}, {"yes", g.cond(1, scope{derived: true})},
			{"x", &Expr{Op: OpWith, Name: "x"}}, {"y", op("??", &Expr{Op: OpWith, Name: "y"}, g.small())}}},
	}
	if !g.steady {
		for _, m := range g.p.Messages {
			m.Topic = m.Via == "email" && g.chance(25)
			if g.chance(15) {
				m.ValidFor = pick(g, g.lengths...)
			}
		}
	}
	if g.chance(30) {
		g.p.Messages = append(g.p.Messages, &Message{Name: "other", Via: "email", Subject: []Part{{Text: "other"}},
			Text: []Part{{Value: &Expr{Op: OpWith, Name: "x"}}}, To: pick(g, &Expr{Op: OpTrait, Name: "alt"}, &Expr{Op: OpWith, Name: "to"})})
	}
}

// ungiven leaves out of a message what no step gives it.
func (g *gen) ungiven() {
	sent, given := map[string]bool{}, map[string]bool{}
	for _, j := range g.p.Journeys {
		j.steps(func(s *Step) {
			if s.Kind == StepSend {
				sent[s.Name] = true
				for _, w := range s.With {
					given[s.Name+" "+w.Name] = true
				}
			}
		})
	}
	for _, m := range g.p.Messages {
		m.JSON = slices.DeleteFunc(m.JSON, func(p Pair) bool { return p.Name == "y" && sent[m.Name] && !given[m.Name+" y"] })
	}
}

// days are some days of the week.
func (g *gen) days() []string {
	return pick(g, []string{"monday"}, []string{"sunday"}, []string{"monday", "friday"}, []string{"weekdays"}, []string{"weekends"}, []string{"sunday", "tuesday"})
}

// kinds decides how a journey is entered.
func (g *gen) kinds(j *Journey) {
	dated := pick(g, EnterYearly, EnterDate, EnterDate, EnterDaily, EnterWeekday, EnterMonthly, EnterDay)
	kinds := []string{pick(g, EnterEvent, EnterEvent, EnterEvent, EnterEvent, EnterWhen, EnterWhen, EnterRequest, dated)}
	if g.crowded || g.steady {
		kinds[0] = EnterEvent
	}
	for g.chance(20) && len(kinds) < 3 && !g.steady {
		kinds = append(kinds, pick(g, EnterEvent, EnterWhen, dated))
	}
	for _, k := range kinds {
		j.Entries = append(j.Entries, &Entry{Kind: k, Each: k == EnterEvent && !g.steady && g.chance(12)})
	}
}

// dated decides when an entry by date or clock is due.
func (g *gen) dated(e *Entry) {
	e.HasAt, e.Clock = true, pick(g, g.clocks...)
	trait := func() string {
		for _, c := range g.p.Computed {
			if c.Type == "time" && g.chance(30) {
				return c.Name
			}
		}
		return pick(g, "birthday", "birthday", "since")
	}
	whole := value.Duration(1+g.n(10)) * value.Day
	switch e.Kind {
	case EnterYearly:
		e.Trait, e.Before = trait(), g.chance(50)
		if g.chance(40) {
			e.Apart = whole
		}
		if g.chance(30) {
			e.HasAt, e.Clock = false, 0
		}
	case EnterDate:
		e.Trait, e.Before, e.Apart = trait(), g.chance(50), whole
		if g.chance(50) {
			e.HasAt, e.Clock, e.Apart = false, 0, pick(g, g.lengths...)
		}
	case EnterWeekday:
		e.Days = pick(g, []string{"monday"}, []string{"sunday", "tuesday"}, []string{"monday", "friday"})
	case EnterMonthly:
		e.Months = pick(g, []int{0}, []int{1}, []int{30, 0}, []int{8, 29, 31}, []int{1, 15})
	case EnterDay:
		e.Date = pick(g, days...) + value.Date(g.n(4))
	}
}

func (g *gen) journey(j *Journey) {
	g.j, g.vars, g.lets, g.sends = j, nil, 0, nil
	g.props, g.items = false, false
	for _, e := range j.Entries {
		g.props = g.props || e.Kind == EnterRequest
	}
	each := false
	for _, e := range j.Entries {
		switch e.Kind {
		case EnterEvent:
			if e.Event = g.happening(); isChange(e.Event) {
				e.Each = false
				e.Where = g.changed(e.Event, scope{}, 40)
				continue
			}
			each = each || e.Each
			g.props = true
			if g.chance(40) {
				e.Where = g.cond(1, scope{event: true, entry: true, item: e.Each})
			}
		case EnterWhen:
			e.When = g.cond(2, scope{timed: true})
			if g.chance(15) {
				e.Where = g.cond(1, scope{})
			}
			e.Including = g.chance(10)
		case EnterRequest:
			if g.chance(20) {
				e.Where = g.cond(1, scope{entry: true})
			}
		default:
			g.dated(e)
			if g.chance(15) {
				e.Where = g.cond(1, scope{})
			}
		}
	}
	g.items = each
	g.reentry(j)
	g.budget = 12
	s := scope{entry: g.props, run: true}
	if g.crowded {
		j.Steps = []*Step{g.send(1, s), g.effect(s)}
	}
	j.Steps = append(j.Steps, g.block(3, 1+g.n(5), s, false)...)
	g.head(j)
}

func (g *gen) reentry(j *Journey) {
	j.Again = pick(g, "", "once", "after exit", "after exit", "after exit", "after", "after")
	if g.steady {
		j.Again, j.Per = "once", &Expr{Op: OpEntry, Name: pick(g, "id", "n")}
		return
	}
	if j.Again == "" {
		return
	}
	if j.Again == "after" {
		j.After = g.length(scope{entry: g.props})
	}
	if g.chance(30) {
		j.Per = pick(g, &Expr{Op: OpTrait, Name: "tier"}, &Expr{Op: OpTrait, Name: "num"})
		if g.props && g.chance(70) {
			j.Per = &Expr{Op: OpEntry, Name: pick(g, "id", "n")}
		}
		if g.items && g.chance(70) {
			j.Per = &Expr{Op: OpEntry, Name: pick(g, "item.sku", "item.n")}
		}
	}
}

func (g *gen) head(j *Journey) {
	if g.steady {
		return
	}
	s := scope{entry: g.props, run: true, timed: true}
	if g.chance(20) {
		j.While = g.cond(1, s)
	}
	for g.chance(35) && len(j.Goals) < 2 {
		goal := &Goal{Name: fmt.Sprintf("g%d", len(j.Goals)), Event: g.happening(), Within: g.length(s)}
		if isChange(goal.Event) {
			goal.Where = g.changed(goal.Event, s, 40)
		} else if g.chance(40) {
			goal.Where = g.cond(1, s.with(true))
		}
		if g.chance(60) {
			goal.Value = g.num(1, s.with(!isChange(goal.Event)))
		}
		j.Goals = append(j.Goals, goal)
	}
	for g.chance(45) && len(j.Exits) < 3 {
		x := &Exit{}
		switch k := g.n(10); {
		case k < 5:
			if x.Event = g.happening(); isChange(x.Event) {
				x.Where = g.changed(x.Event, s, 40)
			} else if g.chance(40) {
				x.Where = g.cond(1, s.with(true))
			}
		case k < 8 || len(j.Goals) == 0:
			x.When = g.cond(2, s)
		default:
			x.Goal = pick(g, j.Goals...).Name
		}
		j.Exits = append(j.Exits, x)
	}
	j.Transactional = g.chance(5)
	if g.chance(20) {
		j.Priority = pick(g, -1, 1, 2)
	}
	if g.chance(10) {
		j.Control = 50
	}
}

func (g *gen) event() string {
	if g.crowded && g.chance(50) {
		return "ping"
	}
	return pick(g, "ping", "ping", "bought", "left")
}

// happening is an event, or the change of a trait.
func (g *gen) happening() string {
	if g.steady || g.chance(85) {
		return g.event()
	}
	if len(g.p.Computed) > 0 && g.chance(30) {
		return changeOf + pick(g, g.p.Computed...).Name
	}
	return changeOf + pick(g, "tier", "num", "flag", "since")
}

func isChange(event string) bool { return strings.HasPrefix(event, changeOf) }

// changed is now and then a condition on the change of a trait.
func (g *gen) changed(event string, s scope, percent int) *Expr {
	if !g.chance(percent) {
		return nil
	}
	side := &Expr{Op: OpEvent, Name: pick(g, "from", "to")}
	switch trait := strings.TrimPrefix(event, changeOf); {
	case g.chance(20):
		return op(pick(g, OpSet, OpMissing), side)
	case trait == "tier":
		return op(pick(g, "==", "!="), side, lit(pick(g, tiers...)))
	case trait == "num" || strings.HasPrefix(trait, "sum"):
		return op(g.order(), side, g.num(0, s.with(false)))
	case trait == "flag":
		return op(pick(g, "==", "!="), side, lit(g.chance(50)))
	}
	return op(g.order(), side, g.time(s.with(false)))
}

// block is a row of steps. mayLeave: it may end with an exit.
func (g *gen) block(depth, n int, s scope, mayLeave bool) []*Step {
	var list []*Step
	for range n {
		if g.budget <= 0 && len(list) > 0 {
			break
		}
		g.budget--
		list = append(list, g.step(depth, s))
	}
	if mayLeave && g.chance(20) {
		list = append(list, &Step{Kind: StepExit, Name: pick(g, "", "enough")})
	}
	return list
}

// sub is a block inside a step; now and then there is none.
func (g *gen) sub(depth, absent int, s scope, mayLeave bool) []*Step {
	if g.chance(absent) {
		return nil
	}
	return g.block(depth-1, 1+g.n(2), s, mayLeave)
}

func (g *gen) step(depth int, s scope) *Step {
	k := g.n(100)
	switch {
	case k < 24:
		return g.send(depth, s)
	case k < 32:
		return &Step{Kind: StepWait, For: g.length(s)}
	case k < 34:
		return &Step{Kind: StepHour, Value: g.hour(s)}
	case k < 40:
		c := &Step{Kind: StepClock, Clock: pick(g, g.clocks...)}
		switch g.n(4) {
		case 0:
			c.Tomorrow = true
			if g.chance(40) {
				c.Days = g.days()
			}
		case 1:
			c.Days = pick(g, []string{"monday"}, []string{"sunday"}, []string{"monday", "friday"}, []string{"weekdays"})
		}
		return c
	case k < 45:
		w := &Step{Kind: StepWindow, Clock: pick(g, g.clocks...), To: pick(g, g.clocks...)}
		if w.To == w.Clock {
			w.To = (w.Clock + 4*60) % (24 * 60)
		}
		if g.chance(30) {
			w.Days = pick(g, []string{"weekdays"}, []string{"weekends"}, []string{"sunday", "tuesday"})
		}
		return w
	case k < 51:
		return g.quiet(s)
	case k < 90 && depth > 0:
		return g.branching(depth, k, s)
	}
	return g.effect(s)
}

func (g *gen) quiet(s scope) *Step {
	q := &Step{Kind: StepQuiet, Event: g.event(), For: g.length(s)}
	if g.chance(40) {
		q.Where = g.cond(1, s.with(true))
	}
	return q
}

func (g *gen) branching(depth, k int, s scope) *Step {
	switch {
	case k < 60:
		m := &Step{Kind: StepMoment, Moment: g.moment(s)}
		if g.chance(40) {
			m.HasAt, m.Clock = true, pick(g, g.clocks...)
			if g.chance(40) {
				m.Days = g.days()
			}
		}
		m.PastExit = g.chance(20)
		m.Then = g.sub(depth, 40, s, !m.PastExit)
		if !m.PastExit {
			m.Else = g.sub(depth, 50, s, false)
		}
		return m
	case k < 74:
		return g.waitFor(depth, s)
	case k < 77:
		return g.repeat(depth, s)
	case k < 84:
		return &Step{Kind: StepIf, Cond: g.cond(2, s), Then: g.sub(depth, 0, s, true), Else: g.sub(depth, 40, s, false)}
	}
	split := &Step{Kind: StepSplit, Split: "halves", Branches: []*Branch{{Name: "a", Share: 50}, {Name: "b", Share: 50}}}
	if g.chance(40) {
		split.Split, split.Branches = "thirds", []*Branch{{Name: "a", Share: 33}, {Name: "b", Share: 33}, {Name: "none", Share: 34}}
	}
	for i, b := range split.Branches {
		b.Body = g.sub(depth, 20, s, i == 0)
	}
	return split
}

func (g *gen) repeat(depth int, s scope) *Step {
	r := &Step{Kind: StepRepeat, Times: 1 + g.n(3)}
	if g.chance(60) {
		r.For = g.length(s)
	}
	if g.chance(40) {
		r.Cond = g.cond(1, s)
	}
	r.Then = g.sub(depth, 0, s, false)
	return r
}

func (g *gen) hour(s scope) *Expr {
	if g.chance(50) {
		return lit(pick(g, 0.0, 1.5, 2, 2.5, 9, 24, 25))
	}
	return g.num(1, s)
}

func (g *gen) waitFor(depth int, s scope) *Step {
	w := &Step{Kind: StepFor, For: g.length(s)}
	k := g.n(4)
	switch {
	case k == 0 && !g.steady:
		w.Until = true
		w.Alts = []*Alt{{When: g.cond(2, s.moving()), Body: g.sub(depth, 40, s, true)}}
	case k == 1:
		w.Alts = []*Alt{g.alternative(depth, s)}
	default:
		for range 2 + g.n(2) {
			if g.chance(25) && !g.steady {
				w.Alts = append(w.Alts, &Alt{When: g.cond(1, s.moving()), Body: g.sub(depth, 30, s, true)})
			} else {
				w.Alts = append(w.Alts, g.alternative(depth, s))
			}
		}
	}
	w.Else = g.sub(depth, 40, s, false)
	return w
}

func (g *gen) alternative(depth int, s scope) *Alt {
	a := &Alt{Event: g.happening(), Since: g.chance(25)}
	if isChange(a.Event) {
		a.Where = g.changed(a.Event, s, 40)
		a.Body = g.sub(depth, 30, s.with(false), true)
		return a
	}
	if g.chance(40) {
		a.Where = g.cond(1, s.with(true))
	}
	a.Body = g.sub(depth, 30, s.with(true), true)
	return a
}

func (g *gen) send(depth int, s scope) *Step {
	m := pick(g, g.p.Messages...)
	step := &Step{Kind: StepSend, Name: m.Name}
	g.sends = append(g.sends, m.Name)
	if m.Name == "note" || m.Name == "other" || m.Name == "hook" {
		step.With = []Pair{{"x", g.num(1, s)}}
		if g.chance(30) {
			step.With[0].Expr = g.text(s)
		}
	}
	if m.Name == "hook" && g.chance(60) {
		step.With = append(step.With, Pair{"y", g.num(1, s)})
	}
	if m.To != nil && m.To.Op == OpWith {
		step.With = append(step.With, Pair{m.To.Name, &Expr{Op: OpTrait, Name: pick(g, "alt", "email", "name")}})
	}
	if depth > 0 {
		step.Else = g.sub(depth, 65, s, true)
	}
	return step
}

// effect is a step that changes the person or the run.
func (g *gen) effect(s scope) *Step {
	k := g.n(12)
	if g.steady {
		k = 8
	}
	switch k {
	case 9:
		return &Step{Kind: StepSet, Trait: "topics", Path: "offers", Value: lit(g.chance(50))}
	case 10:
		return &Step{Kind: StepEmit, Event: g.event(), With: g.given(s)}
	case 11:
		for _, j := range g.p.Journeys {
			for _, e := range j.Entries {
				if e.Kind == EnterRequest && g.chance(70) {
					return &Step{Kind: StepStart, Name: j.Name, With: g.given(s)}
				}
			}
		}
	case 0:
		return &Step{Kind: pick(g, StepTag, StepTag, StepUntag), Name: pick(g, "vip", "new")}
	case 1:
		return &Step{Kind: StepClear, Trait: pick(g, "tier", "num", "flag", "name", "since", "lead")}
	case 2:
		return &Step{Kind: StepSet, Trait: "consent", Path: "email", Value: lit(g.chance(50))}
	case 3:
		return &Step{Kind: StepSet, Trait: "tier", Value: lit(pick(g, tiers...))}
	case 4:
		return &Step{Kind: StepSet, Trait: "num", Value: g.num(1, s)}
	case 5:
		return &Step{Kind: StepSet, Trait: "flag", Value: lit(g.chance(50))}
	case 6:
		if g.chance(30) {
			return &Step{Kind: StepSet, Trait: "timezone", Value: lit(pick(g, zones...))}
		}
		return &Step{Kind: StepSet, Trait: "since", Value: g.time(s)}
	}
	name := fmt.Sprintf("v%d", g.lets)
	if g.lets > 1 {
		name = "v0"
	} else {
		g.lets++
	}
	step := &Step{Kind: StepLet, Name: name, Value: g.num(1, s)}
	g.vars = append(g.vars, name)
	return step
}

// given are properties of an event that a journey makes.
func (g *gen) given(s scope) []Pair {
	list := []Pair{{"n", g.num(1, s)}}
	if g.chance(70) {
		list = append(list, Pair{"id", g.text(s)})
	}
	if g.chance(30) {
		list = append(list, Pair{"when", g.time(s)})
	}
	return list
}

var tiers = []string{"bronze", "silver", "gold"}

func lit(v any) *Expr { return &Expr{Op: OpLit, Val: v} }
