package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"journey/engine"
	"journey/profiles"
)

func answerIn(t *testing.T, body string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return a
}

// TestBatchNamesBadItems: whatever is wrong with an item, those beside it are
// stored.
func TestBatchNamesBadItems(t *testing.T) {
	for _, c := range []struct{ name, item, code, field string }{
		{"no type", `{"userId":"b"}`, "missing-field", "type"},
		{"odd type", `{"type":"pageview","userId":"b"}`, "unsupported-type", "type"},
		{"type of another kind", `{"type":1,"userId":"b"}`, "wrong-type", "type"},
		{"group", `{"type":"group","userId":"b"}`, "missing-field", "groupId"},
		{"no event", `{"type":"track","userId":"b"}`, "missing-field", "event"},
		{"null", `null`, "wrong-type", ""},
		{"a number", `12.5`, "wrong-type", ""},
		{"a list", `[{"a":[1,2]}]`, "wrong-type", ""},
		{"deep", `{"type":"track","properties":` + strings.Repeat(`{"a":[`, 5000) + strings.Repeat(`]}`, 5000) + `}`, "too-deep", "*"},
		{"twice", `{"type":"track","event":"E","event":"F","userId":"b"}`, "duplicate-key", "event"},
		{"twice inside", `{"type":"track","event":"E","userId":"b","properties":{"a":{"b":1,"b":2}}}`, "duplicate-key", "properties.a.b"},
		{"not UTF-8", "{\"type\":\"track\",\"event\":\"\xff\\\"}\",\"userId\":\"b\"}", "invalid-utf8", "event"},
		{"not UTF-8, unused", "{\"type\":\"track\",\"event\":\"E\",\"userId\":\"b\",\"\xff\":1}", "invalid-utf8", ""},
		{"number", `{"type":"track","event":"E","userId":"b","properties":{"n":1e999}}`, "number-too-large", "properties.n"},
		{"keys", `{"type":"track","event":"E","userId":"b","properties":` + object(600) + `}`, "too-many-keys", "properties"},
		{"large", `{"type":"track","event":"E","userId":"b","properties":{"a":"` + strings.Repeat("x", 32<<10) + `"}}`, "event-too-large", ""},
		{"odd properties", `{"type":"track","event":"E","userId":"b","properties":3}`, "wrong-type", "properties"},
		{"long messageId", `{"type":"identify","userId":"b","messageId":"` + strings.Repeat("x", 101) + `"}`, "too-long", "messageId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, f := newTest(t)
			body := `{"batch":[{"type":"identify","userId":"a"},` + c.item + `,{"type":"identify","userId":"c"}],"sentAt":"2026-03-02T12:00:00Z"}`
			w := send(s, "/v1/batch", body)
			if w.Code != 200 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			a := answerIn(t, w.Body.String())
			if !a.Success || len(a.Refused) != 1 || a.Refused[0].Index != 1 || a.Refused[0].Code != c.code || a.Refused[0].Message == "" {
				t.Fatalf("answer %+v", a)
			}
			if a.Refused[0].Field != c.field && c.field != "*" {
				t.Errorf("field %q", a.Refused[0].Field)
			}
			calls := f.taken()
			if len(calls) != 2 || calls[0].UserID != "a" || calls[1].UserID != "c" {
				t.Errorf("calls %+v", calls)
			}
		})
	}
}

func TestBatchAsAWhole(t *testing.T) {
	many := strings.Repeat(`{"type":"identify","userId":"a"},`, 2501)
	for _, c := range []struct {
		name, body  string
		status      int
		code, field string
	}{
		{"empty", `{"batch":[]}`, 400, "empty-batch", "batch"},
		{"none", `{"sentAt":"2026-03-02T12:00:00Z"}`, 400, "missing-field", "batch"},
		{"no list", `{"batch":{}}`, 400, "wrong-type", "batch"},
		{"a list alone", `[{"type":"identify","userId":"a"}]`, 400, "invalid-json", ""},
		{"cut off", `{"batch":[{"type":"identify","userId":"a"}`, 400, "invalid-json", ""},
		{"cut off in a bad item", `{"batch":[{"type":"identify","type":"identify"`, 400, "invalid-json", ""},
		{"brackets", `{"batch":[{"a":1,"a":[}]}]}`, 400, "invalid-json", ""},
		{"twice", `{"batch":[{"type":"identify","userId":"a"}],"batch":[]}`, 400, "duplicate-key", "batch"},
		{"odd context", `{"batch":[{"type":"identify","userId":"a"}],"context":[]}`, 400, "wrong-type", "context"},
		{"too many", `{"batch":[` + many[:len(many)-1] + `]}`, 413, "too-many-events", "batch"},
		{"too large", `{"batch":[{"a":"` + strings.Repeat("x", 500<<10) + `"}]}`, 413, "too-large", ""},
		{"wrong key", `{"writeKey":"nope","batch":[{"type":"identify","userId":"a"}]}`, 401, "unknown-key", ""},
		{"no key", `{"batch":[{"type":"identify","userId":"a","writeKey":"dev"}]}`, 401, "missing-key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, f := newTest(t)
			var headers []string
			if c.status == 401 {
				headers = []string{"Authorization", ""}
			}
			w := send(s, "/v1/batch", c.body, headers...)
			if p := problemIn(t, w); p.Status != c.status || p.Code != c.code || p.Field != c.field {
				t.Errorf("problem %+v", p)
			}
			if len(f.taken()) > 0 {
				t.Error("something reached the engine")
			}
		})
	}
}

