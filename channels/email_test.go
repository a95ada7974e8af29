package channels

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"journey/channels/mailbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink is a mailbox that counts the connections made to it.
type sink struct {
	*mailbox.Box
	addr string
	made *atomic.Int64
	conn *connections
}

// connections is a listener that remembers what it accepted.
type connections struct {
	net.Listener
	made atomic.Int64
	mu   sync.Mutex
	all  []net.Conn
}

func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.made.Add(1)
		c.mu.Lock()
		c.all = append(c.all, conn)
		c.mu.Unlock()
	}
	return conn, err
}

// dropAll closes every connection made so far, as a server that restarts would.
func (c *connections) dropAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.all {
		conn.Close()
	}
	c.all = nil
}

func startSink(t *testing.T, options ...mailbox.Option) *sink {
	t.Helper()
	box, err := mailbox.Open("", options...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	counted := &connections{Listener: l}
	served := make(chan struct{})
	go func() { defer close(served); _ = box.Serve(counted) }()
	t.Cleanup(func() { box.Close(); <-served })
	return &sink{Box: box, addr: l.Addr().String(), made: &counted.made, conn: counted}
}

func newEmail(t *testing.T, addr string, opt EmailOptions) *Email {
	t.Helper()
	if opt.From == "" {
		opt.From = "Shop <shop@example.com>"
	}
	if opt.Timeout == 0 {
		opt.Timeout = 10 * time.Second
	}
	e, err := NewEmail("smtp://"+addr, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func mailTo(key string) Message {
	return Message{Key: key, Channel: "email", To: "ann@example.com", Subject: "Hello", Text: "Hi Ann", HTML: "<p>Hi Ann</p>"}
}

// send prepares and delivers.
func send(t *testing.T, p Provider, m Message) Result {
	t.Helper()
	d, err := p.Prepare(t.Context(), m)
	if err != nil {
		t.Fatalf("prepare: %v: %s", err, err.(*Error).Detail)
	}
	return d.Deliver(t.Context())
}

func wantResult(t *testing.T, got Result, outcome Outcome, code string) {
	t.Helper()
	if got.Outcome != outcome || got.Code != code {
		t.Errorf("got %s (%s), want %s %s", got, got.Detail, outcome, code)
	}
}

func wantError(t *testing.T, err error, isPermanent bool, code string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Permanent != isPermanent || e.Code != code || IsPermanent(err) != isPermanent {
		t.Errorf("got %+v, want permanent %t, code %s", e, isPermanent, code)
	}
}

func TestEmailArrives(t *testing.T) {
	s := startSink(t)
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.FixedZone("", 8*3600))
	e := newEmail(t, s.addr, EmailOptions{From: "小店 <shop@example.com>", Domain: "mail.example.com", Now: func() time.Time { return at }})
	m := Message{
		Key: "r1/send.1/2", Channel: "email", To: "王小明 <xiao.ming@example.com>",
		Subject: "您的購物車還在等您：阿里山高山茶、日月潭紅茶與其他三樣商品",
		Text:    "小明您好：\n.一個點\n..兩個\n" + strings.Repeat("很長的一行", 500) + "\n",
		HTML:    "<p>小明您好</p>\n.\n<p>" + strings.Repeat("x", 5000) + "</p>",
		Headers: map[string]string{"List-Unsubscribe": "<https://example.com/u/" + strings.Repeat("a", 300) + ">", "Reply-To": "客服 <help@example.com>"},
	}
	wantResult(t, send(t, e, m), Sent, "smtp 250")
	list := s.List()
	if len(list) != 1 {
		t.Fatalf("%d mails", len(list))
	}
	got := list[0]
	if got.Subject != m.Subject || got.Text != m.Text || got.HTML != m.HTML || got.From != "shop@example.com" || !slices.Equal(got.To, []string{"xiao.ming@example.com"}) {
		t.Errorf("got %+v", got)
	}
	for name, want := range map[string]string{
		"From": "小店 <shop@example.com>", "To": "王小明 <xiao.ming@example.com>", "Reply-To": "客服 <help@example.com>",
		"Message-ID": MessageID(m.Key, "mail.example.com"), KeyHeader: m.Key, "Date": "Mon, 04 May 2026 03:02:01 +0800",
		"List-Unsubscribe": m.Headers["List-Unsubscribe"], "MIME-Version": "1.0",
	} {
		if got.Headers[name] != want {
			t.Errorf("%s: %q, want %q", name, got.Headers[name], want)
		}
	}
	raw, _ := s.Raw(got.ID)
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\n\r") || !isASCII(line) {
			t.Errorf("line of %d bytes: %.60q", len(line), line)
		}
	}
}

