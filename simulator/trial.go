package simulator

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/why"
)

// A `test` block runs in virtual time on the very machine that runs in
// production. What happens is noted (Trial.Happened), and what the test claims
// is held against it (claims.go).

// Trial is a test that was run.
type Trial struct {
	Test     *dsl.Test
	Start    value.Time
	Happened []Happening // in order
	Failures []Failure   // nil: all that the test claims is true
}

// Failure is a claim that is not true.
type Failure struct {
	Span    diag.Span
	Message string
}

// Happening is one thing that a test can claim, or a note.
type Happening struct {
	Kind    dsl.ExpectKind // ExpectSend, Skip, Fail, Enter, NotEnter (refused), Exit, End, Goal; ExpectThat: a note
	At      value.Time
	Journey string
	Message string
	Goal    string
	Reason  string
	To      string
	Fields  map[string]string
	Value   *float64 // of a goal that is credited
	Why     string   // ExpectFail: what could not be written
	Note    string   // what no test can claim and yet explains what happens: a hold, a value that could not be read
	claimed bool
}

// PlanOf is the plan on which the tests of a program run: what their claims
// read of past events is kept, too.
func PlanOf(p *dsl.Program) *orchestrator.Plan { return orchestrator.NewPlan(p.ForTests()) }

// Run runs a test on the plan of its program (see PlanOf), in virtual time.
// Observers are told everything, as it happens.
func Run(plan *orchestrator.Plan, test *dsl.Test, observers ...orchestrator.Observer) *Trial {
	t, _ := Play(plan, test, Virtual(plan), observers...) // in virtual time nothing fails
	return t
}

// Play has a driver play a test on the plan of its program. The error is the
// driver's: the trial is not complete then.
func Play(plan *orchestrator.Plan, test *dsl.Test, drive Driver, observers ...orchestrator.Observer) (*Trial, error) {
	t := &Trial{Test: test, Start: test.Start.In(plan.Settings.Zone)}
	r := &trialRun{Trial: t, plan: plan, reader: intake.New(plan), observers: observers, muted: true}
	if err := drive(r.script()); err != nil {
		return t, err
	}
	r.claims()
	return t, nil
}

// trialRun is a test while it runs.
type trialRun struct {
	*Trial
	plan      *orchestrator.Plan
	reader    *intake.Reader
	observers []orchestrator.Observer
	muted     bool // before the start nothing counts
}

// personOf is the id of a test's person: branches follow the test's name.
func personOf(title string) string {
	h := fnv.New64a()
	h.Write([]byte(title))
	return fmt.Sprintf("test-%016x", h.Sum64())
}

// live says of each journey whether it is live in the test.
func (r *trialRun) live(name string) bool {
	return len(r.Test.Journeys) == 0 || slices.Contains(r.Test.Journeys, name)
}

func (r *trialRun) instant(t dsl.TestTime) value.Time {
	return t.Instant(r.Start, r.plan.Settings.Zone)
}

func (r *trialRun) note(h Happening) {
	if !r.muted {
		r.Happened = append(r.Happened, h)
	}
}

// unread notes the values of an input that could not be read, and so are not
// stored.
func (r *trialRun) unread(at value.Time, in *intake.Read) {
	for _, f := range in.Faults {
		r.Happened = append(r.Happened, Happening{Kind: dsl.ExpectThat, At: at, Note: fmt.Sprintf("unread    %s: %s", f.Field, f.Reason)})
	}
}

