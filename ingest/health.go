package ingest

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"journey/dsl/value"
	"journey/engine"
)

// livez says that the process runs: no more.
func (s *Server) livez(c *request) error {
	return c.bytes(http.StatusOK, []byte(`{"live":true}`+"\n"))
}

// readiness is the answer of /readyz. The checks are shown if they are asked
// for; those that failed always.
type readiness struct {
	Ready  bool    `json:"ready"`
	Checks []Check `json:"checks,omitempty"`
}

// readyz says whether traffic should be sent here.
func (s *Server) readyz(c *request) error {
	ctx, cancel := s.deadline(c, s.o.Limits.Timeout)
	defer cancel()
	_, verbose := c.Request().URL.Query()["verbose"]
	out := readiness{Ready: true}
	for _, check := range s.checks(ctx) {
		out.Ready = out.Ready && (check.OK || check.Spared)
		if verbose || !check.OK {
			out.Checks = append(out.Checks, check)
		}
	}
	c.Response().Header()["Cache-Control"] = noStore
	status := http.StatusOK
	if !out.Ready {
		status = http.StatusServiceUnavailable
	}
	return c.respond(status, out)
}

// state is how the engine is, also of one that is not there yet.
func (s *Server) state(ctx context.Context) engine.Health {
	if s.o.Engine == nil {
		return engine.Health{Error: "has not answered since the start: it is waited for"}
	}
	return s.o.Engine.Ready(ctx)
}

// checks looks at everything that readiness depends on.
func (s *Server) checks(ctx context.Context) []Check {
	var others []Check
	var look sync.WaitGroup // side by side: the slowest decides how long it takes
	if s.o.Health != nil {
		look.Go(func() { others = s.o.Health(ctx) })
	}
	h := s.state(ctx)
	look.Wait()
	redis := Check{Name: "redis", OK: h.Writable, Detail: h.Error}
	list := []Check{redis}
	if h.Writable {
		list = append(list,
			Check{Name: "release", OK: true, Detail: releaseDetail(h)},
			s.outbox(h),
			Check{Name: "clock", OK: true, Detail: fmt.Sprintf("%s ahead of Redis", h.Skew.Round(time.Millisecond))})
	}
	list = append(list, others...)
	if s.draining.Load() {
		list = append(list, Check{Name: "drain", Detail: "the server is about to stop"})
	}
	return list
}

func releaseDetail(h engine.Health) string {
	if h.Release == 0 {
		return "none is live: deploy a workspace"
	}
	return fmt.Sprintf("%d is live", h.Release)
}

// outbox is what waits for Temporal. What waits for good keeps nobody from
// being ready: events are accepted all the same.
func (s *Server) outbox(h engine.Health) Check {
	c := Check{Name: "outbox", OK: true, Detail: fmt.Sprintf("%d reactions, the oldest %s old", h.Outbox.Entries, s.lag(h).Round(time.Millisecond))}
	switch {
	case h.OutboxError != "":
		c = Check{Name: "outbox", Spared: true, Detail: "cannot be looked at: " + h.OutboxError}
	case h.Outbox.Stalled > 0:
		c.OK, c.Spared = false, true
		c.Detail += fmt.Sprintf("; %d partitions stand still at one that cannot be read: see the log", h.Outbox.Stalled)
	}
	return c
}

// lag is how old the oldest reaction in the outbox is, in real time.
func (s *Server) lag(h engine.Health) time.Duration {
	if h.Outbox.Entries == 0 || h.Outbox.Oldest == 0 {
		return 0
	}
	at := time.UnixMilli(int64(h.Outbox.Oldest))
	if e, ok := s.o.Engine.(interface{ Real(value.Time) time.Time }); ok {
		at = e.Real(h.Outbox.Oldest)
	}
	return max(0, s.o.Now().Sub(at)-h.Skew)
}

// version says what runs here.
func (s *Server) version(c *request) error {
	return c.respond(http.StatusOK, map[string]string{
		"version": s.o.Version, "go": strings.TrimPrefix(runtime.Version(), "go"),
	})
}
