package why

import (
	"fmt"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
)

// entry explains how the person stands to a way in.
func (x *explainer) entry(e *dsl.Entry) Entry {
	out := Entry{Clause: OneLine(e.Span.Text()), Place: Place(e.Span)}
	ev := &cond.Event{At: x.at, Arrived: x.at} // what would begin a run now
	switch e.Kind {
	case dsl.OnEvent:
		found := x.byEvent(e, &out)
		if found == nil {
			return out
		}
		if ev = found; e.Each != "" {
			if ev = x.element(e, found, &out); ev == nil {
				return out
			}
		}
	case dsl.OnRequest:
		out.Says = "enters when it is requested: over the API, by a broadcast, by `start`"
		ev.Name = "request"
	case dsl.OnWhen:
		x.byWhen(e, &out)
	default:
		x.byCalendar(e, &out)
	}
	if e.Where != nil && e.Kind != dsl.OnRequest && e.Each == "" {
		out.Checks = append(out.Checks, x.check(e.Where, x.probe.OnEvent(ev)))
	}
	out.Reason = x.probe.Refuses(x.j, e, ev)
	x.refusal(&out, ev)
	return out
}

// byEvent looks at the newest event that could have begun a run; nil: there
// is none to look at.
func (x *explainer) byEvent(e *dsl.Entry, out *Entry) *cond.Event {
	if trait, changed := dsl.ChangedTrait(e.Event); changed {
		out.Says = fmt.Sprintf("profile.%s has not changed since it is known", trait)
		if t, known := x.p.Traits[trait]; known {
			out.Says = fmt.Sprintf("profile.%s is %s since %s", trait, x.show(t.Value), x.local(t.At))
		}
		return nil
	}
	ev := x.newest(e.Event)
	switch kept := x.p.Kept(e.Event); {
	case ev != nil:
		out.Says = fmt.Sprintf("the newest %s came at %s", e.Event, x.local(ev.Arrived))
	case len(kept) > 0:
		out.Says = fmt.Sprintf("the newest %s came at %s, and is no longer known whole", e.Event, x.local(kept[len(kept)-1].Arrived))
	default:
		out.Says = "no " + e.Event + " has come"
	}
	return ev
}

// maxElements is how many elements of a list are told.
const maxElements = 5

// element asks an `each` entry about the elements of its list; it answers the
// first that is let in, nil for none.
func (x *explainer) element(e *dsl.Entry, ev *cond.Event, out *Entry) *cond.Event {
	list := x.probe.Elements(e, ev)
	out.Says += fmt.Sprintf(", with %d in %s", len(list), e.Each)
	if e.Where == nil && len(list) > 0 {
		return list[0]
	}
	var in *cond.Event
	for i, one := range list {
		if i == maxElements {
			break
		}
		c := x.check(e.Where, x.probe.OnEvent(one))
		c.Condition = fmt.Sprintf("%s (number %d)", c.Condition, i+1)
		out.Checks = append(out.Checks, c)
		if in == nil && c.Holds {
			in = one
		}
	}
	return in
}

// byWhen asks the condition that brings somebody in when it becomes true.
func (x *explainer) byWhen(e *dsl.Entry, out *Entry) {
	c := x.check(e.When, x.probe.OnPerson())
	out.Checks = append(out.Checks, c)
	switch {
	case !c.Holds:
		out.Says = "its condition does not hold"
	case len(x.p.Entries[x.j.Name]) > 0:
		out.Says = "its condition holds; it lets in when it becomes true, not while it is"
	case e.Including:
		out.Says = "its condition holds"
	default:
		out.Says = "its condition held already when the journey went live or the person became known: only `including existing` would let in"
	}
}

// byCalendar says when a date or the clock is due next.
func (x *explainer) byCalendar(e *dsl.Entry, out *Entry) {
	at, ok := x.probe.Next(x.j, e)
	if ok {
		out.Next, out.Says = at.String(), "next due at "+x.local(at)
		return
	}
	out.Says = "never again"
	if t := e.Calendar.Trait; t != "" {
		if v := x.p.Value(t); v == nil {
			out.Says = "never: profile." + t + " is missing"
		} else {
			out.Says = "never again: profile." + t + " is " + x.show(v)
		}
	}
}

// refusal puts the machine's reason into a sentence, with what lies behind it.
func (x *explainer) refusal(out *Entry, ev *cond.Event) {
	if out.Reason == "" {
		return
	}
	out.Because = Refused(out.Reason)
	switch out.Reason {
	case orchestrator.RefusedFilter:
		out.Behind = append(out.Behind, x.check(x.j.While, x.probe.OnEvent(ev)))
	case orchestrator.RefusedAgain:
		out.Because = x.again(ev)
	case orchestrator.RefusedNoKey:
		out.Because = "the key `per " + OneLine(x.j.Reentry.Per.Source()) + "` is missing"
	}
}

// again says what the re-entry rule has against another entry.
func (x *explainer) again(ev *cond.Event) string {
	rule, key := x.j.Reentry, ""
	env := x.probe.OnEvent(ev)
	if rule.Per != nil {
		key = orchestrator.KeyText(rule.Per.Value(env))
	}
	for _, r := range x.p.Runs {
		if r.Journey == x.j.Name && r.Key == key && rule.Kind != dsl.Once {
			return "is in it already" + forKey(key) + ", since " + x.local(r.Entered)
		}
	}
	var last value.Time
	for _, e := range x.p.Entries[x.j.Name] {
		if e.Key == key {
			last = e.At
		}
	}
	if last == 0 {
		return Refused(orchestrator.RefusedAgain)
	}
	says := "entered" + forKey(key) + " at " + x.local(last)
	if rule.Kind == dsl.AfterTime {
		return says + ", and may again at " + x.local(last.Add(rule.After.Duration(env)))
	}
	return says + ", and `once` is once ever"
}

func forKey(key string) string {
	if key == "" {
		return ""
	}
	return " for " + key
}
