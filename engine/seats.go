package engine

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"
)

// Admission. Calls that are worked on have a seat, and there are so few seats
// that whoever has one is done long before his patience ends, on a machine
// that is busy with other things too. Who finds none waits for at most half of
// his time, in the order of arrival, and is then sent away before anything was
// done for him. Without that, an overload lets everybody be served at once,
// each so slowly that all give up in the end and send the same again: work is
// done, thrown away, and done again.
//
// Batches have seats and a room of their own: a single call never waits for
// them.

const (
	// seatsPerCore is how many calls are worked on for each core: enough for
	// those that wait for Redis.
	seatsPerCore = 256
	// fewCalls are as many as go by as single ones.
	fewCalls = 8
)

// seats are the places among the calls that are worked on.
type seats struct {
	many      int64 // of each kind
	few, bulk class
}

// class is the places for one kind of callers.
type class struct {
	room  *semaphore.Weighted // a place for each call under way, waiting ones too
	seats *semaphore.Weighted
}

func newSeats() *seats {
	many := int64(seatsPerCore * runtime.GOMAXPROCS(0))
	kind := func() class {
		return class{room: semaphore.NewWeighted(maxCalls), seats: semaphore.NewWeighted(many)}
	}
	return &seats{many: many, few: kind(), bulk: kind()}
}

// enter waits for seats for n calls of one caller, for at most half of the
// time that he has, and answers how they are given back.
func (s *seats) enter(ctx context.Context, n int) (leave func(), err error) {
	kind := s.few
	if n > fewCalls {
		kind = s.bulk
	}
	room, seats := int64(min(n, maxCalls)), min(int64(n), s.many)
	half := time.Now().Add(patience / 2)
	if end, ok := ctx.Deadline(); ok {
		half = time.Now().Add(time.Until(end) / 2)
	}
	ctx = Until(ctx, half)
	if err := take(ctx, kind.room, room); err != nil {
		return nil, err
	}
	if err := take(ctx, kind.seats, seats); err != nil {
		kind.room.Release(room)
		return nil, err
	}
	return func() {
		kind.seats.Release(seats)
		kind.room.Release(room)
	}, nil
}

// take waits for places until the context's deadline.
func take(ctx context.Context, s *semaphore.Weighted, n int64) error {
	if s.TryAcquire(n) {
		return nil
	}
	ctx, cancel := timed(ctx)
	defer cancel()
	if err := s.Acquire(ctx, n); err != nil {
		return fmt.Errorf("%w (too many calls are under way)", ErrUnavailable)
	}
	return nil
}