func TestEmailOutcomes(t *testing.T) {
	big := strings.Repeat("0123456789 ", 1<<17) // more than the sockets hold
	tests := []struct {
		name    string
		stage   mailbox.Stage
		fault   mailbox.Fault
		text    string
		prepare string // "permanent CODE", "temporary CODE", or empty
		outcome Outcome
		code    string
		stored  int
	}{
		{name: "fine", outcome: Sent, code: "smtp 250", stored: 1},
		{name: "550 at RCPT", stage: mailbox.AtRcpt, fault: mailbox.Fault{Code: 550}, prepare: "permanent smtp 550"},
		{name: "450 at RCPT", stage: mailbox.AtRcpt, fault: mailbox.Fault{Code: 450}, prepare: "temporary smtp 450"},
		{name: "530 at RCPT", stage: mailbox.AtRcpt, fault: mailbox.Fault{Code: 530}, prepare: "temporary smtp 530"},
		{name: "hung up at RCPT", stage: mailbox.AtRcpt, fault: mailbox.Fault{Drop: true}, prepare: "temporary smtp connection lost"},
		{name: "451 to the body", stage: mailbox.AtReply, fault: mailbox.Fault{Code: 451}, outcome: Temporary, code: "smtp 451"},
		{name: "421 to the body", stage: mailbox.AtReply, fault: mailbox.Fault{Code: 421}, outcome: Temporary, code: "smtp 421"},
		{name: "554 to the body", stage: mailbox.AtReply, fault: mailbox.Fault{Code: 554}, outcome: Failed, code: "smtp 554"},
		{name: "552 to a big body", stage: mailbox.AtData, fault: mailbox.Fault{Code: 552}, text: big, outcome: Failed, code: "smtp 552"},
		{name: "lost before the reply", stage: mailbox.AtReply, fault: mailbox.Fault{Drop: true}, code: "smtp connection lost"},
		{name: "lost before the reply, taken", stage: mailbox.AtReply, fault: mailbox.Fault{Drop: true, Store: true}, code: "smtp connection lost", stored: 1},
		{name: "lost in the body", stage: mailbox.AtData, fault: mailbox.Fault{Drop: true}, text: big, code: "smtp connection lost"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSink(t)
			e := newEmail(t, s.addr, EmailOptions{})
			s.SetFaults(func(a mailbox.Attempt) mailbox.Fault {
				if a.Stage == tt.stage {
					return tt.fault
				}
				return mailbox.Fault{}
			})
			m := mailTo("r/1/1")
			if tt.text != "" {
				m.Text = tt.text
			}
			d, err := e.Prepare(t.Context(), m)
			if kind, code, _ := strings.Cut(tt.prepare, " "); tt.prepare != "" {
				wantError(t, err, kind == "permanent", code)
			} else if err != nil {
				t.Fatal(err)
			} else {
				wantResult(t, d.Deliver(t.Context()), tt.outcome, tt.code)
				again := d.Deliver(t.Context())
				d.Abandon()
				wantResult(t, again, tt.outcome, tt.code)
			}
			if s.Len() != tt.stored {
				t.Errorf("%d mails stored, want %d", s.Len(), tt.stored)
			}
			// Whatever happened, the next mail goes out.
			s.SetFaults(nil)
			wantResult(t, send(t, e, mailTo("r/2/1")), Sent, "smtp 250")
		})
	}
}

