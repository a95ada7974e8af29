package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"journey/audit"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"journey": main})
}

// TestScripts types commands as a user does: testdata/script. Each script has
// a server of its own at $SERVER, whose key is "secret".
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:             "testdata/script",
		UpdateScripts:   os.Getenv("UPDATE_SCRIPTS") != "",
		ContinueOnError: true,
		Setup: func(env *testscript.Env) error {
			server := httptest.NewServer(&adminAPI{})
			env.Defer(server.Close)
			env.Setenv("SERVER", server.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": exitCode, "frame": frame},
	})
}

// exitCode runs a command that must fail with a code: `code 3 journey check .`.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := err.(*exec.ExitError); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%v: exit code %d, want %s", args[1:], got, args[0])
	}
}

// adminAPI answers as a server's admin API does, from memory.
type adminAPI struct {
	mu         sync.Mutex
	releases   []map[string]any
	broadcasts []map[string]any
	forged     bool // the audit log
	imports    map[string]bool
}

func (a *adminAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer secret" {
		problemJSON(w, http.StatusUnauthorized, map[string]any{"title": "unauthorized", "detail": "this is not the admin key", "code": "wrong-key"})
		return
	}
	var n int
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && path == "/v1/admin/journeys/forge/pause":
		a.forged = true
		answerJSON(w, map[string]any{"journey": "forge"})
	case r.Method == http.MethodGet && path == "/v1/admin/releases":
		answerJSON(w, map[string]any{"releases": a.newestFirst()})
	case strings.HasPrefix(path, "/v1/profiles/"):
		a.profile(w, strings.TrimPrefix(path, "/v1/profiles/"), r.URL.Query().Get("full") == "true")
	case r.Method == http.MethodPost && path == "/v1/admin/releases":
		a.publish(w, r)
	case r.Method == http.MethodPost && scan(path, "/v1/admin/releases/%d/rollback", &n):
		if n > len(a.releases) {
			problemJSON(w, http.StatusNotFound, map[string]any{"detail": fmt.Sprintf("there is no release %d", n), "request_id": "r-1"})
			return
		}
		a.add(map[string]any{"hash": a.releases[n-1]["hash"], "rollback_of": n})
		answerJSON(w, a.releases[len(a.releases)-1])
	case r.Method == http.MethodPost && (path == "/v1/admin/journeys/welcome/pause" || path == "/v1/admin/journeys/welcome/resume"):
		answerJSON(w, map[string]any{"journey": "welcome"})
	case r.Method == http.MethodPost && path == "/v1/admin/journeys/nothing/pause":
		problemJSON(w, http.StatusNotFound, map[string]any{"detail": `there is no journey "nothing" in the live release`})
	case r.Method == http.MethodPost && path == "/v1/admin/journeys/twice/pause":
		problemJSON(w, http.StatusBadRequest, map[string]any{"detail": "is wrong", "field": "name"})
	case r.Method == http.MethodGet && path == "/v1/admin/journeys":
		answerJSON(w, map[string]any{"journeys": []map[string]any{
			{"journey": "sale", "title": "The sale of spring", "state": "live"}, {"journey": "welcome", "state": "paused"},
		}})
	case strings.HasPrefix(path, "/v1/admin/erasures"):
		a.erasure(w, r)
	case strings.HasPrefix(path, "/v1/admin/sources"):
		a.sources(w, r)
	case path == "/v1/admin/audit":
		a.audit(w, r)
	case strings.HasPrefix(path, "/v1/imports/"):
		a.imported(w, r)
	case strings.HasPrefix(path, "/v1/admin/broadcasts"):
		a.broadcast(w, r)
	default:
		http.NotFound(w, r)
	}
}

