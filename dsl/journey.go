package dsl

import (
	"strconv"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// journeyWork is the work on one journey: first its entries, which say what
// `entry` is, then its steps in order, which say what `run` holds, then the
// other clauses of the head, which see all of it.
type journeyWork struct {
	*checker
	decl *syntax.Journey
	j    *Journey

	entry    *value.Type               // the entry's properties; nil: it has none
	entryAny bool                      // one of the entries is an undeclared request
	mixed    map[string][2]*value.Type // properties of the entry without one type
	run      map[string]*value.Type
	goals    map[string]diag.Span
	sends    map[string]bool // the messages that steps of the journey send

	parents []int // of each step: the step whose Next it goes on at after its block
	labels  map[string]diag.Span
	ids     map[string]bool
}

// journeys compiles all journeys.
func (c *checker) journeys() {
	for _, d := range c.journeyDecls {
		c.noteRequests(d)
	}
	for _, d := range c.journeyDecls {
		w := &journeyWork{checker: c, decl: d.decl, j: d.journey,
			run: map[string]*value.Type{}, goals: map[string]diag.Span{}, sends: map[string]bool{},
			labels: map[string]diag.Span{}, ids: map[string]bool{}}
		w.noteSends(d.decl.Body.Steps)
		w.entries()
		w.body()
		w.clauses()
		w.warnings()
	}
}

// entries compiles the `enter` clauses and the rule of re-entry.
func (w *journeyWork) entries() {
	events := w.entryTypes()
	for _, clause := range w.decl.Body.Head {
		switch x := clause.(type) {
		case *syntax.EnterEvent:
			w.enterEvent(x)
		case *syntax.EnterWhen:
			w.enterWhen(x)
		case *syntax.EnterRequest:
			w.enterRequest(x)
		case *syntax.EnterYearly:
			w.enterYearly(x)
		case *syntax.EnterDate:
			w.enterDate(x)
		case *syntax.EnterClock:
			w.enterClock(x)
		case *syntax.EnterDay:
			w.enterDay(x)
		}
	}
	if len(w.j.Entries) == 0 && !w.misread(w.decl.Span()) {
		w.report(errNoEntry(&w.decl.Name))
	}
	w.reentry(events)
}

// entryTypes finds out what `entry` is: the event or request that began the
// run, of whichever kind it was. It returns the types of the events alone.
func (w *journeyWork) entryTypes() []*value.Type {
	var events, all []*value.Type
	for _, clause := range w.decl.Body.Head {
		switch x := clause.(type) {
		case *syntax.EnterEvent:
			t := w.eachType(x, w.checker.lookup(&x.Event), func(diag.Diagnostic) {})
			events = append(events, t)
			all = append(all, t)
		case *syntax.EnterRequest:
			if x.Params == nil {
				w.entryAny = true
				continue
			}
			all = append(all, w.quietly(func() *value.Type { return w.properties(x.Params, true) }))
		}
	}
	if len(all) > 0 {
		w.entry, w.mixed = merged(all), mixed(all)
	}
	return events
}

// quietly is what f gives, without what it reports: that is said elsewhere.
func (w *journeyWork) quietly(f func() *value.Type) *value.Type {
	n := len(w.diags)
	t := f()
	w.diags = w.diags[:n]
	return t
}

// add takes an entry; its id is its place among the entries.
func (w *journeyWork) add(e *Entry) {
	e.ID = strconv.Itoa(len(w.j.Entries) + 1)
	w.j.Entries = append(w.j.Entries, e)
}

func (w *journeyWork) enterEvent(x *syntax.EnterEvent) {
	e := w.event(&x.Event)
	t := w.eachType(x, e, func(d diag.Diagnostic) { w.report(d) })
	scope := w.person()
	scope.Event, scope.HasEntry, scope.Entry = t, true, t
	entry := &Entry{Kind: OnEvent, Event: nameOf(e), Where: w.expr(x.Where, &scope, cond.Condition), Span: x.Span()}
	if x.Each != nil {
		entry.Each = x.Each.Text
	}
	w.add(entry)
}

// eachType is the type of an entry's event; with `each` it has the element as
// the property item.
func (w *journeyWork) eachType(x *syntax.EnterEvent, e *Event, report func(diag.Diagnostic)) *value.Type {
	t := typeOf(e)
	if x.Each == nil || x.Each.Text == "" || t == anything {
		return t
	}
	item := &value.Type{}
	list, known := t.Field(x.Each.Text)
	switch own, taken := t.Field("item"); {
	case !known:
		report(errNoList(x.Each, t))
	case list.Type.Kind != value.List:
		report(errNotList(x.Each, list.Type))
	case taken:
		report(errItemTaken(x.Each, own))
	default:
		item = elemOf(list.Type)
	}
	of := &value.Type{Kind: value.Object}
	for _, f := range t.Fields {
		if f.Name != "item" {
			of.Fields = append(of.Fields, f)
		}
	}
	of.Fields = append(of.Fields, value.Field{Name: "item", Wire: "item", Type: item})
	return of
}

// elemOf is the type of a list's elements.
func elemOf(t *value.Type) *value.Type {
	if t.Elem == nil {
		return &value.Type{}
	}
	return t.Elem
}

func (w *journeyWork) enterWhen(x *syntax.EnterWhen) {
	scope := w.person()
	when := w.expr(x.When, &scope, cond.Condition)
	scope.HasEntry = true
	w.add(&Entry{Kind: OnWhen, When: when, Where: w.expr(x.Where, &scope, cond.Condition),
		Including: x.Including, Span: x.Span()})
}

func (w *journeyWork) enterRequest(x *syntax.EnterRequest) {
	for _, e := range w.j.Entries {
		if e.Kind == OnRequest {
			w.report(errSecondRequest(x.Word(), e.Span))
		}
	}
	e := &Entry{Kind: OnRequest, Span: x.Span()}
	scope := w.person()
	scope.HasEntry = true
	if x.Params != nil {
		e.Params = w.properties(x.Params, true)
		scope.Entry = e.Params
	} else {
		scope.EntryAny = true
	}
	e.Where = w.expr(x.Where, &scope, cond.Condition)
	w.add(e)
}

// reentry compiles the rule of re-entry, `once` if there is none.
func (w *journeyWork) reentry(events []*value.Type) {
	scope := w.scope(nil)
	scope.HasRun, scope.Sends = false, nil
	if len(events) > 0 {
		scope.Event = merged(events)
	}
	scope.OneOf = true
	ruled := false
	for _, clause := range w.decl.Body.Head {
		var kind ReentryKind
		var after, per *syntax.Expr
		switch x := clause.(type) {
		case *syntax.Once:
			kind, per = Once, x.Per
		case *syntax.AgainAfterExit:
			kind, per = AfterExit, x.Per
		case *syntax.AgainAfter:
			kind, after, per = AfterTime, x.After, x.Per
		default:
			continue
		}
		if ruled {
			w.report(errSecondReentry(clause.Word()))
			continue
		}
		ruled = true
		w.j.Reentry = Reentry{Kind: kind, After: w.expr(after, &scope, cond.Duration), Per: w.expr(per, &scope, cond.Key)}
	}
	if ruled {
		return
	}
	w.j.Reentry.Kind = unruled(w.j.Entries)
	for _, e := range w.j.Entries {
		if (e.Kind == OnEvent || e.Kind == OnWhen) && !w.misread(w.decl.Span()) {
			w.report(warnNoReentry(&w.decl.Name))
			return
		}
	}
}

// unruled is the re-entry of a journey that says nothing: once, but for one
// that is entered by date or clock alone.
func unruled(entries []*Entry) ReentryKind {
	for _, e := range entries {
		switch e.Kind {
		case OnEvent, OnRequest, OnWhen:
			return Once
		}
	}
	if len(entries) == 0 {
		return Once
	}
	return AfterExit
}

// scope is what names mean inside a run, with this event at hand (nil: none).
func (w *journeyWork) scope(event *value.Type) cond.Scope {
	s := w.person()
	s.Event = event
	s.HasEntry, s.Entry, s.EntryAny = true, w.entry, w.entryAny
	s.Mixed = w.mixed
	s.HasRun, s.Run = true, w.run
	s.Sends = w.sends
	return s
}

// clauses compiles the rest of the head.
func (w *journeyWork) clauses() {
	w.goalNames()
	seen := map[string]bool{}
	once := func(x syntax.Clause, word string) bool {
		if seen[word] {
			w.report(errRepeatedClause(x.Word(), word))
		}
		defer func() { seen[word] = true }()
		return !seen[word]
	}
	for _, clause := range w.decl.Body.Head {
		switch x := clause.(type) {
		case *syntax.OnlyWhile:
			if once(x, "only while") {
				scope := w.scope(nil)
				w.j.While = w.expr(x.While, &scope, cond.Condition)
			}
		case *syntax.Transactional:
			once(x, "transactional")
			w.j.Transactional = true
		case *syntax.Control:
			if once(x, "control") {
				w.j.Control = w.share(&x.Share)
			}
		case *syntax.Priority:
			if once(x, "priority") {
				w.priority(x)
			}
		case *syntax.ExitEvent:
			w.exitEvent(x)
		case *syntax.ExitWhen:
			scope := w.scope(nil)
			w.exit(&Exit{When: w.expr(x.When, &scope, cond.Condition), Reason: "when", Span: x.Span()})
		case *syntax.ExitGoal:
			w.exitGoal(x)
		case *syntax.Goal:
			w.goal(x)
		}
	}
}

func (w *journeyWork) priority(x *syntax.Priority) {
	n := int(x.Number.Value)
	if float64(n) != x.Number.Value || n > 1_000_000 {
		w.report(errPriority(&x.Number))
		return
	}
	if x.Negative {
		n = -n
	}
	w.j.Priority = n
}

func (w *journeyWork) exit(x *Exit) { w.j.Exits = append(w.j.Exits, x) }

func (w *journeyWork) exitEvent(x *syntax.ExitEvent) {
	e := w.event(&x.Event)
	scope := w.scope(typeOf(e))
	w.exit(&Exit{Event: nameOf(e), Where: w.expr(x.Where, &scope, cond.Condition), Reason: nameOf(e), Span: x.Span()})
	// An entry is refused when an exit event with a later time is there
	// already; one older than LateAfter makes no entry anyhow.
	w.look(e, w.prog.Settings.LateAfter).note(x.Where)
}

func (w *journeyWork) exitGoal(x *syntax.ExitGoal) {
	if x.Goal.Text == "" {
		return
	}
	if _, known := w.goals[x.Goal.Text]; !known {
		w.report(errUnknownGoal(&x.Goal, sorted(w.goals)))
	}
	w.exit(&Exit{Goal: x.Goal.Text, Reason: x.Goal.Text, Span: x.Span()})
}

// goalNames takes the names of the goals, which `exit on goal` may name
// before they stand there.
func (w *journeyWork) goalNames() {
	for _, clause := range w.decl.Body.Head {
		x, ok := clause.(*syntax.Goal)
		if !ok || x.Name.Text == "" {
			continue
		}
		if first, there := w.goals[x.Name.Text]; there {
			w.report(errDuplicate("goal", &x.Name, first))
			continue
		}
		w.goals[x.Name.Text] = x.Name.Span()
	}
}

func (w *journeyWork) goal(x *syntax.Goal) {
	e := w.event(&x.Event)
	of, within := w.scope(typeOf(e)), w.scope(nil)
	w.j.Goals = append(w.j.Goals, &Goal{
		Name: x.Name.Text, Event: nameOf(e),
		Where:  w.expr(x.Where, &of, cond.Condition),
		Within: w.expr(x.Within, &within, cond.Duration),
		Value:  w.expr(x.Value, &of, cond.ValueOf(&value.Type{Kind: value.Number})),
		Span:   x.Span(),
	})
	reads := w.look(e, w.prog.Settings.LateAfter)
	reads.note(x.Where)
	reads.note(x.Value)
}

// warnings are what is allowed and hardly meant.
func (w *journeyWork) warnings() {
	for _, s := range w.j.Code {
		wait, ok := s.(*WaitFor)
		if !ok {
			continue
		}
		for i := range wait.Alts {
			alt := &wait.Alts[i]
			for _, x := range w.j.Exits {
				if x.Event != "" && x.Event == alt.Event && (x.Where == nil || sameSource(x.Where, alt.Where)) {
					w.report(warnExitFirst(alt.Span, x.Event, x.Span))
					break
				}
			}
		}
	}
}

func sameSource(a, b *cond.Expr) bool { return a != nil && b != nil && a.Source() == b.Source() }