func TestEmailFrozenServer(t *testing.T) {
	s := startSink(t)
	thaw := make(chan struct{})
	t.Cleanup(func() { close(thaw) })
	freezeAt := func(stage mailbox.Stage) {
		s.SetFaults(func(a mailbox.Attempt) mailbox.Fault {
			if a.Stage == stage {
				<-thaw
			}
			return mailbox.Fault{}
		})
	}
	t.Run("deadline at RCPT", func(t *testing.T) {
		freezeAt(mailbox.AtRcpt)
		e := newEmail(t, s.addr, EmailOptions{Timeout: 100 * time.Millisecond})
		_, err := e.Prepare(t.Context(), mailTo("r/1/1"))
		wantError(t, err, false, "smtp timeout")
	})
	t.Run("the caller's deadline at RCPT", func(t *testing.T) {
		freezeAt(mailbox.AtRcpt)
		e := newEmail(t, s.addr, EmailOptions{})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := e.Prepare(ctx, mailTo("r/1/1"))
		wantError(t, err, false, "smtp timeout")
	})
	t.Run("deadline at the reply", func(t *testing.T) {
		freezeAt(mailbox.AtReply)
		e := newEmail(t, s.addr, EmailOptions{BodyTimeout: 100 * time.Millisecond})
		wantResult(t, send(t, e, mailTo("r/1/1")), Uncertain, "smtp timeout")
	})
	t.Run("cancelled at the reply", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s.SetFaults(func(a mailbox.Attempt) mailbox.Fault {
			if a.Stage == mailbox.AtReply {
				cancel()
				<-thaw
			}
			return mailbox.Fault{}
		})
		e := newEmail(t, s.addr, EmailOptions{})
		d, err := e.Prepare(t.Context(), mailTo("r/1/1"))
		if err != nil {
			t.Fatal(err)
		}
		wantResult(t, d.Deliver(ctx), Uncertain, "smtp cancelled")
	})
	t.Run("cancelled before the body", func(t *testing.T) {
		s.SetFaults(nil)
		e := newEmail(t, s.addr, EmailOptions{})
		d, err := e.Prepare(t.Context(), mailTo("r/1/1"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantResult(t, d.Deliver(ctx), Temporary, "smtp cancelled")
	})
	t.Run("silence instead of a greeting", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0") // its backlog accepts
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		e := newEmail(t, l.Addr().String(), EmailOptions{Timeout: 100 * time.Millisecond})
		_, err = e.Prepare(t.Context(), mailTo("r/1/1"))
		wantError(t, err, false, "smtp timeout")
		ctx, cancel := context.WithCancel(t.Context())
		e = newEmail(t, l.Addr().String(), EmailOptions{})
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err = e.Prepare(ctx, mailTo("r/1/1"))
		wantError(t, err, false, "smtp cancelled")
	})
	t.Run("nobody listens", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		_, err = newEmail(t, l.Addr().String(), EmailOptions{}).Prepare(t.Context(), mailTo("r/1/1"))
		wantError(t, err, false, "smtp no connection")
	})
}

// scripted is a server that answers each line of each connection as told: "" hangs
// up, "-" says nothing. Lines of the mail itself are read up to the dot.
func scripted(t *testing.T, answer func(connection int, line string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				stop := context.AfterFunc(t.Context(), func() { c.Close() })
				defer stop()
				converse(c, func(line string) string { return answer(n, line) })
			})
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l.Addr().String()
}

func converse(c net.Conn, answer func(line string) string) {
	lines := bufio.NewScanner(c)
	line, inMail := "hello", false
	for {
		if !inMail || line == "." {
			reply := answer(line)
			if reply == "" {
				return
			}
			if reply != "-" {
				fmt.Fprintf(c, "%s\r\n", reply)
			}
			inMail = strings.HasPrefix(reply, "354")
		}
		if !lines.Scan() {
			return
		}
		line = lines.Text()
	}
}

// verb answers like a simple server, but for the verbs that are given.
func verb(special map[string]string) func(int, string) string {
	return func(_ int, line string) string {
		word, _, _ := strings.Cut(line, " ")
		if reply, ok := special[word]; ok {
			return reply
		}
		switch word {
		case "hello":
			return "220 hi"
		case "DATA":
			return "354 go on"
		case "QUIT":
			return "221 bye"
		}
		return "250 ok"
	}
}

