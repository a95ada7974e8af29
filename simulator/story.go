package simulator

import (
	"fmt"
	"io"
	"strings"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/why"
)

// Story tells what happens to a person, for people: a line each, with the
// local time in the person's zone.
type Story struct {
	W      io.Writer
	World  *orchestrator.World
	Person *profiles.Person

	last string
}

var _ orchestrator.Observer = (*Story)(nil)

// Observe tells one thing.
func (s *Story) Observe(t orchestrator.Trace) {
	what := s.sentence(t)
	if what == "" {
		return
	}
	place := t.Journey
	switch t.Kind {
	case orchestrator.TraceSegment:
		place = "segment " + t.Name
	case orchestrator.TraceTag:
		place = `tag "` + t.Name + `"`
	}
	if t.Step != "" && t.Kind != orchestrator.TraceEntered && t.Kind != orchestrator.TraceEnded {
		place += " " + t.Step
	}
	s.Line(t.At, place, what)
}

// Line writes a line of the story; an instant is written once.
func (s *Story) Line(at value.Time, place, what string) {
	when := s.local(at)
	if when == s.last {
		when = strings.Repeat(" ", len(when))
	} else {
		s.last = when
	}
	fmt.Fprintf(s.W, "%s  %-24s %s\n", when, place, what)
}

// Told says whether anything was told.
func (s *Story) Told() bool { return s.last != "" }

func (s *Story) local(at value.Time) string {
	t := at.In(s.Person.Zone(s.World.Live.Settings.Zone))
	if at%1000 != 0 || t.Second() != 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04   ")
}

// Text writes the lines of a message, but empty ones, below the line that
// tells of it; of more than max lines the first ones (0: all).
func (s *Story) Text(text string, max int) {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	for i, line := range lines {
		if i == max && max > 0 {
			fmt.Fprintf(s.W, "%46s │ … (%d of %d lines)\n", "", max, len(lines))
			return
		}
		fmt.Fprintf(s.W, "%46s │ %s\n", "", line)
	}
}

// Ending writes where the person is at an instant: the runs that go on.
func (s *Story) Ending(at value.Time) {
	for _, r := range s.Person.Runs {
		says := "is still in it"
		if r.Until != 0 {
			says += "," + s.until(r.Until)
		}
		place := r.Journey
		if j, ok := s.World.Live.Journey(r.Journey); ok && r.Step >= 0 && r.Step < len(j.Code) {
			place += " " + j.Code[r.Step].Head().ID
		}
		s.Line(at, place, says)
	}
}

// sentence is a trace in words; "" for what is not worth a line.
func (s *Story) sentence(t orchestrator.Trace) string {
	switch t.Kind {
	case orchestrator.TraceEntered:
		return s.entered(t)
	case orchestrator.TraceRefused:
		return "did not enter: " + why.Refused(t.Detail)
	case orchestrator.TraceIgnored:
		says := "did not enter: its `where` does not hold"
		if because := why.Ignored(s.World, s.Person, t.Journey, t.Detail, t.At); because != "" {
			says = "did not enter: " + because
		}
		return says
	case orchestrator.TraceWaiting:
		return s.waits(t)
	case orchestrator.TraceHeld:
		return "holds " + t.Name + " over the quiet hours," + s.until(t.Until)
	case orchestrator.TraceTook:
		return s.took(t)
	case orchestrator.TraceOutcome:
		return s.notSent(t)
	case orchestrator.TraceChanged:
		return changed(t)
	case orchestrator.TraceGoal:
		says := "reached goal " + t.Name
		if t.Value != nil {
			says += ", value " + orchestrator.KeyText(t.Value)
		}
		return says
	case orchestrator.TraceEnded:
		if j, ok := s.World.Live.Journey(t.Journey); ok {
			return "left: " + t.Detail + ", " + why.Left(j, t.Detail)
		}
		return "left: " + t.Detail
	case orchestrator.TraceSegment:
		if t.Detail == "in" {
			return "joined"
		}
		return "left"
	case orchestrator.TraceTag:
		if t.Detail == "in" {
			return "given: its rule holds"
		}
		return "taken: its rule does not hold any more"
	case orchestrator.TraceJump:
		return "is late: its clock jumps to now"
	}
	return ""
}

