package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"journey/channels/mailbox"
	"journey/workflows"
)

// killedAtRandom kills `journeyd dev --data` at random moments while people go
// through the flow. With the in-process Redis the mails go to its own
// mailbox, otherwise to one outside.
func killedAtRandom(kind string) func(*scene) {
	return func(s *scene) {
		n, over, kills := 60, 24*time.Second, 3
		if *faultsFull {
			n, over, kills = 200, 150*time.Second, 20
		}
		s.needs(kind)
		data := s.TempDir()
		args := []string{workspace(s.T, flow), "--data", data, "--redis", kind}
		var to *sink
		if kind == "server" {
			to = newSink(s)
			args = append(args, "--smtp", to.url)
		}
		var now atomic.Pointer[process]
		c := s.newCrowd(n, now.Load, to)
		begin := func() {
			p := newProcess(s.T, append([]string{"dev", "--listen", "127.0.0.1:0"}, args...)...)
			p.cmd.Env = append(p.cmd.Env, c.trail())
			p.start()
			now.Store(p.ready())
		}
		begin()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute+over)
		defer cancel()
		c.walk(ctx, over)
		pause := over / time.Duration(kills+1)
		for range kills {
			nap(ctx, s.between(pause/4, pause*7/4))
			if s.rand.IntN(2) == 0 {
				awaitFlight(ctx, c.lastTrail())
			}
			s.happens("kill -9")
			now.Load().kill()
			begin()
			s.happens("it runs again")
		}
		views := c.arrive(3 * time.Minute)
		var mails []mailbox.Mail
		if to != nil {
			mails = to.box.List()
		} else {
			mails = now.Load().waitMails(0, time.Minute)
		}
		open := c.inFlight()
		c.judge(views, mails, open.has)
		s.Logf("at the kills: %s", open)
	}
}

// needs skips a test whose kind of Redis cannot run here.
func (s *scene) needs(kind string) {
	for _, k := range kinds(s.T) {
		if k == kind {
			return
		}
	}
	s.Skip("no redis-server on the PATH")
}

// one is a journey with a wait before its mails: a reaction is over when the
// first one goes out.
const one = `
journey flow {
  enter on ping
  once
  exit on stop
  wait 2 seconds
  @one send first
  wait 1 second
  @two send second
}
message first via email { subject "first" text "1" }
message second via email { subject "second" text "2" }
`

// points says what the first send comes to when the server is killed at a
// point.
var points = map[workflows.Point]struct {
	outcome string
	mails   int // that came of it
}{
	workflows.AtReaction:  {"sent", 1},
	workflows.AtAccepted:  {"sent", 1},
	workflows.AtPrepared:  {"sent", 1},
	workflows.AtClaimed:   {"uncertain", 0},
	workflows.AtDelivered: {"uncertain", 1},
	workflows.AtSettled:   {"sent", 1},
}

// killedAt kills the server at a point of a run's way.
func killedAt(point workflows.Point) func(*scene) {
	return func(s *scene) {
		s.killOnce(string(point), points[point].outcome, points[point].mails, nil)
	}
}

// killedInDialogue kills the server while the mail server has the mail and
// has not answered: before it stored the mail, or after.
func killedInDialogue(stored bool) func(*scene) {
	return func(s *scene) {
		n := 0
		if stored {
			n = 1
		}
		s.killOnce("", "uncertain", n, func(kill func()) func(mailbox.Attempt) mailbox.Fault {
			var done atomic.Bool
			return func(a mailbox.Attempt) mailbox.Fault {
				if a.Stage != mailbox.AtReply || !done.CompareAndSwap(false, true) {
					return mailbox.Fault{}
				}
				kill()
				return mailbox.Fault{Drop: true, Store: stored}
			}
		})
	}
}

// leftInDoubt kills the server between claim and delivery, and lets the
// person leave before the claim is old enough to be given up: the run ends at
// once, and the send is uncertain all the same.
func leftInDoubt(s *scene) {
	data, to := s.TempDir(), newSink(s)
	args := []string{"dev", workspace(s.T, one), "--listen", "127.0.0.1:0", "--data", data, "--redis", "inprocess", "--smtp", to.url}
	p := newProcess(s.T, args...)
	p.cmd.Env = append(p.cmd.Env, envKillAt+"="+string(workflows.AtClaimed))
	p.start()
	p.ready().insist("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	<-p.done
	s.happens("killed at %s", workflows.AtClaimed)
	p = newProcess(s.T, args...)
	p.start()
	p.ready().insist("/v1/track", track("ann", "stop", nil, nil))
	eventually(s.T, 3*time.Minute, "the send is uncertain", func() error {
		v, err := p.profile("user_id:ann")
		if err != nil {
			return err
		}
		if len(v.Runs) != 1 || v.Runs[0].Reason != "stop" {
			s.Fatalf("the run goes on: %+v", v.Runs)
		}
		if len(v.Messages) != 1 || v.Messages[0].Outcome != "uncertain" {
			return fmt.Errorf("messages %+v", v.Messages)
		}
		return nil
	})
	if n := to.box.Len(); n != 0 {
		s.Errorf("%d mails", n)
	}
}

// killOnce sends one person through, kills the server once on the way, and
// looks at what became of the first send.
func (s *scene) killOnce(point, outcome string, mails int, on func(kill func()) func(mailbox.Attempt) mailbox.Fault) {
	kind := "inprocess"
	if s.rand.IntN(2) == 0 && len(kinds(s.T)) > 1 {
		kind = "server"
	}
	data, to := s.TempDir(), newSink(s)
	args := []string{"dev", workspace(s.T, one), "--listen", "127.0.0.1:0", "--data", data, "--redis", kind, "--smtp", to.url}
	p := newProcess(s.T, args...)
	if point != "" {
		p.cmd.Env = append(p.cmd.Env, envKillAt+"="+point)
	}
	p.start()
	p.ready()
	if on != nil {
		to.behave(on(p.kill))
	}
	call := track("ann", "ping", nil, reachable("ann@example.com"))
	call["messageId"] = "ann-ping"
	code, _, err := p.try("/v1/track", call)
	acked := err == nil && code == 200
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		s.Fatalf("it has not come to %s: %s", point, p.errs)
	}
	s.happens("killed at %s%s, %s", point, map[bool]string{true: "the mail's body"}[point == ""], kind)
	p = newProcess(s.T, args...)
	p.start()
	p.ready()
	if !acked { // the client repeats what it heard nothing of
		p.insist("/v1/track", call)
	}
	var run string
	eventually(s.T, 3*time.Minute, "the run is through", func() error {
		v, err := p.profile("user_id:ann")
		switch {
		case err != nil:
			return err
		case len(v.Runs) != 1 || len(v.Messages) != 2 || underWay(v) != "":
			return fmt.Errorf("runs %+v, messages %+v; %s", v.Runs, v.Messages, p.errs)
		}
		run = v.Runs[0].Run
		if first, second := v.Messages[1], v.Messages[0]; first.Outcome != outcome || second.Outcome != "sent" || v.Runs[0].Reason != "end" {
			s.Errorf("first %+v, want %s; second %+v; run %+v", first, outcome, second, v.Runs[0])
		}
		return nil
	})
	s.happens("the run is through: the first mail is %s", outcome)
	count := map[string]int{}
	for _, m := range to.box.List() {
		count[m.Subject]++
	}
	if count["first"] != mails || count["second"] != 1 {
		s.Errorf("the mails are %v, want %d first and 1 second; run %s", count, mails, run)
	}
}
