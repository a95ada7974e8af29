package simulator

import (
	"fmt"
	"io"
	"strings"

	"journey/dsl"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// Story tells what happens to a person, for people: a line each, with the
// local time in the person's zone.
type Story struct {
	W       io.Writer
	Program *dsl.Program
	Person  *profiles.Person

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

func (s *Story) local(at value.Time) string {
	t := at.In(s.Person.Zone(s.Program.Settings.Zone))
	if at%1000 != 0 || t.Second() != 0 {
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04   ")
}

// sentence is a trace in words; "" for what is not worth a line.
func (s *Story) sentence(t orchestrator.Trace) string {
	switch t.Kind {
	case orchestrator.TraceEntered:
		if t.Name != "" {
			return "entered, for " + t.Name
		}
		return "entered"
	case orchestrator.TraceRefused:
		return "did not enter: " + refusals[t.Detail]
	case orchestrator.TraceIgnored:
		return "did not enter: its `where` does not hold"
	case orchestrator.TraceWaiting:
		return "waits" + s.until(t.Until)
	case orchestrator.TraceHeld:
		return "holds " + t.Name + " over the quiet hours," + s.until(t.Until)
	case orchestrator.TraceTook:
		return took(t.Detail)
	case orchestrator.TraceOutcome:
		if t.Detail == "sent" {
			return "" // told with its text by whoever delivers
		}
		return t.Name + " not sent: " + strings.TrimPrefix(strings.TrimPrefix(t.Detail, "skipped: "), "failed: ")
	case orchestrator.TraceChanged:
		return changed(t)
	case orchestrator.TraceGoal:
		return "goal " + t.Name + " reached"
	case orchestrator.TraceEnded:
		return "left: " + t.Detail
	case orchestrator.TraceSegment:
		return t.Detail + " segment " + t.Name
	case orchestrator.TraceJump:
		return "is late: its clock jumps to now"
	}
	return ""
}

func (s *Story) until(t value.Time) string {
	if t == 0 {
		return ""
	}
	return " until " + strings.TrimSpace(s.local(t))
}

func took(way string) string {
	switch {
	case way == "passed", way == "round", way == "done":
		return ""
	case way == "then", way == "else", way == "otherwise":
		return "goes on with " + way
	case way == "past":
		return "goes on: that moment is over or missing"
	case way == "until":
		return "goes on: what it waited for holds"
	case strings.HasPrefix(way, "event "):
		return "goes on: " + strings.TrimPrefix(way, "event ") + " came"
	}
	return "takes branch " + way
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
	return fmt.Sprintf("sets %s to %v", t.Name, t.Value)
}

// refusals are the reasons of entries that were not made, in words.
var refusals = map[string]string{
	orchestrator.RefusedAgain:   "the re-entry rule (again)",
	orchestrator.RefusedFilter:  "`only while` does not hold (filter)",
	orchestrator.RefusedLeft:    "an event that ends it has already come (already left)",
	orchestrator.RefusedMany:    "too many at once",
	orchestrator.RefusedNoKey:   "the key of `per` is missing (no key)",
	orchestrator.RefusedLate:    "the event is history (late)",
	orchestrator.RefusedMissed:  "its moment was missed",
	orchestrator.RefusedPaused:  "the journey is paused",
	orchestrator.RefusedDepth:   "the chain of journeys is too long (depth)",
	orchestrator.RefusedWhere:   "its `where` does not hold",
	orchestrator.RefusedUnknown: "there is no such journey on request",
}
