package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"journey/devserver/embedtemporal"
	"journey/profiles"
)

// redisServer is a redis-server of a test's own, which keeps its data over a
// stop.
type redisServer struct {
	t    testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
	done chan struct{}
}

func startRedis(t testing.TB) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("no redis-server on the PATH")
	}
	dir, err := os.MkdirTemp("", "journey-redis-")
	if err != nil {
		t.Fatal(err)
	}
	r := &redisServer{t: t, dir: dir, port: freePort(t)}
	r.start()
	t.Cleanup(func() {
		r.stop(syscall.SIGKILL)
		// A child that rewrites the log outlives it by a moment, and writes.
		for end := time.Now().Add(5 * time.Second); os.RemoveAll(dir) != nil && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
	})
	return r
}

func freePort(t testing.TB) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func (r *redisServer) url() string { return fmt.Sprintf("redis://127.0.0.1:%d", r.port) }

// start starts it, on the data and the port it had before.
func (r *redisServer) start() {
	r.t.Helper()
	// It always writes before it answers; told to sync every second it would not
	// when the disk is slow, and its death would cost what was answered.
	r.cmd = exec.Command("redis-server", "--port", fmt.Sprint(r.port), "--bind", "127.0.0.1", "--dir", r.dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "no", "--maxmemory-policy", "noeviction")
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	cmd, done := r.cmd, make(chan struct{})
	r.done = done
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := redis.DialURL(r.url())
		if err == nil {
			_, err = conn.Do("PING")
			conn.Close()
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("redis-server is not ready: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// signal sends it a signal.
func (r *redisServer) signal(s syscall.Signal) { _ = r.cmd.Process.Signal(s) }

// stop ends it by a signal and waits for its end.
func (r *redisServer) stop(s syscall.Signal) {
	r.signal(s)
	r.signal(syscall.SIGCONT) // one that is frozen takes no signal
	<-r.done
}

// do sends it a command.
func (r *redisServer) do(name string, args ...any) any {
	r.t.Helper()
	conn, err := redis.DialURL(r.url())
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	reply, err := conn.Do(name, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply
}

// proxy stands between a client and a server, and can cut them off.
type proxy struct {
	ln  net.Listener
	to  string
	mu  sync.Mutex
	cut bool
	all map[net.Conn]bool
}

func startProxy(t testing.TB, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, to: to, all: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() { p.serve(&serving) })
	t.Cleanup(func() {
		_ = ln.Close()
		p.set(true)
		serving.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

func (p *proxy) serve(serving *sync.WaitGroup) {
	for {
		in, err := p.ln.Accept()
		if err != nil {
			return
		}
		out, err := net.DialTimeout("tcp", p.to, 5*time.Second)
		if err != nil || !p.keep(in, out) {
			_ = in.Close()
			if out != nil {
				_ = out.Close()
			}
			continue
		}
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			serving.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				p.drop(pair[0], pair[1])
			})
		}
	}
}

// keep notes a pair of connections; false: the line is cut.
func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	for _, c := range conns {
		p.all[c] = true
	}
	return true
}

func (p *proxy) drop(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.all, c)
	}
}

// set cuts the line, in the middle of whatever goes over it, or mends it.
func (p *proxy) set(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	for c := range p.all {
		if cut {
			_ = c.Close()
		}
	}
}

// site is what a `journeyd serve` runs against: a Redis, a Temporal with a
// namespace of its own, a mail server.
type site struct {
	t         *testing.T
	redis     *redisServer
	temporal  string // address
	namespace string
	smtp      string
	listen    string   // address of the API; "": any
	redisURL  string   // by which the server reaches Redis
	env       []string // besides
}

// hub is a Temporal in the tests' own process, which those that run
// `journeyd serve` share: each has a namespace of its own there.
type hub struct {
	mu       sync.Mutex
	temporal *embedtemporal.Temporal
}

// address starts it at the first call.
func (h *hub) address() (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.temporal == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		t, err := embedtemporal.Start(ctx, embedtemporal.Options{Logger: discard})
		if err != nil {
			return "", err
		}
		h.temporal = t
	}
	return h.temporal.Address(), nil
}

func (h *hub) stop() {
	if h.temporal != nil {
		_ = h.temporal.Stop()
	}
}

