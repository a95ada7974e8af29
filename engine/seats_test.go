package engine

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Who finds no seat is sent away after half of his time, and single calls do
// not wait behind batches.
func TestSeats(t *testing.T) {
	s := newSeats()
	ctx := Until(context.Background(), time.Now().Add(20*time.Second))
	all := int(s.many)
	leave, err := s.enter(ctx, 10*all) // a batch of any size finds its seats
	if err != nil {
		t.Fatal(err)
	}
	short := Until(context.Background(), time.Now().Add(time.Millisecond))
	if _, err := s.enter(short, 100); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a batch beyond the seats: %v", err)
	}
	one, err := s.enter(Until(context.Background(), time.Now().Add(time.Minute)), 1)
	if err != nil {
		t.Fatal("a single call waits behind a batch:", err)
	}
	one()
	came := make(chan error, 1)
	go func() {
		leave, err := s.enter(Until(context.Background(), time.Now().Add(time.Minute)), 100)
		if err == nil {
			leave()
		}
		came <- err
	}()
	leave()
	if err := <-came; err != nil {
		t.Fatal("a batch that could wait:", err)
	}
	if !s.few.TryAcquire(s.many) || !s.bulk.TryAcquire(s.many) || !s.room.TryAcquire(maxCalls) {
		t.Error("seats were not given back")
	}
}

// A deadline without a timer holds where somebody waits.
func TestUntil(t *testing.T) {
	outer, cancel := context.WithCancel(context.Background())
	inner := Until(Until(outer, time.Now().Add(time.Minute)), time.Now().Add(time.Millisecond))
	if end, ok := Until(inner, time.Now().Add(time.Hour)).Deadline(); !ok || time.Until(end) > time.Millisecond {
		t.Error("a later deadline took the place of an earlier one")
	}
	waits, stop := timed(inner)
	defer stop()
	<-waits.Done()
	if !errors.Is(waits.Err(), context.DeadlineExceeded) {
		t.Error(waits.Err())
	}
	cancel()
	if inner.Err() == nil {
		t.Error("it does not end with the one around it")
	}
}
