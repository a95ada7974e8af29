package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"journey/channels/mailbox"
	"journey/profiles"
)

// Nothing personal in Temporal and in the logs: people with known names,
// addresses and numbers go every way there is, failures included, at debug
// level; then all of Temporal's files and the logs are searched for them.

// personal are the marks of what is personal in that test: parts of names,
// addresses, numbers, ids of users and of messages, properties.
var personal = []string{"zebedee", "quillfeather", "privmail", "91234567", "紫霄", "usersecret", "messagesecret", "propsecret"}

const privateFlow = `
workspace { timezone "Asia/Taipei"  country TW }
trait email: email identifier
trait phone: phone identifier
trait name: text
trait nick: text
trait never: text
event ping { n: number optional, note: text optional }
event stop
journey all_ways {
  enter on ping
  once per event.n
  exit on stop
  let kept = entry.note
  send plain
  send unrendered otherwise { tag "unrendered" }
  send hook
  send refused otherwise { tag "refused" }
  set profile.nick = profile.name
  wait 3 seconds
  send late
}
journey stuck {
  enter on ping where profile.email == "zebedee.leaves@privmail.example"
  once
  exit on stop
  send nowhere
}
journey asked {
  enter on request { code: number, note: text optional }
  again after exit
  send plain
}
message plain via email {
  subject "{{ profile.name | default: '' }} {{ entry.note | default: '' }}"
  html "<p>{{ profile.email }} {{ profile.phone | default: '' }} <a href=\"{{ unsubscribe_url }}\">off</a></p>"
  text "{{ profile.email }} {{ profile.phone | default: '' }} {{ unsubscribe_url }}"
}
message late via email { subject "{{ profile.nick | default: '' }}" text "late" }
message unrendered via email { subject "{{ profile.name | default: '' }}" text "{{ profile.never }}" }
message hook via webhook { url "http://HOOKS/unsteady" json { name: profile.name, email: profile.email, phone: profile.phone, note: entry.note } }
message refused via webhook { url "http://HOOKS/refused" json { name: profile.name, email: profile.email } }
message nowhere via webhook { url "http://NOWHERE/" json { name: profile.name } }
`

// discreet is somebody whose mails come to something.
type discreet struct {
	way  string // local part of his address
	name string
}

var discreets = []discreet{
	{"fine", "Zebedee Quillfeather"}, {"fine2", "林紫霄"}, {"unknown", "Zebedee Quillfeather"}, {"greylisted", "林紫霄"},
	{"nodata", "Zebedee Quillfeather"}, {"busy", "Zebedee"}, {"lost", "紫霄"}, {"leaves", "Zebedee Quillfeather"},
}

func (p discreet) email() string { return "zebedee." + p.way + "@privmail.example" }
func (p discreet) user() string  { return "usersecret-" + p.way }

// rudely is a mail server whose refusals repeat what they were given.
func rudely() func(mailbox.Attempt) mailbox.Fault {
	var mu sync.Mutex
	met := map[string]int{}
	return func(a mailbox.Attempt) mailbox.Fault {
		mu.Lock()
		defer mu.Unlock()
		to := a.To[len(a.To)-1]
		text := "Zebedee Quillfeather <" + to + "> +886912345670 is not here"
		way := strings.TrimPrefix(strings.SplitN(to, "@", 2)[0], "zebedee.")
		met[fmt.Sprint(way, a.Stage)]++
		times := met[fmt.Sprint(way, a.Stage)]
		switch {
		case way == "unknown" && a.Stage == mailbox.AtRcpt:
			return mailbox.Fault{Code: 550, Text: text}
		case way == "greylisted" && a.Stage == mailbox.AtRcpt && times <= 2:
			return mailbox.Fault{Code: 450, Text: text}
		case way == "nodata" && a.Stage == mailbox.AtData:
			return mailbox.Fault{Code: 554, Text: text}
		case way == "busy" && a.Stage == mailbox.AtReply && times <= 2:
			return mailbox.Fault{Code: 451, Text: text}
		case way == "lost" && a.Stage == mailbox.AtReply:
			return mailbox.Fault{Drop: true, Store: true}
		}
		return mailbox.Fault{}
	}
}

// startHooks is a system that answers webhooks badly, and repeats in its
// answers what it was sent.
func startHooks(s *scene) string {
	var mu sync.Mutex
	met := map[string]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key := r.Header.Get("Idempotency-Key")
		mu.Lock()
		again := met[key]
		met[key] = true
		mu.Unlock()
		code := http.StatusOK
		switch {
		case r.URL.Path == "/refused":
			code = http.StatusUnprocessableEntity
		case !again:
			code = http.StatusInternalServerError
		}
		w.WriteHeader(code)
		_, _ = w.Write(body)
	}))
	s.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

