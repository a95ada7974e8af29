package dsl

import (
	"slices"

	"journey/dsl/cond"
	"journey/dsl/diag"
	"journey/dsl/syntax"
	"journey/dsl/value"
)

// testWork is the work on one test.
type testWork struct {
	*checker
	test *Test
	decl *syntax.Test

	assumed map[string]diag.Span // by what is assumed
	sends   bool                 // something is expected to be sent
	nothing diag.Span            // of `expect no send`
}

// defaultStart is when a test begins that does not say.
var defaultStart = value.Local{Date: value.DateOf(2026, 1, 1)}

// tests compiles all tests.
func (c *checker) tests() {
	c.testing = true
	for _, d := range c.testDecls {
		w := testWork{checker: c, decl: d, assumed: map[string]diag.Span{}, test: &Test{Title: text(d.Title), Start: defaultStart, Span: d.Word()}}
		if d.Title != nil {
			w.test.Span = d.Title.Span()
		}
		for i := range d.For {
			if name := &d.For[i]; w.journey(name) {
				w.test.Journeys = append(w.test.Journeys, name.Text)
			}
		}
		for _, item := range d.Clauses.Items {
			w.clause(item)
		}
		if w.sends && w.nothing.File != nil {
			w.report(errNoSendAndSend(w.nothing))
		}
		c.prog.Tests = append(c.prog.Tests, w.test)
	}
}

func (w *testWork) clause(item syntax.TestClause) {
	switch x := item.(type) {
	case *syntax.Given:
		if x.Traits != nil {
			w.test.Given = w.traits(x.Traits)
		}
	case *syntax.TestStart:
		w.start(x)
	case *syntax.Happens:
		w.happens(x)
	case *syntax.AssumeSegment, *syntax.AssumeSplit, *syntax.AssumeControl, *syntax.AssumeCall, *syntax.AssumeFails:
		w.assume(x)
	default:
		w.expect(x)
	}
}

func (w *testWork) start(x *syntax.TestStart) {
	if x.At == nil {
		return
	}
	local, ok := x.At.At.(value.Local)
	if !ok {
		w.report(errStart(x.At.Span()))
		return
	}
	w.test.Start = local
}

// time is a moment of the test; nil for none.
func (w *testWork) time(m *syntax.Moment) *TestTime {
	if m == nil {
		return nil
	}
	return &TestTime{After: m.After, At: m.At, Span: m.Span()}
}

func (w *testWork) happens(x *syntax.Happens) {
	in := TestInput{Of: w.time(x.Of), Span: x.Span()}
	if at := w.time(x.At); at != nil {
		in.At = *at
	}
	switch {
	case x.Event != nil && x.Event.Change != nil:
		w.report(errHappensChange(x.Event))
		return
	case x.Event != nil:
		e := w.event(x.Event)
		in.Kind, in.Event = TestEvent, nameOf(e)
		in.Data = w.object(x.Props, typeOf(e), "`"+nameOf(e)+"`")
		w.ownNames(e, x.Props)
	case x.Traits != nil:
		in.Kind, in.Data = TestSet, w.traits(x.Traits)
	case x.Journey != nil:
		in.Kind, in.Journey = TestRequest, x.Journey.Text
		of := anything
		if r := w.request(x.Journey); r != nil && r.params != nil {
			of = r.params
		}
		in.Data = w.object(x.Params, of, "a request of `"+x.Journey.Text+"`")
	default:
		return // it could not be read
	}
	w.test.Inputs = append(w.test.Inputs, in)
}

// ownNames looks at the names that the engine's own events carry as text.
func (w *testWork) ownNames(e *Event, props *syntax.Data) {
	if e == nil || props == nil || !slices.Contains(engineEvents, e.Name) {
		return
	}
	for _, p := range props.Pairs {
		name, ok := "", false
		if p.Value != nil {
			name, ok = p.Value.Value.(string)
		}
		if !ok {
			continue
		}
		switch p.Name.Text {
		case "message":
			if w.prog.messages[name] == nil {
				w.report(errUnknownMessageText(p.Value.Span(), name, sorted(w.prog.messages)))
			}
		case "journey":
			if w.prog.journeys[name] == nil {
				w.report(errUnknownJourneyText(p.Value.Span(), name, sorted(w.prog.journeys)))
			}
		}
	}
}

// journey says whether the named journey is declared.
func (w *testWork) journey(name *syntax.Name) bool {
	if name == nil || name.Text == "" {
		return false
	}
	if w.prog.journeys[name.Text] == nil {
		w.report(errUnknownJourney(name, sorted(w.prog.journeys)))
		return false
	}
	return true
}

// once says whether something is assumed for the first time.
func (w *testWork) once(what string, name *syntax.Name) bool {
	if first, there := w.assumed[what+" "+name.Text]; there {
		w.report(errDuplicate("assumption about", name, first))
		return false
	}
	w.assumed[what+" "+name.Text] = name.Span()
	return true
}

func (w *testWork) assume(item syntax.TestClause) {
	a := &w.test.Assume
	switch x := item.(type) {
	case *syntax.AssumeSegment:
		if name := &x.Segment; name.Text != "" && w.once("segment", name) {
			if w.prog.segments[name.Text] == nil {
				w.report(errUnknownSegment(name, sorted(w.prog.segments)))
			}
			put(&a.Segments, name.Text, x.Is != "false")
		}
	case *syntax.AssumeSplit:
		if x.Split.Text != "" && w.once("split", &x.Split) {
			w.branch(x)
			put(&a.Splits, x.Split.Text, x.Branch.Text)
		}
	case *syntax.AssumeControl:
		if x.Journey == nil {
			put(&a.Control, "", true)
		} else if w.journey(x.Journey) && w.once("control", x.Journey) {
			put(&a.Control, x.Journey.Text, true)
		}
	case *syntax.AssumeCall:
		if name := &x.Webhook; name.Text != "" && w.once("call", name) {
			put(&a.Calls, name.Text, w.answer(x))
		}
	case *syntax.AssumeFails:
		if name := &x.Message; name.Text != "" && w.once("message", name) {
			w.message(name)
			put(&a.Fails, name.Text, true)
		}
	}
}

