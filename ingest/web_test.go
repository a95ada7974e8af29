package ingest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestScript: it is small, is cached, and comes packed to those who want it.
func TestScript(t *testing.T) {
	s, _ := newTest(t)
	w := ask(s, "GET", "/j.js", nil, "Accept-Encoding", "gzip, br")
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 5<<10 {
		t.Errorf("%d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	if w := ask(s, "GET", "/j.js", nil, "If-None-Match", w.Header().Get("ETag")); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	if w := ask(s, "GET", "/j.js", nil); w.Body.String() != string(script) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("%v", w.Header())
	}
	none := New(Options{})
	if w := ask(none, "GET", "/j.js", nil); w.Code != 200 {
		t.Errorf("without an engine: %d", w.Code)
	}
}

// TestPrivacyControl: the browser's wish becomes a trait, however it is said,
// and whatever else the call says.
func TestPrivacyControl(t *testing.T) {
	s, f := newTest(t)
	send(s, "/v1/track", `{"userId":"ann","event":"E","context":{"traits":{"gpc":false,"a":1}}}`, "Sec-GPC", "1")
	send(s, "/v1/batch", `{"context":{"gpc":true},"batch":[{"type":"identify","userId":"ann"}]}`)
	send(s, "/v1/track", `{"userId":"ann","event":"E","context":{"gpc":false}}`, "Sec-GPC", "0")
	calls := f.taken()
	if len(calls) != 3 || calls[0].Traits["gpc"] != true || calls[0].Traits["a"] != 1.0 || calls[1].Traits["gpc"] != true || calls[2].Traits["gpc"] != nil {
		t.Errorf("%+v", calls)
	}
}

// browser opens a page in a headless browser until the test stops it.
func browser(t *testing.T, page string) (stop func()) {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium is installed: what runs in pages is not tried")
	}
	profile, err := os.MkdirTemp("", "b")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
		"--user-data-dir="+profile, page)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children
	if err := cmd.Start(); err != nil {
		t.Skipf("chromium does not start: %v", err)
	}
	stop = sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		for range 50 { // its children may still write
			if os.RemoveAll(profile) == nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	t.Cleanup(stop)
	return stop
}

// told waits until a page says that it is done, or what went wrong.
func (g *gate) told(t *testing.T, want string) {
	t.Helper()
	for {
		select {
		case got := <-g.done:
			if got == want {
				return
			}
			t.Fatalf("the page says %s\n%s", got, g.asked())
		case <-time.After(60 * time.Second):
			t.Fatalf("the page did not end\n%s", g.asked())
		}
	}
}

// pages serves the test's pages, another origin than the API's.
func pages(t *testing.T, api string, dirs map[string]string) string {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile(filepath.Join("testdata/real", filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, strings.ReplaceAll(string(data), "http://127.0.0.1:8080", api))
	})
	for path, dir := range dirs {
		mux.Handle(path, http.StripPrefix(path, http.FileServer(http.Dir(dir))))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestScriptInBrowser: what a page said before the script was there, what it
// said after, and what it said last before it was left, arrives once, although
// the server refused what came first.
func TestScriptInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	g, s, address := gated(t)
	site := pages(t, address, nil)
	g.reset(1)
	stop := browser(t, site+"/shop.html")
	g.told(t, "left")
	var p seen
	waitFor(t, "what was said on leaving is there", func() bool {
		p = seenOf(t, s, "user_id:ann")
		return p.Traits.Orders == 3
	})
	stop()
	if p.Traits.Pages != 2 || p.Traits.Email != "ann@example.com" || len(p.Identifiers["anonymous_id"]) != 1 {
		t.Errorf("%+v\n%s", p, g.asked())
	}
	for _, e := range p.Events {
		if d := time.Since(e.At); d < -time.Second || d > time.Minute {
			t.Errorf("%s at %s", e.Event, e.At)
		}
	}
	if asked := g.asked(); !strings.Contains(asked, "503 POST") || !strings.Contains(asked, "200 POST /beacon/v1/batch") {
		t.Errorf("it asked\n%s", asked)
	}
}

// TestScriptPrivacyInBrowser: whoever asks not to be followed leaves nothing
// in the browser that outlives the visit.
func TestScriptPrivacyInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	g, s, address := gated(t)
	browser(t, pages(t, address, nil)+"/private.html?secret=1")
	g.told(t, "private")
	w := ask(s, "GET", "/v1/profiles/user_id:bob", nil, "Authorization", asAdmin)
	if !strings.Contains(w.Body.String(), `"gpc":true`) || strings.Contains(w.Body.String(), "secret=1") {
		t.Errorf("%s", w.Body)
	}
}

// TestSegmentInBrowser: analytics-next, unchanged, on a page.
func TestSegmentInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	g, s, address := gated(t)
	dir := packages(t)
	g.reset(1)
	browser(t, pages(t, address, map[string]string{"/umd/": filepath.Join(dir, "node_modules/@segment/analytics-next/dist/umd")})+"/segment.html")
	g.told(t, "sent")
	var p seen
	waitFor(t, "all of it is there", func() bool {
		p = seenOf(t, s, "user_id:cat")
		return p.Traits.Orders == 6 && p.Traits.Pages == 1
	})
	if p.Traits.Email != "cat@example.com" || len(p.Identifiers["anonymous_id"]) != 1 || len(p.Events) != 7 {
		t.Errorf("%+v", p)
	}
	if asked := g.asked(); !strings.HasPrefix(asked, "503 POST") && !strings.Contains(asked, "\n503 POST") {
		t.Errorf("nothing was refused:\n%s", asked)
	}
}
