package workflows

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"journey/channels"
	"journey/engine"
)

// Options are what the Temporal side needs.
type Options struct {
	Client    client.Client
	Namespace string
	Engine    *engine.Engine
	Channels  channels.Set
	From      string // sender of e-mails
	// Unsubscribe is the address of the page on which the receiver of a send
	// can leave, by the send's key; UnsubscribeMail is a mailbox for the same,
	// which somebody reads. Mails that are not transactional carry them for
	// mail programs (RFC 8058); nil and "": there is none.
	Unsubscribe     func(key, channel string) string
	UnsubscribeMail string
	Logger          *slog.Logger
	// Slots is how many deliveries of a channel may be under way at once;
	// 0: 32.
	Slots int
	// Passed is told of each point that a reaction or a delivery passes, with
	// its run or the key of its send; nil: nobody is. Tests end the process
	// there.
	Passed func(p Point, what string)
}

// Side is the running Temporal side: workers and relay.
type Side struct {
	opt      Options
	keepers  []*keeper
	underWay *underWay
	relay    *relay
	stop     context.CancelFunc
	done     sync.WaitGroup
}

// Launch starts workers and relay; it does not wait for Temporal, which may be
// away. Whoever starts them stops them.
func Launch(ctx context.Context, opt Options) *Side {
	if opt.Slots == 0 {
		opt.Slots = 32
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Side{opt: opt, underWay: newUnderWay()}
	acts := &activities{
		engine: opt.Engine, runs: opt.Engine, order: realOrder(opt.Engine), channels: opt.Channels, from: opt.From,
		unsubscribe: opt.Unsubscribe, unsubscribeMail: opt.UnsubscribeMail, log: opt.Logger,
		local: make(chan struct{}, opt.Slots), underWay: s.underWay, passed: opt.passed(),
	}
	s.keep(RunQueue, acts, true)
	for channel := range opt.Channels {
		s.keep(SendQueue(channel), acts, false)
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.relay = newRelay(opt)
	s.done.Go(func() { s.relay.run(ctx) })
	s.done.Go(func() { s.work(ctx) })
	return s
}

// keep adds a worker of a queue to those that are kept running.
func (s *Side) keep(queue string, acts *activities, workflows bool) {
	s.keepers = append(s.keepers, &keeper{
		queue: queue, first: restFirst, most: restMost, log: s.opt.Logger,
		make: func(died func(error)) pollingWorker { return newWorker(s.opt, queue, acts, workflows, died) },
	})
}

// work runs the workers, once Temporal answers for the first time.
func (s *Side) work(ctx context.Context) {
	told := false
	for rest := restFirst / 4; ; rest = min(2*rest, restMost/6) {
		if s.answers(ctx) {
			break
		}
		if !told && ctx.Err() == nil {
			told = true
			s.opt.Logger.Warn("Temporal does not answer yet: events are accepted, journeys wait")
		}
		if sleep(ctx, rest) != nil {
			return
		}
	}
	if told {
		s.opt.Logger.Warn("Temporal answers: journeys go on")
	}
	var all sync.WaitGroup
	for _, k := range s.keepers {
		all.Go(func() { k.run(ctx) })
	}
	all.Wait()
}

func (s *Side) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := s.opt.Client.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err == nil
}

// Down are the workers that do not run at the moment, though they were
// started. One whose Temporal has not answered yet is not among them.
func (s *Side) Down() []Down {
	var list []Down
	for _, k := range s.keepers {
		if d, is := k.state(); is {
			list = append(list, d)
		}
	}
	return list
}

// stopPatience is how long a stop waits for what is under way: as long as a
// provider may take, and a little for the settlement.
const stopPatience = deliverTimeout - 6*time.Second

// stopWorkers is how long the workers may take after that: a Temporal that is
// away keeps them from taking their leave.
const stopWorkers = 2 * time.Second

// Stop ends relay and workers; deliveries under way are brought to their end.
func (s *Side) Stop() {
	idle, late := s.underWay.stop(), time.After(stopPatience)
	s.stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.done.Wait()
	}()
	select {
	case <-idle:
	case <-late:
		s.opt.Logger.Warn("deliveries are cut off: their sends will be uncertain")
	}
	select {
	case <-ended:
	case <-time.After(stopWorkers):
		s.opt.Logger.Debug("Temporal's workers are left behind")
	}
}

func newWorker(opt Options, queue string, acts *activities, workflows bool, died func(error)) worker.Worker {
	w := worker.New(opt.Client, queue, worker.Options{
		MaxConcurrentActivityExecutionSize:      opt.Slots,
		MaxConcurrentLocalActivityExecutionSize: 4 * opt.Slots,
		MaxConcurrentWorkflowTaskPollers:        8,
		MaxConcurrentActivityTaskPollers:        4,
		WorkerStopTimeout:                       stopPatience,
		WorkflowPanicPolicy:                     worker.BlockWorkflow,
		DisableWorkflowWorker:                   !workflows,
		Interceptors:                            []interceptor.WorkerInterceptor{&failures{log: opt.Logger}},
		OnFatalError:                            died, // at most once
	})
	if workflows {
		Register(w)
	}
	acts.register(w)
	return w
}

// register registers the activities under their names.
func (a *activities) register(r interface {
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}) {
	r.RegisterActivityWithOptions(a.Advance, activity.RegisterOptions{Name: AdvanceActivity})
	r.RegisterActivityWithOptions(a.Deliver, activity.RegisterOptions{Name: DeliverActivity})
}

// Register registers the workflow under its name.
func Register(r interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}) {
	r.RegisterWorkflowWithOptions(Run, workflow.RegisterOptions{Name: RunType})
}

// Lag says how far the relay is behind.
func (s *Side) Lag() Lag { return s.relay.lag() }
