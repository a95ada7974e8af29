package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"journey/channels/mailbox"
)

// nineTwice lets people come to `wait until 09:00` straight after 09:00, by a
// send that has taken 700 ms: they go on today, not tomorrow. Their 09:00 is
// a minute not far ahead, on a clock that runs ten times as fast.
func nineTwice(s *scene) {
	to := newSink(s)
	to.behave(func(a mailbox.Attempt) mailbox.Fault {
		if a.Stage == mailbox.AtReply {
			return mailbox.Fault{Delay: 700 * time.Millisecond}
		}
		return mailbox.Fault{}
	})
	p := startDev(s.T, workspace(s.T, ""), "--speed", "10", "--redis", "inprocess", "--smtp", to.url)
	p.insist("/v1/track", track("probe", "stop", nil, nil))
	probe := p.mustProfile("user_id:probe")
	now, err := time.Parse(time.RFC3339, probe.Events[0].At)
	if err != nil {
		s.Fatal(err)
	}
	nine := now.Add(3 * time.Minute).Truncate(time.Minute)
	clock := nine.In(time.FixedZone("Taipei", 8*60*60)).Format("15:04")
	p.mustDeploy(declarations + strings.ReplaceAll(`
trait opens: time
journey by_time {
  enter when profile.opens <= now
  once
  send first
  wait until 09:00
  send second
}
journey by_event {
  enter on ping
  once
  wait until 09:00
  send third
  wait until 09:00
  send fourth
}
message first via email { subject "first" text "1" }
message second via email { subject "second" text "2" }
message third via email { subject "third" text "3" }
message fourth via email { subject "fourth" text "4" }
`, "09:00", clock))
	traits := reachable("ann@example.com")
	traits["opens"] = nine.Format(time.RFC3339)
	p.insist("/v1/track", track("ann", "ping", nil, traits))
	s.happens("it is %s, and 09:00 is %s", now.Format(time.TimeOnly), nine.Format(time.TimeOnly))
	eventually(s.T, 3*time.Minute, "both runs are through", func() error {
		v, err := p.profile("user_id:ann")
		if err == nil && (len(v.Runs) != 2 || underWay(v) != "") {
			err = fmt.Errorf("runs %+v, messages %+v", v.Runs, v.Messages)
		}
		return err
	})
	v := p.mustProfile("user_id:ann")
	for _, r := range v.Runs {
		ended, err := time.Parse(time.RFC3339, r.EndedAt)
		if err != nil || r.Reason != "end" || ended.Before(nine) || ended.After(nine.Add(time.Hour)) {
			s.Errorf("run %+v, %v", r, err)
		}
		s.Logf("%s: entered %s, through %s", r.Journey, r.EnteredAt, r.EndedAt)
	}
	if n := to.box.Len(); n != 4 {
		s.Errorf("%d mails", n)
	}
}

