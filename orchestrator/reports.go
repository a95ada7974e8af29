package orchestrator

import (
	"strings"

	"journey/dsl/cond"
	"journey/profiles"
)

// What became of a message after it was sent comes back as the events
// message_opened and message_clicked. A run remembers it of its own sends.

// report takes such an event into the run whose send it is about: the one
// that the event names by its send, else the newest send of that message by a
// live run of that journey.
func (m *machine) report(e *cond.Event) {
	var bit uint8
	switch e.Name {
	case "message_opened":
		bit = profiles.OpenedBit
	case "message_clicked":
		bit = profiles.OpenedBit | profiles.ClickedBit // who clicks has opened
	default:
		return
	}
	message, _ := e.Props.Get("message").(string)
	if r := m.reported(e, message); r != nil {
		m.learn(r, message, bit)
	}
}

func (m *machine) reported(e *cond.Event, message string) *profiles.Run {
	if key, ok := e.Props.Get("send").(string); ok {
		id, _, _ := strings.Cut(key, "/")
		r, _ := m.p.Run(id)
		return r
	}
	journey, _ := e.Props.Get("journey").(string)
	for i := len(m.p.Runs) - 1; i >= 0; i-- {
		r := m.p.Runs[i]
		if (journey == "" || r.Journey == journey) && r.Sends[message]&profiles.SentBit != 0 {
			return r
		}
	}
	return nil
}

// learn notes something about a run's message.
func (m *machine) learn(r *profiles.Run, message string, bit uint8) {
	if r.Sends[message]&bit == bit {
		return
	}
	if r.Sends == nil {
		r.Sends = map[string]uint8{}
	}
	r.Sends[message] |= bit
	m.changed.message(message)
}

// Sent, Opened and Clicked are what conditions of a run may ask of its
// messages.
func (v *view) Sent(message string) bool    { return v.sends(message)&profiles.SentBit != 0 }
func (v *view) Opened(message string) bool  { return v.sends(message)&profiles.OpenedBit != 0 }
func (v *view) Clicked(message string) bool { return v.sends(message)&profiles.ClickedBit != 0 }

func (v *view) sends(message string) uint8 {
	if v.run == nil {
		return 0
	}
	return v.run.Sends[message]
}
