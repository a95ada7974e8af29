package ingest

import (
	"strings"
	"testing"
)

func TestErase(t *testing.T) {
	s, _ := newTest(t)
	for _, c := range []struct {
		body   string
		status int
		answer string
	}{
		{`{"person":"user_id:ann","mode":"delete_only","by":"dpo"}`, 202, `"id":"e1","mode":"delete_only"`},
		{`{"person":"user_id:ann","mode":"wrong"}`, 400, `"field":"mode"`},
		{`{"mode":"delete_only"}`, 400, `"field":"person"`},
		{`{"person":"user_id:ann","mod":"delete_only"}`, 400, `"code":"invalid-json"`},
		{`{"person":"user_id:ann","mode":"delete_only"} {}`, 400, `"code":"invalid-json"`},
		{`{"person":"user_id:nobody","mode":"delete_only"}`, 404, `"code":"no-profile"`},
		{`{"person":"user_id:nobody","mode":"unsuppress"}`, 404, `"code":"not-suppressed"`},
	} {
		w := ask(s, "POST", "/v1/admin/erasures", strings.NewReader(c.body), "Authorization", asAdmin)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.answer) {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
	}
	if w := ask(s, "POST", "/v1/admin/erasures", strings.NewReader(`{"person":"user_id:ann","mode":"delete_only"}`), "Authorization", "Bearer dev"); w.Code != 401 {
		t.Errorf("with a write key: %d %s", w.Code, w.Body)
	}
	if w := ask(s, "GET", "/v1/admin/erasures/other", nil, "Authorization", asAdmin); w.Code != 404 {
		t.Errorf("one that there is not: %d %s", w.Code, w.Body)
	}
	for from, status := range map[string]int{"": 200, "?from=7": 200, "?from=0": 400, "?from=x": 400} {
		if w := ask(s, "GET", "/v1/admin/audit"+from, nil, "Authorization", asAdmin); w.Code != status {
			t.Errorf("from %q: %d %s", from, w.Code, w.Body)
		}
	}
}
