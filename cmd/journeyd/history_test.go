package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"journey/profiles"
)

const fiveSteps = `
journey w {
  enter on ping
  once
  exit on stop
  send first
  wait 3 days
  split half {
    50% a { send second }
    50% b { send second }
  }
}
message first via email { subject "first {{ profile.name | default: '' }}" text "1" }
message second via email { subject "second" text "2" }
`

// How many events of history a run costs. More is a regression; the bar of
// this design is 25.
func TestHistoryOfARun(t *testing.T) {
	p := startDev(t, workspace(t, fiveSteps), "--speed", "86400")
	c := p.temporal()
	p.post("/v1/track", track("ann", "ping", nil, reachable("ann@example.com")))
	run := p.endedRun("user_id:ann", "end")
	h := history(t, c, run)
	keepHistory(t, "run", h)
	if n := len(h.Events); n > 14 {
		t.Errorf("%d events, at most 14 are expected:\n%s", n, kindsOf(h))
	}
	t.Logf("%d events:\n%s", len(h.Events), kindsOf(h))

	// An exit in the middle of the wait wakes the run and ends it.
	p.post("/v1/track", track("bob", "ping", nil, reachable("bob@example.com")))
	p.waiting("user_id:bob")
	p.post("/v1/track", track("bob", "stop", nil, nil))
	h = history(t, c, p.endedRun("user_id:bob", "stop"))
	keepHistory(t, "exit", h)
	if !strings.Contains(kindsOf(h), "WorkflowExecutionSignaled") {
		t.Errorf("no wake:\n%s", kindsOf(h))
	}
}

// temporal is a client of the Temporal inside.
func (p *process) temporal() client.Client {
	p.t.Helper()
	m := regexp.MustCompile(`Temporal\s+(\S+)`).FindStringSubmatch(p.out.String())
	if m == nil {
		p.t.Fatal("no Temporal address")
	}
	c, err := client.Dial(client.Options{HostPort: m[1], Logger: quiet{discard}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

// waiting waits until the newest run of a profile waits.
func (p *process) waiting(ref string) profiles.RunView {
	p.t.Helper()
	return p.runIn(ref, func(r profiles.RunView) bool { return r.State == "waiting" && r.Step != "1" })
}

// endedRun waits until the newest run of a profile has ended for a reason.
func (p *process) endedRun(ref, reason string) string {
	p.t.Helper()
	return p.runIn(ref, func(r profiles.RunView) bool { return r.State == "ended" && r.Reason == reason }).Run
}

func (p *process) runIn(ref string, is func(profiles.RunView) bool) (run profiles.RunView) {
	p.t.Helper()
	eventually(p.t, 30*time.Second, "the run of "+ref, func() error {
		v, err := p.profile(ref)
		if err != nil {
			return err
		}
		if len(v.Runs) == 0 || !is(v.Runs[0]) {
			return fmt.Errorf("runs: %+v", v.Runs)
		}
		run = v.Runs[0]
		return nil
	})
	return run
}

// history is a workflow's whole history, once it is closed.
func history(t *testing.T, c client.Client, run string) *historypb.History {
	t.Helper()
	var h *historypb.History
	eventually(t, time.Minute, "the workflow of "+run+" is closed", func() (err error) {
		if h, err = readHistory(context.Background(), c, run, ""); err != nil {
			return err
		}
		if last := h.Events[len(h.Events)-1].EventType; last != enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED {
			return fmt.Errorf("the last event is %s", last)
		}
		return nil
	})
	return h
}

func kindsOf(h *historypb.History) string {
	var b strings.Builder
	for _, e := range h.Events {
		fmt.Fprintln(&b, e.EventType)
	}
	return b.String()
}
