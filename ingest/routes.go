package ingest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"journey/engine"
)

// request is a request on its way through its route.
type request struct {
	echo.Context
	id    string // request id
	route *routeMetrics
}

// beacon is where pages post while they are left: the key stands in the query.
const beacon = "/beacon/v1/batch"

// pixel is where those post that can only ask for a picture.
const pixel = "/v1/pixel/:type"

// handler answers a request, or says what is wrong with it.
type handler func(c *request) error

// routes lays out the API. A path with a slash at its end is the same path:
// nothing is ever redirected, since browsers take a redirect for a success.
func (s *Server) routes() {
	none := s.metrics.route("none")
	s.echo.HTTPErrorHandler = func(err error, c echo.Context) { // what has no route
		_ = s.serve(nil, none, func(*request) error { return routeProblem(err) })(c)
	}
	s.get("/livez", s.livez)
	s.get("/readyz", s.readyz)
	s.get("/metrics", s.metrics.serve)
	s.get("/version", s.version)
	if file, err := newScriptFile(); err == nil { // it packs what is part of the program: it never fails
		s.get("/j.js", file.serve)
	}
	if s.o.Engine == nil {
		s.echo.HTTPErrorHandler = func(_ error, c echo.Context) {
			_ = s.serve(allowOrigin, none, func(*request) error { return engine.ErrUnavailable })(c)
		}
		return
	}
	for name, kind := range kinds {
		s.post("/v1/"+name, s.single(kind))
		s.post("/v1/"+name[:1], s.single(kind)) // as browsers shorten them
		s.post("/api/s/"+name, s.single(kind))  // Jitsu's, of browsers and of servers
		s.post("/api/s/s2s/"+name, s.single(kind))
	}
	s.post("/v1/batch", s.batch(s.o.Limits.Batch))
	s.post("/v1/b", s.batch(s.o.Limits.Batch))
	s.post("/v1/import", s.batch(s.o.Limits.Import))
	s.post(beacon, s.batch(s.o.Limits.Batch))
	s.get(pixel, s.picture)
	for _, path := range posthogPaths {
		s.post(path, s.captures)
	}
	for _, path := range posthogFlags {
		s.post(path, s.flags)
	}
	s.post("/v1/journeys/:name/start", s.start)

	s.get("/v1/profiles/*", s.profile)
	s.get("/v1/profiles/:ref/why/:journey", s.why)
	s.admins("/v1/profiles/:ref/tags", s.tags)
	s.admins("/v1/imports/:name", s.importFile)
	s.get("/v1/admin/releases", s.releases)
	s.admins("/v1/admin/releases", s.deploy)
	s.admins("/v1/admin/releases/:number/rollback", s.rollback)
	if s.o.Sources != nil {
		s.sourceRoutes()
	}
	s.get("/v1/admin/journeys", s.journeys)
	s.admins("/v1/admin/journeys/:name/pause", s.pause(true))
	s.admins("/v1/admin/journeys/:name/resume", s.pause(false))
	s.get("/v1/admin/segments", s.segments)
	s.get("/v1/admin/segments/:name/members", s.members)
	s.get("/v1/admin/segments/:name/overlap/:other", s.overlap)
	s.admins("/v1/admin/segments/preview", s.preview)
	s.get("/v1/admin/broadcasts", s.broadcasts)
	s.get("/v1/admin/broadcasts/:id", s.broadcast)
	s.admins("/v1/admin/broadcasts", s.announce)
	s.get("/v1/admin/erasures", s.erasures)
	s.get("/v1/admin/erasures/:id", s.erasure)
	s.admins("/v1/admin/erasures", s.erase)
	s.get("/v1/admin/audit", s.auditLog)

	if s.o.Mailbox != nil {
		mailbox := func(c *request) error { s.o.Mailbox.ServeHTTP(c.Response(), c.Request()); return nil }
		s.echo.Any("/dev/mailbox", s.serve(nil, s.metrics.route("/dev/mailbox"), mailbox))
		s.echo.Any("/dev/mailbox/*", s.serve(nil, s.metrics.route("/dev/mailbox"), mailbox))
	}
}

// post adds a route that any web page may post to.
func (s *Server) post(path string, h handler) {
	route := s.metrics.route(path)
	serve, before := s.serve(allowOrigin, route, h), s.serve(nil, route, preflight)
	for _, p := range []string{path, path + "/"} {
		s.echo.POST(p, serve)
		s.echo.OPTIONS(p, before)
	}
}

func (s *Server) get(path string, h handler) {
	serve := s.serve(nil, s.metrics.route(path), h)
	s.echo.GET(path, serve)
	s.echo.HEAD(path, serve)
}

// admins adds a route that changes something and is the administrator's.
func (s *Server) admins(path string, h handler) {
	s.echo.POST(path, s.serve(nil, s.metrics.route(path), h))
}

