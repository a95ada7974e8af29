package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"journey/dsl/value"
)

// Clock maps real time to virtual time. Real time is Redis's, not this
// machine's: virtual = anchor + (real − anchor) × speed. Anchor and speed are
// stored at the first start, so that virtual time never runs backwards over
// a restart. At speed 1 both are the same.
type Clock struct {
	speed float64

	mu     sync.Mutex
	anchor int64 // real time in µs at which virtual and real time were equal
	manual bool
	now    value.Time // of a manual clock
}

// NewClock is a clock that runs speed times as fast as real time; anything
// not above 0 is taken for 1.
func NewClock(speed float64) *Clock {
	if !(speed > 0) {
		speed = 1
	}
	return &Clock{speed: speed}
}

// ManualClock stands still until it is set: for tests that need exact
// instants. Its virtual time is its real time.
func ManualClock(now value.Time) *Clock { return &Clock{speed: 1, manual: true, now: now} }

// Set sets a manual clock.
func (c *Clock) Set(now value.Time) {
	c.mu.Lock()
	c.now = now
	c.mu.Unlock()
}

// Speed is how many times faster than real time the clock runs.
func (c *Clock) Speed() float64 { return c.speed }

// start takes over the anchor and speed that are stored.
func (c *Clock) start(anchor time.Time, speed float64) error {
	if speed != c.speed {
		return fmt.Errorf("this data was begun at speed %g and cannot go on at %g: start with --speed %g, or with other data", speed, c.speed, speed)
	}
	c.mu.Lock()
	c.anchor = anchor.UnixMicro()
	c.mu.Unlock()
	return nil
}

// anchored is the real time at which virtual and real time were equal.
func (c *Clock) anchored() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.UnixMicro(c.anchor)
}

// Virtual is the virtual instant of a real time.
func (c *Clock) Virtual(t time.Time) value.Time {
	if c.speed == 1 {
		return value.TimeOf(t)
	}
	c.mu.Lock()
	anchor := c.anchor
	c.mu.Unlock()
	d := float64(t.UnixMicro()-anchor) * c.speed
	return value.Time((anchor + int64(d)) / 1000)
}

// Real is the earliest real time, in whole milliseconds, at which the clock
// shows the instant.
func (c *Clock) Real(t value.Time) time.Time {
	if c.speed == 1 {
		return time.UnixMilli(int64(t))
	}
	c.mu.Lock()
	anchor := c.anchor
	c.mu.Unlock()
	d := float64(int64(t)*1000-anchor) / c.speed
	real := time.UnixMilli((anchor + int64(d)) / 1000)
	for c.Virtual(real) < t {
		real = real.Add(time.Millisecond)
	}
	return real
}

// stretch is a length of real time in virtual time.
func (c *Clock) stretch(d time.Duration) value.Duration {
	return value.Duration(float64(d.Milliseconds()) * c.speed)
}

// set is what a manual clock shows; false for one that runs.
func (c *Clock) set() (value.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now, c.manual
}

// Virtual is the virtual instant of a real time.
func (e *Engine) Virtual(t time.Time) value.Time { return e.clock.Virtual(t) }

// Real is the real time of a virtual instant: the only way back, for timers.
func (e *Engine) Real(t value.Time) time.Time { return e.clock.Real(t) }

// Now is the virtual instant: Redis's time, asked or carried forward for at
// most a second.
func (e *Engine) Now(ctx context.Context) (value.Time, error) {
	if now, manual := e.clock.set(); manual {
		return now, nil
	}
	t, err := e.store.Time(ctx)
	if err != nil {
		return 0, e.away(err)
	}
	return e.clock.Virtual(t), nil
}

// realNow is real time, by Redis's clock: for deadlines.
func (e *Engine) realNow(ctx context.Context) (time.Time, error) {
	if now, manual := e.clock.set(); manual {
		return time.UnixMilli(int64(now)), nil
	}
	t, err := e.store.Time(ctx)
	if err != nil {
		return time.Time{}, e.away(err)
	}
	return t, nil
}
