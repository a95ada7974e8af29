package channels

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// secure is a mail server that wants TLS and the password "right".
type secure struct{ box *strings.Builder }

func (s *secure) NewSession(*smtp.Conn) (smtp.Session, error) { return s, nil }
func (s *secure) Reset()                                      {}
func (s *secure) Logout() error                               { return nil }
func (s *secure) Mail(string, *smtp.MailOptions) error        { return nil }
func (s *secure) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (s *secure) Data(r io.Reader) error                      { _, err := io.Copy(s.box, r); return err }
func (s *secure) AuthMechanisms() []string                    { return []string{sasl.Plain} }
func (s *secure) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "ann@example.com" || password != "ri:ght" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// certificate is one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates}, pool
}

func startSecure(t *testing.T, config *tls.Config, implicit, mute bool) (addr string, box *strings.Builder) {
	t.Helper()
	box = &strings.Builder{}
	server := smtp.NewServer(&secure{box: box})
	server.TLSConfig = config
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.AllowInsecureAuth = config == nil && !mute
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	if implicit {
		l = tls.NewListener(l, config)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-served })
	return addr, box
}

func TestEmailTLSAndPassword(t *testing.T) {
	config, trusted := certificate(t)
	const good = "ann%40example.com:ri%3Aght@"
	tests := []struct {
		name, url string
		server    *tls.Config
		implicit  bool
		client    *tls.Config
		mute      bool   // the server knows no passwords
		code      string // of Prepare's error
	}{
		{name: "starttls", url: "smtp://" + good, server: config, client: &tls.Config{RootCAs: trusted}},
		{name: "starttls required", url: "smtp://" + good + "?starttls=required", server: config, client: &tls.Config{RootCAs: trusted}},
		{name: "starttls required, not offered", url: "smtp://" + good + "?starttls=required", code: "smtp tls"},
		{name: "implicit", url: "smtps://" + good, server: config, implicit: true, client: &tls.Config{RootCAs: trusted}},
		{name: "unknown authority", url: "smtps://" + good, server: config, implicit: true, code: "smtp tls"},
		{name: "unknown authority by starttls", url: "smtp://" + good, server: config, code: "smtp tls"},
		{name: "implicit against plain", url: "smtps://" + good, code: "smtp tls"},
		{name: "wrong password", url: "smtp://ann:wrong@", server: config, client: &tls.Config{RootCAs: trusted}, code: "smtp 535"},
		{name: "password to this machine without TLS", url: "smtp://" + good},
		{name: "password not wanted", url: "smtp://u:p@", mute: true, code: "smtp auth"},
		{name: "no password", url: "smtp://", server: config, client: &tls.Config{RootCAs: trusted}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			addr, box := startSecure(t, tt.server, tt.implicit, tt.mute)
			url, query, _ := strings.Cut(tt.url, "?")
			if query != "" {
				query = "?" + query
			}
			e, err := NewEmail(url+addr+query, EmailOptions{From: "shop@example.com", TLS: tt.client})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			for _, key := range []string{"r/1/1", "r/2/1"} { // a new connection, and a kept one
				d, err := e.Prepare(t.Context(), mailTo(key))
				if tt.code != "" {
					wantError(t, err, false, tt.code)
					if strings.Contains(err.Error(), "ght") || strings.Contains(err.(*Error).Detail, "wrong") {
						t.Errorf("the password shows: %v", err.(*Error).Detail)
					}
					continue
				}
				if err != nil {
					t.Fatal(err.(*Error).Detail)
				}
				wantResult(t, d.Deliver(t.Context()), Sent, "smtp 250")
				if !strings.Contains(box.String(), MessageID(key, "example.com")) {
					t.Errorf("not arrived: %s", box)
				}
			}
		})
	}
}

func TestNewEmail(t *testing.T) {
	for url, want := range map[string]string{
		"smtp://mail.example.com":                        "mail.example.com:25",
		"smtp://mail.example.com:2525":                   "mail.example.com:2525",
		"smtp://u:p@mail.example.com/":                   "mail.example.com:587",
		"smtps://mail.example.com":                       "mail.example.com:465",
		"smtp://[::1]:25?starttls=required":              "[::1]:25",
		"mail.example.com:25":                            "",
		"smtp://":                                        "",
		"smtp://:25":                                     "",
		"http://mail.example.com":                        "",
		"smtp://mail.example.com/path":                   "",
		"smtp://mail.example.com:0":                      "",
		"smtp://u:secret@mail.example.com:99999":         "",
		"smtp://u:secret@mail.example.com?x=1":           "",
		"smtp://u:secret@mail.example.com?starttls=no":   "",
		"smtps://u:secret@example.com?starttls=required": "",
		"smtp://u:sec%zzret@mail.example.com":            "",
	} {
		e, err := NewEmail(url, EmailOptions{})
		if (err == nil) != (want != "") || err == nil && e.Addr() != want {
			t.Errorf("%s: %v %v", url, e, err)
		}
		if err != nil && strings.Contains(err.Error(), "sec") {
			t.Errorf("the password shows: %v", err)
		}
	}
	if _, err := NewEmail("smtp://h", EmailOptions{From: "nobody"}); err == nil {
		t.Error("a sender that is no address")
	}
}

// What is printed of the three types must not be personal.
func TestNothingPersonalIsPrinted(t *testing.T) {
	s := startSink(t)
	e := newEmail(t, s.addr, EmailOptions{})
	_, err := e.Prepare(t.Context(), Message{Key: "r/1/1", Channel: "email", To: "ann@", Subject: "Dear Ann"})
	var typed *Error
	if !errors.As(err, &typed) || !strings.Contains(typed.Detail, "ann@") {
		t.Fatalf("%v", err)
	}
	for _, v := range []any{err, mailTo("r/1/1"), Result{Outcome: Failed, Code: "smtp 550", Detail: "no ann@example.com"}} {
		for _, text := range printed(v) {
			if strings.Contains(strings.ToLower(text), "ann") {
				t.Errorf("%T prints %s", v, text)
			}
		}
	}
}
