package engine

import (
	"context"
	"time"
)

// until is a context with a deadline and no timer that tells of it: a timer,
// set and stopped, for each of the few things that an event does would be a
// good part of what it costs. The store looks at the deadline itself; whoever
// waits for anything else must too (timed).
type until struct {
	context.Context
	end time.Time
}

// Until is a context that has a deadline, as context.WithDeadline makes it,
// but whose Done does not tell of it. It is for callers of Submit, who mostly
// are answered long before.
func Until(ctx context.Context, end time.Time) context.Context {
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	return until{ctx, end}
}

// Deadline is the context's deadline.
func (u until) Deadline() (time.Time, bool) { return u.end, true }

// timed is a context that ends by itself when ctx must.
func timed(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	if u, ok := ctx.(until); ok {
		return context.WithDeadline(withoutUntil(u), end)
	}
	return context.WithDeadline(ctx, end)
}

// withoutUntil is the context around which deadlines without timers were laid.
func withoutUntil(u until) context.Context {
	for {
		inner, ok := u.Context.(until)
		if !ok {
			return u.Context
		}
		u = inner
	}
}
