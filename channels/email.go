package channels

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// EmailOptions tune an [Email] provider; the zero value is fit for use.
type EmailOptions struct {
	// From is the sender of messages that name none.
	From string
	// Domain is the right side of Message-IDs; the sender's domain when empty.
	Domain string
	// Hello is the name given in EHLO; this machine's when empty.
	Hello string
	// Now is the clock of the Date header; real time when nil.
	Now func() time.Time
	// Timeout bounds connecting with all its greetings, and each exchange of
	// commands; 30 s when 0.
	Timeout time.Duration
	// BodyTimeout bounds the body and the wait for its answer; 2 minutes when 0.
	// Too short a one makes mails uncertain that were only slow.
	BodyTimeout time.Duration
	// MaxIdle is how many connections are kept for the next mail (4 when 0, none
	// when negative), IdleTimeout for how long (30 s when 0).
	MaxIdle     int
	IdleTimeout time.Duration
	// TLS replaces the configuration for TLS; the server's name is filled in.
	TLS *tls.Config
	// RequireTLS refuses a server that does not offer STARTTLS. Without it TLS is
	// used when it is offered, which protects against listeners only.
	RequireTLS bool
}

// Email sends mail over SMTP.
//
// Prepare composes the mail, takes an idle connection or makes one (EHLO,
// STARTTLS, AUTH), and sends MAIL and RCPT. What an idle connection says before
// RCPT is accepted never counts: if it is dead or out of temper, a fresh one is
// asked. Prepare's error is permanent for a message that no server could take (a
// bad address, a line break in a header) and for a 5xx reply to MAIL or RCPT; it is
// temporary for 4xx, for lost and refused connections, and for 5xx replies that
// speak of us rather than of the message (the greeting, EHLO, STARTTLS, AUTH,
// "authentication required").
//
// Deliver sends DATA, the body and the final dot:
//
//	what happened                              outcome
//	2xx to the body                            Sent
//	4xx to DATA or to the body                 Temporary
//	5xx to DATA or to the body                 Failed
//	connection lost, deadline before 354       Temporary: no byte of the mail was sent
//	connection lost, deadline after it         Uncertain
//
// A provider is safe for concurrent use.
type Email struct {
	opt         EmailOptions
	host        string
	port        int
	user, pass  string
	implicitTLS bool
	tlsConfig   *tls.Config
	idle        pool
}

// NewEmail makes a provider for a server named by URL:
//
//	smtp://[user:password@]host[:port]    port 25, or 587 with a user; STARTTLS when offered
//	smtps://[user:password@]host[:port]   port 465; TLS from the first byte
//
// "?starttls=required" on smtp sets RequireTLS. It connects to nothing yet. Errors
// never show the password.
func NewEmail(server string, opt EmailOptions) (*Email, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("mail server: not a URL, write smtp://host:port or smtps://user:password@host:port")
	}
	e := &Email{opt: opt, host: u.Hostname(), implicitTLS: u.Scheme == "smtps"}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || e.host == "" || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("mail server %s: write smtp://host:port or smtps://user:password@host:port", u.Redacted())
	}
	if u.User != nil {
		e.user = u.User.Username()
		e.pass, _ = u.User.Password()
	}
	if e.port, err = smtpPort(u, e.user != ""); err != nil {
		return nil, fmt.Errorf("mail server %s: %w", u.Redacted(), err)
	}
	for name, values := range u.Query() {
		if name != "starttls" || len(values) != 1 || values[0] != "required" || e.implicitTLS {
			return nil, fmt.Errorf("mail server %s: unknown parameter %q; smtp knows starttls=required", u.Redacted(), name)
		}
		e.opt.RequireTLS = true
	}
	if opt.From != "" {
		if _, err := parseAddress("sender", opt.From); err != nil {
			return nil, fmt.Errorf("mail server %s: sender: %s", u.Redacted(), err.Detail)
		}
	}
	e.defaults()
	return e, nil
}

func smtpPort(u *url.URL, signsIn bool) (int, error) {
	switch {
	case u.Port() != "":
		n, err := strconv.Atoi(u.Port())
		if err != nil || n < 1 || n > 65535 {
			return 0, fmt.Errorf("port %q is not between 1 and 65535", u.Port())
		}
		return n, nil
	case u.Scheme == "smtps":
		return 465, nil
	case signsIn:
		return 587, nil
	}
	return 25, nil
}

func (e *Email) defaults() {
	o := &e.opt
	if o.Now == nil {
		o.Now = realNow
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.BodyTimeout <= 0 {
		o.BodyTimeout = 2 * time.Minute
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 30 * time.Second
	}
	if o.MaxIdle == 0 {
		o.MaxIdle = 4
	}
	if o.Hello == "" {
		o.Hello = "localhost"
		if name, err := os.Hostname(); err == nil && name != "" && isASCII(name) && !hasControl(name) {
			o.Hello = name
		}
	}
	e.tlsConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		e.tlsConfig = o.TLS.Clone()
	}
	if e.tlsConfig.ServerName == "" {
		e.tlsConfig.ServerName = e.host
	}
	e.idle.max, e.idle.age = max(o.MaxIdle, 0), o.IdleTimeout
}

