package proving

import (
	"encoding/json"
	"slices"
	"strings"

	"journey/dsl/value"
)

// goOn lets the runs that are ready or due go on, each until it waits or comes
// to a send; then the first send that was planned is made, and so on, until
// nothing is left at this instant.
func (o *oracle) goOn() {
	for {
		if o.dateIsDue() {
			o.react(change{time: true})
		}
		r := o.first()
		switch {
		case r != nil:
			o.goes(r)
		case len(o.planned) > 0:
			o.claim(o.planned[0])
		default:
			return
		}
		o.react(change{})
	}
}

// goes lets a run go on that is ready or due.
func (o *oracle) goes(r *run) {
	switch {
	case r.state == holding:
		o.release(r)
		return
	case !r.ready:
		o.timeout(r)
	}
	o.steps(r)
}

// first is the run that goes on first of those that can go on now: that of
// the highest priority, and of these the earliest entered.
func (o *oracle) first() *run {
	var best *run
	for _, r := range o.live() {
		if (r.ready || (r.state == waiting || r.state == holding) && r.until <= o.now) && (best == nil || r.j.Priority > best.j.Priority) {
			best = r
		}
	}
	return best
}

// at is the surroundings of a run's own step.
func (o *oracle) at(r *run) surroundings { return o.of(r, r.around) }

// push makes a run go on with a block.
func (r *run) push(steps []*Step, e *event) {
	r.stack = append(r.stack, frame{steps: steps, event: e})
	r.ready, r.state = true, waiting
}

// steps takes a run's steps until it waits, comes to a send, or ends.
func (o *oracle) steps(r *run) {
	o.depth = r.depth + 1
	defer func() { o.depth = 0 }()
	for r.ready && r.state != ended {
		o.unwind(r)
		if !r.ready {
			return // it waits between rounds
		}
		if len(r.stack) == 0 {
			o.end(r, "end")
			o.react(change{}) // what it causes belongs to the chain
			return
		}
		top := &r.stack[len(r.stack)-1]
		step := top.steps[0]
		top.steps = top.steps[1:]
		r.step, r.clock, r.around = step, o.now, top.event
		o.step(r, step)
		o.react(change{})
	}
}

// unwind leaves the blocks that have no steps left, and begins the rounds of
// repeats.
func (o *oracle) unwind(r *run) {
	for r.ready && len(r.stack) > 0 && len(r.stack[len(r.stack)-1].steps) == 0 {
		top := &r.stack[len(r.stack)-1]
		s := top.loop
		if s == nil {
			r.stack = r.stack[:len(r.stack)-1]
			continue
		}
		if top.begun > 0 && top.begun < s.Times && s.For != nil {
			r.step, r.clock, r.around = s, o.now, top.event
			if until, _ := o.moment(r, s); until > o.now {
				r.state, r.ready, r.until, r.depth = waiting, false, until, 0
				return
			}
		}
		o.round(r)
	}
}

// round begins the next round of the innermost repeat, or leaves it.
func (o *oracle) round(r *run) {
	top := &r.stack[len(r.stack)-1]
	s := top.loop
	if top.begun == s.Times || s.Cond != nil && !o.of(r, top.event).truth(s.Cond) {
		r.stack = r.stack[:len(r.stack)-1]
		return
	}
	top.begun++
	top.steps = s.Then
}

func (o *oracle) step(r *run, s *Step) {
	switch s.Kind {
	case StepIf:
		if o.at(r).truth(s.Cond) {
			r.push(s.Then, r.around)
		} else {
			r.push(s.Else, r.around)
		}
	case StepSplit:
		name, known := o.draws.Branches[s.Split]
		if !known {
			o.rec.add(o.now, "split", o.name(r), "%s has no branch", s.Split)
		}
		for _, b := range s.Branches {
			if b.Name == name {
				r.push(b.Body, r.around)
			}
		}
	case StepLet:
		r.vars[s.Name] = o.at(r).value(s.Value)
		o.leaves(r)
	case StepExit:
		if s.Name == "" {
			o.end(r, "exit")
		} else {
			o.end(r, s.Name)
		}
	case StepRepeat:
		r.stack = append(r.stack, frame{event: r.around, loop: s})
	case StepSet, StepClear, StepTag, StepUntag, StepSend, StepEmit, StepStart:
		if r.j.While != nil && !o.of(r, nil).truth(r.j.While) {
			o.end(r, "filter")
			return
		}
		o.touch(r, s)
	default:
		o.wait(r, s)
	}
}

