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
	"journey/orchestrator"
)

// counting is a provider that counts what goes out.
type counting struct {
	out    int
	answer channels.Outcome
}

func (c *counting) Prepare(context.Context, channels.Message) (channels.Delivery, error) {
	return c, nil
}
func (c *counting) Deliver(context.Context) channels.Result {
	c.out++
	return channels.Result{Outcome: c.answer}
}
func (c *counting) Abandon() {}

// When Redis has lost a claim and its settlement, the send is claimed again
// and settled as before; nothing goes out a second time.
func TestALostClaimSendsNothingTwice(t *testing.T) {
	mail, sends := &counting{answer: channels.Sent}, &settled{}
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
	for range 2 {
		if err := deliver(); err != nil {
			t.Fatal(err)
		}
	}
	if mail.out != 1 || sends.claims != 2 || sends.settled != 2 {
		t.Errorf("%d mails, %d claims, %d settlements", mail.out, sends.claims, sends.settled)
	}
}

// What was certainly not sent goes out at the next try, and what is on its way
// is left alone.
func TestDelivered(t *testing.T) {
	var d delivered
	m := orchestrator.Rendered{Key: "p.1/1/1", Text: "a"}
	if _, fresh := d.begin(markOf(m)); !fresh {
		t.Fatal("the first is not the first")
	}
	if before, fresh := d.begin(markOf(m)); fresh || before != nil {
		t.Errorf("on its way: %v, %v", before, fresh)
	}
	d.end(markOf(m), orchestrator.Outcome{}, true)
	if _, fresh := d.begin(markOf(m)); !fresh {
		t.Error("it may not be tried again")
	}
	m.Text = "b"
	if _, fresh := d.begin(markOf(m)); !fresh {
		t.Error("another text by the same key is taken for the first")
	}
	for i := range maxDelivered + 1 {
		d.begin(uint64(i))
	}
	if len(d.marks) != maxDelivered || len(d.old) != maxDelivered {
		t.Errorf("%d and %d are remembered", len(d.marks), len(d.old))
	}
	if _, fresh := d.begin(0); !fresh {
		t.Error("the oldest is not forgotten")
	}
}
