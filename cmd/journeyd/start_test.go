package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"journey/channels/mailbox"
)

// What a server does while something it needs is away, and at its own end.
func TestServe(t *testing.T) {
	h := &hub{}
	t.Cleanup(h.stop)
	for name, test := range map[string]func(*scene){
		"without Temporal": servesWithoutTemporal, "without Redis": startsWithoutRedis, "without namespace": startsWithoutNamespace,
		"unready": unreadyBeforeTheEnd(12*time.Second, "sent"), "unready, mail hangs": unreadyBeforeTheEnd(time.Minute, "uncertain"),
		"ends early": endsWhileItWaits, "shares": sharesPartitions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newScene(t, h, 1))
		})
	}
}

const oneMail = `
journey w {
  enter on ping
  again after exit
  send first
}
message first via email { subject "first" text "1" }
`

// While Temporal is away a server starts, accepts events and says so; it
// catches up by itself.
func servesWithoutTemporal(s *scene) {
	to := newSink(s)
	x := s.newSite(to.url)
	line := startProxy(s, x.temporal)
	line.set(true)
	x.temporal = line.addr()
	p := x.serve()
	p.mustDeploy(declarations + oneMail)
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	if checks := p.checks(200); checks["temporal"] || !checks["redis"] {
		s.Errorf("Temporal is away, and the checks are %v", checks)
	}
	if v := p.mustProfile("user_id:ann"); len(v.Runs) != 1 {
		s.Errorf("the runs are %+v", v.Runs)
	}
	line.set(false)
	eventually(s.T, time.Minute, "the mail is there", func() error {
		if n := to.takenOf("ann@example.com"); n != 1 {
			return fmt.Errorf("%d mails; %s", n, p.errs)
		}
		return nil
	})
	if checks := p.checks(200); !checks["temporal"] || !checks["workers"] {
		s.Errorf("Temporal is back, and the checks are %v", checks)
	}
	// And once more, with workers that run already.
	line.set(true)
	p.post("/v1/track", track("bob", "ping", nil, reachable("bob@example.com")))
	line.set(false)
	eventually(s.T, time.Minute, "the other mail is there", func() error {
		if n := to.takenOf("bob@example.com"); n != 1 {
			return fmt.Errorf("%d mails; %s", n, p.errs)
		}
		return nil
	})
}

// While Redis is away a server starts, lives, is not ready and answers 503;
// then it is there by itself.
func startsWithoutRedis(s *scene) {
	x := s.newSite("")
	line := startProxy(s, strings.TrimPrefix(x.redis.url(), "redis://"))
	line.set(true)
	x.redisURL = "redis://" + line.addr()
	x.listen = fmt.Sprintf("127.0.0.1:%d", freePort(s)) // nothing tells it before Redis answers
	p := x.begin()
	p.api = "http://" + x.listen
	eventually(s.T, 20*time.Second, "it lives", func() error {
		code, text, err := p.get("/livez")
		if err == nil && code != 200 {
			err = fmt.Errorf("%d %s", code, text)
		}
		return err
	})
	if checks := p.checks(503); checks["redis"] {
		s.Errorf("Redis is away, and the checks are %v", checks)
	}
	code, text, err := p.try("/v1/track", track("ann", "ping", nil, nil))
	if err != nil || code != 503 || !strings.Contains(text, `"retryable":true`) {
		s.Errorf("an event: %d %s %v", code, text, err)
	}
	if code, text, err := p.get("/u/x.y"); err != nil || code != 503 {
		s.Errorf("a link: %d %s %v", code, text, err)
	}
	told := func() int { return strings.Count(p.errs.String(), "Redis does not answer") }
	eventually(s.T, 20*time.Second, "it is said that Redis is away", func() error {
		if told() == 0 {
			return fmt.Errorf("it says %s", p.errs)
		}
		return nil
	})
	line.set(false)
	p.ready()
	p.mustDeploy(declarations + oneMail)
	p.post("/v1/track", track("ann", "ping", nil, nil))
	if n := told(); n != 1 {
		s.Errorf("it is said %d times that Redis is away: %s", n, p.errs)
	}
}

