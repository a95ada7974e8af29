package main

import (
	"context"
	_ "embed" // the workspace
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"journey/dsl"
	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
	"journey/simulator"
)

//go:embed shop/two.journey
var twoSource string

// simulatedRow is what a run costs in virtual time: of a journey of two sends
// with a day between them, beside the same written by hand and run by
// Temporal's test environment, which skips time too. Figures are runs a second
// of processor time, so that neither other work nor other cores count.
func (b *bench) simulatedRow() ([]row, error) {
	program, _ := dsl.Load(map[string]string{"two.journey": twoSource})
	if program == nil {
		return nil, errors.New("two.journey is wrong")
	}
	plan := orchestrator.NewPlan(program)
	var ours, theirs sample
	for range b.rounds {
		us, err := runsOfCPU(b.slice, func() error { return simulateTwo(plan) })
		if err != nil {
			return nil, err
		}
		they, err := runsOfCPU(b.slice, testTwo)
		if err != nil {
			return nil, err
		}
		ours, theirs = append(ours, us), append(theirs, they)
	}
	return []row{atLeast("simulated runs of a journey of two sends, rendering included, a second of processor time",
		"Temporal's test environment, a hand-written workflow with the same sends and timer", ratios(ours, theirs), 100, " × (stretch 500)",
		fmt.Sprintf("%.0f and %.0f runs; %.1f and %.0f µs a run", ours.median(), theirs.median(), 1e6/ours.median(), 1e6/theirs.median()))}, nil
}

// runsOfCPU is how often f runs in a second of processor time.
func runsOfCPU(atLeast time.Duration, f func() error) (float64, error) {
	runtime.GC()
	begun, from, n := time.Now(), processorTime(), 0
	for time.Since(begun) < atLeast {
		for range 10 {
			if err := f(); err != nil {
				return 0, err
			}
			n++
		}
	}
	return float64(n) / (processorTime() - from).Seconds(), nil
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// simulateTwo takes one person through the journey.
func simulateTwo(plan *orchestrator.Plan) error {
	const start = value.Time(1_772_413_200_000)
	world := &orchestrator.World{Live: plan, Unsubscribe: func(string, string) string { return "https://example.com/unsubscribe" }}
	s := simulator.New(world, "ann", start)
	s.Run([]simulator.Input{
		{At: start, Input: orchestrator.Input{Kind: orchestrator.IdentifyInput, At: start,
			Traits:      map[string]any{"email": "ann@example.com", "name": "Ann", "consent": map[string]any{"email": true}},
			Identifiers: []profiles.Identifier{{Trait: "user_id", Value: "ann"}, {Trait: "email", Value: "ann@example.com"}}}},
		{At: start + 1, Input: orchestrator.Input{Kind: orchestrator.EventInput, At: start + 1,
			Event: &cond.Event{Name: "started", At: start + 1, Props: cond.PropsOf(map[string]any{"plan": "green tea"})}}},
	}, start.Add(10*value.Day))
	if len(s.Sends) != 2 || s.Sends[1].At.Sub(s.Sends[0].At) != value.Day || !strings.Contains(s.Sends[1].Text, "green tea") {
		return fmt.Errorf("the simulation sent %d messages", len(s.Sends))
	}
	return nil
}

// twoInput is the input of the workflow.
type twoInput struct{ Name, Email, Plan string }

// twoMail is what its activity sends.
type twoMail struct{ To, Subject, Text string }

// twoWorkflow is the journey written by hand.
func twoWorkflow(ctx workflow.Context, in twoInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	first := twoMail{in.Email, "Welcome, " + in.Name, "You have begun with " + in.Plan + "."}
	if err := workflow.ExecuteActivity(ctx, "mail", first).Get(ctx, nil); err != nil {
		return err
	}
	if err := workflow.Sleep(ctx, 24*time.Hour); err != nil {
		return err
	}
	second := twoMail{in.Email, in.Name + ", one day later", "How is " + in.Plan + "?"}
	return workflow.ExecuteActivity(ctx, "mail", second).Get(ctx, nil)
}

// testTwo runs it in the test environment.
func testTwo() error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	sent := 0
	env.RegisterWorkflow(twoWorkflow)
	env.RegisterActivityWithOptions(func(context.Context, twoMail) error { sent++; return nil }, activity.RegisterOptions{Name: "mail"})
	env.ExecuteWorkflow(twoWorkflow, twoInput{"Ann", "ann@example.com", "green tea"})
	if err := env.GetWorkflowError(); err != nil || sent != 2 {
		return fmt.Errorf("the workflow sent %d mails: %w", sent, err)
	}
	return nil
}
