package workflows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"journey/engine"
	"journey/orchestrator"
	"journey/profiles/store"
)

// outboxes are partitions with reactions that wait.
type outboxes struct {
	partitions
	mu      sync.Mutex
	waiting map[int][]store.Reaction
	ticks   int
}

func (o *outboxes) Tick(context.Context, engine.Lease) (engine.Ticked, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ticks++
	return engine.Ticked{}, nil
}

func (o *outboxes) Outbox(_ context.Context, l engine.Lease, most int) ([]store.Reaction, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.waiting[l.Partition]
	return append([]store.Reaction(nil), list[:min(most, len(list))]...), nil
}

func (o *outboxes) Ack(_ context.Context, l engine.Lease, ids ...string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	done := map[string]bool{}
	for _, id := range ids {
		done[id] = true
	}
	var left []store.Reaction
	for _, re := range o.waiting[l.Partition] {
		if !done[re.ID] {
			left = append(left, re)
		}
	}
	o.waiting[l.Partition] = left
	return nil
}

// fakeTemporal is a Temporal that knows no workflow, or is away.
type fakeTemporal struct {
	client.Client
	mu       sync.Mutex
	away     bool
	calls    int
	requests []string // ids of the requests to start
}

func (f *fakeTemporal) SignalWorkflow(context.Context, string, string, string, any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.away {
		return serviceerror.NewUnavailable("away")
	}
	return serviceerror.NewNotFound("no such workflow")
}

func (f *fakeTemporal) WorkflowService() workflowservice.WorkflowServiceClient {
	return fakeService{f: f}
}

type fakeService struct {
	workflowservice.WorkflowServiceClient
	f *fakeTemporal
}

func (s fakeService) StartWorkflowExecution(_ context.Context, in *workflowservice.StartWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f := s.f
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.away {
		return nil, serviceerror.NewUnavailable("away")
	}
	f.requests = append(f.requests, in.RequestId)
	return &workflowservice.StartWorkflowExecutionResponse{}, nil
}

func newTestRelay(o *outboxes, f *fakeTemporal) *relay {
	return &relay{
		parts: o, log: slog.New(slog.DiscardHandler), passed: func(Point, string) {}, owned: map[int]engine.Lease{}, stalled: map[int]time.Time{},
		service: service{
			client: f,
			lives: func(context.Context, string) (orchestrator.Reaction, bool, error) {
				return orchestrator.Reaction{}, true, nil
			},
			real: func(o orchestrator.Order) Order { return Order{Kind: o.Kind, Seq: o.Seq} },
		},
	}
}

// While Temporal is away it is asked a few times in each round and no more:
// what is due in other partitions does not wait for it.
func TestMomentsDoNotWaitForTemporal(t *testing.T) {
	const each = 50
	o, f := &outboxes{waiting: map[int][]store.Reaction{}}, &fakeTemporal{away: true}
	r := newTestRelay(o, f)
	todo := map[int]bool{}
	for p := range store.Partitions {
		todo[p], r.owned[p] = true, engine.Lease{Partition: p}
		for i := range each {
			o.waiting[p] = append(o.waiting[p], store.Reaction{ID: fmt.Sprintf("%d-0", i), Kind: store.StartRun, Run: fmt.Sprintf("p%d.%d", p, i)})
		}
	}
	r.handle(context.Background(), todo)
	if o.ticks != store.Partitions {
		t.Errorf("%d partitions were looked at, want %d", o.ticks, store.Partitions)
	}
	if most := parallel * parallel; f.calls > most {
		t.Errorf("Temporal was asked %d times, at most %d are wanted", f.calls, most)
	}
	if r.lag().Trouble.IsZero() {
		t.Error("the trouble is not told")
	}
	f.away = false
	r.handle(context.Background(), todo)
	for p, left := range o.waiting {
		if len(left) > 0 {
			t.Errorf("partition %d: %d reactions are left", p, len(left))
		}
	}
	if !r.lag().Trouble.IsZero() {
		t.Error("the trouble is over, and still told")
	}
}

