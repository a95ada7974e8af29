package why

import (
	"fmt"
	"strings"

	"journey/dsl/value"
)

// render writes an explanation for people: what is the case first, then why.
func (x *explainer) render(e *Explanation) string {
	var b strings.Builder
	line := func(indent int, format string, args ...any) {
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", indent), fmt.Sprintf(format, args...))
	}
	title := e.Journey
	if e.Title != "" {
		title += fmt.Sprintf(" %q", e.Title)
	}
	line(0, "%s, %s, at %s (%s)", e.Person, title, x.local(x.at), e.Zone)
	if e.Paused {
		line(0, "the journey is paused")
	}
	for i, r := range x.runs() {
		writeRun(line, x, &e.Runs[i], r.Entered, r.EndedAt)
	}
	if len(e.Runs) == 0 {
		line(0, "has never been in it, as far as is known")
	}
	for _, r := range e.Refused {
		line(0, "did not enter at %s: %s", x.local(r.at), r.Because)
	}
	if len(e.Entries) > 0 {
		line(0, "ways in:")
	}
	for i := range e.Entries {
		writeEntry(line, &e.Entries[i])
	}
	if len(e.Messages) > 0 {
		line(0, "if sent now:")
	}
	for _, m := range e.Messages {
		would := m.Would
		if m.Because != "" {
			would += ": " + m.Because
		}
		line(1, "%s (%s) would be %s", m.Message, m.Channel, would)
	}
	return b.String()
}

type liner func(indent int, format string, args ...any)

func writeRun(line liner, x *explainer, r *Run, entered, ended value.Time) {
	by := forKey(r.Key)
	if r.By != "" {
		by = ", entered by " + r.By + by
	}
	if r.State == "left" {
		line(0, "was in it from %s until %s%s", x.local(entered), x.local(ended), by)
		line(1, "left: %s, %s", r.Reason, r.Because)
	} else {
		line(0, "is in it since %s%s", x.local(entered), by)
		if r.Doing != "" {
			line(1, "at `%s`, %s", r.Doing, r.Place)
		}
		for _, w := range r.Waits {
			line(2, "%s", w)
		}
	}
	for _, s := range r.Sends {
		switch {
		case s.Because != "":
			line(1, "%s not sent at %s: %s", s.Message, x.local(s.at), s.Because)
		case s.Outcome == "planned" || s.Outcome == "attempting":
			line(1, "%s is %s", s.Message, s.Outcome)
		default:
			line(1, "%s %s at %s", s.Message, s.Outcome, x.local(s.at))
		}
	}
	for _, g := range r.Goals {
		line(1, "%s", g)
	}
	for _, c := range r.Leaves {
		line(1, "`%s` would end it at once", c.Condition)
	}
}

func writeEntry(line liner, e *Entry) {
	line(1, "%s, %s", e.Clause, e.Place)
	line(2, "%s", e.Says)
	for i := range e.Checks {
		writeCheck(line, 2, &e.Checks[i])
	}
	if e.Because != "" {
		line(2, "would not enter now: %s", e.Because)
		for i := range e.Behind {
			writeCheck(line, 3, &e.Behind[i])
		}
	}
}

// writeCheck tells a condition; of one that does not hold, the parts that are
// to blame.
func writeCheck(line liner, indent int, c *Check) {
	if c.Holds {
		line(indent, "`%s` holds", c.Condition)
		return
	}
	line(indent, "`%s` does not hold", c.Condition)
	for _, r := range c.Reads {
		line(indent+1, "%s", r)
	}
	for i := range c.Parts {
		if !c.Parts[i].Holds {
			writeCheck(line, indent+1, &c.Parts[i])
		}
	}
}
