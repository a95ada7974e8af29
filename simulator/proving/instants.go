package proving

import (
	"container/heap"
	"time"

	"journey/dsl/value"
)

// instants are those at which time alone could change something: every
// instant and day that is known, moved by every length of time that the
// program or the person names (and by sums and differences of two), and the
// millisecond after. Where local times are asked for, every midnight of every
// zone, or every half hour. Far too many; asking once too often changes
// nothing.
type instants struct {
	used    bool // some condition is moved by time
	daily   bool
	hourly  bool
	zones   []*time.Location
	lengths map[value.Duration]bool
	shifts  []value.Time // sums and differences of lengths
	bases   map[value.Time]bool
	ahead   times
	queued  map[value.Time]bool
	dense   value.Time // up to here midnights or half hours are ahead
}

// times is a heap of instants.
type times []value.Time

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(value.Time)) }
func (t *times) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (n *instants) put(at value.Time) {
	if !n.queued[at] {
		n.queued[at] = true
		heap.Push(&n.ahead, at)
	}
}

// prepare looks through the program.
func (n *instants) prepare(o *oracle) {
	n.lengths = map[value.Duration]bool{0: true}
	n.bases = map[value.Time]bool{}
	n.queued = map[value.Time]bool{}
	n.zones = append(n.zones, o.ws)
	for _, name := range zones {
		n.zones = append(n.zones, zoneNamed(name))
	}
	o.c.Program.conditions(func(e *Expr) { n.look(o, e) })
	n.reshift()
	for t := range n.bases {
		n.spread(o, t)
	}
}

func (n *instants) look(o *oracle, e *Expr) {
	n.used = n.used || o.mention(e).moved
	e.walk(func(x *Expr) {
		switch d, is := x.Val.(value.Duration); {
		case x.Op == OpLit && is:
			n.lengths[d] = true
		case x.Op == OpEvents && x.Last > 0:
			n.lengths[x.Last] = true
		case x.Op == OpLocal && (x.Name == "hour" || x.Name == "minute"):
			n.hourly = true
		case x.Op == OpLocal || x.Op == OpAge:
			n.daily = true
		case x.Op == OpLit:
			n.know(o, x.Val)
		}
	})
}

func (n *instants) reshift() {
	seen := map[value.Time]bool{}
	n.shifts = n.shifts[:0]
	for a := range n.lengths {
		for b := range n.lengths {
			for _, s := range []value.Time{value.Time(a + b), value.Time(a - b)} {
				if !seen[s] {
					seen[s] = true
					n.shifts = append(n.shifts, s)
				}
			}
		}
	}
}

// know takes an instant or day that conditions can compare with.
func (n *instants) know(o *oracle, v any) {
	switch v := v.(type) {
	case value.Time:
		n.base(o, v)
	case value.Date:
		for _, z := range n.zones {
			n.base(o, o.cal.midnight(v, z))
		}
	}
}

func (n *instants) base(o *oracle, t value.Time) {
	if !n.used && n.shifts != nil || n.bases[t] {
		return
	}
	n.bases[t] = true
	n.spread(o, t)
}

func (n *instants) spread(o *oracle, t value.Time) {
	for _, s := range n.shifts {
		for _, at := range []value.Time{t + s, t + s + 1} {
			if at > o.now && at <= o.c.Script.Until {
				n.put(at)
			}
		}
	}
}

// length takes a length of time that the person brings.
func (n *instants) length(o *oracle, v any) {
	d, ok := v.(value.Duration)
	if !ok || n.lengths[d] {
		return
	}
	n.lengths[d] = true
	n.reshift()
	for t := range n.bases {
		n.spread(o, t)
	}
}

// nextInstant is the next one at which anything could happen by time.
func (o *oracle) nextInstant() (value.Time, bool) {
	n := &o.instants
	if n.used && (n.hourly || n.daily) {
		n.fill(o)
	}
	for len(n.ahead) > 0 && n.ahead[0] <= o.now {
		heap.Pop(&n.ahead)
	}
	next, ok := value.Time(0), len(n.ahead) > 0
	if ok {
		next = n.ahead[0]
	}
	if at, is := o.nextDate(); is && (!ok || at < next) {
		next, ok = max(at, o.now), true
	}
	for _, r := range o.runs {
		if (r.state == waiting || r.state == holding) && (!ok || r.until < next) {
			next, ok = r.until, true
		}
	}
	return next, ok
}

// fill puts the midnights or half hours of the next days ahead.
func (n *instants) fill(o *oracle) {
	const ahead = 3 * msDay
	if n.dense == 0 {
		n.dense = o.now
	}
	for n.dense < o.now+ahead/2 {
		from := n.dense
		n.dense += ahead
		if n.hourly {
			for t := from - from%1800_000; t < n.dense; t += 1800_000 {
				n.put(t)
			}
			continue
		}
		for _, z := range n.zones {
			for d := dayOf(from, z); d <= dayOf(n.dense, z); d++ {
				n.put(o.cal.midnight(d, z))
			}
		}
	}
}

// walk calls f with an expression and all its parts.
func (e *Expr) walk(f func(*Expr)) {
	if e == nil {
		return
	}
	f(e)
	for _, a := range e.Args {
		a.walk(f)
	}
}

// conditions calls f with everything that is asked again as time goes by.
func (p *Program) conditions(f func(*Expr)) {
	each := func(list ...*Expr) {
		for _, e := range list {
			if e != nil {
				f(e)
			}
		}
	}
	for _, c := range p.Computed {
		each(c.Expr)
	}
	for _, s := range p.Segments {
		each(s.When)
	}
	for _, j := range p.Journeys {
		for _, e := range j.Entries {
			each(e.When)
		}
		for _, x := range j.Exits {
			each(x.When)
		}
		j.steps(func(s *Step) {
			for _, a := range s.Alts {
				each(a.When)
			}
		})
	}
}

// steps calls f with every step of a journey.
func (j *Journey) steps(f func(*Step)) {
	var all func(list []*Step)
	all = func(list []*Step) {
		for _, s := range list {
			f(s)
			all(s.Then)
			all(s.Else)
			for _, a := range s.Alts {
				all(a.Body)
			}
			for _, b := range s.Branches {
				all(b.Body)
			}
		}
	}
	all(j.Steps)
}
