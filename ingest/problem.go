package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"journey/engine"
)

// problem is an answer that is no success, as RFC 9457 has it. Type is
// about:blank throughout: Code says which problem it is, and never changes.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code"`
	Field     string `json:"field,omitempty"` // "properties.total"
	RequestID string `json:"request_id"`
	Retryable bool   `json:"retryable"`

	Diagnostics []json.RawMessage `json:"diagnostics,omitempty"` // of a workspace

	reset time.Time // when a rate allows more; zero: it is none

	after int   // seconds for Retry-After; 0: none
	cause error // for the log
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }
func (p *problem) Unwrap() error { return p.cause }

func refuse(status int, code, detail string) *problem {
	return &problem{Status: status, Code: code, Detail: detail}
}

func (f *flaw) problem() *problem {
	p := refuse(http.StatusBadRequest, f.code, f.message)
	if f.size {
		p.Status = http.StatusRequestEntityTooLarge
	}
	p.Field = f.field
	return p
}

// unavailable asks the client to come again.
func unavailable(code, detail string, after int) *problem {
	p := refuse(http.StatusServiceUnavailable, code, detail)
	p.Retryable, p.after = true, after
	return p
}

// problemOf is what an error of the engine, or of this package, is to the
// client.
func problemOf(err error) *problem {
	var p *problem
	var wrong *engine.CallError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &wrong):
		status := http.StatusBadRequest
		if wrong.Code == "unknown-journey" {
			status = http.StatusNotFound
		}
		p = refuse(status, wrong.Code, wrong.Message)
		p.Field = wrong.Field
	case errors.Is(err, engine.ErrNoRelease):
		p = unavailable("no-release", engine.ErrNoRelease.Error(), 5)
	case errors.Is(err, engine.ErrUnavailable), errors.Is(err, engine.ErrClosed),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p = unavailable("unavailable", "the store of people cannot be reached at the moment: send the same again, a repeat is recognised", 1)
	case errors.Is(err, engine.ErrNoBroadcast):
		p = refuse(http.StatusNotFound, "no-broadcast", err.Error())
	case errors.Is(err, engine.ErrBroadcast):
		p = refuse(http.StatusConflict, "another-broadcast", err.Error()+", with another journey, segment or properties: give this one an id of its own")
		p.Field = "id"
	case errors.Is(err, engine.ErrNoProfile):
		p = refuse(http.StatusNotFound, "no-profile", "nobody is known by that: give user_id:VALUE, another identifier:VALUE, or the profile's id")
	default:
		p = refuse(http.StatusInternalServerError, "internal", "something went wrong here: the log has it under the request id")
		p.Retryable = true
	}
	p.cause = err
	return p
}

var (
	typeJSON    = []string{"application/json"}
	typeProblem = []string{"application/problem+json"}
	noStore     = []string{"no-store"}
)

// write answers with the problem.
func (p *problem) write(w http.ResponseWriter, requestID string) {
	out := *p
	out.Type, out.Title, out.RequestID = "about:blank", http.StatusText(p.Status), requestID
	body, err := json.Marshal(&out)
	if err != nil { // texts and numbers alone: it cannot be
		body = []byte("{}")
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = typeProblem, noStore
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(p.after))
	}
	if !p.reset.IsZero() { // in milliseconds since 1970, as Segment's older clients read it
		h.Set("X-RateLimit-Reset", strconv.FormatInt(p.reset.UnixMilli(), 10))
	}
	if p.Status == http.StatusUnauthorized {
		// Not Basic: browsers would ask their user for a password.
		h.Set("WWW-Authenticate", `Bearer realm="journey"`)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}

var _ error = (*problem)(nil)
