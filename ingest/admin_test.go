package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"journey/channels/mailbox"
	"journey/dsl/diag"
	"journey/dsl/value"
	"journey/engine"
	"journey/profiles"
	"journey/profiles/store"
	"journey/why"
)

const asAdmin = "Bearer admin"

// TestRoles asks each route of the administrator with each key.
func TestRoles(t *testing.T) {
	s, f := newTest(t)
	f.profile = func(string) (*profiles.View, error) { return &profiles.View{}, nil }
	f.deploy = func(map[string]string, bool, string) (engine.Release, []diag.Diagnostic, error) {
		return engine.Release{Number: 1}, nil, nil
	}
	f.releases = []engine.Release{{Number: 1}}
	for _, route := range [][3]string{
		{"GET", "/v1/profiles/user_id:ann", ""},
		{"GET", "/v1/profiles/user_id:ann/why/welcome", ""},
		{"GET", "/v1/admin/releases", ""},
		{"POST", "/v1/admin/releases", `{"sources":{"a.journey":"x"}}`},
		{"POST", "/v1/admin/releases/1/rollback", ""},
		{"GET", "/v1/admin/journeys", ""},
		{"POST", "/v1/admin/journeys/welcome/pause", ""},
		{"POST", "/v1/admin/journeys/welcome/resume", ""},
		{"GET", "/v1/admin/broadcasts", ""},
		{"GET", "/v1/admin/broadcasts/b", ""},
		{"GET", "/v1/admin/erasures", ""},
		{"GET", "/v1/admin/erasures/e1", ""},
		{"GET", "/v1/admin/audit", ""},
	} {
		for key, status := range map[string]int{"": 401, "Bearer dev": 401, "Bearer admi": 401, "Bearer admin": 200, "Basic YWRtaW46": 200} {
			w := ask(s, route[0], route[1], strings.NewReader(route[2]), "Authorization", key)
			if w.Code != status {
				t.Errorf("%s with %q: %d %s", route[1], key, w.Code, w.Body)
			}
		}
	}
	closed, _ := newTest(t, func(o *Options) { o.AdminKey = "" })
	for _, key := range []string{"", "Bearer ", "Basic Og==", "Bearer admin"} {
		if w := ask(closed, "GET", "/v1/admin/releases", nil, "Authorization", key); w.Code != 401 {
			t.Errorf("no admin key: %d with %q", w.Code, key)
		}
	}
}

func TestWhy(t *testing.T) {
	s, _ := newTest(t)
	for path, want := range map[string][2]string{
		"/v1/profiles/user_id:ann/why/welcome":               {"user_id:ann", "welcome"},
		"/v1/profiles/email:a%2Fb@example.com/why/%E6%AD%A1": {"email:a/b@example.com", "歡"},
		"/v1/profiles/phone:%2B886912345678/why/welcome?a=b": {"phone:+886912345678", "welcome"},
		"/v1/profiles/0123456789abcdef/why/100%25":           {"0123456789abcdef", "100%"},
	} {
		w := ask(s, "GET", path, nil, "Authorization", asAdmin)
		var got why.Explanation
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Person != want[0] || got.Journey != want[1] {
			t.Errorf("%s: %d %s, want %q", path, w.Code, w.Body, want)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v", w.Header())
		}
	}
}

func TestProfile(t *testing.T) {
	s, f := newTest(t)
	var asked string
	f.profile = func(ref string) (*profiles.View, error) {
		asked = ref
		return &profiles.View{ID: "p1", Tags: []string{}}, nil
	}
	for path, want := range map[string]string{
		"/v1/profiles/user_id:ann":             "user_id:ann",
		"/v1/profiles/user_id:ann/":            "user_id:ann",
		"/v1/profiles/email:ann@example.com":   "email:ann@example.com",
		"/v1/profiles/email%3Aann%40x.com":     "email:ann@x.com",
		"/v1/profiles/user_id:a%2Fb":           "user_id:a/b",
		"/v1/profiles/user_id:a/b":             "user_id:a/b",
		"/v1/profiles/user_id:%E5%AE%89":       "user_id:安",
		"/v1/profiles/user_id:a%2525":          "user_id:a%25",
		"/v1/profiles/user_id:a%2F%25":         "user_id:a/%",
		"/v1/profiles/0123456789abcdef":        "0123456789abcdef",
		"/v1/profiles/user_id:a+b":             "user_id:a+b",
		"/v1/profiles/phone:%2B886912345678":   "phone:+886912345678",
		"/v1/profiles/user_id:a?verbose=1&x=y": "user_id:a",
	} {
		w := ask(s, "GET", path, nil, "Authorization", asAdmin)
		if w.Code != 200 || asked != want {
			t.Errorf("%s: %d, asked %q, want %q", path, w.Code, asked, want)
		}
		if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Body.String(), `"id":"p1"`) {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
	}
	f.profile = func(string) (*profiles.View, error) { return nil, engine.ErrNoProfile }
	for _, path := range []string{"/v1/profiles/user_id:bob", "/v1/profiles/"} {
		w := ask(s, "GET", path, nil, "Authorization", asAdmin)
		if p := problemIn(t, w); p.Status != 404 || p.Code != "no-profile" || strings.Contains(w.Body.String(), "bob") {
			t.Errorf("problem %+v", p)
		}
	}
	f.profile = func(string) (*profiles.View, error) { return nil, engine.ErrUnavailable }
	if w := ask(s, "GET", "/v1/profiles/user_id:bob", nil, "Authorization", asAdmin); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
}