func TestEmailScriptedServers(t *testing.T) {
	tests := []struct {
		name    string
		special map[string]string
		prepare string
		outcome Outcome
		code    string
	}{
		{name: "plain", outcome: Sent, code: "smtp 250"},
		{name: "no EHLO", special: map[string]string{"EHLO": "502 what"}, outcome: Sent, code: "smtp 250"},
		{name: "greeted by 554", special: map[string]string{"hello": "554 go away"}, prepare: "temporary smtp 554"},
		{name: "greeted by rubbish", special: map[string]string{"hello": "HTTP/1.1 400 Bad Request"}, prepare: "temporary smtp protocol"},
		{name: "501 at MAIL", special: map[string]string{"MAIL": "501 bad sender"}, prepare: "permanent smtp 501"},
		{name: "421 at MAIL", special: map[string]string{"MAIL": "421 busy"}, prepare: "temporary smtp 421"},
		{name: "too large", special: map[string]string{"EHLO": "250-hi\r\n250 SIZE 100"}, prepare: "permanent smtp too large"},
		{name: "size unlimited", special: map[string]string{"EHLO": "250-hi\r\n250 SIZE 0"}, outcome: Sent, code: "smtp 250"},
		{name: "451 at DATA", special: map[string]string{"DATA": "451 later"}, outcome: Temporary, code: "smtp 451"},
		{name: "554 at DATA", special: map[string]string{"DATA": "554 no"}, outcome: Failed, code: "smtp 554"},
		{name: "250 at DATA", special: map[string]string{"DATA": "250 what mail"}, outcome: Temporary, code: "smtp 250"},
		{name: "hung up at DATA", special: map[string]string{"DATA": ""}, outcome: Temporary, code: "smtp connection lost"},
		{name: "frozen at DATA", special: map[string]string{"DATA": "-"}, outcome: Temporary, code: "smtp timeout"},
		{name: "251 to the body", special: map[string]string{".": "251 fine"}, outcome: Sent, code: "smtp 251"},
		{name: "354 to the body", special: map[string]string{".": "354 more"}, outcome: Uncertain, code: "smtp 354"},
		{name: "rubbish to the body", special: map[string]string{".": "well"}, outcome: Uncertain, code: "smtp protocol"},
		{name: "hung up after the dot", special: map[string]string{".": ""}, outcome: Uncertain, code: "smtp connection lost"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newEmail(t, scripted(t, verb(tt.special)), EmailOptions{Timeout: time.Second})
			d, err := e.Prepare(t.Context(), mailTo("r/1/1"))
			if kind, code, _ := strings.Cut(tt.prepare, " "); tt.prepare != "" {
				wantError(t, err, kind == "permanent", code)
				return
			}
			if err != nil {
				t.Fatal(err, err.(*Error).Detail)
			}
			wantResult(t, d.Deliver(t.Context()), tt.outcome, tt.code)
		})
	}
}

