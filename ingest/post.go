package ingest

import (
	"net/http"
	"time"

	"journey/engine"
	"journey/profiles"
)

// answer is what a client hears of its calls. Most hear `success` alone, of
// which stored is the ready-made form.
type answer struct {
	Success  bool      `json:"success"`
	Refused  []refusal `json:"refused,omitempty"`
	Warnings []warning `json:"warnings,omitempty"`
}

var stored = []byte(`{"success":true}` + "\n")

// refusal is an item of a batch that is not stored.
type refusal struct {
	Index   int    `json:"index"`
	Code    string `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// warning is a value that is not stored, or an identifier that is not used;
// the rest of the call is stored.
type warning struct {
	Index *int `json:"index,omitempty"` // of batches
	profiles.Fault
}

// post is what all calls have in common: the key, the body, a place among the
// requests that are worked on.
type post struct {
	body  *body
	place bool // taken
}

func (s *Server) done(p *post) {
	if p.place {
		s.leave()
	}
	if p.body != nil {
		p.body.release()
	}
}

// receive reads a body. A key in the header is looked at before the body is
// read; with none there it must stand in the body.
func (s *Server) receive(c *request, p *post, limit int, what string) (source string, err error) {
	r := c.Request()
	key := credentials(r.Header)
	if key == "" && c.route.name == beacon { // it cannot send headers
		key = r.URL.Query().Get("writeKey")
	}
	if key != "" {
		var wrong *problem
		if source, wrong = s.source(key); wrong != nil {
			return "", wrong
		}
	}
	body, wrong := s.read(c, limit, what)
	if wrong != nil {
		return "", wrong
	}
	p.body = body
	if wrong := s.enter(); wrong != nil {
		return "", wrong
	}
	p.place = true
	return source, nil
}

// bodyKey is the source of a call whose header named none.
func (s *Server) bodyKey(source, key string) (string, error) {
	if source != "" {
		return source, nil
	}
	source, wrong := s.source(key)
	if wrong != nil {
		return "", wrong
	}
	return source, nil
}

// single takes one call.
func (s *Server) single(kind engine.CallKind) handler {
	return func(c *request) error {
		res, faults, err := s.one(c, kind, "")
		if err != nil {
			return err
		}
		if len(faults) == 0 && len(res.Warnings) == 0 {
			return c.bytes(http.StatusOK, stored)
		}
		return c.respond(http.StatusOK, answer{Success: true, Warnings: warnings(nil, nil, faults, res.Warnings)})
	}
}

// one takes the call of a request that holds one.
func (s *Server) one(c *request, kind engine.CallKind, journey string) (engine.CallResult, []profiles.Fault, error) {
	var none engine.CallResult
	received := s.o.Now()
	var p post
	defer s.done(&p)
	source, err := s.receive(c, &p, s.o.Limits.Event, "an event")
	if err != nil {
		s.metrics.input(kind, refused, 1)
		return none, nil, err
	}
	var e event
	wrong := parseEvent(string(p.body.buf), &e)
	if wrong != nil {
		s.metrics.input(kind, refused, 1)
		return none, nil, wrong.problem()
	}
	if source, err = s.bodyKey(source, e.writeKey); err != nil {
		s.metrics.input(kind, refused, 1)
		return none, nil, err
	}
	calls := make([]engine.Call, 1)
	var faults []profiles.Fault
	calls[0], faults, wrong = newCall(kind, &e, origin{source: source, sentAt: e.sentAt, received: received}, 0)
	if wrong != nil {
		s.metrics.input(kind, refused, 1)
		return none, nil, wrong.problem()
	}
	calls[0].Journey = journey
	results, err := s.submit(c, calls)
	if err != nil {
		return none, nil, err
	}
	if err := results[0].Err; err != nil {
		s.metrics.input(kind, refused, 1)
		return none, nil, err
	}
	s.metrics.result(kind, &results[0])
	return results[0], faults, nil
}

// submit hands calls to the engine. What the engine does not say about a
// single call is about all of them: nothing is known to be stored.
func (s *Server) submit(c *request, calls []engine.Call) ([]engine.CallResult, error) {
	ctx := engine.Until(c.Request().Context(), time.Now().Add(s.o.Limits.Timeout))
	results, err := s.o.Engine.Submit(ctx, calls)
	for i := range results {
		if e := results[i].Err; e != nil && err == nil && callError(e) == nil {
			err = e
		}
	}
	if err != nil {
		for i := range calls {
			s.metrics.input(calls[i].Kind, failed, 1)
		}
		return nil, err
	}
	return results, nil
}

// batch takes many calls. It stores those that are right and names those that
// are not.
func (s *Server) batch(c *request) error {
	received := s.o.Now()
	var p post
	defer s.done(&p)
	source, err := s.receive(c, &p, s.o.Limits.Batch, "a batch")
	if err != nil {
		return err
	}
	var env envelope
	if wrong := parseBatch(string(p.body.buf), &env, s.o.Limits); wrong != nil {
		return wrong.problem()
	}
	if source, err = s.bodyKey(source, env.writeKey); err != nil {
		return err
	}
	b := newSorted(len(env.events))
	for i := range env.events {
		b.add(i, &env.events[i], &env.context, origin{source: source, sentAt: env.sentAt, received: received})
	}
	s.metrics.input(0, refusedItem, len(b.out.Refused))
	if len(b.calls) > 0 {
		results, err := s.submit(c, b.calls)
		if err != nil {
			return err
		}
		s.take(b, results)
	}
	if len(b.out.Refused) == 0 && len(b.out.Warnings) == 0 {
		return c.bytes(http.StatusOK, stored)
	}
	b.sort()
	return c.respond(http.StatusOK, b.out)
}

// unsupported refuses calls that there is no place for.
func unsupported(*request) error {
	return refuse(http.StatusBadRequest, "unsupported-type", "group calls are not supported: send what they say as traits of the user")
}

// started is the answer to the start of a journey.
type started struct {
	Run       string    `json:"run,omitempty"`
	Refused   string    `json:"refused,omitempty"`
	Duplicate bool      `json:"duplicate,omitempty"` // the same was sent before: nothing was done
	Warnings  []warning `json:"warnings,omitempty"`
}

// start enters somebody into a journey on request.
func (s *Server) start(c *request) error {
	name, err := param(c, "name")
	if err != nil {
		return err
	}
	res, faults, err := s.one(c, engine.CallRequest, name)
	if err != nil {
		return err
	}
	out := started{Run: res.Run, Refused: res.Refused, Duplicate: res.Duplicate, Warnings: warnings(nil, nil, faults, res.Warnings)}
	if res.Duplicate && res.Run == "" && res.Refused == "" {
		out.Refused = "duplicate"
	}
	return c.respond(http.StatusOK, out)
}

func warnings(to []warning, index *int, lists ...[]profiles.Fault) []warning {
	for _, faults := range lists {
		for _, f := range faults {
			to = append(to, warning{Index: index, Fault: f})
		}
	}
	return to
}
