package intake

import (
	"fmt"
	"slices"
	"strings"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/clean"
)

// Kind says what kind of call it is.
type Kind uint8

// The kinds of call.
const (
	Track Kind = iota
	Identify
	Page
	Screen
	Alias
	Request // start a journey
	Group   // its traits become the trait account (Account)
)

// Call is what arrives, with names and values as they are on the wire:
// string, float64, bool, nil, []any, map[string]any. It is not changed.
type Call struct {
	Kind                            Kind
	UserID, AnonymousID, PreviousID string
	Event                           string         // of page and screen the page's name
	Properties                      map[string]any // a request's entry
	Traits                          map[string]any
	Journey                         string // Request

	At     value.Time // event time; 0: the instant at which it is taken
	ID     string     // message id as it is stored; "": none
	Sent   string     // message id as it was sent; "": none
	Source string     // who sent it; "": not known
}

// Read is a call read by a program.
type Read struct {
	Identifiers []profiles.Identifier // those that identify, strongest first
	Input       orchestrator.Input
	Faults      []profiles.Fault // what could not be used

	sent string
}

// Unlink notes an identifier that is not taken, to be remembered with the
// person, and the fault that tells the caller. owner is the profile it led to.
func (p *Read) Unlink(trait, val, owner, rule, field, reason string) {
	p.Faults = append(p.Faults, profiles.Fault{Field: field, Reason: reason})
	if owner != "" {
		val = profiles.Masked(val)
	} else if len(val) > maxUnlinked {
		val = strings.ToValidUTF8(val[:maxUnlinked], "") + "…"
	}
	p.Input.Unlinked = append(p.Input.Unlinked, profiles.Unlinked{Trait: trait, Value: val, Owner: owner, Rule: rule, Event: p.sent, Source: p.Input.Source, Times: 1})
}

// maxUnlinked is how much, in bytes, is kept of a value that was not taken.
const maxUnlinked = 128

// Error says why a call cannot be used at all. It is the caller's mistake: a
// repeat would fail again.
type Error struct {
	Code    string // "no-identifier", "unknown-journey", …; codes never change
	Field   string // the field of the call it is about, "" for the whole
	Message string // one sentence for people
}

// Error is the sentence, with the field where there is one.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Reader reads calls by a program. It is immutable.
type Reader struct {
	plan   *orchestrator.Plan
	idents []*dsl.Trait               // identifiers, strongest first
	nested []*dsl.Trait               // traits whose wire name reaches into an object
	never  map[string]map[string]bool // the workspace's own values that identify nobody, bare, by identifier
	clean  clean.Options
}

// New is a reader for a program.
func New(plan *orchestrator.Plan) *Reader {
	s := &Reader{plan: plan, clean: clean.Options{Zone: plan.Settings.Zone, Country: plan.Settings.Country}}
	known := map[string]bool{}
	add := func(t *dsl.Trait) {
		if !known[t.Name] && t.Identifier {
			known[t.Name] = true
			s.idents = append(s.idents, t)
		}
	}
	for _, name := range plan.Settings.Identify {
		if t, ok := plan.Trait(name); ok {
			add(t)
		}
	}
	for _, t := range plan.Traits {
		add(t)
		if strings.Contains(t.Wire, ".") && t.Computed == nil {
			s.nested = append(s.nested, t)
		}
	}
	s.never = neverOf(s.idents, plan.Settings.Never, s.clean)
	return s
}

// neverOf are the values that identify nobody as each identifier has them:
// as they are written, and as they are once they are cleaned by its type.
func neverOf(idents []*dsl.Trait, values []string, o clean.Options) map[string]map[string]bool {
	if len(values) == 0 {
		return nil
	}
	never := make(map[string]map[string]bool, len(idents))
	for _, t := range idents {
		set := make(map[string]bool, len(values))
		for _, v := range values {
			set[clean.Bare(v)] = true
			if c, err := clean.Value(v, t.Type, o); err == nil {
				if text, ok := c.(string); ok {
					set[clean.Bare(text)] = true
				}
			}
		}
		never[t.Name] = set
	}
	return never
}

