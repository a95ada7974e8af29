package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"journey/channels"
	"journey/devserver/embedredis"
	"journey/dsl/value"
	"journey/engine"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/store"
	"journey/simulator"
)

// A skipping plays a script as production does, with time that is skipped:
// the engine on a real Redis, the relay, the activities and the workflow of
// each run are the real ones. In Temporal's place is the SDK's test
// environment: each run's workflow is a child of one that only starts them, so
// that all have one clock, which jumps to the next timer once nothing is under
// way. The engine's clock follows it.
//
// The machine gives its answers for an instant in whole; so what production
// leaves to chance has an order here, the simulator's: what comes at an instant
// comes before the timers that fire at it, and sends of one instant take their
// turns in the order of the ledger.
type skipping struct {
	script *simulator.Script
	files  map[string]string
	redis  *embedredis.Redis

	ctx    context.Context
	store  *store.Store
	engine *engine.Engine
	clock  *engine.Clock
	relay  *relay
	env    *testsuite.TestWorkflowEnvironment
	live   atomic.Bool
	busy   atomic.Int64 // what is under way: time stands still

	looks  sync.Mutex // one at a time has the partition
	lease  engine.Lease
	leased time.Time

	mu       sync.Mutex
	now      value.Time // the clock's
	armed    map[value.Time]bool
	messages map[string]orchestrator.Rendered // that are claimed, by key
	started  map[string]bool                  // runs
	err      error                            // the first that is wrong
}

// starter is the name of the workflow that starts those of the runs, and of
// its signal.
const starter = "start"

// skip is a driver of scripts for a workspace.
func skip(files map[string]string, redis *embedredis.Redis) simulator.Driver {
	return func(s *simulator.Script) error {
		d := &skipping{
			script: s, files: files, redis: redis, ctx: context.Background(), armed: map[value.Time]bool{},
			messages: map[string]orchestrator.Rendered{}, started: map[string]bool{},
		}
		defer d.close()
		if err := d.open(); err != nil {
			return err
		}
		if err := d.before(); err != nil {
			return err
		}
		s.Begin()
		if err := d.publish("live"); err != nil {
			return err
		}
		d.play()
		return d.failed()
	}
}

func (d *skipping) open() (err error) {
	conn, err := d.redis.Dial(d.ctx)
	if err != nil {
		return err
	}
	_, err = conn.Do("FLUSHALL")
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	if d.store, err = store.Open(d.ctx, store.Options{URL: d.redis.URL(), Conns: 4, Timeout: 30 * time.Second}); err != nil {
		return err
	}
	d.clock = engine.ManualClock(d.script.Start - 1)
	d.engine, err = engine.New(d.ctx, engine.Options{
		Store: d.store, Clock: d.clock, Owner: "skipping",
		RandomID: func() string { return d.script.Person },
		World:    d.world,
		Observe: func(_ string, traces []orchestrator.Trace) {
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, t := range traces {
				d.script.Observe.Observe(t)
			}
		},
		Unsubscribe: func(string, string) string { return "" }, // the script has its own
	})
	if err != nil {
		return err
	}
	d.relay = newRelay(Options{Client: &skippingTemporal{d: d}, Engine: d.engine, Logger: slog.New(slog.DiscardHandler)})
	return d.publish("before")
}

func (d *skipping) close() {
	if d.engine != nil {
		_ = d.engine.Close()
	}
	if d.store != nil {
		_ = d.store.Close()
	}
}

// world makes a release's world that of the test.
func (d *skipping) world(w *orchestrator.World) {
	w.Live = simulator.PlanOf(w.Live.Program)
	d.script.Assume(w, d.live.Load())
}

// publish publishes the workspace: before the start with no journey that is
// live, at the start with those of the test.
func (d *skipping) publish(as string) error {
	files := map[string]string{as + ".journey": "# " + as + "\n"} // so that it is another release
	for name, text := range d.files {
		files[name] = text
	}
	d.live.Store(as == "live")
	d.set(d.script.Start - 1)
	rel, _, err := d.engine.Deploy(d.ctx, files, false, "test")
	if err != nil || rel.Number == 0 {
		return fmt.Errorf("the workspace is not published: %w", err)
	}
	// Whoever is there is fitted to it by the owner of partition 0.
	if _, err := d.engine.Work(d.ctx, []int{0}); err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); d.engine.Sweep().Running || d.engine.Sweep().Release != rel.Number; time.Sleep(50 * time.Microsecond) {
		if time.Now().After(end) {
			return errors.New("the people are not fitted to the release")
		}
	}
	return nil
}

