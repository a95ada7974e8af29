package simulator

import (
	"fmt"
	"hash/fnv"
	"sort"
	"strings"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
)

// A `test` block runs in virtual time on the very machine that runs in
// production. What happens is noted (Trial.Happened), and what the test claims
// is held against it (claims.go).

// testEnds is how long a test goes on at the latest.
const testEnds = 400 * value.Day

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

// Happening is one thing that a test can claim.
type Happening struct {
	Kind    dsl.ExpectKind // ExpectSend, Skip, Fail, Enter, NotEnter (refused), Exit, End, Goal
	At      value.Time
	Journey string
	Message string
	Goal    string
	Reason  string
	To      string
	Fields  map[string]string
	Value   *float64 // of a goal that is credited
	claimed bool
}

// PlanOf is the plan on which the tests of a program run: what their claims
// read of past events is kept, too.
func PlanOf(p *dsl.Program) *orchestrator.Plan { return orchestrator.NewPlan(p.ForTests()) }

// Run runs a test on the plan of its program (see PlanOf). Observers are told everything, as it happens.
func Run(plan *orchestrator.Plan, test *dsl.Test, observers ...orchestrator.Observer) *Trial {
	zone := plan.Settings.Zone
	t := &Trial{Test: test, Start: test.Start.In(zone)}
	r := &trialRun{Trial: t, plan: plan, reader: intake.New(plan), observers: observers}
	r.sim = New(r.world(func(string) bool { return false }), personOf(test.Title), t.Start)
	r.sim.Deliver = r.deliver
	r.before()
	r.live()
	r.claims()
	return t
}

// trialRun is a test while it runs.
type trialRun struct {
	*Trial
	plan      *orchestrator.Plan
	reader    *intake.Reader
	sim       *Simulation
	observers []orchestrator.Observer
	muted     bool // before the start nothing counts
}

// personOf is the id of a test's person: branches follow the test's name.
func personOf(title string) string {
	h := fnv.New64a()
	h.Write([]byte(title))
	return fmt.Sprintf("test-%016x", h.Sum64())
}

// world is the machine's world with some journeys live.
func (r *trialRun) world(live func(string) bool) *orchestrator.World {
	return &orchestrator.World{
		Live:        r.plan.Only(live),
		Unsubscribe: func(string) string { return "https://example.com/unsubscribe" },
		Observe:     orchestrator.ObserverFunc(r.observe),
		Assign: func(group string, share float64) (bool, bool) {
			// Nobody is in a control group, but in one of everybody.
			return r.Test.Assume.Control[group] || share >= 100, true
		},
		Member: func(segment string) (bool, bool) {
			in, assumed := r.Test.Assume.Segments[segment]
			return in, assumed
		},
	}
}

// before puts what is given, and past events, before anything is live.
func (r *trialRun) before() {
	r.muted = true
	p := r.sim.Person
	for split, branch := range r.Test.Assume.Splits {
		if p.Splits == nil {
			p.Splits = map[string]string{}
		}
		p.Splits[split] = branch
	}
	past := r.inputs(func(at value.Time) bool { return at < r.Start })
	first := r.Start - 1
	if len(past) > 0 {
		first = min(first, past[0].At-1)
	}
	if len(r.Test.Given) > 0 {
		read, wrong := r.reader.Read(&intake.Call{Kind: intake.Identify, Traits: r.Test.Given, At: first})
		if wrong == nil {
			past = append([]Input{{At: first, Input: read.Input}}, past...)
		}
	}
	p.Created = first
	r.sim.Now = first
	r.sim.Run(past, r.Start-1)
	r.sim.Step(nil, r.Start-1)
	r.muted = false
}

