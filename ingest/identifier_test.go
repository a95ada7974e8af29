package ingest

import (
	"encoding/json"
	"strings"
	"testing"
)

// A text that has lost half a character is stored with U+FFFD in its place,
// but never identifies anybody.
func TestHalfACharacterIdentifiesNobody(t *testing.T) {
	s, f := newTest(t)
	for _, field := range []string{"userId", "anonymousId", "previousId", "messageId"} {
		for _, value := range []string{`\ud800`, `an\udc00n`, `\ud83d\ud83d`, "\uFFFD", `\ufffd`} {
			body := `{"event":"e","` + field + `":"` + value + `"}`
			w := send(s, "/v1/track", body)
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 400 || p.Code != "invalid-utf8" || p.Field != field {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
			// In a batch the others are stored.
			w = send(s, "/v1/batch", `{"batch":[{"type":"track",`+body[1:]+`,{"type":"track","userId":"ann","event":"e"}]}`)
			if w.Code != 200 || !strings.Contains(w.Body.String(), `"field":"`+field+`"`) {
				t.Errorf("%s in a batch: %d %s", body, w.Code, w.Body)
			}
			if calls := f.taken(); len(calls) != 1 || calls[0].UserID != "ann" {
				t.Errorf("%s: stored are %+v", body, calls)
			}
		}
	}
	w := send(s, "/v1/track", `{"userId":"\ud83d\ude00","event":"e","properties":{"a\ud800":["b\udfff"]}}`)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	call := f.taken()[0]
	if list, _ := call.Properties["a\uFFFD"].([]any); call.UserID != "\U0001F600" || len(list) != 1 || list[0] != "b\uFFFD" {
		t.Errorf("stored is %+v", call)
	}
}
