package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"journey/dsl"
	"journey/engine"
	"journey/orchestrator"
	"journey/profiles"
	"journey/profiles/store"
)

// links are the signed links in messages. A link holds the send's key, its
// channel and a signature over both and its purpose; it names nobody. They are
// good for as long as their secret is one of the server's: mails are read late,
// when nobody remembers the send any more.
type links struct {
	secrets [][]byte // the first signs, all are good
	base    string
}

func newLinks(base string, secrets ...[]byte) *links {
	return &links{secrets, strings.TrimSuffix(base, "/")}
}

func sign(secret []byte, purpose, key string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose + "\x00" + key))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// leaving is the purpose of the only links there are.
const leaving = "unsubscribe"

// left is what a link says: of which send, and which channel is left. Links
// used to have no channel: they say "", and the ledger is asked.
type left struct{ key, channel string }

// channelMark stands between a send's key and its channel; no key has it.
const channelMark = "\x00"

// unsubscribe is the address at which the receiver of a send can leave its
// channel.
func (l *links) unsubscribe(key, channel string) string {
	says := key + channelMark + channel
	return l.base + "/u/" + base64.RawURLEncoding.EncodeToString([]byte(says)) + "." + sign(l.secrets[0], leaving, says)
}

// read is what a link says; false for one that is not ours.
func (l *links) read(token string) (left, bool) {
	enc, sig, ok := strings.Cut(token, ".")
	if !ok {
		return left{}, false
	}
	says, err := base64.RawURLEncoding.DecodeString(enc)
	if err != nil {
		return left{}, false
	}
	for _, secret := range l.secrets {
		if hmac.Equal([]byte(sig), []byte(sign(secret, leaving, string(says)))) {
			key, channel, _ := strings.Cut(string(says), channelMark)
			return left{key, channel}, true
		}
	}
	return left{}, false
}

// leaver is what leaving needs of the engine.
type leaver interface {
	Live() *orchestrator.Plan
	Profile(ctx context.Context, ref string) (*profiles.View, error)
	Submit(ctx context.Context, calls []engine.Call) ([]engine.CallResult, error)
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="zh-Hant"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Unsubscribe · 取消訂閱</title>
<style>body{font:17px/1.6 system-ui,sans-serif;max-width:28em;margin:15vh auto;padding:0 1em;color:#222}
button{font:inherit;padding:.5em 1.2em;border:0;border-radius:6px;background:#1f5f4a;color:#fff;cursor:pointer}</style>
{{if .Done}}<p>You will receive no more messages of this kind from us.<p>您不會再收到我們這類的訊息。
{{else}}<p>Do you want to receive no more messages of this kind from us?<p>不想再收到我們這類的訊息嗎？
<form method="post"><button>Unsubscribe · 取消訂閱</button></form>{{end}}`))

// handler shows the page on GET and leaves on POST, also when a mail program
// posts by itself (RFC 8058).
func (l *links) handler(e leaver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		says, ok := l.read(strings.TrimPrefix(r.URL.Path, "/u/"))
		if !ok {
			http.Error(w, "this link is not one of ours", http.StatusNotFound)
			return
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			_ = page.Execute(w, struct{ Done bool }{})
		case http.MethodPost:
			if err := leave(r.Context(), e, says); err != nil {
				h.Set("Retry-After", "5")
				http.Error(w, "this did not work just now: please try again", http.StatusServiceUnavailable)
				return
			}
			_ = page.Execute(w, struct{ Done bool }{true})
		default:
			h.Set("Allow", "GET, POST")
			http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
		}
	})
}

// leavePatience is how long leaving may take, the answer included: less than
// the two seconds within which anybody hears that Redis is away.
const leavePatience = 1600 * time.Millisecond

// leave takes back the consent of a send's receiver for its channel, and
// tracks that he has left. Once more it changes nothing, and neither does it
// for somebody who is not known any more: nobody writes to him.
func leave(ctx context.Context, e leaver, of left) error {
	ctx, cancel := context.WithTimeout(ctx, leavePatience)
	defer cancel()
	run, _, _ := strings.Cut(of.key, "/")
	view, err := e.Profile(ctx, store.RunProfile(run))
	if errors.Is(err, engine.ErrNoProfile) {
		return nil
	}
	if err != nil {
		return err
	}
	live := e.Live()
	if live == nil {
		return engine.ErrNoRelease
	}
	channel, props := of.channel, map[string]any{}
	for _, m := range view.Messages {
		if m.Key == of.key {
			channel, props["message"], props["journey"] = m.Channel, m.Message, m.Journey
		}
	}
	if channel == "" { // an old link to a send that is not remembered: most are mails
		channel = "email"
	}
	if view.Consent[channel] == false {
		return nil
	}
	props["channel"] = channel
	call := engine.Call{
		Kind: engine.CallTrack, Source: "unsubscribe", Received: time.Now(), Traits: map[string]any{},
		Event: "unsubscribed", Properties: props, Own: true,
	}
	if e, ok := live.Event(call.Event); ok {
		call.Event = e.Wire
	}
	say(live.Program, call.Traits, "consent", map[string]any{channel: false})
	address(live.Program, &call, view)
	res, err := e.Submit(ctx, []engine.Call{call})
	if err == nil && len(res) == 1 {
		err = res[0].Err
	}
	return err
}

// address addresses a call to a profile by one of its identifiers.
func address(p *dsl.Program, call *engine.Call, view *profiles.View) {
	if ids := view.Identifiers["user_id"]; len(ids) > 0 {
		call.UserID = ids[0]
		return
	}
	if ids := view.Identifiers["anonymous_id"]; len(ids) > 0 {
		call.AnonymousID = ids[0]
		return
	}
	for trait, ids := range view.Identifiers {
		if len(ids) > 0 {
			say(p, call.Traits, trait, ids[0])
		}
	}
}

// say puts a trait among those of a call, by its name on the wire, which may
// reach into an object.
func say(p *dsl.Program, traits map[string]any, trait string, v any) {
	path := []string{trait}
	if t, ok := p.Trait(trait); ok && t.Wire != "" {
		path = strings.Split(t.Wire, ".")
	}
	last := len(path) - 1
	for _, name := range path[:last] {
		inner, _ := traits[name].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			traits[name] = inner
		}
		traits = inner
	}
	traits[path[last]] = v
}