// touch takes the steps that concern the person.
func (o *oracle) touch(r *run, s *Step) {
	name := s.Trait
	if s.Path != "" {
		name += "." + s.Path
	}
	switch s.Kind {
	case StepSet:
		o.store(name, o.at(r).value(s.Value), o.now, &o.pending)
	case StepClear:
		o.store(name, nil, o.now, &o.pending)
	case StepTag, StepUntag:
		old, _ := o.traits["tags"].v.([]any)
		var tags []any
		has := false
		for _, t := range old {
			has = has || t == s.Name
			if t != s.Name || s.Kind == StepTag {
				tags = append(tags, t)
			}
		}
		if s.Kind == StepTag && !has {
			tags = append(tags, s.Name)
		}
		if len(tags) == 0 {
			o.store("tags", nil, o.now, &o.pending)
		} else {
			o.store("tags", tags, o.now, &o.pending)
		}
	case StepSend:
		r.state, r.ready = sending, false
		o.line(&send{r, s, o.now})
	case StepEmit, StepStart:
		o.causes(r, s)
	}
}

// causes takes the steps that are like an input.
func (o *oracle) causes(r *run, s *Step) {
	e := &event{name: s.Event, at: o.now, arrived: o.now, props: map[string]any{}}
	for _, p := range s.With {
		if v := o.at(r).value(p.Expr); v != nil {
			e.props[p.Name] = v
		}
	}
	switch {
	case o.depth > 10:
		o.rec.add(o.now, "refused", r.j.Name, "depth") // silent: whose refusal it is
	case s.Kind == StepEmit:
		o.happens(e, change{})
	default:
		e.name = "request"
		o.requested(s.Name, e)
	}
}

// wait brings a run to a wait.
func (o *oracle) wait(r *run, s *Step) {
	r.base = o.now
	if s.Kind == StepFor && o.already(r, s) {
		return
	}
	until, past := o.moment(r, s)
	switch {
	case past || s.Kind == StepMoment && until < o.now:
		o.past(r, s)
	case until <= o.now:
		o.timeout(r)
	default:
		r.state, r.ready, r.until, r.depth = waiting, false, until, 0
	}
}

// moment is when time alone ends a wait; past: there is no such moment.
func (o *oracle) moment(r *run, s *Step) (until value.Time, past bool) {
	in := o.of(r, r.around)
	in.now = r.clock // a wait that moves is computed from when it was reached
	switch s.Kind {
	case StepWait, StepFor, StepRepeat:
		return r.clock + value.Time(in.length(s.For)), false
	case StepQuiet:
		return r.base + value.Time(in.length(s.For)), false
	case StepClock:
		if s.Tomorrow {
			return o.cal.at(firstOn(s.Days, dayOf(r.clock, o.zone())+1), s.Clock, o.zone()), false
		}
		return o.cal.nextClock(r.clock, s.Clock, s.Days, o.zone()), false
	case StepWindow:
		return o.cal.nextOpen(r.clock, s.Clock, s.To, s.Days, o.zone()), false
	}
	if s.Kind == StepHour {
		h, ok := in.value(s.Value).(float64)
		if !ok || h < 0 || h > 24 {
			return r.clock, false
		}
		return o.cal.nextClock(r.clock, int(h*60), nil, o.zone()), false
	}
	v := in.value(s.Moment)
	t, ok := in.instant(v)
	if !ok {
		return 0, true
	}
	if s.HasAt {
		d, is := v.(value.Date)
		if !is {
			d = dayOf(t, o.zone())
		}
		t = o.cal.at(firstOn(s.Days, d), s.Clock, o.zone())
	}
	return t, false
}

// past lets a run go on whose moment is over or missing.
func (o *oracle) past(r *run, s *Step) {
	if s.PastExit {
		o.end(r, "past")
		return
	}
	r.push(s.Else, r.around)
}

// timeout lets a run go on whose wait time has ended.
func (o *oracle) timeout(r *run) {
	switch s := r.step; s.Kind {
	case StepFor:
		r.push(s.Else, r.around)
	case StepMoment:
		r.push(s.Then, r.around)
	case StepRepeat:
		r.ready = true
		o.round(r)
	default:
		r.push(nil, r.around)
	}
}

// already lets a run go on for which an alternative holds when it comes to
// the wait.
func (o *oracle) already(r *run, s *Step) bool {
	for _, a := range s.Alts {
		if a.When != nil {
			if o.of(r, r.around).truth(a.When) {
				r.push(a.Body, r.around)
				return true
			}
			continue
		}
		if !a.Since {
			continue
		}
		for i := len(o.events) - 1; i >= 0; i-- {
			e := o.events[i]
			// silent: what arrived in the very instant of the entry, behind it
			if e.arrived > r.entered && o.satisfies(r, a, e) {
				r.push(a.Body, e)
				return true
			}
		}
	}
	return false
}

func (o *oracle) satisfies(r *run, a *Alt, e *event) bool {
	return a.When == nil && a.Event == e.name && o.counts(r, e, a.Where)
}

