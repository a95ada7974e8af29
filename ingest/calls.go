package ingest

import (
	"strings"
	"time"

	"journey/engine"
	"journey/ingest/sources"
	"journey/orchestrator/intake"
	"journey/profiles"
)

// The bounds of what names something.
const (
	maxMessageID = 100 // bytes, as Segment has it
	maxName      = 256 // bytes of an event's or page's name
	maxGroupID   = 500 // bytes
	maxMembers   = 300 // of properties, and of traits
)

// kinds are the calls by their names in paths and in `type`.
var kinds = map[string]engine.CallKind{
	"track": engine.CallTrack, "identify": engine.CallIdentify, "page": engine.CallPage,
	"screen": engine.CallScreen, "alias": engine.CallAlias, "group": engine.CallGroup,
}

// kindNames are their names in metrics.
var kindNames = [...]string{
	engine.CallTrack: "track", engine.CallIdentify: "identify", engine.CallPage: "page",
	engine.CallScreen: "screen", engine.CallAlias: "alias", engine.CallRequest: "request", engine.CallGroup: "group",
}

// origin is what the calls of one request have in common.
type origin struct {
	source   *sources.Live
	sentAt   any  // of the envelope
	gpc      bool // the browser sends the Global Privacy Control
	received time.Time
}

// newCall makes a call of an event; index is its place in the batch.
func newCall(kind engine.CallKind, e *event, from origin, index int) (engine.Call, []profiles.Fault, *flaw) {
	call := engine.Call{
		Kind: kind, Source: from.source.Name(), MessageID: e.messageID,
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
	case engine.CallGroup:
		call.Traits = intake.Beside(intake.Account(e.groupID, e.traits), e.context.traits)
		if e.groupID == "" {
			return call, nil, &flaw{code: "missing-field", field: "groupId", message: "a group call needs the id of the group"}
		}
	case engine.CallIdentify:
		call.Traits = intake.Beside(e.traits, e.context.traits)
	}
	if !from.source.Allows(kindNames[kind], call.Event) {
		return call, nil, &flaw{code: "event-not-allowed", message: "the source of this write key may not send that: see the events it may send"}
	}
	if len(e.messageID) > maxMessageID {
		return call, nil, &flaw{code: "too-long", field: "messageId", message: "a message id has at most 100 bytes"}
	}
	if len(e.groupID) > maxGroupID {
		return call, nil, &flaw{code: "too-long", field: "groupId", message: "a group's id has at most 500 bytes"}
	}
	if wrong := crowded(e); wrong != nil {
		return call, nil, wrong
	}
	if len(call.Event) > maxName {
		field := "event"
		if kind != engine.CallTrack {
			field = "name"
		}
		return call, nil, &flaw{code: "too-long", field: field, message: "a name has at most 256 bytes"}
	}
	if len(e.context.consent) > 0 {
		call.Traits = intake.WithConsent(call.Traits, e.context.consent)
	}
	call.Traits = intake.Beside(call.Traits, e.context.ids)
	if from.gpc || e.context.gpc {
		call.Traits = intake.Beside(optedOut, call.Traits)
	}
	at, faults := eventTime(e, from.sentAt, from.received)
	call.Time = at
	sent := from.sentAt
	if sent == nil {
		sent = e.sentAt
	}
	identify(&call, e, sent, index)
	if e.lost {
		faults = append(faults, lostOf(&call)...)
	}
	return call, faults, nil
}

// crowded says that an event has more properties or traits than it may.
func crowded(e *event) *flaw {
	const message = "there are more than 300 in one event: send fewer, or an object of them"
	switch {
	case len(e.properties) > maxMembers:
		return &flaw{code: "too-many-keys", field: "properties", message: message}
	case len(e.traits) > maxMembers:
		return &flaw{code: "too-many-keys", field: "traits", message: message}
	}
	return nil
}

// optedOut is what the Global Privacy Control says of a person. Nobody takes
// it back by saying nothing.
var optedOut = map[string]any{"gpc": true}

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
	return intake.Beside(e.properties, from)
}

// inherit gives an event what the context of its batch says and its own does
// not.
func (e *event) inherit(outer *surroundings) {
	e.context.traits = intake.Beside(e.context.traits, outer.traits)
	e.context.consent = intake.Beside(e.context.consent, outer.consent)
	e.context.page = intake.Beside(e.context.page, outer.page)
	e.context.gpc = e.context.gpc || outer.gpc
	e.context.ids = intake.Beside(e.context.ids, outer.ids)
}
