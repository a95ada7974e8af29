package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"journey/engine"
	"journey/ingest/sources"
	"journey/profiles/store"
)

// sourced is a server whose sources are kept in a Redis, beside one that is
// configured: web, whose key is dev.
func sourced(t *testing.T, redis string) (*Server, *fake) {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, store.Options{URL: redis})
	if err != nil {
		t.Fatal(err)
	}
	r, err := sources.Open(ctx, st, []sources.Source{sources.Configured(sources.Source{Name: "web", Kind: "web"}, "dev")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); _ = st.Close() })
	return newTest(t, func(o *Options) { o.WriteKeys, o.Sources, o.Now = nil, r, time.Now })
}

// manage asks the admin API of sources.
func manage(t *testing.T, s *Server, path, body string, status int) shownSource {
	t.Helper()
	w := ask(s, "POST", "/v1/admin/sources"+path, strings.NewReader(body), "Authorization", asAdmin)
	if w.Code != status {
		t.Fatalf("%s %s: %d %s", path, body, w.Code, w.Body)
	}
	var out shownSource
	if status == 200 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func with(s *Server, key, path, body string) *httptest.ResponseRecorder {
	return ask(s, "POST", path, strings.NewReader(body), "Authorization", "Bearer "+key)
}

// TestSources: a key made by one process is good in another within five
// seconds, and so is a rotation, a change and a revocation.
func TestSources(t *testing.T) {
	redis, _ := startRedis(t)
	one, _ := sourced(t, redis)
	two, f := sourced(t, redis)
	soon := func(what string, status int, key string) {
		t.Helper()
		began := time.Now()
		waitFor(t, what, func() bool { return with(two, key, "/v1/track", ann).Code == status })
		if took := time.Since(began); took > 15*time.Second { // 5 s, and a slow machine
			t.Errorf("%s took %s", what, took)
		}
	}
	till := manage(t, one, "", `{"name":"till","kind":"till","events":["Order Completed"]}`, 200)
	if len(till.Key) < 40 || len(till.Keys) != 1 || !strings.HasSuffix(till.Key, till.Keys[0].Tail) {
		t.Fatalf("%+v", till)
	}
	soon("the key is known", 400, till.Key) // ann's event is another one
	if w := with(two, till.Key, "/v1/track", `{"userId":"ann","event":"Order Completed"}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := with(two, till.Key, "/v1/identify", `{"userId":"ann"}`); w.Code != 400 || !strings.Contains(w.Body.String(), "event-not-allowed") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if calls := f.taken(); len(calls) != 1 || calls[0].Source != "till" {
		t.Errorf("%+v", calls)
	}
	manage(t, one, "/till", `{"events":[]}`, 200)
	soon("everything is allowed", 200, till.Key)

	next := manage(t, one, "/till/rotate", `{"keep_seconds":3600}`, 200)
	soon("the next key is known", 200, next.Key)
	if w := with(two, till.Key, "/v1/track", ann); w.Code != 200 {
		t.Errorf("the old key: %d", w.Code)
	}
	last := manage(t, one, "/till/rotate", `{"keep_seconds":0}`, 200)
	soon("the old key is not", 401, till.Key)
	manage(t, one, "/till", `{"off":true}`, 200)
	soon("it is off", 404, last.Key)
	manage(t, one, "/till", `{"off":false}`, 200)
	soon("it is on", 200, last.Key)
	manage(t, one, "/till/revoke", ``, 200)
	soon("it is revoked", 401, last.Key)
	if w := with(two, "dev", "/v1/track", ann); w.Code != 200 {
		t.Errorf("the configured one: %d %s", w.Code, w.Body)
	}

	var list struct{ Sources []shownSource }
	waitFor(t, "what the other process counted is there", func() bool {
		w := ask(one, "GET", "/v1/admin/sources", nil, "Authorization", asAdmin)
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Sources) != 2 {
			t.Fatalf("%v %s", err, w.Body)
		}
		if strings.Contains(w.Body.String(), "jw_") {
			t.Fatalf("a key is shown: %s", w.Body)
		}
		return list.Sources[0].Counts["stored"] > 3 && list.Sources[1].Counts["stored"] == 1
	})
	if l := list.Sources[0]; l.Source != "till" || l.Counts["refused"] < 2 || l.Wrong == nil || l.Wrong.Code != "event-not-allowed" || time.Since(l.Seen) > time.Minute || len(l.Keys) != 0 {
		t.Errorf("%+v", l)
	}
	if l := list.Sources[1]; l.Source != "web" || !l.Configured || l.Counts["stored"] != 1 {
		t.Errorf("%+v", l)
	}
}

// TestSourceMistakes: each is told, and changes nothing.
func TestSourceMistakes(t *testing.T) {
	redis, _ := startRedis(t)
	s, _ := sourced(t, redis)
	manage(t, s, "", `{"name":"crm"}`, 200)
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"", `{"name":"crm"}`, 409}, {"", `{"name":"web"}`, 409}, {"/web", `{"rate":1}`, 409}, {"/nobody", `{"rate":1}`, 404},
		{"", `{"name":"a b"}`, 400}, {"", `{}`, 400}, {"", `{"name":"x","kind":"odd"}`, 400}, {"", `{"name":"x","rate":-1}`, 400},
		{"", `{"name":"x","rat":1}`, 400}, {"/crm", `{"name":"other"}`, 400}, {"/crm", `{"events":[""]}`, 400}, {"/crm", `[`, 400},
	} {
		manage(t, s, c.path, c.body, c.status)
	}
	if w := ask(s, "POST", "/v1/admin/sources", strings.NewReader(`{"name":"x"}`), "Authorization", "Bearer dev"); w.Code != 401 {
		t.Errorf("without the admin key: %d", w.Code)
	}
}

// TestRate: a source over its rate hears 429 and when to come again; a batch
// may owe, others know nothing of it.
func TestRate(t *testing.T) {
	redis, _ := startRedis(t)
	s, f := sourced(t, redis)
	src := manage(t, s, "", `{"name":"app","rate":50,"burst":10}`, 200)
	items := strings.TrimSuffix(strings.Repeat(`{"type":"track","userId":"ann","event":"E"},`, 25), ",")
	if w := with(s, src.Key, "/v1/batch", `{"batch":[`+items+`]}`); w.Code != 200 || len(f.taken()) != 25 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := with(s, src.Key, "/v1/track", ann)
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" || w.Header().Get("X-RateLimit-Reset") == "" || !strings.Contains(w.Body.String(), `"retryable":true`) {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := with(s, "dev", "/v1/track", ann); w.Code != 200 {
		t.Errorf("another source: %d", w.Code)
	}
	if w := ask(s, "POST", "/v1/track", strings.NewReader(fmt.Sprintf(`{"writeKey":%q,"userId":"ann","event":"E"}`, src.Key))); w.Code != 429 {
		t.Errorf("by its key in the body: %d", w.Code)
	}
	waitFor(t, "the rate allows more", func() bool { return with(s, src.Key, "/v1/track", ann).Code == 200 })
}

// TestNoisySource is fault F10: one source at twenty times its rate hears its
// own 429s, and the others are served as before.
func TestNoisySource(t *testing.T) {
	redis, _ := startRedis(t)
	s, f := sourced(t, redis)
	f.submit = func(_ context.Context, calls []engine.Call) ([]engine.CallResult, error) {
		return make([]engine.CallResult, len(calls)), nil
	}
	noisy := manage(t, s, "", `{"name":"noisy","rate":20}`, 200)
	quiet := manage(t, s, "", `{"name":"quiet"}`, 200)
	round := func() (slowest time.Duration) {
		var times []time.Duration
		for range 200 {
			began := time.Now()
			if w := with(s, quiet.Key, "/v1/track", ann); w.Code != 200 {
				t.Fatalf("the quiet one: %d %s", w.Code, w.Body)
			}
			times = append(times, time.Since(began))
		}
		slices.Sort(times)
		return times[len(times)*99/100]
	}
	before := round()
	stop := make(chan struct{})
	var work sync.WaitGroup
	var ok, limited int
	work.Go(func() {
		tick := time.NewTicker(2500 * time.Microsecond) // 400 a second
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			switch w := with(s, noisy.Key, "/v1/track", ann); w.Code {
			case 200:
				ok++
			case 429:
				limited++
			default:
				t.Errorf("the noisy one: %d %s", w.Code, w.Body)
			}
		}
	})
	began := time.Now()
	var during time.Duration
	for time.Since(began) < time.Second {
		during = max(during, round())
	}
	close(stop)
	work.Wait()
	took := time.Since(began).Seconds()
	if limited == 0 || float64(ok) > 40+20*took+5 {
		t.Errorf("%d taken, %d refused in %.1f s", ok, limited, took)
	}
	// Times on a busy machine say little: this is about orders of magnitude.
	if during > 10*before+100*time.Millisecond {
		t.Errorf("p99 of the quiet one: %s before, %s beside the noisy one", before, during)
	}
	t.Logf("p99 of the quiet one: %s before, %s beside the noisy one; of that %d taken, %d refused", before, during, ok, limited)
}
