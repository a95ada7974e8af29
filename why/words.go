package why

import (
	"fmt"
	"strings"

	"journey/dsl"
	"journey/orchestrator"
)

// Refused says in words why an entry was not made.
func Refused(reason string) string {
	if s, ok := refusals[reason]; ok {
		return s
	}
	return reason
}

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

// Skipped says in words why a message was not sent; settings and message say
// which rule it was.
func Skipped(reason string, s *dsl.Settings, m *dsl.Message) string {
	switch reason {
	case orchestrator.SkippedNoAddress:
		if m.To != nil {
			return "there is no address: `to " + OneLine(m.To.Source()) + "` is missing"
		}
		return "there is no address: profile." + orchestrator.AddressTrait(m.Channel) + " is missing"
	case orchestrator.SkippedConsent:
		return "there is no consent: profile.consent." + m.Channel + " is not true"
	case orchestrator.SkippedTopic:
		return "left the topic: profile.topics." + m.Topic + " is false"
	case orchestrator.SkippedSuppressed:
		return "suppressed: profile.suppressed." + m.Channel + " is true" + suppressRules(s, m.Channel)
	case orchestrator.SkippedControl:
		return "is in a control group, which receives nothing"
	case orchestrator.SkippedCap:
		return "a cap is used up: " + caps(s, m.Channel)
	case orchestrator.SkippedLate:
		return "too late: longer than the message is valid"
	case orchestrator.FailedRender:
		return "the message cannot be rendered: a value without `default:` is missing"
	case orchestrator.FailedProvider:
		return "the provider refused it"
	}
	return reason
}

func suppressRules(s *dsl.Settings, channel string) string {
	var rules []string
	for _, r := range s.Suppress {
		if r.Channel == "" || r.Channel == channel {
			rules = append(rules, "`suppress when "+OneLine(r.When.Source())+"`")
		}
	}
	if len(rules) == 0 {
		return ""
	}
	return ", or " + strings.Join(rules, ", ") + " holds"
}

func caps(s *dsl.Settings, channel string) string {
	var list []string
	for _, c := range s.Caps {
		if c.Channel != "" && c.Channel != channel {
			continue
		}
		of, per := c.Channel, "calendar day"
		if of == "" {
			of = "all channels"
		}
		if !c.Calendar {
			per = c.Per.String()
		}
		list = append(list, fmt.Sprintf("%s %d per %s", of, c.Count, per))
	}
	return strings.Join(list, ", ")
}

// Left says in words why a run of a journey ended.
func Left(j *dsl.Journey, reason string) string {
	switch reason {
	case orchestrator.EndedEnd:
		return "came to the end of its steps"
	case orchestrator.EndedFilter:
		if j.While != nil {
			return "`only while " + OneLine(j.While.Source()) + "` no longer held"
		}
	case orchestrator.EndedPast:
		return "a moment it was to wait for was over or missing (`if past exit`)"
	case orchestrator.EndedMerged:
		return "two profiles became one, and the other run goes on"
	case orchestrator.EndedGone:
		return "stopped: by hand, or its release is gone"
	case "erased":
		return "the profile was erased"
	}
	for _, e := range j.Exits {
		if e.Reason == reason {
			return "`" + OneLine(e.Span.Text()) + "`"
		}
	}
	return "the step `exit` with this reason"
}
