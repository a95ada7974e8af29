package mailbox

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
)

// ChannelHeader names the channel of a message that came by another way than
// mail; mails have none.
const ChannelHeader = "X-Journey-Channel"

// Short is a message of another channel than mail.
type Short struct {
	Key     string // of its send
	Channel string // sms, push, line
	To      string
	Subject string // a push has one
	Text    string
}

// Record keeps a short message beside the mails, as safely as them.
func (b *Box) Record(m Short) error { return b.store(m.Channel, []string{m.To}, m.mail()) }

// mail is the message written like a mail, which is what a box holds.
func (m Short) mail() []byte {
	var b bytes.Buffer
	for _, h := range [][2]string{{ChannelHeader, m.Channel}, {"From", m.Channel}, {"To", m.To}, {"Subject", m.Subject}, {"Message-ID", "<" + m.Key + "@journey>"}} {
		if h[1] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", h[0], mime.BEncoding.Encode("utf-8", h[1]))
		}
	}
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString(strings.ReplaceAll(strings.ReplaceAll(m.Text, "\r\n", "\n"), "\n", "\r\n"))
	b.WriteString("\r\n")
	return b.Bytes()
}