// temporalDeleted deletes Temporal's file between two starts: all runs go on.
// Those that time moves are found by the sweeper, a real minute after they
// should have gone on, whatever the speed of the clock; those that an event
// moves go on at once.
func temporalDeleted(s *scene) {
	const each = 10
	data, to := s.TempDir(), newSink(s)
	args := []string{workspace(s.T, `
journey by_time {
  enter on ping where event.n == 1
  once
  wait 10 minutes
  send first
}
journey by_event {
  enter on ping where event.n == 2
  once
  wait up to 30 days for stop { send second }
}
message first via email { subject "first" text "1" }
message second via email { subject "second" text "2" }
`), "--data", data, "--redis", "inprocess", "--smtp", to.url, "--speed", "60"}
	p := startDev(s.T, args...)
	for i := range each {
		p.insist("/v1/track", track(fmt.Sprint("time", i), "ping", map[string]any{"n": 1}, reachable(fmt.Sprintf("time%d@example.com", i))))
		p.insist("/v1/track", track(fmt.Sprint("event", i), "ping", map[string]any{"n": 2}, reachable(fmt.Sprintf("event%d@example.com", i))))
	}
	entered := time.Now()
	c := p.temporal()
	eventually(s.T, time.Minute, "all workflows are started", func() error {
		return running(c, "default", func(n int) bool { return n == 2*each })
	})
	p.kill()
	old, err := filepath.Glob(filepath.Join(data, "temporal.db*"))
	if err != nil || len(old) == 0 {
		s.Fatal("no temporal.db", err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			s.Fatal(err)
		}
	}
	s.happens("killed, and temporal.db deleted")
	p = startDev(s.T, args...)
	again := time.Now()
	for i := range each {
		p.insist("/v1/track", track(fmt.Sprint("event", i), "stop", nil, nil))
	}
	counts := func() map[string]int {
		n := map[string]int{}
		for _, m := range to.box.List() {
			n[m.Subject]++
		}
		return n
	}
	await := func(subject string) {
		eventually(s.T, 3*time.Minute, subject, func() error {
			if n := counts(); n[subject] < each {
				return fmt.Errorf("%v; %s", n, p.errs)
			}
			return nil
		})
	}
	await("second")
	s.happens("runs that an event moves have gone on, %.0f s after the start", time.Since(again).Seconds())
	await("first")
	s.happens("runs that time moves have gone on, %.0f s after they were due", time.Since(entered.Add(10*time.Second)).Seconds())
	for i := range 2 * each {
		eventually(s.T, time.Minute, "the runs end", func() error {
			v, err := p.profile(fmt.Sprint("user_id:", []string{"time", "event"}[i%2], i/2))
			if err == nil && (len(v.Runs) != 1 || underWay(v) != "" || len(v.Messages) != 1) {
				err = fmt.Errorf("runs %+v, messages %+v", v.Runs, v.Messages)
			}
			return err
		})
	}
	if n := counts(); n["first"] != each || n["second"] != each {
		s.Errorf("the mails are %v", n)
	}
}

// running counts the workflows that run.
func running(c client.Client, namespace string, is func(n int) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	res, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: namespace, Query: fmt.Sprintf("WorkflowType='run' AND ExecutionStatus=%q", enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING),
	})
	if err == nil && !is(int(res.Count)) {
		err = fmt.Errorf("%d workflows run", res.Count)
	}
	return err
}

// flushed empties Redis: the workflows of the runs that are gone end, and are
// counted; the server goes on with new people.
func flushed(s *scene) {
	const people = 20
	source := declarations + strings.Replace(flow, "wait 4 seconds", "wait 15 seconds", 1)
	to := newSink(s)
	x := s.newSite(to.url)
	p := x.serve()
	p.mustDeploy(source)
	c, err := client.Dial(client.Options{HostPort: x.temporal, Namespace: x.namespace, Logger: quiet{discard}})
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	for i := range people {
		p.insist("/v1/track", track(fmt.Sprint("p", i), "ping", nil, reachable(fmt.Sprintf("p%d@example.com", i))))
	}
	count := func(first bool) (n int) {
		for _, m := range to.box.List() {
			if (m.Subject == "first") == first {
				n++
			}
		}
		return n
	}
	eventually(s.T, time.Minute, "all have had the first mail", func() error {
		if n := count(true); n < people {
			return fmt.Errorf("%d mails", n)
		}
		return nil
	})
	x.redis.do("FLUSHALL")
	s.happens("FLUSHALL")
	lost := 0.0
	eventually(s.T, 2*time.Minute, "the workflows have ended", func() error {
		if err := running(c, x.namespace, func(n int) bool { return n == 0 }); err != nil {
			return err
		}
		lost, err = p.metric(`journey_engine_total{what="lost"}`)
		return err
	})
	s.happens("the workflows have ended: %.0f runs are counted as lost", lost)
	if through := count(false); lost < float64(people-through) {
		s.Errorf("%.0f runs are counted as lost, of %d, %d of them through before", lost, people, through)
	}
	p.mustDeploy(source)
	p.insist("/v1/track", track("p0", "ping", nil, reachable("p0@example.com")))
	before := to.box.Len()
	eventually(s.T, time.Minute, "new runs go their way", func() error {
		if n := to.box.Len(); n < before+2 {
			return fmt.Errorf("%d mails, %d before; %s", n, before, p.errs)
		}
		return nil
	})
}
