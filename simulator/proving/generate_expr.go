package proving

// scope is what an expression may speak of.
type scope struct {
	event   bool // event.… (and entry.…, which in an entry's `where` is the same)
	entry   bool // properties of entry
	item    bool // event.item: in the `where` of an entry by elements
	run     bool // entry.at, and run.… where something is kept
	derived bool // a computed trait, segment or message: nothing but the person
	timed   bool // prefer what time moves
	it      bool
}

func (s scope) with(event bool) scope { s.event = event; return s }
func (s scope) moving() scope         { s.timed = true; return s }

func op(name string, args ...*Expr) *Expr { return &Expr{Op: name, Args: args} }

func (g *gen) order() string { return pick(g, "==", "!=", "<", "<=", ">", ">=", ">=", ">=") }

func (g *gen) small() *Expr { return lit(float64(pick(g, 0, 1, 1, 2, 3, 10))) }

func (g *gen) literal() *Expr { return lit(pick(g, g.lengths...)) }

// cond is a condition.
func (g *gen) cond(depth int, s scope) *Expr {
	if g.steady {
		return g.steadyCond(s)
	}
	if depth > 0 && g.chance(45) {
		switch g.n(5) {
		case 0, 1:
			return op("and", g.cond(depth-1, s), g.cond(depth-1, s))
		case 2, 3:
			return op("or", g.cond(depth-1, s), g.cond(depth-1, s))
		}
		return op(OpNot, g.cond(depth-1, s))
	}
	if s.timed && g.chance(50) {
		return g.moved(s)
	}
	switch k := g.n(20); {
	case k < 2:
		return op(pick(g, "==", "!="), &Expr{Op: OpTrait, Name: "tier"}, lit(pick(g, tiers...)))
	case k < 3:
		return &Expr{Op: OpTrait, Name: "flag"}
	case k < 4:
		return op(pick(g, OpSet, OpMissing), &Expr{Op: OpTrait, Name: pick(g, "name", "num", "since", "birthday", "lead", "email")})
	case k < 5:
		return &Expr{Op: OpTagged, Name: pick(g, "vip", "new")}
	case k < 6:
		return op("==", &Expr{Op: OpConsent, Name: "email"}, lit(g.chance(60)))
	case k < 7 && s.run && len(g.sends) > 0:
		return &Expr{Op: OpSent, Name: pick(g, g.sends...)}
	case k < 8:
		return g.member(s)
	case k < 11 && s.event:
		return op(pick(g, "==", "!="), &Expr{Op: OpEvent, Name: "id"}, g.text(scope{entry: s.entry}))
	case k < 11 && (s.item || s.entry && g.items):
		return op(pick(g, "==", "!="), g.item(s, "item.sku"), lit(pick(g, ids...)))
	case k < 12 && s.entry:
		return op(pick(g, "==", "!="), &Expr{Op: OpEntry, Name: "id"}, lit(pick(g, ids...)))
	case k < 14 && !s.it:
		return op(OpAny, g.events(s), g.element(s))
	case k < 15:
		return g.moved(s)
	}
	return op(g.order(), g.num(1, s), g.num(0, s))
}

func (g *gen) steadyCond(s scope) *Expr {
	if g.chance(30) && (s.event || s.entry) {
		return op(pick(g, "==", "!="), &Expr{Op: g.at(s), Name: "id"}, g.text(scope{entry: s.entry}))
	}
	return op(g.order(), g.num(0, s), g.small())
}

// item is a property of the element that entered.
func (g *gen) item(s scope, name string) *Expr {
	if s.item {
		return &Expr{Op: pick(g, OpEvent, OpEntry), Name: name}
	}
	return &Expr{Op: OpEntry, Name: name}
}

// at is the event at hand or the entry.
func (g *gen) at(s scope) string {
	if s.event && g.chance(70) || !s.entry {
		return OpEvent
	}
	return OpEntry
}

