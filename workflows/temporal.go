package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/durationpb"

	"journey/orchestrator"
	"journey/profiles/store"
)

// callTimeout bounds one call of Temporal.
const callTimeout = 5 * time.Second

// service is Temporal as the relay uses it: it starts and wakes runs so that a repeat changes nothing.
type service struct {
	client    client.Client
	namespace string
	lives     func(ctx context.Context, run string) (orchestrator.Reaction, bool, error)
	real      func(orchestrator.Order) Order
}

// react does what a reaction asks for.
func (t *service) react(ctx context.Context, partition int, re store.Reaction) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// The reaction's own id is the request's: a repeat of it is the same start,
	// and another wake may start a workflow that was ended by hand meanwhile.
	id := fmt.Sprintf("%03d-%s", partition, re.ID)
	if re.Kind == store.StartRun {
		first := t.real(orchestrator.Order{
			Kind: orchestrator.OrderKind(re.Order.Kind), Seq: re.Order.Seq, Until: re.Order.Until, Channel: re.Order.Channel,
		})
		return t.start(ctx, Start{Run: re.Run, Next: first}, id, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	}
	err := t.client.SignalWorkflow(ctx, re.Run, "", WakeSignal, re.Seq)
	var gone *serviceerror.NotFound
	if !errors.As(err, &gone) {
		return err
	}
	// No workflow: the run has ended and all is well, or Temporal has lost it.
	if _, lives, err := t.lives(ctx, re.Run); err != nil || !lives {
		return err
	}
	return t.start(ctx, Start{Run: re.Run}, id, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE)
}

// start starts a run's workflow. The request id makes a repeat the same
// start, also when the workflow has completed since.
func (t *service) start(ctx context.Context, in Start, request string, reuse enumspb.WorkflowIdReusePolicy) error {
	input, err := converter.GetDefaultDataConverter().ToPayloads(in)
	if err != nil {
		return err
	}
	_, err = t.client.WorkflowService().StartWorkflowExecution(ctx, &workflowservice.StartWorkflowExecutionRequest{
		Namespace:                t.namespace,
		WorkflowId:               in.Run,
		WorkflowType:             &commonpb.WorkflowType{Name: RunType},
		TaskQueue:                &taskqueuepb.TaskQueue{Name: RunQueue},
		Input:                    input,
		RequestId:                request,
		WorkflowIdReusePolicy:    reuse,
		WorkflowIdConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowTaskTimeout:      durationpb.New(10 * time.Second),
	})
	var done *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &done) {
		return nil
	}
	return err
}

// hopeless says whether Temporal will never accept a request.
func hopeless(err error) bool {
	var invalid *serviceerror.InvalidArgument
	return errors.As(err, &invalid)
}

// silent says whether an error means that Temporal serves nobody at the
// moment, or too many.
func silent(err error) bool {
	var away *serviceerror.Unavailable
	var slow *serviceerror.DeadlineExceeded
	var busy *serviceerror.ResourceExhausted
	return errors.As(err, &away) || errors.As(err, &slow) || errors.As(err, &busy) || errors.Is(err, context.DeadlineExceeded)
}
