package ingest

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"journey/audit"
	"journey/engine"
)

// wish asks for somebody's data to go, or for none to be stored any more.
type wish struct {
	Person string `json:"person"` // user_id:ann, another identifier, or the profile's id
	Mode   string `json:"mode"`
	By     string `json:"by"` // who asks for it; "": the administrator
}

// erase carries out what somebody wants with his data.
func (s *Server) erase(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	w, err := s.wish(c)
	if err != nil {
		return err
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Long)
	defer cancel()
	r, err := s.o.Engine.Erase(ctx, w.Person, w.Mode, w.By)
	switch {
	case errors.Is(err, engine.ErrMode):
		p := refuse(http.StatusBadRequest, "bad-mode", err.Error())
		p.Field = "mode"
		return p
	case errors.Is(err, engine.ErrNotSuppressed):
		return refuse(http.StatusNotFound, "not-suppressed", err.Error())
	case err != nil:
		return err
	}
	c.Response().Header()["Cache-Control"] = noStore
	return c.respond(http.StatusAccepted, r)
}

func (s *Server) wish(c *request) (*wish, error) {
	body, wrong := s.read(c, s.o.Limits.Event, "an erasure")
	if wrong != nil {
		return nil, wrong
	}
	defer body.release()
	w := &wish{}
	if err := strictly(body.buf, w); err != nil { // a misspelt mode must not pass for another
		return nil, refuse(http.StatusBadRequest, "invalid-json", `the body is no erasure, {"person": "user_id:ann", "mode": MODE}: `+err.Error())
	}
	if w.Person == "" {
		p := refuse(http.StatusBadRequest, "missing-field", "say who it is about, as in user_id:ann")
		p.Field = "person"
		return nil, p
	}
	if len(w.By) > 100 {
		w.By = ""
	}
	return w, nil
}

// erasures lists what was ever asked for, newest first.
func (s *Server) erasures(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	all, err := s.o.Engine.Erasures(ctx)
	if err != nil {
		return err
	}
	if all == nil {
		all = []engine.Erasure{}
	}
	return c.respond(http.StatusOK, map[string]any{"erasures": all})
}

// erasure tells how far one is.
func (s *Server) erasure(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	r, err := s.o.Engine.Erasure(ctx, id)
	if errors.Is(err, engine.ErrNoErasure) {
		return refuse(http.StatusNotFound, "no-erasure", err.Error())
	}
	if err != nil {
		return err
	}
	return c.respond(http.StatusOK, r)
}

// auditPage is how many entries of the audit log come at once, at most.
const auditPage = 1000

// auditLog shows what administrators did, the oldest first.
func (s *Server) auditLog(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	from := int64(1)
	if text := c.QueryParam("from"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return refuse(http.StatusBadRequest, "bad-number", "from is the number of an entry: 1 or more")
		}
		from = n
	}
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	list, err := s.o.Engine.Audit(ctx, from, auditPage)
	var broken *audit.Error
	if errors.As(err, &broken) {
		return refuse(http.StatusConflict, "audit-broken", broken.Error())
	}
	if err != nil {
		return err
	}
	out := struct {
		Entries []audit.Entry `json:"entries"`
		Next    string        `json:"next,omitempty"` // path of those that follow
	}{Entries: list}
	if len(list) == auditPage {
		out.Next = fmt.Sprintf("/v1/admin/audit?from=%d", from+auditPage)
	}
	return c.respond(http.StatusOK, out)
}
