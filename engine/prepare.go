package engine

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"journey/dsl"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
)

// prepared is a call read by a program: its values cleaned, its identifiers
// in their order. It is made anew when another release goes live.
type prepared struct {
	release int64
	idents  []profiles.Identifier // that identify, strongest first
	input   orchestrator.Input
	mark    *profiles.Mark
	read    *intake.Read
}

// shape is what reading calls looks up in a program.
type shape struct {
	plan   *orchestrator.Plan
	reader *intake.Reader
	rules  *intake.Rules
}

func newShape(plan *orchestrator.Plan) *shape {
	reader := intake.New(plan)
	return &shape{plan: plan, reader: reader, rules: reader.Rules()}
}

// prepare reads a call. The error is a *CallError.
func (e *Engine) prepare(live *living, c *Call) (*prepared, error) {
	in := intake.Call{
		Kind: c.Kind, UserID: c.UserID, AnonymousID: c.AnonymousID, PreviousID: c.PreviousID,
		Event: c.Event, Properties: c.Properties, Traits: c.Traits, Journey: c.Journey,
		Sent: c.MessageID, Source: c.Source,
	}
	at := c.Time
	if at.IsZero() {
		at = c.Received
	}
	if !at.IsZero() {
		in.At = e.Virtual(at)
	}
	mark := callMark(c)
	if mark != nil {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], mark.ID)
		in.ID = hex.EncodeToString(b[:]) // short where it is stored, and the source's own
	}
	read, wrong := live.shape.reader.Read(&in)
	if wrong != nil {
		return nil, wrong
	}
	if len(read.Identifiers) == 0 {
		return nil, &CallError{Code: "no-identifier", Message: noIdentifier(live.shape.reader.Identifiers(), c, read.Faults)}
	}
	if ev := read.Input.Event; ev != nil && dsl.OnlyRecorded(ev.Name) && !c.Own {
		return nil, &CallError{Code: "reserved-name", Field: "event",
			Message: "is an event that Journey records itself when it happens: give the event another name"}
	}
	p := &prepared{release: live.number, idents: read.Identifiers, input: read.Input, mark: mark, read: read}
	p.input.Mark, p.input.History = mark, c.History
	return p, nil
}

// noIdentifier says why a call names nobody: by what is wrong with its
// identifiers, whatever else is wrong with it.
func noIdentifier(idents []*dsl.Trait, c *Call, faults []profiles.Fault) string {
	for _, f := range faults {
		about := f.Field == "userId" || f.Field == "anonymousId" || f.Field == "previousId" ||
			slices.ContainsFunc(idents, func(t *dsl.Trait) bool { return f.Field == "traits."+t.Wire })
		if about {
			return "nothing in the call identifies anybody: " + f.Field + " " + f.Reason
		}
	}
	if c.Kind == CallAlias {
		return "an alias needs userId and previousId"
	}
	return "the call names nobody: give userId, anonymousId or an identifier among the traits"
}

// callMark is the mark by which a repeat of the call is recognised; nil for a
// call without a message id. It is the scope's: two sources may use one id.
func callMark(c *Call) *profiles.Mark {
	if c.MessageID == "" {
		return nil
	}
	var h xxhash.Digest
	h.Reset()
	_, _ = h.WriteString(c.Source)
	_, _ = h.Write([]byte{0})
	_, _ = h.WriteString(c.MessageID)
	return &profiles.Mark{ID: h.Sum64(), Payload: c.Payload}
}

// unlink drops an identifier from the call, and remembers that.
func (p *prepared) unlink(id profiles.Identifier, owner, rule string) {
	p.read.Unlink(id.Trait, id.Value, owner, rule, id.Trait, reasons[rule])
	p.input.Unlinked = p.read.Input.Unlinked
}

// cause is why people become one by the call.
func (p *prepared) cause(c *Call) profiles.Cause {
	var traits []string
	for _, id := range p.idents {
		traits = append(traits, id.Trait)
	}
	return profiles.Cause{Event: c.MessageID, Source: c.Source, Rule: strings.Join(traits, " + ")}
}