// observe notes what can be claimed.
func (r *trialRun) observe(t orchestrator.Trace) {
	if !r.muted {
		for _, o := range r.observers {
			o.Observe(t)
		}
	}
	h := Happening{At: t.At, Journey: t.Journey}
	switch t.Kind {
	case orchestrator.TraceEntered:
		h.Kind = dsl.ExpectEnter
	case orchestrator.TraceRefused:
		h.Kind, h.Reason = dsl.ExpectNotEnter, t.Detail
	case orchestrator.TraceEnded:
		h.Kind, h.Reason = dsl.ExpectExit, t.Detail
		if t.Detail == orchestrator.EndedEnd {
			h.Kind = dsl.ExpectEnd
		}
	case orchestrator.TraceGoal:
		h.Kind, h.Goal = dsl.ExpectGoal, t.Name
		if v, ok := t.Value.(float64); ok {
			h.Value = &v
		}
	case orchestrator.TraceOutcome:
		reason, skipped := strings.CutPrefix(t.Detail, "skipped: ")
		h.Kind, h.Message, h.Reason = dsl.ExpectSkip, t.Name, reason
		if !skipped {
			failed, is := strings.CutPrefix(t.Detail, "failed: ")
			if !is {
				return // sent: noted with its text
			}
			h.Kind, h.Reason = dsl.ExpectFail, failed
			h.Why, _ = t.Value.(string)
			h.Why = strings.TrimPrefix(h.Why, "message "+t.Name+": ")
		}
	case orchestrator.TraceIgnored:
		h.Kind, h.Note = dsl.ExpectThat, "ignored   "+r.ignored(t)
	case orchestrator.TraceHeld:
		h.Kind, h.Note = dsl.ExpectThat, fmt.Sprintf("hold      %s %s until %s", t.Journey, t.Name, r.offset(t.Until))
	default:
		return
	}
	r.note(h)
}

// ignored says which entry did not let in, by its `where`.
func (r *trialRun) ignored(t orchestrator.Trace) string {
	j, ok := r.plan.Journey(t.Journey)
	if !ok {
		return t.Journey
	}
	for _, e := range j.Entries {
		if e.ID == t.Detail && e.Where != nil {
			return t.Journey + ": not " + why.OneLine(e.Where.Source())
		}
	}
	return t.Journey
}

// deliver stands for the providers.
func (r *trialRun) deliver(m orchestrator.Rendered, at value.Time) orchestrator.Outcome {
	if m.Call {
		return r.answer(m)
	}
	if r.Test.Assume.Fails[m.Message] {
		return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
	}
	fields := map[string]string{"subject": m.Subject, "title": m.Subject, "text": m.Text, "html": m.HTML, "url": m.URL, "image": m.Image}
	if m.Channel == "webhook" {
		jsonFields(m.JSON, fields)
	}
	r.note(Happening{
		Kind: dsl.ExpectSend, At: at, Journey: m.Journey, Message: m.Message, To: m.To, Fields: fields,
	})
	return orchestrator.Outcome{State: profiles.Sent}
}

// answer is what a webhook that is called answers, as the test assumes.
func (r *trialRun) answer(m orchestrator.Rendered) orchestrator.Outcome {
	a, assumed := r.Test.Assume.Calls[m.Message]
	switch {
	case !assumed:
		r.Failures = append(r.Failures, Failure{r.Test.Span,
			fmt.Sprintf("`%s` is called: say what it answers, with `assume call %s returns { … }`", m.Message, m.Message)})
		fallthrough
	case a.Fails:
		return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
	}
	answer := a.Returns
	if answer == nil {
		answer = map[string]any{}
	}
	return orchestrator.Outcome{State: profiles.Sent, Answer: answer}
}

var happeningWords = map[dsl.ExpectKind]string{
	dsl.ExpectSend: "send", dsl.ExpectSkip: "skip", dsl.ExpectFail: "fail", dsl.ExpectEnter: "enter",
	dsl.ExpectNotEnter: "not enter", dsl.ExpectExit: "exit", dsl.ExpectEnd: "end", dsl.ExpectGoal: "goal",
}

// Lines are what happened, as text, a line each, in the order of time.
func (t *Trial) Lines() []string {
	r := &trialRun{Trial: t}
	list := slices.Clone(t.Happened)
	slices.SortStableFunc(list, func(a, b Happening) int { return cmp.Compare(a.At, b.At) })
	lines := make([]string, len(list))
	for i := range list {
		h := &list[i]
		when := r.offset(h.At)
		if h.At < t.Start {
			when = "given"
		}
		if h.Note != "" {
			lines[i] = fmt.Sprintf("%-10s %s", when, h.Note)
			continue
		}
		lines[i] = fmt.Sprintf("%-10s %-9s %s", when, happeningWords[h.Kind], label(h))
		if h.Why != "" {
			lines[i] += ": " + h.Why
		}
		if h.Value != nil {
			lines[i] += " value " + orchestrator.KeyText(*h.Value)
		}
	}
	return lines
}
