package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The README, word by word: its journey, its commands, its curl.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	journey := block(t, string(text), "journey hello")
	if n := strings.Count(strings.TrimSpace(strings.SplitN(journey, "journey hello", 2)[1]), "\n"); n > 15 {
		t.Errorf("the first journey has %d lines", n)
	}
	dir := filepath.Join(t.TempDir(), "hello")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "hello.journey"), []byte(journey), 0o644); err != nil {
		t.Fatal(err)
	}
	p := startDev(t, dir)
	if said := p.out.String(); !strings.Contains(said, `"traits":{"consent":{"email":true},"email":"ann@example.com"}`) {
		t.Errorf("the curl to paste names nobody who can be written to:\n%s", said)
	}
	curl := block(t, string(text), "curl -u dev:")
	curl = strings.ReplaceAll(curl, "http://127.0.0.1:8080", p.api)
	if out, err := exec.Command("sh", "-c", curl).CombinedOutput(); err != nil || !strings.Contains(string(out), `"success":true`) {
		t.Fatalf("%v\n%s", err, out)
	}
	mail := p.waitMails(1, 20*time.Second)[0]
	if mail.Subject != "Hello!" {
		t.Errorf("the mail says %q", mail.Subject)
	}
	if out, err := exec.Command("go", "run", "../journey", "check", dir).CombinedOutput(); err != nil {
		t.Errorf("journey check: %v\n%s", err, out)
	}
	for _, file := range regexp.MustCompile(`\]\(([^)#h][^)]*)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.Join("../..", file[1])); err != nil {
			t.Errorf("the README names %s: %v", file[1], err)
		}
	}
}

// block is the fenced block that holds a text.
func block(t *testing.T, text, has string) string {
	t.Helper()
	for _, m := range regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], has) {
			return m[1]
		}
	}
	t.Fatalf("no block with %q", has)
	return ""
}

// The link in a mail shows a page and, posted to, takes back the consent.
func TestUnsubscribe(t *testing.T) {
	p := startDev(t)
	p.post("/v1/track", track("ann", "Signed Up", nil, reachable("ann@example.com")))
	mail := p.waitMails(1, 10*time.Second)[0]
	link := regexp.MustCompile(`http://\S+/u/\S+`).FindString(mail.Text)
	if link == "" {
		t.Fatalf("no link in %s", mail.Text)
	}
	for _, c := range []struct {
		method, url string
		code        int
	}{
		{"GET", link, 200}, {"GET", link + "x", 404}, {"PUT", link, 405}, {"POST", link, 200},
	} {
		if code, text := request(t, c.method, c.url); code != c.code {
			t.Errorf("%s %s: %d %s", c.method, c.url, code, text)
		}
		v, err := p.profile("user_id:ann")
		if err != nil {
			t.Fatal(err)
		}
		if left := v.Consent["email"] == false; left != (c.method == "POST") {
			t.Errorf("after %s: consent %v", c.method, v.Consent)
		}
	}
}

// Who is known by nothing but an address can leave too, whatever traits are
// called on the wire.
func TestUnsubscribeByAddressAlone(t *testing.T) {
	dir := t.TempDir()
	source := `
trait email "contact.mail": email identifier
trait consent "opt_in": any
event ping
journey w { enter on ping
  once
  send hello
}
message hello via email { subject "hello" text "{{ unsubscribe_url }}" }
`
	if err := os.WriteFile(filepath.Join(dir, "w.journey"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	p := startDev(t, dir)
	p.post("/v1/track", `{"event": "ping", "context": {"traits": {"contact": {"mail": "ann@example.com"}, "opt_in": {"email": true}}}}`)
	mail := p.waitMails(1, 10*time.Second)[0]
	link := regexp.MustCompile(`http://\S+/u/\S+`).FindString(mail.Text)
	if code, text := request(t, "POST", link); code != 200 {
		t.Fatalf("POST %s: %d %s", link, code, text)
	}
	if v, err := p.profile("email:ann@example.com"); err != nil || v.Consent["email"] != false {
		t.Errorf("consent %+v, %v", v, err)
	}
}
