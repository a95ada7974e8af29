package orchestrator

import (
	"journey/dsl"
	"journey/dsl/cond"
	"journey/profiles"
)

// messageSent is the event that the machine itself records of a message to the
// person that a provider has accepted. It acts like any other. What nobody
// asks for is not recorded: the ledger shows the sends.
const messageSent = "message_sent"

// sent records that a message went out, if any condition, entry, exit, goal or
// wait names that event. depth is that of the entries that it causes.
func (m *machine) sent(send *profiles.Send, depth int) {
	if send.State != profiles.Sent || AddressTrait(send.Channel) == "" || !m.hears(messageSent) {
		return
	}
	before := m.depth
	m.depth = depth
	defer func() { m.depth = before }()
	e := &cond.Event{ID: send.Key(), Name: messageSent, At: m.at, Props: cond.PropsOf(map[string]any{
		"message": send.Message, "journey": send.Journey, "channel": send.Channel,
	})}
	m.event(m.arriving(e))
	m.react()
}

// hears says whether an event of a kind can change anything, by the live
// release or those of the person's runs.
func (m *machine) hears(kind string) bool {
	if m.plan.hears[kind] {
		return true
	}
	for _, p := range m.olderPlans() {
		if p.hears[kind] {
			return true
		}
	}
	return false
}

// heard collects the kinds of events that a program names.
func (p *Plan) heard() map[string]bool {
	kinds := map[string]bool{}
	for kind := range p.onEvent {
		kinds[kind] = true
	}
	for kind := range p.keeps {
		kinds[kind] = true
	}
	for kind := range p.running {
		kinds[kind] = true
	}
	for _, j := range p.Journeys {
		for _, s := range j.Code {
			switch s := s.(type) {
			case *dsl.WaitQuiet:
				kinds[s.Event] = true
			case *dsl.WaitFor:
				for _, a := range s.Alts {
					kinds[a.Event] = true
				}
			}
		}
	}
	return kinds
}
