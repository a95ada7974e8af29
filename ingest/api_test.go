package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"journey/audit"
	"journey/dsl/diag"
	"journey/engine"
	"journey/profiles"
	"journey/why"
)

// fake is an engine that is told what to answer and remembers what it got.
type fake struct {
	Engine   // what it is not told, a test must not ask for
	mu       sync.Mutex
	calls    []engine.Call
	submit   func(ctx context.Context, calls []engine.Call) ([]engine.CallResult, error)
	profile  func(ref string) (*profiles.View, error)
	deploy   func(sources map[string]string, dryRun bool, by string) (engine.Release, []diag.Diagnostic, error)
	releases []engine.Release
	rolled   int
	health   engine.Health
}

func (f *fake) Submit(ctx context.Context, calls []engine.Call) ([]engine.CallResult, error) {
	f.mu.Lock()
	f.calls = append(f.calls, calls...)
	f.mu.Unlock()
	if f.submit != nil {
		return f.submit(ctx, calls)
	}
	return make([]engine.CallResult, len(calls)), nil
}

func (f *fake) Profile(_ context.Context, ref string) (*profiles.View, error) { return f.profile(ref) }

func (f *fake) Portrait(_ context.Context, ref string, _ why.PortraitOptions) (*why.Portrait, error) {
	if ref != "user_id:ann" {
		return nil, engine.ErrNoProfile
	}
	return &why.Portrait{ID: "p"}, nil
}

func (f *fake) Why(_ context.Context, ref, journey string) (*why.Explanation, error) {
	return &why.Explanation{Person: ref, Journey: journey}, nil
}

func (f *fake) Deploy(ctx context.Context, sources map[string]string, dryRun bool, by string) (engine.Release, []diag.Diagnostic, error) {
	r, diags, err := f.deploy(sources, dryRun, by)
	if err == nil {
		err = ctx.Err()
	}
	return r, diags, err
}

func (f *fake) Releases(context.Context) ([]engine.Release, error) { return f.releases, nil }

func (f *fake) Rollback(_ context.Context, number int) (engine.Release, error) {
	f.rolled = number
	return engine.Release{Number: 9, Of: int64(number), Hash: "abc", Live: true}, nil
}

func (f *fake) Journeys(context.Context) ([]engine.Standing, error) { return nil, nil }

func (f *fake) Pause(context.Context, string, bool) error { return nil }

func (f *fake) Erase(_ context.Context, ref, mode, by string) (engine.Erasure, error) {
	switch {
	case mode == "wrong":
		return engine.Erasure{}, engine.ErrMode
	case ref == "user_id:nobody" && mode == engine.Unsuppress:
		return engine.Erasure{}, engine.ErrNotSuppressed
	case ref == "user_id:nobody":
		return engine.Erasure{}, engine.ErrNoProfile
	}
	return engine.Erasure{ID: "e1", Mode: mode, By: by, State: engine.ErasureFinished}, nil
}

func (f *fake) Erasure(_ context.Context, id string) (engine.Erasure, error) {
	if id != "e1" {
		return engine.Erasure{}, engine.ErrNoErasure
	}
	return engine.Erasure{ID: id, State: engine.ErasureFinished}, nil
}

func (f *fake) Erasures(context.Context) ([]engine.Erasure, error) { return nil, nil }

func (f *fake) Audit(_ context.Context, from int64, max int) ([]audit.Entry, error) {
	return []audit.Entry{{Number: from, Action: "pause"}}, nil
}

func (f *fake) Broadcast(context.Context, string) (engine.Broadcast, error) {
	return engine.Broadcast{}, nil
}

func (f *fake) Broadcasts(context.Context) ([]engine.Broadcast, error) { return nil, nil }

func (f *fake) Ready(context.Context) engine.Health { return f.health }

// taken are the calls that arrived since it was asked last.
func (f *fake) taken() []engine.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// newTest is a server with a fake engine, and the key `dev` of source `web`.
func newTest(t testing.TB, change ...func(*Options)) (*Server, *fake) {
	f := &fake{health: engine.Health{Writable: true, Release: 1}}
	o := Options{
		Engine: f, WriteKeys: Keys(map[string]string{"web": "dev", "pos": "other"}), AdminKey: "admin", Version: "1.2.3",
		Now: func() time.Time { return noon },
	}
	for _, c := range change {
		c(&o)
	}
	return New(o), f
}