// newSite makes a site whose mails go to a server.
func (s *scene) newSite(smtp string) *site {
	s.Helper()
	address, err := s.hub.address()
	if err != nil {
		s.Fatal(err)
	}
	x := &site{t: s.T, redis: startRedis(s), temporal: address, namespace: fmt.Sprintf("faults-%x", s.rand.Uint64()), smtp: smtp}
	x.redisURL = x.redis.url()
	c, err := client.NewNamespaceClient(client.Options{HostPort: x.temporal, Logger: quiet{discard}})
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = c.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: x.namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		s.Fatal(err)
	}
	x.awaitNamespace(ctx)
	return x
}

// awaitNamespace waits until the whole of Temporal knows the namespace: its
// services learn of one by and by.
func (x *site) awaitNamespace(ctx context.Context) {
	x.t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: x.temporal, Namespace: x.namespace, Logger: quiet{discard}})
	if err != nil {
		x.t.Fatal(err)
	}
	defer c.Close()
	eventually(x.t, 40*time.Second, "the namespace is known", func() error {
		run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "nobody", ID: "probe"}, "probe")
		if err == nil {
			err = c.TerminateWorkflow(ctx, run.GetID(), "", "")
		}
		return err
	})
}

const (
	siteWriteKey = "a-write-key-of-tests"
	siteAdminKey = "an-admin-key-of-tests"
)

// serve starts a `journeyd serve` and waits until it is ready.
func (x *site) serve(env ...string) *process {
	x.t.Helper()
	return x.begin(env...).ready()
}

// begin starts a `journeyd serve`.
func (x *site) begin(env ...string) *process {
	x.t.Helper()
	p := newProcess(x.t, "serve", "--listen", cmp.Or(x.listen, "127.0.0.1:0"), "--redis", x.redisURL, "--temporal", x.temporal,
		"--namespace", x.namespace, "--from", "shop@journey.example", "--public-url", "https://journey.example.com")
	if x.smtp != "" {
		p.cmd.Args = append(p.cmd.Args, "--smtp", x.smtp)
	}
	p.keys = [2]string{siteWriteKey, siteAdminKey}
	p.cmd.Env = append(p.cmd.Env, "JOURNEY_WRITE_KEYS_WEB="+siteWriteKey, "JOURNEY_ADMIN_KEY="+siteAdminKey,
		"JOURNEY_LINK_SECRET=a-link-secret-of-tests")
	p.cmd.Env = append(append(p.cmd.Env, x.env...), env...)
	p.start()
	return p
}

// deploy publishes a workspace of one file.
func (p *process) deploy(source string) error {
	body, err := json.Marshal(map[string]any{"sources": map[string]string{"w.journey": source}, "by": "test"})
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, p.api+"/v1/admin/releases", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.SetBasicAuth(p.keys[1], "")
	code, text, err := do(req)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("deploy: %d %s", code, text)
	}
	return err
}

func (p *process) mustDeploy(source string) {
	p.t.Helper()
	eventually(p.t, time.Minute, "the release is published", func() error { return p.deploy(source) })
}

// insist posts a call until it is acknowledged, as a client does: a machine
// that has much to do may answer 503.
func (p *process) insist(path string, body any) {
	p.t.Helper()
	eventually(p.t, time.Minute, "POST "+path, func() error {
		code, text, err := p.try(path, body)
		if err == nil && code/100 == 4 {
			p.t.Fatalf("POST %s: %d %s", path, code, text)
		}
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("%d %s", code, text)
		}
		return err
	})
}

// mustProfile is a profile, by reference.
func (p *process) mustProfile(ref string) (v *profiles.View) {
	p.t.Helper()
	eventually(p.t, time.Minute, "profile "+ref, func() (err error) {
		v, err = p.profile(ref)
		return err
	})
	return v
}

// metric reads a figure of /metrics, by its name with labels.
func (p *process) metric(name string) (float64, error) {
	req, err := http.NewRequest(http.MethodGet, p.api+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	code, text, err := do(req)
	if err != nil || code != http.StatusOK {
		return 0, fmt.Errorf("metrics: %d %v", code, err)
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			_, err := fmt.Sscan(rest, &v)
			return v, err
		}
	}
	return 0, fmt.Errorf("metrics: no %s", name)
}

// memory is the resident memory of the process in bytes.
func (p *process) memory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	var total, resident int64
	if err == nil {
		_, _ = fmt.Sscan(string(text), &total, &resident)
	}
	return resident * int64(os.Getpagesize())
}
