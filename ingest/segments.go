package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"journey/engine"
)

// Segments: their sizes at once, and what needs a look at all people as JSON
// lines, of which the last says how it ended.

// sized is a segment as the API shows it.
type sized struct {
	Segment   string `json:"segment"`
	Title     string `json:"title,omitempty"`
	Condition string `json:"condition"`
	Members   int64  `json:"members"`
}

// fitting is how far people are fitted to the live release.
type fitting struct {
	Release int64 `json:"release"`
	People  int64 `json:"people"`
	Fitted  int64 `json:"fitted"`
	Done    bool  `json:"done"`
}

// segments lists those of the live release with their sizes.
func (s *Server) segments(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	list, people, f, err := s.o.Engine.Segments(ctx)
	if err != nil {
		return err
	}
	out := make([]sized, len(list))
	for i, g := range list {
		out[i] = sized{g.Name, g.Title, g.Condition, g.Members}
	}
	return c.respond(http.StatusOK, map[string]any{"people": people, "fitting": fitting(f), "segments": out})
}

// members streams who is in a segment.
func (s *Server) members(c *request) error {
	name, err := param(c, "name")
	if err != nil {
		return err
	}
	return s.walks(c, func(ctx context.Context, tell func(v any) error) (any, error) {
		n := int64(0)
		people, err := s.o.Engine.Members(ctx, name, func(m engine.Member) error {
			n++
			return tell(map[string]any{"id": m.ID, "since": m.Since.String()})
		})
		return map[string]any{"done": true, "members": n, "people": people}, err
	})
}

// overlap compares two segments.
func (s *Server) overlap(c *request) error {
	first, err := param(c, "name")
	if err != nil {
		return err
	}
	second, err := param(c, "other")
	if err != nil {
		return err
	}
	show := func(o engine.Overlap, done bool) any {
		return map[string]any{"done": done, "people": o.People, "first": o.First, "second": o.Second, "both": o.Both}
	}
	return s.walks(c, func(ctx context.Context, tell func(v any) error) (any, error) {
		o, err := s.o.Engine.Overlap(ctx, first, second, func(o engine.Overlap) error { return tell(show(o, false)) })
		return show(o, true), err
	})
}

// previewed is a preview as the API shows it.
type previewed struct {
	Done     bool      `json:"done"`
	People   int64     `json:"people"`
	Members  int64     `json:"members"`
	Examples []example `json:"examples,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
}

type example struct {
	ID          string              `json:"id"`
	Identifiers map[string][]string `json:"identifiers"` // masked
}

// preview asks an unsaved condition of all people.
func (s *Server) preview(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	body, wrong := s.read(c, s.o.Limits.Event, "a condition")
	if wrong != nil {
		return wrong
	}
	defer body.release()
	var asked struct {
		Condition string `json:"condition"`
	}
	dec := json.NewDecoder(bytes.NewReader(body.buf))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&asked); err != nil {
		return refuse(http.StatusBadRequest, "invalid-json", `the body is no {"condition": CONDITION}: `+err.Error())
	}
	return s.walks(c, func(ctx context.Context, tell func(v any) error) (any, error) {
		v, err := s.o.Engine.Preview(ctx, asked.Condition, func(v engine.Preview) error {
			return tell(previewed{People: v.People, Members: v.Members})
		})
		last := previewed{Done: true, People: v.People, Members: v.Members, Notes: v.Notes}
		for _, x := range v.Examples {
			last.Examples = append(last.Examples, example(x))
		}
		return last, err
	})
}

const (
	maxWalks = 2                // over all people, at a time
	lineFor  = 30 * time.Second // a client has, to take what is written
)

// walks answers what a walk over all people finds, line by line. Before the
// first line a mistake is a problem as ever; after it, a last line with
// "error" and "code" says that the walk was broken off.
func (s *Server) walks(c *request, walk func(ctx context.Context, tell func(v any) error) (last any, err error)) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	defer s.walking.Add(-1)
	if s.walking.Add(1) > maxWalks {
		return unavailable("overloaded", "people are being looked at for others: ask again in a moment", 5)
	}
	w := c.Response()
	deadline := http.NewResponseController(w)
	begun := false
	tell := func(v any) error {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.Header()["Cache-Control"] = noStore
			w.WriteHeader(http.StatusOK)
		}
		if err := deadline.SetWriteDeadline(time.Now().Add(lineFor)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		w.Flush()
		return nil
	}
	last, err := walk(c.Request().Context(), tell)
	switch {
	case err == nil:
		_ = tell(last) // a client that has gone is none of our business
	case !begun:
		return err
	case c.Request().Context().Err() == nil:
		p := problemOf(err)
		_ = tell(map[string]any{"error": p.Detail, "code": p.Code})
	}
	return nil
}
