package channels

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"journey/channels/mailbox"
)

// printed is v as the usual ways of printing show it.
func printed(v any) []string {
	out := []string{fmt.Sprint(v), fmt.Sprintf("%v", v), fmt.Sprintf("%+v", v), fmt.Sprintf("%s", v)}
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "value", v)
		out = append(out, b.String())
	}
	return out
}

func composer(t testing.TB) *Email {
	e, err := NewEmail("smtp://localhost", EmailOptions{From: "shop@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestComposeRefuses(t *testing.T) {
	e := composer(t)
	long := strings.Repeat("a", 65) + "@example.com"
	tests := []struct {
		code   string
		change func(*Message)
	}{
		{"bad key", func(m *Message) { m.Key = "" }},
		{"bad key", func(m *Message) { m.Key = "a\r\nBcc: eve@example.com" }},
		{"bad recipient", func(m *Message) { m.To = "" }},
		{"bad recipient", func(m *Message) { m.To = "ann" }},
		{"bad recipient", func(m *Message) { m.To = "ann@example.com, bob@example.com" }},
		{"bad recipient", func(m *Message) { m.To = "ann@example.com\r\nBcc: eve@example.com" }},
		{"bad recipient", func(m *Message) { m.To = "Ann\nBcc: eve@example.com <ann@example.com>" }},
		{"bad recipient", func(m *Message) { m.To = "=?utf-8?q?a=0D=0ABcc:_eve?= <ann@example.com>" }},
		{"bad recipient", func(m *Message) { m.To = "ann@例\u0000子.台灣" }},
		{"bad recipient", func(m *Message) { m.To = "ann@\xff.com" }},
		{"bad recipient", func(m *Message) { m.To = long }},
		{"bad sender", func(m *Message) { m.From = "shop" }},
		{"bad sender", func(m *Message) { m.From = "a@b.c> SIZE=1\r\nRCPT TO:<eve@example.com" }},
		{"bad subject", func(m *Message) { m.Subject = "Hi\r\nBcc: eve@example.com" }},
		{"bad subject", func(m *Message) { m.Subject = "Hi\nthere" }},
		{"bad subject", func(m *Message) { m.Subject = "Hi\x00" }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"X-A": "a\r\nBcc: eve@example.com"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"X-A: b\r\nBcc": "eve@example.com"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"": "x"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"bcc": "eve@example.com"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"message-id": "<x@y>"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"content-type": "text/plain"} }},
		{"bad header", func(m *Message) { m.Headers = map[string]string{"x-journey-key": "other"} }},
		{"bad reply-to", func(m *Message) { m.Headers = map[string]string{"reply-to": "help"} }},
	}
	for _, tt := range tests {
		m := mailTo("r/1/1")
		tt.change(&m)
		_, err := e.compose(m)
		if err == nil {
			t.Errorf("%+q was taken", fmt.Sprint(m.To, m.Subject, m.Headers))
			continue
		}
		wantError(t, err, true, tt.code)
	}
}

func TestComposeEnvelope(t *testing.T) {
	e := composer(t)
	tests := []struct {
		to, path string
		utf8     bool
	}{
		{"ann@example.com", "<ann@example.com>", false},
		{"Ann <ann+tag@Example.com>", "<ann+tag@Example.com>", false},
		{`"ann b"@example.com`, `<"ann b"@example.com>`, false},
		{"ann@例子.台灣", "<ann@xn--fsqu00a.xn--kpry57d>", false},
		{"用戶@例子.台灣", "<用戶@xn--fsqu00a.xn--kpry57d>", true},
		{"ann@localhost", "<ann@localhost>", false},
	}
	for _, tt := range tests {
		m := mailTo("r/1/1")
		m.To = tt.to
		l, err := e.compose(m)
		if err != nil {
			t.Errorf("%s: %s", tt.to, err.Detail)
			continue
		}
		if l.to != tt.path || l.utf8 != tt.utf8 {
			t.Errorf("%s: %s %t", tt.to, l.to, l.utf8)
		}
	}
}

func TestEmailBeyondASCII(t *testing.T) {
	s := startSink(t)
	e := newEmail(t, s.addr, EmailOptions{})
	m := mailTo("r/1/1")
	m.To = "王 <用戶@例子.台灣>"
	wantResult(t, send(t, e, m), Sent, "smtp 250")
	if got := s.List()[0]; got.To[0] != "用戶@xn--fsqu00a.xn--kpry57d" {
		t.Errorf("to %q", got.To)
	}
	e = newEmail(t, scripted(t, verb(nil)), EmailOptions{})
	_, err := e.Prepare(t.Context(), m)
	wantError(t, err, true, "smtp no utf8")
	m.To = "ann@例子.台灣"
	wantResult(t, send(t, e, m), Sent, "smtp 250")
}

