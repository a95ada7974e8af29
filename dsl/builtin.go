package dsl

import (
	"slices"

	"journey/dsl/value"
)

// The address trait of each channel: where a message goes unless it says so
// itself.
var addressTraits = map[string]string{
	"email": "email",
	"sms":   "phone",
	"push":  "push_token",
	"line":  "line_user_id",
}

// maxIdentifiers is how many values of an identifier a person can have,
// unless its declaration says otherwise; of user_id it is one.
const maxIdentifiers = 5

// builtinTraits are the traits that are there without a declaration.
func builtinTraits() []*Trait {
	trait := func(name string, t *value.Type) *Trait { return &Trait{Name: name, Wire: name, Type: t} }
	identifier := func(name string, limit int) *Trait {
		t := trait(name, &value.Type{Kind: value.Text})
		t.Identifier, t.Limit = true, limit
		return t
	}
	channels := func() *value.Type {
		return flags("email", "sms", "push", "line", "webhook")
	}
	return []*Trait{
		identifier("user_id", 1),
		identifier("anonymous_id", maxIdentifiers),
		trait("timezone", &value.Type{Kind: value.Timezone}),
		trait("language", &value.Type{Kind: value.Language}),
		trait("tags", &value.Type{Kind: value.List, Elem: &value.Type{Kind: value.Text}}),
		trait("consent", channels()),
		trait("topics", &value.Type{Kind: value.Object, Elem: &value.Type{Kind: value.Boolean}}),
		trait("suppressed", channels()),
	}
}

// flags is an object of booleans, any of which may be missing.
func flags(names ...string) *value.Type {
	t := &value.Type{Kind: value.Object}
	for _, name := range names {
		t.Fields = append(t.Fields, value.Field{Name: name, Wire: name, Type: &value.Type{Kind: value.Boolean}, Optional: true})
	}
	return t
}

// engineEvents are those that the engine itself records.
var engineEvents = []string{"message_sent", "message_delivered", "message_opened", "message_clicked",
	"message_bounced", "message_complained", "unsubscribed"}

// OnlyRecorded says of an event that the engine alone can record it: what became
// of its own messages, and of consents by its own links. Nobody sends it in, or
// caps, `was sent` and consents would be what he likes. Opens and clicks come
// from outside too.
func OnlyRecorded(event string) bool {
	return event != "message_opened" && event != "message_clicked" && slices.Contains(engineEvents, event)
}

// builtinEvents are the events that are there without a declaration: those of
// page and screen calls, and those the engine records itself.
func builtinEvents() []*Event {
	event := func(name string, text ...string) *Event {
		t := &value.Type{Kind: value.Object}
		for _, p := range text {
			t.Fields = append(t.Fields, value.Field{Name: p, Wire: p, Type: &value.Type{Kind: value.Text}, Optional: true})
		}
		return &Event{Name: name, Wire: name, Type: t}
	}
	events := []*Event{
		event("page_viewed", "name", "url", "path", "title", "referrer"),
		event("screen_viewed", "name", "url", "path", "title", "referrer"),
	}
	for _, name := range engineEvents {
		events = append(events, event(name, "message", "journey", "channel"))
	}
	return events
}

// keyed says of a built-in trait that its keys are set one by one.
func keyed(trait string) bool {
	return trait == "consent" || trait == "topics" || trait == "suppressed"
}

// Names that mean something of their own where a declared name could stand.
var (
	reservedTraits = map[string]string{"id": "`profile.id` is the profile's own id"}
	reservedEvents = map[string]string{
		"profile": "", "segment": "", "journey": "", "event": "", "entry": "", "run": "", "now": "", "it": "",
		"true": "", "false": "", "nil": "", "null": "", "request": "", "change": "", "goal": "", "no": "", "when": "",
	}
	reservedProperties = map[string]string{
		"at":    "`.at` is when the event happened",
		"event": "`entry.event` is the name of the event",
	}
	reservedWith = map[string]string{
		"profile": "", "event": "", "entry": "", "run": "", "segment": "", "journey": "", "unsubscribe_url": "",
		"forloop": "", "blank": "", "empty": "", "nil": "", "null": "", "true": "", "false": "",
	}
)