// before plays what comes before the start: no run lives, and there are no
// workflows.
func (d *skipping) before() error {
	calls := d.script.Before
	d.mu.Lock()
	d.now = 0 // it may lie years back
	d.mu.Unlock()
	for i := 0; ; {
		p, err := d.person()
		if err != nil {
			return err
		}
		due := d.script.Start
		if p != nil && p.Moment != 0 {
			due = min(due, p.Moment)
		}
		if i < len(calls) {
			due = min(due, calls[i].At)
		}
		if due >= d.script.Start {
			return nil
		}
		d.set(due)
		if i < len(calls) && calls[i].At == due {
			if err := d.submit(&calls[i], fmt.Sprint("before-", i)); err != nil {
				return err
			}
			if i++; i == 1 {
				if err := d.assumeSplits(); err != nil {
					return err
				}
			}
		}
		if err := d.look(); err != nil {
			return err
		}
	}
}

// assumeSplits puts the person where the test assumes him to be.
func (d *skipping) assumeSplits() error {
	if len(d.script.Splits) == 0 {
		return nil
	}
	found, _, err := d.store.Load(d.ctx, d.script.Person)
	if err != nil || found[0].Person == nil {
		return fmt.Errorf("nobody is stored: %w", err)
	}
	p := found[0].Person
	p.Splits = d.script.Splits
	return d.store.Commit(d.ctx, store.Commit{Person: p, Base: found[0].Base, Release: -1, Switches: -1, Due: p.Moment})[0].Err
}

// play lets the environment run from the start to the end.
func (d *skipping) play() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quietLog{})
	d.env = suite.NewTestWorkflowEnvironment()
	d.env.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&failures{}, &turns{d: d}},
		DeadlockDetectionTimeout: time.Minute,
	})
	d.env.SetTestTimeout(time.Minute).SetDetachedChildWait(false)
	d.env.SetStartTime(time.UnixMilli(int64(d.script.Start - 1)))
	Register(d.env)
	d.env.RegisterWorkflowWithOptions(startRuns, workflow.RegisterOptions{Name: starter})
	acts := &activities{
		engine: d.engine, runs: &claimed{Engine: d.engine, d: d}, order: realOrder(d.engine), channels: d.channels(),
		log: slog.New(slog.DiscardHandler), local: make(chan struct{}, 32), underWay: newUnderWay(), passed: func(Point, string) {},
	}
	acts.register(d.env)
	for i := range d.script.Calls {
		d.at(d.script.Calls[i].At, func() error { return d.submit(&d.script.Calls[i], fmt.Sprint("call-", i)) })
	}
	for _, ask := range d.script.Asks {
		d.after(ask.At, ask.Look)
	}
	d.after(d.script.Until, func(p *profiles.Person) {
		d.script.End(p)
		d.env.SignalWorkflow(starter, Start{})
	})
	d.meanwhile(d.look)
	d.env.ExecuteWorkflow(starter)
	if err := d.env.GetWorkflowError(); err != nil {
		d.fail(err)
	}
}

// startRuns starts the workflow of a run at each signal, until one names none.
func startRuns(ctx workflow.Context) error {
	starts := workflow.GetSignalChannel(ctx, starter)
	for {
		var in Start
		if starts.Receive(ctx, &in); in.Run == "" {
			return nil
		}
		child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: in.Run, TaskQueue: RunQueue})
		if err := workflow.ExecuteChildWorkflow(child, RunType, in).GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
	}
}

const (
	justBefore = -time.Microsecond
	afterAll   = 999 * time.Microsecond
)

// at has something come at an instant, before its timers fire.
func (d *skipping) at(at value.Time, do func() error) {
	d.when(at, justBefore, func() {
		d.set(at)
		d.meanwhile(func() error { return errors.Join(do(), d.look()) })
	})
}

