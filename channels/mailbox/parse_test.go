package mailbox

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// crlf writes test mails readably.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		raw  []byte
		want Mail
	}{
		{"plain", crlf("Subject: Hello\nFrom: Ann <ann@example.com>\n\nIt works.\n"),
			Mail{Subject: "Hello", From: "ann@example.com", Text: "It works."}},
		{"bare line feeds", []byte("Subject: Hello\n\nIt\nworks.\n"),
			Mail{Subject: "Hello", Text: "It\nworks."}},
		{"encoded words over folded lines", crlf("Subject: =?utf-8?b?5q2h6L+O?=\n =?UTF-8?Q?=E5=85=89=E8=87=A8?= now\nFrom: =?big5?b?pHCpsQ==?= <shop@example.com>\n\nx\n"),
			Mail{Subject: "歡迎光臨 now", From: "shop@example.com", Text: "x"}},
		{"quoted-printable", crlf("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\n=E6=AD=A1=\n=E8=BF=8E\n"),
			Mail{Text: "歡迎"}},
		{"base64 with rubbish", crlf("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n5q2h!\n6L+O=\n"),
			Mail{HTML: "歡迎"}},
		{"big5", append(crlf("Content-Type: text/plain; charset=Big5\n\n"), 0xc5, 0x77, 0xaa, 0xef),
			Mail{Text: "歡迎"}},
		{"iso-2022-jp", append(crlf("Content-Type: text/plain; charset=iso-2022-jp\n\n"), "\x1b$B4A;z\x1b(B"...),
			Mail{Text: "漢字"}},
		{"unknown charset", append(crlf("Content-Type: text/plain; charset=klingon\n\n"), 'a', 0xff, 'b'),
			Mail{Text: "a\uFFFDb"}},
		{"alternative in mixed", crlf("Content-Type: multipart/mixed; boundary=out\n\nno mail reader shows this\n--out\n" +
			"Content-Type: multipart/alternative; boundary=\"in ner\"\n\n--in ner\nContent-Type: text/plain\n\nplain\n--in ner\n" +
			"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPHA+aGk8L3A+\n--in ner--\n--out\n" +
			"Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=\"=?utf-8?b?5biz5Zau?=.pdf\"\nContent-Transfer-Encoding: base64\n\nAAAA\n--out--\n"),
			Mail{Text: "plain", HTML: "<p>hi</p>", Attachments: []Attachment{{Name: "帳單.pdf", Type: "application/pdf", Size: 3}}}},
		{"cut off in the middle of a part", crlf("Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nhalf a sen"),
			Mail{Text: "half a sen"}},
		{"multipart without boundary", crlf("Content-Type: multipart/mixed\n\n--b\n"),
			Mail{Attachments: []Attachment{{Type: "multipart/mixed", Size: 5}}}},
		{"no headers", []byte("\r\nbody"), Mail{Text: "body"}},
		{"nothing", nil, Mail{}},
		{"text that is no header is passed over", crlf("From ann Mon Jan\nSubject: x\nnot a header\n folded\n\nbody"),
			Mail{Subject: "x", Text: "body"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Parse(tt.raw)
			got.Headers, got.To = nil, nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseHeadersKeepTheirNamesAndRepeats(t *testing.T) {
	m := Parse(crlf("X-Journey-Key: run/1/1\nReceived: one\nRECEIVED: two\nReceived: three\nlist-unsubscribe: <https://x>\n\n"))
	want := map[string]string{"X-Journey-Key": "run/1/1", "Received": "one\nthree", "RECEIVED": "two", "list-unsubscribe": "<https://x>"}
	if diff := cmp.Diff(want, m.Headers); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if m.Header("List-Unsubscribe") != "<https://x>" || m.Header("none") != "" {
		t.Error("Header must not look at the case")
	}
}

func TestParseStopsAtDeepAndManyParts(t *testing.T) {
	deep := strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 10_000)
	if got := Parse(crlf(deep)); got.Text != "" {
		t.Errorf("text %.40q", got.Text)
	}
	many := "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: a/b\n\nx\n", 10_000)
	if got := len(Parse(crlf(many)).Attachments); got >= maxParts {
		t.Errorf("%d attachments, want less than %d", got, maxParts)
	}
}

func TestParseTakesItsTimeInProportion(t *testing.T) {
	const size = 4 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, raw := range map[string]string{
		"folded header":   "X: a\n" + fill(" \n"),
		"folded words":    "Subject: a\n" + fill(" =?utf-8?q?a?=\n"),
		"repeated header": fill("X: a\n"),
		"recipients":      "From: " + fill("a@b, "),
		"comments":        "From: " + fill("("),
		"parameters":      "Content-Type: text/plain" + fill("; a*0=b"),
		"boundaries":      "Content-Type: multipart/mixed; boundary=b\n\n" + fill("--b\n"),
		"encoded words":   "Subject: " + fill("=?utf-8?b?5q2h?="),
	} {
		begun := time.Now()
		Parse([]byte(raw))
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: 4 MB took %v", name, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Subject: =?big5?b?pHCpsQ==?=\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-16\r\n\r\nhi\r\n--b--\r\n"))
	f.Add([]byte("From: \"a\" <b@c>, d@e\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: quoted-printable\n\n=1B$B4A;z=\n"))
	f.Add([]byte("a:\n b\n\nc"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw)
		for _, s := range []string{m.From, m.Subject, m.Text, m.HTML} {
			if !utf8.ValidString(s) {
				t.Fatalf("not UTF-8: %q", s)
			}
		}
		for k, v := range m.Headers {
			if !utf8.ValidString(k) || !utf8.ValidString(v) || strings.ContainsAny(k, "\r\n") {
				t.Fatalf("header %q: %q", k, v)
			}
		}
		for _, a := range m.Attachments {
			if !utf8.ValidString(a.Name) || !utf8.ValidString(a.Type) {
				t.Fatalf("attachment %+v", a)
			}
		}
		if len(m.Text)+len(m.HTML) > 6*len(raw)+64 {
			t.Fatalf("%d bytes became %d", len(raw), len(m.Text)+len(m.HTML))
		}
	})
}