// ask sends a request to a server; headers come as name and value.
func ask(s *Server, method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// post sends a body with the key `dev`.
func send(s *Server, path, body string, headers ...string) *httptest.ResponseRecorder {
	return ask(s, "POST", path, strings.NewReader(body), append([]string{"Authorization", "Basic ZGV2Og=="}, headers...)...)
}

func zipped(body string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
	return b.String()
}

// problemIn reads the problem that a response should be.
func problemIn(t *testing.T, w *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if p.Status != w.Code || p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") || p.Title != http.StatusText(w.Code) || p.Type != "about:blank" || p.Detail == "" {
		t.Errorf("problem %+v", p)
	}
	return p
}

const ann = `{"userId":"ann","event":"Signed Up"}`

func TestStatus(t *testing.T) {
	down := fmt.Errorf("commit: %w", engine.ErrUnavailable)
	deep := func(n int) string {
		return `{"userId":"ann","event":"E","properties":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + "}"
	}
	padded := func(n int) string {
		head, tail := `{"userId":"ann","event":"E","properties":{"a":"`, `"}}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
	}
	for _, c := range []struct {
		name, path, body string
		headers          []string
		engine           error // of Submit
		call             error // of the first call
		status           int
		code, field      string
	}{
		{name: "stored", body: ann, status: 200},
		{name: "trailing slash", path: "/v1/track/", body: ann, status: 200},
		{name: "shortened", path: "/v1/t", body: ann, status: 200},
		{name: "gzip", body: zipped(ann), headers: []string{"Content-Encoding", "gzip"}, status: 200},
		{name: "GZIP", body: zipped(ann), headers: []string{"Content-Encoding", "GZIP"}, status: 200},
		{name: "identity", body: ann, headers: []string{"Content-Encoding", "identity"}, status: 200},
		{name: "as a form", body: ann, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: 200},
		{name: "key in the body", body: `{"writeKey":"dev","userId":"ann","event":"E"}`, headers: []string{"Authorization", ""}, status: 200},
		{name: "bearer", body: ann, headers: []string{"Authorization", "Bearer dev"}, status: 200},
		{name: "any password", body: ann, headers: []string{"Authorization", "Basic ZGV2OnB3"}, status: 200},
		{name: "largest", body: padded(32 << 10), status: 200},
		{name: "deepest", body: deep(31), status: 200},

		{name: "not JSON", body: `{"userId":`, status: 400, code: "invalid-json"},
		{name: "nothing", body: ``, status: 400, code: "invalid-json"},
		{name: "a list", body: `[]`, status: 400, code: "invalid-json"},
		{name: "two", body: ann + ann, status: 400, code: "invalid-json"},
		{name: "no event", body: `{"userId":"ann"}`, status: 400, code: "missing-field", field: "event"},
		{name: "blank event", body: `{"userId":"ann","event":" "}`, status: 400, code: "missing-field", field: "event"},
		{name: "odd userId", body: `{"userId":{},"event":"E"}`, status: 400, code: "wrong-type", field: "userId"},
		{name: "odd event", body: `{"userId":"ann","event":1}`, status: 400, code: "wrong-type", field: "event"},
		{name: "odd properties", body: `{"userId":"ann","event":"E","properties":[]}`, status: 400, code: "wrong-type", field: "properties"},
		{name: "odd traits", path: "/v1/identify", body: `{"userId":"ann","traits":"x"}`, status: 400, code: "wrong-type", field: "traits"},
		{name: "odd context traits", body: `{"userId":"ann","event":"E","context":{"traits":1}}`, status: 400, code: "wrong-type", field: "context.traits"},
		{name: "long messageId", body: `{"userId":"ann","event":"E","messageId":"` + strings.Repeat("x", 101) + `"}`, status: 400, code: "too-long", field: "messageId"},
		{name: "long event", body: `{"userId":"ann","event":"` + strings.Repeat("x", 257) + `"}`, status: 400, code: "too-long", field: "event"},
		{name: "bad gzip", body: ann, headers: []string{"Content-Encoding", "gzip"}, status: 400, code: "bad-gzip"},
		{name: "cut gzip", body: zipped(ann)[:30], headers: []string{"Content-Encoding", "gzip"}, status: 400, code: "bad-gzip"},
		{name: "empty gzip", body: "", headers: []string{"Content-Encoding", "gzip"}, status: 400, code: "bad-gzip"},
		{name: "deep", body: deep(32), status: 400, code: "too-deep"},
		{name: "depth 10000", body: `{"a":` + strings.Repeat(`[`, 10000), status: 400, code: "too-deep"},
		{name: "depth 10000, properties", body: deep(4000), status: 400, code: "too-deep"},
		{name: "twice", body: `{"userId":"ann","userId":"bob","event":"E"}`, status: 400, code: "duplicate-key", field: "userId"},
		{name: "twice inside", body: `{"userId":"ann","event":"E","properties":{"a":1,"a":2}}`, status: 400, code: "duplicate-key", field: "properties.a"},
		{name: "twice, unused", body: `{"userId":"ann","event":"E","context":{"os":{"a":1,"a":2}}}`, status: 400, code: "duplicate-key", field: "context.os.a"},
		{name: "not UTF-8", body: "{\"userId\":\"ann\xff\",\"event\":\"E\"}", status: 400, code: "invalid-utf8", field: "userId"},
		{name: "engine refuses", body: ann, call: &engine.CallError{Code: "no-identifier", Message: "who?"}, status: 400, code: "no-identifier"},
		{name: "engine refuses a field", body: ann, call: &engine.CallError{Code: "alias-of-user", Field: "previousId", Message: "no"}, status: 400, code: "alias-of-user", field: "previousId"},
		{name: "group", path: "/v1/group", body: `{"userId":"ann"}`, status: 400, code: "missing-field", field: "groupId"},

		{name: "no key", body: ann, headers: []string{"Authorization", ""}, status: 401, code: "missing-key"},
		{name: "empty key", body: ann, headers: []string{"Authorization", "Basic Og=="}, status: 401, code: "missing-key"},
		{name: "odd key", body: ann, headers: []string{"Authorization", "Basic !"}, status: 401, code: "missing-key"},
		{name: "wrong key", body: ann, headers: []string{"Authorization", "Bearer nope"}, status: 401, code: "unknown-key"},
		{name: "wrong key in the body", body: `{"writeKey":"nope","userId":"ann","event":"E"}`, headers: []string{"Authorization", ""}, status: 401, code: "unknown-key"},
		{name: "admin key", body: ann, headers: []string{"Authorization", "Bearer admin"}, status: 401, code: "unknown-key"},
		{name: "key in the query", path: "/v1/track?writeKey=dev", body: ann, headers: []string{"Authorization", ""}, status: 401, code: "missing-key"},

		{name: "no such path", path: "/v1/nothing", body: ann, status: 404, code: "not-found"},
		{name: "no such journey", path: "/v1/journeys/x/start", body: `{"userId":"ann"}`, call: &engine.CallError{Code: "unknown-journey", Field: "journey", Message: "no"}, status: 404, code: "unknown-journey", field: "journey"},
		{name: "too large", body: padded(32<<10 + 1), status: 413, code: "too-large"},
		{name: "bomb", body: zipped(strings.Repeat(" ", 10<<20)), headers: []string{"Content-Encoding", "gzip"}, status: 413, code: "too-large"},
		{name: "brotli", body: ann, headers: []string{"Content-Encoding", "br"}, status: 415, code: "unknown-encoding"},
		{name: "down", body: ann, engine: down, status: 503, code: "unavailable"},
		{name: "down for the call", body: ann, call: down, status: 503, code: "unavailable"},
		{name: "late", body: ann, engine: context.DeadlineExceeded, status: 503, code: "unavailable"},
		{name: "closed", body: ann, engine: engine.ErrClosed, status: 503, code: "unavailable"},
		{name: "no release", body: ann, engine: engine.ErrNoRelease, status: 503, code: "no-release"},
		{name: "a bug", body: ann, engine: errors.New("boom"), status: 500, code: "internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, f := newTest(t)
			f.submit = func(_ context.Context, calls []engine.Call) ([]engine.CallResult, error) {
				return []engine.CallResult{{Err: c.call}}, c.engine
			}
			path := c.path
			if path == "" {
				path = "/v1/track"
			}
			w := send(s, path, c.body, c.headers...)
			if w.Code != c.status {
				t.Fatalf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if c.status == 200 {
				if w.Body.String() != "{\"success\":true}\n" || w.Header().Get("Content-Type") != "application/json" || len(f.taken()) != 1 {
					t.Errorf("answer %q", w.Body)
				}
				return
			}
			p := problemIn(t, w)
			if p.Code != c.code || p.Field != c.field && c.code != "too-deep" {
				t.Errorf("problem %+v", p)
			}
			if p.Retryable != (c.status >= 500) || (w.Header().Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("retryable %v, Retry-After %q", p.Retryable, w.Header().Get("Retry-After"))
			}
			if (w.Header().Get("WWW-Authenticate") != "") != (c.status == 401) {
				t.Errorf("WWW-Authenticate %q", w.Header().Get("WWW-Authenticate"))
			}
			if c.engine == nil && c.call == nil && len(f.taken()) > 0 {
				t.Error("it reached the engine")
			}
		})
	}
}

