package orchestrator

import (
	"slices"

	"journey/dsl"
	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/clean"
)

// Reasons for which a send is skipped or failed.
const (
	SkippedLate       = "late"
	SkippedNoAddress  = "no address"
	SkippedConsent    = "consent"
	SkippedTopic      = "topic"
	SkippedSuppressed = "suppressed"
	SkippedControl    = "control"
	SkippedCap        = "cap"
	FailedRender      = "render"
	FailedProvider    = "provider"
)

const (
	validFor   = 24 * value.Hour   // unless a message says otherwise
	lateBy     = 5 * value.Minute  // on the person's time, and …
	lateReally = 10 * value.Second // … in real time: then the run's clock jumps to now
	queueFor   = 60 * value.Second // how long a planned send keeps later ones of its channel waiting
)

// Claim judges a run's send at now, the last moment before it goes out, and
// renders it. Claimed means that the ledger says attempting, by owner until
// deadline (real time in ms): the message is to be delivered, once. Otherwise
// it has been decided without the provider, and the run has gone on.
func (w *World) Claim(p *profiles.Person, run string, now value.Time, owner string, deadline int64) Claim {
	m := w.begin(p, now)
	m.settle(now)
	m.at = now
	c := m.claim(run, owner, deadline)
	if c.Verdict == Claimed {
		m.drain(now)
	} else {
		m.close(now)
	}
	c.Result = m.finish(run)
	c.Order = w.OrderOf(p, run, now)
	m.free()
	return c
}

func (m *machine) claim(id, owner string, deadline int64) Claim {
	r, live := m.p.Run(id)
	if !live || r.State != profiles.Sending {
		return Claim{Verdict: Decided}
	}
	send := pending(m.p, r)
	j := m.journey(r)
	step := m.delivery(r)
	if send == nil || j == nil || step == nil {
		m.end(r, EndedGone)
		return Claim{Verdict: Decided}
	}
	if send.State == profiles.Attempting || m.queued(send) || m.Stands(m.p, r) {
		return Claim{Verdict: NotYet}
	}
	m.catchUp(r)
	if j.While != nil && !j.While.Bool(m.aboutRun(r, m.at, nil)) {
		m.end(r, EndedFilter)
		return Claim{Verdict: Decided}
	}
	send.Exempt = step.exempt
	if reason := m.judge(j, r, step, send); reason != "" {
		if reason == SkippedCap && m.placeMayGetFree(send.Channel) {
			return Claim{Verdict: NotYet}
		}
		m.settleSend(r, step, send, Outcome{State: profiles.Skipped, Reason: reason})
		return Claim{Verdict: Decided}
	}
	if until, quiet := m.quietUntil(send.Channel, m.at); quiet && step.personal && !step.exempt {
		m.hold(r, send, until)
		return Claim{Verdict: Decided}
	}
	msg, err := m.render(r, step)
	if err != nil {
		m.unsaid = err
		m.settleSend(r, step, send, Outcome{State: profiles.Failed, Reason: FailedRender})
		return Claim{Verdict: Decided}
	}
	send.State, send.At, send.Owner, send.Deadline = profiles.Attempting, m.at, owner, deadline
	return Claim{Verdict: Claimed, Message: msg}
}

// delivery is a step that sends or calls, as both are delivered.
type delivery struct {
	*dsl.StepHead
	message   *dsl.Message // nil: a call
	call      *dsl.Call    // nil: a send
	as        string       // of a call: where its answer is kept
	with      []dsl.Named
	otherwise int
	personal  bool // to the person, not to a system
	exempt    bool // from consent, topics, caps, quiet hours, control groups
}

// delivery is the step that a run stands at; nil where that is none.
func (m *machine) delivery(r *profiles.Run) *delivery {
	j := m.journey(r)
	switch s := m.stepOf(r).(type) {
	case *dsl.Send:
		msg := s.Message
		return &delivery{
			StepHead: &s.StepHead, message: msg, with: s.With, otherwise: s.Otherwise,
			personal: msg.Channel != callChannel, exempt: j.Transactional || msg.Transactional,
		}
	case *dsl.Ask:
		return &delivery{
			StepHead: &s.StepHead, call: s.Call, as: s.As, with: s.With, otherwise: s.Otherwise, exempt: j.Transactional,
		}
	}
	return nil
}

// line puts a run's planned send into the ledger: behind all that is there,
// but before what runs have planned that go after it at this instant. Each run
// goes on until it waits, whatever it sends on its way.
func (m *machine) line(r *profiles.Run, send *profiles.Send) {
	at := slices.IndexFunc(m.p.Ledger, func(s *profiles.Send) bool {
		o, live := m.p.Run(s.Run)
		return live && s.State == profiles.Planned && o.State == profiles.Sending && o.Clock == r.Clock && m.goesBefore(r, o)
	})
	if at < 0 {
		at = len(m.p.Ledger)
	}
	m.p.Ledger = slices.Insert(m.p.Ledger, at, send)
}

