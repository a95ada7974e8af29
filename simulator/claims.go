package simulator

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"journey/dsl"
	"journey/dsl/value"
)

// claims holds what a test claims against what happened. The sends listed
// must be all the sends, in order; goals too, once one is listed; the others
// claim one occurrence each.
func (r *trialRun) claims() {
	r.sends()
	r.goals()
	for i := range r.Test.Expect {
		e := &r.Test.Expect[i]
		switch e.Kind {
		case dsl.ExpectSkip, dsl.ExpectFail, dsl.ExpectEnter, dsl.ExpectExit, dsl.ExpectEnd:
			r.occurs(e)
		case dsl.ExpectNotEnter:
			r.notEntered(e)
		}
	}
}

func (r *trialRun) fail(e *dsl.Expectation, format string, args ...any) {
	r.Failures = append(r.Failures, Failure{e.Span, fmt.Sprintf(format, args...)})
}

func (r *trialRun) of(kind dsl.ExpectKind) []*Happening {
	var list []*Happening
	for i := range r.Happened {
		if r.Happened[i].Kind == kind {
			list = append(list, &r.Happened[i])
		}
	}
	return list
}

func (r *trialRun) expected(kind dsl.ExpectKind) []*dsl.Expectation {
	var list []*dsl.Expectation
	for i := range r.Test.Expect {
		if r.Test.Expect[i].Kind == kind {
			list = append(list, &r.Test.Expect[i])
		}
	}
	return list
}

// sends compares the sends claimed with those made, one by one.
func (r *trialRun) sends() {
	want, got := r.expected(dsl.ExpectSend), r.of(dsl.ExpectSend)
	for i, e := range want {
		if i >= len(got) {
			r.fail(e, "`%s` is not sent%s", e.Message, r.instead(e.Message))
			continue
		}
		if wrong := r.differs(e, got[i]); wrong != "" {
			r.fail(e, "%s", wrong)
		}
	}
	for _, h := range got[min(len(want), len(got)):] {
		r.Failures = append(r.Failures, Failure{r.Test.Span, fmt.Sprintf("`%s` is sent at %s, and no `expect send` says so", h.Message, r.offset(h.At))})
	}
	for _, e := range r.expected(dsl.ExpectNoSend) {
		if len(want) > 0 {
			r.fail(e, "`expect no send` stands beside `expect send`")
		}
	}
}

// instead says what became of a message that was not sent.
func (r *trialRun) instead(message string) string {
	for i := range r.Happened {
		h := &r.Happened[i]
		if h.Message == message && (h.Kind == dsl.ExpectSkip || h.Kind == dsl.ExpectFail) {
			return fmt.Sprintf(": at %s it is %s for %s", r.offset(h.At), map[bool]string{true: "skipped", false: "failed"}[h.Kind == dsl.ExpectSkip], h.Reason)
		}
	}
	return ""
}

// differs says in what a send is another one than claimed; "" if in nothing.
func (r *trialRun) differs(e *dsl.Expectation, h *Happening) string {
	switch {
	case e.Message != h.Message:
		return fmt.Sprintf("`%s` is sent instead, at %s", h.Message, r.offset(h.At))
	case e.At != nil && !r.same(r.instant(*e.At), h.At):
		return fmt.Sprintf("it is sent at %s", r.offset(h.At))
	case e.To != nil && *e.To != h.To:
		return fmt.Sprintf("it is sent to %q", h.To)
	}
	for _, f := range e.Fields {
		got := h.Fields[f.Name]
		whole := f.Name == "subject" || f.Name == "title"
		if whole && strings.TrimSpace(got) != strings.TrimSpace(f.Text) || !whole && !strings.Contains(got, f.Text) {
			return fmt.Sprintf("its %s is %q", f.Name, strings.TrimSpace(got))
		}
	}
	return ""
}

// same compares to the second.
func (r *trialRun) same(a, b value.Time) bool { return a/1000 == b/1000 }

// goals compares goals: those listed are all, once one is listed.
func (r *trialRun) goals() {
	want, got := r.expected(dsl.ExpectGoal), r.of(dsl.ExpectGoal)
	for _, e := range want {
		h := find(got, func(h *Happening) bool { return h.Goal == e.Goal && r.worth(e, h) && r.at(e, h) })
		if h == nil {
			r.fail(e, "goal %s is not reached like that%s", e.Goal, r.reached(got, e.Goal))
		}
	}
	if len(want) > 0 {
		for _, h := range got {
			if !h.claimed {
				r.Failures = append(r.Failures, Failure{r.Test.Span, fmt.Sprintf("goal %s is reached at %s, and no `expect goal` says so", h.Goal, r.offset(h.At))})
			}
		}
	}
	for _, e := range r.expected(dsl.ExpectNoGoal) {
		for _, h := range got {
			if e.Goal == "" || e.Goal == h.Goal {
				r.fail(e, "goal %s is reached at %s", h.Goal, r.offset(h.At))
				break
			}
		}
	}
}