func TestMethodsAndPreflight(t *testing.T) {
	s, _ := newTest(t)
	w := ask(s, "GET", "/v1/track", nil)
	if w.Code != 405 || problemIn(t, w).Code != "wrong-method" || !strings.Contains(w.Header().Get("Allow"), "POST") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for _, path := range []string{"/v1/track", "/v1/track/", "/v1/t", "/v1/batch", "/v1/journeys/x/start"} {
		w := ask(s, "OPTIONS", path, nil, "Origin", "https://shop.example", "Access-Control-Request-Method", "POST")
		h := w.Header()
		if w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Max-Age") != "900" {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
		for _, name := range []string{"Authorization", "Content-Type", "X-Retry-Count"} {
			if !strings.Contains(h.Get("Access-Control-Allow-Headers"), name) {
				t.Errorf("%s is not allowed", name)
			}
		}
	}
	for _, body := range []string{ann, "{"} { // a page must be able to read failures too
		if w := send(s, "/v1/track", body, "Origin", "https://shop.example"); w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
	for _, path := range []string{"/v1/admin/releases", "/v1/profiles/x"} {
		if w := ask(s, "OPTIONS", path, nil, "Origin", "https://shop.example"); w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s is open to web pages", path)
		}
	}
}

func TestRequestID(t *testing.T) {
	s, _ := newTest(t)
	const id = "0b8fc4a2-3d54-4a4b-8a3e-1f6c7f0c2f11"
	if got := send(s, "/v1/track", ann, "X-Request-Id", id).Header().Get("X-Request-Id"); got != id {
		t.Errorf("id %q", got)
	}
	seen := map[string]bool{}
	for _, odd := range []string{"", "ann@example.com", "short", strings.Repeat("a", 65)} {
		got := send(s, "/v1/track", ann, "X-Request-Id", odd).Header().Get("X-Request-Id")
		if got == odd || got == "" || seen[got] {
			t.Errorf("id %q", got)
		}
		seen[got] = true
	}
}

