package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"journey/dsl"
	"journey/engine"
	"journey/orchestrator"
	"journey/profiles"
)

const twoMails = `
journey w {
  enter on ping
  again after exit
  send news
  send receipt
}
message news via email { subject "news" text "Leave: {{ unsubscribe_url }}" }
message receipt via email { subject "receipt" text "1" transactional }
`

// A mail that is not transactional carries a link to leave by, for people and
// for mail programs (RFC 8058). It survives a restart, needs no key, and
// leaving twice is leaving.
func TestLeavingByTheLinkOfAMail(t *testing.T) {
	data, ws := t.TempDir(), workspace(t, twoMails)
	listen := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	begin := func() *process {
		p := newProcess(t, "dev", ws, "--listen", listen, "--data", data)
		p.start()
		return p.ready()
	}
	p := begin()
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	link := ""
	for _, m := range p.waitMails(2, 10*time.Second) {
		list, post := m.Headers["List-Unsubscribe"], m.Headers["List-Unsubscribe-Post"]
		if m.Subject == "receipt" {
			if list+post != "" {
				t.Errorf("a transactional mail has %q and %q", list, post)
			}
			continue
		}
		link = strings.Trim(list, "<>")
		if post != "List-Unsubscribe=One-Click" || !strings.HasPrefix(link, p.api+"/u/") || !strings.Contains(m.Text, link) {
			t.Errorf("headers %q and %q; text %q", list, post, m.Text)
		}
	}
	if code := p.end(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	p = begin()
	leave := func(link string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, link, strings.NewReader("List-Unsubscribe=One-Click"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		code, _, err := do(req)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if code, text := request(t, http.MethodGet, link); code != 200 || !strings.Contains(text, "<form") {
		t.Errorf("the page: %d %s", code, text)
	}
	if v := p.mustProfile("user_id:ann"); v.Consent["email"] != true {
		t.Error("looking at the page is leaving already")
	}
	for range 2 {
		if code := leave(link); code != 200 {
			t.Errorf("leaving: %d", code)
		}
	}
	v := p.mustProfile("user_id:ann")
	if v.Consent["email"] != false {
		t.Error("she has not left")
	}
	if e := v.Events[0]; e.Event != "unsubscribed" || e.Properties["message"] != "news" || e.Properties["journey"] != "w" || v.Events[1].Event == e.Event {
		t.Errorf("the newest events are %+v", v.Events)
	}
	if code := leave(link[:len(link)-1]); code != 404 {
		t.Errorf("a link that is not ours: %d", code)
	}
	p.post("/v1/track", track("ann", "ping", nil, nil))
	eventually(t, 10*time.Second, "the second run has ended", func() (err error) {
		if v, err = p.profile("user_id:ann"); err == nil && (len(v.Runs) != 2 || v.Runs[0].State != "ended") {
			err = fmt.Errorf("the runs are %+v", v.Runs)
		}
		return err
	})
	var got []string
	for _, m := range v.Messages {
		got = append(got, m.Message+" "+m.Outcome)
	}
	if s := strings.Join(got, ", "); s != "receipt sent, news skipped, receipt sent, news sent" {
		t.Errorf("the messages are %s", s)
	}
}

// Leaving is taking back the consent for the channel of the message that
// carried the link.
func TestLeavingAShortMessage(t *testing.T) {
	p := startDev(t, workspace(t, `
trait phone: phone
journey w {
  enter on ping
  once
  send short
}
message short via sms { text "Leave: {{ unsubscribe_url }}" }
`))
	p.post("/v1/track", track("ann", "ping", nil, map[string]any{
		"email": "ann@example.com", "phone": "+886912345678", "consent": map[string]any{"email": true, "sms": true},
	}))
	text := p.waitMails(1, 10*time.Second)[0].Text
	link := strings.Fields(text[strings.Index(text, "http"):])[0]
	if code, _ := request(t, http.MethodPost, link); code != 200 {
		t.Errorf("leaving: %d", code)
	}
	if v := p.mustProfile("user_id:ann"); v.Consent["sms"] != false || v.Consent["email"] != true {
		t.Errorf("the consent is %v", v.Consent)
	}
}

// A new secret signs, and the old one stays good; nothing else is.
func TestLinksOutliveTheirSecret(t *testing.T) {
	old := newLinks("https://journey.example.com/", []byte("the-old-secret"))
	link := old.unsubscribe("p.1/4.otherwise/1", "sms")
	token := strings.TrimPrefix(link, "https://journey.example.com/u/")
	for _, c := range []struct {
		secrets []string
		good    bool
	}{{[]string{"the-old-secret"}, true}, {[]string{"the-new-secret", "the-old-secret"}, true}, {[]string{"the-new-secret"}, false}} {
		var secrets [][]byte
		for _, s := range c.secrets {
			secrets = append(secrets, []byte(s))
		}
		says, ok := newLinks("https://journey.example.com", secrets...).read(token)
		if ok != c.good || ok && says != (left{"p.1/4.otherwise/1", "sms"}) {
			t.Errorf("with %q the link is read as %q, %v", c.secrets, says, ok)
		}
	}
}

// Links used to have no channel: those in mails that were sent stay good. The
// channel of another link cannot be put into one.
func TestLinksWithoutAChannel(t *testing.T) {
	l := newLinks("https://journey.example.com", []byte("a-secret"))
	enc := base64.RawURLEncoding.EncodeToString
	if says, ok := l.read(enc([]byte("p.1/4/1")) + "." + sign(l.secrets[0], leaving, "p.1/4/1")); !ok || says != (left{key: "p.1/4/1"}) {
		t.Errorf("read as %q, %v", says, ok)
	}
	_, sig, _ := strings.Cut(strings.TrimPrefix(l.unsubscribe("p.1/4/1", "sms"), "https://journey.example.com/u/"), ".")
	for _, forged := range []string{"p.1/4/1\x00email", "p.1/4/1", "p.1/4/1sms"} {
		if says, ok := l.read(enc([]byte(forged)) + "." + sig); ok {
			t.Errorf("%q is read as %q", forged, says)
		}
	}
}

// once is somebody who has left, or not, with no send that is remembered.
type once struct {
	live *orchestrator.Plan
	view profiles.View
	said []map[string]any // the traits of what was submitted
}

func (o *once) Live() *orchestrator.Plan { return o.live }

func (o *once) Profile(context.Context, string) (*profiles.View, error) { return &o.view, nil }

func (o *once) Submit(_ context.Context, calls []engine.Call) ([]engine.CallResult, error) {
	for _, c := range calls {
		o.said = append(o.said, c.Traits)
	}
	return make([]engine.CallResult, len(calls)), nil
}

// A link of a send that nobody remembers any more, for fifty later ones, is
// one to leave its own channel still.
func TestLeavingWhatIsNotRemembered(t *testing.T) {
	for _, c := range []struct{ says, want string }{{"sms", "sms"}, {"", "email"}} {
		e := &once{live: &orchestrator.Plan{Program: &dsl.Program{}}, view: profiles.View{
			Identifiers: map[string][]string{"user_id": {"ann"}}, Consent: map[string]any{"email": true, "sms": true},
			Messages: []profiles.MessageView{{Key: "p.9/1/1", Channel: "push"}},
		}}
		if err := leave(t.Context(), e, left{"p.1/4/1", c.says}); err != nil {
			t.Fatal(err)
		}
		if len(e.said) != 1 || !reflect.DeepEqual(e.said[0]["consent"], map[string]any{c.want: false}) {
			t.Errorf("a link of %q: %v", c.says, e.said)
		}
	}
}
