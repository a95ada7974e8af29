package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"journey/channels"
	"journey/engine"
	"journey/orchestrator"
	"journey/profiles"
)

const (
	// deliverTimeout bounds one call of a provider, from the claim to the
	// settlement. A left-over claim is believed a little longer: the engine's
	// default.
	deliverTimeout = 30 * time.Second
	// claimTries bounds how often a message that keeps changing is drafted
	// again within one attempt.
	claimTries = 5
	// earlyBy is how early a timer may fire by the difference of two clocks;
	// it is waited out here, so that the machine never sees a wait end early.
	earlyBy = 2 * time.Second
)

// runs is what the activities need of the engine.
type runs interface {
	Advance(ctx context.Context, run string, seen int64) (orchestrator.Order, error)
	Draft(ctx context.Context, run string, seen int64) (engine.Draft, error)
	Claim(ctx context.Context, d engine.Draft) (engine.Draft, error)
	Settle(ctx context.Context, d engine.Draft, o orchestrator.Outcome) (orchestrator.Order, error)
}

// activities are the two things a run's workflow does.
type activities struct {
	engine   *engine.Engine
	runs     runs
	channels channels.Set
	from     string
	// The address of the page on which the receiver of a send can leave; nil:
	// there is none. The mailbox for the same; "": none.
	unsubscribe     func(key, channel string) string
	unsubscribeMail string
	order           func(orchestrator.Order) Order
	log             *slog.Logger
	local           chan struct{} // places for deliveries inside workflow tasks
	underWay        *underWay
	delivered       delivered
	passed          func(Point, string)
}

// Advance lets a run go on and answers its next order.
func (a *activities) Advance(ctx context.Context, run string, seen int64, _ time.Time) (Order, error) {
	o, err := a.runs.Advance(ctx, run, seen)
	if err != nil {
		return Order{}, err
	}
	if o.Kind == orchestrator.WaitUntil && o.Seq == seen && o.Until != 0 {
		// The same wait again: the timer fired a little early.
		if early := time.Until(a.engine.Real(o.Until)); early > 0 && early <= earlyBy {
			if err := sleep(ctx, early); err != nil {
				return Order{}, err
			}
			if o, err = a.runs.Advance(ctx, run, seen); err != nil {
				return Order{}, err
			}
		}
	}
	return a.order(o), nil
}

// Deliver makes a run's send and answers the next order. It judges and
// renders, prepares with the provider, claims, hands the message over once,
// and settles.
func (a *activities) Deliver(ctx context.Context, run string, seen int64, _ time.Time) (Order, error) {
	if activity.GetInfo(ctx).IsLocalActivity {
		select {
		case a.local <- struct{}{}:
			defer func() { <-a.local }()
		default:
			return Order{}, &later{code: "busy"} // the channel's own queue has room
		}
	}
	for range claimTries {
		o, err := a.attempt(ctx, run, seen)
		if !errors.Is(err, engine.ErrChanged) {
			return o, err
		}
	}
	return Order{}, &later{code: "message-keeps-changing"}
}

func (a *activities) attempt(ctx context.Context, run string, seen int64) (Order, error) {
	draft, err := a.runs.Draft(ctx, run, seen)
	if err != nil {
		return Order{}, err
	}
	if !draft.Ready {
		return a.order(draft.Order), nil
	}
	delivery, err := a.prepare(ctx, draft)
	if err != nil {
		if !channels.IsPermanent(err) {
			return Order{}, &later{code: err.Error()}
		}
		a.log.Info("send failed", "run", run, "code", err.Error())
		return a.settle(ctx, draft, orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider})
	}
	if !a.underWay.begin() {
		delivery.Abandon()
		return Order{}, &later{code: "stopping"} // another process does it, or this one after its start
	}
	defer a.underWay.end()
	a.passed(AtPrepared, draft.Message.Key)
	claimed, err := a.runs.Claim(ctx, draft)
	if err != nil {
		delivery.Abandon()
		return Order{}, err
	}
	if !claimed.Ready {
		delivery.Abandon()
		return a.order(claimed.Order), nil
	}
	return a.deliver(ctx, claimed, delivery)
}

