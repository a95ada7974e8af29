package proving

import (
	"slices"
	"strings"
	"time"

	"journey/dsl/value"
)

// The oracle. It goes from one instant at which anything could happen to the
// next; at each it takes the inputs, asks everything that time may have
// changed, and lets the runs go on. It keeps everything that ever happened
// and indexes nothing.
//
// Where the language's description is silent, a comment here says "silent".

// oracle is one telling of a case.
type oracle struct {
	c     *Case
	draws Draws
	cal   calendar
	ws    *time.Location

	now      value.Time
	traits   map[string]trait
	events   []*event // in the order of arrival
	runs     []*run   // in the order of entry, ended ones too
	segments map[string]bool
	whens    map[*Entry]bool
	entries  map[string]value.Time // by journey and key: the last
	dealt    map[*Entry]value.Date // the newest day whose entry by date or clock was made or not
	nexts    map[*Entry]next
	planned  []*send
	went     []delivery // what was sent, or may have been
	depth    int        // of the run that takes its steps, and one
	late     bool       // what happens comes of a late event, or the person is just born
	altered  []altered
	pending  change

	moved    map[*Expr]*mention
	instants instants

	rec Record
}

type trait struct {
	v  any
	at value.Time
}

type event struct {
	name    string
	at      value.Time
	arrived value.Time
	props   map[string]any
	late    bool
	whole   *event // of which this is one for an element; nil: none
}

// is says whether both are the same event, perhaps with elements.
func (e *event) is(o *event) bool { return e == o || e.whole == o }

func (e *event) get(name string) any {
	if e == nil {
		return nil
	}
	switch name {
	case "at":
		return e.at
	case "event":
		if e.name == "" {
			return nil
		}
		return e.name
	case "item.n", "item.sku":
		item, _ := e.props["item"].(map[string]any)
		return item[strings.TrimPrefix(name, "item.")]
	}
	return e.props[name]
}

type run struct {
	n       int
	j       *Journey
	key     string
	entry   *event
	entered value.Time

	state  runState
	ready  bool
	stack  []frame
	step   *Step      // the wait or send it is at
	clock  value.Time // when that was reached
	base   value.Time // quiet: what it counts from
	until  value.Time
	around *event // the event at hand at that step

	vars  map[string]any
	goals map[string]goal
	sent  value.Time
	sentM map[string]bool // messages sent
	held  *send
	depth int

	reason string
}

type runState int

const (
	waiting runState = iota
	sending
	holding // quiet hours keep its send back
	ended
)

// frame is a block in which a run is: the steps still before it, and the
// event at hand.
type frame struct {
	steps []*Step
	event *event
	loop  *Step // the repeat it is the block of; nil: none
	begun int   // rounds of it
}

// has says whether the run has sent a message.
func (r *run) has(message string) bool { return r != nil && r.sentM[message] }

// delivery is a send that counts for caps.
type delivery struct {
	at  value.Time
	via string
}

// Draws are the outcomes of hashes: the branches of splits and the control
// groups that a person is in ("": the workspace's).
type Draws struct {
	Branches map[string]string
	Controls map[string]bool
}

type goal struct {
	at       value.Time
	value    float64
	credited bool
}

type send struct {
	r    *run
	step *Step
	due  value.Time
}

// change is what conditions may read and that has changed.
type change struct {
	names map[string]bool
	time  bool
	all   bool
}

func (c *change) add(name string) {
	if c.names == nil {
		c.names = map[string]bool{}
	}
	c.names[name] = true
}

func (c *change) none() bool { return len(c.names) == 0 && !c.time && !c.all }

func (c *change) merge(o change) {
	for n := range o.names {
		c.add(n)
	}
	c.time = c.time || o.time
	c.all = c.all || o.all
}

// tooMany are runs that only a program makes that enters again and again by
// itself: it can do so for ever, every half minute.
const tooMany = 300

