package orchestrator

import (
	"journey/dsl"
	"journey/dsl/cond"
	"journey/profiles"
)

// emit tracks an event for the person. It acts at once, like an input, before
// the run's next step; a chain of more than ten without a wait is cut.
func (m *machine) emit(r *profiles.Run, s *dsl.Emit) {
	props := map[string]any{}
	for _, f := range s.Props {
		if v := plain(f.Expr.Value(m.atStep(r, s.Slot))); v != nil {
			props[f.Name] = v
		}
	}
	e := &cond.Event{ID: profiles.SendKey(r.ID, s.ID, m.pass(r)), Name: s.Event, At: m.at, Props: cond.PropsOf(props)}
	m.goOn(r, s.Next)
	m.act(r, func() {
		m.traceRun(TraceChanged, r, Trace{Step: s.ID, Name: s.Event, Detail: "emit"})
		m.event(m.arriving(e))
		m.react()
	})
}

// begin requests the entry into another journey; it does not wait for it. A
// journey that is not there takes nobody, which is recorded.
func (m *machine) begin(r *profiles.Run, s *dsl.Begin) {
	params := map[string]any{}
	for _, f := range s.With {
		if v := plain(f.Expr.Value(m.atStep(r, s.Slot))); v != nil {
			params[f.Name] = v
		}
	}
	m.goOn(r, s.Next)
	m.act(r, func() {
		m.traceRun(TraceChanged, r, Trace{Step: s.ID, Name: s.Journey, Detail: "start"})
		m.request(&Input{Kind: RequestInput, Journey: s.Journey, Params: params, At: m.at})
		m.react()
	})
}

// act does what a run's own step causes, unless the chain is too long.
func (m *machine) act(r *profiles.Run, do func()) {
	if m.depth > maxDepth {
		m.refuse(r.Journey, RefusedDepth)
		return
	}
	do()
}

// ask plans a call: like a send, the run stops at it until it is settled.
func (m *machine) ask(j *dsl.Journey, r *profiles.Run, s *dsl.Ask) {
	m.planned(j, r, s.ID, s.Call.Name, callChannel)
}

// callChannel is the channel over which calls are made.
const callChannel = "webhook"
