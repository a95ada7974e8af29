package ingest

import (
	"encoding/json"
	"strings"
	"testing"

	"journey/why"
)

// TestWhyOfSomebodyReal asks about a person in Redis.
func TestWhyOfSomebodyReal(t *testing.T) {
	s, _ := deployed(t)
	stores(t, s, "/v1/track", `{"userId": "ann", "event": "Signed Up", "context": {"traits": {"email": "ann@example.com"}}}`)
	asked := func(path string) (status int, e why.Explanation, body string) {
		w := ask(s, "GET", path, nil, "Authorization", asAdmin)
		_ = json.Unmarshal(w.Body.Bytes(), &e)
		return w.Code, e, w.Body.String()
	}
	status, in, body := asked("/v1/profiles/email:ann@example.com/why/welcome")
	if status != 200 || in.State != "waiting" || len(in.Runs) != 1 || in.Runs[0].Until == "" || in.Person != "user_id:ann" {
		t.Errorf("welcome: %d %s", status, body)
	}
	if m := in.Messages; len(m) != 1 || m[0].Reason != "consent" {
		t.Errorf("what it would send: %+v", m)
	}
	if status, out, body := asked("/v1/profiles/user_id:ann/why/invite"); status != 200 || out.State != "not entered" ||
		!strings.Contains(out.Rendered, "when it is requested") {
		t.Errorf("invite: %d %s", status, body)
	}
	for path, code := range map[string]string{
		"/v1/profiles/user_id:ann/why/nothing": "unknown-journey",
		"/v1/profiles/user_id:bob/why/welcome": "no-profile",
	} {
		if status, _, body := asked(path); status != 404 || !strings.Contains(body, code) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
