package ingest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"journey/engine"
)

// TestPicture: where only a picture can be asked for, the event stands in the
// query, and the answer is a picture.
func TestPicture(t *testing.T) {
	s, f := newTest(t)
	data := base64.StdEncoding.EncodeToString([]byte(`{"event":"Opened","userId":"ann>?","messageId":"p-1"}`))
	for _, form := range []string{data, strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(data)} {
		w := ask(s, "GET", "/v1/pixel/track?writeKey=dev&data="+form, nil)
		if w.Code != 200 || w.Header().Get("Content-Type") != "image/gif" || !strings.HasPrefix(w.Body.String(), "GIF89a") {
			t.Fatalf("%d %v", w.Code, w.Header())
		}
		if calls := f.taken(); len(calls) != 1 || calls[0].UserID != "ann>?" || calls[0].Event != "Opened" {
			t.Errorf("%+v", calls)
		}
	}
	for path, status := range map[string]int{
		"/v1/pixel/track?data=" + data: 401, "/v1/pixel/track?writeKey=dev&data=*": 400, "/v1/pixel/odd?writeKey=dev": 404,
	} {
		if w := ask(s, "GET", path, nil); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestPackedWithoutLabel: pages compress what they send and cannot always say
// so; the bounds hold all the same.
func TestPackedWithoutLabel(t *testing.T) {
	s, f := newTest(t)
	if w := send(s, "/v1/track", zipped(ann)); w.Code != 200 || len(f.taken()) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := send(s, "/v1/track", zipped(strings.Repeat(" ", 40<<10)+ann)); w.Code != 413 {
		t.Errorf("a bomb: %d", w.Code)
	}
	if w := send(s, "/v1/track", "\x1f\x8bnot"); w.Code != 400 {
		t.Errorf("no gzip: %d", w.Code)
	}
}

// TestPostHogForms: one event, a list and a batch are taken at each path.
func TestPostHogForms(t *testing.T) {
	one := `{"api_key":"dev","event":"Clicked","distinct_id":"ann"}`
	for _, path := range []string{"/capture/", "/capture", "/batch/", "/e/", "/i/v0/e/"} {
		for body, n := range map[string]int{one: 1, "[" + one + "," + one + "]": 2, `{"api_key":"dev","batch":[` + one + `]}`: 1} {
			s, f := newTest(t)
			if w := ask(s, "POST", path, strings.NewReader(body)); w.Code != 200 {
				t.Errorf("%s %s: %d %s", path, body, w.Code, w.Body)
			}
			calls := f.taken()
			if len(calls) != n || calls[0].Kind != engine.CallTrack || calls[0].UserID != "ann" || calls[0].Source != "web" {
				t.Errorf("%s %s: %+v", path, body, calls)
			}
		}
	}
	s, _ := newTest(t)
	for body, status := range map[string]int{`{"event":"E","distinct_id":"ann"}`: 401, `{"api_key":"no","event":"E","distinct_id":"ann"}`: 401, `{"batch"`: 400, `[]`: 400} {
		if w := ask(s, "POST", "/e/", strings.NewReader(body)); w.Code != status {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	w := ask(s, "POST", "/flags/?v=2", strings.NewReader(`{"token":"dev","distinct_id":"ann"}`))
	var flags struct{ Flags map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &flags); w.Code != 200 || err != nil || flags.Flags == nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestAccount: what a group call says can be read by conditions, by its wire
// name.
func TestAccount(t *testing.T) {
	redis, _ := startRedis(t)
	s := realServer(t, redis)
	body, _ := json.Marshal(deployment{Sources: map[string]string{"a.journey": "trait company \"account.name\": text\nsegment tea = profile.company == \"Tea Ltd\"\n"}})
	if w := ask(s, "POST", "/v1/admin/releases", strings.NewReader(string(body)), "Authorization", asAdmin); w.Code != 200 {
		t.Fatalf("deploy: %d %s", w.Code, w.Body)
	}
	stores(t, s, "/v1/group", `{"userId":"ann","groupId":"g-1","traits":{"name":"Tea Ltd","seats":3}}`)
	w := ask(s, "GET", "/v1/profiles/user_id:ann", nil, "Authorization", asAdmin)
	for _, want := range []string{`"company":"Tea Ltd"`, `"id":"g-1"`, `"seats":3`, `"segments":["tea"]`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is missing in %s", want, w.Body)
		}
	}
}

// TestCrowdedEvent: more than 300 properties are refused, by name.
func TestCrowdedEvent(t *testing.T) {
	s, _ := newTest(t)
	w := send(s, "/v1/track", `{"userId":"ann","event":"E","properties":`+object(301)+`}`)
	if w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"properties"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := send(s, "/v1/track", `{"userId":"ann","event":"E","properties":`+object(300)+`}`); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
