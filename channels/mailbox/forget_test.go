package mailbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What went to somebody goes, in memory and from the folder, and the rest
// stays, also for a box that is opened later.
func TestForget(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		b, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []Short{
			{Key: "a", Channel: "email", To: "Ann@example.com", Text: "secret one"},
			{Key: "b", Channel: "sms", To: "+886912345678", Text: "secret two"},
			{Key: "c", Channel: "email", To: "bob@example.com", Text: "stays"},
		} {
			if err := b.Record(m); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // a repeat is harmless
			if err := b.Forget(context.Background(), nil, []string{"ann@example.com", "+886912345678", "ann"}); err != nil {
				t.Fatal(err)
			}
		}
		if l := b.List(); len(l) != 1 || l[0].To[0] != "bob@example.com" {
			t.Errorf("left are %+v", l)
		}
		if dir == "" {
			continue
		}
		_ = b.Close()
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, f := range files {
			if data, _ := os.ReadFile(f); strings.Contains(string(data), "secret") {
				t.Errorf("%s still has it", filepath.Base(f))
			}
		}
		if b, err = Open(dir); err != nil || b.Len() != 1 {
			t.Errorf("opened again: %d mails, %v", b.Len(), err)
		}
	}
}
