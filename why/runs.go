package why

import (
	"fmt"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// run explains one run.
func (x *explainer) run(r *profiles.Run) Run {
	out := Run{Run: r.ID, EnteredAt: r.Entered.String(), Key: r.Key, Sends: x.sends(r)}
	if r.Entry != nil {
		out.By = r.Entry.Name
	}
	j := x.probe.Journey(r)
	if j == nil {
		j = x.j
	}
	for _, name := range goalNames(j) {
		if g, ok := r.Goals[name]; ok {
			out.Goals = append(out.Goals, fmt.Sprintf("goal %s reached at %s", name, x.local(g.At)))
		}
	}
	if r.State == profiles.Ended {
		out.State, out.EndedAt, out.Reason, out.Because = "left", r.EndedAt.String(), r.Reason, Left(j, r.Reason)
		return out
	}
	out.State = states[r.State]
	if r.Until != 0 {
		out.Until = r.Until.String()
	}
	paused := x.world.Paused != nil && x.world.Paused(r.Journey)
	if s := x.probe.Step(r); s != nil {
		out.Step, out.Doing, out.Place = s.Head().ID, head(s), Place(s.Head().Span)
		out.Waits = x.waits(r, s, paused)
	}
	if paused {
		out.Waits = append(out.Waits, "the journey is paused: its runs stand still")
	}
	for _, e := range j.Exits {
		out.Leaves = append(out.Leaves, x.leave(r, e))
	}
	return out
}

// states are the words for what a live run does.
var states = map[profiles.RunState]string{
	profiles.Waiting: "waiting", profiles.Sending: "sending", profiles.Holding: "held", profiles.Paused: "paused",
}

func goalNames(j *dsl.Journey) []string {
	var names []string
	for _, g := range j.Goals {
		names = append(names, g.Name)
	}
	return names
}

// head is a step as it is written, without its blocks.
func head(s dsl.Step) string {
	text, _, block := strings.Cut(OneLine(s.Head().Span.Text()), "{")
	if _, sends := s.(*dsl.Send); block && !sends {
		return strings.TrimSpace(text)
	}
	return OneLine(s.Head().Span.Text())
}

// waits says what a run waits for; paused, that its journey stands still.
func (x *explainer) waits(r *profiles.Run, s dsl.Step, paused bool) []string {
	var says []string
	if r.State == profiles.Paused {
		return []string{"stands still before this step, since " + x.local(r.Until)}
	}
	until := ""
	if r.Until != 0 {
		until = x.local(r.Until)
	}
	switch s := s.(type) {
	case *dsl.WaitQuiet:
		says = append(says, fmt.Sprintf("waits until no %s has come for %s: at present until %s", s.Event, x.long(r, s), until))
	case *dsl.WaitFor:
		for i := range s.Alts {
			says = append(says, "waits for "+x.alternative(r, &s.Alts[i]))
		}
		says = append(says, "at the latest until "+until)
	case *dsl.Send, *dsl.Ask:
		says = append(says, x.delivering(r, until))
	default:
		switch {
		case until == "" && paused:
			return []string{"goes on as soon as the journey is resumed"}
		case until == "":
			return []string{"goes on at once"}
		}
		says = append(says, "waits until "+until)
	}
	switch over := r.Until != 0 && r.Until < x.at; {
	case over && paused:
		says = append(says, "that is over: it goes on as soon as the journey is resumed")
	case over:
		says = append(says, "that is over: it goes on as soon as the machine gets to it")
	}
	return says
}

func (x *explainer) long(r *profiles.Run, s *dsl.WaitQuiet) value.Duration {
	return s.For.Duration(x.probe.OnRun(r))
}

// alternative is one thing a run waits for.
func (x *explainer) alternative(r *profiles.Run, a *dsl.Alternative) string {
	if a.When == nil {
		if a.Where != nil {
			return a.Event + " where " + OneLine(a.Where.Source())
		}
		return a.Event
	}
	c := x.check(a.When, x.probe.OnRun(r))
	says := "`" + c.Condition + "`"
	if len(c.Reads) > 0 {
		says += " (" + strings.Join(c.Reads, "; ") + ")"
	}
	return says
}

// delivering says what keeps a run at a send.
func (x *explainer) delivering(r *profiles.Run, until string) string {
	switch send := orchestrator.Pending(x.p, r.ID); {
	case r.State == profiles.Holding:
		return "quiet hours hold it until " + until
	case send != nil && send.State == profiles.Attempting:
		return "is being delivered since " + x.local(send.At)
	}
	return "is about to be delivered"
}

// leave is a clause that would end a run, and whether its condition holds.
func (x *explainer) leave(r *profiles.Run, e *dsl.Exit) Check {
	if e.When != nil {
		c := x.check(e.When, x.probe.OnRun(r))
		c.Condition = OneLine(e.Span.Text())
		return c
	}
	return Check{Condition: OneLine(e.Span.Text()), Place: Place(e.Span)}
}

// sends are the messages of a run, with what kept them from being sent.
func (x *explainer) sends(r *profiles.Run) []Send {
	list := []Send{}
	for _, s := range x.p.Ledger {
		if s.Run != r.ID {
			continue
		}
		out := Send{Message: s.Message, Channel: s.Channel, Outcome: s.State.String(), Reason: s.Reason, At: s.At.String(), at: s.At}
		if s.Reason != "" {
			out.Because = x.notSent(s)
		}
		list = append(list, out)
	}
	return list
}

func (x *explainer) notSent(s *profiles.Send) string {
	settings := x.world.Live.Settings
	if m, ok := x.world.Live.Message(s.Message); ok {
		return Skipped(s.Reason, &settings, m)
	}
	return Skipped(s.Reason, &settings, &dsl.Message{Name: s.Message, Channel: s.Channel})
}

// messages say what would become of each message of the journey if it were
// sent now.
func (x *explainer) messages() []Message {
	list := []Message{}
	run := &profiles.Run{ID: x.p.ID + ".0", Journey: x.j.Name, Release: x.world.Live.Hash, Step: -1}
	if i := slices.IndexFunc(x.p.Runs, func(r *profiles.Run) bool { return r.Journey == x.j.Name }); i >= 0 {
		run = x.p.Runs[i]
	}
	told := map[string]bool{}
	settings := x.world.Live.Settings
	for _, s := range x.j.Code {
		send, ok := s.(*dsl.Send)
		if !ok || told[send.Message.Name] {
			continue
		}
		m := send.Message
		told[m.Name] = true
		out := Message{Message: m.Name, Channel: m.Channel, Would: "sent"}
		switch reason, held := x.probe.Skips(x.j, run, send); {
		case reason != "":
			out.Would, out.Reason, out.Because = "skipped", reason, Skipped(reason, &settings, m)
		case held != 0:
			out.Would, out.Until, out.Because = "held", held.String(), "quiet hours until "+x.local(held)
		}
		list = append(list, out)
	}
	return list
}