// A namespace that is not there (yet) keeps the workers from running: that is
// said, and they run as soon as it is there.
func startsWithoutNamespace(s *scene) {
	to := newSink(s)
	x := s.newSite(to.url)
	x.namespace += "-late"
	p := x.serve()
	p.mustDeploy(declarations + oneMail)
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	eventually(s.T, 30*time.Second, "the workers are said not to run", func() error {
		if checks := p.checks(200); checks["workers"] || !checks["temporal"] {
			return fmt.Errorf("the checks are %v", checks)
		}
		return nil
	})
	if n, err := p.metric("journey_workers_down"); err != nil || n < 1 {
		s.Errorf("%v workers are said to be down, %v", n, err)
	}
	if _, text, _ := p.get("/readyz"); !strings.Contains(text, "send-email") || !strings.Contains(text, x.namespace) {
		s.Errorf("/readyz says %s", text)
	}
	c, err := client.NewNamespaceClient(client.Options{HostPort: x.temporal, Logger: quiet{discard}})
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	err = c.Register(context.Background(), &workflowservice.RegisterNamespaceRequest{
		Namespace: x.namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		s.Fatal(err)
	}
	eventually(s.T, 90*time.Second, "the mail is there", func() error {
		if n := to.takenOf("ann@example.com"); n != 1 {
			return fmt.Errorf("%d mails; %s", n, p.errs)
		}
		return nil
	})
	eventually(s.T, 90*time.Second, "the workers are said to run", func() error {
		if checks := p.checks(200); !checks["workers"] {
			return fmt.Errorf("the checks are %v", checks)
		}
		return nil
	})
}

// After SIGTERM a server says first that it is not ready, and serves a while
// longer; what is under way is brought to its end, a slow mail too, as long
// as there is time for it.
func unreadyBeforeTheEnd(delay time.Duration, outcome string) func(*scene) {
	return func(s *scene) { s.unready(delay, outcome) }
}

func (s *scene) unready(delay time.Duration, outcome string) {
	to := newSink(s)
	reached := make(chan struct{})
	to.behave(func(a mailbox.Attempt) mailbox.Fault {
		if a.Stage != mailbox.AtReply {
			return mailbox.Fault{}
		}
		close(reached)
		return mailbox.Fault{Delay: delay}
	})
	x := s.newSite(to.url)
	p := x.serve()
	p.mustDeploy(declarations + oneMail)
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	<-reached
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
	eventually(s.T, 2*time.Second, "it says that it is not ready", func() error {
		code, text, err := p.get("/readyz")
		if err == nil && (code != 503 || !strings.Contains(text, "about to stop")) {
			err = fmt.Errorf("%d %s", code, text)
		}
		return err
	})
	p.post("/v1/track", track("bob", "stop", nil, reachable("bob@example.com"))) // from somebody who has not heard
	eventually(s.T, 10*time.Second, "it takes no more connections", func() error {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.api, "http://"))
		if err == nil {
			_ = conn.Close()
			return fmt.Errorf("it does")
		}
		return nil
	})
	if code := p.ended(); code != 0 {
		s.Errorf("exit code %d: %s", code, p.errs)
	}
	if took := time.Since(began); took > 30*time.Second {
		s.Errorf("it took %s", took)
	}
	if n := to.takenOf("ann@example.com"); n != 1 {
		s.Errorf("%d mails", n)
	}
	// What was accepted last is there.
	p = x.serve()
	p.mustProfile("user_id:bob")
	if v := p.mustProfile("user_id:ann"); len(v.Messages) != 1 || v.Messages[0].Outcome != outcome {
		s.Errorf("the messages are %+v", v.Messages)
	}
}

// A server that still waits for Redis ends at once, with 0.
func endsWhileItWaits(s *scene) {
	x := s.newSite("")
	line := startProxy(s, strings.TrimPrefix(x.redis.url(), "redis://"))
	line.set(true)
	x.redisURL = "redis://" + line.addr()
	p := x.begin()
	eventually(s.T, 30*time.Second, "it waits", func() error {
		if !strings.Contains(p.errs.String(), "Redis does not answer") {
			return fmt.Errorf("it says %s", p.errs)
		}
		return nil
	})
	began := time.Now()
	if code := p.end(); code != 0 || time.Since(began) > 10*time.Second {
		s.Errorf("exit code %d after %s: %s", code, time.Since(began), p.errs)
	}
}

// Two servers share the partitions; what one had that ends, or dies, the other
// takes over.
func sharesPartitions(s *scene) {
	x := s.newSite("")
	a, b := x.serve(), x.serve()
	has := func(p *process, n int, within time.Duration) {
		s.Helper()
		eventually(s.T, within, fmt.Sprintf("it has %d partitions", n), func() error {
			_, text, err := p.get("/readyz?verbose")
			if err == nil && !strings.Contains(text, fmt.Sprintf(`"%d partitions`, n)) {
				err = fmt.Errorf("%s", text)
			}
			return err
		})
	}
	began := time.Now()
	has(a, 128, 15*time.Second)
	has(b, 128, 15*time.Second)
	s.happens("they have shared after %s", time.Since(began))
	if code := b.end(); code != 0 {
		s.Errorf("exit code %d: %s", code, b.errs)
	}
	began = time.Now()
	has(a, 256, 8*time.Second) // given back: no lease has to run out
	s.happens("the other's were taken over after %s", time.Since(began))
	b = x.serve()
	has(b, 128, 15*time.Second)
	b.kill()
	began = time.Now()
	has(a, 256, 18*time.Second)
	s.happens("the dead one's were taken over after %s", time.Since(began))
}

// get asks for a path.
func (p *process) get(path string) (int, string, error) {
	req, err := http.NewRequest(http.MethodGet, p.api+path, nil)
	if err != nil {
		return 0, "", err
	}
	return do(req)
}
