package ingest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"journey/engine"
	"journey/why"
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

// profile shows what is known of somebody; with `full`, all of it.
func (s *Server) profile(c *request) error {
	if asked, err := yes(c, "full"); err != nil {
		return err
	} else if asked {
		return s.portrait(c)
	}
	return s.about(c, "*", func(ctx context.Context, ref string) (any, error) {
		return s.o.Engine.Profile(ctx, ref)
	})
}

// portrait shows all that is known of somebody.
func (s *Server) portrait(c *request) error {
	o := why.PortraitOptions{Before: c.QueryParam("before")}
	var err error
	if o.Mask, err = yes(c, "mask"); err != nil {
		return err
	}
	if n := c.QueryParam("events"); n != "" {
		if o.Events, err = strconv.Atoi(n); err != nil || o.Events < 1 || o.Events > 200 {
			return refuse(http.StatusBadRequest, "bad-query", "events is the number of events on a page: 1 to 200")
		}
	}
	return s.about(c, "*", func(ctx context.Context, ref string) (any, error) {
		return s.o.Engine.Portrait(ctx, ref, o)
	})
}

// yes is a switch in the query.
func yes(c *request, name string) (bool, error) {
	v := c.QueryParam(name)
	if v == "" {
		return false, nil
	}
	is, err := strconv.ParseBool(v)
	if err != nil {
		return false, refuse(http.StatusBadRequest, "bad-query", name+" is true or false")
	}
	return is, nil
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