var ids = []string{"a", "b"}

// member is a segment or, where it may be, a journey.
func (g *gen) member(s scope) *Expr {
	if len(g.p.Segments) > 0 && (s.derived || g.chance(60)) {
		return &Expr{Op: OpSegment, Name: pick(g, g.p.Segments...).Name}
	}
	if s.derived {
		return &Expr{Op: OpTrait, Name: "flag"}
	}
	return &Expr{Op: OpJourney, Name: pick(g, g.p.Journeys...).Name}
}

// element is a condition on an event of a list.
func (g *gen) element(s scope) *Expr {
	switch g.n(4) {
	case 0:
		return op(g.order(), &Expr{Op: OpIt, Name: "at"}, op(OpAgo, g.literal()))
	case 1:
		if s.entry {
			return op("==", &Expr{Op: OpIt, Name: "id"}, &Expr{Op: OpEntry, Name: "id"})
		}
	}
	return op(g.order(), &Expr{Op: OpIt, Name: "n"}, g.small())
}

// events is a list of past events.
func (g *gen) events(s scope) *Expr {
	e := &Expr{Op: OpEvents, Name: g.event()}
	if g.chance(40) {
		e.Last = pick(g, g.lengths...)
	}
	if !s.it && g.chance(20) {
		return op(OpFilter, e, g.element(s))
	}
	return e
}

// moved is a condition that time moves.
func (g *gen) moved(s scope) *Expr {
	switch k := g.n(12); {
	case k < 3:
		return op(g.order(), op(OpCount, &Expr{Op: OpEvents, Name: g.event(), Last: pick(g, g.lengths...)}), g.small())
	case k < 5:
		return op(g.order(), &Expr{Op: OpNewest, Name: "at", Args: []*Expr{g.events(s)}}, op(OpAgo, g.literal()))
	case k < 7 && s.run:
		length := g.literal()
		if g.chance(20) {
			length = &Expr{Op: OpTrait, Name: "lead"}
		}
		return op(g.order(), op("-", &Expr{Op: OpNow}, &Expr{Op: OpEntry, Name: "at"}), length)
	case k < 8 && s.entry:
		return op(g.order(), &Expr{Op: OpEntry, Name: "when"}, op(pick(g, OpAgo, OpFromNow), g.literal()))
	case k < 9:
		return op(g.order(), op("+", &Expr{Op: OpTrait, Name: "since"}, g.literal()), &Expr{Op: OpNow})
	case g.daily:
		return g.calendar()
	}
	return op(g.order(), &Expr{Op: OpTrait, Name: "since"}, op(OpAgo, g.literal()))
}

// calendar is a condition on local days and hours.
func (g *gen) calendar() *Expr {
	now := &Expr{Op: OpNow}
	switch k := g.n(5); {
	case k == 0:
		return op(g.order(), &Expr{Op: OpTrait, Name: "birthday"}, now)
	case k == 1:
		return op(g.order(), op(OpAge, &Expr{Op: OpTrait, Name: "birthday"}), lit(float64(pick(g, 0, 1, 18, 20))))
	case k == 2 && g.hourly:
		return op(g.order(), &Expr{Op: OpLocal, Args: []*Expr{now}, Name: "hour"}, lit(float64(pick(g, 0, 1, 2, 3, 9, 23))))
	case k == 3:
		return op(g.order(), &Expr{Op: OpLocal, Args: []*Expr{now}, Name: "day"}, lit(float64(pick(g, 1, 8, 29, 31))))
	}
	return op(pick(g, "==", "!="), &Expr{Op: OpLocal, Args: []*Expr{now}, Name: "weekday"}, lit(pick(g, "monday", "sunday", "friday")))
}

