package ingest

import (
	"net/http"
	"strings"
	"time"
)

// PostHog's clients post what they capture to /batch/, /capture/, /e/ and
// /i/v0/e/, with their project's key, a write key of ours, in the body.
// Everything is an event there: names that begin with $ say what else it is.

// posthogPaths are where events are posted: one, a list of them or a batch, at
// any of them.
var posthogPaths = []string{"/batch", "/capture", "/e", "/i/v0/e"}

// posthogFlags are where its clients ask for feature flags.
var posthogFlags = []string{"/flags", "/decide"}

// capture reads one of PostHog's events at the position.
func (p *parser) capture(e *event) bool {
	var distinct, uuid string
	var set map[string]any
	var offset any
	ok := p.members(func(key string) (ok bool) {
		switch key {
		case "event":
			e.event, ok = p.optionalText()
		case "distinct_id", "$distinct_id":
			distinct, ok = p.identifier()
		case "uuid":
			uuid, ok = p.identifier()
		case "properties":
			e.properties, ok = p.optionalObject()
		case "$set":
			set, ok = p.optionalObject()
		case "timestamp":
			e.timestamp, ok = p.value()
		case "sent_at":
			e.sentAt, ok = p.value()
		case "offset":
			offset, ok = p.value()
		case "api_key", "token":
			e.writeKey, ok = p.optionalText()
		default:
			ok = p.discard()
		}
		return ok
	})
	if !ok {
		return false
	}
	e.messageID = uuid
	if ms, ok := offset.(float64); ok && e.timestamp == nil {
		e.ago = time.Duration(ms) * time.Millisecond
	}
	e.translate(distinct, set)
	return true
}

// translate makes an event of PostHog's one of ours.
func (e *event) translate(distinct string, set map[string]any) {
	take := func(name string) any {
		v := e.properties[name]
		delete(e.properties, name)
		return v
	}
	text := func(name string) string { s, _ := take(name).(string); return s }
	if id := text("distinct_id"); distinct == "" {
		distinct = id
	}
	if key := text("token"); e.writeKey == "" {
		e.writeKey = key
	}
	if id := text("$insert_id"); e.messageID == "" {
		e.messageID = id
	}
	if own, _ := take("$set").(map[string]any); set == nil {
		set = own
	}
	delete(e.properties, "$set_once") // only PostHog knows what it said first
	e.userID, e.anonymousID = persons(distinct, text("$device_id"), e.properties)
	e.context.traits = set
	switch e.event {
	case "$identify":
		e.kind, e.traits, e.context.traits = "identify", set, nil
		if id := text("$anon_distinct_id"); id != "" {
			e.anonymousID = id
		}
	case "$set":
		e.kind, e.traits, e.context.traits = "identify", set, nil
	case "$create_alias":
		e.kind, e.previousID = "alias", text("alias")
	case "$pageview":
		e.kind, e.name = "page", text("$title")
		if e.name == "" {
			e.name = text("title")
		}
		e.context.page = map[string]any{
			"url": take("$current_url"), "path": take("$pathname"), "referrer": take("$referrer"), "title": e.name,
		}
	case "$screen":
		e.kind, e.name = "screen", text("$screen_name")
	case "$groupidentify":
		e.kind = "$groupidentify" // of no person: it is refused
	default:
		e.kind = "track"
	}
}

// persons says who a distinct id is. A browser's or an app's own id, before
// somebody has been identified, is that of a device.
func persons(distinct, device string, properties map[string]any) (user, anonymous string) {
	_, told := properties["$is_identified"]
	switch {
	case properties["$is_identified"] == false && told,
		properties["$process_person_profile"] == false,
		device != "" && device == distinct:
		return "", distinct
	}
	return distinct, device
}

// captures takes what PostHog's clients post: one event, a list, or a batch.
func (s *Server) captures(c *request) error {
	received := s.o.Now()
	var p post
	defer s.done(&p)
	source, err := s.receive(c, &p, s.o.Limits.Import, "a batch")
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(p.body.buf))
	if strings.HasPrefix(text, "[") {
		text = `{"batch":` + text + "}"
	}
	var env envelope
	wrong := parseBatch(text, &env, s.o.Limits, posthog)
	if wrong != nil && !env.have && !wrong.fatal {
		env = envelope{}
		wrong = parseBatch(`{"batch":[`+text+"]}", &env, s.o.Limits, posthog)
	}
	if wrong != nil {
		err := wrong.problem()
		s.blame(source, err)
		return err
	}
	for i := 0; env.writeKey == "" && i < len(env.events); i++ {
		env.writeKey = env.events[i].writeKey
	}
	return s.take(c, &p, source, &env, received)
}

// flags answers that there are no feature flags, in the forms of all versions.
func (s *Server) flags(c *request) error {
	none := map[string]any{}
	return c.respond(http.StatusOK, map[string]any{
		"flags": none, "featureFlags": none, "featureFlagPayloads": none, "errorsWhileComputingFlags": false,
		"requestId": c.id, "supportedCompression": []string{"gzip", "gzip-js"}, "sessionRecording": false, "isAuthenticated": false,
	})
}
