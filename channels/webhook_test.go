package channels

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func newWebhook(t *testing.T, opt WebhookOptions) *Webhook {
	t.Helper()
	w, err := NewWebhook(opt)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func postTo(url string) Message {
	return Message{Key: "r1/loyalty/1", Channel: "webhook", Name: "loyalty", URL: url, JSON: []byte(`{"user":"安"}`)}
}

// request is what a receiver saw.
type request struct {
	*http.Request
	body string
}

// receiver answers with a handler and keeps what it saw.
func receiver(t *testing.T, handler http.HandlerFunc) (url string, seen chan request) {
	t.Helper()
	seen = make(chan request, 10)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- request{r, string(body)}
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, "answer")
	}
}

func TestWebhookRequest(t *testing.T) {
	key1, key2 := []byte(strings.Repeat("1", 24)), []byte(strings.Repeat("2", 32))
	secrets := []string{"whsec_" + base64.StdEncoding.EncodeToString(key1), "whsec_" + base64.StdEncoding.EncodeToString(key2)}
	at := time.Unix(1_800_000_000, 0)
	w := newWebhook(t, WebhookOptions{AllowPrivate: true, Secrets: map[string][]string{"loyalty": secrets}, Now: func() time.Time { return at }})
	url, seen := receiver(t, status(202))
	m := postTo(url + "/points?x=1")
	m.Headers = map[string]string{"X-Shop": "一"}
	r := send(t, w, m)
	wantResult(t, r, Sent, "webhook 202")
	if r.Detail != "answer" {
		t.Errorf("detail %q", r.Detail)
	}
	got := <-seen
	id := got.Header.Get("webhook-id")
	if got.Method != "POST" || got.RequestURI != "/points?x=1" || got.body != `{"user":"安"}` || got.ContentLength != int64(len(got.body)) ||
		got.Header.Get("Idempotency-Key") != m.Key || !strings.HasPrefix(id, "msg_") || got.Header.Get("Content-Type") != "application/json" ||
		got.Header.Get("webhook-timestamp") != "1800000000" || got.Header.Get("X-Shop") != "一" {
		t.Errorf("request %s %s %v %s", got.Method, got.RequestURI, got.Header, got.body)
	}
	var want []string
	for _, key := range [][]byte{key1, key2} {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.1800000000.%s", id, got.body)
		want = append(want, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if got.Header.Get("webhook-signature") != strings.Join(want, " ") {
		t.Errorf("signature %s", got.Header.Get("webhook-signature"))
	}

	// Other names have no secret; an empty body is null; a long key is hashed; the id is the key's.
	m = postTo(url)
	m.Name, m.Method, m.JSON = "other", "put", nil
	wantResult(t, send(t, w, m), Sent, "webhook 202")
	got = <-seen
	if got.Method != "PUT" || got.body != "null" || got.Header.Get("webhook-signature") != "" || got.Header.Get("webhook-id") != id {
		t.Errorf("request %s %v %s", got.Method, got.Header, got.body)
	}
	for _, key := range []string{strings.Repeat("k", 300), "步/1/1"} {
		m.Key = key
		wantResult(t, send(t, w, m), Sent, "webhook 202")
		if got = <-seen; len(got.Header.Get("Idempotency-Key")) != 32 || got.Header.Get("webhook-id") == id {
			t.Errorf("headers %v", got.Header)
		}
	}
}

// The example of the Standard Webhooks specification's own libraries.
func TestWebhookSignatureExample(t *testing.T) {
	key, err := parseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := signature([][]byte{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWebhookOutcomes(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		handler http.HandlerFunc
		outcome Outcome
		code    string
		after   time.Duration
	}{
		{status(200), Sent, "webhook 200", 0},
		{status(302, "Location", "/elsewhere"), Failed, "webhook 302", 0},
		{status(400), Failed, "webhook 400", 0},
		{status(404, "Retry-After", "5"), Failed, "webhook 404", 0},
		{status(408), Temporary, "webhook 408", 0},
		{status(410), Failed, "webhook 410", 0},
		{status(425), Temporary, "webhook 425", 0},
		{status(429, "Retry-After", "120"), Temporary, "webhook 429", 2 * time.Minute},
		{status(429, "Retry-After", "999999999"), Temporary, "webhook 429", 24 * time.Hour},
		{status(429, "Retry-After", "soon"), Temporary, "webhook 429", 0},
		{status(500), Temporary, "webhook 500", 0},
		{status(503, "Retry-After", "Fri, 02 Jan 2026 03:05:05 GMT"), Temporary, "webhook 503", time.Minute},
		{status(503, "Retry-After", "Fri, 02 Jan 2026 03:00:05 GMT"), Temporary, "webhook 503", 0},
		{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Uncertain, "webhook connection lost", 0},
		{func(w http.ResponseWriter, r *http.Request) { // hangs up in the middle of a good answer
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, Sent, "webhook 200", 0},
	}
	w := newWebhook(t, WebhookOptions{AllowPrivate: true, Now: func() time.Time { return now }})
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			url, seen := receiver(t, tt.handler)
			r := send(t, w, postTo(url))
			wantResult(t, r, tt.outcome, tt.code)
			if r.RetryAfter != tt.after {
				t.Errorf("retry after %v, want %v", r.RetryAfter, tt.after)
			}
			if len(seen) != 1 {
				t.Errorf("%d requests", len(seen))
			}
		})
	}
}

func TestWebhookAnswerIsCut(t *testing.T) {
	url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(strings.Repeat("\xff", 10<<20)))
	})
	r := send(t, newWebhook(t, WebhookOptions{AllowPrivate: true}), postTo(url))
	wantResult(t, r, Sent, "webhook 200")
	if len(r.Detail) > 3*maxDetail || !strings.HasPrefix(r.Detail, "\uFFFD") {
		t.Errorf("%d bytes kept", len(r.Detail))
	}
}

