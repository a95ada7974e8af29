package channels

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// letter is a composed mail: the envelope and the bytes between DATA and its dot.
type letter struct {
	from, to string // envelope paths, in angle brackets
	utf8     bool   // an address needs SMTPUTF8 (RFC 6531)
	data     []byte
}

// MessageID is the Message-ID of the mail sent for a key, in angle brackets. It
// depends on nothing else, so a repeat of a send carries the same one.
func MessageID(key, domain string) string { return "<" + keyHash(key) + "@" + domain + ">" }

// keyHash is a key as 32 characters fit for any header.
func keyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// KeyHeader carries the send's key in a mail.
const KeyHeader = "X-Journey-Key"

// ownHeaders are those a message may not set: they are written here, or they
// would promise recipients and encodings that the mail does not have.
var ownHeaders = map[string]bool{
	"From": true, "To": true, "Cc": true, "Bcc": true, "Subject": true, "Date": true, "Sender": true,
	"Message-Id": true, "Mime-Version": true, "Return-Path": true, "Received": true, KeyHeader: true,
}

// UnsubscribeHeaders are the headers by which a mail program offers to leave
// with one click (RFC 2369, RFC 8058): page takes a POST of
// "List-Unsubscribe=One-Click" from anybody who has the address; mailbox, which
// may be empty, is an address to write to. A page that is none gives none.
func UnsubscribeHeaders(page, mailbox string) map[string]string {
	if page == "" {
		return nil
	}
	ways := "<" + page + ">"
	if mailbox != "" {
		ways += ", <mailto:" + mailbox + "?subject=unsubscribe>"
	}
	return map[string]string{"List-Unsubscribe": ways, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
}

// compose checks the message and renders it. Its errors are permanent.
func (e *Email) compose(m Message) (*letter, *Error) {
	if m.Key == "" || hasControl(m.Key) {
		return nil, permanent("bad key", "the message has no usable key: %q", m.Key)
	}
	if m.From == "" {
		m.From = e.opt.From
	}
	from, err := parseAddress("sender", m.From)
	if err != nil {
		return nil, err
	}
	to, err := parseAddress("recipient", m.To)
	if err != nil {
		return nil, err
	}
	if hasControl(m.Subject) {
		return nil, permanent("bad subject", "the subject must be one line without control characters: %q", m.Subject)
	}

	msg := mail.NewMsg(
		mail.WithBoundary(boundary(m)),
		mail.WithNoDefaultUserAgent(),
	)
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	setHeader(msg, string(mail.HeaderSubject), strings.ToValidUTF8(m.Subject, "\uFFFD"))
	msg.SetDateWithValue(e.opt.Now())
	domain := e.opt.Domain
	if domain == "" {
		domain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	}
	msg.SetMessageIDWithValue(strings.Trim(MessageID(m.Key, domain), "<>"))
	setHeader(msg, KeyHeader, m.Key)
	for name, value := range m.Headers {
		if err := addHeader(msg, name, value); err != nil {
			return nil, err
		}
	}
	sole := addBodies(msg, m)

	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, permanent("bad message", "compose the mail: %v", err)
	}
	if sole == mail.EncodingQP {
		b.WriteString("\r\n") // the last line end of a mail is SMTP's, not the text's
	}
	l := &letter{from: path(from), to: path(to), data: b.Bytes()}
	l.utf8 = !isASCII(l.from) || !isASCII(l.to)
	return l, nil
}

// parseAddress reads one address and turns its domain into ASCII (RFC 5891). The
// local part stays as it is: only the receiving domain may judge it.
func parseAddress(role, s string) (*netmail.Address, *Error) {
	if hasControl(s) || !utf8.ValidString(s) {
		return nil, permanent("bad "+role, "the %s's address has control characters: %q", role, s)
	}
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, permanent("bad "+role, "the %s's address is not one: %q: %v", role, s, err)
	}
	at := strings.LastIndexByte(a.Address, '@')
	local, domain := a.Address[:at], a.Address[at+1:]
	if !isASCII(domain) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return nil, permanent("bad "+role, "the %s's domain is not one: %q: %v", role, s, err)
		}
	}
	// RFC 5321 4.5.3.1: beyond these no server has to listen.
	if len(local) > 64 || len(domain) > 255 || hasControl(a.Name) {
		return nil, permanent("bad "+role, "the %s's address is too long: %q", role, s)
	}
	a.Address = local + "@" + domain
	return a, nil
}

