package mailbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// envelope is what a mail's bytes do not tell.
type envelope struct {
	From       string    `json:"from"`
	To         []string  `json:"to"`
	ReceivedAt time.Time `json:"received_at"`
}

// entry is a mail in the list. Its bytes are in memory, or in the file named after
// its id.
type entry struct {
	id  string
	env envelope // in memory only
	raw []byte   // in memory only

	mu   sync.Mutex
	head *Mail // once parsed: without bodies, for the page's list
}

const (
	mailSuffix     = ".eml"
	tempSuffix     = ".tmp"
	envelopeHeader = "X-Mailbox-Envelope: "
)

// load reads the list of a folder. Files half written by a process that died were
// never acknowledged: they are removed.
func (b *Box) load() error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(b.dir) // sorted by name, which is by id
	if err != nil {
		return err
	}
	for _, f := range files {
		name := f.Name()
		if strings.HasSuffix(name, tempSuffix) {
			if err := os.Remove(filepath.Join(b.dir, name)); err != nil {
				return err
			}
		}
		id, ok := strings.CutSuffix(name, mailSuffix)
		var n int
		if _, err := fmt.Sscanf(id, "%d", &n); !ok || err != nil || idOf(n) != id {
			continue
		}
		b.entries = append(b.entries, &entry{id: id})
		b.lastID = n
	}
	return nil
}

func idOf(n int) string { return fmt.Sprintf("%010d", n) }

// store keeps a mail. It returns after the mail is as safe as it will get.
func (b *Box) store(from string, to []string, raw []byte) error {
	b.mu.Lock()
	b.lastID++
	e := &entry{id: idOf(b.lastID)}
	env := envelope{From: from, To: to, ReceivedAt: b.now().UTC().Truncate(time.Millisecond)}
	b.mu.Unlock()
	if b.dir == "" {
		e.env, e.raw = env, bytes.Clone(raw) // without the slack of reading
	} else if err := b.write(e.id, env, raw); err != nil {
		return err
	}
	b.insert(e)
	return nil
}

// write puts a mail into its file: under another name first, so that a file with a
// mail's name is a whole mail.
func (b *Box) write(id string, env envelope, raw []byte) (err error) {
	head, err := json.Marshal(env)
	if err != nil {
		return err
	}
	temp := filepath.Join(b.dir, id+tempSuffix)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(temp)
		}
	}()
	var buf bytes.Buffer
	buf.Grow(len(envelopeHeader) + len(head) + 2 + len(raw))
	buf.WriteString(envelopeHeader)
	buf.Write(head)
	buf.WriteString("\r\n")
	buf.Write(raw)
	if _, err = f.Write(buf.Bytes()); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(temp, filepath.Join(b.dir, id+mailSuffix)); err != nil {
		return err
	}
	return syncDir(b.dir)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// remove deletes what Keep does not keep.
func (b *Box) remove(e *entry) {
	if b.dir != "" {
		os.Remove(filepath.Join(b.dir, e.id+mailSuffix)) // if it stays, it is listed again after a restart
	}
}

// bytes is an entry's envelope and mail.
func (b *Box) bytes(e *entry) (envelope, []byte, error) {
	if b.dir == "" {
		return e.env, e.raw, nil
	}
	file, err := os.ReadFile(filepath.Join(b.dir, e.id+mailSuffix))
	if err != nil {
		return envelope{}, nil, err
	}
	var env envelope
	line, raw, ok := bytes.Cut(file, []byte("\r\n"))
	line, named := bytes.CutPrefix(line, []byte(envelopeHeader))
	if !ok || !named || json.Unmarshal(line, &env) != nil {
		return envelope{}, file, nil // a mail put here by hand
	}
	return env, raw, nil
}

// read parses an entry; false if its file is gone.
func (b *Box) read(e *entry) (Mail, bool) {
	env, raw, err := b.bytes(e)
	if err != nil {
		return Mail{}, false
	}
	m := Parse(raw)
	m.ID, m.ReceivedAt, m.To = e.id, env.ReceivedAt, env.To
	if env.From != "" {
		m.From = env.From
	}
	if m.To == nil {
		m.To = []string{}
	}
	return m, true
}

// headOf is an entry without its bodies, but with the beginning of its text. It is
// parsed once.
func (b *Box) headOf(e *entry) (Mail, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.head == nil {
		m, ok := b.read(e)
		if !ok {
			return Mail{}, false
		}
		if m.Text == "" {
			m.Text = html.UnescapeString(markup.ReplaceAllString(m.HTML, " "))
		}
		m.Text, m.HTML, m.Headers = strings.Clone(snippet(m.Text)), "", nil
		e.head = &m
	}
	return *e.head, true
}

// markup is what of an HTML body is not its words; good enough for a snippet.
var markup = regexp.MustCompile(`(?is)<(style|script|title)\b.*?</(style|script|title)>|<[^>]*>`)

// snippet is the first words of a text, on one line.
func snippet(text string) string {
	const most = 140
	var b strings.Builder
	for _, word := range strings.Fields(text[:min(len(text), 4*most)]) {
		if b.Len()+len(word) >= most {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	if b.Len() == 0 { // one long word, as in a language without spaces
		runes := []rune(strings.ToValidUTF8(text[:min(len(text), most)], ""))
		return string(runes)
	}
	return b.String()
}