// Identifiers are the program's identifiers, strongest first.
func (s *Reader) Identifiers() []*dsl.Trait { return s.idents }

// Options are those by which values are cleaned.
func (s *Reader) Options() clean.Options { return s.clean }

// Read reads a call. A call that names nobody has no Identifiers.
func (s *Reader) Read(c *Call) (*Read, *Error) {
	p := &Read{}
	p.Input.At, p.Input.ID, p.Input.Source = c.At, c.ID, c.Source
	p.sent = c.Sent
	traits := p.traits(s, c.Traits)
	p.identifiers(s, c, traits)
	p.Input.Traits = traits
	p.Input.Identifiers = p.Identifiers
	var err *Error
	switch c.Kind {
	case Track, Page, Screen:
		err = p.event(s, c)
	case Request:
		err = p.request(s, c)
	default:
		p.Input.Kind = orchestrator.IdentifyInput
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Read) fault(field, reason string) {
	p.Faults = append(p.Faults, profiles.Fault{Field: field, Reason: reason})
}

// identifiers collects what identifies, strongest first.
func (p *Read) identifiers(s *Reader, c *Call, traits map[string]any) {
	for _, t := range s.idents {
		switch t.Name {
		case "user_id":
			p.identify(s, t, "userId", c.UserID)
			if traits[t.Name] != nil && c.UserID == "" {
				p.identify(s, t, "traits."+t.Wire, traits[t.Name])
			}
		case "anonymous_id":
			p.identify(s, t, "anonymousId", c.AnonymousID)
			p.identify(s, t, "previousId", c.PreviousID)
		default:
			p.identify(s, t, "traits."+t.Wire, traits[t.Name])
		}
	}
	delete(traits, "user_id") // set with the identifier
	delete(traits, "anonymous_id")
}

func (p *Read) identify(s *Reader, t *dsl.Trait, field string, raw any) {
	if raw == nil || raw == "" {
		return
	}
	v, err := clean.Value(raw, t.Type, s.clean)
	if err != nil {
		p.fault(field, err.Error())
		return
	}
	text, ok := v.(string)
	if !ok {
		p.fault(field, "is no text and identifies nobody")
		return
	}
	switch text = strings.TrimSpace(text); {
	case len(text) > clean.MaxIdentifier:
		p.Unlink(t.Name, text, "", profiles.RuleLong, field, fmt.Sprintf("has %d bytes, more than %d, and identifies nobody", len(text), clean.MaxIdentifier))
		return
	case !s.Identifies(t.Name, text):
		p.Unlink(t.Name, text, "", profiles.RuleBlocked, field, "identifies nobody")
		return
	}
	id := profiles.Identifier{Trait: t.Name, Value: text}
	if !slices.Contains(p.Identifiers, id) {
		p.Identifiers = append(p.Identifiers, id)
	}
}

// Identifies says whether a cleaned value of an identifier can identify
// somebody in this workspace.
func (s *Reader) Identifies(trait, text string) bool {
	return clean.Identifies(text) && (s.never == nil || !s.never[trait][clean.Bare(text)])
}

// traits reads the traits that came, declared ones by their type.
func (p *Read) traits(s *Reader, raw map[string]any) map[string]any {
	if len(raw) == 0 {
		return nil
	}
	out := make(map[string]any, len(raw))
	for wire, v := range raw {
		t, ok := s.plan.TraitByWire(wire)
		if ok {
			p.trait(s, out, t, v)
			continue
		}
		if _, taken := s.plan.Trait(wire); taken || strings.Contains(wire, ".") {
			continue // the name of a trait that comes under another one
		}
		c, err := clean.Value(v, nil, s.clean)
		if err != nil {
			p.fault("traits."+wire, err.Error())
			continue
		}
		out[wire] = c
	}
	for _, t := range s.nested {
		if v := value.Path(raw, t.Wire); v != nil {
			p.trait(s, out, t, v)
		}
	}
	slices.SortFunc(p.Faults, func(a, b profiles.Fault) int { return strings.Compare(a.Field, b.Field) })
	return out
}

var boolean = &value.Type{Kind: value.Boolean}

func (p *Read) trait(s *Reader, out map[string]any, t *dsl.Trait, raw any) {
	field := "traits." + t.Wire
	if t.Computed != nil {
		p.fault(field, "is computed and cannot be set")
		return
	}
	if !profiles.KeyedTrait(t.Name) {
		v, err := clean.Value(raw, t.Type, s.clean)
		if err != nil {
			p.fault(field, err.Error())
			return
		}
		out[t.Name] = v
		return
	}
	obj, ok := raw.(map[string]any)
	if !ok {
		p.fault(field, "is not an object of true and false")
		return
	}
	keys := make(map[string]any, len(obj))
	for k, v := range obj {
		c, err := clean.Value(v, boolean, s.clean)
		if err != nil {
			p.fault(field+"."+k, err.Error())
			continue
		}
		keys[k] = c
	}
	out[t.Name] = keys
}

// event makes the input of a track, page or screen call.
func (p *Read) event(s *Reader, c *Call) *Error {
	p.Input.Kind = orchestrator.EventInput
	wire, raw := c.Event, c.Properties
	switch c.Kind {
	case Page:
		wire, raw = "page_viewed", named(raw, c.Event)
	case Screen:
		wire, raw = "screen_viewed", named(raw, c.Event)
	}
	if strings.TrimSpace(wire) == "" {
		return &Error{Code: "no-event", Field: "event", Message: "a track call needs the name of its event"}
	}
	ev, ok := s.plan.EventByWire(wire)
	if !ok || c.Kind != Track {
		if named, declared := s.plan.Event(wire); declared {
			ev, ok = named, true
		}
	}
	if _, change := dsl.ChangedTrait(wire); change && !ok {
		return &Error{Code: "reserved-name", Field: "event", Message: "is the name of a trait's change, which happens when the trait is set: give the event another name"}
	}
	name, t := wire, (*value.Type)(nil)
	if ok {
		name, t = ev.Name, ev.Type
	} else {
		p.fault("event", "is not declared: it is stored, and no condition can read it")
	}
	props, faults := object(raw, t, s.clean)
	for _, f := range faults {
		p.fault("properties."+f.Field, f.Reason)
	}
	p.Input.Event = &cond.Event{ID: p.Input.ID, Name: name, At: p.Input.At, Props: cond.PropsOf(props)}
	return nil
}

// named adds the name of a page to its properties.
func named(props map[string]any, name string) map[string]any {
	if name == "" || props["name"] != nil {
		return props
	}
	c := make(map[string]any, len(props)+1)
	for k, v := range props {
		c[k] = v
	}
	c["name"] = name
	return c
}

var anything = &value.Type{Kind: value.Object}

func object(raw map[string]any, t *value.Type, o clean.Options) (map[string]any, []profiles.Fault) {
	if len(raw) == 0 {
		return nil, nil
	}
	if t == nil {
		t = anything
	}
	return clean.Object(raw, t, o)
}

// request makes the input of a request to enter a journey. A declared field
// that is missing or unreadable refuses it.
func (p *Read) request(s *Reader, c *Call) *Error {
	p.Input.Kind = orchestrator.RequestInput
	j, ok := s.plan.Journey(c.Journey)
	if !ok {
		return &Error{Code: "unknown-journey", Field: "journey", Message: "there is no such journey in the live release"}
	}
	i := slices.IndexFunc(j.Entries, func(e *dsl.Entry) bool { return e.Kind == dsl.OnRequest })
	if i < 0 {
		return &Error{Code: "no-request", Field: "journey", Message: "this journey is not entered on request: it has no `enter on request`"}
	}
	params := j.Entries[i].Params
	props, faults := object(c.Properties, params, s.clean)
	if len(faults) > 0 {
		return &Error{Code: "bad-request", Field: "properties." + faults[0].Field, Message: faults[0].Reason}
	}
	if params != nil {
		for _, f := range params.Fields {
			if _, there := props[f.Name]; !there && !f.Optional {
				return &Error{Code: "bad-request", Field: "properties." + f.Name, Message: "is missing"}
			}
		}
	}
	p.Input.Journey, p.Input.Params = c.Journey, props
	return nil
}
