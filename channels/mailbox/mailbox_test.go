package mailbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// start opens a box in a folder ("" for memory) and serves it until the test ends.
func start(t *testing.T, dir string, options ...Option) (*Box, string) {
	t.Helper()
	b, err := Open(dir, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	addr, err := b.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return b, addr
}

func codeOf(err error) int {
	var e *textproto.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestStoresForEachKindOfBox(t *testing.T) {
	for name, dir := range map[string]string{"memory": "", "folder": filepath.Join(t.TempDir(), "a", "mailbox")} {
		t.Run(name, func(t *testing.T) {
			at := time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.FixedZone("", 8*3600))
			b, addr := start(t, dir, Now(func() time.Time { return at }))
			body := crlf("Subject: =?utf-8?b?5q2h6L+O?=\nFrom: Shop <header@example.com>\n\n.dot\n..two\n" + strings.Repeat("長", 3000) + "\n")
			if err := smtp.SendMail(addr, nil, "shop@example.com", []string{"ann@example.com", "bob@example.com"}, body); err != nil {
				t.Fatal(err)
			}
			if err := smtp.SendMail(addr, nil, "shop@example.com", []string{"cleo@example.com"}, crlf("\nsecond\n")); err != nil {
				t.Fatal(err)
			}
			list := b.List()
			if len(list) != 2 || list[0].ID >= list[1].ID || list[1].Text != "second" {
				t.Fatalf("newest last: %+v", list)
			}
			m := list[0]
			if !slices.Equal(m.To, []string{"ann@example.com", "bob@example.com"}) || m.From != "shop@example.com" ||
				m.Subject != "歡迎" || !strings.HasPrefix(m.Text, ".dot\n..two\n長長") || !m.ReceivedAt.Equal(at.Truncate(time.Millisecond)) {
				t.Errorf("mail %+v", m)
			}
			if raw, ok := b.Raw(m.ID); !ok || string(raw) != string(body) {
				t.Errorf("raw %t %.80q", ok, raw)
			}
			if _, ok := b.Get("nope"); ok {
				t.Error("a mail that is not there")
			}
		})
	}
}

func TestFolderIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	b, addr := start(t, dir)
	for i := range 3 {
		if err := smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, fmt.Appendf(nil, "\r\nmail %d\r\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	want := b.List()
	b.Close()
	for name, content := range map[string]string{"0000000009.tmp": "half", "notes.txt": "x", "0000000007.eml": "Subject: by hand\r\n\r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, addr = start(t, dir)
	got := b.List()
	if len(got) != 4 || got[0].Text != want[0].Text || !got[2].ReceivedAt.Equal(want[2].ReceivedAt) || got[3].Subject != "by hand" {
		t.Fatalf("after opening again: %+v", got)
	}
	if err := smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, []byte("\r\nnext\r\n")); err != nil {
		t.Fatal(err)
	}
	if m, ok := b.Get("0000000008"); !ok || m.Text != "next" {
		t.Errorf("the next id follows the last: %+v", b.List())
	}
	if _, err := os.Stat(filepath.Join(dir, "0000000009.tmp")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the half file stays: %v", err)
	}
	os.Remove(filepath.Join(dir, "0000000008.eml"))
	if got := b.List(); len(got) != 4 {
		t.Errorf("a deleted file is listed: %+v", got)
	}
}

func TestKeepAndWait(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		b, addr := start(t, dir, Keep(2))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		waited := make(chan error, 1)
		go func() { waited <- b.Wait(ctx, 2) }()
		for i := range 4 {
			if err := smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, fmt.Appendf(nil, "\r\nmail %d\r\n", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
		if got := b.List(); len(got) != 2 || got[1].Text != "mail 3" || b.Len() != 2 {
			t.Errorf("kept %+v", got)
		}
		if dir != "" {
			if files, _ := os.ReadDir(dir); len(files) != 2 {
				t.Errorf("files %v", files)
			}
		}
		short, cancel := context.WithCancel(context.Background())
		cancel()
		if err := b.Wait(short, 3); !errors.Is(err, context.Canceled) {
			t.Errorf("wait: %v", err)
		}
	}
}

func TestSizeLimit(t *testing.T) {
	b, addr := start(t, "", MaxBytes(1000))
	err := smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, []byte("\r\n"+strings.Repeat("x", 5000)))
	if codeOf(err) != 552 || b.Len() != 0 {
		t.Errorf("%v, %d mails", err, b.Len())
	}
}

func TestStoreFailureIsAnswered451(t *testing.T) {
	dir := t.TempDir()
	b, addr := start(t, dir)
	// The name that the mail's file needs is taken by a folder, which also root cannot write to.
	if err := os.Mkdir(filepath.Join(dir, "0000000001.tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, []byte("\r\nx")); codeOf(err) != 451 || b.Len() != 0 {
		t.Errorf("%v, %d mails", err, b.Len())
	}
	if err := smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, []byte("\r\nx")); err != nil {
		t.Errorf("the next: %v", err)
	}
}

func TestFaults(t *testing.T) {
	b, addr := start(t, "")
	send := func() error {
		return smtp.SendMail(addr, nil, "s@example.com", []string{"ann@example.com", "bob@example.com"}, []byte("Subject: x\r\n\r\nbody\r\n"))
	}
	tests := []struct {
		name   string
		stage  Stage
		fault  Fault
		code   int
		stored int
	}{
		{"none", AtReply, Fault{}, 250, 1},
		{"delay", AtReply, Fault{Delay: time.Millisecond}, 250, 1},
		{"550 at RCPT", AtRcpt, Fault{Code: 550, Text: "no such user"}, 550, 0},
		{"drop at RCPT", AtRcpt, Fault{Drop: true}, 0, 0},
		{"451 at DATA", AtData, Fault{Code: 451}, 451, 0},
		{"drop at DATA", AtData, Fault{Drop: true}, 0, 0},
		{"451 at the reply", AtReply, Fault{Code: 451}, 451, 0},
		{"554 but stored", AtReply, Fault{Code: 554, Store: true}, 554, 1},
		{"drop before the reply", AtReply, Fault{Drop: true}, 0, 0},
		{"drop before the reply, stored", AtReply, Fault{Drop: true, Store: true}, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := b.Len()
			b.SetFaults(func(a Attempt) Fault {
				if a.Stage == AtReply && (len(a.To) != 2 || Parse(a.Raw).Subject != "x") {
					t.Errorf("attempt %+v", a)
				}
				if a.Stage == tt.stage && a.To[len(a.To)-1] == "bob@example.com" {
					return tt.fault
				}
				return Fault{}
			})
			defer b.SetFaults(nil)
			err := send()
			if tt.code == 250 != (err == nil) || tt.code != 250 && codeOf(err) != tt.code {
				t.Errorf("%v", err)
			}
			if got := b.Len() - before; got != tt.stored {
				t.Errorf("%d stored, want %d", got, tt.stored)
			}
		})
	}
}

func TestCloseEndsDelaysAndListeners(t *testing.T) {
	b, addr := start(t, "")
	entered := make(chan struct{})
	b.SetFaults(func(a Attempt) Fault { close(entered); return Fault{Delay: time.Hour} })
	sent := make(chan error, 1)
	go func() { sent <- smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, []byte("\r\nx")) }()
	<-entered
	b.Close()
	if err := <-sent; err == nil {
		t.Error("a closed mailbox took a mail")
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("it still listens")
	}
	if _, err := b.Start("127.0.0.1:0"); !errors.Is(err, net.ErrClosed) {
		t.Errorf("start after close: %v", err)
	}
	b.Close()
}

