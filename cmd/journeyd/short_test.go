package main

import (
	"testing"
	"time"
)

// On a laptop, short messages lie beside the mails; a channel that fails over
// to the next one does so without any provider.
func TestShortMessages(t *testing.T) {
	p := startDev(t, workspace(t, `
trait phone: phone
trait push_token: text
trait line_user_id: text
journey w {
  enter on ping
  once
  send text
  send chat otherwise { send ring }
}
message text via sms { text "{{ profile.phone }}：您好" }
message ring via push { title "叮" text "咚" }
message chat via line { text "not reached: no address" }
`))
	p.post("/v1/track", track("ann", "ping", nil, map[string]any{
		"phone": "+886912345678", "push_token": "token:1", "consent": map[string]any{"sms": true, "push": true, "line": true},
	}))
	list := p.waitMails(2, 20*time.Second)
	if m := list[0]; m.Channel != "sms" || m.To[0] != "+886912345678" || m.Text != "+886912345678：您好" {
		t.Errorf("%+v", m)
	}
	if m := list[1]; m.Channel != "push" || m.To[0] != "token:1" || m.Subject != "叮" || m.Text != "咚" {
		t.Errorf("%+v", m)
	}
}
