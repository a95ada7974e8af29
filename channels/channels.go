package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Message is a rendered message on its way to a provider. Only the fields of its
// channel are read.
type Message struct {
	// Key is the send's key: run, step and pass, in printable form. It travels to
	// the provider (Message-ID, Idempotency-Key), so that a repeat can be
	// recognised there. It is required, and holds no personal data.
	Key string
	// Channel is "email" or "webhook".
	Channel string
	// Name is the name of the message or webhook in the workspace; it picks the
	// webhook's secrets. It may be empty.
	Name string

	// From and To are single addresses, "ann@example.com" or
	// "Ann <ann@example.com>". An empty From takes the provider's own.
	From, To string
	// Subject is one line; Text and HTML are the bodies. With both, a mail is
	// multipart/alternative.
	Subject, Text, HTML string
	// Headers are extra headers (List-Unsubscribe, Reply-To), of the mail or of the
	// HTTP request. Those the provider sets itself are refused.
	Headers map[string]string

	// URL and Method (POST when empty, or PUT) are the webhook's. The URL of a
	// push message is what it opens.
	URL, Method string
	// Image is the address of a line message's picture.
	Image string
	// JSON is the webhook's body, sent and signed byte by byte; empty means null.
	JSON []byte
}

// String names the message without anything personal.
func (m Message) String() string { return m.Channel + " " + m.Key }

// LogValue is String, for logs.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Provider delivers messages of one channel. All methods may be called from
// several goroutines.
type Provider interface {
	// Prepare does all that comes before the point of no return. It has no effect on
	// the recipient and may be repeated. Its errors are of type *[Error]. Each
	// Delivery it returns must be ended by one call of Deliver or Abandon.
	Prepare(ctx context.Context, m Message) (Delivery, error)
}

// Delivery is one prepared message.
type Delivery interface {
	// Deliver hands the message over, after the claim. It is called once: the
	// answer to any further call is that of the first, and nothing goes out again.
	// When ctx ends while the answer is outstanding, the outcome is Uncertain.
	Deliver(ctx context.Context) Result
	// Abandon releases what Prepare took, when Deliver will not be called. After
	// Deliver it does nothing.
	Abandon()
}

// Outcome is what became of a delivery.
type Outcome uint8

// The outcomes. The zero value is Uncertain, so that a forgotten one never counts
// as sent and is never repeated.
const (
	// Uncertain: it may have gone out, and may not have.
	Uncertain Outcome = iota
	// Sent: the provider has accepted the message.
	Sent
	// Failed: the provider refused for good; nothing went out.
	Failed
	// Temporary: certainly nothing went out (or the receiver was told to recognise
	// a repeat, see [Webhook]); it may be tried again.
	Temporary
)

// String is the outcome in lower case.
func (o Outcome) String() string {
	switch o {
	case Sent:
		return "sent"
	case Failed:
		return "failed"
	case Temporary:
		return "temporary"
	}
	return "uncertain"
}

// Result is a provider's answer to a delivery.
type Result struct {
	Outcome Outcome
	// Code is a short word for machines and logs without personal data, like
	// "smtp 250", "smtp connection lost", "webhook 429".
	Code string
	// Detail is the provider's own text, at most 64 KB. It is personal: it often
	// repeats the address.
	Detail string
	// RetryAfter is how long the provider asks to wait before a repeat, 0 when it
	// does not say.
	RetryAfter time.Duration
}

// String is outcome and code, without the personal detail.
func (r Result) String() string { return strings.TrimSpace(r.Outcome.String() + " " + r.Code) }

// LogValue is String, for logs.
func (r Result) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Error is why a message could not be prepared. Nothing went out.
type Error struct {
	// Permanent says that a repeat of the same message would fail again.
	Permanent bool
	// Code is a short word without personal data, as in [Result].
	Code string
	// Detail is the whole story; it may be personal.
	Detail string
}

// Error is the code alone: errors end up in logs and histories.
func (e *Error) Error() string { return e.Code }

// IsPermanent says whether err is an *[Error] that a repeat cannot heal.
func IsPermanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Permanent
}

func permanent(code, format string, args ...any) *Error {
	return &Error{Permanent: true, Code: code, Detail: fmt.Sprintf(format, args...)}
}

func temporary(code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// maxDetail bounds what is kept of a provider's answer.
const maxDetail = 64 << 10

func clip(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
