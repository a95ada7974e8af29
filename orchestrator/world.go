package orchestrator

import (
	"sort"
	"sync"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/profiles"
)

// Apply takes the inputs of one instant in their order and closes it: what
// was due before now happens first, then the inputs, then the moments and
// runs due at now and those that were just entered or released, each until it
// waits or comes to a send.
func (w *World) Apply(p *profiles.Person, inputs []Input, now value.Time) Result {
	m := w.begin(p, now)
	m.settle(now)
	for i := range inputs {
		m.at = now
		m.answer(m.input(&inputs[i]))
	}
	m.close(now)
	res := m.finish("")
	m.free()
	return res
}

// Advance lets one run go on: it settles the person, takes what the run's
// send came to (nil: nothing) and closes the instant. The order is what the
// run is to do next; a run that is unknown or has ended is told to end.
func (w *World) Advance(p *profiles.Person, run string, outcome *Outcome, now value.Time) (Order, Result) {
	m := w.begin(p, now)
	m.settle(now)
	m.at = now
	if outcome != nil {
		m.outcome(run, *outcome)
	}
	m.close(now)
	res := m.finish(run)
	m.free()
	return w.OrderOf(p, run, now), res
}

// Settle does everything of the person that was due before now, each thing
// at its own due instant.
func (w *World) Settle(p *profiles.Person, now value.Time) Result {
	m := w.begin(p, now)
	m.settle(now)
	res := m.finish("")
	m.free()
	return res
}

// OrderOf is the order of a run at an instant: what its workflow is to do
// next. What a paused journey or a stopped channel keeps from going on waits
// to be woken.
func (w *World) OrderOf(p *profiles.Person, run string, now value.Time) Order {
	r, ok := p.Run(run)
	if !ok {
		o := Order{Kind: EndRun}
		if e, ok := p.EndedRun(run); ok {
			o.Seq = e.Seq
		}
		return o
	}
	if w.Stands(p, r) {
		return Order{Kind: WaitUntil, Seq: r.Seq}
	}
	if r.State == profiles.Sending {
		o := Order{Kind: Deliver, Seq: r.Seq}
		if s := pending(p, r); s != nil {
			o.Channel = s.Channel
		}
		return o
	}
	o := Order{Kind: WaitUntil, Seq: r.Seq, Until: r.Until}
	if r.Until <= now && w.isPaused(r.Journey) {
		o.Until = 0
	}
	return o
}

// Stands says whether a live run stands at a planned send that the pause of
// its journey, or the stop of its channel, keeps back. One that is being
// attempted is brought to its end.
func (w *World) Stands(p *profiles.Person, r *profiles.Run) bool {
	if r.State != profiles.Sending {
		return false
	}
	s := pending(p, r)
	return s != nil && s.State == profiles.Planned && (w.isPaused(r.Journey) || w.isStopped(s.Channel))
}

// NextDue is the earliest instant at which something of the person is due by
// time alone; 0: nothing is. Runs of paused journeys stand still.
func (w *World) NextDue(p *profiles.Person) value.Time {
	next := p.Moment
	for _, r := range p.Runs {
		if r.State != profiles.Sending && r.Until > 0 && (next == 0 || r.Until < next) && !w.isPaused(r.Journey) {
			next = r.Until
		}
	}
	return next
}

// machine is one call: the person, the instant, and what has changed so far.
type machine struct {
	*World
	p    *profiles.Person
	plan *Plan      // the live one
	now  value.Time // of the call
	at   value.Time // instant at which things happen: a due one while settling
	env  cond.Env
	view view

	ready   map[*profiles.Run]bool // entered or released, not yet at a wait
	was     map[string]snapshot    // runs as they were at the beginning
	ended   []*profiles.Run        // runs that have ended in this call; the person may have forgotten them again
	changed changes
	spare   []changed  // memory for the next changes
	pending []changeOf // of traits, not handled yet
	clause  int        // of the exit by which a run is ending, from 1
	quiet   bool       // changes of traits are no events: a merge, a release
	depth   int        // of the chain of entries that what happens now belongs to
	source  string     // who brings what is set now; "" for nobody in particular
	history bool       // what happens now comes of a late or imported input
	unsaid  error      // why the message whose send is settled next could not be rendered
	result  Result
}

// snapshot is a run's order at the beginning of a call.
type snapshot struct {
	state profiles.RunState
	step  int
	pass  int
	until value.Time
}

func (w *World) begin(p *profiles.Person, now value.Time) *machine {
	m := machines.Get().(*machine)
	m.World, m.p, m.plan, m.now, m.at = w, p, w.Live, now, p.Last
	if p.Last == 0 {
		m.at = now // somebody new
	}
	m.view = view{m: m}
	m.env.Person = &m.view
	for _, r := range p.Runs {
		m.was[r.ID] = snapshotOf(r)
	}
	if p.Release != w.Live.Hash {
		m.changeover()
	}
	return m
}

// machines are used again by the calls that are made with every event.
var machines = sync.Pool{New: func() any {
	return &machine{ready: map[*profiles.Run]bool{}, was: map[string]snapshot{}}
}}

// free gives the machine back. Nobody must know it any more.
func (m *machine) free() {
	const many = 64
	if len(m.was) > many || len(m.ready) > many {
		return // clearing them would cost all others
	}
	clear(m.was)
	clear(m.ready)
	clear(m.changed.list[:cap(m.changed.list)])
	clear(m.spare[:cap(m.spare)])
	*m = machine{ready: m.ready, was: m.was, changed: changes{list: m.changed.list[:0]}, spare: m.spare[:0]}
	machines.Put(m)
}

func snapshotOf(r *profiles.Run) snapshot {
	return snapshot{r.State, r.Step, r.Pass, r.Until}
}

