package channels

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"code.dny.dev/ssrf"
)

// WebhookOptions tune a [Webhook] provider; the zero value is fit for use.
type WebhookOptions struct {
	// Secrets are the active signing secrets by the name of the message or webhook,
	// "whsec_…" each; the first is the newest. A message without one is sent unsigned.
	Secrets map[string][]string
	// AllowPrivate lets requests go to this machine and to private networks, to any
	// port, and over plain http. For development and tests, and for servers whose
	// workspaces are all trusted.
	AllowPrivate bool
	// Ports are the ports that may be reached; 443 when empty.
	Ports []uint16
	// Timeout bounds Prepare and Deliver, each for itself; 10 s when 0.
	Timeout time.Duration
	// Now is the clock of webhook-timestamp. Receivers refuse stamps that are more
	// than minutes old, so it should be real time, which it is when nil.
	Now func() time.Time
	// TLS replaces the configuration for TLS; the server's name is filled in.
	TLS *tls.Config
}

// Webhook posts JSON to a system.
//
// A request is POST or PUT with these headers beside the message's own:
//
//	Idempotency-Key      the send's key (its hash, if it is long or not ASCII)
//	webhook-id           "msg_" and the key's hash: the same on every repeat
//	webhook-timestamp    seconds since 1970
//	webhook-signature    Standard Webhooks 1.0, when a secret is configured
//
// Prepare checks the message and connects, TLS included: what fails there is
// certain. Addresses are checked when dialling, after names were resolved, so that
// no name can lead into a private network; proxies of the environment are not used.
// Deliver writes the request and reads the answer, of which 64 KB are kept. There
// are no redirects and no cookies, and each request has a connection of its own, so
// that nothing below repeats it.
//
//	what happened                            outcome
//	2xx, whatever becomes of its body        Sent
//	408, 425, 429                            Temporary, with Retry-After
//	other 3xx, 4xx                           Failed
//	5xx                                      Temporary, with Retry-After
//	connection lost, deadline:
//	  before any byte of the request left    Temporary
//	  after it                               Uncertain
//
// A 5xx does not prove that nothing happened. It counts as temporary all the same:
// the receiver has said that it did not succeed, it is told to recognise repeats by
// webhook-id, and most of what answers 5xx is on its way back.
type Webhook struct {
	opt     WebhookOptions
	secrets map[string][][]byte
	guard   *ssrf.Guardian // nil: anything goes
}

// NewWebhook makes a provider. It fails on a secret that cannot be used.
func NewWebhook(opt WebhookOptions) (*Webhook, error) {
	w := &Webhook{opt: opt, secrets: map[string][][]byte{}}
	for name, secrets := range opt.Secrets {
		for _, s := range secrets {
			key, err := parseSecret(s)
			if err != nil {
				return nil, fmt.Errorf("webhook %s: %w", name, err)
			}
			w.secrets[name] = append(w.secrets[name], key)
		}
	}
	w.opt.Secrets = nil
	if w.opt.Now == nil {
		w.opt.Now = realNow
	}
	if w.opt.Timeout <= 0 {
		w.opt.Timeout = 10 * time.Second
	}
	if len(w.opt.Ports) == 0 {
		w.opt.Ports = []uint16{443}
	}
	if !opt.AllowPrivate {
		w.guard = ssrf.New(ssrf.WithPorts(w.opt.Ports...))
	}
	return w, nil
}

// Prepare implements [Provider].
func (w *Webhook) Prepare(ctx context.Context, m Message) (Delivery, error) {
	req, bad := w.request(m)
	if bad != nil {
		return nil, bad
	}
	ctx, cancel := context.WithTimeout(ctx, w.opt.Timeout)
	defer cancel()
	c, err := w.connect(ctx, req.URL)
	if err != nil {
		return nil, connectError(ctx, err)
	}
	body := m.JSON
	if len(body) == 0 {
		body = []byte("null")
	}
	return &webhookDelivery{webhook: w, req: req, body: body, conn: c, secrets: w.secrets[m.Name]}, nil
}

// request is the message as a request without its body.
func (w *Webhook) request(m Message) (*http.Request, *Error) {
	if m.Key == "" || hasControl(m.Key) {
		return nil, permanent("bad key", "the message has no usable key: %q", m.Key)
	}
	u, err := url.Parse(m.URL)
	switch {
	case err != nil:
		return nil, permanent("bad url", "not a URL: %v", err)
	case u.Scheme != "https" && (u.Scheme != "http" || w.guard != nil):
		return nil, permanent("bad url", "the URL must begin with https://: %s", u.Redacted())
	case u.Host == "" || u.Hostname() == "":
		return nil, permanent("bad url", "the URL names no host: %s", u.Redacted())
	case u.User != nil:
		return nil, permanent("bad url", "the URL must not hold a password: %s", u.Redacted())
	}
	method := strings.ToUpper(m.Method)
	if method == "" {
		method = http.MethodPost
	}
	if method != http.MethodPost && method != http.MethodPut {
		return nil, permanent("bad method", "webhooks are sent by POST or PUT, not %q", m.Method)
	}
	req, err := http.NewRequest(method, u.String(), nil)
	if err != nil {
		return nil, permanent("bad url", "%v", err)
	}
	for name, value := range m.Headers {
		canonical := textproto.CanonicalMIMEHeaderKey(name)
		if !isToken(name) || hasControl(value) || requestOwn[canonical] || strings.HasPrefix(canonical, "Webhook-") {
			return nil, permanent("bad header", "a webhook cannot set the header %q", name)
		}
		req.Header.Set(name, value)
	}
	id := keyHash(m.Key)
	req.Header.Set("Idempotency-Key", m.Key)
	if !isASCII(m.Key) || len(m.Key) > 255 {
		req.Header.Set("Idempotency-Key", id)
	}
	req.Header.Set("Webhook-Id", "msg_"+id)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Journey")
	return req, nil
}

