package ingest

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"journey/engine"
	"journey/ingest/sources"
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
	place bool     // taken
	wrong *problem // what is wrong with the key in the header
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
// read; with none there it must stand in the body. A Bearer token may be no
// write key but a pass of somebody else's: then the key stands in the body,
// too.
func (s *Server) receive(c *request, p *post, limit int, what string) (source *sources.Live, err error) {
	r := c.Request()
	key, bearer := credentials(r.Header)
	if key == "" && (c.route.name == beacon || c.route.name == pixel) { // they cannot send headers
		key = r.URL.Query().Get("writeKey")
	}
	if key != "" {
		var wrong *problem
		switch source, wrong = s.source(key); {
		case wrong != nil && bearer:
			p.wrong = wrong
		case wrong != nil:
			return nil, wrong
		}
	}
	body, wrong := s.read(c, limit, what)
	if wrong != nil {
		return nil, wrong
	}
	p.body = body
	if wrong := s.enter(); wrong != nil {
		return nil, wrong
	}
	p.place = true
	return source, nil
}

// bodyKey is the source of a call whose header named none.
func (s *Server) bodyKey(p *post, source *sources.Live, key string) (*sources.Live, error) {
	if source != nil {
		return source, nil
	}
	if key == "" && p.wrong != nil {
		return nil, p.wrong
	}
	source, wrong := s.source(key)
	if wrong != nil {
		return nil, wrong
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
func (s *Server) one(c *request, kind engine.CallKind, journey string) (_ engine.CallResult, _ []profiles.Fault, err error) {
	var none engine.CallResult
	received := s.o.Now()
	var p post
	defer s.done(&p)
	var source *sources.Live
	defer func() { s.blame(source, err) }()
	source, err = s.receive(c, &p, s.o.Limits.Event, "an event")
	if err != nil {
		s.count(source, kind, refused, 1)
		return none, nil, err
	}
	var e event
	wrong := parseEvent(string(p.body.buf), &e, segment)
	if wrong != nil {
		s.count(source, kind, refused, 1)
		return none, nil, wrong.problem()
	}
	if source, err = s.bodyKey(&p, source, e.writeKey); err != nil {
		s.count(source, kind, refused, 1)
		return none, nil, err
	}
	source.Take(1, received)
	calls := make([]engine.Call, 1)
	var faults []profiles.Fault
	calls[0], faults, wrong = newCall(kind, &e, origin{source: source, sentAt: e.sentAt, gpc: optsOut(c.Request().Header), received: received}, 0)
	if wrong != nil {
		s.count(source, kind, refused, 1)
		return none, nil, wrong.problem()
	}
	calls[0].Journey = journey
	results, err := s.submit(c, source, calls)
	if err != nil {
		return none, nil, err
	}
	if err := results[0].Err; err != nil {
		s.count(source, kind, refused, 1)
		return none, nil, err
	}
	s.counted(source, kind, &results[0])
	return results[0], faults, nil
}

// submit hands calls to the engine. What the engine does not say about a
// single call is about all of them: nothing is known to be stored.
func (s *Server) submit(c *request, source *sources.Live, calls []engine.Call) ([]engine.CallResult, error) {
	ctx := engine.Until(c.Request().Context(), time.Now().Add(s.o.Limits.Timeout))
	results, err := s.o.Engine.Submit(ctx, calls)
	for i := range results {
		if e := results[i].Err; e != nil && err == nil && callError(e) == nil {
			err = e
		}
	}
	if err != nil {
		for i := range calls {
			s.count(source, calls[i].Kind, failed, 1)
		}
		return nil, err
	}
	return results, nil
}

// batch takes many calls.
func (s *Server) batch(limit int) handler {
	return func(c *request) error {
		received := s.o.Now()
		var p post
		defer s.done(&p)
		source, err := s.receive(c, &p, limit, "a batch")
		if err != nil {
			return err
		}
		var env envelope
		if wrong := parseBatch(string(p.body.buf), &env, s.o.Limits, segment); wrong != nil {
			err := wrong.problem()
			s.blame(source, err)
			return err
		}
		return s.take(c, &p, source, &env, received)
	}
}

// take stores the calls of a batch that are right and names those that are
// not.
func (s *Server) take(c *request, p *post, source *sources.Live, env *envelope, received time.Time) error {
	source, err := s.bodyKey(p, source, env.writeKey)
	if err != nil {
		return err
	}
	source.Take(len(env.events), received)
	from := origin{source: source, sentAt: env.sentAt, gpc: optsOut(c.Request().Header), received: received}
	b := newSorted(len(env.events))
	for i := range env.events {
		b.add(i, &env.events[i], &env.context, from)
	}
	s.count(source, 0, refusedItem, len(b.out.Refused))
	if len(b.calls) > 0 {
		results, err := s.submit(c, source, b.calls)
		if err != nil {
			return err
		}
		s.results(b, source, results)
	}
	if n := len(b.out.Refused); n > 0 {
		source.Blame(b.out.Refused[n-1].Code, received)
	}
	if len(b.out.Refused) == 0 && len(b.out.Warnings) == 0 {
		return c.bytes(http.StatusOK, stored)
	}
	b.sort()
	return c.respond(http.StatusOK, b.out)
}

// count counts calls, and those of a source (nil: it is not known).
func (s *Server) count(source *sources.Live, kind engine.CallKind, o outcome, n int) {
	s.metrics.input(kind, o, n)
	if source != nil {
		source.Count(sourceOutcomes[o], n, s.o.Now())
	}
}

// sourceOutcomes are the outcomes as a source counts them.
var sourceOutcomes = [outcomes]sources.Outcome{
	accepted: sources.Stored, duplicate: sources.Duplicate, refused: sources.Refused, refusedItem: sources.Refused, failed: sources.Failed,
}

// counted counts a call that the engine took.
func (s *Server) counted(source *sources.Live, kind engine.CallKind, r *engine.CallResult) {
	o := accepted
	if r.Duplicate {
		o = duplicate
	}
	s.count(source, kind, o, 1)
}

// blame remembers what a source did wrong last.
func (s *Server) blame(source *sources.Live, err error) {
	if source == nil || err == nil {
		return
	}
	if p := problemOf(err); p.Status < 500 {
		source.Blame(p.Code, s.o.Now())
	}
}

// dot is a picture of one transparent point (GIF89a).
var dot = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// picture takes one call from where only a picture can be asked for: a mail,
// say. Its JSON stands in the query, in base64.
func (s *Server) picture(c *request) error {
	kind, ok := kinds[c.Param("type")]
	if !ok {
		return routeProblem(echo.ErrNotFound)
	}
	data := strings.NewReplacer("-", "+", "_", "/", "=", "", " ", "+").Replace(c.Request().URL.Query().Get("data"))
	text, err := base64.RawStdEncoding.DecodeString(data)
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid-json", "data in the query is no base64: encode the event's JSON so")
	}
	r := c.Request()
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	r.Header.Del("Content-Encoding")
	if _, _, err := s.one(c, kind, ""); err != nil {
		return err
	}
	h := c.Response().Header()
	h["Content-Type"], h["Cache-Control"] = []string{"image/gif"}, noStore
	c.Response().WriteHeader(http.StatusOK)
	_, _ = c.Response().Write(dot)
	return nil
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
