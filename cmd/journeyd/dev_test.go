package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The first five minutes: the printed curl brings a mail.
func TestPastedCurlBringsAMail(t *testing.T) {
	p := startDev(t)
	said := p.out.String()
	if n := len(lines(said)); n > 15 {
		t.Errorf("%d lines are printed, at most 15 are wanted:\n%s", n, said)
	}
	for _, want := range []string{"write key dev", "/dev/mailbox", "Temporal", "in memory only", "curl -u dev: " + p.api} {
		if !strings.Contains(said, want) {
			t.Errorf("the start does not say %q:\n%s", want, said)
		}
	}
	at := strings.Index(said, "curl ")
	out, err := exec.Command("sh", "-c", said[at:]).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"success":true`) {
		t.Fatalf("the pasted curl: %v\n%s", err, out)
	}
	mail := p.waitMails(1, 5*time.Second)[0]
	if len(mail.To) != 1 || !strings.Contains(mail.To[0], "@") || mail.Subject == "" || mail.HTML == "" || mail.Text == "" {
		t.Errorf("a strange mail: %+v", mail)
	}
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d after SIGTERM: %s", code, p.errs)
	}
}

// Ready within two seconds, on an empty folder: a machine that has nothing
// else to do takes no longer than the processor is busy, which does not depend
// on what else it has to do.
func TestStartIsQuick(t *testing.T) {
	p := startDev(t, "--data", t.TempDir())
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell the time of a process")
	}
	var user, system int // in hundredths of a second, behind the name in brackets
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	if used := time.Duration(user+system) * 10 * time.Millisecond; used > time.Second {
		t.Errorf("the start took %s of the processor", used)
	} else {
		t.Logf("the start took %s of the processor", used)
	}
}

// A run goes on over kill -9, for both kinds of Redis.
func TestKilledInAWaitGoesOn(t *testing.T) {
	for _, kind := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			ws := workspace(t, `
journey w {
  enter on ping
  once
  send first
  wait 5 seconds
  send second
}
message first via email { subject "first" text "1" }
message second via email { subject "second" text "2" }
`)
			p := startDev(t, ws, "--data", dir, "--redis", kind)
			p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
			p.waitMails(1, 10*time.Second)
			p.kill()
			p = startDev(t, ws, "--data", dir, "--redis", kind)
			mails := p.waitMails(2, 75*time.Second) // a task that died with its worker runs out first
			if mails[1].Subject != "second" {
				t.Errorf("got %q", mails[1].Subject)
			}
			eventually(t, 10*time.Second, "the run has ended", func() error {
				v, err := p.profile("user_id:ann")
				if err == nil && (len(v.Runs) != 1 || v.Runs[0].State != "ended") {
					err = fmt.Errorf("runs: %+v", v.Runs)
				}
				return err
			})
			if mails, err := p.mails(); err != nil || len(mails) != 2 {
				t.Errorf("%d mails, %v", len(mails), err)
			}
		})
	}
}

// kinds are the kinds of Redis that can run here.
func kinds(t *testing.T) []string {
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Log("no redis-server on the PATH: the in-process Redis alone")
		return []string{"inprocess"}
	}
	return []string{"server", "inprocess"}
}

// workspace is a folder with a small workspace: declarations that most tests
// need, and what is given.
func workspace(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "w.journey"), []byte(declarations+source), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

const declarations = `
workspace { timezone "Asia/Taipei" }
trait email: email identifier
trait name: text
event ping { n: number optional }
event stop
`

// What is used wrongly is answered in one clear line.
func TestWrongUse(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	locked := t.TempDir()
	startDev(t, "--data", locked)
	wrong := workspace(t, "journey w { enter on pinng\n once\n exit }\n")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"dev", shop, "--sped", "2"}, 2, "unknown flag: --sped"},
		{[]string{"dev"}, 2, "journeyd dev DIR"},
		{[]string{}, 2, "journeyd dev DIR"},
		{[]string{"serv"}, 2, "did you mean serve?"},
		{[]string{"serve", "shop"}, 2, "no arguments"},
		{[]string{"dev", shop, "--temporal", "somewhere"}, 2, "host:port"},
		{[]string{"dev", shop, "--listen", "127.0.0.1:0", "--redis", "somewhere"}, 1, "no URL"},
		{[]string{"dev", "no/such/folder"}, 2, `there is no folder "no/such/folder"`},
		{[]string{"dev", shop, "--speed", "abc"}, 2, `--speed: "abc" is no number (`},
		{[]string{"dev", shop, "--speed", "0"}, 2, "--speed 0"},
		{[]string{"dev", shop, "--listen", busy.Addr().String()}, 1, "address already in use"},
		{[]string{"dev", shop, "--listen", "0.0.0.0:0"}, 2, "this machine only"},
		{[]string{"dev", shop, "--listen", "127.0.0.1:0", "--data", locked}, 1, locked},
		{[]string{"dev", wrong}, 3, "pinng"},
		{[]string{"dev", shop, "--listen", "127.0.0.1:0", "--smtp", "http://x"}, 2, "smtp"},
		{[]string{"serve"}, 2, "set JOURNEY_ADMIN_KEY, JOURNEY_REDIS, JOURNEY_TEMPORAL"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			code, out, errs := exits(t, c.args...)
			if code != c.code || !strings.Contains(errs, c.want) || out != "" {
				t.Errorf("exit %d, want %d; stdout %q; stderr %q, want %q in it", code, c.code, out, errs, c.want)
			}
			if n := len(lines(errs)); n != 1 && c.code != 3 {
				t.Errorf("%d lines instead of one:\n%s", n, errs)
			}
		})
	}
}

// Another speed on the same data is refused in one line.
func TestSpeedStays(t *testing.T) {
	dir := t.TempDir()
	p := startDev(t, "--data", dir, "--speed", "100")
	if code := p.end(); code != 0 {
		t.Fatalf("exit %d", code)
	}
	code, _, errs := exits(t, "dev", shop, "--listen", "127.0.0.1:0", "--data", dir, "--speed", "50")
	if code != 1 || !strings.Contains(errs, "speed 100") || len(lines(errs)) != 1 {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// A fast clock makes days seconds, on the real engine.
func TestFastClock(t *testing.T) {
	p := startDev(t, workspace(t, `
journey w {
  enter on ping
  once
  wait 2 days
  send hello
}
message hello via email { subject "hello" text "two days later" }
`), "--speed", "43200")
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	p.waitMails(1, 15*time.Second)
}
