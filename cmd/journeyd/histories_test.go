package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"journey/channels/mailbox"
	"journey/workflows"
)

var updateHistories = flag.Bool("update.histories", false, "write the histories that package workflows replays")

// The histories that package workflows replays: every way that a run's
// workflow can go, from the real Temporal. The test makes them each time and
// looks at their shape; with -update.histories it writes them down.

const ways = declarations + `
event pong
journey waits {
  enter on ping where event.n == 1
  once
  exit on stop
  wait up to 30 days for pong
  wait 20 days
}
journey mails {
  enter on ping where event.n == 2
  once
  send first
  wait 3 seconds
  send second
}
journey naps {
  enter on ping where event.n == 3
  once
  wait 4 seconds
}
message first via email { subject "{{ profile.name | default: '' }}" text "1" }
message second via email { subject "{{ profile.name | default: '' }}" text "2" }
`

func TestHistories(t *testing.T) {
	t.Parallel()
	h := &hub{}
	t.Cleanup(h.stop)
	r := newRecorder(newScene(t, h, 1))
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for _, record := range []func(context.Context){
		r.staleWake, r.continued, r.cancelled, r.terminated, r.repeated, r.uncertain, r.slow, r.paused,
	} {
		all.Go(func() { record(ctx) })
	}
	all.Wait()
	r.away(ctx)
	r.lost(ctx)
}

// recorder makes runs go a way each, and keeps their histories.
type recorder struct {
	*scene
	x  *site
	p  *process
	c  client.Client
	to *sink
}

func newRecorder(s *scene) *recorder {
	r := &recorder{scene: s, to: newSink(s)}
	r.to.behave(r.answer())
	r.x = s.newSite(r.to.url)
	r.p = r.x.serve()
	r.p.mustDeploy(ways)
	c, err := client.Dial(client.Options{HostPort: r.x.temporal, Namespace: r.x.namespace, Logger: quiet{discard}})
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(c.Close)
	r.c = c
	return r
}

// answer is the mail server: some receivers are refused at first, some of
// their mails are lost in doubt, some take long.
func (r *recorder) answer() func(mailbox.Attempt) mailbox.Fault {
	var mu sync.Mutex
	refused, held := 0, false
	return func(a mailbox.Attempt) mailbox.Fault {
		mu.Lock()
		defer mu.Unlock()
		switch to := a.To[len(a.To)-1]; {
		case strings.Contains(to, ".repeated@") && a.Stage == mailbox.AtRcpt && refused < 2:
			refused++
			return mailbox.Fault{Code: 450, Text: "Zebedee Quillfeather <" + to + "> later"}
		case strings.Contains(to, ".uncertain@") && a.Stage == mailbox.AtReply:
			return mailbox.Fault{Drop: true}
		case strings.Contains(to, ".continued@") && a.Stage == mailbox.AtReply && !held:
			held = true
			return mailbox.Fault{Delay: 15 * time.Second}
		case strings.Contains(to, ".slow@") && a.Stage == mailbox.AtReply:
			return mailbox.Fault{Delay: 5 * time.Second}
		}
		return mailbox.Fault{}
	}
}

// enter has somebody enter a journey by his name, and answers the run.
func (r *recorder) enter(name string, journey int) string {
	r.Helper()
	traits := reachable("zebedee." + name + "@privmail.example")
	traits["name"] = "Zebedee Quillfeather"
	r.p.insist("/v1/track", track("usersecret-"+name, "ping", map[string]any{"n": journey}, traits))
	return r.p.mustProfile("user_id:usersecret-" + name).Runs[0].Run
}

func (r *recorder) event(name, event string) {
	r.Helper()
	r.p.insist("/v1/track", track("usersecret-"+name, event, nil, nil))
}

const (
	timerStarted  = enumspb.EVENT_TYPE_TIMER_STARTED
	timerFired    = enumspb.EVENT_TYPE_TIMER_FIRED
	timerCanceled = enumspb.EVENT_TYPE_TIMER_CANCELED
	signaled      = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
	taskCompleted = enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
	scheduled     = enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
	activityDone  = enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
	completed     = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
	canceled      = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
	terminatedRun = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED
	continuedRun  = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW
)

// await waits until the history of a run's present workflow holds the events,
// one after the other, with anything between.
func (r *recorder) await(ctx context.Context, run, execution string, want ...enumspb.EventType) *historypb.History {
	r.Helper()
	var h *historypb.History
	eventually(r.T, 2*time.Minute, fmt.Sprintf("the history of %s holds %v", run, want), func() (err error) {
		var gone *serviceerror.NotFound
		if h, err = readHistory(ctx, r.c, run, execution); errors.As(err, &gone) {
			return err
		} else if err != nil {
			return fmt.Errorf("its history: %w", err)
		}
		left := want
		for _, e := range h.Events {
			if len(left) > 0 && e.EventType == left[0] {
				left = left[1:]
			}
		}
		if len(left) > 0 {
			return fmt.Errorf("still to come: %v, of\n%s", left, kindsOf(h))
		}
		return nil
	})
	return h
}