func TestWebhookTimeouts(t *testing.T) {
	release := make(chan struct{})
	url, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	t.Run("no answer", func(t *testing.T) {
		w := newWebhook(t, WebhookOptions{AllowPrivate: true, Timeout: 100 * time.Millisecond})
		wantResult(t, send(t, w, postTo(url)), Uncertain, "webhook timeout")
	})
	t.Run("cancelled", func(t *testing.T) {
		w := newWebhook(t, WebhookOptions{AllowPrivate: true})
		d, err := w.Prepare(t.Context(), postTo(url))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		wantResult(t, d.Deliver(ctx), Uncertain, "webhook cancelled")
		wantResult(t, d.Deliver(t.Context()), Uncertain, "webhook cancelled")
	})
	t.Run("cancelled before", func(t *testing.T) {
		w := newWebhook(t, WebhookOptions{AllowPrivate: true})
		d, err := w.Prepare(t.Context(), postTo(url))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantResult(t, d.Deliver(ctx), Temporary, "webhook cancelled")
	})
	t.Run("no handshake", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		w := newWebhook(t, WebhookOptions{AllowPrivate: true, Timeout: 100 * time.Millisecond})
		_, err = w.Prepare(t.Context(), postTo("https://"+l.Addr().String()))
		wantError(t, err, false, "webhook timeout")
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		_, err = newWebhook(t, WebhookOptions{AllowPrivate: true}).Prepare(t.Context(), postTo("http://"+l.Addr().String()))
		wantError(t, err, false, "webhook no connection")
	})
	t.Run("abandoned", func(t *testing.T) {
		closed := make(chan struct{})
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				close(closed)
			}
		}
		s.Start()
		defer s.Close()
		d, err := newWebhook(t, WebhookOptions{AllowPrivate: true}).Prepare(t.Context(), postTo(s.URL))
		if err != nil {
			t.Fatal(err)
		}
		d.Abandon()
		<-closed
		wantResult(t, d.Deliver(t.Context()), Temporary, "abandoned")
	})
}