func (s *Story) entered(t orchestrator.Trace) string {
	says := "entered"
	if r, ok := s.Person.Run(t.Run); ok && r.Entry != nil && r.Entry.Name != "" {
		says += " by " + r.Entry.Name
	} else if j, ok := s.World.Live.Journey(t.Journey); ok && t.Clause > 0 && t.Clause <= len(j.Entries) {
		says += ": " + why.OneLine(j.Entries[t.Clause-1].Span.Text())
	}
	if t.Name != "" {
		says += ", for " + t.Name
	}
	return says
}

// step is the step that a trace is about; nil for none.
func (s *Story) step(t orchestrator.Trace) dsl.Step {
	j, ok := s.World.Live.Journey(t.Journey)
	if !ok || t.Step == "" {
		return nil
	}
	for _, st := range j.Code {
		if st.Head().ID == t.Step {
			return st
		}
	}
	return nil
}

// waits says until when, and for what else.
func (s *Story) waits(t orchestrator.Trace) string {
	switch st := s.step(t).(type) {
	case *dsl.WaitQuiet:
		return "waits until no " + st.Event + " comes: at the earliest" + s.until(t.Until)
	case *dsl.WaitFor:
		var alts []string
		for _, a := range st.Alts {
			if a.When != nil {
				alts = append(alts, why.OneLine(a.When.Source()))
			} else {
				alts = append(alts, a.Event)
			}
		}
		return "waits for " + strings.Join(alts, " or ") + ", at the latest" + s.until(t.Until)
	}
	return "waits" + s.until(t.Until)
}

func (s *Story) until(t value.Time) string {
	if t == 0 {
		return ""
	}
	return " until " + strings.TrimSpace(s.local(t))
}

// took says which way a run goes on, and why.
func (s *Story) took(t orchestrator.Trace) string {
	switch way := t.Detail; {
	case way == "passed", way == "round", way == "done":
		return ""
	case way == "past":
		return "goes on: that moment is over or missing"
	case way == "until":
		return "goes on: what it waited for holds"
	case strings.HasPrefix(way, "event "):
		return "goes on: " + strings.TrimPrefix(way, "event ") + " came"
	case way == "then", way == "else", way == "otherwise":
		if because := why.Condition(s.World, s.Person, t.Run, t.At); because != "" {
			return way + ": " + because
		}
		if way == "otherwise" {
			return "otherwise: the time has passed"
		}
		return "goes on: its moment has come"
	default:
		if st, ok := s.step(t).(*dsl.Split); ok {
			return "split " + st.Name + ": branch " + way
		}
		return "takes branch " + way
	}
}

// notSent says what kept a message back; what was sent is told with its text
// by whoever delivers.
func (s *Story) notSent(t orchestrator.Trace) string {
	_, reason, ok := strings.Cut(t.Detail, ": ")
	if !ok {
		return ""
	}
	state, _, _ := strings.Cut(t.Detail, ":")
	if m, ok := s.World.Live.Message(t.Name); ok {
		settings := s.World.Live.Settings
		reason = why.Skipped(reason, &settings, m)
	}
	if what, ok := t.Value.(string); ok { // what could not be written
		reason += ": " + strings.TrimPrefix(what, "message "+t.Name+": ")
	}
	return t.Name + " " + state + ": " + reason
}

func changed(t orchestrator.Trace) string {
	switch t.Detail {
	case "tag", "untag":
		return t.Detail + " " + t.Name
	case "emit":
		return "emits " + t.Name
	case "start":
		return "starts " + t.Name
	}
	if t.Value == nil {
		return "clears " + t.Name
	}
	return "sets " + t.Name + " to " + orchestrator.KeyText(t.Value)
}