// keep waits until a run's workflow has gone its way, and keeps its history.
func (r *recorder) keep(ctx context.Context, name, run, execution string, want ...enumspb.EventType) {
	r.Helper()
	h := r.await(ctx, run, execution, want...)
	if last := h.Events[len(h.Events)-1].EventType; last != want[len(want)-1] {
		r.Errorf("%s ends with %s", name, last)
	}
	r.happens("%s: %d events", name, len(h.Events))
	keepHistory(r.T, name, h)
}

// staleWake has a wake come that is older than the order: the wait goes on.
func (r *recorder) staleWake(ctx context.Context) {
	run := r.enter("stale", 1)
	r.await(ctx, run, "", timerStarted)
	r.signal(ctx, run, int64(0))
	r.await(ctx, run, "", signaled, taskCompleted)
	r.event("stale", "stop")
	r.keep(ctx, "stale_wake", run, "", timerStarted, signaled, taskCompleted, signaled, timerCanceled, completed)
}

func (r *recorder) signal(ctx context.Context, run string, seq any) {
	r.Helper()
	if err := r.c.SignalWorkflow(ctx, run, "", workflows.WakeSignal, seq); err != nil {
		r.Error(err)
	}
}

// continued fills a history until Temporal suggests to begin a new one: by
// wakes that come during a long delivery, blown up with blanks that are not
// kept. Those that nobody has read by then are left behind.
func (r *recorder) continued(ctx context.Context) {
	run := r.enter("continued", 2)
	execution := executionOf(r.await(ctx, run, "", scheduled))
	for range 6 {
		r.signal(ctx, run, converter.NewRawValue(&commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(converter.MetadataEncodingJSON)},
			Data:     append(bytes.Repeat([]byte(" "), 900<<10), '0'),
		}))
	}
	r.keep(ctx, "continued", run, execution, scheduled, signaled, activityDone, continuedRun)
	r.keep(ctx, "continuing", run, "", completed) // its wait is over by then
	r.outcome("continued", "sent", "sent")
}

// cancelled cancels a workflow that waits: it ends, and does not spin.
func (r *recorder) cancelled(ctx context.Context) {
	run := r.enter("cancelled", 1)
	r.await(ctx, run, "", timerStarted)
	if err := r.c.CancelWorkflow(ctx, run, ""); err != nil {
		r.Error(err)
	}
	r.keep(ctx, "cancelled", run, "", timerStarted, canceled)
}

// terminated terminates one; the next wake starts the run anew, and it asks.
func (r *recorder) terminated(ctx context.Context) {
	run := r.enter("terminated", 1)
	old := executionOf(r.await(ctx, run, "", timerStarted))
	if err := r.c.TerminateWorkflow(ctx, run, "", "a test"); err != nil {
		r.Error(err)
	}
	r.keep(ctx, "terminated", run, old, timerStarted, terminatedRun)
	r.event("terminated", "pong")
	eventually(r.T, time.Minute, "the run has another workflow", func() error {
		h, err := readHistory(ctx, r.c, run, "")
		if err == nil && executionOf(h) == old {
			err = errors.New("it is the old one")
		}
		return err
	})
	r.await(ctx, run, "", timerStarted)
	r.event("terminated", "stop")
	r.keep(ctx, "restarted", run, "", timerStarted, signaled, completed)
}

// repeated has a mail server refuse a mail twice for the time being.
func (r *recorder) repeated(ctx context.Context) {
	run := r.enter("repeated", 2)
	r.keep(ctx, "repeated", run, "", scheduled, activityDone, timerFired, completed)
	r.outcome("repeated", "sent", "sent")
}

// uncertain loses the connection before the mail server's answer.
func (r *recorder) uncertain(ctx context.Context) {
	run := r.enter("uncertain", 2)
	r.keep(ctx, "uncertain", run, "", timerStarted, timerFired, completed)
	r.outcome("uncertain", "uncertain", "uncertain")
}

// slow lets the mail server take longer than a workflow's task may.
func (r *recorder) slow(ctx context.Context) {
	run := r.enter("slow", 2)
	r.keep(ctx, "slow", run, "", scheduled, activityDone, completed)
	r.outcome("slow", "sent", "sent")
}