// num is a number.
func (g *gen) num(depth int, s scope) *Expr {
	if depth > 0 && g.chance(20) {
		return op(pick(g, "+", "-", "*", "??"), g.num(depth-1, s), g.num(depth-1, s))
	}
	k := g.n(12)
	if g.steady {
		k = 2 + g.n(5)
	}
	switch {
	case k < 2:
		return &Expr{Op: OpTrait, Name: "num"}
	case k < 4 && (s.item || s.entry && g.items):
		return g.item(s, "item.n")
	case k < 4 && s.event:
		return &Expr{Op: OpEvent, Name: "n"}
	case k < 5 && s.entry:
		return &Expr{Op: OpEntry, Name: "n"}
	case k < 6 && s.run && len(g.vars) > 0:
		return &Expr{Op: OpRun, Name: pick(g, g.vars...)}
	case k < 7:
		for _, c := range g.p.Computed {
			if c.Type == "number" && g.chance(50) {
				return &Expr{Op: OpTrait, Name: c.Name}
			}
		}
	case k < 8:
		return op(OpCount, g.events(s))
	case k < 9:
		return &Expr{Op: pick(g, OpSum, OpSum, OpMin, OpMax), Args: []*Expr{g.events(s)}, Name: "n"}
	case k < 10:
		return &Expr{Op: pick(g, OpNewest, OpFirst), Args: []*Expr{g.events(s)}, Name: "n"}
	}
	return g.small()
}

func (g *gen) text(s scope) *Expr {
	switch k := g.n(4); {
	case k == 0 && s.event:
		return &Expr{Op: OpEvent, Name: "id"}
	case k < 3 && s.entry:
		return &Expr{Op: OpEntry, Name: "id"}
	case k == 3 && !g.steady:
		return &Expr{Op: OpTrait, Name: "name"}
	}
	return lit(pick(g, ids...))
}

// length is a length of time that a clause or step asks for.
func (g *gen) length(s scope) *Expr {
	k := g.n(12)
	if g.steady && k != 2 {
		return g.literal()
	}
	switch {
	case k == 0:
		return &Expr{Op: OpTrait, Name: "lead"}
	case k == 1:
		return op("*", g.small(), g.literal())
	case k == 2 && s.entry:
		return op("-", &Expr{Op: OpEntry, Name: "when"}, &Expr{Op: OpEntry, Name: "at"})
	case k == 3:
		return op(pick(g, "+", "-"), g.literal(), g.literal())
	case k == 4:
		return op("??", &Expr{Op: OpTrait, Name: "lead"}, g.literal())
	}
	return g.literal()
}

// time is a point of time.
func (g *gen) time(s scope) *Expr {
	switch k := g.n(6); {
	case k == 0 && s.event:
		return &Expr{Op: OpEvent, Name: pick(g, "at", "when")}
	case k == 1 && s.entry:
		return &Expr{Op: OpEntry, Name: pick(g, "at", "when")}
	case k == 2:
		return op(pick(g, OpAgo, OpFromNow), g.literal())
	case k == 3:
		return &Expr{Op: OpNewest, Args: []*Expr{g.events(s)}, Name: pick(g, "at", "when")}
	case k == 4:
		return &Expr{Op: OpTrait, Name: "since"}
	}
	return &Expr{Op: OpNow}
}

// moment is a time or day that a wait waits for.
func (g *gen) moment(s scope) *Expr {
	if g.steady && s.entry {
		return op(pick(g, "+", "-"), &Expr{Op: OpEntry, Name: pick(g, "at", "when", "day")}, g.literal())
	}
	switch k := g.n(8); {
	case k < 2:
		return &Expr{Op: OpTrait, Name: "birthday"}
	case k == 2:
		return op(pick(g, "+", "-"), &Expr{Op: OpTrait, Name: "birthday"}, g.literal())
	case k < 5 && s.entry:
		e := &Expr{Op: OpEntry, Name: pick(g, "when", "day")}
		if g.chance(40) {
			return op(pick(g, "+", "-"), e, g.literal())
		}
		return e
	case k == 5:
		return op("+", g.time(s), g.literal())
	}
	return g.time(s)
}
