package ingest

import (
	"strings"
	"time"

	"journey/engine"
	"journey/profiles"
)

// The bounds of what names something.
const (
	maxMessageID = 100 // bytes, as Segment has it
	maxName      = 256 // bytes of an event's or page's name
)

// kinds are the calls by their names in paths and in `type`.
var kinds = map[string]engine.CallKind{
	"track": engine.CallTrack, "identify": engine.CallIdentify, "page": engine.CallPage,
	"screen": engine.CallScreen, "alias": engine.CallAlias,
}

// kindNames are their names in metrics.
var kindNames = [...]string{
	engine.CallTrack: "track", engine.CallIdentify: "identify", engine.CallPage: "page",
	engine.CallScreen: "screen", engine.CallAlias: "alias", engine.CallRequest: "request",
}

// origin is what the calls of one request have in common.
type origin struct {
	source   string
	sentAt   any // of the envelope
	received time.Time
}

// newCall makes a call of an event; index is its place in the batch.
func newCall(kind engine.CallKind, e *event, from origin, index int) (engine.Call, []profiles.Fault, *flaw) {
	call := engine.Call{
		Kind: kind, Source: from.source, MessageID: e.messageID,
		UserID: e.userID, AnonymousID: e.anonymousID, PreviousID: e.previousID,
		Traits: e.context.traits, Received: from.received,
	}
	switch kind {
	case engine.CallTrack:
		call.Event, call.Properties = e.event, e.properties
		if strings.TrimSpace(e.event) == "" {
			return call, nil, &flaw{code: "missing-field", field: "event", message: "a track call needs the name of its event"}
		}
	case engine.CallPage, engine.CallScreen:
		call.Event, call.Properties = e.name, pageProperties(kind, e)
	case engine.CallRequest:
		call.Properties = e.properties
	case engine.CallIdentify:
		call.Traits = union(e.traits, e.context.traits)
	}
	if len(e.messageID) > maxMessageID {
		return call, nil, &flaw{code: "too-long", field: "messageId", message: "a message id has at most 100 bytes"}
	}
	if len(call.Event) > maxName {
		field := "event"
		if kind != engine.CallTrack {
			field = "name"
		}
		return call, nil, &flaw{code: "too-long", field: field, message: "a name has at most 256 bytes"}
	}
	if len(e.context.consent) > 0 {
		call.Traits = withConsent(call.Traits, e.context.consent)
	}
	at, faults := eventTime(e, from.sentAt, from.received)
	call.Time = at
	sent := from.sentAt
	if sent == nil {
		sent = e.sentAt
	}
	identify(&call, e, sent, index)
	return call, faults, nil
}

// union is a, and what b has beside it. Neither is changed.
func union(a, b map[string]any) map[string]any {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0:
		return b
	}
	c := make(map[string]any, len(a)+len(b))
	for k, v := range b {
		c[k] = v
	}
	for k, v := range a {
		c[k] = v
	}
	return c
}

// pageFields are what a page call tells of the page; browsers say some of it
// in the context alone.
var pageFields = [...]string{"url", "path", "title", "referrer"}

func pageProperties(kind engine.CallKind, e *event) map[string]any {
	from := map[string]any{}
	if e.category != "" {
		from["category"] = e.category
	}
	if kind == engine.CallPage {
		for _, f := range pageFields {
			if s, ok := e.context.page[f].(string); ok && s != "" {
				from[f] = s
			}
		}
	}
	return union(e.properties, from)
}

// channels are the categories of a consent manager that are channels of ours.
var channels = [...]string{"email", "sms", "push", "line"}

// withConsent adds what a consent manager says of channels to the trait
// consent. What the trait says itself goes first. traits is not changed.
func withConsent(traits, preferences map[string]any) map[string]any {
	said := map[string]any{}
	for category, v := range preferences {
		for _, channel := range channels {
			if strings.EqualFold(category, channel) {
				said[channel] = v
			}
		}
	}
	if len(said) == 0 {
		return traits
	}
	if own, ok := traits["consent"].(map[string]any); ok {
		said = union(own, said)
	} else if traits["consent"] != nil {
		return traits // not an object: that is reported, and not to be hidden
	}
	return union(map[string]any{"consent": said}, traits)
}

// inherit gives an event what the context of its batch says and its own does
// not.
func (e *event) inherit(outer *surroundings) {
	e.context.traits = union(e.context.traits, outer.traits)
	e.context.consent = union(e.context.consent, outer.consent)
	e.context.page = union(e.context.page, outer.page)
}
