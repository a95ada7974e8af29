package mailbox

import (
	"io"
	"slices"
	"time"

	"github.com/emersion/go-smtp"
)

// newServer makes the SMTP server of a box. It takes what clients in the wild send:
// 8BITMIME, SMTPUTF8, lines of any length.
func newServer(b *Box) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{box: b, conn: c}, nil
	}))
	s.Domain = "mailbox.localhost"
	s.EnableSMTPUTF8 = true
	s.MaxMessageBytes = 25 << 20
	s.MaxRecipients = 1000
	s.MaxLineLength = 0
	s.ReadTimeout = 5 * time.Minute
	s.WriteTimeout = time.Minute
	s.ErrorLog = silent{}
	return s
}

// silent drops the server's own log: it would name addresses.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// session is one client's connection.
type session struct {
	box  *Box
	conn *smtp.Conn
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	named := append(slices.Clone(s.to), to)
	if err := s.suffer(s.box.fault(Attempt{Stage: AtRcpt, From: s.from, To: named})); err != nil {
		return err
	}
	s.to = named
	return nil
}

func (s *session) Data(r io.Reader) error {
	if !s.box.begin() {
		return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "closing"}
	}
	defer s.box.busy.Done()
	if err := s.suffer(s.box.fault(Attempt{Stage: AtData, From: s.from, To: s.to})); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // too large, or broken off: nothing is stored
	}
	f := s.box.fault(Attempt{Stage: AtReply, From: s.from, To: s.to, Raw: raw})
	if !f.Drop && f.Code < 400 || f.Store {
		if err := s.box.store(s.from, s.to, raw); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "the mail could not be stored"}
		}
	}
	return s.suffer(f)
}

// suffer lets a fault happen.
func (s *session) suffer(f Fault) error {
	switch {
	case f.Drop:
		s.conn.Conn().Close()
		return io.ErrUnexpectedEOF
	case f.Code >= 400:
		text := f.Text
		if text == "" {
			text = "refused"
		}
		return &smtp.SMTPError{Code: f.Code, EnhancedCode: smtp.EnhancedCodeNotSet, Message: text}
	}
	return nil
}

// begin counts a mail that is being taken in; false when the box is closed.
func (b *Box) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.busy.Add(1)
	return true
}

var _ smtp.Session = (*session)(nil)
