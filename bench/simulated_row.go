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
	"text/template"
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
// Temporal's test environment, which skips time too. Both render the same texts
// from templates, and both begin with nothing but what was read before: the
// plan here, the compiled workflow and the parsed templates there. Figures are runs a second
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
		"Temporal's test environment, a hand-written workflow with the same sends, timer and templates", ratios(ours, theirs), 100, " × (stretch 500)",
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

// twoMail is what its activity sends: a template and what it is filled with.
type twoMail struct {
	Template, To, Unsubscribe string
	twoInput
}

// twoTemplates are the texts of two.journey, as somebody writes them who writes
// the journey by hand; read once, as the plan is.
var twoTemplates = template.Must(template.New("two").Parse(`
{{- define "first subject"}}Welcome, {{or .Name "friend"}}{{end}}
{{- define "first text"}}You have begun with {{.Plan}}. Leave: {{.Unsubscribe}}{{end}}
{{- define "second subject"}}{{or .Name "Friend"}}, one day later{{end}}
{{- define "second text"}}How is {{.Plan}}? Leave: {{.Unsubscribe}}{{end}}`))

// twoWorkflow is the journey written by hand.
func twoWorkflow(ctx workflow.Context, in twoInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	first := twoMail{"first", in.Email, "https://example.com/unsubscribe", in}
	if err := workflow.ExecuteActivity(ctx, "mail", first).Get(ctx, nil); err != nil {
		return err
	}
	if err := workflow.Sleep(ctx, 24*time.Hour); err != nil {
		return err
	}
	second := twoMail{"second", in.Email, "https://example.com/unsubscribe", in}
	return workflow.ExecuteActivity(ctx, "mail", second).Get(ctx, nil)
}

// renderTwo is the activity: it renders a mail and says what its text is.
func renderTwo(m twoMail) (string, error) {
	var subject, text strings.Builder
	if err := twoTemplates.ExecuteTemplate(&subject, m.Template+" subject", m); err != nil {
		return "", err
	}
	err := twoTemplates.ExecuteTemplate(&text, m.Template+" text", m)
	return text.String(), err
}

// testTwo runs it in the test environment.
func testTwo() error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	sent := 0
	env.RegisterWorkflow(twoWorkflow)
	mail := func(_ context.Context, m twoMail) error {
		text, err := renderTwo(m)
		if strings.Contains(text, "green tea") {
			sent++
		}
		return err
	}
	env.RegisterActivityWithOptions(mail, activity.RegisterOptions{Name: "mail"})
	env.ExecuteWorkflow(twoWorkflow, twoInput{"Ann", "ann@example.com", "green tea"})
	if err := env.GetWorkflowError(); err != nil || sent != 2 {
		return fmt.Errorf("the workflow sent %d mails: %w", sent, err)
	}
	return nil
}