func inPrivate(s *scene) {
	data, to := s.TempDir(), newSink(s)
	to.behave(rudely())
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	nowhere := nobody.Addr().String()
	_ = nobody.Close()
	dir := s.TempDir()
	source := strings.NewReplacer("HOOKS", startHooks(s), "NOWHERE", nowhere).Replace(privateFlow)
	if err := os.WriteFile(filepath.Join(dir, "w.journey"), []byte(source), 0o600); err != nil {
		s.Fatal(err)
	}
	redis := startRedis(s)
	args := []string{dir, "--data", data, "--redis", redis.url(), "--smtp", to.url, "--log-level", "debug"}
	p := startDev(s.T, args...)
	logs := []*output{p.out, p.errs}
	for i, who := range discreets {
		p.sendIn(who, i, 1)
	}
	p.askBadly()
	s.clickThrough(p, to)
	p.insist("/v1/track", message("stop", discreets[7], "x", nil))

	s.happens("Redis is frozen")
	redis.signal(syscall.SIGSTOP)
	_, _, _ = p.try("/v1/track", message("ping", discreets[0], "frozen", map[string]any{"n": 7, "note": "propsecret"}))
	nap(context.Background(), 2*time.Second)
	redis.signal(syscall.SIGCONT)
	p.awaitPrivate(s)
	s.search(data, logs)

	for i, who := range discreets { // once more, under way at a kill
		p.sendIn(who, i, 2)
	}
	s.happens("kill -9")
	p.kill()
	p = startDev(s.T, args...)
	logs = append(logs, p.out, p.errs)
	views := p.awaitPrivate(s)
	if code := p.end(); code != 0 {
		s.Errorf("exit code %d", code)
	}
	s.search(data, logs)
	s.controls(data, logs, views)
}

// message is a call with something personal wherever there is room.
func message(event string, who discreet, id string, props map[string]any) map[string]any {
	call := track(who.user(), event, props, nil)
	call["messageId"] = "messagesecret-" + who.way + "-" + id
	return call
}

// sendIn sends somebody in, under several names that become one.
func (p *process) sendIn(who discreet, i, round int) {
	p.t.Helper()
	id := fmt.Sprint(round)
	p.insist("/v1/identify", map[string]any{
		"anonymousId": "usersecret-anonymous-" + who.way, "messageId": "messagesecret-a-" + who.way + id,
		"traits": map[string]any{"phone": fmt.Sprintf("09123456%d", 70+i)},
	})
	traits := reachable(who.email())
	traits["name"], traits["birthday"] = who.name, "propsecret"
	call := message("ping", who, id, map[string]any{"n": round, "note": "propsecret", "other": map[string]any{"x": "propsecret"}})
	call["anonymousId"] = "usersecret-anonymous-" + who.way
	call["context"] = map[string]any{"traits": traits}
	p.insist("/v1/track", call)
}

// askBadly makes the mistakes that clients make.
func (p *process) askBadly() {
	for _, bad := range []struct{ path, body string }{
		{"/v1/track", `{"userId":"usersecret","event":"ping","properties":{"n":"propsecret"}}`},
		{"/v1/track", `{"userId":"usersecret","event":"zebedee of privmail"}`},
		{"/v1/track", `{"userId":"usersecret","event":"ping",`},
		{"/v1/track", `{"zebedee":"privmail"`},
		{"/v1/track", `{"event":"ping","properties":{"note":"propsecret"}}`},
		{"/v1/track", `{"userId":{"zebedee":"privmail"},"event":"ping"}`},
		{"/v1/track", `{"userId":"usersecret","event":"ping","timestamp":"zebedee"}`},
		{"/v1/identify", `{"userId":"usersecret-x","traits":{"email":"zebedee at privmail","phone":"propsecret"}}`},
		{"/v1/identify", `{"userId":"usersecret-other","traits":{"email":"zebedee.fine@privmail.example"}}`},
		{"/v1/alias", `{"userId":"usersecret-fine2","previousId":"usersecret-fine"}`},
		{"/v1/journeys/asked/start", `{"userId":"usersecret-fine","properties":{"code":"propsecret"}}`},
		{"/v1/journeys/asked/start", `{"userId":"usersecret-fine","properties":{"code":5,"note":"propsecret"}}`},
		{"/v1/journeys/zebedee-privmail/start", `{"userId":"usersecret-fine"}`},
		{"/v1/zebedee-privmail", `{}`},
		{"/v1/batch", `{"batch":[{"type":"track","userId":"usersecret"},{"type":"zebedee","userId":"usersecret"},7,{"type":"track","userId":"usersecret-fine","event":"ping","properties":{"n":1,"note":"propsecret"},"messageId":"messagesecret"}]}`},
		{"/v1/track?email=zebedee@privmail.example", `{}`},
	} {
		_, _, _ = p.try(bad.path, bad.body)
	}
	for _, ref := range []string{"email:zebedee.nobody@privmail.example", "email:zebedee%20privmail", "phone:+886912345670", "usersecret", "zebedee:privmail"} {
		_, _ = p.profile(ref)
	}
	for _, key := range []string{"usersecret", "zebedee:privmail"} { // wrong keys
		req, err := http.NewRequest(http.MethodPost, p.api+"/v1/track", strings.NewReader(`{"userId":"usersecret","event":"ping"}`))
		if err == nil {
			req.SetBasicAuth(key, "privmail")
			req.Header.Set("User-Agent", "zebedee@privmail.example")
			req.Header.Set("X-Request-Id", "zebedee@privmail.example")
			_, _, _ = do(req)
		}
	}
}

