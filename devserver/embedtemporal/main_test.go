package embedtemporal

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// childFile asks the test binary to be the process that is killed: it names the
// SQLite file.
const childFile = "EMBEDTEMPORAL_CHILD_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		if err := child(file); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		select {} // until it is killed
	}
	os.Exit(m.Run())
}

// child starts a workflow on a server of its own and says so.
func child(file string) error {
	s, err := Start(context.Background(), Options{File: file})
	if err != nil {
		return err
	}
	c, err := client.Dial(client.Options{HostPort: s.Address(), Namespace: s.Namespace(), Logger: quiet{}})
	if err != nil {
		return err
	}
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(sleeper)
	if err := w.Start(); err != nil {
		return err
	}
	run, err := c.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "asleep", TaskQueue: queue},
		sleeper, 2*time.Second)
	if err != nil {
		return err
	}
	for { // wait until its timer is in the history
		d, err := c.DescribeWorkflowExecution(context.Background(), run.GetID(), run.GetRunID())
		if err != nil {
			return err
		}
		if d.WorkflowExecutionInfo.HistoryLength >= 5 {
			fmt.Println("asleep")
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}

const queue = "sleepers"

// sleeper sleeps once and tells how long it was alive by its own clock.
func sleeper(ctx workflow.Context, d time.Duration) (time.Duration, error) {
	began := workflow.Now(ctx)
	if err := workflow.Sleep(ctx, d); err != nil {
		return 0, err
	}
	return workflow.Now(ctx).Sub(began), nil
}
