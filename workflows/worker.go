package workflows

import (
	"context"
	"fmt"
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
	Logger    *slog.Logger
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
	workers  []worker.Worker
	underWay *underWay
	relay    *relay
	stop     context.CancelFunc
	done     sync.WaitGroup
}

// Launch starts workers and relay. Whoever starts them stops them.
func Launch(ctx context.Context, opt Options) (*Side, error) {
	if opt.Slots == 0 {
		opt.Slots = 32
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Side{opt: opt, underWay: newUnderWay()}
	acts := &activities{
		engine: opt.Engine, runs: opt.Engine, order: realOrder(opt.Engine), channels: opt.Channels, from: opt.From, log: opt.Logger,
		local: make(chan struct{}, opt.Slots), underWay: s.underWay, passed: opt.passed(),
	}
	s.workers = append(s.workers, newWorker(opt, RunQueue, acts, true))
	for channel := range opt.Channels {
		s.workers = append(s.workers, newWorker(opt, SendQueue(channel), acts, false))
	}
	for i, w := range s.workers {
		if err := w.Start(); err != nil {
			for _, started := range s.workers[:i] {
				started.Stop()
			}
			return nil, fmt.Errorf("start a Temporal worker: %w", err)
		}
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.relay = newRelay(opt)
	s.done.Go(func() { s.relay.run(ctx) })
	return s, nil
}

// stopPatience is how long a stop waits for what is under way: as long as a
// provider may take, and a little for the settlement.
const stopPatience = deliverTimeout - 5*time.Second

// Stop ends relay and workers; deliveries under way are brought to their end.
func (s *Side) Stop() {
	idle, late := s.underWay.stop(), time.After(stopPatience)
	s.stop()
	s.done.Wait()
	var all sync.WaitGroup
	for _, w := range s.workers {
		all.Go(w.Stop)
	}
	all.Wait()
	select {
	case <-idle:
	case <-late:
		s.opt.Logger.Warn("deliveries are cut off: their sends will be uncertain")
	}
}

func newWorker(opt Options, queue string, acts *activities, workflows bool) worker.Worker {
	w := worker.New(opt.Client, queue, worker.Options{
		MaxConcurrentActivityExecutionSize:      opt.Slots,
		MaxConcurrentLocalActivityExecutionSize: 4 * opt.Slots,
		MaxConcurrentWorkflowTaskPollers:        8,
		MaxConcurrentActivityTaskPollers:        4,
		WorkerStopTimeout:                       stopPatience,
		WorkflowPanicPolicy:                     worker.BlockWorkflow,
		DisableWorkflowWorker:                   !workflows,
		Interceptors:                            []interceptor.WorkerInterceptor{&failures{log: opt.Logger}},
		OnFatalError: func(err error) {
			opt.Logger.Error("a Temporal worker has stopped", "queue", queue, "error", err.Error())
		},
	})
	if workflows {
		Register(w)
	}
	w.RegisterActivityWithOptions(acts.Advance, activity.RegisterOptions{Name: AdvanceActivity})
	w.RegisterActivityWithOptions(acts.Deliver, activity.RegisterOptions{Name: DeliverActivity})
	return w
}

// Register registers the workflow under its name.
func Register(r interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}) {
	r.RegisterWorkflowWithOptions(Run, workflow.RegisterOptions{Name: RunType})
}

// Lag says how far the relay is behind.
func (s *Side) Lag() Lag { return s.relay.lag() }