func TestEmailKeepsConnections(t *testing.T) {
	s := startSink(t)
	e := newEmail(t, s.addr, EmailOptions{MaxIdle: 2})
	for i := range 5 {
		wantResult(t, send(t, e, mailTo(fmt.Sprint("r/1/", i))), Sent, "smtp 250")
	}
	if n := s.made.Load(); n != 1 {
		t.Errorf("%d connections for five mails", n)
	}
	// A refused recipient and an abandoned delivery leave the connection in order.
	s.SetFaults(func(a mailbox.Attempt) mailbox.Fault { return mailbox.Fault{Code: 550} })
	_, err := e.Prepare(t.Context(), mailTo("r/2/1"))
	wantError(t, err, true, "smtp 550")
	s.SetFaults(nil)
	d, err := e.Prepare(t.Context(), mailTo("r/3/1"))
	if err != nil {
		t.Fatal(err)
	}
	d.Abandon()
	wantResult(t, d.Deliver(t.Context()), Temporary, "abandoned")
	wantResult(t, send(t, e, mailTo("r/4/1")), Sent, "smtp 250")
	if n := s.made.Load(); n != 1 || s.Len() != 6 {
		t.Errorf("%d connections, %d mails", n, s.Len())
	}
	// Four at once need four connections, of which two are kept.
	var all []Delivery
	for i := range 4 {
		d, err := e.Prepare(t.Context(), mailTo(fmt.Sprint("r/5/", i)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	for _, d := range all {
		wantResult(t, d.Deliver(t.Context()), Sent, "smtp 250")
	}
	if n := len(e.idle.idle); s.made.Load() != 4 || n != 2 {
		t.Errorf("%d made, %d idle", s.made.Load(), n)
	}
}

// A connection that died while it was idle must be noticed before the claim: none
// of these mails may become uncertain, or even fail.
func TestEmailDeadIdleConnection(t *testing.T) {
	t.Run("closed by the server", func(t *testing.T) {
		s := startSink(t)
		e := newEmail(t, s.addr, EmailOptions{})
		for i := range 20 {
			wantResult(t, send(t, e, mailTo(fmt.Sprint("r/1/", i))), Sent, "smtp 250")
			s.conn.dropAll()
		}
		if s.Len() != 20 || s.made.Load() != 20 {
			t.Errorf("%d mails, %d connections", s.Len(), s.made.Load())
		}
	})
	t.Run("told to leave", func(t *testing.T) {
		var mails atomic.Int64
		addr := scripted(t, func(n int, line string) string {
			if strings.HasPrefix(line, "MAIL") && mails.Add(1)%2 == 0 {
				return "421 idle for too long"
			}
			return verb(nil)(n, line)
		})
		e := newEmail(t, addr, EmailOptions{})
		for i := range 4 {
			wantResult(t, send(t, e, mailTo(fmt.Sprint("r/1/", i))), Sent, "smtp 250")
		}
	})
	t.Run("one mail a connection", func(t *testing.T) {
		addr := scripted(t, func() func(int, string) string {
			var used sync.Map
			return func(n int, line string) string {
				if strings.HasPrefix(line, "MAIL") {
					if _, again := used.LoadOrStore(n, true); again {
						return "550 too many mails in this connection"
					}
				}
				return verb(nil)(n, line)
			}
		}())
		e := newEmail(t, addr, EmailOptions{})
		for i := range 4 {
			wantResult(t, send(t, e, mailTo(fmt.Sprint("r/1/", i))), Sent, "smtp 250")
		}
	})
	t.Run("frozen", func(t *testing.T) {
		var mails atomic.Int64
		addr := scripted(t, func(n int, line string) string {
			if strings.HasPrefix(line, "MAIL") && mails.Add(1) == 2 {
				return "-"
			}
			return verb(nil)(n, line)
		})
		e := newEmail(t, addr, EmailOptions{Timeout: 200 * time.Millisecond})
		for i := range 2 {
			wantResult(t, send(t, e, mailTo(fmt.Sprint("r/1/", i))), Sent, "smtp 250")
		}
	})
	t.Run("between RCPT and DATA", func(t *testing.T) {
		s := startSink(t)
		e := newEmail(t, s.addr, EmailOptions{})
		d, err := e.Prepare(t.Context(), mailTo("r/1/1"))
		if err != nil {
			t.Fatal(err)
		}
		s.conn.dropAll()
		wantResult(t, d.Deliver(t.Context()), Temporary, "smtp connection lost")
	})
}

func TestEmailIdleConnectionsExpire(t *testing.T) {
	quits := make(chan int, 10)
	addr := scripted(t, func(n int, line string) string {
		if line == "QUIT" {
			quits <- n
		}
		return verb(nil)(n, line)
	})
	e := newEmail(t, addr, EmailOptions{IdleTimeout: 20 * time.Millisecond})
	for range 2 {
		wantResult(t, send(t, e, mailTo("r/1/1")), Sent, "smtp 250")
		select {
		case <-quits:
		case <-time.After(10 * time.Second):
			t.Fatal("an idle connection was not closed")
		}
	}
	e.Close()
	wantResult(t, send(t, e, mailTo("r/1/2")), Sent, "smtp 250") // still works; the connection is not kept
	if got := <-quits; got != 3 {
		t.Errorf("connection %d closed", got)
	}
}

// Many mails at once, with a server in a bad temper: what the outcome says must be
// what the mailbox has.
func TestEmailConservation(t *testing.T) {
	s := startSink(t)
	e := newEmail(t, s.addr, EmailOptions{BodyTimeout: 5 * time.Second})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 2))
	faults := []mailbox.Fault{{Code: 451}, {Code: 554}, {Drop: true}, {Drop: true, Store: true}}
	s.SetFaults(func(a mailbox.Attempt) mailbox.Fault {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(8) > 0 {
			return mailbox.Fault{}
		}
		f := faults[random.IntN(len(faults))]
		f.Store = f.Store && a.Stage == mailbox.AtReply
		return f
	})
	const workers, each = 8, 40
	outcomes := map[string]Outcome{}
	var sending sync.WaitGroup
	for w := range workers {
		sending.Go(func() {
			for i := range each {
				key := fmt.Sprintf("r%d/%d/1", w, i)
				d, err := e.Prepare(t.Context(), mailTo(key))
				outcome := Temporary
				if err == nil {
					outcome = d.Deliver(t.Context()).Outcome
				}
				mu.Lock()
				outcomes[key] = outcome
				mu.Unlock()
			}
		})
	}
	sending.Wait()
	stored := map[string]int{}
	for _, m := range s.List() {
		stored[m.Header(KeyHeader)]++
	}
	count := map[Outcome]int{}
	for key, outcome := range outcomes {
		count[outcome]++
		n := stored[key]
		if n > 1 || outcome == Sent && n != 1 || (outcome == Failed || outcome == Temporary) && n != 0 {
			t.Errorf("%s: %s, and %d in the mailbox", key, outcome, n)
		}
	}
	t.Logf("outcomes %v, %d stored, %d connections", count, len(stored), s.made.Load())
}

func BenchmarkEmail(b *testing.B) {
	box, err := mailbox.Open("")
	if err != nil {
		b.Fatal(err)
	}
	defer box.Close()
	addr, err := box.Start("127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	e, err := NewEmail("smtp://"+addr, EmailOptions{From: "shop@example.com", MaxIdle: 32})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			d, err := e.Prepare(b.Context(), mailTo("r/1/1"))
			if err != nil {
				b.Error(err)
				return
			}
			if r := d.Deliver(b.Context()); r.Outcome != Sent {
				b.Error(r)
			}
		}
	})
}
