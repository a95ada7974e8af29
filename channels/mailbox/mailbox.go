package mailbox

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// Mail is a mail as people and tests see it.
type Mail struct {
	ID string `json:"id"`
	// Channel is that of a message kept by [Box.Record]; "" for a mail.
	Channel string `json:"channel,omitempty"`
	// To are the recipients of the envelope, each an address alone.
	To []string `json:"to"`
	// From is the sender's address, of the envelope, or of the From header if the
	// envelope has none.
	From    string `json:"from"`
	Subject string `json:"subject"`
	// Text and HTML are the first bodies of their kind, decoded, with "\n" line ends.
	Text string `json:"text"`
	HTML string `json:"html"`
	// Headers are decoded, under the names they were sent with; the values of a
	// repeated one are joined by a line break.
	Headers     map[string]string `json:"headers"`
	ReceivedAt  time.Time         `json:"received_at"`
	Attachments []Attachment      `json:"attachments,omitempty"`
}

// Attachment is a part of a mail that is not its text; Size is in bytes.
type Attachment struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"`
}

// Header is the value of a header whatever its case, "" when there is none.
func (m Mail) Header(name string) string {
	for k, v := range m.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// Option changes a box when it is opened.
type Option func(*Box)

// Now sets the clock of received_at; real time without it.
func Now(now func() time.Time) Option { return func(b *Box) { b.now = now } }

// Keep removes the oldest mails beyond the newest n. Without it all are kept.
func Keep(n int) Option { return func(b *Box) { b.keep = n } }

// MaxBytes is the size of the largest mail that is taken; 25 MiB without it.
func MaxBytes(n int64) Option { return func(b *Box) { b.server.MaxMessageBytes = n } }

// Box is a mailbox. All methods may be called from several goroutines.
type Box struct {
	dir    string // "" for memory
	now    func() time.Time
	keep   int
	server *smtp.Server
	faults atomic.Pointer[func(Attempt) Fault]
	opened int64 // tells this box's versions from those of an earlier process

	mu        sync.Mutex
	entries   []*entry // by id
	lastID    int
	version   int           // raised with each change of the list
	changed   chan struct{} // closed at the next change
	listeners []net.Listener
	closed    bool

	done chan struct{}  // closed by Close: ends what waits
	busy sync.WaitGroup // listeners, and mails being stored
}

// Open opens the mailbox in a folder, which it makes if need be, with the mails it
// holds; with dir "" mails live in memory. A folder must be opened by one process at
// a time. It does not listen yet: see [Box.Start] and [Box.Serve].
func Open(dir string, options ...Option) (*Box, error) {
	b := &Box{dir: dir, now: time.Now, changed: make(chan struct{}), done: make(chan struct{}), opened: time.Now().UnixNano()}
	b.server = newServer(b)
	for _, o := range options {
		o(b)
	}
	if dir != "" {
		if err := b.load(); err != nil {
			return nil, fmt.Errorf("mailbox %s: %w", dir, err)
		}
	}
	return b, nil
}

// Start listens on a TCP address like "127.0.0.1:0" and serves in the background
// until Close. It answers the address in use.
func (b *Box) Start(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("mailbox: %w", err)
	}
	if err := b.add(l); err != nil {
		return "", err
	}
	go func() {
		defer b.busy.Done()
		_ = b.server.Serve(l) // ends with Close; until then a failing accept is its clients' trouble
	}()
	return l.Addr().String(), nil
}

// Serve serves mail on a listener until Close, and closes it.
func (b *Box) Serve(l net.Listener) error {
	if err := b.add(l); err != nil {
		return err
	}
	defer b.busy.Done()
	return b.server.Serve(l)
}

func (b *Box) add(l net.Listener) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		l.Close()
		return fmt.Errorf("mailbox: %w", net.ErrClosed)
	}
	b.listeners = append(b.listeners, l)
	b.busy.Add(1)
	return nil
}

// Addr is the address of the first listener, "" before there is one.
func (b *Box) Addr() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.listeners) == 0 {
		return ""
	}
	return b.listeners[0].Addr().String()
}

// Close stops listening, drops connections, and returns when the mails being
// stored are stored. The list can still be read.
func (b *Box) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	listeners := b.listeners
	close(b.done)
	b.mu.Unlock()
	_ = b.server.Close()
	for _, l := range listeners {
		_ = l.Close() // those that Serve has not seen yet
	}
	b.busy.Wait()
	return nil
}

// List is all mails, the newest last.
func (b *Box) List() []Mail { return b.newest(-1) }

// newest is the last n mails, all when n is negative, the newest last.
func (b *Box) newest(n int) []Mail {
	entries, _ := b.snapshot()
	if n >= 0 && n < len(entries) {
		entries = entries[len(entries)-n:]
	}
	mails := make([]Mail, 0, len(entries))
	for _, e := range entries {
		if m, ok := b.read(e); ok {
			mails = append(mails, m)
		}
	}
	return mails
}

// snapshot is the entries, and the tag of this state of the list.
func (b *Box) snapshot() ([]*entry, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.entries), fmt.Sprintf(`"%x-%x"`, b.opened, b.version)
}

// Len is the number of mails.
func (b *Box) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entries)
}

// Get is the mail with an id.
func (b *Box) Get(id string) (Mail, bool) {
	if e := b.find(id); e != nil {
		return b.read(e)
	}
	return Mail{}, false
}

// Raw is a mail as it came.
func (b *Box) Raw(id string) ([]byte, bool) {
	if e := b.find(id); e != nil {
		_, raw, err := b.bytes(e)
		return raw, err == nil
	}
	return nil, false
}

func (b *Box) find(id string) *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, ok := slices.BinarySearchFunc(b.entries, id, func(e *entry, id string) int { return strings.Compare(e.id, id) })
	if !ok {
		return nil
	}
	return b.entries[i]
}

// Wait returns when the box holds at least n mails, or with the error of ctx.
func (b *Box) Wait(ctx context.Context, n int) error {
	for {
		b.mu.Lock()
		have, changed := len(b.entries), b.changed
		b.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("mailbox: %d of %d mails: %w", have, n, ctx.Err())
		}
	}
}

// insert adds a stored mail to the list, at its place.
func (b *Box) insert(e *entry) {
	b.mu.Lock()
	i := len(b.entries)
	for i > 0 && b.entries[i-1].id > e.id { // another connection was faster
		i--
	}
	b.entries = slices.Insert(b.entries, i, e)
	var old []*entry
	if b.keep > 0 && len(b.entries) > b.keep {
		n := len(b.entries) - b.keep
		old = slices.Clone(b.entries[:n])
		b.entries = slices.Delete(b.entries, 0, n)
	}
	b.version++
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
	for _, e := range old {
		b.remove(e)
	}
}
