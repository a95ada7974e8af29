package simulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/clean"
)

// maxCall is how long one call of a file may be, in bytes.
const maxCall = 1 << 20

// wire is a call as Segment's clients write it. At, our own, is the time
// since the start ("30m") or a local time.
type wire struct {
	Type        string         `json:"type"`
	At          string         `json:"at"`
	Timestamp   string         `json:"timestamp"`
	MessageID   string         `json:"messageId"`
	UserID      any            `json:"userId"`
	AnonymousID any            `json:"anonymousId"`
	PreviousID  any            `json:"previousId"`
	Event       string         `json:"event"`
	Name        string         `json:"name"`
	Journey     string         `json:"journey"`
	Properties  map[string]any `json:"properties"`
	Traits      map[string]any `json:"traits"`
	Context     struct {
		Traits map[string]any `json:"traits"`
	} `json:"context"`
}

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
		var w wire
		if err := json.Unmarshal(raw, &w); err != nil {
			return nil, nil, fmt.Errorf("call %d is no call: %w", i+1, err)
		}
		if at, err = w.when(start, at, reader.Options()); err != nil {
			return nil, nil, fmt.Errorf("call %d: %w", i+1, err)
		}
		in, more, err := w.input(reader, at, i)
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

func (w *wire) when(start, before value.Time, o clean.Options) (value.Time, error) {
	switch {
	case w.At != "":
		if d, err := clean.Value(w.At, &value.Type{Kind: value.DurationKind}, o); err == nil {
			return start.Add(d.(value.Duration)), nil
		}
		if t, err := clean.Value(w.At, &value.Type{Kind: value.TimeKind}, o); err == nil {
			return t.(value.Time), nil
		}
		return 0, fmt.Errorf("at %q is neither a time since the start (30m) nor a time (2026-03-02 09:00)", w.At)
	case w.Timestamp != "":
		t, err := clean.Value(w.Timestamp, &value.Type{Kind: value.TimeKind}, o)
		if err != nil {
			return 0, fmt.Errorf("timestamp %w", err)
		}
		return t.(value.Time), nil
	}
	return before, nil
}

func (w *wire) input(reader *intake.Reader, at value.Time, n int) (Input, []profiles.Fault, error) {
	call := intake.Call{
		Kind: w.kind(), UserID: text(w.UserID), AnonymousID: text(w.AnonymousID), PreviousID: text(w.PreviousID),
		Event: w.Event, Properties: w.Properties, Journey: w.Journey, Traits: w.Traits, At: at, ID: w.MessageID,
	}
	if call.Traits == nil {
		call.Traits = w.Context.Traits
	}
	if call.Event == "" {
		call.Event = w.Name
	}
	if call.ID == "" {
		call.ID = fmt.Sprintf("call-%d", n+1)
	}
	read, wrong := reader.Read(&call)
	if wrong != nil {
		return Input{}, nil, wrong
	}
	return Input{At: at, Input: read.Input}, read.Faults, nil
}

func (w *wire) kind() intake.Kind {
	switch w.Type {
	case "identify":
		return intake.Identify
	case "page":
		return intake.Page
	case "screen":
		return intake.Screen
	case "alias":
		return intake.Alias
	case "request":
		return intake.Request
	case "track":
		return intake.Track
	}
	switch {
	case w.Journey != "":
		return intake.Request
	case w.Event == "":
		return intake.Identify
	}
	return intake.Track
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return orchestrator.KeyText(v)
	}
	return ""
}
