package workflows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"journey/engine"
)

// Nothing of an error's text, cause or stack leaves an activity.
func TestFailuresAreCodes(t *testing.T) {
	const personal = "ann@example.com"
	for name, fail := range map[string]func() error{
		"plain":       func() error { return errors.New("no mail for " + personal) },
		"wrapped":     func() error { return fmt.Errorf("%s: %w", personal, engine.ErrUnavailable) },
		"application": func() error { return temporal.NewApplicationError(personal, "x", personal) },
		"panic":       func() error { panic(personal) },
		"not yet":     func() error { return fmt.Errorf("%w: %s", engine.ErrNotYet, personal) },
		"later":       func() error { return &later{code: "smtp 421", after: time.Minute} },
	} {
		t.Run(name, func(t *testing.T) {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&failures{}}})
			env.RegisterActivityWithOptions(func(context.Context) error { return fail() }, activity.RegisterOptions{Name: "a"})
			_, err := env.ExecuteActivity("a")
			if err == nil {
				t.Fatal("it did not fail")
			}
			var app *temporal.ApplicationError
			if !errors.As(err, &app) {
				t.Fatalf("got %T: %v", err, err)
			}
			text := fmt.Sprintf("%v %+v %v %s", err, app, errors.Unwrap(app), app.Type())
			if strings.Contains(text, personal) || app.HasDetails() {
				t.Errorf("it says too much: %s", text)
			}
		})
	}
}
