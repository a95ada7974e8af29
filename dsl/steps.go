package dsl

import (
	"maps"
	"strconv"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// Steps are laid flat in the order of the source. Where a step goes on is
// known only after its blocks have been laid, so two things are written down
// first and resolved at the end:
//
//   - the last step of a block has the Next join, and in parents the step
//     around it, at whose Next it goes on;
//   - an arm without steps starts at join, which is its own step's Next.
//
// A parent stands before its children, so one pass in order resolves all.
const join = -2

// spot is where a block stands.
type spot struct {
	prefix string // of the ids: "4.otherwise."
	parent int    // the step around, -1 for none
	slot   int    // the arm whose event is at hand, -1 for none
	event  *value.Type
	reads  *eventReads // of that event
	rounds int         // how often it can be come to, by the repeats around
}

// in is a block of the step.
func (at spot) in(id, name string, step int) spot {
	at.prefix, at.parent = id+"."+name+".", step
	return at
}

// body compiles the steps of the journey.
func (w *journeyWork) body() {
	start, _ := w.steps(w.decl.Body.Steps, spot{parent: -1, slot: -1})
	w.j.Start = max(start, End)
	for i, s := range w.j.Code {
		h := s.Head()
		if h.Next == join {
			h.Next = w.behind(w.parents[i])
		}
		if r, ok := s.(*Repeat); ok && r.Body == join {
			r.Body = i
		}
		for _, target := range targets(s) {
			if *target == join {
				*target = h.Next
			}
		}
	}
}

// behind is where a run goes on after a block of a step; that of a Repeat
// leads back to it.
func (w *journeyWork) behind(parent int) int {
	if parent < 0 {
		return End
	}
	if _, loop := w.j.Code[parent].(*Repeat); loop {
		return parent
	}
	return w.j.Code[parent].Head().Next
}

// targets are the places of a step that hold the index of another one, but
// for Next.
func targets(s Step) []*int {
	switch s := s.(type) {
	case *WaitMoment:
		return []*int{&s.Then, &s.Otherwise}
	case *WaitFor:
		list := []*int{&s.Otherwise}
		for i := range s.Alts {
			list = append(list, &s.Alts[i].Arm.Start)
		}
		return list
	case *If:
		return []*int{&s.Then, &s.Else}
	case *Split:
		var list []*int
		for i := range s.Branches {
			list = append(list, &s.Branches[i].Start)
		}
		return list
	case *Send:
		return []*int{&s.Otherwise}
	case *Ask:
		return []*int{&s.Otherwise}
	case *Repeat:
		return []*int{&s.Body}
	case *Wait, *WaitClock, *WaitHour, *WaitWindow, *WaitQuiet, *Set, *Tag, *Let, *Emit, *Begin, *Leave:
	}
	return nil
}

// block compiles the steps of a block; without any, it starts at join.
func (w *journeyWork) block(b *syntax.Block, at spot) (start int, ends bool) {
	if b == nil {
		return join, false
	}
	return w.steps(b.Steps, at)
}

// steps compiles steps in a row. ends says that no run comes out behind them.
func (w *journeyWork) steps(list []syntax.Step, at spot) (start int, ends bool) {
	start = join
	var last *StepHead
	told := false
	for i, s := range list {
		if ends && !told {
			w.report(errUnreachable(s.Word()))
			told = true
		}
		first := len(w.j.Code)
		stops := w.step(s, at, at.prefix+strconv.Itoa(i+1))
		if len(w.j.Code) == first {
			continue // a step that could not be read
		}
		ends = ends || stops
		if last != nil {
			last.Next = first
		} else {
			start = first
		}
		last = w.j.Code[first].Head()
	}
	return start, ends
}

// lay puts a step into the code and gives it a head. Its index is returned.
func (w *journeyWork) lay(s Step, from syntax.Step, at spot, path string) int {
	return w.layAs(s, from, w.id(from.Label(), path), at)
}

// layAs is lay with the step's id.
func (w *journeyWork) layAs(s Step, from syntax.Step, id string, at spot) int {
	h := s.Head()
	h.ID = id
	h.Next, h.Slot, h.Span = join, at.slot, from.Span()
	w.j.Code = append(w.j.Code, s)
	w.parents = append(w.parents, at.parent)
	return len(w.j.Code) - 1
}

// id is a step's label or path, with a number behind it where an event's or
// branch's name makes two paths the same.
func (w *journeyWork) id(label *syntax.Name, path string) string {
	id := path
	if label != nil && label.Text != "" {
		id = label.Text
		if first, there := w.labels[id]; there {
			w.report(errDuplicate("label", label, first))
		}
		w.labels[id] = label.Span()
	}
	for n := 2; w.ids[id]; n++ {
		id = path + "~" + strconv.Itoa(n)
	}
	w.ids[id] = true
	return id
}

// step compiles one step with its blocks; it answers whether every run that
// comes here ends here.
func (w *journeyWork) step(s syntax.Step, at spot, path string) (ends bool) {
	scope := w.scope(at.event)
	value := func(x *syntax.Expr, want cond.Want) *cond.Expr {
		at.reads.note(x)
		return w.expr(x, &scope, want)
	}
	switch s := s.(type) {
	case *syntax.If:
		return w.ifStep(s, at, path)
	case *syntax.Split:
		return w.split(s, at, path)
	case *syntax.Send:
		w.send(s, at, path)
	case *syntax.Ask:
		w.ask(s, at, path)
	case *syntax.Repeat:
		return w.repeat(s, at, path)
	case *syntax.Emit:
		w.emit(s, at, path)
	case *syntax.Begin:
		w.begin(s, at, path)
	case *syntax.Exit:
		w.lay(&Leave{Reason: reasonOf(s)}, s, at, path)
		return true
	case *syntax.Set:
		set := &Set{}
		w.lay(set, s, at, path)
		want := w.target(set, &s.Target)
		set.Value = value(s.Value, want)
	case *syntax.Clear:
		set := &Set{}
		w.lay(set, s, at, path)
		w.target(set, &s.Target)
	case *syntax.Tag:
		if s.Tag != nil && s.Tag.Value == "" {
			w.report(errEmptyTag(s.Tag))
		}
		if r, ruled := w.prog.tagRules[text(s.Tag)]; ruled {
			w.report(errTagRuled(s.Tag, r.Span))
		}
		w.lay(&Tag{Tag: text(s.Tag), Remove: s.Verb == "untag"}, s, at, path)
	case *syntax.Let:
		let := &Let{Name: s.Name.Text}
		w.lay(let, s, at, path)
		let.Value = value(s.Value, cond.Anything)
		if s.Value != nil {
			w.keep(s.Name.Text, exprType(let.Value), s.Value.Span())
		}
	default:
		return w.wait(s, at, path)
	}
	return false
}

func reasonOf(s *syntax.Exit) string {
	if s.Reason == nil || s.Reason.Value == "" {
		return "exit"
	}
	return s.Reason.Value
}

// ifStep compiles an if; an `else if` is an if in the else.
func (w *journeyWork) ifStep(s *syntax.If, at spot, path string) bool {
	outer := &If{Then: join, Else: join}
	i := w.lay(outer, s, at, path)
	ends := w.condition(outer, i, s.Cond, s.Then, at)
	step := outer
	for _, e := range s.ElseIfs {
		if e == nil {
			continue
		}
		inner := &If{Then: join, Else: join}
		at = at.in(step.ID, "else", i)
		step.Else = len(w.j.Code)
		i = w.layAs(inner, s, w.id(nil, at.prefix+"1"), at) // the label is the outer one's
		if e.Cond != nil {
			inner.Span = e.Cond.Span()
		}
		ends = w.condition(inner, i, e.Cond, e.Then, at) && ends
		step = inner
	}
	if s.Else == nil {
		return false
	}
	start, stops := w.block(s.Else, at.in(step.ID, "else", i))
	step.Else = start
	return ends && stops
}

func (w *journeyWork) condition(step *If, i int, x *syntax.Expr, then *syntax.Block, at spot) (ends bool) {
	scope := w.scope(at.event)
	at.reads.note(x)
	step.Cond = w.expr(x, &scope, cond.Condition)
	step.Then, ends = w.block(then, at.in(step.ID, "then", i))
	return ends
}

// splitSeen is how a split was written first; it is the same everywhere.
type splitSeen struct {
	place    diag.Span
	branches string
	names    []string
}

func (w *journeyWork) split(s *syntax.Split, at spot, path string) bool {
	split := &Split{Name: s.Name.Text}
	i := w.lay(split, s, at, path)
	names := map[string]diag.Span{}
	total, ends := 0.0, len(s.Branches.Items) > 0
	whole := true
	shape := ""
	for _, b := range s.Branches.Items {
		if b == nil || b.Name.Text == "" {
			whole = false
			continue
		}
		if first, there := names[b.Name.Text]; there {
			w.report(errDuplicate("branch", &b.Name, first))
		}
		names[b.Name.Text] = b.Name.Span()
		total += b.Share.Value
		shape += strconv.FormatFloat(b.Share.Value, 'g', -1, 64) + "% " + b.Name.Text + ", "
		start, stops := w.block(b.Steps, at.in(split.ID, b.Name.Text, i))
		ends = ends && stops
		split.Branches = append(split.Branches, Branch{Name: b.Name.Text, Share: b.Share.Value, Start: start})
	}
	if !whole || split.Name == "" || w.misread(s.Span()) {
		return ends
	}
	if total < 100-1e-9 || total > 100+1e-9 {
		w.report(errShares(&s.Name, total))
		return ends
	}
	first := w.splits[split.Name]
	switch {
	case first == nil:
		seen := &splitSeen{place: s.Name.Span(), branches: shape}
		for _, b := range split.Branches {
			seen.names = append(seen.names, b.Name)
		}
		w.splits[split.Name] = seen
	case first.branches != shape:
		w.report(errSplitDiffers(&s.Name, first.place))
	}
	return ends
}

func (w *journeyWork) send(s *syntax.Send, at spot, path string) {
	send := &Send{Otherwise: join}
	i := w.lay(send, s, at, path)
	sent := w.sending(at)
	sent.place = s.Message.Span()
	send.With = w.with(s.With, sent, at)
	send.Otherwise, _ = w.block(s.Otherwise, at.in(send.ID, "otherwise", i))
	if s.Message.Text == "" {
		return
	}
	send.Message = w.prog.messages[s.Message.Text]
	if send.Message == nil {
		w.report(errUnknownMessage(&s.Message, sorted(w.prog.messages)))
		return
	}
	sent.message = w.declared[send.Message]
	w.sent = append(w.sent, sent)
}

// sending is what a step at a spot offers a message or call.
func (w *journeyWork) sending(at spot) *sending {
	return &sending{event: at.event, entry: w.entry, any: w.entryAny,
		run: maps.Clone(w.run), with: map[string]*value.Type{}, reads: at.reads}
}

// with compiles what a step gives a message or call.
func (w *journeyWork) with(pairs *syntax.Pairs, sent *sending, at spot) []Named {
	if pairs == nil {
		return nil
	}
	scope := w.scope(at.event)
	given := map[string]diag.Span{}
	var list []Named
	for _, p := range pairs.Items {
		name := p.Name.Text
		if name == "" {
			continue
		}
		at.reads.note(p.Value)
		x := w.expr(p.Value, &scope, cond.Anything)
		if _, reserved := reservedWith[name]; reserved {
			w.report(errReservedName(&p.Name, "value", ""))
			continue
		}
		if first, there := given[name]; there {
			w.report(errDuplicate("value", &p.Name, first))
			continue
		}
		given[name] = p.Name.Span()
		sent.with[name] = exprType(x)
		list = append(list, Named{name, x})
	}
	return list
}

// exprType is an expression's type; nil, which fits everywhere, if it is wrong.
func exprType(x *cond.Expr) *value.Type {
	if x == nil {
		return nil
	}
	return x.Type()
}

// target resolves what a set changes, and says what it wants for a value.
func (w *journeyWork) target(set *Set, t *syntax.Target) cond.Want {
	name := t.Trait.Text
	if name == "" {
		return cond.Anything
	}
	trait := w.prog.traits[name]
	if trait == nil {
		w.report(errUnknownTrait(&t.Trait, sorted(w.names.traits)))
		return cond.Anything
	}
	set.Trait = name
	switch {
	case trait.Computed != nil || w.isComputed(name):
		w.report(errSetComputed(&t.Trait))
		return cond.Anything
	case trait.Identifier:
		w.report(errSetIdentifier(&t.Trait))
		return cond.Anything
	case name == "suppressed":
		w.report(errSetSuppressed(&t.Trait))
		return cond.Anything
	case keyed(name):
		return w.targetKey(set, t, trait)
	case len(t.Path) > 0:
		w.report(errSetPart(&t.Path[0], name))
		return cond.Anything
	}
	return cond.ValueOf(trait.Type)
}

// targetKey resolves `consent.email`: such traits are changed key by key.
func (w *journeyWork) targetKey(set *Set, t *syntax.Target, trait *Trait) cond.Want {
	if len(t.Path) != 1 {
		w.report(errSetWhole(&t.Trait))
		return cond.Anything
	}
	key := &t.Path[0]
	set.Path = key.Text
	known := w.names.traits[trait.Name] // of topics only those of the workspace
	if f, ok := known.Field(key.Text); ok {
		return cond.ValueOf(f.Type)
	}
	if known.Elem != nil {
		return cond.ValueOf(known.Elem)
	}
	w.report(errUnknownKey(key, trait.Name, known))
	return cond.Anything
}

// isComputed says whether a trait is declared as computed, even if its
// expression is wrong.
func (w *journeyWork) isComputed(name string) bool {
	for _, d := range w.traitDecls {
		if d.trait.Name == name && d.decl.Computed != nil {
			return true
		}
	}
	return false
}

// keep notes what the run keeps under a name, for what comes after it.
func (w *journeyWork) keep(name string, t *value.Type, at diag.Span) {
	if name == "" {
		return
	}
	old, there := w.run[name]
	switch {
	case !there || old == nil:
		w.run[name] = t
	case t == nil:
	default:
		both := common(old, t)
		if both.Kind == value.Any && old.Kind != value.Any && t.Kind != value.Any {
			w.report(errLetType(at, name, old, t))
			return
		}
		w.run[name] = both
	}
}