// serve is what every request goes through: a request id, the answer to what
// went wrong, measuring, the log. It is one function and not a chain of
// middleware, which Echo would build anew for each request.
func (s *Server) serve(header func(http.Header, *http.Request), route *routeMetrics, h handler) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		begun := time.Now()
		w, r := c.Response(), c.Request()
		rq := &request{Context: c, id: s.ids.of(r.Header), route: route}
		w.Header()["X-Request-Id"] = []string{rq.id}
		if header != nil {
			header(w.Header(), r)
		}
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler {
					panic(v)
				}
				s.panicked(rq, v)
				err = problemOf(nil)
			}
			if err != nil {
				s.failed(rq, err)
			}
			took := time.Since(begun)
			route.observe(w.Status, took)
			if s.log.Enabled(r.Context(), slog.LevelDebug) {
				s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
					slog.String("method", r.Method), slog.String("route", route.name), slog.Int("status", w.Status),
					slog.Duration("took", took), slog.Int64("answer_bytes", w.Size), slog.String("request_id", rq.id))
			}
			err = nil
		}()
		return h(rq)
	}
}

// failed answers an error, and logs it if it is ours.
func (s *Server) failed(c *request, err error) {
	p := problemOf(err)
	if p.Status >= 500 && p.cause != nil {
		level := slog.LevelError
		if p.Status == http.StatusServiceUnavailable {
			level = slog.LevelDebug // the store's own alarm tells it once
		}
		s.log.LogAttrs(c.Request().Context(), level, "request failed", slog.String("route", c.route.name),
			slog.String("code", p.Code), slog.String("error", p.cause.Error()), slog.String("request_id", c.id))
	}
	if !c.Response().Committed {
		p.write(c.Response(), c.id)
	}
}

// panicked logs a panic. Its value may be made of what was sent, so only its
// kind is told, unless it is the runtime's.
func (s *Server) panicked(c *request, v any) {
	what := fmt.Sprintf("%T", v)
	if err, ok := v.(runtime.Error); ok {
		what = err.Error()
	}
	s.log.LogAttrs(c.Request().Context(), slog.LevelError, "panic in a request", slog.String("route", c.route.name),
		slog.String("panic", what), slog.String("stack", string(debug.Stack())), slog.String("request_id", c.id))
}

// enter takes a place among the requests that are worked on; leave gives it
// back.
func (s *Server) enter() *problem {
	if s.working.Add(1) > int64(s.o.Limits.Requests) {
		s.working.Add(-1)
		return unavailable("overloaded", "too much is under way at the moment: send the same again", 1)
	}
	return nil
}

func (s *Server) leave() { s.working.Add(-1) }

// deadline is a context for the work of a call.
func (s *Server) deadline(c *request, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request().Context(), d)
}

// respond answers with JSON.
func (c *request) respond(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return c.bytes(status, append(body, '\n'))
}

func (c *request) bytes(status int, body []byte) error {
	w := c.Response()
	w.Header()["Content-Type"] = typeJSON
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is none of our business
	return nil
}

var anyOrigin = []string{"*"}

// allowOrigin lets web pages of any origin read the answer: write keys are
// public there, and no cookie is ever looked at.
func allowOrigin(h http.Header, r *http.Request) {
	if len(r.Header["Origin"]) > 0 {
		h["Access-Control-Allow-Origin"] = anyOrigin
		h.Set("Access-Control-Expose-Headers", "Retry-After, X-RateLimit-Reset, X-Request-Id")
	}
}

// preflight answers what a browser asks before it posts.
func preflight(c *request) error {
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, X-Retry-Count, X-Request-Id, X-Write-Key, X-Enable-Debug, X-IP-Policy, AnonymousId")
	h.Set("Access-Control-Max-Age", "900")
	c.Response().WriteHeader(http.StatusNoContent)
	return nil
}

// routeProblem is the problem of a request that has no route.
func routeProblem(err error) error {
	he, ok := err.(*echo.HTTPError)
	switch {
	case ok && he.Code == http.StatusNotFound:
		return refuse(http.StatusNotFound, "not-found", "there is nothing at this path: docs/http-api.md lists what there is")
	case ok && he.Code == http.StatusMethodNotAllowed:
		return refuse(http.StatusMethodNotAllowed, "wrong-method", "this path takes another method: the header Allow lists them")
	}
	return err
}

// requestIDs makes request ids: a part that is the process's, and a count.
type requestIDs struct {
	prefix string
	count  *atomic.Uint64
}

func newRequestIDs() requestIDs {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process before
	return requestIDs{prefix: hex.EncodeToString(b[:]) + "-", count: new(atomic.Uint64)}
}

// of is the id of a request: the client's if it looks like one, else a new
// one. Ids stand in the log, so that only hex digits and dashes are taken,
// and at least sixteen of them: nothing personal looks like that.
func (g requestIDs) of(h http.Header) string {
	if v := h["X-Request-Id"]; len(v) == 1 && plausibleID(v[0]) {
		return v[0]
	}
	var b [40]byte
	id := append(b[:0], g.prefix...)
	return string(strconv.AppendUint(id, g.count.Add(1), 36))
}

func plausibleID(s string) bool {
	if len(s) < 16 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isDigit(c) && c != '-' && !('a' <= c && c <= 'f') && !('A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

var _ Engine = (*engine.Engine)(nil)