// path is the address in the envelope's form; it quotes the local part if need be.
func path(a *netmail.Address) string {
	return (&netmail.Address{Address: a.Address}).String()
}

// addHeader adds one of the message's extra headers.
func addHeader(msg *mail.Msg, name, value string) *Error {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case !isToken(name) || len(name) > 70:
		return permanent("bad header", "not a header's name: %q", name)
	case ownHeaders[canonical] || strings.HasPrefix(canonical, "Content-"):
		return permanent("bad header", "header %s is set by the server, not by a message", canonical)
	case hasControl(value):
		return permanent("bad header", "header %s must be one line without control characters", canonical)
	case canonical == "Reply-To":
		a, err := parseAddress("reply-to", value)
		if err != nil {
			return err
		}
		msg.ReplyToMailAddress(a)
	default:
		setHeader(msg, name, strings.ToValidUTF8(value, "\uFFFD"))
	}
	return nil
}

// setHeader sets a header. A plain value is folded at its spaces by the library;
// one that is not ASCII, or has a word near the 998 octets that a line may have (RFC
// 5322 2.1.1), is written as encoded words.
func setHeader(msg *mail.Msg, name, value string) {
	plain := isASCII(value) && !strings.Contains(value, "=?") // "=?" might be read as an encoded word
	for word := range strings.SplitSeq(value, " ") {
		plain = plain && len(word) <= 900
	}
	if plain {
		msg.SetGenHeader(mail.Header(name), value)
		return
	}
	msg.SetGenHeaderPreformatted(mail.Header(name), encodeWords(name, value))
}

// encodeWords writes a value as encoded words (RFC 2047), one a line, none longer
// than 75 octets and none with half a character, which mail readers join again.
// The library's own leave the header's first line empty.
func encodeWords(name, value string) string {
	const chunk = 39 // bytes; 52 in base64, 64 with the frame, 76 with a name of ten letters
	var b strings.Builder
	if len(name) > 10 {
		b.WriteString("\r\n ")
	}
	for first := true; value != ""; first = false {
		n := min(chunk, len(value))
		for n < len(value) && !utf8.RuneStart(value[n]) {
			n--
		}
		if !first {
			b.WriteString("\r\n ")
		}
		b.WriteString("=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(value[:n])) + "?=")
		value = value[n:]
	}
	return b.String()
}

// addBodies adds text and HTML; the richest alternative comes last (RFC 2046 5.1.4).
// It answers the encoding of a sole body, "" when there are two.
func addBodies(msg *mail.Msg, m Message) (sole mail.Encoding) {
	text, html := bodyLines(m.Text), bodyLines(m.HTML)
	textEnc, htmlEnc := encodingFor(text), encodingFor(html)
	if html == "" {
		msg.SetBodyString(mail.TypeTextPlain, text, mail.WithPartEncoding(textEnc))
		return textEnc
	}
	if text == "" {
		msg.SetBodyString(mail.TypeTextHTML, html, mail.WithPartEncoding(htmlEnc))
		return htmlEnc
	}
	msg.SetBodyString(mail.TypeTextPlain, text, mail.WithPartEncoding(textEnc))
	msg.AddAlternativeString(mail.TypeTextHTML, html, mail.WithPartEncoding(htmlEnc))
	return ""
}

// bodyLines is s as valid UTF-8 with the CRLF line ends that mail wants.
func bodyLines(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// encodingFor picks the smaller encoding: quoted-printable needs three bytes for
// each that is not ASCII, base64 four for any three. Both keep lines short.
func encodingFor(s string) mail.Encoding {
	wide := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			wide++
		}
	}
	if wide*6 > len(s) {
		return mail.EncodingB64
	}
	return mail.EncodingQP
}

// boundary separates the parts of a mail. It is a hash over all they contain, so
// nobody can write a text that contains its own boundary.
func boundary(m Message) string {
	h := sha256.New()
	for _, s := range []string{m.Key, m.Text, m.HTML} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:24])
}

// hasControl says whether s has a control character: in an address, a subject or
// a header it would begin another header, or another command.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// isToken says whether s is a header's name as RFC 9110 (HTTP) and RFC 5322 (mail)
// both allow it.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// realNow is the default clock.
func realNow() time.Time { return time.Now() }