// counts says whether an event can satisfy a run's wait.
func (o *oracle) counts(r *run, e *event, where *Expr) bool {
	return !r.entry.is(e) && !e.late && e.at >= r.entry.at && (where == nil || o.of(r, e).truth(where))
}

// waitsFor lets an event end waits, or begin their quiet afresh.
func (o *oracle) waitsFor(e *event) {
	for _, r := range o.live() {
		if r.state != waiting || r.ready {
			continue
		}
		s := r.step
		switch s.Kind {
		case StepQuiet:
			if s.Event == e.name && o.counts(r, e, s.Where) {
				r.base = o.now
				r.until, _ = o.moment(r, s)
			}
		case StepFor:
			for _, a := range s.Alts {
				if o.satisfies(r, a, e) {
					r.push(a.Body, e)
					break
				}
			}
		}
	}
}

// waitsMoved lets conditions end waits, and waits move with what they depend
// on.
func (o *oracle) waitsMoved(ch change) {
	for _, r := range o.live() {
		switch {
		case r.state == waiting && !r.ready:
			o.waitMoved(r, ch)
		case r.state == holding && ch.names["t:timezone"]:
			if r.until = o.quiet(o.message(r.held.step.Name)); r.until <= o.now {
				o.release(r)
			}
		}
	}
}

func (o *oracle) waitMoved(r *run, ch change) {
	s := r.step
	for _, a := range s.Alts {
		if o.touches(ch, a.When) && o.of(r, r.around).truth(a.When) {
			r.push(a.Body, r.around)
			return
		}
	}
	until, past := o.moment(r, s)
	switch {
	case until == r.until && !past:
	case past || s.Kind == StepMoment && until < o.now:
		o.past(r, s)
	case until <= o.now:
		o.timeout(r)
	default:
		r.until = until
	}
}

// claim makes a send, or says why not.
func (o *oracle) claim(s *send) {
	o.planned = o.planned[1:]
	r := s.r
	if r.j.While != nil && !o.of(r, nil).truth(r.j.While) {
		o.end(r, "filter")
		return
	}
	m := o.message(s.step.Name)
	why, text := o.judge(s, m), ""
	if why == "" && marketing(r, m) {
		if until := o.quiet(m); until > o.now {
			r.state, r.until, r.held = holding, until, s
			return
		}
	}
	if why == "" {
		if text, why = o.render(r, s.step, m); why == "" {
			for _, f := range o.c.Script.Fails {
				if f == m.Name {
					why = "failed: provider"
				}
			}
		}
	}
	if why != "" {
		o.rec.add(o.now, "not sent", o.name(r), "%s %s", m.Name, why)
		if why == "skipped: control" { // he goes the way of somebody who received it
			o.received(r, m)
			r.push(nil, r.around)
			return
		}
		r.push(s.step.Else, r.around)
		return
	}
	for _, d := range o.c.Script.Doubts {
		if d == m.Name {
			o.rec.add(o.now, "not sent", o.name(r), "%s uncertain", m.Name)
			text = ""
		}
	}
	if text != "" {
		o.rec.add(o.now, "sent", o.name(r), "%s %s", m.Name, text)
	}
	r.sent = o.now
	if m.Via != "webhook" && marketing(r, m) {
		o.went = append(o.went, delivery{o.now, m.Via})
	}
	o.received(r, m)
	r.push(nil, r.around)
}

func (o *oracle) received(r *run, m *Message) {
	r.sentM[m.Name] = true
	o.pending.add("m:" + m.Name)
}

// line puts a send behind those that are planned, but before those of runs
// that go after this one: each goes on until it waits.
func (o *oracle) line(s *send) {
	at := 0
	for at < len(o.planned) && !o.goesBefore(s.r, o.planned[at].r) {
		at++
	}
	o.planned = slices.Insert(o.planned, at, s)
}

// goesBefore says which of two runs goes first at an instant.
func (o *oracle) goesBefore(a, b *run) bool {
	if a.j.Priority != b.j.Priority {
		return a.j.Priority > b.j.Priority
	}
	return slices.Index(o.runs, a) < slices.Index(o.runs, b)
}

// release lets a held send be made after all.
func (o *oracle) release(r *run) {
	r.state, r.clock = sending, o.now
	o.line(r.held)
	r.held = nil
}

// marketing says whether a message of a run is subject to consent, topics,
// caps and quiet hours.
func marketing(r *run, m *Message) bool { return m.Via != "webhook" && !exempt(r, m) }

func exempt(r *run, m *Message) bool { return m.Transactional || r.j.Transactional }