func (r *trialRun) worth(e *dsl.Expectation, h *Happening) bool {
	switch {
	case e.WithoutValue:
		return h.Value == nil
	case e.Value != nil:
		return h.Value != nil && *h.Value == *e.Value
	}
	return true
}

func (r *trialRun) reached(got []*Happening, goal string) string {
	for _, h := range got {
		if h.Goal != goal {
			continue
		}
		if h.Value == nil {
			return fmt.Sprintf(": it is reached at %s without a value", r.offset(h.At))
		}
		return fmt.Sprintf(": it is reached at %s with value %s", r.offset(h.At), strconv.FormatFloat(*h.Value, 'f', -1, 64))
	}
	return ""
}

// find is the first happening not claimed yet that fits; it is claimed.
func find(list []*Happening, fits func(*Happening) bool) *Happening {
	for _, h := range list {
		if !h.claimed && fits(h) {
			h.claimed = true
			return h
		}
	}
	return nil
}

func (r *trialRun) at(e *dsl.Expectation, h *Happening) bool {
	return e.At == nil || r.same(r.instant(*e.At), h.At)
}

var occurrenceWords = map[dsl.ExpectKind]string{
	dsl.ExpectSkip: "no such skip", dsl.ExpectFail: "no such failure", dsl.ExpectEnter: "nobody enters like that",
	dsl.ExpectExit: "nobody leaves like that", dsl.ExpectEnd: "no run comes to its end like that",
}

// occurs claims one occurrence.
func (r *trialRun) occurs(e *dsl.Expectation) {
	got := r.of(e.Kind)
	fits := func(h *Happening) bool {
		return (e.Message == "" || e.Message == h.Message) && (e.Journey == "" || e.Journey == h.Journey) &&
			(e.Reason == "" || e.Reason == h.Reason)
	}
	if find(got, func(h *Happening) bool { return fits(h) && r.at(e, h) }) != nil {
		return
	}
	msg := occurrenceWords[e.Kind]
	if h := find(got, fits); h != nil {
		h.claimed = false
		msg += ": it happens at " + r.offset(h.At)
	} else if len(got) > 0 {
		msg += fmt.Sprintf(": there is %s at %s", label(got[0]), r.offset(got[0].At))
	}
	r.fail(e, "%s", msg)
}

func label(h *Happening) string {
	parts := []string{}
	for _, s := range []string{h.Journey, h.Message, h.Goal} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if h.Reason != "" {
		parts = append(parts, strconv.Quote(h.Reason))
	}
	return strings.Join(parts, " ")
}

// notEntered claims that no run of a journey begins; with a reason, that an
// entry was refused for it.
func (r *trialRun) notEntered(e *dsl.Expectation) {
	if e.Reason != "" {
		if find(r.of(dsl.ExpectNotEnter), func(h *Happening) bool {
			return h.Journey == e.Journey && h.Reason == e.Reason && r.at(e, h)
		}) == nil {
			r.fail(e, "no entry is refused for that reason")
		}
		return
	}
	for _, h := range r.of(dsl.ExpectEnter) {
		if h.Journey == e.Journey && r.at(e, h) {
			r.fail(e, "%s is entered at %s", h.Journey, r.offset(h.At))
			return
		}
	}
}

// offset is an instant as tests write it: the time since the start.
func (r *trialRun) offset(at value.Time) string {
	d := at.Sub(r.Start)
	if d == 0 {
		return "0m"
	}
	return d.String()
}

func (r *trialRun) when(t *dsl.TestTime) string {
	if t == nil {
		return ""
	}
	return " at " + r.offset(r.instant(*t))
}

// jsonFields adds the properties of a JSON object as texts.
func jsonFields(body []byte, fields map[string]string) {
	var obj map[string]any
	if json.Unmarshal(body, &obj) != nil {
		return
	}
	for name, v := range obj {
		if s, ok := v.(string); ok {
			fields[name] = s
			continue
		}
		b, _ := json.Marshal(v)
		fields[name] = string(b)
	}
}
