package engine

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/clean"
)

// prepared is a call read by a program: its values cleaned, its identifiers
// in their order. It is made anew when another release goes live.
type prepared struct {
	release int64
	idents  []profiles.Identifier // that identify, strongest first
	input   orchestrator.Input
	mark    *profiles.Mark
	faults  []profiles.Fault
}

// shape is what reading calls looks up in a program.
type shape struct {
	plan   *orchestrator.Plan
	idents []*dsl.Trait   // identifiers, strongest first
	rank   map[string]int // of an identifier: place in idents
	nested []*dsl.Trait   // traits whose wire name reaches into an object
	clean  clean.Options
}

func newShape(plan *orchestrator.Plan) *shape {
	s := &shape{plan: plan, rank: map[string]int{}, clean: clean.Options{Zone: plan.Settings.Zone, Country: plan.Settings.Country}}
	add := func(t *dsl.Trait) {
		if _, known := s.rank[t.Name]; !known && t.Identifier {
			s.rank[t.Name] = len(s.idents)
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
	return s
}

// limit is how many values of an identifier a person can have.
func (s *shape) limit(trait string) int {
	if trait == "user_id" {
		return 1
	}
	if t, ok := s.plan.Trait(trait); ok && t.Limit > 0 {
		return t.Limit
	}
	return 5
}

// prepare reads a call. The error is a *CallError.
func (e *Engine) prepare(live *living, c *Call) (*prepared, error) {
	s := live.shape
	p := &prepared{release: live.number}
	at := c.Time
	if at.IsZero() {
		at = c.Received
	}
	if !at.IsZero() {
		p.input.At = e.Virtual(at)
	}
	if c.MessageID != "" {
		p.setMark(c)
	}
	traits := p.traits(s, c.Traits)
	p.identifiers(s, c, traits)
	if len(p.idents) == 0 {
		return nil, &CallError{Code: "no-identifier", Message: noIdentifier(c, p.faults)}
	}
	p.input.Traits = traits
	p.input.Identifiers = p.idents
	var err error
	switch c.Kind {
	case CallTrack, CallPage, CallScreen:
		err = p.event(s, c)
	case CallRequest:
		err = p.request(s, c)
	default:
		p.input.Kind = orchestrator.IdentifyInput
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func noIdentifier(c *Call, faults []profiles.Fault) string {
	if len(faults) > 0 {
		return "nothing in the call identifies anybody: " + faults[0].Field + " " + faults[0].Reason
	}
	if c.Kind == CallAlias {
		return "an alias needs userId and previousId"
	}
	return "the call names nobody: give userId, anonymousId or an identifier among the traits"
}

// setMark makes the mark by which a repeat of the call is recognised. It is
// the scope's: two sources may use one message id.
func (p *prepared) setMark(c *Call) {
	var h xxhash.Digest
	h.Reset()
	_, _ = h.WriteString(c.Source)
	_, _ = h.Write([]byte{0})
	_, _ = h.WriteString(c.MessageID)
	p.mark = &profiles.Mark{ID: h.Sum64(), Payload: c.Payload}
	p.input.Mark = p.mark
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], p.mark.ID)
	p.input.ID = hex.EncodeToString(b[:]) // short where it is stored, and the source's own
}

func (p *prepared) fault(field, reason string) {
	p.faults = append(p.faults, profiles.Fault{Field: field, Reason: reason})
}

// identifiers collects what identifies, strongest first.
func (p *prepared) identifiers(s *shape, c *Call, traits map[string]any) {
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

func (p *prepared) identify(s *shape, t *dsl.Trait, field string, raw any) {
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
	if text = strings.TrimSpace(text); !clean.Identifies(text) {
		p.fault(field, "identifies nobody")
		return
	}
	id := profiles.Identifier{Trait: t.Name, Value: text}
	if !slices.Contains(p.idents, id) {
		p.idents = append(p.idents, id)
	}
}

// traits reads the traits that came, declared ones by their type.
func (p *prepared) traits(s *shape, raw map[string]any) map[string]any {
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
	slices.SortFunc(p.faults, func(a, b profiles.Fault) int { return strings.Compare(a.Field, b.Field) })
	return out
}

var boolean = &value.Type{Kind: value.Boolean}

func (p *prepared) trait(s *shape, out map[string]any, t *dsl.Trait, raw any) {
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
func (p *prepared) event(s *shape, c *Call) error {
	p.input.Kind = orchestrator.EventInput
	wire, raw := c.Event, c.Properties
	switch c.Kind {
	case CallPage:
		wire, raw = "page_viewed", named(raw, c.Event)
	case CallScreen:
		wire, raw = "screen_viewed", named(raw, c.Event)
	}
	if strings.TrimSpace(wire) == "" {
		return &CallError{Code: "no-event", Field: "event", Message: "a track call needs the name of its event"}
	}
	ev, ok := s.plan.EventByWire(wire)
	if !ok || c.Kind != CallTrack {
		if named, declared := s.plan.Event(wire); declared {
			ev, ok = named, true
		}
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
	p.input.Event = &cond.Event{ID: p.input.ID, Name: name, At: p.input.At, Props: props}
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
func (p *prepared) request(s *shape, c *Call) error {
	p.input.Kind = orchestrator.RequestInput
	j, ok := s.plan.Journey(c.Journey)
	if !ok {
		return &CallError{Code: "unknown-journey", Field: "journey", Message: "there is no such journey in the live release"}
	}
	i := slices.IndexFunc(j.Entries, func(e *dsl.Entry) bool { return e.Kind == dsl.OnRequest })
	if i < 0 {
		return &CallError{Code: "no-request", Field: "journey", Message: "this journey is not entered on request: it has no `enter on request`"}
	}
	params := j.Entries[i].Params
	props, faults := object(c.Properties, params, s.clean)
	if len(faults) > 0 {
		return &CallError{Code: "bad-request", Field: "properties." + faults[0].Field, Message: faults[0].Reason}
	}
	if params != nil {
		for _, f := range params.Fields {
			if _, there := props[f.Name]; !there && !f.Optional {
				return &CallError{Code: "bad-request", Field: "properties." + f.Name, Message: "is missing"}
			}
		}
	}
	p.input.Journey, p.input.Params = c.Journey, props
	return nil
}
