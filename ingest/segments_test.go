package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"journey/engine"
)

// Segments over the API: how large, who, what two share, and what would be.
func TestSegments(t *testing.T) {
	s, _ := deployed(t)
	for n := range 5 {
		stores(t, s, "/v1/identify", fmt.Sprintf(`{"userId":"u%d","traits":{"email":"u%d@example.com"}}`, n, n))
	}
	stores(t, s, "/v1/track", `{"userId":"u0","event":"Order Completed","properties":{"total":1}}`)
	want := func(method, path, body string, status int, parts ...string) {
		t.Helper()
		w := ask(s, method, path, strings.NewReader(body), "Authorization", asAdmin)
		if w.Code != status {
			t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
		}
		for _, part := range parts {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s %s: %s, want %s in it", method, path, w.Body, part)
			}
		}
	}
	const all = "/v1/admin/segments"
	want("GET", all, "", 200, `"people":5`, `{"segment":"buyers","condition":"count(order_completed) \u003e 0","members":1}`, `"fitting":{"release":1,`)
	waitFor(t, "people are fitted to the release", func() bool {
		_, _ = s.o.Engine.(*engine.Engine).Work(context.Background(), []int{0})
		return strings.Contains(ask(s, "GET", all, nil, "Authorization", asAdmin).Body.String(), `"done":true`)
	})
	want("GET", all+"/buyers/members", "", 200, `{"id":"`, `{"done":true,"members":1,"people":5}`)
	want("GET", all+"/buyers/overlap/buyers", "", 200, `{"both":1,"done":true,"first":1,"people":5,"second":1}`)
	want("POST", all+"/preview", `{"condition":"not segment.buyers"}`, 200, `"done":true,"people":5,"members":4,"examples":[{`, `"email":["u…@example.com"]`)
	want("POST", all+"/preview", `{"condition":"not segment.byers"}`, 400, "bad-condition", "byers")
	want("POST", all+"/preview", `{"cond":"true"}`, 400, "invalid-json")
	want("GET", all+"/byers/members", "", 400, "no-segment")
	for _, path := range []string{all, all + "/buyers/members", all + "/buyers/overlap/buyers"} {
		if w := ask(s, "GET", path, nil, "Authorization", "Bearer dev"); w.Code != 401 {
			t.Errorf("%s answers a write key %d", path, w.Code)
		}
	}
	if w := ask(s, "POST", all+"/preview", strings.NewReader(`{"condition":"true"}`)); w.Code != 401 {
		t.Errorf("a preview answers nobody's key %d", w.Code)
	}
}