func TestDeploy(t *testing.T) {
	s, f := newTest(t)
	text := "journey a {\n  安 x\n}\n"
	file := &diag.File{Name: "shop/a.journey", Text: text}
	at := strings.Index(text, "x")
	warning := diag.Diagnostic{Severity: diag.Warning, Code: "counts-from-now", Message: "this counts from now", Span: diag.Span{File: file, Start: at, End: at + 1}}
	var sources map[string]string
	var dry bool
	var by string
	var diags []diag.Diagnostic
	f.deploy = func(s map[string]string, d bool, b string) (engine.Release, []diag.Diagnostic, error) {
		sources, dry, by = s, d, b
		r := engine.Release{Number: 7, Hash: "abc", Live: true, At: noon, By: b}
		if d {
			r = engine.Release{Hash: "abc"}
		}
		if len(diags) > 0 && diags[0].Severity == diag.Error {
			return engine.Release{}, diags, engine.ErrWorkspace
		}
		return r, diags, nil
	}
	f.releases = []engine.Release{{Number: 7}, {Number: 6}}
	post := func(body string) (int, map[string]any) {
		t.Helper()
		w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(body), "Authorization", asAdmin)
		var m map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return w.Code, m
	}
	body := `{"sources":{"shop/a.journey":"x"},"dry_run":false}`
	status, m := post(body)
	want := map[string]any{"number": 7.0, "hash": "abc", "live": true, "by": "admin", "at": "2026-03-02T12:00:00Z", "diagnostics": []any{}, "notes": []any{}}
	if status != 200 || !reflect.DeepEqual(m, want) {
		t.Errorf("%d %v", status, m)
	}
	if dry || by != "admin" || !reflect.DeepEqual(sources, map[string]string{"shop/a.journey": "x"}) {
		t.Errorf("%v %v %v", sources, dry, by)
	}

	diags = []diag.Diagnostic{warning}
	status, m = post(strings.Replace(body, "false", `true,"by":"lin"`, 1))
	if status != 200 || !dry || by != "lin" || m["number"] != 8.0 || m["live"] != false {
		t.Errorf("dry run: %d %v", status, m)
	}
	if !reflect.DeepEqual(m["notes"], []any{"shop/a.journey:2:5: this counts from now"}) {
		t.Errorf("notes %v", m["notes"])
	}
	d := m["diagnostics"].([]any)[0].(map[string]any)
	if d["severity"] != "warning" || d["line"] != 2.0 || d["column"] != 5.0 || d["rendered"] == "" || d["code"] != "counts-from-now" {
		t.Errorf("diagnostic %v", d)
	}

	wrong := warning
	wrong.Severity, wrong.Code, wrong.Suggest = diag.Error, "unknown-word", "y"
	wrong.Related = []diag.Related{{Span: diag.Span{File: file, Start: 0, End: 7}, Message: "in this"}}
	diags = []diag.Diagnostic{wrong, {Message: "no place"}}
	status, m = post(body)
	if status != 422 || m["code"] != "workspace-wrong" || len(m["diagnostics"].([]any)) != 2 {
		t.Errorf("wrong: %d %v", status, m)
	}
	r := m["diagnostics"].([]any)[0].(map[string]any)["related"].([]any)[0].(map[string]any)
	if r["line"] != 1.0 || r["message"] != "in this" {
		t.Errorf("related %v", r)
	}

	for body, code := range map[string]string{
		`{`: "invalid-json", `{} {}`: "invalid-json", `{"sources":{"a":1}}`: "invalid-json",
		`{"sources":{"a.journey":""},"dryrun":true}`: "invalid-json",
		`{}`:                                "missing-field",
		`{"sources":{"/etc/passwd":""}}`:    "bad-name",
		`{"sources":{"../a.journey":""}}`:   "bad-name",
		`{"sources":{"":""}}`:               "bad-name",
		`{"sources":{"a/../b.journey":""}}`: "bad-name",
	} {
		if status, m := post(body); status != 400 || m["code"] != code {
			t.Errorf("%s: %d %v", body, status, m)
		}
	}
	large := `{"sources":{"a.journey":"` + strings.Repeat("x", 8<<20) + `"}}`
	if status, m := post(large); status != 413 || m["code"] != "too-large" {
		t.Errorf("large: %d %v", status, m)
	}
	f.deploy = func(map[string]string, bool, string) (engine.Release, []diag.Diagnostic, error) {
		return engine.Release{}, nil, engine.ErrUnavailable
	}
	if status, _ := post(body); status != 503 {
		t.Errorf("down: %d", status)
	}
}