// requestOwn are the headers a message may not set.
var requestOwn = map[string]bool{
	"Host": true, "Content-Length": true, "Content-Type": true, "Content-Encoding": true, "Transfer-Encoding": true,
	"Connection": true, "Te": true, "Trailer": true, "Upgrade": true, "Expect": true, "Idempotency-Key": true,
	"User-Agent": true, "Keep-Alive": true, "Proxy-Authorization": true,
}

// connect dials the URL's host, with TLS for https.
func (w *Webhook) connect(ctx context.Context, u *url.URL) (net.Conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	d := net.Dialer{}
	if w.guard != nil {
		d.Control = w.guard.Safe // sees the resolved address, of every attempt
	}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil || u.Scheme == "http" {
		return c, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if w.opt.TLS != nil {
		config = w.opt.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	config.NextProtos = []string{"http/1.1"}
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return t, nil
}

// connectError judges what kept us from connecting.
func connectError(ctx context.Context, err error) *Error {
	for _, refused := range []error{ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork, ssrf.ErrInvalidHostPort} {
		if errors.Is(err, refused) {
			return permanent("webhook forbidden address", "%v", err)
		}
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return temporary("webhook host unknown", "%v", err)
	}
	return temporary("webhook "+lostCode(ctx, err, "no connection"), "%v", err)
}

// lostCode is the word for a call that ended without an answer.
func lostCode(ctx context.Context, err error, otherwise string) string {
	var netErr net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "cancelled"
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	}
	return otherwise
}

// webhookDelivery is a request with its connection.
type webhookDelivery struct {
	webhook *Webhook
	req     *http.Request
	body    []byte
	conn    net.Conn
	secrets [][]byte
	once    sync.Once
	result  Result
}

// Abandon implements [Delivery].
func (d *webhookDelivery) Abandon() {
	d.once.Do(func() {
		d.conn.Close()
		d.result = Result{Outcome: Temporary, Code: "abandoned"}
	})
}

// Deliver implements [Delivery].
func (d *webhookDelivery) Deliver(ctx context.Context) Result {
	d.once.Do(func() {
		defer d.conn.Close()
		ctx, cancel := context.WithTimeout(ctx, d.webhook.opt.Timeout)
		defer cancel()
		d.result = d.send(ctx)
	})
	return d.result
}

func (d *webhookDelivery) send(ctx context.Context) Result {
	now := d.webhook.opt.Now()
	req := d.req.WithContext(ctx)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	if len(d.secrets) > 0 {
		req.Header.Set("Webhook-Signature", signature(d.secrets, req.Header.Get("Webhook-Id"), now, d.body))
	}
	// No GetBody: without it the transport cannot send a second time.
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(d.body)), int64(len(d.body))

	wire := &countingConn{Conn: d.conn}
	var used atomic.Bool
	dial := func(context.Context, string, string) (net.Conn, error) {
		if used.Swap(true) {
			return nil, errors.New("a delivery has one connection")
		}
		return wire, nil
	}
	transport := &http.Transport{
		DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: maxDetail,
	}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		r := Result{Outcome: Uncertain, Code: "webhook " + lostCode(ctx, err, "connection lost"), Detail: clip(err.Error())}
		if !wire.wrote.Load() {
			r.Outcome = Temporary
		}
		return r
	}
	defer resp.Body.Close()
	// The status decides; a body that breaks off changes nothing.
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxDetail))
	r := Result{Outcome: webhookOutcome(resp.StatusCode), Code: "webhook " + strconv.Itoa(resp.StatusCode), Detail: clip(string(answer))}
	if r.Outcome == Temporary {
		r.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	}
	return r
}

func webhookOutcome(status int) Outcome {
	switch {
	case status/100 == 2:
		return Sent
	case status/100 == 5, status == http.StatusTooManyRequests,
		status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return Temporary
	}
	return Failed
}

// retryAfter reads the header (RFC 9110 10.2.3): seconds or a date; 0 when it
// cannot be read, a day at most.
func retryAfter(value string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	value = strings.TrimSpace(value)
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, most)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

// countingConn remembers whether anything was written.
type countingConn struct {
	net.Conn
	wrote atomic.Bool
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.wrote.Store(true)
	return c.Conn.Write(b)
}

var (
	_ Provider = (*Webhook)(nil)
	_ Delivery = (*webhookDelivery)(nil)
)
