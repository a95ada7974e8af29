package profiles

import (
	"sort"

	"journey/dsl/value"
)

// View is a profile as the outside sees it: what GET /v1/profiles answers.
// Lists are newest first. Times are RFC 3339 in UTC, dates 2006-01-02,
// durations the language's short form ("3d").
type View struct {
	ID          string              `json:"id"`
	Identifiers map[string][]string `json:"identifiers"` // by trait; oldest first
	Traits      map[string]any      `json:"traits"`      // without consent and tags
	Consent     map[string]any      `json:"consent"`     // by channel
	Tags        []string            `json:"tags"`
	Segments    []string            `json:"segments"` // by name
	Events      []EventView         `json:"events"`
	Runs        []RunView           `json:"runs"`
	Messages    []MessageView       `json:"messages"`
	Refused     []RefusalView       `json:"refused"`
}

// EventView is one of the newest events of any kind.
type EventView struct {
	Event      string         `json:"event"`
	At         string         `json:"at"`
	Properties map[string]any `json:"properties"`
}

// RunView is a live run or one that has ended.
type RunView struct {
	Journey   string `json:"journey"`
	Run       string `json:"run"`
	State     string `json:"state"`          // "waiting" or "ended"
	Step      string `json:"step,omitempty"` // where it waits: the step's id
	Reason    string `json:"reason,omitempty"`
	EnteredAt string `json:"entered_at"`
	EndedAt   string `json:"ended_at,omitempty"`
}

// MessageView is an entry of the ledger.
type MessageView struct {
	Message string `json:"message"`
	Journey string `json:"journey"`
	Channel string `json:"channel"`
	Outcome string `json:"outcome"` // "sent", "skipped", …; before that "planned" or "attempting"
	Reason  string `json:"reason,omitempty"`
	At      string `json:"at"`

	Key string `json:"-"` // of the send
}

// RefusalView is an entry that was not made.
type RefusalView struct {
	Journey string `json:"journey"`
	Reason  string `json:"reason"`
	At      string `json:"at"`
}

// ViewOptions are what a person does not know of himself.
type ViewOptions struct {
	Step     func(*Run) string // the id of the step a live run is at; nil: not shown
	Computed map[string]any    // values of computed traits; nil: those that are stored
}

// NewView shows a person. The view shares nothing with him.
func NewView(p *Person, o ViewOptions) *View {
	v := &View{
		ID:          p.ID,
		Identifiers: map[string][]string{},
		Traits:      map[string]any{},
		Consent:     map[string]any{},
		Tags:        []string{},
		Segments:    make([]string, 0, len(p.Segments)),
		Events:      make([]EventView, 0, len(p.Recent)),
		Runs:        make([]RunView, 0, len(p.Runs)+len(p.Ended)),
		Messages:    make([]MessageView, 0, len(p.Ledger)),
		Refused:     make([]RefusalView, 0, len(p.Refused)),
	}
	for _, id := range p.Identifiers {
		v.Identifiers[id.Trait] = append(v.Identifiers[id.Trait], id.Value)
	}
	v.addTraits(p, o.Computed)
	for name := range p.Segments {
		if !IsRuledTag(name) {
			v.Segments = append(v.Segments, name)
		}
	}
	sort.Strings(v.Segments)
	for i := len(p.Recent) - 1; i >= 0; i-- {
		e := p.Recent[i]
		props, _ := Plain(e.Props.Map()).(map[string]any)
		if props == nil {
			props = map[string]any{}
		}
		v.Events = append(v.Events, EventView{Event: e.Name, At: e.At.String(), Properties: props})
	}
	v.addRuns(p, o.Step)
	for i := len(p.Ledger) - 1; i >= 0; i-- {
		s := p.Ledger[i]
		v.Messages = append(v.Messages, MessageView{
			Message: s.Message, Journey: s.Journey, Channel: s.Channel,
			Outcome: s.State.String(), Reason: s.Reason, At: s.At.String(), Key: s.Key(),
		})
	}
	for i := len(p.Refused) - 1; i >= 0; i-- {
		r := p.Refused[i]
		v.Refused = append(v.Refused, RefusalView{Journey: r.Journey, Reason: r.Reason, At: r.At.String()})
	}
	return v
}

func (v *View) addTraits(p *Person, computed map[string]any) {
	for _, name := range p.TraitNames() {
		val := p.Value(name)
		if KeyedTrait(name) {
			val = p.Keyed(name)
		}
		switch name {
		case "consent":
			v.Consent, _ = val.(map[string]any)
		case "tags":
			list, _ := val.([]any)
			for _, tag := range list {
				if s, ok := tag.(string); ok {
					v.Tags = append(v.Tags, s)
				}
			}
		default:
			v.Traits[name] = Plain(val)
		}
	}
	if v.Consent == nil {
		v.Consent = map[string]any{}
	}
	for name, val := range computed {
		if val != nil {
			v.Traits[name] = Plain(val)
		}
	}
}

func (v *View) addRuns(p *Person, step func(*Run) string) {
	all := make([]*Run, 0, len(p.Runs)+len(p.Ended))
	all = append(append(all, p.Ended...), p.Runs...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Entered > all[j].Entered })
	for _, r := range all {
		show := RunView{Journey: r.Journey, Run: r.ID, State: "waiting", EnteredAt: r.Entered.String()}
		switch {
		case r.State == Ended:
			show.State, show.Reason, show.EndedAt = "ended", r.Reason, r.EndedAt.String()
		case step != nil:
			show.Step = step(r)
		}
		v.Runs = append(v.Runs, show)
	}
}

// Plain is a value of package value in the form that encoding/json writes:
// times, dates and durations become text. It is a deep copy.
func Plain(v any) any {
	switch v := v.(type) {
	case value.Time:
		return v.String()
	case value.Date:
		return v.String()
	case value.Duration:
		return v.String()
	case value.Local:
		return v.String()
	case []any:
		c := make([]any, len(v))
		for i := range v {
			c[i] = Plain(v[i])
		}
		return c
	case map[string]any:
		if v == nil {
			return nil
		}
		c := make(map[string]any, len(v))
		for k, x := range v {
			c[k] = Plain(x)
		}
		return c
	}
	return v
}
