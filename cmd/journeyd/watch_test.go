package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A saved workspace goes live for new entries; a wrong one is reported and
// the last good one stays.
func TestSavedWorkspaceGoesLive(t *testing.T) {
	dir := workspace(t, "journey w {\n enter on ping\n again after exit\n send hello\n}\nmessage hello via email { subject \"one\" text \"1\" }\n")
	p := startDev(t, dir)
	save := func(old, new string) {
		t.Helper()
		file := filepath.Join(dir, "w.journey")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	said := func(want string) {
		t.Helper()
		eventually(t, 20*time.Second, want, func() error {
			if !strings.Contains(p.out.String(), want) {
				return fmt.Errorf("it says %s", p.out)
			}
			return nil
		})
	}
	ping := func(n int, subject string) {
		t.Helper()
		p.post("/v1/track", track("ann", "ping", map[string]any{"n": n}, reachable("ann@example.com")))
		if mails := p.waitMails(n, 10*time.Second); mails[n-1].Subject != subject {
			t.Errorf("mail %d says %q, want %q", n, mails[n-1].Subject, subject)
		}
	}
	ping(1, "one")
	save(`"one"`, `"two"`)
	said("release 2 is live (1 journey)")
	ping(2, "two")
	save("send hello", "sned hello")
	said("the last good release stays live")
	said("did you mean send?")
	ping(3, "two")
	save(`"two"`, `"three"`)
	save("sned hello", "send hello")
	said("release 3 is live")
	ping(4, "three")
}
