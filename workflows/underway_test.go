package workflows

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"journey/channels"
	"journey/engine"
	"journey/orchestrator"
	"journey/profiles"
)

// A stop waits for the delivery that is under way, and lets none begin after
// it.
func TestStopWaitsForDeliveries(t *testing.T) {
	mail := &slowProvider{begun: make(chan struct{}), release: make(chan struct{})}
	sends := &settled{}
	a := &activities{
		runs: sends, channels: channels.Set{"email": mail}, log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		order: func(o orchestrator.Order) Order { return Order{Kind: o.Kind, Seq: o.Seq} }, underWay: newUnderWay(),
		passed: func(Point, string) {}, local: make(chan struct{}, 1),
	}
	var suite testsuite.WorkflowTestSuite
	deliver := func() error {
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivityWithOptions(a.Deliver, activity.RegisterOptions{Name: DeliverActivity})
		_, err := env.ExecuteActivity(DeliverActivity, "p.1", int64(1), time.Time{})
		return err
	}
	first := make(chan error)
	go func() { first <- deliver() }()
	<-mail.begun
	idle := a.underWay.stop()
	select {
	case <-idle:
		t.Fatal("the stop does not wait")
	default:
	}
	if err := deliver(); err == nil || sends.claims != 1 {
		t.Errorf("another delivery has begun: %v, %d claims", err, sends.claims)
	}
	close(mail.release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	<-idle
	if sends.settled != 1 {
		t.Errorf("%d settlements", sends.settled)
	}
}

// settled is an engine with one send.
type settled struct{ claims, settled int }

var oneSend = engine.Draft{Run: "p.1", Seq: 1, Ready: true, Message: orchestrator.Rendered{Key: "p.1/1/1", Channel: "email"}}

func (s *settled) Advance(context.Context, string, int64) (orchestrator.Order, error) {
	return orchestrator.Order{Kind: orchestrator.EndRun}, nil
}
func (s *settled) Draft(context.Context, string, int64) (engine.Draft, error) { return oneSend, nil }
func (s *settled) Claim(_ context.Context, d engine.Draft) (engine.Draft, error) {
	s.claims++
	return d, nil
}
func (s *settled) Settle(_ context.Context, _ engine.Draft, o orchestrator.Outcome) (orchestrator.Order, error) {
	if o.State == profiles.Sent {
		s.settled++
	}
	return orchestrator.Order{Kind: orchestrator.EndRun}, nil
}

// slowProvider delivers when it is let go.
type slowProvider struct{ begun, release chan struct{} }

func (p *slowProvider) Prepare(context.Context, channels.Message) (channels.Delivery, error) {
	return p, nil
}
func (p *slowProvider) Abandon() {}
func (p *slowProvider) Deliver(context.Context) channels.Result {
	close(p.begun)
	<-p.release
	return channels.Result{Outcome: channels.Sent}
}
