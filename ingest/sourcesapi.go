package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"journey/engine"
	"journey/ingest/sources"
	"journey/profiles/store"
)

// sourceRoutes are the admin API of sources.
func (s *Server) sourceRoutes() {
	s.get("/v1/admin/sources", s.listSources)
	s.admins("/v1/admin/sources", s.addSource)
	s.admins("/v1/admin/sources/:name", s.changeSource)
	s.admins("/v1/admin/sources/:name/rotate", s.rotateSource)
	s.admins("/v1/admin/sources/:name/revoke", s.revokeSource)
}

// settings are what can be said of a source; what is left out stays.
type settings struct {
	Name   string    `json:"name"`
	Kind   *string   `json:"kind"`
	Rate   *float64  `json:"rate"`
	Burst  *int      `json:"burst"`
	Events *[]string `json:"events"`
	Off    *bool     `json:"off"`
	Keep   *int      `json:"keep_seconds"` // rotate
}

func (t *settings) apply(s *sources.Source) {
	if t.Kind != nil {
		s.Kind = *t.Kind
	}
	if t.Rate != nil {
		s.Rate = *t.Rate
	}
	if t.Burst != nil {
		s.Burst = *t.Burst
	}
	if t.Events != nil {
		s.Events = *t.Events
	}
	if t.Off != nil {
		s.Off = *t.Off
	}
}

// shownSource is a source as the API shows it.
type shownSource struct {
	Source     string           `json:"source"`
	Kind       string           `json:"kind,omitempty"`
	Rate       float64          `json:"rate,omitempty"`
	Burst      int              `json:"burst,omitempty"`
	Events     []string         `json:"events,omitempty"`
	Off        bool             `json:"off,omitempty"`
	Configured bool             `json:"configured,omitempty"`
	Made       time.Time        `json:"made,omitzero"`
	Key        string           `json:"key,omitempty"` // a new one: it is told only once
	Keys       []shownKey       `json:"keys"`
	Seen       time.Time        `json:"last_seen,omitzero"`
	Counts     map[string]int64 `json:"counts,omitempty"`
	Wrong      *sources.Mistake `json:"last_error,omitempty"`
}

type shownKey struct {
	Tail  string    `json:"tail,omitempty"` // its last characters
	Made  time.Time `json:"made,omitzero"`
	Until time.Time `json:"until,omitzero"` // then it stops
}

func shownSourceOf(s sources.Source) shownSource {
	out := shownSource{
		Source: s.Name, Kind: s.Kind, Rate: s.Rate, Burst: s.Burst, Events: s.Events, Off: s.Off,
		Configured: s.Configured, Made: s.Made, Keys: []shownKey{},
	}
	for _, k := range s.Keys {
		out.Keys = append(out.Keys, shownKey{k.Tail, k.Made, k.Until})
	}
	return out
}

// listSources shows all, with what they have sent.
func (s *Server) listSources(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	list, err := s.o.Sources.List(ctx)
	if err != nil {
		return sourceProblem(err)
	}
	out := make([]shownSource, len(list))
	for i, l := range list {
		out[i] = shownSourceOf(l.Source)
		out[i].Seen, out[i].Counts, out[i].Wrong = l.Seen, l.Counts, l.Wrong
	}
	return c.respond(http.StatusOK, map[string]any{"sources": out})
}

// addSource makes one, and tells its key.
func (s *Server) addSource(c *request) error {
	return s.alter(c, "source-add", func(ctx context.Context, t *settings) (sources.Source, string, error) {
		src := sources.Source{Name: t.Name}
		t.apply(&src)
		return s.o.Sources.Add(ctx, src)
	})
}

func (s *Server) changeSource(c *request) error {
	return s.alter(c, "source-change", func(ctx context.Context, t *settings) (sources.Source, string, error) {
		src, err := s.o.Sources.Change(ctx, t.Name, t.apply)
		return src, "", err
	})
}

// usualKeep is how long the old keys stay good when a source gets another.
const usualKeep = 24 * time.Hour

func (s *Server) rotateSource(c *request) error {
	return s.alter(c, "source-rotate", func(ctx context.Context, t *settings) (sources.Source, string, error) {
		keep := usualKeep
		if t.Keep != nil {
			keep = time.Duration(*t.Keep) * time.Second
		}
		return s.o.Sources.Rotate(ctx, t.Name, keep)
	})
}

func (s *Server) revokeSource(c *request) error {
	return s.alter(c, "source-revoke", func(ctx context.Context, t *settings) (sources.Source, string, error) {
		src, err := s.o.Sources.Revoke(ctx, t.Name)
		return src, "", err
	})
}

// alter changes a source as an administrator's request says.
func (s *Server) alter(c *request, action string, f func(context.Context, *settings) (sources.Source, string, error)) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	t, err := s.settings(c)
	if err != nil {
		return err
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	if e, ok := s.o.Engine.(interface {
		Note(ctx context.Context, action, target, detail string) error
	}); ok {
		if err := e.Note(ctx, action, t.Name, ""); err != nil {
			return err
		}
	}
	src, key, err := f(ctx, t)
	if err != nil {
		return sourceProblem(err)
	}
	out := shownSourceOf(src)
	out.Key = key
	c.Response().Header()["Cache-Control"] = noStore
	return c.respond(http.StatusOK, out)
}

// settings reads the body of a request about a source; the path's name goes
// first. There need not be one where the path says all.
func (s *Server) settings(c *request) (*settings, error) {
	body, wrong := s.read(c, s.o.Limits.Event, "a source")
	if wrong != nil {
		return nil, wrong
	}
	defer body.release()
	t := &settings{}
	dec := json.NewDecoder(bytes.NewReader(body.buf))
	dec.DisallowUnknownFields() // a misspelt rate would be none
	if err := dec.Decode(t); err != nil && !errors.Is(err, io.EOF) {
		return nil, refuse(http.StatusBadRequest, "invalid-json",
			`the body is no source, {"name": NAME, "kind": KIND, "rate": NUMBER, "burst": NUMBER, "events": [NAME, …], "off": BOOL}: `+err.Error())
	}
	if c.Param("name") == "" {
		return t, named(t.Name)
	}
	name, err := param(c, "name")
	if err != nil {
		return nil, err
	}
	if t.Name != "" && t.Name != name {
		p := refuse(http.StatusBadRequest, "bad-source", fmt.Sprintf("is another than in the path, %q", name))
		p.Field = "name"
		return nil, p
	}
	t.Name = name
	return t, named(name)
}

// named says what is wrong with a source's name: it is written down before
// anything else is done.
func named(name string) error {
	if err := (&sources.Source{Name: name}).Valid(); err != nil {
		return sourceProblem(err)
	}
	return nil
}

// sourceStatus are the statuses of the mistakes of package sources.
var sourceStatus = map[string]int{
	"bad-source": http.StatusBadRequest, "unknown-source": http.StatusNotFound,
	"source-exists": http.StatusConflict, "configured-source": http.StatusConflict,
}

// sourceProblem is what an error of the registry is to the client.
func sourceProblem(err error) error {
	var wrong *sources.Error
	switch {
	case errors.As(err, &wrong):
		p := refuse(sourceStatus[wrong.Code], wrong.Code, wrong.Message)
		p.Field = wrong.Field
		return p
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrConflict):
		return fmt.Errorf("%w (%s)", engine.ErrUnavailable, strings.TrimSpace(err.Error()))
	}
	return err
}