func (a *activities) prepare(ctx context.Context, d engine.Draft) (channels.Delivery, error) {
	p, ok := a.channels.For(d.Message.Channel)
	if !ok {
		return nil, &channels.Error{Permanent: true, Code: "no provider for " + d.Message.Channel}
	}
	m := d.Message
	msg := channels.Message{
		Key: m.Key, Channel: m.Channel, Name: m.Message, To: m.To,
		Subject: m.Subject, Text: m.Text, HTML: m.HTML, URL: m.URL, Image: m.Image, Method: m.Method, JSON: m.JSON,
	}
	if m.Channel == "email" {
		msg.From = a.from
		if a.unsubscribe != nil && !m.Transactional {
			msg.Headers = channels.UnsubscribeHeaders(a.unsubscribe(m.Key, m.Channel), a.unsubscribeMail)
		}
	}
	return p.Prepare(ctx, msg)
}

// deliver hands a claimed message over and settles it. Nothing that happens
// to the caller ends it any more: an attempt that was begun is brought to its
// outcome.
func (a *activities) deliver(ctx context.Context, d engine.Draft, delivery channels.Delivery) (Order, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverTimeout)
	defer cancel()
	a.passed(AtClaimed, d.Message.Key)
	mail := markOf(d.Message)
	if before, fresh := a.delivered.begin(mail); !fresh {
		delivery.Abandon()
		if before == nil {
			return Order{}, &later{code: "is on its way"}
		}
		a.log.Warn("send: it has been made, and Redis has lost that", "send", d.Message.Key, "outcome", before.State.String())
		return a.settle(ctx, d, *before)
	}
	provider, done := context.WithTimeout(ctx, deliverTimeout-8*time.Second) // leaves time to settle
	res := delivery.Deliver(provider)
	done()
	a.passed(AtDelivered, d.Message.Key)
	o := orchestrator.Outcome{State: profiles.Sent}
	if d.Message.Call && res.Outcome == channels.Sent {
		// An answer that is no JSON object is none; the call was made all the same.
		_ = json.Unmarshal([]byte(res.Detail), &o.Answer)
	}
	switch res.Outcome {
	case channels.Failed:
		o = orchestrator.Outcome{State: profiles.Failed, Reason: orchestrator.FailedProvider}
	case channels.Uncertain:
		o = orchestrator.Outcome{State: profiles.Uncertain}
	case channels.Temporary:
		o = orchestrator.Outcome{State: profiles.Planned}
	}
	a.delivered.end(mail, o, res.Outcome == channels.Temporary || res.Outcome == channels.Uncertain && d.Message.Resend)
	if res.Outcome != channels.Sent {
		a.log.Warn("send", "send", d.Message.Key, "outcome", res.Outcome.String(), "code", res.Code)
	}
	next, err := a.settle(ctx, d, o)
	if err == nil {
		a.passed(AtSettled, d.Message.Key)
	}
	if err == nil && res.Outcome == channels.Temporary && next.Kind == orchestrator.Deliver {
		return Order{}, &later{code: res.Code, after: res.RetryAfter}
	}
	return next, err
}

// settle writes an outcome, and keeps trying while Redis is away: an outcome
// that is lost makes the send uncertain.
func (a *activities) settle(ctx context.Context, d engine.Draft, o orchestrator.Outcome) (Order, error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		next, err := a.runs.Settle(ctx, d, o)
		if err == nil {
			return a.order(next), nil
		}
		if !errors.Is(err, engine.ErrUnavailable) || sleep(ctx, wait) != nil {
			return Order{}, err
		}
	}
}

// realOrder makes of an order what histories know of it: times are real ones.
// It is the one place where the person's time becomes a timer's.
func realOrder(e *engine.Engine) func(orchestrator.Order) Order {
	return func(o orchestrator.Order) Order {
		out := Order{Kind: o.Kind, Seq: o.Seq, Channel: o.Channel}
		if o.Kind == orchestrator.WaitUntil && o.Until != 0 {
			out.Until = e.Real(o.Until)
		}
		return out
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