func TestWebhookTLS(t *testing.T) {
	var protocol atomic.Value
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocol.Store(r.Proto) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	trusting := s.Client().Transport.(*http.Transport).TLSClientConfig
	w := newWebhook(t, WebhookOptions{AllowPrivate: true, TLS: &tls.Config{RootCAs: trusting.RootCAs}})
	wantResult(t, send(t, w, postTo(s.URL)), Sent, "webhook 200")
	if protocol.Load() != "HTTP/1.1" {
		t.Errorf("protocol %v", protocol.Load())
	}
	_, err := newWebhook(t, WebhookOptions{AllowPrivate: true}).Prepare(t.Context(), postTo(s.URL))
	wantError(t, err, false, "webhook no connection")
}

// Nothing inside may be reached: neither by number, nor by a name that leads there,
// nor by a redirect.
func TestWebhookForbiddenAddresses(t *testing.T) {
	var reached atomic.Int64
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer s.Close()
	u, _ := url.Parse(s.URL)
	port, _ := strconv.ParseUint(u.Port(), 10, 16)
	guarded := newWebhook(t, WebhookOptions{Ports: []uint16{uint16(port), 443}})
	hosts := []string{
		"127.0.0.1:" + u.Port(), "localhost:" + u.Port(), "127.1.2.3:" + u.Port(), "[::1]:" + u.Port(), "[::ffff:127.0.0.1]:" + u.Port(),
		"0.0.0.0:" + u.Port(), "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]",
		"[64:ff9b::7f00:1]", "[::]", "224.0.0.1", "255.255.255.255",
	}
	for _, host := range hosts {
		_, err := guarded.Prepare(t.Context(), postTo("https://"+host+"/"))
		wantError(t, err, true, "webhook forbidden address")
	}
	_, err := newWebhook(t, WebhookOptions{}).Prepare(t.Context(), postTo("https://127.0.0.1:25"))
	wantError(t, err, true, "webhook forbidden address")

	outside, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, s.URL, http.StatusTemporaryRedirect) })
	open := newWebhook(t, WebhookOptions{AllowPrivate: true})
	wantResult(t, send(t, open, postTo(outside)), Failed, "webhook 307")
	t.Setenv("HTTP_PROXY", s.URL)
	t.Setenv("HTTPS_PROXY", s.URL)
	plain, _ := receiver(t, status(204))
	wantResult(t, send(t, open, postTo(plain)), Sent, "webhook 204")
	if reached.Load() != 0 {
		t.Errorf("reached %d times", reached.Load())
	}
}

func TestWebhookRefuses(t *testing.T) {
	guarded := newWebhook(t, WebhookOptions{})
	tests := []struct {
		code   string
		change func(*Message)
	}{
		{"bad key", func(m *Message) { m.Key = "" }},
		{"bad url", func(m *Message) { m.URL = "" }},
		{"bad url", func(m *Message) { m.URL = "http://example.com" }},
		{"bad url", func(m *Message) { m.URL = "file:///etc/passwd" }},
		{"bad url", func(m *Message) { m.URL = "gopher://example.com" }},
		{"bad url", func(m *Message) { m.URL = "https://" }},
		{"bad url", func(m *Message) { m.URL = "https://:443" }},
		{"bad url", func(m *Message) { m.URL = "https://u:p@example.com" }},
		{"bad url", func(m *Message) { m.URL = "https://example.com\r\nX: y" }},
		{"bad method", func(m *Message) { m.Method = "DELETE" }},
		{"bad method", func(m *Message) { m.Method = "POST / HTTP/1.1\r\nX:" }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"X": "a\r\nY: b"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"X\r\nY": "b"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"host": "b"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"idempotency-key": "b"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"webhook-signature": "b"} }},
	}
	for _, tt := range tests {
		m := postTo("https://example.com")
		tt.change(&m)
		_, err := guarded.Prepare(t.Context(), m)
		wantError(t, err, true, tt.code)
	}
	for _, secret := range []string{"", "secret", "whsec_", "whsec_***", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23)), "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))} {
		if _, err := NewWebhook(WebhookOptions{Secrets: map[string][]string{"loyalty": {secret}}}); err == nil || !strings.Contains(err.Error(), "loyalty") {
			t.Errorf("secret %q: %v", secret, err)
		}
	}
}
