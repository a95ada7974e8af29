package orchestrator

import (
	"hash/fnv"
	"slices"

	"journey/dsl"
	"journey/dsl/value"
	"journey/profiles"
)

// exec lets a run that is ready take its steps until it waits, comes to a
// send, or ends.
func (m *machine) exec(r *profiles.Run) {
	j := m.journey(r)
	if j == nil {
		m.end(r, EndedGone)
		return
	}
	m.depth = r.Depth + 1 // of the entries that its steps cause, its end too
	defer func() {
		m.react()
		m.depth = 0
	}()
	for m.ready[r] {
		if r.Step == dsl.End {
			m.end(r, EndedEnd)
			return
		}
		if r.Step < 0 || r.Step >= len(j.Code) { // a release that does not fit
			m.end(r, EndedGone)
			return
		}
		m.step(j, r, j.Code[r.Step])
		if m.changed.any() {
			m.react() // a step's own effects act before the next one
		}
	}
}

// step takes one step of a run.
func (m *machine) step(j *dsl.Journey, r *profiles.Run, s dsl.Step) {
	head := s.Head()
	switch s := s.(type) {
	case *dsl.If:
		if s.Cond.Bool(m.atStep(r, head.Slot)) {
			m.take(r, s.Then, "then")
		} else {
			m.take(r, s.Else, "else")
		}
	case *dsl.Split:
		b := m.branch(s)
		m.take(r, b.Start, b.Name)
	case *dsl.Let:
		if r.Vars == nil {
			r.Vars = map[string]any{}
		}
		r.Vars[s.Name] = plain(s.Value.Value(m.atStep(r, head.Slot)))
		m.goOn(r, head.Next)
		m.leaveWhen(r, j)
	case *dsl.Leave:
		m.end(r, s.Reason)
	case *dsl.Set:
		if m.mayTouch(j, r) {
			m.set(r, s)
		}
	case *dsl.Tag:
		if m.mayTouch(j, r) {
			m.tag(r, s)
		}
	case *dsl.Send:
		if m.mayTouch(j, r) {
			m.planned(j, r, s.ID, s.Message.Name, s.Message.Channel)
		}
	case *dsl.Ask:
		if m.mayTouch(j, r) {
			m.ask(j, r, s)
		}
	case *dsl.Emit:
		if m.mayTouch(j, r) {
			m.emit(r, s)
		}
	case *dsl.Begin:
		if m.mayTouch(j, r) {
			m.begin(r, s)
		}
	case *dsl.Repeat:
		m.repeat(r, s)
	default:
		m.arrive(j, r, s)
	}
}

// goOn moves a run to a step; the run stays ready.
func (m *machine) goOn(r *profiles.Run, step int) { r.Step, r.Pass = step, 1 }

// take is goOn by a way that has a name.
func (m *machine) take(r *profiles.Run, step int, way string) {
	m.traceRun(TraceTook, r, Trace{Detail: way})
	m.goOn(r, step)
}

// release lets a waiting run go on at an instant.
func (m *machine) release(r *profiles.Run, step int, at value.Time, way string) {
	m.take(r, step, way)
	r.State, r.Clock, r.Until, r.Base, r.Back = profiles.Waiting, at, 0, 0, 0
	m.ready[r] = true
}

// mayTouch asks `only while` before a step that touches the person; false
// ends the run.
func (m *machine) mayTouch(j *dsl.Journey, r *profiles.Run) bool {
	if j.While == nil || j.While.Bool(m.aboutRun(r, r.Clock, nil)) {
		return true
	}
	m.end(r, EndedFilter)
	return false
}

// branch is the person's branch of a split: the one he was given before, else
// by the hash of the split's name and the person.
func (m *machine) branch(s *dsl.Split) dsl.Branch {
	name, given := m.p.Splits[s.Name]
	for _, b := range s.Branches {
		if given && b.Name == name {
			return b
		}
	}
	b := s.Branches[pick(s, m.p.ID)]
	if m.p.Splits == nil {
		m.p.Splits = map[string]string{}
	}
	m.p.Splits[s.Name] = b.Name
	return b
}

// pick is the branch that the hash of split and person falls into.
func pick(s *dsl.Split, person string) int {
	at, sum := draw(s.Name, person), 0.0
	for i, b := range s.Branches {
		sum += b.Share
		if at < sum {
			return i
		}
	}
	for i := len(s.Branches) - 1; i > 0; i-- { // shares that make 99.999 by rounding
		if s.Branches[i].Share > 0 {
			return i
		}
	}
	return 0
}

// draw is a number from 0 to 100, evenly spread over people and independent
// between salts.
func draw(salt, person string) float64 {
	h := fnv.New64a()
	h.Write([]byte(salt))
	h.Write([]byte{0})
	h.Write([]byte(person))
	x := h.Sum64()
	x ^= x >> 33 // fnv's high bits vary little for ids that differ at the end
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53) * 100
}

func (m *machine) set(r *profiles.Run, s *dsl.Set) {
	var v any
	if s.Value != nil {
		v = s.Value.Value(m.atStep(r, s.Slot))
	}
	m.goOn(r, s.Next)
	if s.Path != "" {
		v = map[string]any{s.Path: v}
	}
	m.setBy(r, s.Trait, v)
	m.traceRun(TraceChanged, r, Trace{Step: s.ID, Name: s.Trait, Value: v})
	m.react()
}

// setBy sets a trait as a run does.
func (m *machine) setBy(r *profiles.Run, trait string, v any) {
	m.source = "journey " + r.Journey
	m.setTrait(trait, v, m.at)
	m.source = ""
}

func (m *machine) tag(r *profiles.Run, s *dsl.Tag) {
	way := "tag"
	if s.Remove {
		way = "untag"
	}
	m.goOn(r, s.Next)
	m.setBy(r, tagsTrait, tagged(m.p.Value(tagsTrait), s.Tag, s.Remove))
	m.traceRun(TraceChanged, r, Trace{Step: s.ID, Name: s.Tag, Detail: way})
	m.react()
}

// planned plans a send or call: the run stops at it until it is claimed and
// settled.
func (m *machine) planned(j *dsl.Journey, r *profiles.Run, step, message, channel string) {
	r.Pass = m.pass(r)
	send := &profiles.Send{
		Run: r.ID, Step: step, Pass: r.Pass, Journey: j.Name, Message: message, Channel: channel,
		State: profiles.Planned, At: m.now, Due: r.Clock,
	}
	m.line(r, send)
	m.trim()
	r.State, r.Until = profiles.Sending, 0
	delete(m.ready, r)
	m.traceRun(TracePlanned, r, Trace{Name: message})
}

// trim drops the oldest outcomes from the ledger beyond a number, but none that
// may still count for a cap.
func (m *machine) trim() {
	over, window := len(m.p.Ledger)-maxLedger, m.capWindow()
	m.p.Ledger = slices.DeleteFunc(m.p.Ledger, func(s *profiles.Send) bool {
		if over <= 0 || !s.State.Final() || counted(s) && m.at.Sub(s.At) < window {
			return false
		}
		over--
		return true
	})
}

// pending is the ledger's entry of the send a run stands at: planned or
// attempting.
func pending(p *profiles.Person, r *profiles.Run) *profiles.Send {
	for i := len(p.Ledger) - 1; i >= 0; i-- {
		if s := p.Ledger[i]; s.Run == r.ID && !s.State.Final() {
			return s
		}
	}
	return nil
}
