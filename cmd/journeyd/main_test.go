package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"journey/channels/mailbox"
	"journey/profiles"
)

// The test binary is journeyd itself when it is told so: tests start real
// processes and kill them.
func TestMain(m *testing.M) {
	if os.Getenv("JOURNEYD_TEST_CHILD") != "" {
		nameBuild()
		passed = witness(os.Getenv(envTrail), os.Getenv(envKillAt))
		os.Exit(run(os.Args[1:]))
	}
	flag.Parse()
	manyAtOnce()
	os.Exit(m.Run())
}

// shop is the example workspace.
var shop = filepath.Join("..", "..", "examples", "shop")

// process is a running journeyd.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	api  string
	keys [2]string // to write, and the administrator's
	out  *output
	errs *output
	done chan struct{} // closed when it has ended
	err  error
}

// output collects what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// newProcess is a journeyd that is not started yet.
func newProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, keys: [2]string{"dev", "admin"}, out: &output{}, errs: &output{}, done: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], args...)
	p.cmd.Env = append(os.Environ(), "JOURNEYD_TEST_CHILD=1")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.errs
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return p
}

func (p *process) start() {
	p.t.Helper()
	for i, arg := range p.cmd.Args[1:] {
		if arg == "--data" {
			endRedisOf(p.t, p.cmd.Args[i+2])
		}
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	p.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
}

// endRedisOf ends the redis-server that a killed `journeyd dev` has left on
// its folder, when the test is over: killed, it cannot take it along, and one that
// is started on the folder would go on with it.
func endRedisOf(t *testing.T, data string) {
	t.Cleanup(func() {
		text, err := os.ReadFile(filepath.Join(data, "redis", "redis.pid"))
		if err != nil {
			return
		}
		var pid int
		if _, err := fmt.Sscan(string(text), &pid); err != nil || pid <= 1 {
			return
		}
		if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && strings.HasPrefix(cwd, data) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
}

var apiLine = regexp.MustCompile(`API\s+(http://\S+)|serves on (\S+),`)

// ready waits until the process serves.
func (p *process) ready() *process {
	p.t.Helper()
	eventually(p.t, time.Minute, "journeyd is ready", func() error {
		select {
		case <-p.done:
			p.t.Fatalf("journeyd has ended: %v\n%s%s", p.err, p.out, p.errs)
		default:
		}
		m := apiLine.FindStringSubmatch(p.out.String())
		if m == nil {
			return fmt.Errorf("no address yet: %s", p.errs)
		}
		p.api = m[1]
		if p.api == "" {
			p.api = "http://" + m[2]
		}
		res, err := http.Get(p.api + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != 200 {
			return fmt.Errorf("readyz says %d", res.StatusCode)
		}
		return nil
	})
	return p
}

// startDev starts `journeyd dev` on any free port.
func startDev(t *testing.T, args ...string) *process {
	t.Helper()
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		args = append([]string{shop}, args...)
	}
	p := newProcess(t, append([]string{"dev", "--listen", "127.0.0.1:0"}, args...)...)
	p.start()
	return p.ready()
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// end sends SIGTERM and waits for the exit code.
func (p *process) end() int {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	return p.ended()
}

// ended waits for the exit code of a process that was told to end.
func (p *process) ended() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(35 * time.Second):
		p.t.Fatal("journeyd does not end after SIGTERM")
	}
	return p.cmd.ProcessState.ExitCode()
}

// exits runs a journeyd that is expected to end by itself.
func exits(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := newProcess(t, args...)
	p.start()
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		t.Fatalf("journeyd %s does not end", strings.Join(args, " "))
	}
	return p.cmd.ProcessState.ExitCode(), p.out.String(), p.errs.String()
}

// eventually waits for a condition with a deadline.
func eventually(t *testing.T, within time.Duration, what string, ok func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, within, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// post posts a call and wants 200.
func (p *process) post(path string, body any) {
	p.t.Helper()
	if code, text, err := p.try(path, body); err != nil || code != 200 {
		p.t.Fatalf("POST %s: %d %s %v\n%s", path, code, text, err, p.errs)
	}
}

// try posts a call.
func (p *process) try(path string, body any) (int, string, error) {
	data, err := json.Marshal(body)
	if s, ok := body.(string); ok {
		data, err = []byte(s), nil
	}
	if err != nil {
		return 0, "", err
	}
	req, err := http.NewRequest(http.MethodPost, p.api+path, bytes.NewReader(data))
	if err != nil {
		return 0, "", err
	}
	req.SetBasicAuth(p.keys[0], "")
	return do(req)
}

// do sends a request and reads the answer, within ten seconds.
func do(req *http.Request) (int, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(req.WithContext(ctx))
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), err
}

// mails is the mailbox.
func (p *process) mails() ([]mailbox.Mail, error) {
	req, err := http.NewRequest(http.MethodGet, p.api+mailbox.Mount, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	code, text, err := do(req)
	if err != nil || code != 200 {
		return nil, fmt.Errorf("mailbox: %d %v", code, err)
	}
	var list []mailbox.Mail
	return list, json.Unmarshal([]byte(text), &list)
}

// waitMails waits for a number of mails.
func (p *process) waitMails(n int, within time.Duration) []mailbox.Mail {
	p.t.Helper()
	var list []mailbox.Mail
	eventually(p.t, within, fmt.Sprintf("%d mails", n), func() (err error) {
		if list, err = p.mails(); err == nil && len(list) < n {
			err = fmt.Errorf("%d so far; %s", len(list), p.errs)
		}
		return err
	})
	return list
}

// profile is a profile, by reference.
func (p *process) profile(ref string) (*profiles.View, error) {
	req, err := http.NewRequest(http.MethodGet, p.api+"/v1/profiles/"+ref, nil)
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(p.keys[1], "")
	code, text, err := do(req)
	if err != nil || code != 200 {
		return nil, fmt.Errorf("profile: %d %s %v", code, text, err)
	}
	var v profiles.View
	return &v, json.Unmarshal([]byte(text), &v)
}

// track is a track call.
func track(user, event string, props map[string]any, traits map[string]any) map[string]any {
	call := map[string]any{"userId": user, "event": event}
	if props != nil {
		call["properties"] = props
	}
	if traits != nil {
		call["context"] = map[string]any{"traits": traits}
	}
	return call
}

func reachable(email string) map[string]any {
	return map[string]any{"email": email, "consent": map[string]any{"email": true}}
}

func lines(s string) []string {
	var l []string
	for sc := bufio.NewScanner(strings.NewReader(s)); sc.Scan(); {
		l = append(l, sc.Text())
	}
	return l
}

var discard = slog.New(slog.DiscardHandler)

func request(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	code, text, err := do(req)
	if err != nil {
		t.Fatal(err)
	}
	return code, text
}
