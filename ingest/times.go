package ingest

import (
	"time"

	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/clean"
)

// ahead is how far in the future an event may claim to be before its client
// is told: less is the ordinary difference of two clocks.
const ahead = time.Minute

// maxAgo is how long ago an event may claim to have happened.
const maxAgo = 100 * 365 * 24 * time.Hour

var instant = &value.Type{Kind: value.TimeKind}

// eventTime is when an event happened, by our clock, from what its client
// says: the time between happening and sending, which the client's clock
// measures well even if it is set wrong, is taken off the time of arrival.
// Without a time of sending the client's time is trusted. Nothing happens
// later than it arrives. Zero: the client said nothing readable.
func eventTime(e *event, envelopeSent any, received time.Time) (at time.Time, faults []profiles.Fault) {
	if e.originalTimestamp == nil && e.timestamp == nil {
		if e.ago > 0 && e.ago < maxAgo {
			return received.Add(-e.ago), nil
		}
		return time.Time{}, nil
	}
	original, ok := readTime("originalTimestamp", e.originalTimestamp, &faults)
	if !ok {
		if original, ok = readTime("timestamp", e.timestamp, &faults); !ok {
			return time.Time{}, faults
		}
	}
	sent, ok := readTime("sentAt", e.sentAt, &faults)
	if !ok {
		sent, ok = readTime("sentAt", envelopeSent, &faults)
	}
	ms := int64(original)
	if ok {
		ms = received.UnixMilli() - int64(sent) + ms
	}
	at = time.UnixMilli(ms)
	if at.After(received) {
		if at.Sub(received) > ahead {
			faults = append(faults, profiles.Fault{Field: "timestamp", Reason: "lies in the future: the time of arrival is taken"})
		}
		at = received
	}
	return at, faults
}

// readTime reads a time of an envelope; without an offset it is UTC.
func readTime(field string, raw any, faults *[]profiles.Fault) (value.Time, bool) {
	if raw == nil {
		return 0, false
	}
	if s, ok := raw.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return value.TimeOf(t), true
		}
	}
	v, err := clean.Value(raw, instant, clean.Options{})
	if t, ok := v.(value.Time); ok && err == nil {
		return t, true
	}
	*faults = append(*faults, profiles.Fault{Field: field, Reason: "is not a time (write 2026-03-02T09:00:00Z): it is not used"})
	return 0, false
}