// live lets the test's own inputs happen, with its journeys live. Conditions
// on the person are asked at their times, after everything that happens then.
func (r *trialRun) live() {
	live := func(name string) bool {
		if len(r.Test.Journeys) == 0 {
			return true
		}
		for _, j := range r.Test.Journeys {
			if j == name {
				return true
			}
		}
		return false
	}
	r.sim.World = r.world(live)
	r.sim.Person.Release = "" // going live sets the baselines of conditions and calendars
	r.sim.World.Rebase(r.sim.Person, r.Start-1)
	inputs := r.inputs(func(at value.Time) bool { return at >= r.Start })
	end := r.Start.Add(testEnds)
	for _, stop := range r.stops() {
		n := sort.Search(len(inputs), func(i int) bool { return inputs[i].At > stop.at })
		r.sim.Run(inputs[:n], stop.at)
		inputs = inputs[n:]
		if !r.sim.World.Holds(r.sim.Person, stop.claim.That, stop.at) {
			r.fail(stop.claim, "does not hold%s", r.when(stop.claim.At))
		}
	}
	r.sim.Run(inputs, end)
	for i := range r.Test.Expect {
		e := &r.Test.Expect[i]
		if e.Kind == dsl.ExpectThat && e.At == nil && !r.sim.World.Holds(r.sim.Person, e.That, r.last()) {
			r.fail(e, "does not hold at the end")
		}
	}
}

// last is the instant of the last thing that happened.
func (r *trialRun) last() value.Time { return max(r.sim.Person.Last, r.Start) }

// stop is a time at which a condition is asked.
type stop struct {
	at    value.Time
	claim *dsl.Expectation
}

func (r *trialRun) stops() []stop {
	var list []stop
	for i := range r.Test.Expect {
		e := &r.Test.Expect[i]
		if e.Kind == dsl.ExpectThat && e.At != nil {
			list = append(list, stop{r.instant(*e.At), e})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
	return list
}

func (r *trialRun) instant(t dsl.TestTime) value.Time {
	return t.Instant(r.Start, r.plan.Settings.Zone)
}

// inputs are the test's inputs at some times, in their order.
func (r *trialRun) inputs(when func(value.Time) bool) []Input {
	var list []Input
	for i := range r.Test.Inputs {
		in := &r.Test.Inputs[i]
		at := r.instant(in.At)
		if !when(at) {
			continue
		}
		call := intake.Call{At: at, ID: fmt.Sprintf("input-%d", i+1)}
		switch in.Kind {
		case dsl.TestEvent:
			call.Kind, call.Event, call.Properties = intake.Track, in.Event, in.Data
			if in.Of != nil {
				call.At = r.instant(*in.Of)
			}
		case dsl.TestSet:
			call.Kind, call.Traits = intake.Identify, in.Data
		case dsl.TestRequest:
			call.Kind, call.Journey, call.Properties = intake.Request, in.Journey, in.Data
		}
		read, wrong := r.reader.Read(&call)
		if wrong != nil {
			r.note(Happening{Kind: dsl.ExpectNotEnter, At: at, Journey: in.Journey, Reason: "bad request"})
			continue
		}
		list = append(list, Input{At: at, Input: read.Input})
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].At < list[j].At })
	return list
}

func (r *trialRun) note(h Happening) {
	if !r.muted {
		r.Happened = append(r.Happened, h)
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
		}
	default:
		return
	}
	r.note(h)
}

// deliver stands for the providers.
func (r *trialRun) deliver(m orchestrator.Rendered) orchestrator.Outcome {
	if m.Call {
		return r.answer(m)
	}
	if r.Test.Assume.Fails[m.Message] {
		return orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
	}
	fields := map[string]string{"subject": m.Subject, "title": m.Subject, "text": m.Text, "html": m.HTML}
	if m.Channel == "webhook" {
		jsonFields(m.JSON, fields)
	}
	r.note(Happening{
		Kind: dsl.ExpectSend, At: r.sim.Now, Journey: m.Journey, Message: m.Message, To: m.To, Fields: fields,
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

// Lines are what happened, as text, a line each.
func (t *Trial) Lines() []string {
	words := map[dsl.ExpectKind]string{
		dsl.ExpectSend: "send", dsl.ExpectSkip: "skip", dsl.ExpectFail: "fail", dsl.ExpectEnter: "enter",
		dsl.ExpectNotEnter: "not enter", dsl.ExpectExit: "exit", dsl.ExpectEnd: "end", dsl.ExpectGoal: "goal",
	}
	r := &trialRun{Trial: t}
	lines := make([]string, len(t.Happened))
	for i := range t.Happened {
		h := &t.Happened[i]
		lines[i] = fmt.Sprintf("%-10s %-9s %s", r.offset(h.At), words[h.Kind], label(h))
		if h.Value != nil {
			lines[i] += fmt.Sprintf(" value %v", *h.Value)
		}
	}
	return lines
}
