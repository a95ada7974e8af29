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

// What is stored with U+FFFD is named in the answer, up to eight places; what
// came with that character itself is not.
func TestHalfACharacterIsTold(t *testing.T) {
	s, _ := newTest(t)
	w := send(s, "/v1/track", `{"userId":"ann","event":"e","properties":{"b":"x","a\ud800":{"c":"\udfff"},"l":[1,"\udc00","\udc00"]}}`)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 || !a.Success {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var fields []string
	for _, warning := range a.Warnings {
		fields = append(fields, warning.Field)
		if warning.Reason != halved {
			t.Errorf("%s %s", warning.Field, warning.Reason)
		}
	}
	if got := strings.Join(fields, " "); got != "properties.a\uFFFD properties.a\uFFFD.c properties.l" {
		t.Errorf("named are %q", got)
	}
	w = send(s, "/v1/batch", `{"batch":[{"type":"track","userId":"ann","event":"e\ud800"},{"type":"track","userId":"ann","event":"e\uFFFD \ud83d\ude00"}]}`)
	if body := w.Body.String(); strings.Count(body, "half a character") != 1 || !strings.Contains(body, `"index":0`) {
		t.Errorf("a batch: %s", body)
	}
	var many strings.Builder
	for i := range 100 {
		many.WriteString(`,"` + strings.Repeat("k", i+1) + `":"\ud800"`)
	}
	w = send(s, "/v1/identify", `{"userId":"ann","traits":{`+many.String()[1:]+`}}`)
	if n := strings.Count(w.Body.String(), "half a character"); n != maxLost {
		t.Errorf("%d places are named", n)
	}
}