func TestReleases(t *testing.T) {
	s, f := newTest(t)
	f.releases = []engine.Release{{Number: 2, Hash: "b", At: noon, By: "lin", Live: true}, {Number: 1, Hash: "a", At: noon.Add(-time.Hour), By: "admin"}}
	w := ask(s, "GET", "/v1/admin/releases", nil, "Authorization", asAdmin)
	want := `{"releases":[{"number":2,"hash":"b","at":"2026-03-02T12:00:00Z","live":true,"by":"lin"},{"number":1,"hash":"a","at":"2026-03-02T11:00:00Z","live":false,"by":"admin"}]}`
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = ask(s, "POST", "/v1/admin/releases/1/rollback", nil, "Authorization", asAdmin)
	if w.Code != 200 || f.rolled != 1 || !strings.Contains(w.Body.String(), `"rollback_of":1`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for number, status := range map[string]int{"3": 404, "0": 400, "x": 400, "99999999999999999999": 400} {
		w := ask(s, "POST", "/v1/admin/releases/"+number+"/rollback", nil, "Authorization", asAdmin)
		if p := problemIn(t, w); p.Status != status {
			t.Errorf("%s: %+v", number, p)
		}
	}
}

func TestStart(t *testing.T) {
	s, f := newTest(t)
	var res engine.CallResult
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) {
		return []engine.CallResult{res}, nil
	}
	for want, r := range map[string]engine.CallResult{
		`{"run":"p1.3"}`:                                      {Run: "p1.3"},
		`{"refused":"already inside"}`:                        {Refused: "already inside"},
		`{"refused":"duplicate","duplicate":true}`:            {Duplicate: true},
		`{"run":"p1.3","duplicate":true}`:                     {Duplicate: true, Run: "p1.3"},
		`{"run":"r","warnings":[{"field":"f","reason":"g"}]}`: {Run: "r", Warnings: []profiles.Fault{{Field: "f", Reason: "g"}}},
	} {
		res = r
		w := send(s, "/v1/journeys/welcome%20back/start", `{"userId":"ann","properties":{"a":1}}`)
		if w.Code != 200 || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
		call := f.taken()[0]
		if call.Kind != engine.CallRequest || call.Journey != "welcome back" || call.Properties["a"] != 1.0 {
			t.Errorf("call %+v", call)
		}
	}
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) {
		return []engine.CallResult{{Err: &engine.CallError{Code: "bad-request", Field: "properties.coupon", Message: "is missing"}}}, nil
	}
	if p := problemIn(t, send(s, "/v1/journeys/welcome/start", ann)); p.Status != 400 || p.Field != "properties.coupon" {
		t.Errorf("problem %+v", p)
	}
}