// Addr is the server's address.
func (e *Email) Addr() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

// Close closes the idle connections. Deliveries under way end as usual, and their
// connections are closed then.
func (e *Email) Close() error {
	e.idle.close()
	return nil
}

// idlePatience is how long a connection that was idle may think about MAIL before
// it counts as dead.
const idlePatience = 5 * time.Second

// Prepare implements [Provider].
func (e *Email) Prepare(ctx context.Context, m Message) (Delivery, error) {
	l, bad := e.compose(m)
	if bad != nil {
		return nil, bad
	}
	if c := e.idle.take(); c != nil {
		refused, err := c.envelope(ctx, l, min(idlePatience, e.opt.Timeout), e.opt.Timeout)
		if err == nil {
			return &emailDelivery{email: e, conn: c, letter: l}, nil
		}
		if refused {
			e.idle.put(c)
			return nil, prepareError(ctx, err)
		}
		if c.broken {
			e.idle.clear() // its neighbours have met the same fate
		}
		c.quit()
	}
	c, err := e.dial(ctx)
	if err != nil {
		// 5xx replies up to here are about the server or about us: an operator mends
		// that, and the message can still go out.
		return nil, temporary(smtpCode(ctx, err), "%s: %v", e.Addr(), err)
	}
	if refused, err := c.envelope(ctx, l, e.opt.Timeout, e.opt.Timeout); err != nil {
		if refused {
			e.idle.put(c) // in order: it was the message
		} else {
			c.quit()
		}
		return nil, prepareError(ctx, err)
	}
	return &emailDelivery{email: e, conn: c, letter: l}, nil
}

// prepareError judges an error of MAIL or RCPT.
func prepareError(ctx context.Context, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	code := replyCode(err)
	aboutUs := code == 503 || code == 530 || code == 534 || code == 535 || code == 538
	return &Error{Permanent: code/100 == 5 && !aboutUs, Code: smtpCode(ctx, err), Detail: clip(err.Error())}
}

// emailDelivery is a mail whose recipient has been accepted.
type emailDelivery struct {
	email  *Email
	conn   *conn
	letter *letter
	once   sync.Once
	result Result
}

// Deliver implements [Delivery].
func (d *emailDelivery) Deliver(ctx context.Context) Result {
	d.once.Do(func() {
		d.result = d.conn.deliver(ctx, d.letter, d.email.opt)
		d.email.idle.put(d.conn)
	})
	return d.result
}

// Abandon implements [Delivery].
func (d *emailDelivery) Abandon() {
	d.once.Do(func() {
		d.result = Result{Outcome: Temporary, Code: "abandoned"}
		d.email.idle.put(d.conn) // dirty: the next mail begins with RSET
	})
}

// deliver sends DATA and the body, and reads the answer.
func (c *conn) deliver(ctx context.Context, l *letter, opt EmailOptions) Result {
	var w io.WriteCloser
	err := c.exchange(ctx, opt.Timeout, func() (err error) {
		w, err = c.client.Data()
		return err
	})
	if err == nil {
		return c.body(ctx, w, l, opt)
	}
	c.fail(err)
	r := Result{Outcome: Temporary, Code: smtpCode(ctx, err), Detail: clip(err.Error())}
	if replyCode(err)/100 == 5 {
		r.Outcome = Failed
	}
	return r
}

// body sends the mail after 354. From here on silence means uncertain; a reply
// still decides, even one that a server sent before it hung up in the middle.
func (c *conn) body(ctx context.Context, w io.WriteCloser, l *letter, opt EmailOptions) Result {
	done, err := c.within(ctx, opt.BodyTimeout)
	if err != nil {
		// The caller gave up before the first byte; the server discards what has no dot.
		c.broken = true
		return Result{Outcome: Temporary, Code: smtpCode(ctx, err), Detail: err.Error()}
	}
	defer done()
	_, writeErr := w.Write(l.data)
	err = w.Close() // the dot, unless the write failed; then the reply
	if err == nil {
		if writeErr != nil { // accepted what it cannot have read
			c.broken = true
			return Result{Outcome: Uncertain, Code: "smtp protocol", Detail: clip(writeErr.Error())}
		}
		c.dirty = false
		return Result{Outcome: Sent, Code: "smtp 250", Detail: clip(reply(w))}
	}
	c.fail(err)
	r := Result{Outcome: Uncertain, Code: smtpCode(ctx, err), Detail: clip(err.Error())}
	switch replyCode(err) / 100 {
	case 2: // 251 and the like; the library expects 250
		r.Outcome = Sent
	case 4:
		r.Outcome = Temporary
	case 5:
		r.Outcome = Failed
	}
	if writeErr != nil {
		c.broken = true
		if r.Outcome == Sent {
			r.Outcome = Uncertain
		}
	}
	return r
}

// reply is the server's text for an accepted mail; it often holds its queue id.
func reply(w io.WriteCloser) string {
	if r, ok := w.(interface{ ServerResponse() string }); ok {
		return r.ServerResponse()
	}
	return ""
}

var (
	_ Provider  = (*Email)(nil)
	_ io.Closer = (*Email)(nil)
	_ Delivery  = (*emailDelivery)(nil)
)
