package cond

import (
	"slices"

	"github.com/expr-lang/expr/ast"

	"journey/dsl/value"
)

// What conditions ask most of a window (how many events, the sum, mean, least
// or greatest of a number) stays right when there were more events than are
// kept: those that are no longer kept are known by the hour. An hour counts
// until all of it lies outside of the window, so an event that is no longer
// kept counts up to an hour longer than one that is, and never shorter.

// Hour is what is left of the events of an hour that are no longer kept: how
// many there were or, of a property, how many numbers and what they came to.
type Hour struct {
	Hour          int64 // HourOf their times
	N             int
	Sum, Min, Max float64 // of a property
}

// HourRead says that a condition reads what is kept by the hour. It compares
// by its Key.
type HourRead struct {
	Event  string
	Prop   string         // dotted path of a number; "": the number of events
	Window value.Duration // how far back; 0: without a bound

	key string
}

// Key names what is kept by the hour: "order_completed" is how many there
// were, "order_completed.total" what is known of a property.
func (r *HourRead) Key() string {
	switch {
	case r.key != "":
		return r.key
	case r.Prop == "":
		return r.Event
	}
	return r.Event + "." + r.Prop
}

// Since is the first hour that counts at an instant.
func (r *HourRead) Since(now value.Time) int64 { return HourOf(now.Add(-r.Window)) }

// HourOf numbers the hour of an instant from 1970-01-01 00:00 UTC.
func HourOf(t value.Time) int64 {
	h := int64(t) / int64(value.Hour)
	if int64(t)%int64(value.Hour) < 0 {
		h--
	}
	return h
}

// Absorb adds what is known of the same hour or, for a total, of another.
func (h *Hour) Absorb(o *Hour) {
	if o.N == 0 {
		return
	}
	if h.N == 0 {
		h.Min, h.Max = o.Min, o.Max
	}
	h.N += o.N
	h.Sum += o.Sum
	h.Min, h.Max = min(h.Min, o.Min), max(h.Max, o.Max)
}

// total is what the hours in the window come to, and notes when the oldest of
// them leaves it.
func (r *HourRead) total(e *Env) (t Hour) {
	hours := e.Person.Hours(r)
	if len(hours) == 0 {
		return t
	}
	first, _ := slices.BinarySearchFunc(hours, r.Since(e.Now), func(h Hour, since int64) int {
		return int(max(-1, min(h.Hour-since, 1)))
	})
	if first == len(hours) {
		return t
	}
	if inRange(hours[first].Hour * int64(value.Hour)) {
		e.LookAt(value.Time((hours[first].Hour + 1) * int64(value.Hour)).Add(r.Window))
	}
	for i := range hours[first:] {
		t.Absorb(&hours[first+i])
	}
	return t
}

// hoursOf is what a function reads by the hour; nil if that is nothing: only
// of a window by itself, and of numbers.
func (k *compiler) hoursOf(n *ast.CallNode, name string, l *code) *HourRead {
	if !isWindow(n.Arguments[0]) || len(l.from) != 1 {
		return nil
	}
	r := &HourRead{Event: l.from[0].event, Window: l.from[0].window}
	switch name {
	case "count":
		if len(n.Arguments) > 1 {
			return nil
		}
	case "sum", "mean", "min", "max":
		if len(n.Arguments) != 2 {
			return nil
		}
		prop, ok := path(unwrap(n.Arguments[1]))
		if !ok {
			return nil
		}
		r.Prop = prop
	default:
		return nil
	}
	r.key = r.Key()
	k.hours = append(k.hours, r)
	return r
}

// isWindow says whether a node is `EVENT in last D`.
func isWindow(n ast.Node) bool {
	call, ok := unwrap(n).(*ast.CallNode)
	return ok && callee(call) == "$last"
}