func TestOverload(t *testing.T) {
	s, f := newTest(t, func(o *Options) { o.Limits = Limits{Requests: 2} })
	inside, hold := make(chan bool), make(chan bool)
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) {
		inside <- true
		<-hold
		return make([]engine.CallResult, 1), nil
	}
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if w := send(s, "/v1/track", ann); w.Code != 200 {
				t.Errorf("status %d", w.Code)
			}
		})
		<-inside
	}
	w := send(s, "/v1/track", ann)
	if p := problemIn(t, w); w.Code != 503 || p.Code != "overloaded" || w.Header().Get("Retry-After") == "" {
		t.Errorf("problem %+v", p)
	}
	close(hold)
	all.Wait()
	f.submit = nil
	if w := send(s, "/v1/track", ann); w.Code != 200 {
		t.Errorf("status %d once there is room again", w.Code)
	}
}

// TestBytesUnderWay: bodies take memory only while there is some, whatever
// becomes of them.
func TestBytesUnderWay(t *testing.T) {
	s, _ := newTest(t, func(o *Options) { o.Limits = Limits{Bytes: 100 << 10} })
	bomb := zipped(strings.Repeat("[", 10<<20))
	for range 20 {
		if w := send(s, "/v1/batch", bomb, "Content-Encoding", "gzip"); w.Code != 503 {
			t.Fatalf("status %d", w.Code)
		}
		if w := send(s, "/v1/track", strings.Repeat(" ", 33<<10)); w.Code != 413 {
			t.Fatalf("status %d", w.Code)
		}
		if w := send(s, "/v1/track", ann); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
	}
	if left := s.budget.left.Load(); left != 100<<10 {
		t.Errorf("%d bytes left", left)
	}
}