// paused pauses a journey over the end of a wait: the run waits to be woken.
func (r *recorder) paused(ctx context.Context) {
	run := r.enter("paused", 3)
	r.await(ctx, run, "", timerStarted)
	r.operate("/v1/admin/journeys/naps/pause")
	r.await(ctx, run, "", timerStarted, timerFired, timerStarted)
	r.operate("/v1/admin/journeys/naps/resume")
	r.keep(ctx, "paused", run, "", timerStarted, timerFired, timerStarted, signaled, completed)
}

func (r *recorder) operate(path string) {
	r.Helper()
	eventually(r.T, time.Minute, "POST "+path, func() error {
		req, err := http.NewRequest(http.MethodPost, r.p.api+path, nil)
		if err != nil {
			return err
		}
		req.SetBasicAuth(r.p.keys[1], "")
		code, text, err := do(req)
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("%d %s", code, text)
		}
		return err
	})
}

// away stops Redis while two runs wait: one asks until Redis is back, the
// other is cancelled meanwhile.
func (r *recorder) away(ctx context.Context) {
	asks, ends := r.enter("away", 2), r.enter("cancelled-away", 2)
	r.await(ctx, asks, "", timerStarted)
	r.await(ctx, ends, "", timerStarted)
	r.happens("Redis is stopped")
	r.x.redis.stop(syscall.SIGTERM)
	r.await(ctx, asks, "", timerFired, scheduled)
	r.await(ctx, ends, "", timerFired, scheduled)
	if err := r.c.CancelWorkflow(ctx, ends, ""); err != nil {
		r.Error(err)
	}
	r.keep(ctx, "cancelled_away", ends, "", timerFired, scheduled, canceled)
	r.x.redis.start()
	r.happens("Redis runs again")
	r.keep(ctx, "away", asks, "", timerFired, scheduled, activityDone, completed)
	r.outcome("away", "sent", "sent")
}

// lost empties Redis: the workflow is told to end.
func (r *recorder) lost(ctx context.Context) {
	run := r.enter("lost", 2)
	r.await(ctx, run, "", timerStarted)
	r.x.redis.do("FLUSHALL")
	r.keep(ctx, "lost", run, "", timerStarted, timerFired, completed)
	eventually(r.T, time.Minute, "it is counted", func() error {
		n, err := r.p.metric(`journey_engine_total{what="lost"}`)
		if err == nil && n < 1 {
			err = errors.New("nothing is lost")
		}
		return err
	})
}

// outcome says what must have become of somebody's messages, newest first.
func (r *recorder) outcome(name string, want ...string) {
	r.Helper()
	var got []string
	for _, m := range r.p.mustProfile("user_id:usersecret-" + name).Messages {
		got = append(got, m.Outcome)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.Errorf("%s: %v, want %v", name, got, want)
	}
}

// executionOf is the id of a workflow's execution.
func executionOf(h *historypb.History) string {
	return h.Events[0].GetWorkflowExecutionStartedEventAttributes().OriginalExecutionRunId
}

// readHistory is a workflow's history; execution "": the newest's.
func readHistory(ctx context.Context, c client.Client, run, execution string) (*historypb.History, error) {
	h := &historypb.History{}
	it := c.GetWorkflowHistory(ctx, run, execution, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			return nil, err
		}
		h.Events = append(h.Events, e)
	}
	return h, nil
}

// keepHistory looks for what is personal in a history, and writes it for the
// replay tests of package workflows.
func keepHistory(t *testing.T, name string, h *historypb.History) {
	t.Helper()
	for _, e := range h.Events {
		if s := e.GetWorkflowExecutionSignaledEventAttributes(); s != nil {
			for _, p := range s.Input.GetPayloads() {
				p.Data = bytes.TrimSpace(p.Data)
			}
		}
	}
	data, err := protojson.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range personal {
		for _, form := range forms(word) {
			if bytes.Contains(bytes.ToLower(data), []byte(form)) {
				t.Errorf("the history %s holds %q", name, word)
			}
		}
	}
	if !*updateHistories {
		return
	}
	var pretty any
	if err := json.Unmarshal(data, &pretty); err != nil {
		t.Fatal(err)
	}
	nameless(pretty)
	data, _ = json.MarshalIndent(pretty, "", " ")
	path := filepath.Join("..", "..", "workflows", "testdata", name+".json")
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// nameless takes the names of the machine and its processes out of a history.
func nameless(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, has := v["identity"]; has {
			v["identity"] = "journeyd"
		}
		if v["kind"] == "TASK_QUEUE_KIND_STICKY" {
			v["name"] = "sticky"
		}
		for _, x := range v {
			nameless(x)
		}
	case []any:
		for _, x := range v {
			nameless(x)
		}
	}
}
