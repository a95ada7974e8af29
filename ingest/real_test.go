package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// realWorkspace is the program that the real clients post to.
const realWorkspace = `
workspace { identify user_id, email, anonymous_id }
trait email: email identifier
trait orders: number = count(order_completed)
trait pages: number = count(page_viewed)
event order_completed "Order Completed" { total: number }
`

// gate is a server that answers 503 to what is posted first, as one that is
// overloaded does.
type gate struct {
	mu      sync.Mutex
	handler http.Handler
	refuse  int
	posted  []string // status, method and path of what was asked
	done    chan string
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if what, ok := strings.CutPrefix(r.URL.Path, "/done/"); ok {
		text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		select {
		case g.done <- what + string(text):
		default: // said before
		}
		return
	}
	g.mu.Lock()
	refuse := g.refuse > 0 && r.Method == http.MethodPost && !strings.Contains(r.URL.Path, "/flags")
	if refuse {
		g.refuse--
	}
	g.mu.Unlock()
	c := &coded{ResponseWriter: w}
	if refuse {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Retry-After", "1")
		c.WriteHeader(http.StatusServiceUnavailable)
	} else {
		g.handler.ServeHTTP(c, r)
	}
	g.mu.Lock()
	g.posted = append(g.posted, fmt.Sprintf("%d %s %s", c.status, r.Method, r.URL.Path))
	g.mu.Unlock()
}

// reset forgets what was asked, and refuses the next n posts.
func (g *gate) reset(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse, g.posted = n, nil
}

// asked is what was asked since.
func (g *gate) asked() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.Join(g.posted, "\n")
}

// coded remembers the status.
type coded struct {
	http.ResponseWriter
	status int
}

func (c *coded) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *coded) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// gated is a real server with a real Redis behind a gate.
func gated(t *testing.T) (*gate, *Server, string) {
	t.Helper()
	redis, _ := startRedis(t)
	s := realServer(t, redis)
	body, _ := json.Marshal(deployment{Sources: map[string]string{"a.journey": realWorkspace}})
	if w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin); w.Code != 200 {
		t.Fatalf("deploy: %d %s", w.Code, w.Body)
	}
	g := &gate{handler: s.Handler(), done: make(chan string, 8)}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, s, server.URL
}

// seen is what a profile must show.
type seen struct {
	Traits struct {
		Email         string
		Orders, Pages float64
	}
	Identifiers map[string][]string
	Events      []struct {
		Event string
		At    time.Time
	}
}

func seenOf(t *testing.T, s *Server, ref string) seen {
	t.Helper()
	w := ask(s, "GET", "/v1/profiles/"+url.PathEscape(ref), nil, "Authorization", asAdmin)
	var p seen
	if w.Code == 200 {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// tool is the path of a program, or the reason to skip.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: the clients that need it are not tried", name)
	}
	return path
}

// packages installs the clients of npm, of just the versions that the lock
// file names, once for each lock file, and answers their folder.
func packages(t *testing.T) string {
	t.Helper()
	tool(t, "node")
	npm := tool(t, "npm")
	lock, err := os.ReadFile("testdata/real/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "journey-clients", hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "new")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := os.ReadFile(filepath.Join("testdata/real", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(fresh, name), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = fresh
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the clients cannot be installed (npm ci: %v): they are not tried\n%s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil && !os.IsExist(err) {
		if _, err := os.Stat(dir); err != nil { // somebody else was faster otherwise
			t.Fatal(err)
		}
	}
	return dir
}

// TestRealClients runs clients as they are published against a real server,
// which refuses what they post first: each event arrives once, at its time,
// and belongs to one person.
func TestRealClients(t *testing.T) {
	if testing.Short() {
		t.Skip("installs clients")
	}
	script, err := filepath.Abs("testdata/real/clients.mjs")
	if err != nil {
		t.Fatal(err)
	}
	g, s, address := gated(t)
	for _, c := range []struct {
		name string
		path string // to which it posts
		now  bool   // it takes no time of the event
	}{
		{name: "@segment/analytics-node", path: "/v1/batch"},
		{name: "analytics-node", path: "/v1/batch"},
		{name: "@customerio/cdp-analytics-node", path: "/v1/batch"},
		{name: "@rudderstack/rudder-sdk-node", path: "/v1/batch"},
		{name: "@jitsu/js", path: "/api/s/s2s/track", now: true},
		{name: "posthog-node", path: "/batch/"},
		{name: "analytics-go", path: "/v1/batch"},
		{name: "posthog-go", path: "/batch/"},
	} {
		t.Run(strings.ReplaceAll(c.name, "/", " "), func(t *testing.T) {
			g.reset(1)
			at := time.Now().Add(-10 * time.Minute).Truncate(time.Millisecond)
			user := strings.NewReplacer("@", "", "/", "-").Replace(c.name)
			args := []string{c.name, address, "dev", user, "anonymous-" + user, at.UTC().Format(time.RFC3339Nano)}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var cmd *exec.Cmd
			if strings.HasSuffix(c.name, "-go") {
				cmd = exec.CommandContext(ctx, goClients(t), args...)
			} else {
				dir := packages(t)
				cmd = exec.CommandContext(ctx, tool(t, "node"), append([]string{script}, args...)...)
				cmd.Dir = dir
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out, g.asked())
			}
			if c.now {
				at = time.Now()
			}
			whole(t, s, user, at)
			asked := strings.Split(g.asked(), "\n")
			if !strings.HasPrefix(asked[0], "503 ") && !strings.Contains(asked[0], "/flags") {
				t.Errorf("what was posted first was not refused: %s", asked[0])
			}
			if !slices.Contains(asked, "200 POST "+c.path) {
				t.Errorf("nothing was posted to %s:\n%s", c.path, strings.Join(asked, "\n"))
			}
		})
	}
}

// whole checks that a person has just what a client told: six orders and a
// page, at about an instant, and both ids.
func whole(t *testing.T, s *Server, user string, at time.Time) {
	t.Helper()
	p := seenOf(t, s, "user_id:"+user)
	if p.Traits.Orders != 6 || p.Traits.Pages != 1 || len(p.Events) != 7 {
		t.Errorf("%v orders, %v pages, %d events", p.Traits.Orders, p.Traits.Pages, len(p.Events))
	}
	if p.Traits.Email != strings.ToLower(user)+"@example.com" {
		t.Errorf("email %q", p.Traits.Email)
	}
	if !slices.Contains(p.Identifiers["anonymous_id"], "anonymous-"+user) {
		t.Errorf("identifiers %v", p.Identifiers)
	}
	for _, e := range p.Events {
		// Between taking the time and sending, a busy machine may wait.
		if d := e.At.Sub(at).Abs(); d > time.Minute {
			t.Errorf("%s at %s, %s away", e.Event, e.At, d)
		}
	}
}

// goClients builds the clients of Go, which are a module of their own.
func goClients(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clients")
	cmd := exec.Command(tool(t, "go"), "build", "-o", path, ".")
	cmd.Dir = "testdata/real/go"
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "dial tcp") || strings.Contains(string(out), "no such host") {
			t.Skipf("the clients cannot be downloaded: they are not tried\n%s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