func TestBatchOfTheEngine(t *testing.T) {
	s, f := newTest(t)
	body := `{"batch":[{"type":"page"},{"type":"identify","userId":"a"},{"type":"x"},{"type":"identify","userId":"b"},{"type":"identify","userId":"c","timestamp":"?"}]}`
	f.submit = func(_ context.Context, calls []engine.Call) ([]engine.CallResult, error) {
		return []engine.CallResult{
			{Err: &engine.CallError{Code: "no-identifier", Message: "who?"}},
			{Warnings: []profiles.Fault{{Field: "traits.birthday", Reason: "is not a date"}}},
			{Duplicate: true},
			{},
		}, nil
	}
	w := send(s, "/v1/batch", body)
	want := answer{Success: true,
		Refused: []refusal{
			{Index: 0, Code: "no-identifier", Message: "who?"},
			{Index: 2, Code: "unsupported-type", Field: "type", Message: "the type is none of track, identify, page, screen, group and alias"},
		},
		Warnings: []warning{
			{Index: new(1), Fault: profiles.Fault{Field: "traits.birthday", Reason: "is not a date"}},
			{Index: new(4), Fault: profiles.Fault{Field: "timestamp", Reason: "is not a time (write 2026-03-02T09:00:00Z): it is not used"}},
		}}
	if got := answerIn(t, w.Body.String()); w.Code != 200 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d %s", w.Code, w.Body)
	}

	// If any part of it is not stored, the client must send all of it again.
	f.submit = func(_ context.Context, calls []engine.Call) ([]engine.CallResult, error) {
		r := make([]engine.CallResult, len(calls))
		r[1].Err = fmt.Errorf("commit: %w", engine.ErrUnavailable)
		return r, nil
	}
	if w := send(s, "/v1/batch", body); w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}

	// Nothing that can be stored does not concern the engine.
	f.submit = nil
	f.taken()
	if w := send(s, "/v1/batch", `{"batch":[1]}`); w.Code != 200 || len(f.taken()) != 0 {
		t.Errorf("status %d", w.Code)
	}
}

// TestOuterContext: what a batch says of all its items holds for those that
// do not say it themselves.
func TestOuterContext(t *testing.T) {
	s, f := newTest(t)
	send(s, "/v1/batch", `{"batch":[
		{"type":"track","event":"E","userId":"a"},
		{"type":"track","event":"E","userId":"b","context":{"traits":{"tier":"gold"},"consent":{"categoryPreferences":{"email":false}}}}],
		"context":{"traits":{"tier":"silver","city":"台北"},"consent":{"categoryPreferences":{"email":true,"push":true}}}}`)
	calls := f.taken()
	for i, want := range []map[string]any{
		{"tier": "silver", "city": "台北", "consent": map[string]any{"email": true, "push": true}},
		{"tier": "gold", "city": "台北", "consent": map[string]any{"email": false, "push": true}},
	} {
		if !reflect.DeepEqual(calls[i].Traits, want) {
			t.Errorf("traits %v, want %v", calls[i].Traits, want)
		}
	}
}

