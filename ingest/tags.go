package ingest

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// tagging gives somebody tags and takes others.
type tagging struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

// tags gives somebody tags and takes others, and answers all he has then. It
// is the administrator's: a write key stands in web pages, and what a tag
// opens is not for everybody to open.
func (s *Server) tags(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ref, err := param(c, "ref")
	if err != nil {
		return err
	}
	if wrong := s.enter(); wrong != nil {
		return wrong
	}
	defer s.leave()
	body, wrong := s.read(c, s.o.Limits.Event, "a list of tags")
	if wrong != nil {
		return wrong
	}
	defer body.release()
	var t tagging
	dec := json.NewDecoder(bytes.NewReader(body.buf))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return refuse(http.StatusBadRequest, "invalid-json", `the body is no {"add": [TAG, …], "remove": [TAG, …]}: `+err.Error())
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	now, err := s.o.Engine.Tag(ctx, ref, t.Add, t.Remove)
	if err != nil {
		return err
	}
	c.Response().Header()["Cache-Control"] = noStore
	return c.respond(http.StatusOK, map[string]any{"tags": now})
}
