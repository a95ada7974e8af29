package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"journey/engine"
)

// later is an error that asks for a repeat after a while. Its text is a code.
type later struct {
	code  string
	after time.Duration
}

func (l *later) Error() string { return l.code }

// failures is the last thing between an activity and the history: whatever
// goes wrong inside becomes a code without cause, stack or text, since the
// text of an error may hold personal data and every attempt's error reaches
// the history, a panic's too.
type failures struct {
	interceptor.WorkerInterceptorBase
	log *slog.Logger // told of panics; nil: nobody is
}

func (f *failures) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &activityFailures{log: f.log}
	i.Next = next
	return i
}

type activityFailures struct {
	interceptor.ActivityInboundInterceptorBase
	log *slog.Logger
}

func (a *activityFailures) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (res any, err error) {
	defer func() {
		if p := recover(); p != nil {
			if a.log != nil { // its value may be personal
				a.log.Error("an activity panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			}
			res, err = nil, coded("panic", 0)
		}
	}()
	res, err = a.Next.ExecuteActivity(ctx, in)
	if err == nil {
		return res, nil
	}
	return nil, codeOf(err)
}

// codeOf is an error as a history may know it.
func codeOf(err error) error {
	var l *later
	switch {
	case errors.As(err, &l):
		return coded(l.code, l.after)
	case errors.Is(err, engine.ErrNotYet):
		return coded("not-yet", time.Second)
	case errors.Is(err, engine.ErrUnavailable):
		return coded("store-unavailable", 0)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return coded("timeout", 0)
	}
	return coded(fmt.Sprintf("failed-%T", err), 0)
}

func coded(code string, after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(code, code, temporal.ApplicationErrorOptions{
		NextRetryDelay: after,
		Category:       temporal.ApplicationErrorCategoryBenign,
	})
}
