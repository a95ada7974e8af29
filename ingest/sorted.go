package ingest

import (
	"cmp"
	"errors"
	"slices"

	"journey/engine"
	"journey/ingest/sources"
	"journey/profiles"
)

// sorted is a batch sorted into calls and refusals.
type sorted struct {
	calls []engine.Call
	index []int // of each call: its place in the batch
	out   answer
}

func newSorted(n int) *sorted {
	return &sorted{calls: make([]engine.Call, 0, n), index: make([]int, 0, n), out: answer{Success: true}}
}

// add makes a call of an item, or refuses it.
func (b *sorted) add(i int, e *event, outer *surroundings, from origin) {
	if e.flaw != nil {
		b.refuse(i, e.flaw)
		return
	}
	kind, known := kinds[e.kind]
	switch {
	case e.kind == "":
		b.refuse(i, &flaw{code: "missing-field", field: "type", message: "an event of a batch needs its type: track, identify, page, screen, group or alias"})
		return
	case !known:
		b.refuse(i, &flaw{code: "unsupported-type", field: "type", message: "the type is none of track, identify, page, screen, group and alias"})
		return
	}
	e.inherit(outer)
	call, faults, wrong := newCall(kind, e, from, i)
	if wrong != nil {
		b.refuse(i, wrong)
		return
	}
	b.calls, b.index = append(b.calls, call), append(b.index, i)
	b.warn(i, faults)
}

func (b *sorted) refuse(i int, f *flaw) {
	b.out.Refused = append(b.out.Refused, refusal{Index: i, Code: f.code, Field: f.field, Message: f.message})
}

func (b *sorted) warn(i int, faults []profiles.Fault) {
	if len(faults) > 0 {
		index := i // on the heap only here
		b.out.Warnings = warnings(b.out.Warnings, &index, faults)
	}
}

// results adds what the engine said of the calls.
func (s *Server) results(b *sorted, source *sources.Live, results []engine.CallResult) {
	for n := range results {
		i, kind := b.index[n], b.calls[n].Kind
		if wrong := callError(results[n].Err); wrong != nil {
			b.refuse(i, &flaw{code: wrong.Code, field: wrong.Field, message: wrong.Message})
			s.count(source, kind, refused, 1)
			continue
		}
		b.warn(i, results[n].Warnings)
		s.counted(source, kind, &results[n])
	}
}

// callError is what is wrong with a call, nil if it is nothing or something
// else.
func callError(err error) *engine.CallError {
	if err == nil {
		return nil
	}
	var wrong *engine.CallError
	errors.As(err, &wrong)
	return wrong
}

// sort puts refusals and warnings in the order of the batch.
func (b *sorted) sort() {
	slices.SortStableFunc(b.out.Refused, func(x, y refusal) int { return cmp.Compare(x.Index, y.Index) })
	slices.SortStableFunc(b.out.Warnings, func(x, y warning) int { return cmp.Compare(*x.Index, *y.Index) })
}
