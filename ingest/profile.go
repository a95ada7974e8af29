package ingest

import (
	"net/http"
	"net/url"
	"strings"

	"journey/engine"
)

// param is a part of the path, unescaped.
func param(c *request, name string) (string, error) {
	v := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return v, nil // net/http has done it
	}
	v, err := url.PathUnescape(v)
	if err != nil {
		return "", refuse(http.StatusBadRequest, "bad-path", "the path cannot be unescaped")
	}
	return v, nil
}

// profile shows what is known of somebody.
func (s *Server) profile(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ref, err := param(c, "*")
	if err != nil {
		return err
	}
	if ref = strings.TrimSuffix(ref, "/"); ref == "" {
		return engine.ErrNoProfile
	}
	if wrong := s.enter(); wrong != nil {
		return wrong
	}
	defer s.leave()
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	view, err := s.o.Engine.Profile(ctx, ref)
	if err != nil {
		return err
	}
	c.Response().Header()["Cache-Control"] = noStore
	return c.respond(http.StatusOK, view)
}