// A reaction that cannot be judged waits, and no other waits for it.
func TestOneReactionWaitsAlone(t *testing.T) {
	o, f := &outboxes{waiting: map[int][]store.Reaction{}}, &fakeTemporal{}
	r := newTestRelay(o, f)
	r.lives = func(_ context.Context, run string) (orchestrator.Reaction, bool, error) {
		if run == "bad" {
			return orchestrator.Reaction{}, false, errors.New("cannot be read")
		}
		return orchestrator.Reaction{}, true, nil
	}
	todo := map[int]bool{}
	for p := range 20 {
		todo[p], r.owned[p] = true, engine.Lease{Partition: p}
		for i, run := range []string{"bad", "good"} {
			o.waiting[p] = append(o.waiting[p], store.Reaction{ID: fmt.Sprintf("%d-0", i), Kind: store.WakeRun, Run: run})
		}
	}
	r.handle(context.Background(), todo)
	for p, left := range o.waiting {
		if len(left) != 1 || left[0].Run != "bad" {
			t.Errorf("partition %d: %+v are left", p, left)
		}
	}
	if !r.lag().Trouble.IsZero() {
		t.Error("Temporal is said not to answer")
	}
}

// unreadable is a partition whose oldest entry cannot be read.
type unreadable struct {
	outboxes
	healed bool
}

func (u *unreadable) Outbox(_ context.Context, l engine.Lease, _ int) ([]store.Reaction, error) {
	if u.healed {
		return nil, nil
	}
	return nil, &store.UnreadableError{Partition: l.Partition, ID: "7-1", Why: "it is no reaction"}
}

// A partition that stands still at an entry that cannot be read is told of,
// once in a while, until it goes on or is another process's.
func TestAPartitionThatStandsStillIsToldOf(t *testing.T) {
	u, log := &unreadable{}, &bytes.Buffer{}
	r := newTestRelay(&u.outboxes, &fakeTemporal{})
	r.parts, r.log = u, slog.New(slog.NewTextHandler(log, nil))
	work := func() {
		for p := range 2 {
			r.owned[p] = engine.Lease{Partition: p}
			r.handle(context.Background(), map[int]bool{p: true})
		}
	}
	for range 3 {
		work()
	}
	if n := strings.Count(log.String(), "stands still"); n != 2 || !strings.Contains(log.String(), "partition=1 entry=7-1") {
		t.Errorf("it is said %d times: %s", n, log)
	}
	if n := r.lag().Stalled; n != 2 {
		t.Errorf("%d partitions stand still", n)
	}
	r.stalled[0] = time.Now().Add(-stalledEvery)
	work()
	if n := strings.Count(log.String(), "stands still"); n != 3 {
		t.Errorf("after a minute it is said %d times", n)
	}
	u.healed = true
	work()
	if n := r.lag().Stalled; n != 0 {
		t.Errorf("%d partitions stand still that go on", n)
	}
}

// A wake that finds no workflow starts one, by a request of its own: the
// repeat of the wake is the same request, the next wake another. Otherwise a
// workflow that was ended by hand twice would never come back.
func TestEachWakeStartsByItsOwnRequest(t *testing.T) {
	f := &fakeTemporal{}
	r := newTestRelay(&outboxes{}, f)
	for _, id := range []string{"7-0", "7-0", "9-0"} {
		re := store.Reaction{ID: id, Kind: store.WakeRun, Run: "p.1", Seq: 3}
		if err := r.react(context.Background(), 5, re); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.requests) != 3 || f.requests[0] != f.requests[1] || f.requests[1] == f.requests[2] {
		t.Errorf("the requests are %q", f.requests)
	}
}

// Of a run that has ended a wake needs nothing.
func TestWakeOfAnEndedRun(t *testing.T) {
	f := &fakeTemporal{}
	r := newTestRelay(&outboxes{}, f)
	r.lives = func(context.Context, string) (orchestrator.Reaction, bool, error) {
		return orchestrator.Reaction{}, false, nil
	}
	if err := r.react(context.Background(), 5, store.Reaction{ID: "7-0", Kind: store.WakeRun, Run: "p.1"}); err != nil || len(f.requests) > 0 {
		t.Errorf("%v, started %q", err, f.requests)
	}
	r.lives = func(context.Context, string) (orchestrator.Reaction, bool, error) {
		return orchestrator.Reaction{}, false, errors.New("redis is away")
	}
	if err := r.react(context.Background(), 5, store.Reaction{ID: "7-0", Kind: store.WakeRun, Run: "p.1"}); err == nil {
		t.Error("a wake is done of which nobody could say whether its run lives")
	}
}
