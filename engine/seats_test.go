package engine

import (
	"context"
	"errors"
	"sync"
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
	for _, kind := range []class{s.few, s.bulk} {
		if !kind.seats.TryAcquire(s.many) || !kind.room.TryAcquire(maxCalls) {
			t.Error("seats were not given back")
		}
	}
}

// However many batches are under way or wait, a single call finds its seat.
func TestSinglesNeverWaitForBatches(t *testing.T) {
	s := newSeats()
	leave, err := s.enter(Until(context.Background(), time.Now().Add(time.Minute)), maxCalls)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer cancel()
	for range 100 { // they queue for the room: it is full
		waiting.Go(func() { _, _ = s.enter(ctx, 100) })
	}
	for range 100 {
		one, err := s.enter(Until(context.Background(), time.Now().Add(time.Millisecond)), 1)
		if err != nil {
			t.Fatal("a single call waits for batches:", err)
		}
		defer one()
	}
}

// The half of a caller's time is for the room and the seats together.
func TestHalfOfTheTimeIsForBoth(t *testing.T) {
	s := newSeats()
	if !s.few.room.TryAcquire(maxCalls) || !s.few.seats.TryAcquire(s.many) {
		t.Fatal("no seats")
	}
	const has = 2 * time.Second
	begun := time.Now()
	defer time.AfterFunc(has*9/20, func() { s.few.room.Release(maxCalls) }).Stop()
	if _, err := s.enter(Until(context.Background(), begun.Add(has)), 1); !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
	if waited := time.Since(begun); waited > has*13/20 {
		t.Errorf("who has %v was sent away after %v", has, waited)
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
