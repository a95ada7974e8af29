package why

import (
	"slices"
	"time"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Explanation says how a person and a journey stand to each other. Times are
// RFC 3339 in UTC; those in sentences are the person's local time.
type Explanation struct {
	Person   string    `json:"person"` // an identifier, as "user_id:ann", else the profile's id
	Journey  string    `json:"journey"`
	Title    string    `json:"title,omitempty"`
	At       string    `json:"at"`
	Zone     string    `json:"zone"`
	State    string    `json:"state"` // of the newest run: "waiting", "sending", "held", "paused" or "left"; "not entered"
	Paused   bool      `json:"paused,omitempty"`
	Runs     []Run     `json:"runs"`               // newest first
	Refused  []Refusal `json:"refused"`            // entries that were not made, newest first
	Entries  []Entry   `json:"entries"`            // the ways in, as the journey names them
	Messages []Message `json:"messages"`           // what would become of each message now
	Rendered string    `json:"rendered,omitempty"` // all of it for people
}

// Run is one time that the person is or was in the journey.
type Run struct {
	Run       string   `json:"run"`
	State     string   `json:"state"`
	EnteredAt string   `json:"entered_at"`
	By        string   `json:"by,omitempty"`    // the event it began with
	Key       string   `json:"key,omitempty"`   // of `per`
	Step      string   `json:"step,omitempty"`  // its id
	Doing     string   `json:"doing,omitempty"` // the step as it is written
	Place     string   `json:"place,omitempty"` // FILE:LINE:COLUMN of the step
	Until     string   `json:"until,omitempty"`
	Waits     []string `json:"waits,omitempty"`  // what it waits for, in sentences
	Leaves    []Check  `json:"leaves,omitempty"` // the clauses that would end it at once
	Sends     []Send   `json:"sends"`            // oldest first
	Goals     []string `json:"goals,omitempty"`
	EndedAt   string   `json:"ended_at,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Because   string   `json:"because,omitempty"` // the reason in a sentence
}

// Send is a message of a run.
type Send struct {
	Message string `json:"message"`
	Channel string `json:"channel"`
	Outcome string `json:"outcome"` // "planned", "attempting", "sent", "skipped", "failed", "uncertain"
	Reason  string `json:"reason,omitempty"`
	Because string `json:"because,omitempty"`
	At      string `json:"at"`

	at value.Time
}

// Refusal is an entry that was not made.
type Refusal struct {
	At      string `json:"at"`
	Reason  string `json:"reason"`
	Because string `json:"because"`

	at value.Time
}

// Entry is a way in, and how the person stands to it now.
type Entry struct {
	Clause string  `json:"clause"` // as it is written
	Place  string  `json:"place"`
	Says   string  `json:"says"`             // what has come, or is missing
	Next   string  `json:"next,omitempty"`   // by date and clock: when it is due next
	Checks []Check `json:"checks,omitempty"` // its condition and its `where`
	Reason string  `json:"reason,omitempty"` // for which the machine would not let him in now; "" where it would
	// Because is the reason in a sentence, with the conditions behind it.
	Because string  `json:"because,omitempty"`
	Behind  []Check `json:"behind,omitempty"`
}

// Check is a condition and whether it holds.
type Check struct {
	Condition string   `json:"condition"`
	Place     string   `json:"place,omitempty"`
	Holds     bool     `json:"holds"`
	Reads     []string `json:"reads,omitempty"` // what it asks about and what that is, in sentences
	Parts     []Check  `json:"parts,omitempty"` // what `and` joins; a segment's own condition
}

// Message says what would become of a message of the journey if it were sent
// now.
type Message struct {
	Message string `json:"message"`
	Channel string `json:"channel"`
	Would   string `json:"would"` // "sent", "held" or "skipped"
	Reason  string `json:"reason,omitempty"`
	Because string `json:"because,omitempty"`
	Until   string `json:"until,omitempty"` // held
}

// Explain explains a person and a journey of the live release, or of one of
// his runs. It returns nil if there is no such journey.
func Explain(w *orchestrator.World, p *profiles.Person, journey string, at value.Time) *Explanation {
	x := &explainer{world: w, probe: w.Probe(p, at), p: p, at: at, zone: p.Zone(w.Live.Settings.Zone)}
	j, live := w.Live.Journey(journey)
	if !live {
		for _, r := range slices.Concat(p.Ended, p.Runs) {
			if r.Journey == journey && x.probe.Journey(r) != nil {
				j = x.probe.Journey(r)
			}
		}
	}
	if j == nil {
		return nil
	}
	x.j = j
	e := &Explanation{
		Person: x.person(), Journey: j.Name, Title: j.Title, At: at.String(), Zone: x.zone.String(), State: "not entered",
		Paused: w.Paused != nil && w.Paused(j.Name), Runs: []Run{}, Refused: x.refused(), Entries: []Entry{}, Messages: []Message{},
	}
	for _, r := range x.runs() {
		e.Runs = append(e.Runs, x.run(r))
	}
	if len(e.Runs) > 0 {
		e.State = e.Runs[0].State
	}
	if live {
		for _, entry := range j.Entries {
			e.Entries = append(e.Entries, x.entry(entry))
		}
		e.Messages = x.messages()
	}
	e.Rendered = x.render(e)
	return e
}

// explainer is one explanation while it is made.
type explainer struct {
	world *orchestrator.World
	probe *orchestrator.Probe
	p     *profiles.Person
	j     *dsl.Journey
	at    value.Time
	zone  *time.Location
}

// person is how the person is called: by his first identifier.
func (x *explainer) person() string {
	for _, name := range x.world.Live.Settings.Identify {
		for _, id := range x.p.Identifiers {
			if id.Trait == name {
				return id.Trait + ":" + id.Value
			}
		}
	}
	if len(x.p.Identifiers) > 0 {
		return x.p.Identifiers[0].Trait + ":" + x.p.Identifiers[0].Value
	}
	return x.p.ID
}

// runs are the runs of the journey: live ones before ended ones, newest first.
func (x *explainer) runs() []*profiles.Run {
	var list []*profiles.Run
	for _, all := range [][]*profiles.Run{x.p.Ended, x.p.Runs} {
		for _, r := range all {
			if r.Journey == x.j.Name {
				list = append(list, r)
			}
		}
	}
	slices.Reverse(list)
	return list
}

func (x *explainer) refused() []Refusal {
	list := []Refusal{}
	for i := len(x.p.Refused) - 1; i >= 0; i-- {
		if r := x.p.Refused[i]; r.Journey == x.j.Name {
			list = append(list, Refusal{At: r.At.String(), Reason: r.Reason, Because: Refused(r.Reason), at: r.At})
		}
	}
	return list
}

// local is an instant as people read it.
func (x *explainer) local(t value.Time) string { return Local(t, x.zone) }

// Local is an instant as people of a zone read it: to the minute, to the
// second where there are any.
func Local(t value.Time, zone *time.Location) string {
	l := t.In(zone)
	if t%1000 != 0 || l.Second() != 0 {
		return l.Format("2006-01-02 15:04:05")
	}
	return l.Format("2006-01-02 15:04")
}

// newest is the newest event of a kind that is still known whole.
func (x *explainer) newest(kind string) *cond.Event {
	for i := len(x.p.Recent) - 1; i >= 0; i-- {
		if x.p.Recent[i].Name == kind {
			return x.p.Recent[i]
		}
	}
	return nil
}
