package orchestrator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/template"
	"journey/dsl/value"
	"journey/profiles"
)

// render makes the message of a send or call. An error means that it cannot
// be rendered, for a value that is missing, say; then it is not sent.
func (m *machine) render(r *profiles.Run, d *delivery) (Rendered, error) {
	out := Rendered{Key: profiles.SendKey(r.ID, d.ID, r.Pass), Journey: r.Journey, Transactional: d.exempt}
	if c := d.call; c != nil {
		out.Message, out.Channel, out.URL, out.Method, out.Call = c.Name, callChannel, c.URL, c.Method, true
		body, err := m.body(r, d, c.JSON)
		out.JSON = body
		return out, err
	}
	msg := d.message
	out.Message, out.Channel, out.URL, out.Method, out.Resend = msg.Name, msg.Channel, msg.URL, msg.Method, msg.Resend
	if !d.personal {
		body, err := m.body(r, d, msg.JSON)
		out.JSON = body
		return out, err
	}
	out.To = m.address(r, d)
	parts := [...]struct {
		t   *template.Template
		out *string
	}{{msg.Subject, &out.Subject}, {msg.Text, &out.Text}, {msg.HTML, &out.HTML}, {msg.Link, &out.URL}, {msg.Image, &out.Image}}
	data := m.data(r, d, func(name string) bool {
		for i := range parts {
			if parts[i].t != nil && parts[i].t.Reads(name) {
				return true
			}
		}
		return false
	})
	opts := template.Options{Zone: m.env.Zone}
	for i := range parts {
		if parts[i].t == nil {
			continue
		}
		text, err := parts[i].t.Render(data, opts)
		if err != nil {
			return out, fmt.Errorf("message %s: %w", msg.Name, err)
		}
		*parts[i].out = text
	}
	return out, nil
}

// data is what the templates of a message see, as far as they read it.
func (m *machine) data(r *profiles.Run, d *delivery, reads func(name string) bool) map[string]any {
	env := m.atStep(r, d.Slot)
	data := make(map[string]any, 4)
	if reads("profile") {
		profile := map[string]any{"id": m.p.ID}
		for _, name := range m.p.TraitNames() {
			profile[name] = TraitOf(m.p, name)
		}
		data["profile"] = profile
	}
	if reads("segment") {
		segments := make(map[string]any, len(m.plan.Segments))
		for _, seg := range m.plan.Segments {
			segments[seg.Name] = m.view.InSegment(seg.Name)
		}
		data["segment"] = segments
	}
	if reads("run") {
		if data["run"] = r.Vars; r.Vars == nil {
			data["run"] = map[string]any{}
		}
	}
	if reads("entry") {
		data["entry"] = eventData(r.Entry)
	}
	if env.Event != nil && reads("event") {
		data["event"] = eventData(env.Event)
	}
	for name, v := range m.given(r, d) {
		data[name] = plain(v)
	}
	if m.Unsubscribe != nil && reads("unsubscribe_url") {
		data["unsubscribe_url"] = m.Unsubscribe(profiles.SendKey(r.ID, d.ID, r.Pass), d.message.Channel)
	}
	return data
}

// given is what a step's `with` gives its message or call; nil for nothing.
func (m *machine) given(r *profiles.Run, d *delivery) map[string]any {
	if len(d.with) == 0 {
		return nil
	}
	given := make(map[string]any, len(d.with))
	for _, w := range d.with {
		given[w.Name] = w.Expr.Value(m.atStep(r, d.Slot))
	}
	return given
}

// atDelivery prepares the environment for an expression of a message or call.
func (m *machine) atDelivery(r *profiles.Run, d *delivery, given map[string]any) *cond.Env {
	e := m.atStep(r, d.Slot)
	e.With = given
	return e
}

// eventData is an event as a template or a JSON body sees it.
func eventData(e *cond.Event) map[string]any {
	d := e.Props.Map()
	d["at"] = e.At
	if e.Name != "" {
		d["event"] = e.Name
	}
	return d
}

// plain is a condition's value with events as objects.
func plain(v any) any {
	switch v := v.(type) {
	case *cond.Event:
		return eventData(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, w := range v {
			out[k] = plain(w)
		}
		return out
	}
	return v
}

// body is a webhook's JSON, its fields in the order of the declaration.
func (m *machine) body(r *profiles.Run, d *delivery, fields []dsl.Named) ([]byte, error) {
	var b bytes.Buffer
	given := m.given(r, d)
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(f.Name)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(JSONValue(f.Expr.Value(m.atDelivery(r, d, given)), m.env.Zone))
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// JSONValue is a value as it is written in JSON: a date as 2006-01-02, a time
// in RFC 3339 with the zone's offset, a duration in the language's short
// form, a missing one as null.
func JSONValue(v any, zone *time.Location) any {
	switch v := v.(type) {
	case value.Time:
		return v.In(zone).Format("2006-01-02T15:04:05.999Z07:00")
	case value.Date:
		return v.String()
	case value.Duration:
		return v.String()
	case *cond.Event:
		return JSONValue(eventData(v), zone)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = JSONValue(v[i], zone)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, w := range v {
			out[k] = JSONValue(w, zone)
		}
		return out
	}
	return v
}

// plainNumber writes 120, not 120.0 or 1.2e+02, and 0 for either zero: -0 is
// the same number and must be the same key.
func plainNumber(f float64) string {
	if f == 0 {
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}
