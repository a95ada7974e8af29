package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// budget bounds the bytes of the bodies that are in memory at one time. A
// slow client takes from it only what it has sent.
type budget struct {
	left atomic.Int64
}

func (b *budget) take(n int64) bool {
	if b.left.Add(-n) < 0 {
		b.left.Add(n)
		return false
	}
	return true
}

// body is a request's body in memory.
type body struct {
	buf    []byte
	budget *budget
	taken  int64
}

var bodies = sync.Pool{New: func() any { return &body{buf: make([]byte, 0, 4<<10)} }}

// release gives the memory back. The body must not be used any more.
func (b *body) release() {
	b.budget.left.Add(b.taken)
	b.taken = 0
	if cap(b.buf) <= 64<<10 {
		bodies.Put(b)
	}
}

var (
	errTooLarge = errors.New("the body is too large")
	errBusy     = errors.New("too many bodies are under way")
)

// fill reads all of r, at most limit bytes.
func (b *body) fill(r io.Reader, limit int) error {
	for {
		if len(b.buf) == cap(b.buf) {
			b.buf = append(b.buf, 0)[:len(b.buf)]
		}
		if grown := int64(cap(b.buf)) - b.taken; grown > 0 {
			if !b.budget.take(grown) {
				return errBusy
			}
			b.taken += grown
		}
		n, err := r.Read(b.buf[len(b.buf):cap(b.buf)])
		b.buf = b.buf[:len(b.buf)+n]
		switch {
		case len(b.buf) > limit:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// magic is how gzip begins, and JSON never (RFC 1952).
var magic = []byte{0x1f, 0x8b}

func (s *Server) newBody() *body {
	b := bodies.Get().(*body)
	b.buf, b.budget = b.buf[:0], &s.budget
	return b
}

// read reads the body of a request, decompressed, at most limit bytes of it
// before and after. The content type is not looked at: browsers say
// text/plain, and some clients a form.
func (s *Server) read(c *request, limit int, what string) (*body, *problem) {
	r := c.Request()
	if r.ContentLength > int64(limit) {
		return nil, tooLargeBody(limit, what)
	}
	var zipped bool
	switch encoding := strings.TrimSpace(r.Header.Get("Content-Encoding")); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
	case strings.EqualFold(encoding, "gzip") || strings.EqualFold(encoding, "x-gzip"):
		zipped = true
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, "unknown-encoding", "the body is compressed in an unknown way: send it plain or with gzip")
	}
	// net/http takes the deadline away when the body has ended. A writer that
	// is no connection, as in tests, has none: that is all the error says.
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(s.o.Limits.Body))
	b := s.newBody()
	var err error
	if zipped {
		err = b.unzip(r.Body, limit)
	} else {
		err = b.fill(r.Body, limit)
	}
	if err == nil && !zipped && bytes.HasPrefix(b.buf, magic) { // compressed by a page that cannot say so
		packed := b
		b = s.newBody()
		err = b.unzip(bytes.NewReader(packed.buf), limit)
		packed.release()
	}
	if err != nil {
		b.release()
		return nil, bodyProblem(err, limit, what)
	}
	return b, nil
}

var unzippers sync.Pool // of *gzip.Reader

// unzip is fill for what gzip compressed. The limit holds while reading, so a
// bomb costs no more than any other body of that size.
func (b *body) unzip(r io.Reader, limit int) error {
	bounded := &bounded{r: r, left: int64(limit) + 1}
	z, _ := unzippers.Get().(*gzip.Reader)
	var err error
	if z == nil {
		z, err = gzip.NewReader(bounded)
	} else {
		err = z.Reset(bounded)
	}
	if err != nil {
		return zipError(bounded, err)
	}
	defer unzippers.Put(z)
	if err := b.fill(z, limit); err != nil {
		return zipError(bounded, err)
	}
	return nil
}

// bounded reads at most so many bytes, and remembers what kept it from more.
type bounded struct {
	r    io.Reader
	left int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.err = errTooLarge
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

var errZip = errors.New("not gzip")

// zipError tells a connection that failed from a body that is not gzip.
func zipError(b *bounded, err error) error {
	switch {
	case b.err != nil:
		return b.err
	case err == errTooLarge || err == errBusy:
		return err
	}
	return fmt.Errorf("%w: %w", errZip, err)
}

func tooLargeBody(limit int, what string) *problem {
	return refuse(http.StatusRequestEntityTooLarge, "too-large", fmt.Sprintf("%s has at most %d bytes, decompressed: send less at once", what, limit))
}

func bodyProblem(err error, limit int, what string) *problem {
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		return tooLargeBody(limit, what)
	case errors.Is(err, errBusy):
		return unavailable("overloaded", "too much is under way at the moment: send the same again", 1)
	case errors.Is(err, errZip):
		return refuse(http.StatusBadRequest, "bad-gzip", "the body says that it is gzip and cannot be decompressed")
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		p := refuse(http.StatusRequestTimeout, "body-timeout", "the body did not arrive in time")
		p.Retryable, p.cause = true, err
		return p
	}
	p := refuse(http.StatusBadRequest, "broken-body", "the body broke off")
	p.cause = err
	return p
}

// strictly reads the one JSON value of an administrator's body. A field that
// there is not is an error: misspelt, it would be taken for one that was left out.
func strictly(body []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, more := dec.Token(); !errors.Is(more, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}