// quiet is when the quiet hours of now end; now, outside of them.
func (o *oracle) quiet(m *Message) value.Time {
	t := o.now
	for again := true; again; {
		again = false
		for _, q := range o.c.Program.Quiet {
			if q.Email && m.Via != "email" {
				continue
			}
			for d := dayOf(t, o.zone()) - 2; d <= dayOf(t, o.zone())+1; d++ {
				if !onDays(q.Days, d) {
					continue
				}
				end := d
				if q.To <= q.From {
					end = d + 1
				}
				if to := o.cal.at(end, q.To, o.zone()); o.cal.at(d, q.From, o.zone()) <= t && t < to {
					t, again = to, true
				}
			}
		}
	}
	return t
}

func (o *oracle) capped(m *Message) bool {
	for _, c := range o.c.Program.Caps {
		n := 0
		for _, d := range o.went {
			in := o.now-d.at < value.Time(c.Per)
			if c.Calendar {
				in = dayOf(d.at, o.zone()) == dayOf(o.now, o.zone())
			}
			if in && (!c.Email || d.via == "email") {
				n++
			}
		}
		if n >= c.Count && (!c.Email || m.Via == "email") {
			return true
		}
	}
	return false
}

// controlled says whether a control group keeps the person's messages back.
func (o *oracle) controlled(j *Journey) bool {
	in := false
	for _, g := range []struct {
		name  string
		share int
	}{{"", o.c.Program.Control}, {j.Name, j.Control}} {
		if g.share == 0 {
			continue
		}
		is, known := o.draws.Controls[g.name]
		if !known {
			o.rec.add(o.now, "control", j.Name, "it is not known whether he is in the group %q", g.name)
		}
		in = in || is
	}
	return in
}

func (o *oracle) message(name string) *Message {
	for _, m := range o.c.Program.Messages {
		if m.Name == name {
			return m
		}
	}
	panic("proving: no message " + name)
}

func (o *oracle) address(r *run, s *Step, m *Message) string {
	to := o.traits["email"].v
	if m.To != nil {
		to = o.given(r, s).value(m.To)
	}
	text, _ := to.(string)
	return text
}

// given is the surroundings of a message's own expressions.
func (o *oracle) given(r *run, s *Step) surroundings {
	in := o.of(r, r.around)
	with := map[string]any{}
	for _, w := range s.With {
		with[w.Name] = in.value(w.Expr)
	}
	in.with = with
	return in
}

// judge asks what may keep a message from being sent, in the language's
// order. Lateness comes first: silent.
func (o *oracle) judge(s *send, m *Message) string {
	r := s.r
	valid := m.ValidFor
	if valid == 0 {
		valid = msDay
	}
	personal, marketing := m.Via != "webhook", marketing(r, m)
	yes, said := o.traits["consent."+m.Via].v.(bool)
	in, told := o.traits["topics.offers"].v.(bool)
	suppressed, _ := o.traits["suppressed."+m.Via].v.(bool)
	for _, rule := range o.c.Program.Suppress {
		if !exempt(r, m) && (!rule.Email || m.Via == "email") && o.about(nil).truth(rule.When) {
			suppressed = true
		}
	}
	switch {
	case o.now-s.due > value.Time(valid):
		return "skipped: late"
	case personal && o.address(r, s.step, m) == "":
		return "skipped: no address"
	case marketing && !yes && (said || !o.c.Program.ConsentAssumed):
		return "skipped: consent"
	case marketing && m.Topic && told && !in:
		return "skipped: topic"
	case suppressed:
		return "skipped: suppressed"
	case !exempt(r, m) && o.controlled(r.j):
		return "skipped: control"
	case marketing && o.capped(m):
		return "skipped: cap"
	}
	return ""
}

// render makes the message as it goes out; a value that is missing is why it
// does not.
func (o *oracle) render(r *run, s *Step, m *Message) (text, why string) {
	in := o.given(r, s)
	if m.Via == "webhook" {
		var b strings.Builder
		b.WriteByte('{')
		for i, p := range m.JSON {
			if i > 0 {
				b.WriteByte(',')
			}
			v, err := json.Marshal(in.value(p.Expr))
			if err != nil {
				panic(err)
			}
			b.WriteString(`"` + p.Name + `":` + string(v))
		}
		b.WriteByte('}')
		return b.String(), ""
	}
	subject, ok := in.template(m.Subject)
	body, ok2 := in.template(m.Text)
	if !ok || !ok2 {
		return "", "failed: render"
	}
	return o.address(r, s, m) + "|" + subject + "|" + body, ""
}

func (s surroundings) template(parts []Part) (string, bool) {
	text := ""
	for _, p := range parts {
		if p.Value == nil {
			text += p.Text
			continue
		}
		v := s.value(p.Value)
		switch {
		case v != nil:
			text += plain(v)
		case p.Default != "":
			text += p.Default
		default:
			return "", false
		}
	}
	return text, true
}