// sources answers about the source till, which can be made and changed.
func (a *adminAPI) sources(w http.ResponseWriter, r *http.Request) {
	till := map[string]any{"source": "till", "kind": "till", "keys": []any{map[string]any{"tail": "12ab"}}}
	path := strings.TrimPrefix(r.URL.Path, "/v1/admin/sources")
	if r.Method == http.MethodGet {
		till["last_seen"], till["counts"] = "2026-03-02T09:00:00Z", map[string]any{"stored": 12, "refused": 1, "limited": 3}
		till["last_error"] = map[string]any{"code": "event-not-allowed", "at": "2026-03-02T09:00:00Z"}
		answerJSON(w, map[string]any{"sources": []any{till, map[string]any{"source": "web", "configured": true, "off": true}}})
		return
	}
	var said map[string]any
	_ = json.NewDecoder(r.Body).Decode(&said)
	for k, v := range said {
		if k != "name" {
			till[k] = v
		}
	}
	switch path {
	case "", "/till/rotate":
		till["key"] = "jw_0123456789abcdef"
	case "/till/revoke":
		till["keys"] = []any{}
	case "/till":
	default:
		problemJSON(w, http.StatusNotFound, map[string]any{"detail": `there is no source "nobody"`, "code": "unknown-source"})
		return
	}
	answerJSON(w, till)
}

// profile answers about ann, who is known in full.
func (a *adminAPI) profile(w http.ResponseWriter, path string, full bool) {
	ref, journey, why := strings.Cut(path, "/why/")
	switch {
	case ref != "user_id:ann":
		problemJSON(w, http.StatusNotFound, map[string]any{"detail": "nobody is known by that", "code": "no-profile"})
	case why && journey == "nothing":
		problemJSON(w, http.StatusNotFound, map[string]any{"detail": "there is no such journey in the live release", "code": "unknown-journey"})
	case why:
		answerJSON(w, map[string]any{"person": ref, "journey": journey, "state": "waiting", "rendered": "user_id:ann, hello\nis in it since 2026-03-02 09:00\n"})
	case full:
		answerJSON(w, map[string]any{"id": "p1", "identifiers": []any{map[string]any{"trait": "user_id", "value": "ann", "source": "web"}},
			"rendered": "profile p1\nidentifiers:\n  user_id ann, by web\n"})
	default:
		answerJSON(w, map[string]any{
			"id":          "p1",
			"identifiers": map[string]any{"user_id": []string{"ann"}, "email": []string{"ann@example.com"}},
			"traits":      map[string]any{"user_id": "ann", "email": "ann@example.com", "name": "Ann Lin", "city": "台北", "tier": "silver"},
			"consent":     map[string]any{"email": true},
			"tags":        []string{"VIP"},
			"segments":    []string{"buyers"},
			"events": []any{
				map[string]any{"event": "ordered", "at": "2026-03-01T10:00:00Z", "properties": map[string]any{"total": 120, "note": "for mother"}},
			},
			"runs": []any{map[string]any{"journey": "vip", "run": "p1.1", "state": "waiting", "entered_at": "2026-03-01T10:00:00Z"}},
		})
	}
}

// erasure is finished at once, of whomever it is.
func (a *adminAPI) erasure(w http.ResponseWriter, r *http.Request) {
	e := map[string]any{"id": "e1", "mode": "delete_only", "state": "FINISHED", "by": "dpo", "asked": "2026-03-02T09:00:00Z",
		"stores": []map[string]any{{"store": "people", "state": "FINISHED"}, {"store": "log", "state": "RUNNING", "error": "it is busy"}}}
	switch {
	case r.Method == http.MethodPost:
		var in struct{ Person, Mode, By string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Person == "email:nobody@example.com" {
			problemJSON(w, http.StatusNotFound, map[string]any{"detail": "nobody is known by that", "code": "no-profile"})
			return
		}
		e["mode"], e["by"] = in.Mode, in.By
		answerJSON(w, e)
	case r.URL.Path == "/v1/admin/erasures":
		answerJSON(w, map[string]any{"erasures": []any{e}})
	default:
		answerJSON(w, e)
	}
}

// audit has two pages of one entry each; the second is forged for those who
// ask with a certain key.
func (a *adminAPI) audit(w http.ResponseWriter, r *http.Request) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	first := audit.Entry{Number: 1, At: at, By: "ann", Action: "pause", Target: "welcome"}
	first.Hash, _ = first.Sum()
	second := audit.Entry{Number: 2, At: at, By: "ann", Action: "resume", Target: "welcome", Before: first.Hash}
	second.Hash, _ = second.Sum()
	if a.forged {
		second.By = "bob"
	}
	if r.URL.Query().Get("from") == "" {
		answerJSON(w, map[string]any{"entries": []any{first}, "next": "/v1/admin/audit?from=2"})
		return
	}
	answerJSON(w, map[string]any{"entries": []any{second}})
}