// goesBefore says which of two runs goes first at an instant, in any case.
func (m *machine) goesBefore(a, b *profiles.Run) bool {
	if m.before(a, b) || m.before(b, a) {
		return m.before(a, b)
	}
	return slices.Index(m.p.Runs, a) < slices.Index(m.p.Runs, b)
}

// queued says whether an earlier send of the person, with which this one
// stands in line, is still planned, or is being attempted by a run that goes
// before this one at its instant: that one may send more. A send waits for
// those that came into the line less than a minute ago, however late the line
// is: what is due at one instant keeps its order after an outage, too.
func (m *machine) queued(send *profiles.Send) bool {
	for _, s := range m.p.Ledger {
		if s == send {
			return false
		}
		if m.isOld(s) {
			continue
		}
		switch s.State {
		case profiles.Planned:
			if !m.keptBack(s) && (m.inLine(s, send) || m.together(s, send)) {
				return true
			}
		case profiles.Attempting:
			if m.together(s, send) {
				return true
			}
		}
	}
	return false
}

// together says whether two sends are of two runs at one instant, and a cap
// may leave a place for the first only.
func (m *machine) together(a, b *profiles.Send) bool {
	ra, ok := m.p.Run(a.Run)
	rb, ok2 := m.p.Run(b.Run)
	if !ok || !ok2 || ra == rb || ra.Clock != rb.Clock || !m.mayCount(b) {
		return false
	}
	return slices.ContainsFunc(m.plan.Settings.Caps, func(c dsl.Cap) bool { return c.Channel == "" || c.Channel == b.Channel })
}

// inLine says whether two sends go one after the other: over one channel, and
// where a cap counts over all of them, whatever counts for it.
func (m *machine) inLine(a, b *profiles.Send) bool {
	return a.Channel == b.Channel || m.capsAll() && m.mayCount(a) && m.mayCount(b)
}

// mayCount says whether a planned send would count for a cap.
func (m *machine) mayCount(s *profiles.Send) bool {
	r, ok := m.p.Run(s.Run)
	if !ok {
		return false
	}
	d := m.delivery(r)
	return d != nil && d.personal && !d.exempt
}

// keptBack says whether quiet hours, the pause of its journey, or the stop of
// its channel keep a planned send back: nobody waits for it.
func (m *machine) keptBack(s *profiles.Send) bool {
	r, ok := m.p.Run(s.Run)
	return ok && (r.State == profiles.Holding || m.Stands(m.p, r))
}

// isOld says whether a send has been planned, or attempted, for so long that
// whoever was to make it may be dead.
func (m *machine) isOld(s *profiles.Send) bool { return m.at.Sub(s.At) >= m.scaled(queueFor) }

// scaled is a stretch of real time on the person's time.
func (m *machine) scaled(d value.Duration) value.Duration {
	if m.Speed > 1 {
		return value.Duration(float64(d) * m.Speed)
	}
	return d
}

// catchUp lets the run's clock jump to now when the send is late by much: an
// outage, a backlog, a pause. The next wait looks back to before the jump. All
// that stand at planned sends of its instant jump with it: they stay runs of
// one instant, and what they send on their way keeps its order.
func (m *machine) catchUp(r *profiles.Run) {
	late := m.at.Sub(r.Clock)
	if late <= lateBy || late <= m.scaled(lateReally) {
		return
	}
	clock := r.Clock
	for _, o := range m.p.Runs {
		if o != r && (o.Clock != clock || !m.standsInLine(o)) {
			continue
		}
		if o.Back == 0 {
			o.Back = o.Clock
		}
		o.Clock = m.at
		m.traceRun(TraceJump, o, Trace{})
	}
}

// standsInLine says whether a run stands at a planned send that nothing keeps
// back.
func (m *machine) standsInLine(r *profiles.Run) bool {
	if r.State != profiles.Sending || m.Stands(m.p, r) {
		return false
	}
	s := pending(m.p, r)
	return s != nil && s.State == profiles.Planned
}

// LineUp lets a run's planned send that was kept back stand in line as if it
// were planned now: those that were kept back together are made in their
// order, however long that was.
func LineUp(p *profiles.Person, run string, now value.Time) {
	if s := Pending(p, run); s != nil && s.State == profiles.Planned {
		s.At = now
	}
}

// judge asks, in the language's order, what may keep a message from being
// sent: the reason, or "".
func (m *machine) judge(j *dsl.Journey, r *profiles.Run, d *delivery, send *profiles.Send) string {
	marketing := d.personal && !d.exempt
	switch {
	case m.at.Sub(send.Due) > m.validFor(r, d):
		return SkippedLate
	case d.personal && m.address(r, d) == "":
		return SkippedNoAddress
	case marketing && !m.consents(send.Channel):
		return SkippedConsent
	case marketing && m.leftTopic(d.message.Topic):
		return SkippedTopic
	case m.suppressed(send.Channel, d.exempt):
		return SkippedSuppressed
	case !d.exempt && m.controlled(j):
		return SkippedControl
	case marketing && m.capped(send.Channel):
		return SkippedCap
	}
	return ""
}