// clickThrough leaves by the link in a mail.
func (s *scene) clickThrough(p *process, to *sink) {
	link := regexp.MustCompile(`http://\S+/u/\S+`)
	var found string
	eventually(s.T, time.Minute, "a mail with a link", func() error {
		for _, m := range to.box.List() {
			if l := link.FindString(m.Text); m.To[0] == discreets[1].email() && l != "" {
				found = l
			}
		}
		if found == "" {
			return fmt.Errorf("%d mails", to.box.Len())
		}
		return nil
	})
	for _, l := range []string{found, found + "zebedee"} {
		res, err := http.Post(l, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click"))
		if err != nil {
			s.Fatal(err)
		}
		_ = res.Body.Close()
	}
	if v := p.mustProfile("user_id:" + discreets[1].user()); v.Consent["email"] != false {
		s.Errorf("the link does not leave: %+v", v)
	}
}

// awaitPrivate waits until everybody is through.
func (p *process) awaitPrivate(s *scene) []*profiles.View {
	var views []*profiles.View
	eventually(s.T, 4*time.Minute, "everybody is through", func() error {
		views = nil
		for _, who := range discreets {
			v, err := p.profile("user_id:" + who.user())
			if err != nil {
				return err
			}
			if why := underWay(v); why != "" || len(v.Runs) == 0 {
				return fmt.Errorf("%s %s: %+v, %+v", who.way, why, v.Runs, v.Messages)
			}
			views = append(views, v)
		}
		return nil
	})
	return views
}

// search looks for what is personal in Temporal's files and in the logs.
func (s *scene) search(data string, logs []*output) {
	s.Helper()
	files, err := filepath.Glob(filepath.Join(data, "temporal.db*"))
	if err != nil || len(files) == 0 {
		s.Fatal("no temporal.db", err)
	}
	size := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			s.Fatal(err)
		}
		size += len(text)
		s.look(filepath.Base(file), text)
	}
	for _, o := range logs {
		size += len(o.String())
		s.look("the log", []byte(o.String()))
	}
	s.happens("%d KB searched", size>>10)
}

func (s *scene) look(where string, text []byte) {
	s.Helper()
	text = bytes.ToLower(text)
	for _, word := range personal {
		for _, form := range forms(word) {
			if i := bytes.Index(text, []byte(form)); i >= 0 {
				s.Errorf("%s holds %q: …%q…", where, word, text[max(0, i-200):min(len(text), i+100)])
			}
		}
	}
}

// forms are how a word may be written: plain, escaped, encoded. All lower
// case.
func forms(word string) []string {
	escaped := strings.Trim(strconv.QuoteToASCII(word), `"`)
	list := []string{word, escaped, url.QueryEscape(word), hex.EncodeToString([]byte(word))}
	for shift := range 3 { // base64, wherever the word begins in what is encoded
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + word))
		list = append(list, enc[4*((shift+2)/3):len(enc)-4])
	}
	for i := range list {
		list[i] = strings.ToLower(list[i])
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(f string) bool { return len(f) < 6 })
}

// controls sees to it that the search would have found something: the ways
// were gone, and both places hold what they may hold.
func (s *scene) controls(data string, logs []*output, views []*profiles.View) {
	s.Helper()
	outcomes := map[string]int{}
	for _, v := range views {
		for _, m := range v.Messages {
			outcomes[strings.TrimSpace(m.Channel+" "+m.Outcome+" "+m.Reason)]++
		}
	}
	s.Logf("outcomes: %v", outcomes)
	for _, want := range []string{
		"email sent", "email uncertain", "email failed provider", "email failed render", "email skipped consent",
		"webhook sent", "webhook failed provider",
	} {
		if outcomes[want] == 0 {
			s.Errorf("nothing was %s", want)
		}
	}
	db, err := os.ReadFile(filepath.Join(data, "temporal.db"))
	if err != nil || !bytes.Contains(db, []byte(views[0].Runs[0].Run)) {
		s.Errorf("temporal.db does not hold the run: %v", err)
	}
	said := ""
	for _, o := range logs {
		said += o.String()
	}
	for _, want := range []string{"level=DEBUG", "level=WARN", "outcome=uncertain"} {
		if !strings.Contains(said, want) {
			s.Errorf("the log does not hold %s", want)
		}
	}
}
