package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
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
	slices.SortStableFunc(r.Failures, func(a, b Failure) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
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

// sends compares the sends claimed with those made, one by one. Where a
// message is missing or too much, what follows is compared with what it means.
func (r *trialRun) sends() {
	want, got := r.expected(dsl.ExpectSend), r.of(dsl.ExpectSend)
	same := r.aligned(want, got)
	next := 0
	for i, e := range want {
		if same[i] < 0 {
			r.fail(e, "`%s` is not sent%s", e.Message, r.instead(e.Message))
			continue
		}
		r.unclaimed(got[next:same[i]])
		h := got[same[i]]
		next = same[i] + 1
		if wrong := r.differs(e, h); wrong != "" {
			r.fail(e, "%s", wrong)
		}
	}
	r.unclaimed(got[next:])
	for _, e := range r.expected(dsl.ExpectNoSend) {
		if len(want) > 0 {
			r.fail(e, "`expect no send` stands beside `expect send`")
		}
	}
}

// unclaimed are sends that no claim is about.
func (r *trialRun) unclaimed(got []*Happening) {
	for _, h := range got {
		r.Failures = append(r.Failures, Failure{r.Test.Span, fmt.Sprintf("`%s` is sent at %s, and no `expect send` says so", h.Message, r.offset(h.At))})
	}
}

// aligned is for each claim the send that it is about, in order, -1 for none:
// those that are as claimed, then those of the same message, as many as can be.
func (r *trialRun) aligned(want []*dsl.Expectation, got []*Happening) []int {
	worth := func(i, j int) int {
		switch {
		case want[i].Message != got[j].Message:
			return 0
		case r.differs(want[i], got[j]) != "":
			return 2
		}
		return 3
	}
	best := make([][]int, len(want)+1) // best[i][j]: what want[i:] and got[j:] are worth
	for i := range best {
		best[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if w := worth(i, j); w > 0 {
				best[i][j] = max(best[i][j], w+best[i+1][j+1])
			}
		}
	}
	same := make([]int, len(want))
	j := 0
	for i := range want {
		same[i] = -1
		for k := j; k < len(got) && best[i][k] == best[i][j]; k++ {
			if w := worth(i, k); w > 0 && w+best[i+1][k+1] == best[i][j] {
				same[i], j = k, k+1
				break
			}
		}
	}
	return same
}

// instead says what became of a message that was not sent.
func (r *trialRun) instead(message string) string {
	for i := range r.Happened {
		h := &r.Happened[i]
		if h.Message == message && (h.Kind == dsl.ExpectSkip || h.Kind == dsl.ExpectFail) {
			return fmt.Sprintf(": at %s it is %s", r.offset(h.At), unsent(h))
		}
	}
	return ""
}

// unsent says what kept a message back.
func unsent(h *Happening) string {
	switch {
	case h.Kind == dsl.ExpectSkip:
		return "skipped: " + h.Reason
	case h.Why != "":
		return "not rendered: " + h.Why
	}
	return "failed: " + h.Reason
}

// differs says in what a send is another one than claimed; "" if in nothing.
func (r *trialRun) differs(e *dsl.Expectation, h *Happening) string {
	switch {
	case e.At != nil && !r.same(r.instant(*e.At), h.At):
		return fmt.Sprintf("it is sent at %s", r.moment(e.At, h.At))
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
	var missed []*dsl.Expectation
	for _, e := range want {
		h := find(got, func(h *Happening) bool { return h.Goal == e.Goal && r.worth(e, h) && r.at(e, h) })
		if h == nil {
			missed = append(missed, e)
		}
	}
	for _, e := range missed { // each is told beside one that nothing else claims
		r.fail(e, "goal %s is not reached like that%s", e.Goal, r.reached(e, got))
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

// reached says how else a goal was reached; that one is claimed then.
func (r *trialRun) reached(e *dsl.Expectation, got []*Happening) string {
	h := find(got, func(h *Happening) bool { return h.Goal == e.Goal })
	switch {
	case h == nil:
		return ""
	case h.Value == nil:
		return fmt.Sprintf(": it is reached at %s without a value", r.moment(e.At, h.At))
	}
	return fmt.Sprintf(": it is reached at %s with value %s", r.moment(e.At, h.At), strconv.FormatFloat(*h.Value, 'f', -1, 64))
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
		msg += ": it happens at " + r.moment(e.At, h.At)
	} else if h := closest(e, got); h != nil {
		msg += fmt.Sprintf(": there is %s at %s", label(h), r.moment(e.At, h.At))
	} else if was := r.otherwise(e); was != nil {
		msg += fmt.Sprintf(": %s at %s", otherwiseWords[was.Kind], r.moment(e.At, was.At))
	}
	r.fail(e, "%s", msg)
}

// closest is the happening that is told beside a claim that is not true: one
// of the same message and journey, that nothing else claims, if there is one.
func closest(e *dsl.Expectation, got []*Happening) *Happening {
	var best *Happening
	most := -1
	for _, h := range got {
		n := 0
		for _, like := range []bool{e.Message == h.Message, e.Journey == "" || e.Journey == h.Journey, !h.claimed} {
			if like {
				n++
			}
		}
		if n > most {
			best, most = h, n
		}
	}
	return best
}

var otherwiseWords = map[dsl.ExpectKind]string{
	dsl.ExpectSend: "it is sent", dsl.ExpectExit: "it is left", dsl.ExpectEnd: "it comes to its end",
}

// otherwise is what happened in place of what is claimed and never happens at
// all: a message sent in place of a skip, an end in place of an exit.
func (r *trialRun) otherwise(e *dsl.Expectation) *Happening {
	kind, there := map[dsl.ExpectKind]dsl.ExpectKind{
		dsl.ExpectSkip: dsl.ExpectSend, dsl.ExpectFail: dsl.ExpectSend, dsl.ExpectExit: dsl.ExpectEnd, dsl.ExpectEnd: dsl.ExpectExit,
	}[e.Kind]
	if !there {
		return nil
	}
	for _, h := range r.of(kind) {
		if (e.Message == "" || e.Message == h.Message) && (e.Journey == "" || e.Journey == h.Journey) {
			return h
		}
	}
	return nil
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
			r.fail(e, "no entry is refused for that reason%s", r.refused(e))
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

// refused says why entries of a claim's journey were refused, or that it was
// entered.
func (r *trialRun) refused(e *dsl.Expectation) string {
	for _, kind := range []dsl.ExpectKind{dsl.ExpectNotEnter, dsl.ExpectEnter} {
		for _, h := range r.of(kind) {
			switch {
			case h.Journey != e.Journey:
			case kind == dsl.ExpectEnter:
				return ": it is entered at " + r.moment(e.At, h.At)
			default:
				return fmt.Sprintf(": one is refused for %q at %s", h.Reason, r.moment(e.At, h.At))
			}
		}
	}
	return ""
}

// offset is an instant as tests write it: the time since the start.
func (r *trialRun) offset(at value.Time) string {
	d := at.Sub(r.Start)
	if d == 0 {
		return "0m"
	}
	return d.String()
}

// moment is an instant as a claim writes its own: as a date and time, local to
// the workspace, or as the time since the start.
func (r *trialRun) moment(like *dsl.TestTime, at value.Time) string {
	if like == nil || like.At == nil {
		return r.offset(at)
	}
	return strings.TrimSuffix(at.In(r.plan.Settings.Zone).Format("2006-01-02 15:04:05"), ":00")
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