// TestFrozen: an engine that does not answer costs a client two seconds at
// most: it waits until its deadline.
func TestFrozen(t *testing.T) {
	s, f := newTest(t, func(o *Options) { o.Limits = Limits{Timeout: 50 * time.Millisecond} })
	f.submit = func(ctx context.Context, _ []engine.Call) ([]engine.CallResult, error) {
		end, _ := ctx.Deadline()
		ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
		defer cancel()
		<-ctx.Done()
		return nil, fmt.Errorf("%w (%w)", engine.ErrUnavailable, ctx.Err())
	}
	for _, path := range []string{"/v1/track", "/v1/batch", "/v1/journeys/x/start"} {
		body := ann
		if path == "/v1/batch" {
			body = `{"batch":[{"type":"identify","userId":"ann"}]}`
		}
		w := send(s, path, body)
		if p := problemIn(t, w); w.Code != 503 || !p.Retryable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	if d := New(Options{Engine: f}).o.Limits.Timeout; d >= 2*time.Second {
		t.Errorf("the default is %s", d)
	}
}

// TestSlowBody: a body that does not arrive is given up.
func TestSlowBody(t *testing.T) {
	s, f := newTest(t, func(o *Options) { o.Limits = Limits{Body: 200 * time.Millisecond} })
	h := httptest.NewServer(s.Handler())
	defer h.Close()
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = io.WriteString(w, `{"userId":`) }()
	req, _ := http.NewRequest("POST", h.URL+"/v1/track", r)
	req.SetBasicAuth("dev", "")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestTimeout {
		t.Errorf("status %d", res.StatusCode)
	}

	// The deadline is the body's alone: work may take longer, and so may the
	// next request over the same connection.
	ended := make(chan error, 1)
	f.deploy = func(map[string]string, bool, string) (engine.Release, []diag.Diagnostic, error) {
		return engine.Release{Number: 1}, nil, <-ended
	}
	time.AfterFunc(2*s.o.Limits.Body, func() { ended <- nil })
	req, _ = http.NewRequest("POST", h.URL+"/v1/admin/releases", strings.NewReader(`{"sources":{"a.journey":""}}`))
	req.SetBasicAuth("admin", "")
	if res, err = http.DefaultClient.Do(req); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("long work: status %d", res.StatusCode)
	}
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	s, f := newTest(t, func(o *Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) { panic("ann@example.com") }
	w := send(s, "/v1/track", ann)
	if p := problemIn(t, w); w.Code != 500 || p.Code != "internal" {
		t.Errorf("problem %+v", p)
	}
	if !strings.Contains(log.String(), "panic in a request") || strings.Contains(log.String(), "ann@example.com") {
		t.Errorf("log: %s", &log)
	}
	if s.working.Load() != 0 || s.budget.left.Load() != s.o.Limits.Bytes {
		t.Error("the request still holds its place")
	}
}

// TestLog: the log names routes and codes, and nothing that a client sent.
func TestLog(t *testing.T) {
	var log bytes.Buffer
	s, f := newTest(t, func(o *Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	f.profile = func(string) (*profiles.View, error) { return nil, engine.ErrNoProfile }
	secrets := []string{"ann@", "=ann", "/ann", "0912345678", "Signed", "dev", "admin", "nope", "o-77"}
	send(s, "/v1/track?email=ann@example.com", ann)
	send(s, "/v1/track", `{"userId":"ann","event":"E","properties":{"0912345678":1,"0912345678":2}}`, "X-Request-Id", "ann@example.com")
	send(s, "/v1/track", ann, "Authorization", "Bearer nope")
	send(s, "/v1/journeys/ann/start", `{"userId":"o-77"}`)
	send(s, "/ann/0912345678", ann)
	ask(s, "POST", "/beacon/v1/batch?writeKey=dev", strings.NewReader(`{"batch":[{"type":"track","userId":"ann","event":"Signed Up"}]}`))
	ask(s, "GET", "/v1/profiles/email:ann@example.com", nil, "Authorization", "Bearer admin")
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) { return nil, engine.ErrUnavailable }
	send(s, "/v1/track", ann)
	if n := strings.Count(log.String(), "msg=request "); n != 8 {
		t.Errorf("%d requests in the log:\n%s", n, &log)
	}
	for _, secret := range secrets {
		if strings.Contains(strings.ReplaceAll(log.String(), "/v1/admin", ""), secret) {
			t.Errorf("%q in the log:\n%s", secret, &log)
		}
	}
}
