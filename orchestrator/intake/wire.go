package intake

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"journey/dsl/value"
	"journey/profiles/clean"
)

// Wire is a recorded call: one JSON object as it is posted, alone or as an
// item of a batch, with the times it carries as they came (nil: none).
type Wire struct {
	Call
	Type              string // as written; "" if the object says none
	Offset            string // our own `at`: "30m", "2026-03-02 09:00"
	Timestamp         any
	OriginalTimestamp any
	SentAt            any
	ReceivedAt        any // as archives write it: when it arrived
}

// object is how it is written.
type wireObject struct {
	Type              string         `json:"type"`
	At                string         `json:"at"`
	MessageID         string         `json:"messageId"`
	UserID            identifierText `json:"userId"`
	AnonymousID       identifierText `json:"anonymousId"`
	PreviousID        identifierText `json:"previousId"`
	GroupID           identifierText `json:"groupId"`
	Event             string         `json:"event"`
	Name              string         `json:"name"`
	Category          string         `json:"category"`
	Journey           string         `json:"journey"`
	Properties        map[string]any `json:"properties"`
	Traits            map[string]any `json:"traits"`
	Timestamp         any            `json:"timestamp"`
	OriginalTimestamp any            `json:"originalTimestamp"`
	SentAt            any            `json:"sentAt"`
	ReceivedAt        any            `json:"receivedAt"`
	Context           struct {
		Traits map[string]any `json:"traits"`
		Page   struct {
			URL      string `json:"url"`
			Path     string `json:"path"`
			Title    string `json:"title"`
			Referrer string `json:"referrer"`
		} `json:"page"`
		Consent struct {
			CategoryPreferences map[string]any `json:"categoryPreferences"`
		} `json:"consent"`
	} `json:"context"`
}

// identifierText is a text, or a number as it is written: large ones lose
// digits otherwise.
type identifierText string

// UnmarshalJSON reads either; anything else identifies nobody.
func (t *identifierText) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		err := json.Unmarshal(b, &s)
		*t = identifierText(s)
		return err
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*t = identifierText(b)
		if strings.ContainsAny(string(b), ".eE") {
			if f, err := strconv.ParseFloat(string(b), 64); err == nil {
				*t = identifierText(strconv.FormatFloat(f, 'f', -1, 64))
			}
		}
	}
	return nil
}

// ParseWire reads a call. At of the Call is not set: only whoever has the
// record knows what its times mean.
func ParseWire(raw []byte) (*Wire, error) {
	var o wireObject
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, fmt.Errorf("it is no call: %w", err)
	}
	w := &Wire{
		Call: Call{
			UserID: string(o.UserID), AnonymousID: string(o.AnonymousID), PreviousID: string(o.PreviousID),
			Event: o.Event, Properties: o.Properties, Traits: o.Context.Traits, Journey: o.Journey, ID: o.MessageID,
		},
		Type: o.Type, Offset: o.At, Timestamp: o.Timestamp, OriginalTimestamp: o.OriginalTimestamp,
		SentAt: o.SentAt, ReceivedAt: o.ReceivedAt,
	}
	if w.Kind = o.kind(); w.Kind == Track && o.Type != "" && o.Type != "track" {
		return nil, fmt.Errorf("type %q is none of track, identify, page, screen, group, alias and request", o.Type)
	}
	switch w.Kind {
	case Identify:
		w.Traits = Beside(o.Traits, o.Context.Traits)
	case Group:
		w.Traits = Beside(Account(string(o.GroupID), o.Traits), o.Context.Traits)
	case Page, Screen:
		w.Event = o.Name
		from := map[string]any{}
		page := map[string]string{"category": o.Category}
		if w.Kind == Page {
			page["url"], page["path"], page["title"], page["referrer"] = o.Context.Page.URL, o.Context.Page.Path, o.Context.Page.Title, o.Context.Page.Referrer
		}
		for name, s := range page {
			if s != "" {
				from[name] = s
			}
		}
		w.Properties = Beside(o.Properties, from)
	default:
		if len(o.Traits) > 0 {
			w.Traits = Beside(o.Traits, o.Context.Traits)
		}
	}
	w.Traits = WithConsent(w.Traits, o.Context.Consent.CategoryPreferences)
	return w, nil
}

func (o *wireObject) kind() Kind {
	switch o.Type {
	case "identify":
		return Identify
	case "page":
		return Page
	case "screen":
		return Screen
	case "alias":
		return Alias
	case "group":
		return Group
	case "request":
		return Request
	case "":
		switch {
		case o.Journey != "":
			return Request
		case o.Event == "":
			return Identify
		}
	}
	return Track
}

// Account is what a group call says of a person: the trait account, an object
// of the group's traits and, as id, the group's id. A later group call takes
// its place as a whole.
func Account(id string, traits map[string]any) map[string]any {
	account := map[string]any{}
	if id != "" {
		account["id"] = id
	}
	return map[string]any{"account": Beside(account, traits)}
}

// Beside is a, and what b has beside it. Neither is changed.
func Beside(a, b map[string]any) map[string]any {
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

// channels are the categories of a consent manager that are channels of ours.
var channels = [...]string{"email", "sms", "push", "line"}

// WithConsent adds what a consent manager says of channels to the trait
// consent. What the trait says itself goes first. traits is not changed.
func WithConsent(traits, preferences map[string]any) map[string]any {
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
		said = Beside(own, said)
	} else if traits["consent"] != nil {
		return traits // not an object: that is reported, and not to be hidden
	}
	return Beside(map[string]any{"consent": said}, traits)
}

var instant = &value.Type{Kind: value.TimeKind}

// ReadTime reads a time as it is recorded; one without an offset is in the
// zone of the options.
func ReadTime(raw any, o clean.Options) (value.Time, bool) {
	if s, ok := raw.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return value.TimeOf(t), true
		}
	}
	if raw == nil {
		return 0, false
	}
	v, err := clean.Value(raw, instant, o)
	t, ok := v.(value.Time)
	return t, ok && err == nil
}
