package profiles

import (
	"math"

	"journey/dsl/cond"
	"journey/dsl/value"
)

// Add takes an event into the running value.
func (a *Aggregate) Add(r *cond.Running, e *cond.Event) {
	switch r.Agg {
	case cond.Count:
		a.N++
		a.Number++
	case cond.First:
		if a.N == 0 {
			a.Event = e
		}
		a.N++
	case cond.Last:
		a.Event = e
		a.N++
	default:
		n, ok := numberOf(e, r.Prop)
		if !ok {
			return // aggregates pass over missing values
		}
		switch {
		case r.Agg == cond.Sum:
			a.Number += n
		case a.N == 0, r.Agg == cond.Min && n < a.Number, r.Agg == cond.Max && n > a.Number:
			a.Number = n
		}
		a.N++
	}
}

// Result is the value of a condition that reads the aggregate; a nil
// aggregate has seen no event.
func (a *Aggregate) Result(r *cond.Running) any {
	switch r.Agg {
	case cond.Count, cond.Sum:
		if a == nil {
			return 0.0
		}
		return a.Number
	case cond.First, cond.Last:
		if a == nil || a.Event == nil {
			return nil
		}
		return a.Event
	}
	if a == nil || a.N == 0 {
		return nil
	}
	if r.Agg == cond.Mean {
		if mean := a.Number / float64(a.N); !math.IsInf(mean, 0) && !math.IsNaN(mean) {
			return mean
		}
		return nil
	}
	if r.Prop == "at" {
		return value.Time(a.Number)
	}
	return a.Number
}

func numberOf(e *cond.Event, prop string) (float64, bool) {
	if prop == "at" {
		return float64(e.At), true
	}
	n, ok := e.Props.Path(prop).(float64)
	return n, ok
}

// Absorb adds another person's running value; both are events that went into
// either.
func (a *Aggregate) Absorb(r *cond.Running, b *Aggregate, both []*cond.Event) {
	switch r.Agg {
	case cond.Count, cond.Sum:
		a.Number += b.Number
		a.N += b.N
		for _, e := range both {
			n, ok := 1.0, true
			if r.Agg == cond.Sum {
				n, ok = numberOf(e, r.Prop)
			}
			if ok {
				a.Number -= n
				a.N--
			}
		}
	case cond.Min, cond.Max:
		if b.N > 0 && (a.N == 0 || (r.Agg == cond.Min) == (b.Number < a.Number)) {
			a.Number = b.Number
		}
		a.N += b.N
	case cond.First, cond.Last:
		if b.Event != nil && (a.Event == nil || (r.Agg == cond.First) == (b.Event.Arrived < a.Event.Arrived)) {
			a.Event = b.Event
		}
		a.N += b.N
	}
}
