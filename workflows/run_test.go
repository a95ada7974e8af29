package workflows

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"journey/orchestrator"
)

// script answers advance and deliver, call by call, and notes what was asked.
type script struct {
	t       *testing.T
	answers []answer
	asked   []asked
}

type answer struct {
	order Order
	err   error
}

type asked struct {
	what  string
	seen  int64
	local bool
}

func (s *script) take(ctx context.Context, what string, seen int64) (Order, error) {
	s.asked = append(s.asked, asked{what, seen, activity.GetInfo(ctx).IsLocalActivity})
	if len(s.answers) == 0 {
		s.t.Errorf("%s is asked once too often", what)
		return Order{Kind: orchestrator.EndRun}, nil
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a.order, a.err
}

func (s *script) env(in Start) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(Run, workflow.RegisterOptions{Name: RunType})
	env.RegisterActivityWithOptions(func(ctx context.Context, _ string, seen int64, _ time.Time) (Order, error) {
		return s.take(ctx, "advance", seen)
	}, activity.RegisterOptions{Name: AdvanceActivity})
	env.RegisterActivityWithOptions(func(ctx context.Context, _ string, seen int64, _ time.Time) (Order, error) {
		return s.take(ctx, "deliver", seen)
	}, activity.RegisterOptions{Name: DeliverActivity})
	return env
}

var end = answer{order: Order{Kind: orchestrator.EndRun}}

func TestRunAsksDeliversWaitsEnds(t *testing.T) {
	s := &script{t: t}
	env := s.env(Start{})
	until := env.Now().Add(72 * time.Hour)
	s.answers = []answer{
		{order: Order{Kind: orchestrator.Deliver, Seq: 2, Channel: "email"}},
		{order: Order{Kind: orchestrator.WaitUntil, Seq: 3, Until: until}},
		end,
	}
	env.ExecuteWorkflow(RunType, Start{Run: "p.1"})
	if err := env.GetWorkflowError(); err != nil || !env.IsWorkflowCompleted() {
		t.Fatal(err)
	}
	want := []asked{{"advance", 0, true}, {"deliver", 2, true}, {"advance", 3, true}}
	if len(s.asked) != 3 || s.asked[0] != want[0] || s.asked[1] != want[1] || s.asked[2] != want[2] {
		t.Errorf("asked %v, want %v", s.asked, want)
	}
	if env.Now().Before(until) {
		t.Error("it has not waited")
	}
}

// A wake that is older than the order changes nothing; one that is not ends
// the wait.
func TestRunWakes(t *testing.T) {
	s := &script{t: t, answers: []answer{end}}
	env := s.env(Start{})
	began := env.Now()
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(WakeSignal, int64(4)) }, time.Hour)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(WakeSignal, int64(5)) }, 2*time.Hour)
	env.ExecuteWorkflow(RunType, Start{Run: "p.1", Next: Order{Kind: orchestrator.WaitUntil, Seq: 5, Until: began.Add(72 * time.Hour)}})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if d := env.Now().Sub(began); d < 2*time.Hour || d > 3*time.Hour {
		t.Errorf("it went on after %s, want 2h", d)
	}
}

// What does not work in the worker at once becomes an ordinary activity.
func TestRunFallsBack(t *testing.T) {
	s := &script{t: t, answers: []answer{{err: errors.New("away")}, {err: temporal.NewApplicationError("away", "away")}, end}}
	env := s.env(Start{})
	env.ExecuteWorkflow(RunType, Start{Run: "p.1"})
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	want := []asked{{"advance", 0, true}, {"advance", 0, false}, {"advance", 0, false}}
	if len(s.asked) != 3 || s.asked[0] != want[0] || s.asked[1] != want[1] || s.asked[2] != want[2] {
		t.Errorf("asked %v, want %v", s.asked, want)
	}
}

// A cancelled run ends; it does not spin.
func TestRunCancelled(t *testing.T) {
	s := &script{t: t}
	env := s.env(Start{})
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour)
	env.ExecuteWorkflow(RunType, Start{Run: "p.1", Next: Order{Kind: orchestrator.WaitUntil, Seq: 1}})
	if err := env.GetWorkflowError(); err == nil {
		t.Error("it has not been cancelled")
	}
	if len(s.asked) != 0 {
		t.Errorf("asked %v", s.asked)
	}
}