// Foretell says what must happen in a case.
func Foretell(c *Case, draws Draws) *Record {
	o := &oracle{
		c: c, draws: draws, cal: calendar{}, ws: zoneNamed(c.Program.Zone),
		traits: map[string]trait{}, segments: map[string]bool{}, whens: map[*Entry]bool{},
		entries: map[string]value.Time{}, moved: map[*Expr]*mention{}, dealt: map[*Entry]value.Date{}, nexts: map[*Entry]next{},
	}
	if o.ws == nil {
		o.ws = time.UTC
	}
	o.instants.prepare(o)
	inputs := c.Script.Inputs
	for {
		born := o.now != 0
		next, ok := value.Time(0), false
		if born {
			next, ok = o.nextInstant()
		}
		if len(inputs) > 0 && (!ok || inputs[0].At <= next) {
			next, ok = inputs[0].At, true
		}
		if !ok || next > c.Script.Until {
			break
		}
		if len(o.runs) > tooMany {
			o.rec.Endless = true
			break
		}
		o.now = next
		if !born {
			o.born()
		}
		given := len(inputs) > 0 && inputs[0].At == next
		for len(inputs) > 0 && inputs[0].At == next {
			o.input(inputs[0])
			inputs = inputs[1:]
		}
		o.react(change{time: true, all: given})
		o.goOn()
	}
	o.final()
	o.rec.settle()
	return &o.rec
}

func (o *oracle) zone() *time.Location {
	name, _ := o.traits["timezone"].v.(string)
	if z := zoneNamed(name); z != nil {
		return z
	}
	return o.ws
}

// inside says whether the person has a live run of a journey.
func (o *oracle) inside(journey string) bool {
	for _, r := range o.runs {
		if r.j.Name == journey && r.state != ended {
			return true
		}
	}
	return false
}

func (o *oracle) mention(e *Expr) *mention {
	m := o.moved[e]
	if m == nil {
		m = &mention{names: map[string]bool{}}
		mentions(e, m)
		o.moved[e] = m
	}
	return m
}

// touches says whether a change can have changed an expression.
func (o *oracle) touches(c change, e *Expr) bool {
	if e == nil {
		return false
	}
	m := o.mention(e)
	if c.all || c.time && m.moved {
		return true
	}
	for n := range c.names {
		if m.names[n] || n == "t:timezone" {
			return true
		}
	}
	return false
}

// born is the first moment of somebody: what already holds for one of whom
// nothing is known does not become true.
func (o *oracle) born() {
	all := change{all: true}
	o.late = true // his first values are no changes
	o.derive(&all)
	o.late = false
	for _, j := range o.c.Program.Journeys {
		for _, e := range j.Entries {
			if e.When != nil {
				o.whens[e] = o.about(nil).truth(e.When)
			}
			if e.dated() {
				o.beginDates(e)
			}
		}
	}
}

// about is the surroundings of a question about the person.
func (o *oracle) about(e *event) surroundings {
	return surroundings{o: o, now: o.now, event: e, entry: e}
}

// of is the surroundings of a question about a run.
func (o *oracle) of(r *run, e *event) surroundings {
	return surroundings{o: o, now: o.now, event: e, entry: r.entry, vars: r.vars, run: r}
}

// input takes an input: it is stored whole, then its event is handled, then
// the changes it caused.
func (o *oracle) input(in *Input) {
	ch := change{}
	switch in.Kind {
	case InputSet:
		o.storeAll(in.Props, in.Of, &ch)
		o.react(ch)
	case InputEvent:
		o.takeEvent(in)
	case InputRequest:
		o.request(in)
	}
}

func (o *oracle) storeAll(traits map[string]any, at value.Time, ch *change) {
	for n, v := range traits {
		o.store(n, v, at, ch)
	}
}

// store keeps a trait: of two values the newer by event time stays.
func (o *oracle) store(name string, v any, at value.Time, ch *change) {
	old, had := o.traits[name]
	if had && at < old.at {
		return
	}
	o.traits[name] = trait{v, at}
	if !same(old.v, v) {
		o.alter(name, old.v, v)
		top, _, _ := strings.Cut(name, ".")
		ch.add("t:" + top)
		o.instants.know(o, v)
		if name == "lead" {
			o.instants.length(o, v)
		}
	}
}

