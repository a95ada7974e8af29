package ingest

import (
	"strings"
	"testing"
)

// Tags by hand and by rule, over the API.
func TestTags(t *testing.T) {
	s, _ := deployed(t)
	want := func(path, key, body string, status int, parts ...string) {
		t.Helper()
		w := ask(s, "POST", path, strings.NewReader(body), "Authorization", key)
		if w.Code != status {
			t.Errorf("POST %s %s: %d %s, want %d", path, body, w.Code, w.Body, status)
		}
		for _, part := range parts {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("POST %s %s: %s, want %s in it", path, body, w.Body, part)
			}
		}
	}
	stores(t, s, "/v1/identify", `{"userId":"ann","traits":{"tags":["web","buyer"]}}`)
	const path = "/v1/profiles/user_id:ann/tags"
	want(path, asAdmin, `{"add":["vip"]}`, 200, `{"tags":["web","vip"]}`)
	want(path, asAdmin, `{"add":["vip"]}`, 200, `{"tags":["web","vip"]}`)
	stores(t, s, "/v1/track", `{"userId":"ann","event":"Order Completed","properties":{"total":1}}`)
	want(path, asAdmin, `{"add":["三"],"remove":["web","none"]}`, 200, `{"tags":["vip","三","buyer"]}`)
	if w := ask(s, "GET", "/v1/profiles/user_id:ann", nil, "Authorization", asAdmin); !strings.Contains(w.Body.String(), `"tags":["vip","三","buyer"],"segments":["buyers"]`) {
		t.Errorf("the profile is %s", w.Body)
	}

	want(path, asAdmin, `{"remove":["buyer"]}`, 400, "ruled-tag")
	want(path, asAdmin, `{"add":[""]}`, 400, "bad-tag", `"field":"add"`)
	want(path, asAdmin, `{"add":["a"],"remove":["a"]}`, 400, "bad-tag")
	want(path, asAdmin, `{}`, 400, "bad-tag")
	want(path, asAdmin, `{"tags":["a"]}`, 400, "invalid-json")
	want("/v1/profiles/user_id:bob/tags", asAdmin, `{"add":["a"]}`, 404, "no-profile")
	want(path, "Bearer dev", `{"add":["a"]}`, 401)
}
