package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"journey/channels"
)

// What somebody would write by hand with Temporal for "an event, a timer, a
// mail": an HTTP handler that starts a workflow, the workflow, an activity
// that sends. It keeps no profile, knows no consent, and sends a mail twice
// when it is killed at the wrong moment.

const handQueue = "handwritten"

// helloInput is the workflow's input.
type helloInput struct {
	User, Email string
}

// helloWorkflow waits and sends.
func helloWorkflow(ctx workflow.Context, in helloInput) error {
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return err
	}
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 35 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
	return workflow.ExecuteActivity(ctx, "hello", in).Get(ctx, nil)
}

// mailer sends as Journey does, over the same code and the same conversation.
type mailer struct{ email channels.Provider }

func (m *mailer) hello(ctx context.Context, in helloInput) error {
	d, err := m.email.Prepare(ctx, channels.Message{
		Key: "hello-" + in.User, Channel: "email", Name: "hello",
		To: in.Email, Subject: "Hello", Text: "A second later.",
	})
	if err != nil {
		return err
	}
	if res := d.Deliver(ctx); res.Outcome != channels.Sent {
		return fmt.Errorf("not sent: %s", res)
	}
	return nil
}

// handwrittenRole is worker and HTTP server of it. The settings of the worker
// are those of package workflows.
func handwrittenRole(args []string) error {
	fl := flag.NewFlagSet("handwritten", flag.ExitOnError)
	address := fl.String("temporal", "", "")
	smtp := fl.String("smtp", "", "")
	_ = fl.Parse(args)
	c, err := client.Dial(client.Options{HostPort: *address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return err
	}
	defer c.Close()
	email, err := channels.NewEmail(*smtp, channels.EmailOptions{
		From: "shop@journey.example", Timeout: 10 * time.Second, BodyTimeout: 20 * time.Second, MaxIdle: 32,
	})
	if err != nil {
		return err
	}
	defer email.Close()
	w := worker.New(c, handQueue, worker.Options{
		MaxConcurrentActivityExecutionSize:      32,
		MaxConcurrentLocalActivityExecutionSize: 4 * 32,
		MaxConcurrentWorkflowTaskPollers:        8,
		MaxConcurrentActivityTaskPollers:        4,
	})
	m := &mailer{email}
	w.RegisterWorkflowWithOptions(helloWorkflow, workflow.RegisterOptions{Name: "hello"})
	w.RegisterActivityWithOptions(m.hello, activityNamed("hello"))
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	e := echo.New()
	e.POST("/v1/track", func(ec echo.Context) error { return startHello(ec, c) })
	return serve(&http.Server{Handler: e}, func() error { return nil })
}

// startHello starts a workflow for an event.
func startHello(ec echo.Context, c client.Client) error {
	var call struct {
		UserID  string `json:"userId"`
		Context struct {
			Traits struct {
				Email string `json:"email"`
			} `json:"traits"`
		} `json:"context"`
	}
	if err := json.NewDecoder(ec.Request().Body).Decode(&call); err != nil {
		return err
	}
	_, err := c.ExecuteWorkflow(ec.Request().Context(), client.StartWorkflowOptions{ID: "hello-" + call.UserID, TaskQueue: handQueue},
		"hello", helloInput{call.UserID, call.Context.Traits.Email})
	if err != nil {
		return err
	}
	return success(ec)
}
