package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Redis that may lose what it was given is refused, and the setting named.
func TestServeRefusesARedisThatForgets(t *testing.T) {
	r := startRedis(t)
	t.Setenv("JOURNEY_ADMIN_KEY", siteAdminKey)
	t.Setenv("JOURNEY_WRITE_KEYS_WEB", siteWriteKey)
	for _, c := range []struct{ setting, bad, good string }{
		{"maxmemory-policy", "allkeys-lru", "noeviction"},
		{"maxmemory-policy", "volatile-ttl", "noeviction"},
		{"appendonly", "no", "yes"},
	} {
		r.do("CONFIG", "SET", c.setting, c.bad)
		code, out, errs := exits(t, "serve", "--listen", "127.0.0.1:0", "--redis", r.url(), "--temporal", "127.0.0.1:1")
		r.do("CONFIG", "SET", c.setting, c.good)
		for _, want := range []string{c.setting, c.bad, "set it to " + c.good} {
			if !strings.Contains(errs, want) {
				t.Errorf("%s %s: stderr %q, want %q in it", c.setting, c.bad, errs, want)
			}
		}
		if code != 1 || out != "" || len(lines(errs)) != 1 {
			t.Errorf("%s %s: exit %d, stdout %q, stderr %q", c.setting, c.bad, code, out, errs)
		}
	}
}

// The server says how it is, also while Redis is frozen.
func TestHealth(t *testing.T) {
	r := startRedis(t)
	p := startDev(t, "--redis", r.url())
	if code, text := request(t, "GET", p.api+"/livez"); code != 200 {
		t.Errorf("livez: %d %s", code, text)
	}
	if code, text := request(t, "GET", p.api+"/version"); code != 200 || !strings.Contains(text, `"version"`) {
		t.Errorf("version: %d %s", code, text)
	}
	if code, text := request(t, "GET", p.api+"/metrics"); code != 200 || !strings.Contains(text, "journey_redis_writable 1") {
		t.Errorf("metrics: %d %s", code, text)
	}
	if checks := p.checks(200); !checks["redis"] || !checks["outbox"] || !checks["clock"] || !checks["temporal"] {
		t.Errorf("the checks are %v", checks)
	}
	r.signal(syscall.SIGSTOP)
	began := time.Now()
	if checks := p.checks(503); checks["redis"] {
		t.Errorf("Redis is frozen, and the checks are %v", checks)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("readyz took %s", took)
	}
	if code, text := request(t, "GET", p.api+"/livez"); code != 200 {
		t.Errorf("livez while Redis is frozen: %d %s", code, text)
	}
	r.signal(syscall.SIGCONT)
	eventually(t, 10*time.Second, "ready again", func() error {
		if code, text := request(t, "GET", p.api+"/readyz"); code != 200 {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
}

// While Redis is frozen everybody hears of it within two seconds, whatever he
// asked for, and many at once too.
func TestEverybodyHearsInTime(t *testing.T) {
	r := startRedis(t)
	p := startDev(t, workspace(t, twoMails), "--redis", r.url())
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	link := ""
	for _, m := range p.waitMails(2, 10*time.Second) {
		if list := m.Headers["List-Unsubscribe"]; list != "" {
			link = strings.TrimPrefix(strings.Trim(list, "<>"), p.api)
		}
	}
	batch := map[string]any{"batch": []any{}}
	for i := range 500 {
		item := track(fmt.Sprintf("p%d", i), "ping", nil, nil)
		item["type"] = "track"
		batch["batch"] = append(batch["batch"].([]any), item)
	}
	requests := map[string]func() (int, string, error){
		"an event":       func() (int, string, error) { return p.try("/v1/track", track("ann", "ping", nil, nil)) },
		"a new person":   func() (int, string, error) { return p.try("/v1/track", track(rand.Text(), "ping", nil, nil)) },
		"a batch":        func() (int, string, error) { return p.try("/v1/batch", batch) },
		"a profile":      func() (int, string, error) { return p.asAdmin("/v1/profiles/user_id:ann") },
		"the releases":   func() (int, string, error) { return p.asAdmin("/v1/admin/releases") },
		"readiness":      func() (int, string, error) { return p.get("/readyz?verbose") },
		"a link's press": func() (int, string, error) { return p.try(link, "") },
	}
	r.signal(syscall.SIGSTOP)
	defer r.signal(syscall.SIGCONT)
	var all sync.WaitGroup
	for what, ask := range requests {
		for range 8 {
			all.Go(func() {
				for range 3 {
					began := time.Now()
					code, text, err := ask()
					if took := time.Since(began); err != nil || code != 503 || took > 2*time.Second {
						t.Errorf("%s: %d %s %v after %s", what, code, text, err, took)
					}
				}
			})
		}
	}
	all.Wait()
}

// asAdmin asks for a path with the administrator's key.
func (p *process) asAdmin(path string) (int, string, error) {
	req, err := http.NewRequest(http.MethodGet, p.api+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.SetBasicAuth(p.keys[1], "")
	return do(req)
}

// checks asks /readyz for all checks, and wants a status.
func (p *process) checks(status int) map[string]bool {
	p.t.Helper()
	code, text := request(p.t, "GET", p.api+"/readyz?verbose")
	var answer struct {
		Checks []struct {
			Name string
			OK   bool
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || code != status {
		p.t.Fatalf("readyz: %d %s %v", code, text, err)
	}
	checks := map[string]bool{}
	for _, c := range answer.Checks {
		checks[c.Name] = c.OK
	}
	return checks
}

// A client that never finishes what it sends does not keep the server from
// ending in time.
func TestEndsInSpiteOfASlowClient(t *testing.T) {
	t.Parallel() // it waits for the end of the server's patience
	p := startDev(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.api, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The Basic credentials are "dev:".
	fmt.Fprint(conn, "POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ZGV2Og==\r\nContent-Length: 100\r\n\r\n{")
	p.post("/v1/track", track("ann", "ping", nil, nil)) // by now the other one is being read
	began := time.Now()
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.errs)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

// Nothing is redirected: browsers take that for a success.
func TestNothingIsRedirected(t *testing.T) {
	p := startDev(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"//v1/track", "/v1//track", "/v1/./track", "/u//x", "/u", "/v1/track/"} {
		req, err := http.NewRequest(http.MethodPost, p.api+path, strings.NewReader(`{"userId":"ann","event":"ping"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("dev", "")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if want := map[bool]int{true: 200, false: 404}[path == "/v1/track/"]; res.StatusCode != want {
			t.Errorf("POST %s: %d, want %d", path, res.StatusCode, want)
		}
	}
}