func TestComposeIsTheSameEachTime(t *testing.T) {
	e := composer(t)
	now := e.opt.Now()
	e.opt.Now = func() time.Time { return now }
	m := mailTo("r/1/1")
	m.Headers = map[string]string{"X-A": "1", "X-B": "2", "X-C": "3"}
	first, _ := e.compose(m)
	for range 10 {
		if again, _ := e.compose(m); !bytes.Equal(first.data, again.data) {
			t.Fatalf("%s\n---\n%s", first.data, again.data)
		}
	}
}

// Whatever the subject, texts and names, the mail that is read is the mail that
// was written, and no line of it is too long or breaks out.
func TestComposeProperty(t *testing.T) {
	e := composer(t)
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.SampledFrom([]rune("歡迎光臨 .\n\r=-?é\t_ab")), 0, 300, -1), rapid.StringN(900, 2000, -1))
	line := rapid.Custom(func(t *rapid.T) string {
		return strings.Map(func(r rune) rune {
			if hasControl(string(r)) || r == '\t' {
				return -1
			}
			return r
		}, text.Draw(t, "line"))
	})
	rapid.Check(t, func(t *rapid.T) {
		m := mailTo(rapid.StringMatching(`[a-z0-9/.]{1,60}`).Draw(t, "key"))
		m.Subject, m.Text, m.HTML = line.Draw(t, "subject"), text.Draw(t, "text"), text.Draw(t, "html")
		m.Headers = map[string]string{"X-Anything": line.Draw(t, "header")}
		l, err := e.compose(m)
		if err != nil {
			t.Fatal(err.Detail)
		}
		for row := range strings.SplitSeq(strings.TrimSuffix(string(l.data), "\r\n"), "\r\n") {
			if len(row) > 998 || strings.ContainsAny(row, "\r\n") || !isASCII(row) {
				t.Fatalf("line of %d bytes: %.80q", len(row), row)
			}
		}
		got := mailbox.Parse(l.data)
		// A plain header may be folded at its spaces, which unfold to one; encoded ones are exact.
		same := func(got, want string) bool {
			return got == want || isASCII(want) && strings.Join(strings.Fields(got), " ") == strings.Join(strings.Fields(want), " ")
		}
		if !same(got.Subject, m.Subject) || !same(got.Header("X-Anything"), m.Headers["X-Anything"]) {
			t.Fatalf("subject %q, want %q; header %q, want %q", got.Subject, m.Subject, got.Header("X-Anything"), m.Headers["X-Anything"])
		}
		want := func(s string) string { return strings.ReplaceAll(bodyLines(s), "\r\n", "\n") }
		if got.Text != want(m.Text) || got.HTML != want(m.HTML) {
			t.Fatalf("text %q, want %q\nhtml %q, want %q", got.Text, want(m.Text), got.HTML, want(m.HTML))
		}
		if len(got.Headers) != map[bool]int{true: 10, false: 9}[got.Header("Content-Transfer-Encoding") != ""] {
			h, _ := json.MarshalIndent(got.Headers, "", " ")
			t.Fatalf("headers that nobody set: %s", h)
		}
	})
}

// The headers to leave by are written as they are: a mail program does not
// decode addresses.
func TestUnsubscribeHeaders(t *testing.T) {
	page := "https://journey.example.com/u/" + strings.Repeat("cDEyMzQ1Njc4OTBhYmNkZWY", 20) + ".c2lnbmF0dXJl"
	l, err := composer(t).compose(Message{
		Key: "p.1/1/1", To: "ann@example.com", Subject: "news", Text: "1", Headers: UnsubscribeHeaders(page, "leave@shop.example"),
	})
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(l.data), "\r\n\r\n")
	head = strings.ReplaceAll(strings.ReplaceAll(head, "\r\n ", " "), ":  ", ": ") + "\r\n" // unfolded
	for _, want := range []string{
		"List-Unsubscribe: <" + page + ">, <mailto:leave@shop.example?subject=unsubscribe>\r\n",
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
	} {
		if !strings.Contains(head, want) {
			t.Errorf("%q is missing in\n%s", want, head)
		}
	}
	if h := UnsubscribeHeaders("", "leave@shop.example"); h != nil {
		t.Errorf("without a page there is %v", h)
	}
}