func put[K comparable, V any](m *map[K]V, name K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[name] = v
}

func (w *testWork) branch(x *syntax.AssumeSplit) {
	split := w.splits[x.Split.Text]
	switch {
	case split == nil:
		w.report(errUnknownSplit(&x.Split, sorted(w.splits)))
	case x.Branch.Text != "" && !slices.Contains(split.names, x.Branch.Text):
		w.report(errUnknownBranch(&x.Branch, x.Split.Text, split.names))
	}
}

func (w *testWork) answer(x *syntax.AssumeCall) CallAnswer {
	call := w.prog.calls[x.Webhook.Text]
	if call == nil {
		w.report(errUnknownWebhook(&x.Webhook, sorted(w.prog.calls)))
	}
	a := CallAnswer{Fails: x.Fails}
	if x.Returns != nil {
		a.Returns = w.object(x.Returns, anything, "")
	}
	return a
}

// message is the named message; nil for an unknown one, which is reported.
func (w *testWork) message(name *syntax.Name) *Message {
	if name.Text == "" {
		return nil
	}
	m := w.prog.messages[name.Text]
	if m == nil {
		w.report(errUnknownMessage(name, sorted(w.prog.messages)))
	}
	return m
}

func (w *testWork) expect(item syntax.TestClause) {
	e := Expectation{Span: item.Span()}
	switch x := item.(type) {
	case *syntax.ExpectSend:
		w.sends = true
		e.Kind, e.Message, e.At = ExpectSend, x.Message.Text, w.time(x.At)
		if x.To != nil {
			e.To = &x.To.Value
		}
		e.Fields = w.fields(w.message(&x.Message), x.With)
	case *syntax.ExpectNothing:
		e.Kind = ExpectNoSend
		if !x.Send {
			e.Kind = ExpectNoGoal
			if x.Goal != nil {
				e.Goal = x.Goal.Text
				w.goal(x.Goal)
			}
		} else {
			w.nothing = x.Span()
		}
	case *syntax.ExpectUnsent:
		e.Kind, e.Message, e.Reason, e.At = ExpectSkip, x.Message.Text, text(x.Reason), w.time(x.At)
		reasons := skipReasons
		if x.Verb == "fail" {
			e.Kind, reasons = ExpectFail, failReasons
		}
		if x.Reason != nil && !slices.Contains(reasons, x.Reason.Value) {
			w.report(errUnknownReason(x.Reason, reasons))
		}
		w.message(&x.Message)
	case *syntax.ExpectRun:
		e.Kind, e.Reason, e.At = map[string]ExpectKind{"enter": ExpectEnter, "exit": ExpectExit, "end": ExpectEnd}[x.Verb], text(x.Reason), w.time(x.At)
		if x.Not && x.Verb == "enter" {
			e.Kind = ExpectNotEnter
		} else if x.Not {
			w.report(errNotEnter(x.Word(), x.Verb))
		}
		if w.journey(x.Journey) {
			e.Journey = x.Journey.Text
		}
	case *syntax.ExpectGoal:
		e.Kind, e.Goal, e.WithoutValue, e.At = ExpectGoal, x.Goal.Text, x.Without, w.time(x.At)
		if x.Value != nil {
			v := x.Value.Value
			if x.Negative {
				v = -v
			}
			e.Value = &v
		}
		w.goal(&x.Goal)
	case *syntax.ExpectThat:
		scope := w.person()
		e.Kind, e.At = ExpectThat, w.time(x.At)
		if e.That = w.expr(x.That, &scope, cond.Condition); e.That == nil {
			return
		}
	}
	w.test.Expect = append(w.test.Expect, e)
}

// The reasons for which a message is skipped or fails.
var (
	skipReasons = []string{"no address", "consent", "topic", "suppressed", "control", "cap", "late"}
	failReasons = []string{"render", "provider"}
)

// goal sees to it that a journey of the test has the goal.
func (w *testWork) goal(name *syntax.Name) {
	if name.Text == "" {
		return
	}
	var known []string
	for _, j := range w.prog.Journeys {
		if len(w.test.Journeys) == 0 || slices.Contains(w.test.Journeys, j.Name) {
			for _, g := range j.Goals {
				known = append(known, g.Name)
			}
		}
	}
	if !slices.Contains(known, name.Text) {
		w.report(errUnknownTestGoal(name, known))
	}
}

// fields are what the parts of a message are to say.
func (w *testWork) fields(m *Message, written []*syntax.FieldText) []Field {
	var list []Field
	for _, f := range written {
		if f == nil || f.Field.Text == "" || f.Text == nil {
			continue
		}
		if m != nil {
			if known := parts(m); !slices.Contains(known, f.Field.Text) {
				w.report(errNoPart(&f.Field, m.Name, known))
			}
		}
		list = append(list, Field{Name: f.Field.Text, Text: f.Text.Value, Span: f.Text.Span()})
	}
	return list
}

// parts are the names of a message's parts that say something.
func parts(m *Message) []string {
	if m.Channel == "webhook" {
		var names []string
		for _, f := range m.JSON {
			names = append(names, f.Name)
		}
		return names
	}
	var names []string
	for _, clause := range channelClauses[m.Channel] {
		if clause != "to" && clause != "topic" {
			names = append(names, clause)
		}
	}
	return names
}
