package ingest

import (
	"context"
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
	return s.about(c, "*", func(ctx context.Context, ref string) (any, error) {
		return s.o.Engine.Profile(ctx, ref)
	})
}

// why explains how somebody and a journey stand to each other.
func (s *Server) why(c *request) error {
	journey, err := param(c, "journey")
	if err != nil {
		return err
	}
	return s.about(c, "ref", func(ctx context.Context, ref string) (any, error) {
		return s.o.Engine.Why(ctx, ref, journey)
	})
}

// about answers the administrator what is asked about somebody.
func (s *Server) about(c *request, name string, ask func(ctx context.Context, ref string) (any, error)) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ref, err := param(c, name)
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
	answer, err := ask(ctx, ref)
	if err != nil {
		return err
	}
	c.Response().Header()["Cache-Control"] = noStore
	return c.respond(http.StatusOK, answer)
}