// broadcast keeps one, which is made when it is asked after.
func (a *adminAPI) broadcast(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && len(a.broadcasts) == 0:
		b := map[string]any{}
		if err := json.NewDecoder(r.Body).Decode(&b); err != nil {
			problemJSON(w, http.StatusBadRequest, map[string]any{"detail": err.Error()})
			return
		}
		b["state"] = "running"
		a.broadcasts = append(a.broadcasts, b)
		answerJSON(w, b)
	case r.Method == http.MethodPost:
		answerJSON(w, a.broadcasts[0])
	case strings.HasSuffix(r.URL.Path, "/spring-2027"):
		b := a.broadcasts[0]
		b["state"], b["people"], b["entered"], b["refused"] = "done", 30, 10, map[string]int{"again": 2}
		answerJSON(w, b)
	default:
		answerJSON(w, map[string]any{"broadcasts": a.broadcasts})
	}
}

func scan(path, format string, n *int) bool {
	_, err := fmt.Sscanf(path, format, n)
	return err == nil
}

func (a *adminAPI) newestFirst() []map[string]any {
	list := []map[string]any{}
	for i := len(a.releases) - 1; i >= 0; i-- {
		list = append(list, a.releases[i])
	}
	return list
}

// add takes a release, which is live from then on.
func (a *adminAPI) add(r map[string]any) {
	n := len(a.releases) + 1
	r["number"], r["by"], r["at"] = n, "admin", time.Date(2026, 3, 2, 9, n, 0, 0, time.UTC)
	a.releases = append(a.releases, r)
	a.live(n)
}

func (a *adminAPI) live(n int) {
	for i, r := range a.releases {
		r["live"] = i+1 == n
	}
}

func (a *adminAPI) publish(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Sources map[string]string `json:"sources"`
		DryRun  bool              `json:"dry_run"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		problemJSON(w, http.StatusBadRequest, map[string]any{"detail": err.Error()})
		return
	}
	for name, text := range in.Sources {
		if strings.Contains(text, "refuse me") {
			problemJSON(w, http.StatusUnprocessableEntity, map[string]any{"title": "the workspace is wrong",
				"diagnostics": []any{map[string]any{"rendered": name + ":1:1: the server does not like this"}}})
			return
		}
	}
	n := len(a.releases) + 1
	out := map[string]any{"number": n, "hash": strings.Repeat("abcdef", 10), "notes": []string{fmt.Sprintf("%d files", len(in.Sources))}}
	if !in.DryRun {
		a.add(out)
	}
	answerJSON(w, out)
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func problemJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// TestLinksNoServer: the command stays small because it links neither the
// server nor Temporal nor a store.
func TestLinksNoServer(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		for _, no := range []string{"go.temporal.io/", "google.golang.org/grpc", "github.com/gomodule/redigo", "github.com/alicebob/",
			"github.com/labstack/", "github.com/wneessen/", "modernc.org/", "journey/engine", "journey/ingest", "journey/workflows",
			"journey/channels", "journey/devserver", "journey/profiles/store"} {
			if strings.HasPrefix(pkg, no) {
				t.Errorf("it links %s", pkg)
			}
		}
	}
}

// TestQuickAndSmall: the built command is at most 40 MB and starts in at most
// 20 ms of processor time, at best of ten, since the machine may be busy.
func TestQuickAndSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the command")
	}
	bin := filepath.Join(t.TempDir(), "journey")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(bin)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 40<<20 {
		t.Errorf("it is %d MB", info.Size()>>20)
	}
	best := time.Hour
	for range 10 {
		cmd := exec.Command(bin, "version")
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		best = min(best, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	t.Logf("%d MB, starts in %v", info.Size()>>20, best)
	if best > 20*time.Millisecond {
		t.Errorf("it starts in %v", best)
	}
}

// TestRunReportsItself: run writes where it is told and answers the code.
func TestRunReportsItself(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"version"}, &out, &errs); code != exitOK || !strings.HasPrefix(out.String(), "journey ") || errs.Len() > 0 {
		t.Errorf("code %d, %q, %q", code, out.String(), errs.String())
	}
}
