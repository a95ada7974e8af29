package engine

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"journey/dsl/value"
)

func TestClockAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		speed := rapid.SampledFrom([]float64{1, 0.5, 2, 60, 1000, 3600, 7.25}).Draw(t, "speed")
		anchor := time.UnixMicro(rapid.Int64Range(1.6e15, 1.9e15).Draw(t, "anchor"))
		c := NewClock(speed)
		if err := c.start(anchor, speed); err != nil {
			t.Fatal(err)
		}
		now := anchor.Add(time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "since")))
		v := c.Virtual(now)
		until := v.Add(value.Duration(rapid.Int64Range(0, int64(400*value.Day)).Draw(t, "wait")))
		real := c.Real(until)
		if c.Virtual(real) < until {
			t.Fatalf("at %v the clock shows %v, before %v", real, c.Virtual(real), until)
		}
		if speed >= 1 && c.Virtual(real.Add(-time.Millisecond)) >= until {
			t.Fatalf("%v is not the earliest", real)
		}
	})
}

func TestClockRefusesAnotherSpeed(t *testing.T) {
	if err := NewClock(60).start(time.Now(), 1); err == nil {
		t.Fatal("another speed was taken")
	}
}
