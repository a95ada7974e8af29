package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"journey/engine"
	"journey/ingest/sources"
	"journey/profiles"
	"journey/profiles/store"
)

// workspace is the program of the tests with a real engine.
const workspace = `
workspace { timezone "Asia/Taipei" consent required identify user_id, email, anonymous_id }
trait email: email identifier up to 3
trait name: text
trait birthday: date
trait orders: number = count(order_completed)
event order_completed "Order Completed" { total: number }
event signed_up "Signed Up" { }
segment buyers = count(order_completed) > 0
tag "buyer" while segment.buyers
message hello via email { subject "Hi" text "Hi" }
journey welcome {
  enter on signed_up
  again after exit
  wait 1 day
  send hello
}
journey invite {
  enter on request { code: text }
  once
  wait 1 day
}
`

// startRedis is a redis-server of its own for one test, in memory.
func startRedis(t testing.TB) (url string, process *os.Process) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	dir, err := os.MkdirTemp("", "r") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	sock := filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", sock, "--save", "", "--appendonly", "no", "--dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // a frozen one too
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	})
	waitFor(t, "redis-server listens", func() bool {
		c, err := net.Dial("unix", sock)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return "unix://" + sock, cmd.Process
}

// waitFor waits until something holds, at most twenty seconds.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// real is a server with a real engine on a real Redis.
func realServer(t testing.TB, redis string) *Server {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, store.Options{URL: redis})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(ctx, engine.Options{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	r, err := sources.Open(ctx, st, []sources.Source{sources.Configured(sources.Source{Name: "web"}, "dev")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		_ = e.Close()
		_ = st.Close()
	})
	return New(Options{Engine: e, Sources: r, AdminKey: "admin"})
}

// deployed is one with the workspace, published over the API.
func deployed(t testing.TB) (*Server, *os.Process) {
	t.Helper()
	redis, process := startRedis(t)
	s := realServer(t, redis)
	body, _ := json.Marshal(deployment{Sources: map[string]string{"shop.journey": workspace}})
	if w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin); w.Code != 200 {
		t.Fatalf("deploy: %d %s", w.Code, w.Body)
	}
	return s, process
}

// testingT is a test, or one case of a property.
type testingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// stores posts what must be stored. A busy machine may answer 503, which
// clients repeat.
func stores(t testingT, s *Server, path, body string) string {
	t.Helper()
	var w *httptest.ResponseRecorder
	for range 10 {
		if w = send(s, path, body); w.Code != 503 {
			break
		}
	}
	if w.Code != 200 {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return strings.TrimSpace(w.Body.String())
}

// look reads a profile; nil if there is none.
func look(t testingT, s *Server, ref string) *profiles.View {
	t.Helper()
	w := ask(s, "GET", "/v1/profiles/"+url.PathEscape(ref), nil, "Authorization", asAdmin)
	if w.Code == 404 {
		return nil
	}
	var v profiles.View
	if err := json.Unmarshal(w.Body.Bytes(), &v); w.Code != 200 || err != nil {
		t.Fatalf("profile %s: %d %s", ref, w.Code, w.Body)
	}
	return &v
}

// TestWholeWay: what is acknowledged is in the profile that is read next.
func TestWholeWay(t *testing.T) {
	redis, _ := startRedis(t)
	s := realServer(t, redis)
	if w := send(s, "/v1/track", ann); w.Code != 503 || problemIn(t, w).Code != "no-release" {
		t.Errorf("before anything is published: %d", w.Code)
	}
	deploy := func(text string, dry bool) (int, published) {
		t.Helper()
		body, _ := json.Marshal(deployment{Sources: map[string]string{"shop.journey": text}, DryRun: dry})
		w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin)
		var p published
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		return w.Code, p
	}
	if status, p := deploy(workspace, true); status != 200 || p.Number != 1 || p.Live {
		t.Errorf("dry run: %d %+v", status, p)
	}
	if status, p := deploy(workspace, false); status != 200 || p.Number != 1 || !p.Live || p.Hash == "" {
		t.Fatalf("deploy: %d %+v", status, p)
	}
	if status, p := deploy("trait a: strin\n", false); status != 422 || len(p.Diagnostics) == 0 {
		t.Errorf("wrong: %d %+v", status, p)
	}

	got := stores(t, s, "/v1/identify", `{"userId":"ann","traits":{"email":"Ann@Example.com","birthday":"soon","consent":{"email":true}}}`)
	if want := `{"success":true,"warnings":[{"field":"traits.birthday"`; !strings.HasPrefix(got, want) {
		t.Errorf("identify: %s", got)
	}
	stores(t, s, "/v1/track", ann)
	stores(t, s, "/v1/track", `{"userId":"ann","event":"Order Completed","properties":{"total":1200}}`)
	stores(t, s, "/v1/page", `{"anonymousId":"a-1","name":"Home","context":{"page":{"url":"https://shop.example/"}}}`)
	stores(t, s, "/v1/alias", `{"userId":"ann","previousId":"a-1"}`)
	run := stores(t, s, "/v1/journeys/invite/start", `{"userId":"ann","properties":{"code":"x"},"messageId":"s1"}`)
	v := look(t, s, "email:ann@example.com")
	if v == nil || !reflect.DeepEqual(v.Identifiers["user_id"], []string{"ann"}) || v.Traits["orders"] != 1.0 ||
		v.Consent["email"] != true || !reflect.DeepEqual(v.Segments, []string{"buyers"}) || len(v.Events) != 3 || len(v.Runs) != 2 {
		t.Errorf("profile %+v", v)
	}
	if !strings.Contains(run, `"run":"`+v.ID+`.`) {
		t.Errorf("start: %s", run)
	}
	if again := stores(t, s, "/v1/journeys/invite/start", `{"userId":"ann","properties":{"code":"x"},"messageId":"s1"}`); !strings.Contains(again, `"duplicate":true`) {
		t.Errorf("the same start again: %s", again)
	}
	if again := stores(t, s, "/v1/journeys/invite/start", `{"userId":"ann","properties":{"code":"x"},"messageId":"s2"}`); !strings.Contains(again, `"refused":"`) {
		t.Errorf("another start: %s", again)
	}
	if w := send(s, "/v1/journeys/nothing/start", `{"userId":"ann"}`); w.Code != 404 || problemIn(t, w).Code != "unknown-journey" {
		t.Errorf("unknown journey: %d", w.Code)
	}
	if w := send(s, "/v1/journeys/invite/start", `{"userId":"ann"}`); w.Code != 400 || problemIn(t, w).Field != "properties.code" {
		t.Errorf("bad request: %d %s", w.Code, w.Body)
	}
	if w := send(s, "/v1/track", `{"event":"Signed Up","anonymousId":"null"}`); w.Code != 400 || problemIn(t, w).Code != "no-identifier" {
		t.Errorf("nobody: %d %s", w.Code, w.Body)
	}
	stores(t, s, "/v1/track", ann) // the same bytes
	if n := len(look(t, s, "user_id:ann").Events); n != 3 {
		t.Errorf("%d events after a repeat", n)
	}
	text := ask(s, "GET", "/metrics", nil).Body.String()
	for _, line := range []string{"journey_redis_writable 1\n", "journey_release_live 1\n", `journey_inputs_total{kind="track",outcome="duplicate"} 1` + "\n", `journey_engine_total{what="merges"}`} {
		if !strings.Contains(text, line) {
			t.Errorf("no line %s", line)
		}
	}
	if w := ask(s, "GET", "/readyz?verbose", nil); w.Code != 200 {
		t.Errorf("readyz: %d %s", w.Code, w.Body)
	}
}

// drawItem is a call of somebody among few, so that people meet and merge.
// Each has a time of its own, so that the newest value of a trait is certain.
func drawItem(t *rapid.T, n int, prefix string, from time.Time) map[string]any {
	item := map[string]any{"messageId": fmt.Sprintf("m%d", n), "timestamp": from.Add(time.Duration(n) * time.Second).Format(time.RFC3339Nano)}
	who := func(label string, names ...string) string {
		if name := rapid.SampledFrom(names).Draw(t, label); name != "" {
			return prefix + name
		}
		return ""
	}
	item["userId"] = who("user", "", "", "ann", "bob")
	item["anonymousId"] = who("anonymous", "", "a1", "a2", "a3")
	switch kind := rapid.SampledFrom([]string{"track", "identify", "page", "alias"}).Draw(t, "kind"); kind {
	case "track":
		item["type"], item["event"] = kind, "Order Completed"
		item["properties"] = map[string]any{"total": n}
	case "identify":
		item["type"] = kind
		traits := map[string]any{"name": fmt.Sprint("n", n)}
		if mail := who("email", "", "x", "y"); mail != "" {
			traits["email"] = mail + "@example.com"
		}
		item["traits"] = traits
	case "page":
		item["type"], item["name"] = kind, fmt.Sprint("p", n)
	case "alias":
		item["type"], item["previousId"] = kind, who("previous", "a1", "a2", "ann")
	}
	return item
}

// TestBatchMeansItsItems posts the same calls one by one and as batches, to
// people of other names, and compares what became of both.
func TestBatchMeansItsItems(t *testing.T) {
	s, _ := deployed(t)
	round, from := 0, time.Now().Add(-time.Hour).Truncate(time.Second)
	rapid.Check(t, func(t *rapid.T) {
		round++
		one, all := fmt.Sprintf("i%d-", round), fmt.Sprintf("b%d-", round)
		n := rapid.IntRange(1, 12).Draw(t, "items")
		texts := make([]string, n)
		for i := range texts {
			if i > 0 && rapid.IntRange(0, 9).Draw(t, "repeat") == 0 {
				texts[i] = texts[rapid.IntRange(0, i-1).Draw(t, "of")]
				continue
			}
			b, _ := json.Marshal(drawItem(t, i, "@", from))
			texts[i] = string(b)
		}
		as := func(text, prefix string) string {
			text = strings.ReplaceAll(text, `"@`, `"`+prefix)
			return strings.ReplaceAll(text, `"messageId":"`, `"messageId":"`+prefix)
		}
		var singly, together []string
		for _, text := range texts {
			var kind struct{ Type string }
			_ = json.Unmarshal([]byte(text), &kind)
			w := send(s, "/v1/"+kind.Type, as(text, one))
			for tries := 0; w.Code == 503 && tries < 10; tries++ {
				w = send(s, "/v1/"+kind.Type, as(text, one))
			}
			if w.Code != 200 && w.Code != 400 {
				t.Fatalf("single: %d %s", w.Code, w.Body)
			}
			var p problem
			_ = json.Unmarshal(w.Body.Bytes(), &p)
			singly = append(singly, p.Code)
		}
		for rest := texts; len(rest) > 0; {
			k := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			answer := answerOf(t, stores(t, s, "/v1/batch", `{"batch":[`+as(strings.Join(rest[:k], ","), all)+`]}`))
			codes := make([]string, k)
			for _, r := range answer.Refused {
				codes[r.Index] = r.Code
			}
			together, rest = append(together, codes...), rest[k:]
		}
		if !reflect.DeepEqual(singly, together) {
			t.Fatalf("refused one by one %q, in batches %q", singly, together)
		}
		for _, ref := range []string{"user_id:@ann", "user_id:@bob", "anonymous_id:@a1", "anonymous_id:@a2", "anonymous_id:@a3", "email:@x@example.com", "email:@y@example.com"} {
			a := profileText(look(t, s, strings.Replace(ref, "@", one, 1)), one)
			b := profileText(look(t, s, strings.Replace(ref, "@", all, 1)), all)
			if a != b {
				t.Fatalf("%s one by one\n%s\nin batches\n%s", ref, a, b)
			}
		}
	})
}

func answerOf(t testingT, body string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return a
}

// profileText is a profile without what chance and the clock give it. Events
// that two people had in the same millisecond, before they became one, have
// no certain order: they are put in one.
func profileText(v *profiles.View, prefix string) string {
	if v == nil {
		return "nobody"
	}
	v.ID = ""
	for i := range v.Events {
		v.Events[i].At = ""
	}
	sort.Slice(v.Events, func(i, j int) bool { return fmt.Sprint(v.Events[i]) < fmt.Sprint(v.Events[j]) })
	for i := range v.Runs {
		v.Runs[i].Run, v.Runs[i].EnteredAt, v.Runs[i].EndedAt = "", "", ""
	}
	for _, ids := range v.Identifiers {
		sort.Strings(ids)
	}
	b, _ := json.MarshalIndent(v, "", " ")
	return strings.ReplaceAll(string(b), prefix, "@")
}

// TestRedisFrozen: while Redis does not answer, every call is told so within
// two seconds, memory stays flat, and all is well as soon as Redis is back.
func TestRedisFrozen(t *testing.T) {
	s, redis := deployed(t)
	stores(t, s, "/v1/track", ann)
	if err := redis.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	before := heap()
	var mu sync.Mutex
	var slowest time.Duration
	answers := map[int]int{}
	var all sync.WaitGroup
	for g := range 32 {
		all.Go(func() {
			for i := range 3 {
				body := fmt.Sprintf(`{"userId":"u%d-%d","event":"Signed Up","properties":{"a":%q}}`, g, i, strings.Repeat("x", 8000))
				begun := time.Now()
				w := send(s, "/v1/track", body)
				took := time.Since(begun)
				mu.Lock()
				answers[w.Code]++
				slowest = max(slowest, took)
				mu.Unlock()
				if w.Code == 503 && w.Header().Get("Retry-After") == "" {
					t.Error("503 without Retry-After")
				}
			}
		})
	}
	all.Wait()
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
	if answers[503] != 96 {
		t.Errorf("answers %v", answers)
	}
	if limit := 2*time.Second + slack; slowest > limit {
		t.Errorf("the slowest answer took %s", slowest)
	}
	if w := ask(s, "GET", "/readyz", nil); w.Code != 503 {
		t.Errorf("readyz: %d", w.Code)
	}
	if w := ask(s, "GET", "/v1/profiles/user_id:ann", nil, "Authorization", asAdmin); w.Code != 503 {
		t.Errorf("profile: %d", w.Code)
	}
	if err := redis.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Redis is back", func() bool {
		return send(s, "/v1/track", `{"userId":"ann","event":"Order Completed","properties":{"total":1}}`).Code == 200
	})
	if v := look(t, s, "user_id:ann"); v == nil || v.Traits["orders"] != 1.0 {
		t.Errorf("profile %+v", v)
	}
	if s.working.Load() != 0 || s.budget.left.Load() != s.o.Limits.Bytes {
		t.Error("requests still hold their places")
	}
}

// slack is what a busy machine may add to a deadline.
const slack = 500 * time.Millisecond

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