// childDir names the folder that a child process of TestKill serves.
const childDir = "MAILBOX_TEST_CHILD_DIR"

// serveUntilKilled is the child: it prints its address and waits for the end.
func serveUntilKilled(dir string) {
	b, err := Open(dir)
	if err == nil {
		var addr string
		if addr, err = b.Start("127.0.0.1:0"); err == nil {
			fmt.Println(addr)
			_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent, should it die first
		}
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestKill kills the server with mails on their way. Whatever it had answered with
// 250 must be in the folder, whole, and once.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	sent := 0
	for round := range 5 {
		after := len(acknowledged) + 1 + random.IntN(60)
		serveAndKill(t, dir, func(addr string, kill func()) {
			var senders sync.WaitGroup
			for sender := range 4 {
				senders.Go(func() {
					for i := 0; ; i++ {
						id := fmt.Sprintf("%d-%d-%d", round, sender, i)
						body := fmt.Sprintf("X-ID: %s\r\n\r\n%s\r\nend\r\n", id, strings.Repeat(id+" ", 500))
						mu.Lock()
						sent++
						mu.Unlock()
						if smtp.SendMail(addr, nil, "s@example.com", []string{"a@example.com"}, []byte(body)) != nil {
							return
						}
						mu.Lock()
						acknowledged[id] = true
						now := len(acknowledged) >= after
						mu.Unlock()
						if now {
							kill()
						}
					}
				})
			}
			senders.Wait()
		})
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, m := range b.List() {
		id := m.Header("X-ID")
		seen[id]++
		if want := strings.Repeat(id+" ", 500) + "\nend"; id == "" || m.Text != want || len(m.To) != 1 || m.ReceivedAt.IsZero() {
			t.Errorf("mail %s of id %q is not whole: %d bytes", m.ID, id, len(m.Text))
		}
	}
	for id := range acknowledged {
		if seen[id] == 0 {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
	t.Logf("%d sent, %d acknowledged, %d stored", sent, len(acknowledged), len(seen))
}

// serveAndKill runs a child on the folder while use runs, and kills it when use asks.
func serveAndKill(t *testing.T, dir string, use func(addr string, kill func())) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	use(strings.TrimSpace(addr), func() { cmd.Process.Kill() })
}

func BenchmarkStore(b *testing.B) {
	for name, dir := range map[string]string{"memory": "", "folder": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			box, err := Open(dir)
			if err != nil {
				b.Fatal(err)
			}
			raw := []byte(strings.Repeat("x", 2000))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := box.store("s@example.com", []string{"a@example.com"}, raw); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