// settle does what is due before limit, in the order of a person: by instant,
// moments before runs, higher priority, earlier entry.
func (m *machine) settle(limit value.Time) { m.drain(limit - 1) }

// close does what is due at the instant or was released in it.
func (m *machine) close(now value.Time) {
	m.react()
	m.drain(now)
}

func (m *machine) drain(last value.Time) {
	for {
		run, due, ok := m.nextRun(last)
		if mo := m.p.Moment; mo > 0 && mo <= last && (!ok || mo <= due) {
			m.at = max(m.at, min(mo, m.now))
			m.p.Moment = 0
			m.changed.time = true
			m.react()
			continue
		}
		if !ok {
			return
		}
		m.at = max(m.at, min(due, m.now))
		if m.ready[run] {
			m.exec(run)
		} else {
			m.timeout(run, due)
		}
		m.react()
	}
}

// nextRun is the run that is due first, not later than last.
func (m *machine) nextRun(last value.Time) (*profiles.Run, value.Time, bool) {
	var best *profiles.Run
	var due value.Time
	for _, r := range m.p.Runs {
		t := r.Until
		if m.ready[r] {
			t = r.Clock
		} else if r.State == profiles.Sending || t == 0 || t > last {
			continue
		}
		if m.isPaused(r.Journey) {
			continue
		}
		if best == nil || t < due || t == due && m.before(r, best) {
			best, due = r, t
		}
	}
	return best, due, best != nil
}

// before says which of two runs due at one instant goes first.
func (m *machine) before(a, b *profiles.Run) bool {
	if pa, pb := m.priority(a), m.priority(b); pa != pb {
		return pa > pb
	}
	if a.Entered != b.Entered {
		return a.Entered < b.Entered
	}
	return false // p.Runs is in the order of entry
}

func (m *machine) priority(r *profiles.Run) int {
	if j := m.journey(r); j != nil {
		return j.Priority
	}
	return 0
}

// planOf is the plan a run entered under; the live one where that is gone.
func (m *machine) planOf(r *profiles.Run) *Plan {
	if r.Release == m.plan.Hash || m.Release == nil {
		return m.plan
	}
	if p := m.Release(r.Release); p != nil {
		return p
	}
	return m.plan
}

// journey is a run's journey in its own release; nil when it is gone.
func (m *machine) journey(r *profiles.Run) *dsl.Journey {
	j, _ := m.planOf(r).Journey(r.Journey)
	return j
}

// isPaused says whether the runs of a journey stand still.
func (w *World) isPaused(journey string) bool { return w.Paused != nil && w.Paused(journey) }

// isStopped says whether nothing goes out over a channel.
func (w *World) isStopped(channel string) bool { return w.Stopped != nil && w.Stopped(channel) }

func (m *machine) answer(a Answer) { m.result.Answers = append(m.result.Answers, a) }

func (m *machine) trace(t Trace) {
	if m.Observe != nil {
		if t.At == 0 {
			t.At = m.at
		}
		m.Observe.Observe(t)
	}
}

func (m *machine) traceRun(kind TraceKind, r *profiles.Run, t Trace) {
	if m.Observe == nil {
		return
	}
	t.Kind, t.Journey, t.Run = kind, r.Journey, r.ID
	if j := m.journey(r); j != nil && t.Step == "" && r.Step >= 0 && r.Step < len(j.Code) {
		t.Step = j.Code[r.Step].Head().ID
	}
	m.trace(t)
}

// finish says what the call leaves to others: a run whose order changed gets
// a new sequence, one that is new is started, one that can go on earlier than
// its timer is woken. The run named answered gets its order as the answer of
// the call and needs no wake.
func (m *machine) finish(answered string) Result {
	m.p.Last = max(m.p.Last, m.now)
	m.forgetHours()
	for r := range m.ready {
		// Only a paused journey leaves a run that could go on.
		r.State, r.Until = profiles.Paused, r.Clock
	}
	for _, r := range m.p.Runs {
		was, old := m.was[r.ID]
		if old && was == snapshotOf(r) {
			continue
		}
		r.Seq++
		switch {
		case !old:
			m.reaction(StartRun, r)
		case r.ID != answered && earlier(was, r):
			m.wake(r)
		}
	}
	for _, r := range m.ended {
		if _, old := m.was[r.ID]; !old {
			continue // Temporal has never heard of it
		}
		r.Seq++
		if r.ID != answered {
			m.wake(r)
		}
	}
	if r, ok := m.p.Run(answered); ok {
		r.Wake = 0
	}
	if len(m.result.Reactions) > 1 {
		sort.SliceStable(m.result.Reactions, func(i, j int) bool {
			return m.result.Reactions[i].Kind < m.result.Reactions[j].Kind
		})
	}
	return m.result
}

// earlier says whether a run can go on before the timer it had.
func earlier(was snapshot, r *profiles.Run) bool {
	if r.State == profiles.Sending {
		return true
	}
	if was.state == profiles.Sending {
		return false // its own workflow is delivering and will be answered
	}
	return r.Until > 0 && (was.until == 0 || r.Until < was.until)
}

func (m *machine) wake(r *profiles.Run) {
	if r.Wake != 0 {
		return // one is on its way; it asks for what is to be done now
	}
	r.Wake = m.now
	m.reaction(WakeRun, r)
}

func (m *machine) reaction(kind ReactionKind, r *profiles.Run) {
	re := Reaction{Kind: kind, Run: r.ID, Journey: r.Journey, Release: r.Release, Seq: r.Seq}
	if kind == StartRun {
		re.Order = m.OrderOf(m.p, r.ID, m.now)
	}
	m.result.Reactions = append(m.result.Reactions, re)
}