// after has the person looked at when everything of an instant has happened.
func (d *skipping) after(at value.Time, look func(*profiles.Person)) {
	d.when(at, afterAll, func() {
		p, err := d.person()
		if err != nil {
			d.fail(err)
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		look(p)
	})
}

func (d *skipping) when(at value.Time, off time.Duration, do func()) {
	d.env.RegisterDelayedCallback(do, max(0, time.UnixMilli(int64(at)).Add(off).Sub(d.env.Now())))
}

// meanwhile does something beside the environment, whose clock stands still as
// long.
func (d *skipping) meanwhile(do func() error) {
	d.begin()
	go func() {
		defer d.busy.Add(-1)
		if err := do(); err != nil {
			d.fail(err)
		}
	}()
}

// begin counts something as under way.
func (d *skipping) begin() {
	d.busy.Add(1)
	d.hold()
}

// hold keeps the environment from firing a timer while something is under way:
// it would, once as much real time has passed.
func (d *skipping) hold() {
	d.env.RegisterDelayedCallback(func() {
		if d.busy.Load() > 0 {
			time.Sleep(20 * time.Microsecond)
			d.hold()
		}
	}, 0)
}

// look lets the relay do what there is to do: what is due, and the outbox;
// afterwards it has the next moment come.
func (d *skipping) look() error {
	d.looks.Lock()
	defer d.looks.Unlock()
	if time.Since(d.leased) > leaseEvery {
		l, ok, err := d.engine.Lease(d.ctx, store.Partition(d.script.Person))
		if err != nil || !ok {
			return fmt.Errorf("no lease: %w", err)
		}
		d.lease, d.leased = l, time.Now()
	}
	d.relay.partition(d.ctx, d.lease, &atomic.Bool{})
	p, err := d.person()
	if err != nil || p == nil || p.Moment == 0 || d.env == nil || p.Moment > d.script.Until {
		return err
	}
	d.mu.Lock()
	known := d.armed[p.Moment]
	d.armed[p.Moment] = true
	d.mu.Unlock()
	if !known {
		d.at(p.Moment, func() error { return nil })
	}
	return nil
}

// set sets the engine's clock; it never goes back.
func (d *skipping) set(now value.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now > d.now {
		d.now = now
		d.clock.Set(now)
	}
}

func (d *skipping) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
}

func (d *skipping) failed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// person is the person as he is stored; nil: nobody is.
func (d *skipping) person() (*profiles.Person, error) {
	found, _, err := d.store.Load(d.ctx, d.script.Person)
	if err != nil {
		return nil, err
	}
	return found[0].Person, found[0].Err
}

func (d *skipping) submit(c *simulator.Call, id string) error {
	call := engine.Call{
		Kind: c.Wire.Kind, Source: "test", MessageID: id, UserID: c.Wire.UserID, AnonymousID: c.Wire.AnonymousID, Event: c.Wire.Event, Journey: c.Wire.Journey,
		Properties: c.Wire.Properties, Traits: c.Wire.Traits,
		Time: time.UnixMilli(int64(c.Wire.At)), Received: time.UnixMilli(int64(c.At)),
		Own: true, // a test's clicks and their like come from the server
	}
	results, err := d.engine.Submit(d.ctx, []engine.Call{call})
	if err != nil {
		return err
	}
	var wrong *engine.CallError
	if errors.As(results[0].Err, &wrong) && call.Kind == intake.Request {
		return nil // the journey takes no request
	}
	return results[0].Err
}

// turn says whether it is a run's turn to deliver: its send is the first of
// those that are planned, or it has none.
func (d *skipping) turn(run string) bool {
	p, err := d.person()
	if err != nil || p == nil {
		return true // the delivery finds out
	}
	for _, s := range p.Ledger {
		if r, live := p.Run(s.Run); s.State == profiles.Planned && live && r.State == profiles.Sending {
			return s.Run == run || orchestrator.Pending(p, run) == nil
		}
	}
	return true
}

// turns are between the workflows and their activities: deliveries wait for
// their turn, the engine's clock is set to the workflow's time, and the relay
// looks after each.
type turns struct {
	interceptor.WorkerInterceptorBase
	d *skipping
}

func (t *turns) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &turnsIn{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, d: t.d}
}

type turnsIn struct {
	interceptor.WorkflowInboundInterceptorBase
	d *skipping
}

func (t *turnsIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return t.Next.Init(&turnsOut{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: out}, d: t.d})
}

func (t *turnsIn) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if workflow.GetInfo(ctx).WorkflowType.Name == RunType {
		t.d.busy.Add(-1)
	}
	return t.Next.ExecuteWorkflow(ctx, in)
}

type turnsOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	d *skipping
}

