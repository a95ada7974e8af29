package mailbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// What a mail may make us do.
const (
	maxDepth = 10   // multiparts in multiparts
	maxParts = 1000 // of all levels

	// The standard library's readers of headers are not made for megabytes.
	maxStructured = 16 << 10 // a header whose structure we read; a longer one counts as missing
	maxDecoded    = 64 << 10 // a header that is decoded; a longer one is shown as it is
)

// Parse reads a mail's bytes: headers with encoded words (RFC 2047), bodies in any
// transfer encoding and charset, multiparts. It never fails: what cannot be decoded
// is shown as it is, and every string it gives is valid UTF-8. From is that of the
// header; the fields of the envelope are empty.
func Parse(raw []byte) Mail {
	fields, body := splitHeaders(raw)
	m := Mail{Headers: make(map[string]string, len(fields)), To: []string{}}
	plain := map[string]string{} // for our own reading: lower-case names, values undecoded
	values := map[string][]string{}
	for _, f := range fields {
		values[f.name] = append(values[f.name], decodeHeader(string(f.value)))
		if lower := strings.ToLower(f.name); plain[lower] == "" && len(f.value) <= maxStructured {
			plain[lower] = string(f.value)
		}
	}
	for name, all := range values {
		m.Headers[name] = strings.Join(all, "\n")
	}
	m.Subject = decodeHeader(plain["subject"])
	m.From = addressOf(plain["from"])
	m.Channel = plain[strings.ToLower(ChannelHeader)]
	p := &parser{mail: &m}
	p.part(part{
		contentType: plain["content-type"], encoding: plain["content-transfer-encoding"],
		disposition: plain["content-disposition"], body: body,
	}, 0)
	if p.parts == 1 && !strings.EqualFold(plain["content-transfer-encoding"], "base64") {
		// The line end that closes every mail is not part of its text.
		m.Text, m.HTML = strings.TrimSuffix(m.Text, "\n"), strings.TrimSuffix(m.HTML, "\n")
	}
	return m
}

type field struct {
	name  string
	value []byte
}

// splitHeaders cuts a mail at its first empty line and unfolds the fields before it.
// Lines that are no field are passed over.
func splitHeaders(raw []byte) (fields []field, body []byte) {
	open := false // the last line was a field, which may go on
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			return fields, raw
		}
		if line[0] == ' ' || line[0] == '\t' {
			if open {
				last := &fields[len(fields)-1]
				if len(last.value) > 0 {
					last.value = append(last.value, ' ')
				}
				last.value = append(last.value, bytes.TrimSpace(line)...)
			}
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		open = ok && isName(name)
		if open {
			fields = append(fields, field{string(name), bytes.Clone(bytes.TrimSpace(value))})
		}
	}
	return fields, nil
}

// isName: RFC 5322 3.6.8, printable ASCII without the colon.
func isName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(name) > 0
}

var words = mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return enc.NewDecoder().Reader(r), nil
}}

func decodeHeader(s string) string {
	if len(s) <= maxDecoded {
		if decoded, err := words.DecodeHeader(s); err == nil {
			s = decoded
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// addressOf is the address in a From header, or the header if there is none in it.
func addressOf(s string) string {
	p := netmail.AddressParser{WordDecoder: &words}
	if list, err := p.ParseList(s); err == nil && len(list) > 0 {
		return strings.ToValidUTF8(list[0].Address, "\uFFFD")
	}
	return decodeHeader(s)
}

// part is a body with the headers that say how to read it.
type part struct {
	contentType, encoding, disposition string
	body                               []byte
}

type parser struct {
	mail  *Mail
	parts int
}

// part takes a part, and all in it, into the mail: the first text, the first HTML,
// the rest as attachments.
func (p *parser) part(in part, depth int) {
	p.parts++
	kind, params, err := mime.ParseMediaType(in.contentType)
	if kind == "" || err != nil && kind != "text/html" {
		kind = "text/plain" // RFC 2045 5.2
	}
	if boundary := params["boundary"]; strings.HasPrefix(kind, "multipart/") && boundary != "" && depth < maxDepth {
		p.multipart(in.body, boundary, depth)
		return
	}
	body := decodeTransfer(in.encoding, in.body)
	disposition, dparams, _ := mime.ParseMediaType(in.disposition)
	name := dparams["filename"]
	if name == "" {
		name = params["name"]
	}
	switch {
	case disposition != "attachment" && kind == "text/plain" && p.mail.Text == "":
		p.mail.Text = decodeText(params["charset"], body)
	case disposition != "attachment" && kind == "text/html" && p.mail.HTML == "":
		p.mail.HTML = decodeText(params["charset"], body)
	default:
		p.mail.Attachments = append(p.mail.Attachments, Attachment{
			Name: decodeHeader(name), Type: strings.ToValidUTF8(kind, "\uFFFD"), Size: len(body),
		})
	}
}

func (p *parser) multipart(body []byte, boundary string, depth int) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for p.parts < maxParts {
		next, err := r.NextRawPart()
		if err != nil {
			return // the end, or what we can read of it
		}
		b, _ := io.ReadAll(next) // a part that breaks off is shown as far as it goes
		p.part(part{
			contentType: next.Header.Get("Content-Type"), encoding: next.Header.Get("Content-Transfer-Encoding"),
			disposition: next.Header.Get("Content-Disposition"), body: b,
		}, depth+1)
	}
}

// decodeTransfer undoes a content transfer encoding (RFC 2045 6); what is broken
// stays encoded.
func decodeTransfer(encoding string, body []byte) []byte {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		if b, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err == nil {
			return b
		}
	case "base64":
		// Decoders must pass over what is not in the alphabet.
		clean := bytes.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' {
				return r
			}
			return -1
		}, body)
		if b, err := base64.RawStdEncoding.DecodeString(string(clean)); err == nil {
			return b
		}
	}
	return body
}

// decodeText turns a body into UTF-8 with "\n" line ends.
func decodeText(charset string, body []byte) string {
	text := string(body)
	switch strings.ToLower(charset) {
	case "", "utf-8", "us-ascii", "ascii":
	default:
		if enc, err := htmlindex.Get(charset); err == nil {
			if decoded, err := enc.NewDecoder().String(text); err == nil {
				text = decoded
			}
		}
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(text, "\r\n", "\n")
}
