package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"journey/orchestrator"
)

// The names that histories know. They never change.
const (
	RunType         = "run"
	AdvanceActivity = "advance"
	DeliverActivity = "deliver"
	WakeSignal      = "wake"
	RunQueue        = "run"
)

// SendQueue is the task queue of a channel's deliveries.
func SendQueue(channel string) string { return "send-" + channel }

// Order is what a run is to do next, as histories know it. Until is real
// time; the zero time waits for a wake.
type Order struct {
	Kind    orchestrator.OrderKind `json:"kind"`
	Seq     int64                  `json:"seq"`
	Until   time.Time              `json:"until,omitzero"`
	Channel string                 `json:"channel,omitempty"`
}

// Start is a run's input: ids and numbers only. Next is its first order; the
// zero order asks for it.
type Start struct {
	Run  string `json:"run"`
	Next Order  `json:"next"`
}

// aYear is how long a wait lasts that time does not end: then it asks again.
const aYear = 365 * 24 * time.Hour

// Run is the workflow of one run.
func Run(ctx workflow.Context, in Start) error {
	wakes, next := workflow.GetSignalChannel(ctx, WakeSignal), in.Next
	for next.Kind != orchestrator.EndRun {
		if next.Kind == orchestrator.WaitUntil {
			if err := pause(ctx, wakes, next); err != nil {
				return err // cancelled
			}
		}
		var err error
		if next, err = step(ctx, in.Run, next); err != nil {
			return err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			for wakes.ReceiveAsync(nil) { // hints: the next advance follows anyway
			}
			return workflow.NewContinueAsNewError(ctx, RunType, Start{Run: in.Run, Next: next})
		}
	}
	return nil
}

// step does what the order says and answers the next one: at first in the
// worker itself, and when that does not work at once (Redis away, a provider
// that is slow or busy) as an ordinary activity, whose repeats leave no
// events in the history.
func step(ctx workflow.Context, run string, o Order) (next Order, err error) {
	do, queue := AdvanceActivity, RunQueue
	if o.Kind == orchestrator.Deliver {
		do, queue = DeliverActivity, SendQueue(o.Channel)
	}
	quick := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 3 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	now := workflow.Now(ctx)
	if err = workflow.ExecuteLocalActivity(quick, do, run, o.Seq, now).Get(ctx, &next); err == nil {
		return next, nil
	}
	patient := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: deliverTimeout + 5*time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	err = workflow.ExecuteActivity(patient, do, run, o.Seq, now).Get(ctx, &next)
	return next, err
}

// pause waits until the order's time, or for a wake that is newer than it.
func pause(ctx workflow.Context, wakes workflow.ReceiveChannel, o Order) (err error) {
	timerCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	d := aYear
	if !o.Until.IsZero() {
		d = o.Until.Sub(workflow.Now(ctx))
	}
	timer := workflow.NewTimer(timerCtx, d)
	for done := false; !done; {
		workflow.NewSelector(ctx).AddFuture(timer, func(f workflow.Future) {
			err, done = f.Get(ctx, nil), true
		}).AddReceive(wakes, func(c workflow.ReceiveChannel, _ bool) {
			var seq int64
			c.Receive(ctx, &seq)
			done = seq >= o.Seq // an older one has been answered
		}).Select(ctx)
	}
	return err
}