// validFor is how late a send may go out.
func (m *machine) validFor(r *profiles.Run, d *delivery) value.Duration {
	if d.message != nil && d.message.ValidFor != nil {
		return d.message.ValidFor.Duration(m.atDelivery(r, d, m.given(r, d)))
	}
	return validFor
}

func (m *machine) consents(channel string) bool {
	yes, said := m.p.KeyedBool("consent", channel)
	if !said {
		return m.plan.Settings.ConsentAssumed
	}
	return yes
}

// AddressTrait is the trait that holds a channel's address, "" for a channel
// without one.
func AddressTrait(channel string) string {
	switch channel {
	case "email":
		return "email"
	case "sms":
		return "phone"
	case "push":
		return "push_token"
	case "line":
		return "line_user_id"
	}
	return ""
}

// address is where a message goes; "" where there is none.
func (m *machine) address(r *profiles.Run, d *delivery) string {
	var v any
	if d.message.To != nil {
		v = d.message.To.Value(m.atDelivery(r, d, m.given(r, d)))
	} else {
		v = m.p.Value(AddressTrait(d.message.Channel))
	}
	to, _ := v.(string)
	return to
}

// outcome takes what a run's send came to. A run that has ended meanwhile
// only gets it into the ledger.
func (m *machine) outcome(id string, o Outcome) {
	var send *profiles.Send
	for _, s := range m.p.Ledger {
		if s.Run == id && !s.State.Final() {
			send = s
		}
	}
	if send == nil {
		return // settled already: a repeat changes nothing
	}
	r, live := m.p.Run(id)
	if o.State == profiles.Planned {
		m.giveBack(send, live)
		return
	}
	var step *delivery
	if live && r.State == profiles.Sending {
		step = m.delivery(r)
	}
	if step == nil {
		m.record(send, o)
		if e, ok := m.p.EndedRun(id); ok && countsAsSent(o.State) {
			e.Sent = m.at
		}
		m.sent(send, 1)
		return
	}
	m.settleSend(r, step, send, o)
}

// giveBack makes an attempt undone of which it is certain that nothing went
// out: the send is planned again, or dropped with its run.
func (m *machine) giveBack(send *profiles.Send, live bool) {
	if !live {
		m.p.Ledger = slices.DeleteFunc(m.p.Ledger, func(s *profiles.Send) bool { return s == send })
		return
	}
	send.State, send.Owner, send.Deadline = profiles.Planned, "", 0
}

// settleSend writes the outcome and lets the run go on: the next step, or
// otherwise when the message was not accepted. Somebody in a control group
// goes the way of one who received it.
func (m *machine) settleSend(r *profiles.Run, d *delivery, send *profiles.Send, o Outcome) {
	m.record(send, o)
	text := o.State.String()
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	t := Trace{Name: send.Message, Detail: text}
	if m.unsaid != nil {
		t.Value, m.unsaid = m.unsaid.Error(), nil
	}
	m.traceRun(TraceOutcome, r, t)
	r.State = profiles.Waiting
	m.ready[r] = true
	control := o.State == profiles.Skipped && o.Reason == SkippedControl
	if countsAsSent(o.State) || control {
		m.received(r, d, send, o, control)
		m.goOn(r, d.Next)
		if j := m.journey(r); d.as != "" && j != nil {
			m.leaveWhen(r, j) // it may read the answer
		}
		m.sent(send, r.Depth+1)
		return
	}
	m.goOn(r, d.otherwise)
}

// received notes what a run knows of a delivery that went the way of success.
func (m *machine) received(r *profiles.Run, d *delivery, send *profiles.Send, o Outcome, control bool) {
	if d.call != nil {
		m.answered(r, d, o.Answer)
		return
	}
	if !control {
		r.Sent = m.at
	}
	if m.asksSends(r) {
		m.learn(r, send.Message, profiles.SentBit)
	}
}

// answered keeps a call's answer, its fields read by their declared types.
func (m *machine) answered(r *profiles.Run, d *delivery, answer map[string]any) {
	if d.as == "" || answer == nil {
		return
	}
	declared := d.call.Returns
	if declared == nil {
		declared = &value.Type{Kind: value.Object}
	}
	settings := m.plan.Settings
	obj, _ := clean.Object(answer, declared, clean.Options{Zone: settings.Zone, Country: settings.Country})
	if r.Vars == nil {
		r.Vars = map[string]any{}
	}
	r.Vars[d.as] = obj
}

// asksSends says whether any condition of a run's journey asks what became of
// its messages: only then is it remembered.
func (m *machine) asksSends(r *profiles.Run) bool { return m.planOf(r).asksSends[r.Journey] }

func (m *machine) record(send *profiles.Send, o Outcome) {
	send.State, send.Reason, send.At, send.Owner, send.Deadline = o.State, o.Reason, m.at, "", 0
}

// countsAsSent says whether a send may have reached the person.
func countsAsSent(s profiles.SendState) bool { return s == profiles.Sent || s == profiles.Uncertain }

// Pending is the send that a run stands at, planned or attempting; nil where
// there is none.
func Pending(p *profiles.Person, run string) *profiles.Send {
	r, ok := p.Run(run)
	if !ok {
		return nil
	}
	return pending(p, r)
}
