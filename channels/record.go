package channels

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// TextChannels are the channels of short messages to people: each needs a
// provider of its own.
var TextChannels = []string{"sms", "push", "line"}

// NewText makes the provider of a channel of short messages from what a
// configuration names: "file:PATH" writes them down there, one JSON object a
// line, for tries before a real provider is named.
func NewText(spec string) (Provider, error) {
	path, ok := strings.CutPrefix(spec, "file:")
	if !ok || path == "" {
		return nil, fmt.Errorf("a provider is file:PATH, not %q", spec)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	r := &file{f: f}
	return &recorder{write: r.write, Closer: f}, nil
}

// Record is a provider that has messages written down instead of sent. When
// write fails, whether it was is uncertain. It may be called from several
// goroutines.
func Record(write func(Message) error) Provider {
	return &recorder{write: write, Closer: io.NopCloser(nil)}
}

type recorder struct {
	write func(Message) error
	io.Closer
}

// Prepare takes every message that has an address.
func (r *recorder) Prepare(_ context.Context, m Message) (Delivery, error) {
	if m.To == "" {
		return nil, permanent("no address", "the message has no address")
	}
	return &recording{deliver: sync.OnceValue(func() Result {
		if err := r.write(m); err != nil {
			return Result{Code: "record lost", Detail: err.Error()}
		}
		return Result{Outcome: Sent, Code: "recorded"}
	})}, nil
}

// recording is a message on its way to be written down.
type recording struct{ deliver func() Result }

func (d *recording) Deliver(context.Context) Result { return d.deliver() }

func (d *recording) Abandon() {}

// file is where messages are written down.
type file struct {
	mu sync.Mutex
	f  *os.File
}

// write returns when the line is on the disk.
func (r *file) write(m Message) error {
	line, err := json.Marshal(struct {
		Key     string `json:"key"`
		Channel string `json:"channel"`
		Message string `json:"message"`
		To      string `json:"to"`
		Subject string `json:"subject,omitempty"`
		Text    string `json:"text"`
	}{m.Key, m.Channel, m.Name, m.To, m.Subject, m.Text})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.f.Write(append(line, '\n')); err != nil {
		return err
	}
	return r.f.Sync()
}

var (
	_ Provider  = (*recorder)(nil)
	_ io.Closer = (*recorder)(nil)
)
