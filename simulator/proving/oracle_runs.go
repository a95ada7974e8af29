package proving

import (
	"encoding/json"
	"strings"

	"journey/dsl/value"
)

// goOn lets the runs that are ready or due go on, each until it waits or comes
// to a send; then the first send that was planned is made, and so on, until
// nothing is left at this instant.
func (o *oracle) goOn() {
	for {
		r := o.first()
		switch {
		case r != nil:
			if !r.ready {
				o.timeout(r)
			}
			o.steps(r)
		case len(o.planned) > 0:
			o.claim(o.planned[0])
		default:
			return
		}
		o.react(change{})
	}
}

// first is the run that goes on first of those that can go on now: that of
// the highest priority, and of these the earliest entered.
func (o *oracle) first() *run {
	var best *run
	for _, r := range o.live() {
		if (r.ready || r.state == waiting && r.until <= o.now) && (best == nil || r.j.Priority > best.j.Priority) {
			best = r
		}
	}
	return best
}

// at is the surroundings of a run's own step.
func (o *oracle) at(r *run) surroundings { return o.of(r, r.around) }

// push makes a run go on with a block.
func (r *run) push(steps []*Step, e *event) {
	r.stack = append(r.stack, frame{steps, e})
	r.ready, r.state = true, waiting
}

// steps takes a run's steps until it waits, comes to a send, or ends.
func (o *oracle) steps(r *run) {
	o.depth = r.depth + 1
	defer func() { o.depth = 0 }()
	for r.ready && r.state != ended {
		for len(r.stack) > 0 && len(r.stack[len(r.stack)-1].steps) == 0 {
			r.stack = r.stack[:len(r.stack)-1]
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

func (o *oracle) step(r *run, s *Step) {
	switch s.Kind {
	case StepIf:
		if o.at(r).truth(s.Cond) {
			r.push(s.Then, r.around)
		} else {
			r.push(s.Else, r.around)
		}
	case StepSplit:
		name, known := o.branch(s.Split)
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
	case StepSet, StepClear, StepTag, StepUntag, StepSend:
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
		o.planned = append(o.planned, &send{r, s})
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
	case StepWait, StepFor:
		return r.clock + value.Time(in.length(s.For)), false
	case StepQuiet:
		return r.base + value.Time(in.length(s.For)), false
	case StepClock:
		if s.Tomorrow {
			return o.cal.at(dayOf(r.clock, o.zone())+1, s.Clock, o.zone()), false
		}
		return o.cal.nextClock(r.clock, s.Clock, s.Days, o.zone()), false
	case StepWindow:
		return o.cal.nextOpen(r.clock, s.Clock, s.To, s.Days, o.zone()), false
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
		t = o.cal.at(d, s.Clock, o.zone())
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
	return e != r.entry && !e.late && e.at >= r.entry.at && (where == nil || o.of(r, e).truth(where))
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
		if r.state == waiting && !r.ready {
			o.waitMoved(r, ch)
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
	why, text := o.judge(r, m), ""
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
	r.push(nil, r.around)
}

func (o *oracle) message(name string) *Message {
	for _, m := range o.c.Program.Messages {
		if m.Name == name {
			return m
		}
	}
	panic("proving: no message " + name)
}

func (o *oracle) address(r *run, m *Message) string {
	to := o.traits["email"].v
	if m.To != nil {
		to = o.of(r, r.around).value(m.To)
	}
	text, _ := to.(string)
	return text
}

// judge asks what may keep a message from being sent, in the language's
// order.
func (o *oracle) judge(r *run, m *Message) string {
	personal := m.Via != "webhook"
	if personal && o.address(r, m) == "" {
		return "skipped: no address"
	}
	yes, said := o.traits["consent."+m.Via].v.(bool)
	if personal && !m.Transactional && !r.j.Transactional && !yes && (said || !o.c.Program.ConsentAssumed) {
		return "skipped: consent"
	}
	if is, _ := o.traits["suppressed."+m.Via].v.(bool); is {
		return "skipped: suppressed"
	}
	return ""
}

// render makes the message as it goes out; a value that is missing is why it
// does not.
func (o *oracle) render(r *run, s *Step, m *Message) (text, why string) {
	in := o.of(r, r.around)
	in.with = map[string]any{}
	for _, w := range s.With {
		in.with[w.Name] = in.value(w.Expr)
	}
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
	return o.address(r, m) + "|" + subject + "|" + body, ""
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
