package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/diag"
	"journey/profiles"
	"journey/profiles/store"
)

// shop is the program that most tests run.
const shop = `
workspace {
  timezone "Asia/Taipei"
  consent required
  identify user_id, email, anonymous_id
}
trait email: email identifier
trait name: text
trait tier: text one of "bronze", "silver", "gold"
trait orders: number = count(order_completed)

event cart_updated "Cart Updated" { cart_id: text, total: number optional }
event order_completed "Order Completed" { cart_id: text optional, total: number }
event nudged "Nudged" { n: number optional }

segment buyers = count(order_completed) > 0
segment quiet = count(nudged) > 0 and last(nudged).at <= ago(10 minutes)

message reminder via email {
  subject "Hi {{ profile.name | default: 'there' }}"
  text "Your cart {{ entry.cart_id }} waits"
}
message receipt via email { subject "Thanks" text "Thanks" transactional }

journey cart {
  enter on cart_updated
  again after exit per event.cart_id
  exit on order_completed where event.cart_id == entry.cart_id
  wait 1 hour
  send reminder
  wait 1 day
}
journey thanks {
  enter on order_completed
  again after exit per event.cart_id
  send receipt
}
journey invite {
  enter on request { code: text }
  again after exit
  wait 1 day
}
journey sleeper {
  enter when segment.quiet
  again after exit
  wait 1 day
}
`

// redisServer is a redis-server of its own for one test.
type redisServer struct {
	url  string
	path string
	dir  string
	args []string
	cmd  *exec.Cmd
}

// startRedis starts one: in memory, or with further arguments.
func startRedis(t testing.TB, args ...string) *redisServer {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	dir, err := os.MkdirTemp("", "r") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	r := &redisServer{url: "unix://" + filepath.Join(dir, "s"), path: path, dir: dir, args: args}
	r.start(t)
	t.Cleanup(func() {
		r.kill(t)
		_ = os.RemoveAll(dir)
	})
	return r
}

func (r *redisServer) start(t testing.TB) {
	t.Helper()
	sock := strings.TrimPrefix(r.url, "unix://")
	args := append([]string{"--port", "0", "--unixsocket", sock, "--save", "", "--dir", r.dir}, r.args...)
	r.cmd = exec.Command(r.path, args...)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "redis-server listens", func() bool {
		c, err := net.Dial("unix", sock)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

func (r *redisServer) kill(t testing.TB) {
	t.Helper()
	_ = r.cmd.Process.Signal(syscall.SIGCONT)
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

func (r *redisServer) freeze(t testing.TB) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
}

func (r *redisServer) thaw(t testing.TB) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// waitFor waits until something holds, at most ten seconds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

var engines atomic.Int64

// startEngine is an engine with a store of its own on a Redis.
func startEngine(t testing.TB, url string, change ...func(*Options)) *Engine {
	t.Helper()
	ctx := context.Background()
	s, err := patiently(func() (*store.Store, error) { return store.Open(ctx, store.Options{URL: url}) })
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Store: s, Owner: fmt.Sprintf("engine-%d", engines.Add(1))}
	if testing.Verbose() {
		o.Logger = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	}
	for _, f := range change {
		f(&o)
	}
	e, err := patiently(func() (*Engine, error) { return New(ctx, o) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = e.Close()
		_ = s.Close()
	})
	return e
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Helper()
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// deploy publishes a program given as the text of one file.
func deploy(t testing.TB, e *Engine, text string) Release {
	t.Helper()
	var diags []diag.Diagnostic
	r, err := patiently(func() (r Release, err error) {
		r, diags, err = e.Deploy(context.Background(), map[string]string{"shop.journey": text}, false, "test")
		return r, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Number == 0 {
		t.Fatalf("not published: %s", complaints(diags))
	}
	return r
}

func complaints(diags []diag.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		if d.Severity == diag.Error {
			line := 1
			if d.Span.File != nil {
				line += strings.Count(d.Span.File.Text[:d.Span.Start], "\n")
			}
			fmt.Fprintf(&b, "\nline %d: %s", line, d.Message)
		}
	}
	return b.String()
}

// testingT is a test, or one case of a property.
type testingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// patiently repeats something while the store does not answer: the machine
// may have much to do.
func patiently[T any](do func() (T, error)) (v T, err error) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if v, err = do(); !errors.Is(err, ErrUnavailable) && !errors.Is(err, store.ErrUnavailable) {
			break
		}
	}
	return v, err
}

// submit takes calls that must all be stored.
func submit(t testingT, e *Engine, calls ...Call) []CallResult {
	t.Helper()
	rs, err := patiently(func() ([]CallResult, error) { return e.Submit(context.Background(), calls) })
	if err != nil {
		t.Fatalf("submit: %v", err)
	}
	for i, r := range rs {
		if r.Err != nil {
			t.Fatalf("call %d: %v", i, r.Err)
		}
	}
	return rs
}

func track(user, event, id string, props map[string]any) Call {
	return Call{Kind: CallTrack, Source: "web", MessageID: id, UserID: user, Event: event, Properties: props}
}

func profile(t testingT, e *Engine, ref string) *profiles.View {
	t.Helper()
	v, err := patiently(func() (*profiles.View, error) { return e.Profile(context.Background(), ref) })
	if err != nil {
		t.Fatalf("profile %s: %v", ref, err)
	}
	return v
}

// person is somebody as he is stored.
func person(t testingT, e *Engine, id string) *profiles.Person {
	t.Helper()
	l, err := patiently(func() (store.Loaded, error) { return e.load(context.Background(), id) })
	if err != nil || l.Person == nil {
		t.Fatalf("person %s: %v", id, err)
	}
	return l.Person
}

// ask sends one command to a Redis.
func ask(t testing.TB, url string, command string, args ...any) any {
	t.Helper()
	c, err := redis.Dial("unix", strings.TrimPrefix(url, "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	reply, err := c.Do(command, args...)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func flush(t testing.TB, url string) { ask(t, url, "FLUSHALL") }

// del removes a person from under the store.
func del(t testing.TB, url, id string) {
	t.Helper()
	keys, err := redis.Strings(ask(t, url, "KEYS", "{p*}p"+id), nil)
	if err != nil || len(keys) != 1 {
		t.Fatalf("the person's keys: %v %v", keys, err)
	}
	ask(t, url, "DEL", keys[0])
}