func TestHealth(t *testing.T) {
	temporal := Check{Name: "temporal", OK: true, Detail: "localhost:7233"}
	s, f := newTest(t, func(o *Options) { o.Health = func(context.Context) []Check { return []Check{temporal} } })
	f.health.Outbox = store.Backlog{Entries: 3, Oldest: value.TimeOf(noon.Add(-2 * time.Second))}
	ready := func(query string) (int, readiness) {
		t.Helper()
		w := ask(s, "GET", "/readyz"+query, nil)
		var r readiness
		if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		return w.Code, r
	}
	if status, r := ready(""); status != 200 || !r.Ready || len(r.Checks) != 0 {
		t.Errorf("%d %+v", status, r)
	}
	status, r := ready("?verbose")
	if status != 200 || len(r.Checks) != 5 || r.Checks[2].Detail != "3 reactions, the oldest 2s old" || r.Checks[4] != temporal {
		t.Errorf("%d %+v", status, r)
	}
	f.health.Outbox.Stalled = 2
	if status, r := ready(""); status != 200 || !r.Ready || len(r.Checks) != 1 || !strings.Contains(r.Checks[0].Detail, "2 partitions stand still") {
		t.Errorf("%d %+v", status, r)
	}
	f.health.Outbox.Stalled, f.health.OutboxError = 0, "broken pipe"
	if status, r := ready(""); status != 200 || len(r.Checks) != 1 || !strings.Contains(r.Checks[0].Detail, "broken pipe") {
		t.Errorf("%d %+v", status, r)
	}
	f.health.OutboxError = ""
	temporal.OK = false
	if status, r := ready(""); status != 503 || r.Ready || len(r.Checks) != 1 || r.Checks[0] != temporal {
		t.Errorf("%d %+v", status, r)
	}
	temporal.Spared = true // it is told, and traffic comes all the same
	if status, r := ready(""); status != 200 || !r.Ready || len(r.Checks) != 1 || r.Checks[0].OK || r.Checks[0].Name != "temporal" {
		t.Errorf("%d %+v", status, r)
	}
	temporal.OK, temporal.Spared = true, false
	f.health = engine.Health{Error: "no route to host"}
	if status, r := ready(""); status != 503 || r.Checks[0] != (Check{Name: "redis", Detail: "no route to host"}) {
		t.Errorf("%d %+v", status, r)
	}
	if w := ask(s, "GET", "/livez", nil); w.Code != 200 {
		t.Errorf("livez: %d", w.Code)
	}
	f.health = engine.Health{Writable: true}
	s.Drain()
	if status, r := ready(""); status != 503 || r.Checks[0].Name != "drain" {
		t.Errorf("%d %+v", status, r)
	}
	if w := send(s, "/v1/track", ann); w.Code != 200 {
		t.Errorf("while draining: %d", w.Code)
	}
	if w := ask(s, "HEAD", "/readyz", nil); w.Code != 503 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := ask(s, "GET", "/version", nil); w.Code != 200 || !strings.Contains(w.Body.String(), `"version":"1.2.3"`) {
		t.Errorf("version: %d %s", w.Code, w.Body)
	}
}

func TestMetrics(t *testing.T) {
	s, f := newTest(t)
	f.health.Outbox = store.Backlog{Entries: 3, Oldest: value.TimeOf(noon.Add(-2 * time.Second))}
	send(s, "/v1/track", ann)
	send(s, "/v1/track", `{"userId":"ann"}`)
	send(s, "/v1/batch", `{"batch":[{"type":"identify","userId":"a"},{"type":"identify","userId":"b"},5]}`)
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) {
		return []engine.CallResult{{Duplicate: true}}, nil
	}
	send(s, "/v1/page", `{"userId":"ann"}`)
	f.submit = func(context.Context, []engine.Call) ([]engine.CallResult, error) { return nil, errors.New("x") }
	send(s, "/v1/journeys/a/start", ann)
	text := ask(s, "GET", "/metrics", nil).Body.String()
	for _, line := range []string{
		`journey_inputs_total{kind="track",outcome="stored"} 1`,
		`journey_inputs_total{kind="track",outcome="refused"} 1`,
		`journey_inputs_total{kind="identify",outcome="stored"} 2`,
		`journey_inputs_total{kind="unknown",outcome="refused"} 1`,
		`journey_inputs_total{kind="page",outcome="duplicate"} 1`,
		`journey_inputs_total{kind="request",outcome="unavailable"} 1`,
		`journey_http_request_duration_seconds_count{route="/v1/track",status="2xx"} 1`,
		`journey_http_request_duration_seconds_count{route="/v1/track",status="4xx"} 1`,
		`journey_http_request_duration_seconds_count{route="/v1/journeys/:name/start",status="5xx"} 1`,
		`journey_outbox_reactions 3`, `journey_outbox_lag_seconds 2`, `journey_redis_writable 1`, `journey_release_live 1`,
		`journey_build_info{version="1.2.3"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	f.health = engine.Health{}
	if text := ask(s, "GET", "/metrics", nil).Body.String(); !strings.Contains(text, "journey_redis_writable 0\n") || strings.Contains(text, "journey_outbox_reactions ") {
		t.Error("Redis is away, and the metrics say otherwise")
	}
}

// TestMailbox: the mailbox gets its paths as they are.
func TestMailbox(t *testing.T) {
	var got []string
	s, _ := newTest(t, func(o *Options) {
		o.Mailbox = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = append(got, r.Method+" "+r.URL.Path) })
	})
	for _, path := range []string{"", "/", "/12", "/12/html"} {
		ask(s, "GET", mailbox.Mount+path, nil)
	}
	if want := []string{"GET /dev/mailbox", "GET /dev/mailbox/", "GET /dev/mailbox/12", "GET /dev/mailbox/12/html"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	none, _ := newTest(t)
	if w := ask(none, "GET", mailbox.Mount, nil); w.Code != 404 {
		t.Errorf("without one: %d", w.Code)
	}
}
