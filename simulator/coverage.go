package simulator

import (
	"fmt"
	"strconv"

	"journey/dsl"
	"journey/dsl/diag"
	"journey/orchestrator"
)

// Coverage counts the branches of a program that were taken: arms, otherwise,
// outcomes of waits, clauses of entry and exit. It counts edges of the
// compiled program, not lines, so formatting changes nothing.
type Coverage struct {
	taken map[string]bool
}

var _ orchestrator.Observer = (*Coverage)(nil)

// NewCoverage has seen nothing yet.
func NewCoverage() *Coverage { return &Coverage{taken: map[string]bool{}} }

// Branch is one way a run can go.
type Branch struct {
	Journey string
	Step    string    // its id; "" for a clause of the head
	Way     string    // "then", "otherwise", a split's branch, "enter", …
	Missing string    // what would take it
	Span    diag.Span // of the step or clause
	Taken   bool
}

// Observe notes the branch that a trace shows.
func (c *Coverage) Observe(t orchestrator.Trace) {
	switch t.Kind {
	case orchestrator.TraceEntered:
		c.take(t.Journey, "", "enter "+strconv.Itoa(t.Clause))
	case orchestrator.TraceEnded:
		if t.Clause > 0 {
			c.take(t.Journey, "", "exit "+strconv.Itoa(t.Clause))
		} else if t.Detail == orchestrator.EndedPast {
			c.take(t.Journey, t.Step, "past")
		}
	case orchestrator.TraceTook:
		c.take(t.Journey, t.Step, t.Detail)
	case orchestrator.TraceOutcome:
		way := "otherwise"
		if t.Detail == "sent" || t.Detail == "uncertain" || t.Detail == "skipped: "+orchestrator.SkippedControl {
			way = "sent"
		}
		c.take(t.Journey, t.Step, way)
	case orchestrator.TraceRefused:
		c.take(t.Journey, "", "refused "+t.Detail)
	}
}

func (c *Coverage) take(journey, step, way string) { c.taken[journey+"\x00"+step+"\x00"+way] = true }

// Merge adds what another one has seen.
func (c *Coverage) Merge(o *Coverage) {
	for k := range o.taken {
		c.taken[k] = true
	}
}

// Branches are all branches of a program in the order of the source, with
// those that were taken.
func (c *Coverage) Branches(p *dsl.Program) []Branch {
	var list []Branch
	for _, j := range p.Journeys {
		for _, b := range branchesOf(j) {
			b.Journey = j.Name
			b.Taken = c.taken[j.Name+"\x00"+b.Step+"\x00"+b.Way]
			list = append(list, b)
		}
	}
	return list
}

func branchesOf(j *dsl.Journey) []Branch {
	var list []Branch
	for i, e := range j.Entries {
		list = append(list, Branch{Way: "enter " + strconv.Itoa(i+1), Span: e.Span, Missing: "no test enters by this clause"})
	}
	for i, x := range j.Exits {
		list = append(list, Branch{Way: "exit " + strconv.Itoa(i+1), Span: x.Span, Missing: "no test leaves by this clause"})
	}
	for _, s := range j.Code {
		list = append(list, waysOf(s)...)
	}
	return list
}

// waysOf are the ways on from a step; none where there is only one.
func waysOf(s dsl.Step) []Branch {
	head := s.Head()
	way := func(name, format string, args ...any) Branch {
		return Branch{Step: head.ID, Way: name, Span: head.Span, Missing: fmt.Sprintf(format, args...)}
	}
	switch s := s.(type) {
	case *dsl.If:
		return []Branch{way("then", "no test has this condition true"), way("else", "no test has this condition false")}
	case *dsl.Split:
		var list []Branch
		for _, b := range s.Branches {
			if b.Share > 0 {
				list = append(list, way(b.Name, "no test takes branch %s: `assume split %s %s`", b.Name, s.Name, b.Name))
			}
		}
		return list
	case *dsl.WaitFor:
		var list []Branch
		for _, a := range s.Alts {
			if a.Event != "" {
				list = append(list, way("event "+a.Event, "no test lets %s come while it waits", a.Event))
			} else {
				list = append(list, way("until", "no test lets this condition become true while it waits"))
			}
		}
		return append(list, way("otherwise", "no test lets the time pass"))
	case *dsl.WaitMoment:
		list := []Branch{way("then", "no test lets this moment come")}
		if s.Otherwise != s.Next || s.ExitPast {
			list = append(list, way("past", "no test comes here when the moment is over or missing"))
		}
		return list
	case *dsl.Send:
		if s.Otherwise != s.Next {
			return []Branch{way("sent", "no test has this message sent"), way("otherwise", "no test has this message skipped or refused")}
		}
	case *dsl.Ask:
		if s.Otherwise != s.Next {
			return []Branch{way("sent", "no test has this call answered"), way("otherwise", "no test has this call fail")}
		}
	case *dsl.Repeat:
		return []Branch{way("round", "no test goes through this repeat"), way("done", "no test comes to the end of this repeat")}
	}
	return nil
}
