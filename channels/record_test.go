package channels

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// What a recording provider takes stands in its file, a line each, whole also
// when many come at once; a second Deliver writes nothing.
func TestRecordingProvider(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sms.jsonl")
	p, err := NewText("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			d, err := p.Prepare(context.Background(), Message{Key: "r.1/2/1", Channel: "sms", Name: "tip", To: "+886912345678", Text: "茶 \n好"})
			if err != nil {
				t.Error(err)
				return
			}
			first, again := d.Deliver(context.Background()), d.Deliver(context.Background())
			if first.Outcome != Sent || again != first {
				t.Errorf("%v, then %v", first, again)
			}
		})
	}
	all.Wait()
	if err := (Set{"sms": p}).Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat(`{"key":"r.1/2/1","channel":"sms","message":"tip","to":"+886912345678","text":"茶 \n好"}`+"\n", 20)
	if string(text) != want {
		t.Errorf("the file holds\n%s", text)
	}
	if _, err := p.Prepare(context.Background(), Message{Key: "k", Channel: "sms"}); !IsPermanent(err) {
		t.Errorf("without an address: %v", err)
	}
	for _, spec := range []string{"", "file:", "twilio", "file:/no/such/folder/x"} {
		if _, err := NewText(spec); err == nil {
			t.Errorf("%q is a provider", spec)
		}
	}
}
