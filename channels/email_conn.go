package channels

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// conn is one connection to the mail server. It belongs to one delivery at a
// time.
type conn struct {
	raw       net.Conn // below TLS: deadlines and closing work on it
	client    *smtp.Client
	dirty     bool // a transaction was begun and not finished: RSET before the next
	broken    bool // never again
	idleSince time.Time
}

// dial connects, says EHLO, starts TLS and signs in, all within the timeout. The
// library forgets the connection when a step after the dial fails, so the dialled
// one is kept here and closed.
func (e *Email) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, e.opt.Timeout)
	defer cancel()
	var raw atomic.Pointer[net.Conn]
	dialer := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		raw.Store(&c)
		if !e.implicitTLS {
			return c, nil
		}
		t := tls.Client(c, e.tlsConfig)
		return t, t.HandshakeContext(ctx)
	}
	client, err := mail.NewClient(e.host, append(e.clientOptions(), mail.WithDialContextFunc(dialer))...)
	if err != nil {
		return nil, fmt.Errorf("mail server %s: %w", e.host, err)
	}
	// A context that ends closes the socket: the library looks at it only while
	// dialling.
	stop := context.AfterFunc(ctx, func() {
		if c := raw.Load(); c != nil {
			(*c).Close()
		}
	})
	sc, err := client.DialToSMTPClientWithContext(ctx)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		if c := raw.Load(); c != nil {
			(*c).Close()
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		return nil, err
	}
	return &conn{raw: *raw.Load(), client: sc}, nil
}

func (e *Email) clientOptions() []mail.Option {
	opts := []mail.Option{
		mail.WithPort(e.port), mail.WithHELO(e.opt.Hello), mail.WithTimeout(e.opt.Timeout),
		mail.WithTLSConfig(e.tlsConfig), mail.WithTLSPolicy(mail.TLSOpportunistic),
	}
	switch {
	case e.implicitTLS:
		opts = append(opts, mail.WithSSL())
	case e.opt.RequireTLS:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if e.user != "" {
		// PLAIN and LOGIN refuse to speak without TLS unless the server is this machine.
		opts = append(opts, mail.WithUsername(e.user), mail.WithPassword(e.pass),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	return opts
}

// within gives the next exchange a deadline: the timeout's, or that of ctx when it
// is sooner. The function it returns must be called after the exchange.
func (c *conn) within(ctx context.Context, timeout time.Duration) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return func() {}, err
	}
	deadline := time.Now().Add(timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := c.raw.SetDeadline(deadline); err != nil {
		return func() {}, err
	}
	stop := context.AfterFunc(ctx, func() { c.raw.SetDeadline(time.Unix(1, 0)) })
	return func() {
		if !stop() {
			c.broken = true // its deadline may be set behind our back at any time
		}
	}, nil
}

// envelope sends MAIL, whose answer is awaited for as long as patience says, and
// RCPT. refused says that the server has judged this message, so that another
// connection would hear the same.
func (c *conn) envelope(ctx context.Context, l *letter, patience, timeout time.Duration) (refused bool, err error) {
	defer func() { c.fail(err) }()
	if ok, size := c.client.Extension("SIZE"); ok {
		if limit, err := strconv.Atoi(size); err == nil && limit > 0 && len(l.data) > limit {
			return true, permanent("smtp too large", "the mail has %d bytes, the server takes %d", len(l.data), limit)
		}
	}
	if ok, _ := c.client.Extension("SMTPUTF8"); l.utf8 && !ok {
		return true, permanent("smtp no utf8", "the mail server does not take addresses that are not ASCII: %s %s", l.from, l.to)
	}
	// Asking for SMTPUTF8 without need makes servers further on refuse the mail.
	c.client.SkipSMTPUTF8(!l.utf8)
	err = c.exchange(ctx, patience, func() error {
		if c.dirty {
			if err := c.client.Reset(); err != nil {
				return err
			}
		}
		c.dirty = true
		return c.client.Mail(l.from)
	})
	if err != nil {
		return false, err
	}
	err = c.exchange(ctx, timeout, func() error { return c.client.Rcpt(l.to) })
	code := replyCode(err)
	return code != 0 && code != 421, err
}

// exchange runs commands within a deadline.
func (c *conn) exchange(ctx context.Context, timeout time.Duration, commands func() error) error {
	done, err := c.within(ctx, timeout)
	if err != nil {
		return err
	}
	defer done()
	return commands()
}

// fail marks the connection as unusable after an error that is not a plain reply.
func (c *conn) fail(err error) {
	if err == nil {
		return
	}
	var e *Error
	if code := replyCode(err); (code == 0 || code == 421) && !errors.As(err, &e) {
		c.broken = true
	}
}

// close drops the connection.
func (c *conn) close() {
	c.broken = true
	c.raw.Close()
}

// quit says goodbye without waiting for the answer.
func (c *conn) quit() {
	if !c.broken && c.raw.SetDeadline(time.Now().Add(100*time.Millisecond)) == nil {
		_, _ = c.client.Text.Cmd("QUIT")
	}
	c.close()
}

// replyCode is the SMTP code of a server's refusal, 0 if err is none.
func replyCode(err error) int {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// smtpCode is the word for an SMTP error.
func smtpCode(ctx context.Context, err error) string {
	var (
		own      *Error
		protocol textproto.ProtocolError
		dns      *net.DNSError
		op       *net.OpError
		netErr   net.Error
		record   tls.RecordHeaderError
		alert    tls.AlertError
		cert     *tls.CertificateVerificationError
		hostname x509.HostnameError
	)
	switch code := replyCode(err); {
	case errors.As(err, &own):
		return own.Code
	case code != 0:
		return "smtp " + strconv.Itoa(code)
	case errors.Is(ctx.Err(), context.Canceled):
		return "smtp cancelled"
	case errors.As(err, &record), errors.As(err, &alert), errors.As(err, &cert), errors.As(err, &hostname):
		return "smtp tls"
	case errors.As(err, &protocol):
		return "smtp protocol"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "smtp timeout"
	case errors.As(err, &dns):
		return "smtp host unknown"
	case errors.As(err, &op) && op.Op == "dial":
		return "smtp no connection"
	case errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "smtp connection lost"
	// What the server does not offer the library tells in words alone.
	case strings.Contains(err.Error(), "STARTTLS"):
		return "smtp tls"
	case strings.Contains(err.Error(), "AUTH"), errors.Is(err, smtp.ErrUnencrypted):
		return "smtp auth"
	}
	return "smtp connection lost"
}