func same(a, b any) bool {
	x, ok := a.([]any)
	if !ok {
		_, list := b.([]any)
		return !list && a == b
	}
	y, ok := b.([]any)
	if !ok || len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

func (o *oracle) takeEvent(in *Input) {
	e := &event{name: in.Name, at: in.Of, arrived: o.now, props: in.Props}
	e.late = e.arrived-e.at > msDay
	o.late = e.late
	ch := change{}
	o.storeAll(in.Traits, in.Of, &ch)
	o.happens(e, ch)
}

// happens stores an event and handles it, then the changes it caused.
func (o *oracle) happens(e *event, ch change) {
	o.events = append(o.events, e)
	o.instants.know(o, e.at)
	for _, v := range e.props {
		o.instants.know(o, v)
	}
	ch.add("e:" + e.name)
	o.late = e.late
	o.derive(&ch)
	o.acts(e)
	ch.merge(o.take())
	o.react(ch)
	o.late = false
}

// acts lets an event act on what there is.
func (o *oracle) acts(e *event) {
	o.countGoals(e)
	o.exitsOn(e)
	if !e.late {
		o.waitsFor(e)
	}
	o.entriesOn(e)
}

// altered is a trait that has taken another value.
type altered struct {
	trait    string
	from, to any
}

// alter notes it: it is an event once the input that caused it is done with.
func (o *oracle) alter(trait string, from, to any) {
	if o.late || strings.Contains(trait, ".") {
		return
	}
	for i := range o.altered {
		if o.altered[i].trait == trait {
			o.altered[i].to = to
			return
		}
	}
	o.altered = append(o.altered, altered{trait, from, to})
}

// alterations are the changes of traits as events, in the order of declaration.
func (o *oracle) alterations() {
	list := o.altered
	o.altered = nil
	place := func(a altered) int {
		for i, c := range o.c.Program.Computed {
			if c.Name == a.trait {
				return len(declared) + i
			}
		}
		return slices.Index(declared, a.trait)
	}
	slices.SortStableFunc(list, func(a, b altered) int { return place(a) - place(b) })
	for _, a := range list {
		if same(a.from, a.to) {
			continue
		}
		e := &event{name: changeOf + a.trait, at: o.now, arrived: o.now, props: map[string]any{"from": a.from, "to": a.to}}
		o.events = append(o.events, e)
		o.acts(e)
	}
}

// changeOf begins the name of the event that the change of a trait is.
const changeOf = "change of profile."

// declared are the traits as they are declared.
var declared = []string{"timezone", "tags", "email", "alt", "name", "tier", "num", "flag", "lead", "since", "birthday"}

// take are the changes since they were last taken.
func (o *oracle) take() change {
	ch := o.pending
	o.pending = change{}
	return ch
}

// derive asks the computed traits and segments that a change touches; what
// changes of them belongs to the change.
func (o *oracle) derive(ch *change) {
	for _, c := range o.c.Program.Computed {
		if o.touches(*ch, c.Expr) {
			v := o.about(nil).value(c.Expr)
			if !same(o.traits[c.Name].v, v) {
				ch.add("t:" + c.Name)
				o.alter(c.Name, o.traits[c.Name].v, v)
				o.instants.know(o, v)
			}
			o.traits[c.Name] = trait{v: v}
		}
	}
	for _, s := range o.c.Program.Segments {
		if !o.touches(*ch, s.When) {
			continue
		}
		in := o.about(nil).truth(s.When)
		if in == o.segments[s.Name] {
			continue
		}
		o.segments[s.Name] = in
		ch.add("s:" + s.Name)
		word := "out"
		if in {
			word = "in"
		}
		o.rec.add(o.now, word, s.Name, "")
	}
}

// react lets changes have their consequences: exits, waits, entries, until
// nothing changes any more.
func (o *oracle) react(ch change) {
	ch.merge(o.take())
	for round := 0; !ch.none(); round++ {
		if round > 10 { // silent: conditions that make each other true and false for ever
			o.rec.Endless = true
			return
		}
		o.derive(&ch)
		o.alterations()
		ch.merge(o.take()) // the conditions are asked once, after what is an event
		o.exitsWhen(ch)
		o.waitsMoved(ch)
		o.entriesWhen(ch)
		o.datesMoved(ch)
		if ch.time {
			o.datesDue()
		}
		ch = o.take()
	}
}

// live are the live runs, in the order of entry.
func (o *oracle) live() []*run {
	var list []*run
	for _, r := range o.runs {
		if r.state != ended {
			list = append(list, r)
		}
	}
	return list
}

func (o *oracle) exitsWhen(ch change) {
	for _, r := range o.live() {
		for _, x := range r.j.Exits {
			if r.state != ended && o.touches(ch, x.When) && o.of(r, nil).truth(x.When) {
				o.end(r, "when")
			}
		}
	}
}

func (o *oracle) entriesWhen(ch change) {
	for _, j := range o.c.Program.Journeys {
		for _, e := range j.Entries {
			if !o.touches(ch, e.When) {
				continue
			}
			holds := o.about(nil).truth(e.When)
			was := o.whens[e]
			o.whens[e] = holds
			if !holds || was {
				continue
			}
			moment := &event{at: o.now, arrived: o.now}
			if e.Where == nil || o.about(moment).truth(e.Where) {
				o.enter(j, e, moment, o.late)
			}
		}
	}
}

func (o *oracle) entriesOn(e *event) {
	for _, j := range o.c.Program.Journeys {
		for _, x := range j.Entries {
			if x.Kind == EnterEvent && x.Event == e.name && o.entersBy(j, x, e) {
				break // the clauses are alternatives
			}
		}
	}
}

// entersBy tries an event, or each of its elements, by a clause; it says
// whether the clause was one for it.
func (o *oracle) entersBy(j *Journey, x *Entry, e *event) bool {
	events := []*event{e}
	if x.Each {
		events = nil
		items, _ := e.props["items"].([]any)
		for i, item := range items {
			if i >= 50 {
				o.rec.add(o.now, "refused", j.Name, "too many") // silent: these stand first
				continue
			}
			one := &event{name: e.name, at: e.at, arrived: e.arrived, late: e.late, whole: e, props: map[string]any{"item": item}}
			for k, v := range e.props {
				one.props[k] = v
			}
			events = append(events, one)
		}
	}
	was := false
	for _, one := range events {
		if x.Where == nil || o.about(one).truth(x.Where) {
			was = true
			o.enter(j, x, one, one.late)
		}
	}
	return was
}

func (o *oracle) request(in *Input) {
	o.requested(in.Name, &event{name: "request", at: in.Of, arrived: o.now, props: in.Props})
}

func (o *oracle) requested(journey string, e *event) {
	for _, v := range e.props {
		o.instants.know(o, v)
	}
	for _, j := range o.c.Program.Journeys {
		if j.Name != journey {
			continue
		}
		for _, x := range j.Entries {
			if x.Kind != EnterRequest {
				continue
			}
			if x.Where == nil || o.about(e).truth(x.Where) {
				o.enter(j, x, e, false)
			} else {
				o.rec.add(o.now, "refused", j.Name, "where") // silent: the word
			}
			o.react(change{})
			return
		}
	}
	o.rec.add(o.now, "refused", journey, "no journey") // silent: the word
}

// enter begins a run, or says why not. Which reason is given when there are
// several is silent.
func (o *oracle) enter(j *Journey, x *Entry, e *event, late bool) {
	refuse := func(why string) { o.rec.add(o.now, "refused", j.Name, "%s", why) }
	if late {
		refuse("late")
		return
	}
	if o.depth > 10 {
		refuse("depth")
		return
	}
	key := ""
	if j.Per != nil {
		v := o.about(e).value(j.Per)
		if v == nil {
			refuse("no key")
			return
		}
		key = plain(v)
	}
	if j.While != nil && !o.about(e).truth(j.While) {
		refuse("filter")
		return
	}
	if x.Kind == EnterEvent && o.alreadyLeft(j, e) {
		refuse("already left")
		return
	}
	if !o.again(j, key, e) {
		refuse("again")
		return
	}
	r := &run{
		n: len(o.runs) + 1, j: j, key: key, entry: e, entered: o.now, ready: true,
		stack: []frame{{steps: j.Steps}}, vars: map[string]any{}, sentM: map[string]bool{}, goals: map[string]goal{}, depth: o.depth,
	}
	o.runs = append(o.runs, r)
	o.entries[j.Name+"\x00"+key] = o.now
	o.pending.add("j:" + j.Name)
	o.instants.know(o, e.at)
	o.rec.add(o.now, "entered", o.name(r), "%s", key)
	o.leaves(r)
}

// leaves ends a run of which an `exit when` holds.
func (o *oracle) leaves(r *run) {
	for _, c := range r.j.Exits {
		if c.When != nil && o.of(r, nil).truth(c.When) {
			o.end(r, "when")
			return
		}
	}
}

func (o *oracle) name(r *run) string { return r.j.Name + "#" + number(float64(r.n)) }

func (o *oracle) again(j *Journey, key string, e *event) bool {
	last, entered := o.entries[j.Name+"\x00"+key]
	again := j.Again
	if again == "" {
		again = "after exit"
		for _, x := range j.Entries {
			if !x.dated() {
				again = "once"
			}
		}
	}
	if again == "once" {
		return !entered
	}
	for _, r := range o.runs {
		if r.j == j && r.key == key && r.state != ended {
			return false
		}
	}
	return again == "after exit" || !entered || o.now-last >= value.Time(o.about(e).length(j.After))
}

func (o *oracle) alreadyLeft(j *Journey, e *event) bool {
	for _, x := range j.Exits {
		for _, past := range o.events {
			if x.Event != past.name || past.at <= e.at {
				continue
			}
			s := o.about(e)
			s.event = past
			if x.Where == nil || s.truth(x.Where) {
				return true
			}
		}
	}
	return false
}

func (o *oracle) end(r *run, reason string) {
	r.state, r.ready, r.reason = ended, false, reason
	o.rec.add(o.now, "ended", o.name(r), "%s", reason)
	o.pending.add("j:" + r.j.Name)
	for i, s := range o.planned {
		if s.r == r {
			o.planned = append(o.planned[:i], o.planned[i+1:]...)
			break
		}
	}
	o.bounds()
}

// memory is how many ended runs the machine remembers at least; openMemory, if
// a goal of them all can count.
const memory, openMemory = 20, 100

// bounds gives up where the machine's memory ends: it keeps the newest 20
// ended runs and those of which a goal can still count. A goal whose window
// becomes longer afterwards finds the others forgotten.
func (o *oracle) bounds() {
	if o.over() <= memory {
		return
	}
	for _, j := range o.c.Program.Journeys {
		for _, g := range j.Goals {
			if len(o.mention(g.Within).names) > 0 {
				o.rec.Endless = true
			}
		}
	}
}

// over is how many runs have ended.
func (o *oracle) over() int {
	n := 0
	for _, r := range o.runs {
		if r.state == ended {
			n++
		}
	}
	return n
}

// forgotten says whether the machine may have forgotten a run when an event of
// long ago counts for it.
func (o *oracle) forgotten(r *run, within value.Time) bool {
	over := o.over()
	return r.state == ended && (over > memory && o.now > r.entered+within+msDay || over > openMemory)
}

func (o *oracle) exitsOn(e *event) {
	for _, r := range o.live() {
		if r.entry.is(e) {
			continue
		}
		for _, x := range r.j.Exits {
			if r.state == ended || x.When != nil {
				continue
			}
			if x.Goal != "" {
				if g, ok := r.goals[x.Goal]; ok && g.at == o.now {
					o.end(r, x.Goal)
				}
				continue
			}
			if x.Event == e.name && e.at >= r.entry.at && (x.Where == nil || o.of(r, e).truth(x.Where)) {
				o.end(r, e.name)
			}
		}
	}
}

// countGoals counts an event for every run, live or ended; its value goes to
// one of them.
func (o *oracle) countGoals(e *event) {
	credit := map[string]*run{}
	for _, r := range o.runs {
		if r.entry.is(e) {
			continue
		}
		for _, g := range r.j.Goals {
			if _, done := r.goals[g.Name]; done || g.Event != e.name {
				continue
			}
			s := o.of(r, e)
			within := value.Time(o.of(r, nil).length(g.Within))
			// silent: whether the window begins with the entering event's
			// time or with its arrival. It begins with the former and ends
			// counted from the latter.
			if e.at < r.entry.at || e.at > r.entered+within || g.Where != nil && !s.truth(g.Where) {
				continue
			}
			if o.forgotten(r, within) {
				o.rec.Endless = true
			}
			v := 0.0
			if g.Value != nil {
				v, _ = s.value(g.Value).(float64)
			}
			r.goals[g.Name] = goal{at: o.now, value: v}
			o.rec.add(o.now, "goal", o.name(r), "%s", g.Name)
			key := r.j.Name + "\x00" + g.Name
			best := credit[key]
			if best == nil || r.sent > best.sent || r.sent == best.sent { // silent: two at one instant
				credit[key] = r
			}
		}
	}
	for key, r := range credit {
		_, name, _ := strings.Cut(key, "\x00")
		g := r.goals[name]
		g.credited = true
		r.goals[name] = g
	}
}

// final writes down what the person is in the end.
func (o *oracle) final() {
	for name, t := range o.traits {
		if t.v != nil {
			o.rec.state("trait %s = %s", name, plain(t.v))
		}
	}
	for name, in := range o.segments {
		if in {
			o.rec.state("in %s", name)
		}
	}
	for _, r := range o.runs {
		for name, g := range r.goals {
			o.rec.state("goal %s %s at %s value %s credited %v", o.name(r), name, g.at, number(g.value), g.credited)
		}
		if r.state != ended {
			o.rec.state("live %s until %s", o.name(r), r.until)
		}
	}
}
