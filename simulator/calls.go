package simulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"journey/dsl/value"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/clean"
)

// maxCall is how long one call of a file may be, in bytes.
const maxCall = 1 << 20

// ReadCalls reads a file of calls for one person: JSON objects one after the
// other, or a list of them. Each happens at its `at` (the time since start, or
// a local time), else at its `timestamp`, else together with the one before.
// Faults are values that cannot be used, with the number of their call.
func ReadCalls(r io.Reader, reader *intake.Reader, start value.Time) (inputs []Input, faults []profiles.Fault, err error) {
	calls, err := split(r)
	if err != nil {
		return nil, nil, err
	}
	at := start
	for i, raw := range calls {
		w, err := intake.ParseWire(raw)
		if err == nil {
			at, err = when(w, start, at, reader.Options())
		}
		if err != nil {
			return nil, nil, fmt.Errorf("call %d: %w", i+1, err)
		}
		in, more, err := input(w, reader, at, i)
		if err != nil {
			return nil, nil, fmt.Errorf("call %d: %w", i+1, err)
		}
		for _, f := range more {
			faults = append(faults, profiles.Fault{Field: fmt.Sprintf("call %d: %s", i+1, f.Field), Reason: f.Reason})
		}
		inputs = append(inputs, in)
	}
	return inputs, faults, nil
}

// split takes a file apart into its calls.
func split(r io.Reader) ([]json.RawMessage, error) {
	br := bufio.NewReader(r)
	first, err := peek(br)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	dec := json.NewDecoder(br)
	if first == '[' {
		var list []json.RawMessage
		if err := dec.Decode(&list); err != nil {
			return nil, fmt.Errorf("the list of calls cannot be read: %w", err)
		}
		return list, nil
	}
	var list []json.RawMessage
	for {
		var raw json.RawMessage
		switch err := dec.Decode(&raw); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("call %d cannot be read as JSON: %w", len(list)+1, err)
		case len(raw) > maxCall:
			return nil, fmt.Errorf("call %d is longer than %d bytes", len(list)+1, maxCall)
		}
		list = append(list, bytes.Clone(raw))
	}
}

func peek(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			return b, r.UnreadByte()
		}
	}
}

// when is the instant of a call of a file: at, else its timestamp, else that
// of the call before it.
func when(w *intake.Wire, start, before value.Time, o clean.Options) (value.Time, error) {
	switch {
	case w.Offset != "":
		if d, err := clean.Value(w.Offset, &value.Type{Kind: value.DurationKind}, o); err == nil {
			return start.Add(d.(value.Duration)), nil
		}
		if t, ok := intake.ReadTime(w.Offset, o); ok {
			return t, nil
		}
		return 0, fmt.Errorf("at %q is neither a time since the start (30m) nor a time (2026-03-02 09:00)", w.Offset)
	case w.Timestamp != nil:
		t, ok := intake.ReadTime(w.Timestamp, o)
		if !ok {
			return 0, fmt.Errorf("timestamp %q is no time", fmt.Sprint(w.Timestamp))
		}
		return t, nil
	}
	return before, nil
}

func input(w *intake.Wire, reader *intake.Reader, at value.Time, n int) (Input, []profiles.Fault, error) {
	call := w.Call
	call.At = at
	if call.ID == "" {
		call.ID = fmt.Sprintf("call-%d", n+1)
	}
	read, wrong := reader.Read(&call)
	if wrong != nil {
		return Input{}, nil, wrong
	}
	return Input{At: at, Input: read.Input}, read.Faults, nil
}
