package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"journey/engine"
)

// What an operator does beside publishing: broadcasts, and journeys that stand
// still.

// announcement asks for a broadcast.
type announcement struct {
	ID         string         `json:"id"` // the same one again changes nothing
	Journey    string         `json:"journey"`
	Segment    string         `json:"segment"`
	Everybody  bool           `json:"everybody"` // must be said where no segment is
	Properties map[string]any `json:"properties"`
}

// announced is a broadcast as the API shows it.
type announced struct {
	ID         string           `json:"id"`
	Journey    string           `json:"journey"`
	Segment    string           `json:"segment,omitempty"`
	Properties map[string]any   `json:"properties,omitempty"`
	State      string           `json:"state"`
	At         time.Time        `json:"at"`
	Finished   time.Time        `json:"finished,omitzero"`
	People     int64            `json:"people"`
	Entered    int64            `json:"entered"`
	Refused    map[string]int64 `json:"refused"`
	Again      int64            `json:"again,omitempty"`
}

func announcedOf(b engine.Broadcast) announced {
	if b.Refused == nil {
		b.Refused = map[string]int64{}
	}
	return announced{
		ID: b.ID, Journey: b.Journey, Segment: b.Segment, Properties: b.Params, State: b.State, At: b.Asked, Finished: b.Finished,
		People: b.People, Entered: b.Entered, Refused: b.Refused, Again: b.Again,
	}
}

// announce begins a broadcast, or tells of the one that has that id.
func (s *Server) announce(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	a, err := s.announcement(c)
	if err != nil {
		return err
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	b, err := s.o.Engine.Announce(ctx, engine.Broadcast{ID: a.ID, Journey: a.Journey, Segment: a.Segment, Params: a.Properties})
	if err != nil {
		return err
	}
	return c.respond(http.StatusAccepted, announcedOf(b))
}

func (s *Server) announcement(c *request) (*announcement, error) {
	body, wrong := s.read(c, s.o.Limits.Event, "a broadcast")
	if wrong != nil {
		return nil, wrong
	}
	defer body.release()
	a := &announcement{}
	if err := strictly(body.buf, a); err != nil { // a misspelt segment must not address everybody
		return nil, refuse(http.StatusBadRequest, "invalid-json",
			`the body is no broadcast, {"id": ID, "journey": NAME, "segment": NAME or "everybody": true, "properties": {…}}: `+err.Error())
	}
	missing := func(field, detail string) error {
		p := refuse(http.StatusBadRequest, "missing-field", detail)
		p.Field = field
		return p
	}
	switch {
	case a.ID == "" || len(a.ID) > 100 || !utf8.ValidString(a.ID):
		return nil, missing("id", "a broadcast needs an id of at most 100 bytes, by which a repeat is recognised")
	case a.Journey == "":
		return nil, missing("journey", "say which journey the people are to enter")
	case (a.Segment == "") != a.Everybody:
		return nil, missing("segment", `say whom it is addressed to: a "segment", or "everybody": true`)
	}
	return a, nil
}

// broadcasts lists what was ever announced, newest first.
func (s *Server) broadcasts(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	all, err := s.o.Engine.Broadcasts(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b engine.Broadcast) int { return b.Asked.Compare(a.Asked) })
	out := make([]announced, len(all))
	for i, b := range all {
		out[i] = announcedOf(b)
	}
	return c.respond(http.StatusOK, map[string]any{"broadcasts": out})
}

// broadcast tells how far one is.
func (s *Server) broadcast(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	b, err := s.o.Engine.Broadcast(ctx, id)
	if err != nil {
		return err
	}
	return c.respond(http.StatusOK, announcedOf(b))
}

// standing is a journey as the API shows it.
type standing struct {
	Journey string `json:"journey"`
	Title   string `json:"title,omitempty"`
	State   string `json:"state"` // live or paused
}

// journeys lists those of the live release.
func (s *Server) journeys(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	list, err := s.o.Engine.Journeys(ctx)
	if err != nil {
		return err
	}
	out := make([]standing, len(list))
	for i, j := range list {
		out[i] = standing{j.Name, j.Title, stateOf(j.Paused)}
	}
	return c.respond(http.StatusOK, map[string]any{"journeys": out})
}

func stateOf(paused bool) string {
	if paused {
		return "paused"
	}
	return "live"
}

// pause lets a journey stand still, or go on.
func (s *Server) pause(paused bool) handler {
	return func(c *request) error {
		if wrong := s.admin(c.Request().Header); wrong != nil {
			return wrong
		}
		name, err := param(c, "name")
		if err != nil {
			return err
		}
		ctx, cancel := s.deadline(c, s.o.Limits.Long)
		defer cancel()
		if err := s.o.Engine.Pause(ctx, name, paused); err != nil {
			if errors.Is(err, engine.ErrNoJourney) {
				return refuse(http.StatusNotFound, "unknown-journey", fmt.Sprintf("there is no journey %q in any release", name))
			}
			return err
		}
		return c.respond(http.StatusOK, standing{Journey: name, State: stateOf(paused)})
	}
}
