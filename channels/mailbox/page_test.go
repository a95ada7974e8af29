package mailbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// get asks a handler; headers come in pairs.
func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func boxWith(t *testing.T, mails ...string) *Box {
	t.Helper()
	b, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		if err := b.store("shop@example.com", []string{"ann@example.com"}, crlf(m)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

const asJSON, asPage = "application/json", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"

func TestListAsJSON(t *testing.T) {
	b := boxWith(t, "Subject: 一\n\none", "Subject: two\nContent-Type: text/html\n\n<b>two</b>")
	w := get(Handler(b), "/dev/mailbox", "Accept", asJSON)
	var list []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 || len(list) != 2 {
		t.Fatalf("%d %v %s", w.Code, err, w.Body)
	}
	for _, field := range []string{"id", "to", "from", "subject", "text", "html", "headers", "received_at"} {
		if _, ok := list[0][field]; !ok {
			t.Errorf("no field %s", field)
		}
	}
	if list[0]["subject"] != "一" || list[1]["html"] != "<b>two</b>" || list[0]["to"].([]any)[0] != "ann@example.com" {
		t.Errorf("list %v", list)
	}
	if w := get(Handler(b), "/dev/mailbox?limit=1", "Accept", asJSON); strings.Contains(w.Body.String(), "一") || !strings.Contains(w.Body.String(), "two") {
		t.Errorf("the newest one: %s", w.Body)
	}
	if w := get(Handler(boxWith(t)), "/dev/mailbox", "Accept", asJSON); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("empty: %s", w.Body)
	}
	if w := get(Handler(b), "/dev/mailbox/0000000001", "Accept", asJSON); !strings.Contains(w.Body.String(), `"subject": "一"`) {
		t.Errorf("one mail: %s", w.Body)
	}
	if w := get(Handler(b), "/dev/mailbox/0000000009", "Accept", asJSON); w.Code != 404 {
		t.Errorf("missing mail: %d", w.Code)
	}
}

func TestPollingByTag(t *testing.T) {
	b := boxWith(t, "Subject: one\n\n")
	h := Handler(b)
	for _, accept := range []string{asJSON, asPage} {
		tag := get(h, "/dev/mailbox", "Accept", accept).Header().Get("ETag")
		if w := get(h, "/dev/mailbox", "Accept", accept, "If-None-Match", tag); w.Code != 304 || w.Body.Len() != 0 {
			t.Errorf("nothing new: %d", w.Code)
		}
		if err := b.store("s@example.com", []string{"a@example.com"}, nil); err != nil {
			t.Fatal(err)
		}
		if w := get(h, "/dev/mailbox", "Accept", accept, "If-None-Match", tag); w.Code != 200 {
			t.Errorf("something new: %d", w.Code)
		}
	}
}

func TestPageEscapesAndLocks(t *testing.T) {
	evil := `<script>alert(1)</script>`
	b := boxWith(t, "Subject: "+evil+"\nFrom: "+evil+"\nX-Evil: "+evil+"\n\n"+evil+" https://example.com/a?b=1, javascript:alert(1)",
		"Subject: 歡迎\nContent-Type: text/html\n\n<!DOCTYPE html><html><head></head><p>"+evil)
	h := HandlerAt(b, PageOptions{Mount: "/m"})
	for _, path := range []string{"/m", "/m/", "/m/0000000001", "/m/0000000001?show=headers", "/m/0000000002"} {
		w := get(h, path, "Accept", asPage)
		page, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Fatalf("%s: %d %s", path, w.Code, page)
		}
		if strings.Contains(page, evil) {
			t.Errorf("%s: not escaped", path)
		}
		if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, w.Header())
		}
		if strings.Contains(page, " style=") || strings.Contains(page, " onclick") || !strings.Contains(page, "歡迎") {
			t.Errorf("%s: the policy forbids what is in the page, or a mail is missing", path)
		}
	}
	text := get(h, "/m/0000000001", "Accept", asPage).Body.String()
	if !strings.Contains(text, `<a href="https://example.com/a?b=1" target="_blank" rel="noopener noreferrer">`) || strings.Contains(text, `href="javascript:`) {
		t.Errorf("links: %s", text)
	}
	frame := `sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" src="/m/0000000002/html"`
	if page := get(h, "/m/0000000002", "Accept", asPage).Body.String(); !strings.Contains(page, frame) {
		t.Errorf("frame: %s", page)
	}
	w := get(h, "/m/0000000002/html")
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox allow-popups") || strings.Contains(policy, "script") {
		t.Errorf("policy of the mail: %s", policy)
	}
	if !strings.HasPrefix(w.Body.String(), `<!DOCTYPE html><html><head><base target="_blank">`) {
		t.Errorf("html: %s", w.Body)
	}
	if w := get(h, "/m/0000000001/source"); !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || !strings.Contains(w.Body.String(), evil) {
		t.Errorf("source: %v", w.Header())
	}
	if w := get(h, "/m/0000000001/html"); w.Code != 404 {
		t.Errorf("html of a text mail: %d", w.Code)
	}
}

func TestEmptyPageTellsHow(t *testing.T) {
	b, addr := start(t, "")
	page := get(HandlerAt(b, PageOptions{Hint: "curl -u dev: …"}), Mount, "Accept", asPage).Body.String()
	if !strings.Contains(page, "No mail yet") || !strings.Contains(page, "curl -u dev: …") || !strings.Contains(page, "curl smtp://"+addr) {
		t.Errorf("page: %s", page)
	}
}

func TestOnlyReading(t *testing.T) {
	h := Handler(boxWith(t))
	for _, method := range []string{"POST", "DELETE"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, Mount, nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestWantsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": true, "Application/JSON; q=0.5": true, asPage: false,
		"text/html;q=0.5, application/json": true, "application/json;q=0": false, "application/json, text/html": true,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		if got := wantsJSON(r); got != want {
			t.Errorf("%q: %t", accept, got)
		}
	}
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("長", 200)
	for in, want := range map[string]string{
		"": "", " a\n\n b ": "a b", long: strings.Repeat("長", 46), strings.Repeat("ab ", 100): strings.TrimSpace(strings.Repeat("ab ", 46)) + " ab",
	} {
		if got := snippet(in); got != want {
			t.Errorf("%.20q: %q", in, got)
		}
	}
}
