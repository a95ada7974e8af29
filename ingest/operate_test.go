package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"journey/engine"
)

// A journey stands still and goes on, and a broadcast reaches whom it is
// addressed to, over the API.
func TestOperate(t *testing.T) {
	s, _ := deployed(t)
	admin := func(method, path, body string) (int, string) {
		t.Helper()
		var w = ask(s, method, path, strings.NewReader(body), "Authorization", asAdmin)
		return w.Code, w.Body.String()
	}
	want := func(method, path, body string, status int, parts ...string) {
		t.Helper()
		code, text := admin(method, path, body)
		if code != status {
			t.Errorf("%s %s %s: %d %s, want %d", method, path, body, code, text, status)
		}
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s %s %s: %s, want %s in it", method, path, body, text, part)
			}
		}
	}
	for n := range 4 {
		stores(t, s, "/v1/identify", fmt.Sprintf(`{"userId":"u%d","traits":{"name":"n"}}`, n))
	}
	stores(t, s, "/v1/track", `{"userId":"u0","event":"Order Completed","properties":{"total":1}}`)

	want("GET", "/v1/admin/journeys", "", 200, `{"journey":"welcome","state":"live"}`, `"invite"`)
	want("POST", "/v1/admin/journeys/invite/pause", "", 200, `{"journey":"invite","state":"paused"}`)
	want("GET", "/v1/admin/journeys", "", 200, `{"journey":"invite","state":"paused"}`)
	if text := stores(t, s, "/v1/journeys/invite/start", `{"userId":"u0","properties":{"code":"x"}}`); !strings.Contains(text, `"refused":"paused"`) {
		t.Errorf("a paused journey answers %s", text)
	}
	want("POST", "/v1/admin/journeys/invite/resume", "", 200, `"live"`)
	want("POST", "/v1/admin/journeys/invit%C3%A9/pause", "", 404, "unknown-journey", "invité")

	spring := `{"id":"spring 1","journey":"invite","segment":"buyers","properties":{"code":"x"}}`
	want("POST", "/v1/admin/broadcasts", spring, 202, `"state":"running"`)
	var b announced
	waitFor(t, "the broadcast is made", func() bool {
		_, _ = s.o.Engine.(*engine.Engine).Work(context.Background(), []int{0})
		_, text := admin("GET", "/v1/admin/broadcasts/spring%201", "")
		return json.Unmarshal([]byte(text), &b) == nil && b.State == "done"
	})
	if b.People != 4 || b.Entered != 1 || b.Finished.IsZero() || b.Properties["code"] != "x" {
		t.Errorf("%+v", b)
	}
	want("POST", "/v1/admin/broadcasts", spring, 202, `"state":"done"`, `"entered":1`)
	want("GET", "/v1/admin/broadcasts", "", 200, `"spring 1"`)

	everybody := `"journey":"invite","everybody":true,"properties":{"code":"x"}`
	want("POST", "/v1/admin/broadcasts", `{"id":"spring 1",`+everybody+`}`, 409, "another-broadcast")
	want("POST", "/v1/admin/broadcasts", `{`+everybody+`}`, 400, "missing-field", `"field":"id"`)
	want("POST", "/v1/admin/broadcasts", `{"id":"b","journey":"invite","properties":{"code":"x"}}`, 400, `"field":"segment"`)
	want("POST", "/v1/admin/broadcasts", `{"id":"b","journey":"invite","segmnet":"buyers"}`, 400, "invalid-json", "segmnet")
	want("POST", "/v1/admin/broadcasts", `{"id":"b","journey":"invite","everybody":true}`, 400, "bad-request", "properties.code")
	want("POST", "/v1/admin/broadcasts", `{"id":"b","journey":"invite","segment":"byers","properties":{"code":"x"}}`, 400, "no-segment")
	want("POST", "/v1/admin/broadcasts", `{"id":"b","journey":"nope",`+strings.TrimPrefix(everybody, `"journey":"invite",`)+`}`, 404, "unknown-journey")
	want("GET", "/v1/admin/broadcasts/b", "", 404, "no-broadcast")
}