// TestMadeMessageIDs: the same bytes sent again get the same id, and anything
// else another one.
func TestMadeMessageIDs(t *testing.T) {
	s, f := newTest(t)
	id := func(path, body string, headers ...string) string {
		t.Helper()
		if w := send(s, path, body, headers...); w.Code != 200 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		var ids []string
		for _, c := range f.taken() {
			ids = append(ids, c.MessageID)
		}
		return strings.Join(ids, " ")
	}
	item := `{"type":"track","userId":"a","event":"E","properties":{"x":1,"y":[true,null]},"timestamp":"2026-03-02T11:00:00Z"}`
	batch := func(sent string, items ...string) string {
		return `{"sentAt":"` + sent + `","batch":[` + strings.Join(items, ",") + `]}`
	}
	first := id("/v1/batch", batch("2026-03-02T12:00:00Z", item, item))
	a, b, _ := strings.Cut(first, " ")
	if a == b || len(a) > maxMessageID {
		t.Errorf("ids %s", first)
	}
	if again := id("/v1/batch", batch("2026-03-02T12:00:00Z", item, item)); again != first {
		t.Errorf("again %s, first %s", again, first)
	}
	respelt := `{"event":"\u0045","properties":{"y":[true,null],"x":1.0},"timestamp":"2026-03-02T11:00:00Z", "userId":"a","type":"track"}`
	if again := id("/v1/batch", batch("2026-03-02T12:00:00Z", respelt, item)); again != first {
		t.Errorf("spelt differently %s, first %s", again, first)
	}
	seen := map[string]string{a: "first", b: "second"}
	for name, got := range map[string]string{
		"another sentAt":  id("/v1/batch", batch("2026-03-02T12:00:01Z", item)),
		"another source":  id("/v1/batch", batch("2026-03-02T12:00:00Z", item), "Authorization", "Bearer other"),
		"another value":   id("/v1/batch", batch("2026-03-02T12:00:00Z", strings.Replace(item, `"x":1`, `"x":2`, 1))),
		"another type":    id("/v1/batch", batch("2026-03-02T12:00:00Z", strings.Replace(item, `"x":1`, `"x":"1"`, 1))),
		"another time":    id("/v1/batch", batch("2026-03-02T12:00:00Z", strings.Replace(item, "11:00", "11:01", 1))),
		"another kind":    id("/v1/batch", batch("2026-03-02T12:00:00Z", strings.Replace(item, "track", "screen", 1))),
		"another user":    id("/v1/batch", batch("2026-03-02T12:00:00Z", strings.Replace(item, "userId", "anonymousId", 1))),
		"single":          id("/v1/track", ann),
		"another journey": id("/v1/journeys/x/start", ann),
	} {
		if before, met := seen[got]; met {
			t.Errorf("%s has the id of %s", name, before)
		}
		seen[got] = name
	}
	if id("/v1/track", ann) != id("/v1/track/", ann) {
		t.Error("a repeat of a single call has another id")
	}
}

// TestPayload: the hash of the content is the same for a client's second try,
// which sends another sentAt, and another for another content.
func TestPayload(t *testing.T) {
	s, f := newTest(t)
	hash := func(body string) uint32 {
		send(s, "/v1/track", body)
		return f.taken()[0].Payload
	}
	a := hash(`{"messageId":"m","userId":"ann","event":"E","properties":{"a":1,"b":{"c":"d"}},"sentAt":"2026-03-02T12:00:00Z"}`)
	if b := hash(`{"sentAt":"2026-03-02T12:00:05Z","event":"E","userId":"ann","messageId":"m","properties":{"b":{"c":"d"},"a":1}}`); a != b {
		t.Errorf("%x and %x", a, b)
	}
	if b := hash(`{"messageId":"m","userId":"ann","event":"E","properties":{"a":1,"b":{"c":"e"}}}`); a == b {
		t.Errorf("%x twice", a)
	}
}

// FuzzBatch: an item in a batch is read as it is alone, and hurts no other.
func FuzzBatch(f *testing.F) {
	for _, item := range append(documents, sampleTrack, ann, `{"type":"track","event":"E","event":"F"}`, "{\"a\":\"\xff\"}", `{"context":{"page":{"url":1},"consent":{"categoryPreferences":{"email":true}}}}`) {
		f.Add(item)
	}
	limits := Limits{}.withDefaults()
	f.Fuzz(func(t *testing.T, item string) {
		var env envelope
		wrong := parseBatch(`{"batch":[`+ann+`,`+item+`,`+ann+`],"sentAt":"x"}`, &env, limits, segment)
		if !skippable(item) {
			return // it may end the list, or begin other items
		}
		if wrong != nil || len(env.events) != 3 || env.sentAt != "x" {
			t.Fatalf("%+v, %d events", wrong, len(env.events))
		}
		for _, i := range []int{0, 2} {
			if e := env.events[i]; e.flaw != nil || e.userID != "ann" || e.event != "Signed Up" {
				t.Errorf("event %d: %+v", i, e)
			}
		}
		var alone event
		wrong = parseEvent(item, &alone, segment)
		if len(strings.TrimSpace(item)) > limits.Event {
			return
		}
		got := env.events[1]
		if (wrong == nil) != (got.flaw == nil) {
			t.Fatalf("alone %+v, in a batch %+v", wrong, got.flaw)
		}
		if wrong == nil && !reflect.DeepEqual(got, alone) {
			t.Errorf("alone %+v, in a batch %+v", alone, got)
		}
		if wrong != nil && wrong.code != got.flaw.code && wrong.code != "invalid-json" {
			t.Errorf("alone %+v, in a batch %+v", wrong, got.flaw)
		}
	})
}