// manyTurns is how often a delivery lets others go first: more than there can
// be, so that one which never comes is noticed.
const manyTurns = 500

func (t *turnsOut) ExecuteLocalActivity(ctx workflow.Context, do string, args ...any) workflow.Future {
	for n := 0; do == DeliverActivity && n < manyTurns && !t.d.turn(args[0].(string)); n++ {
		if err := workflow.Sleep(ctx, time.Nanosecond); err != nil {
			break
		}
	}
	t.d.begin() // until the activity has ended
	return t.Next.ExecuteLocalActivity(ctx, do, args...)
}

func (t *turns) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &turnsActivity{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, d: t.d}
}

type turnsActivity struct {
	interceptor.ActivityInboundInterceptorBase
	d *skipping
}

func (t *turnsActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if activity.GetInfo(ctx).IsLocalActivity {
		defer t.d.busy.Add(-1)
	}
	t.d.set(value.TimeOf(in.Args[2].(time.Time)))
	res, err := t.Next.ExecuteActivity(ctx, in)
	if err = errors.Join(err, t.d.look()); err != nil {
		t.d.fail(err) // nothing is away here, and nobody in the way
	}
	return res, err
}

// claimed are the engine's runs; the messages that are claimed are noted for
// the provider.
type claimed struct {
	*engine.Engine
	d *skipping
}

func (c *claimed) Claim(ctx context.Context, d engine.Draft) (engine.Draft, error) {
	out, err := c.Engine.Claim(ctx, d)
	c.d.mu.Lock()
	defer c.d.mu.Unlock()
	c.d.messages[out.Message.Key] = out.Message
	return out, err
}

// channels are providers that do what the script says.
func (d *skipping) channels() channels.Set {
	set := channels.Set{}
	for _, name := range []string{"email", "sms", "push", "line", "webhook"} {
		set[name] = skippingProvider{d}
	}
	return set
}

type skippingProvider struct{ d *skipping }

func (p skippingProvider) Prepare(_ context.Context, m channels.Message) (channels.Delivery, error) {
	return skippingDelivery{p.d, m.Key}, nil
}

type skippingDelivery struct {
	d   *skipping
	key string
}

func (skippingDelivery) Abandon() {}

func (s skippingDelivery) Deliver(context.Context) channels.Result {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	o := s.d.script.Deliver(s.d.messages[s.key], s.d.now)
	switch o.State {
	case profiles.Sent:
		detail := ""
		if o.Answer != nil {
			b, _ := json.Marshal(o.Answer)
			detail = string(b)
		}
		return channels.Result{Outcome: channels.Sent, Detail: detail}
	case profiles.Failed:
		return channels.Result{Outcome: channels.Failed}
	}
	return channels.Result{}
}

// skippingTemporal is the environment as the relay sees Temporal.
type skippingTemporal struct {
	client.Client
	d *skipping
}

func (c *skippingTemporal) SignalWorkflow(_ context.Context, run, _, signal string, arg any) error {
	d := c.d
	d.mu.Lock()
	known := d.started[run]
	d.mu.Unlock()
	if !known || d.env.SignalWorkflowByID(run, signal, arg) != nil {
		return serviceerror.NewNotFound("no such workflow")
	}
	return nil
}

func (c *skippingTemporal) WorkflowService() workflowservice.WorkflowServiceClient {
	return skippingService{d: c.d}
}

type skippingService struct {
	workflowservice.WorkflowServiceClient
	d *skipping
}

func (s skippingService) StartWorkflowExecution(_ context.Context, in *workflowservice.StartWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.StartWorkflowExecutionResponse, error) {
	var start Start
	if err := converter.GetDefaultDataConverter().FromPayloads(in.Input, &start); err != nil {
		return nil, err
	}
	d := s.d
	d.mu.Lock()
	again := d.started[start.Run]
	d.started[start.Run] = true
	d.mu.Unlock()
	if again {
		d.fail(fmt.Errorf("the workflow of %s is started twice", start.Run))
	}
	d.begin() // until it has begun
	d.env.SignalWorkflow(starter, start)
	return &workflowservice.StartWorkflowExecutionResponse{}, nil
}

// quietLog says nothing.
type quietLog struct{}

func (quietLog) Debug(string, ...any) {}
func (quietLog) Info(string, ...any)  {}
func (quietLog) Warn(string, ...any)  {}
func (quietLog) Error(string, ...any) {}
