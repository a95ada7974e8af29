package sources

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Live is a source at work. It is safe for concurrent use.
type Live struct {
	source Source
	state  *state
}

// state is what a source keeps while its settings change.
type state struct {
	mu     sync.Mutex
	tokens float64
	filled time.Time // zero: never used

	counts [outcomes]atomic.Int64 // since they were last written down
	seen   atomic.Int64           // when something came last, Unix ms
	wrong  atomic.Pointer[Mistake]
}

// Outcome is what became of an event.
type Outcome uint8

// The outcomes that are counted.
const (
	Stored Outcome = iota
	Duplicate
	Refused // the source's mistake
	Failed  // not known to be stored: it will be sent again
	Limited // requests over the rate
	outcomes
)

var outcomeNames = [outcomes]string{"stored", "duplicate", "refused", "failed", "limited"}

// Mistake is what was last wrong with what a source sent.
type Mistake struct {
	Code string    `json:"code"`
	At   time.Time `json:"at"`
}

// Fixed is a source that everything is allowed to and that belongs to no
// registry.
func Fixed(name string) *Live { return &Live{source: Source{Name: name}, state: new(state)} }

// Name is the source's name.
func (l *Live) Name() string { return l.source.Name }

// Off says that the source is switched off.
func (l *Live) Off() bool { return l.source.Off }

// Allows says whether the source may send a call: track calls by their
// event's name, others by their kind, "identify" say.
func (l *Live) Allows(kind, event string) bool {
	if len(l.source.Events) == 0 {
		return true
	}
	if kind == "track" {
		return slices.Contains(l.source.Events, event)
	}
	return slices.Contains(l.source.Events, kind)
}

// Wait is how long the source has to wait until it may send again; 0: it may.
func (l *Live) Wait(now time.Time) time.Duration {
	if l.source.Rate <= 0 {
		return 0
	}
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	l.refill(now)
	if l.state.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - l.state.tokens) / l.source.Rate * float64(time.Second))
}

// Take takes events off the bucket. A batch is taken whole by whoever may
// send at all: what it is over is owed.
func (l *Live) Take(n int, now time.Time) {
	if l.source.Rate <= 0 {
		return
	}
	l.state.mu.Lock()
	defer l.state.mu.Unlock()
	l.refill(now)
	l.state.tokens -= float64(n)
}

func (l *Live) refill(now time.Time) {
	burst := float64(l.source.Burst)
	if burst == 0 {
		burst = max(2*l.source.Rate, 20)
	}
	s := l.state
	if s.filled.IsZero() {
		s.tokens = burst
	} else if d := now.Sub(s.filled); d > 0 {
		s.tokens += d.Seconds() * l.source.Rate
	}
	s.filled, s.tokens = now, min(s.tokens, burst)
}

// Count counts events.
func (l *Live) Count(o Outcome, n int, now time.Time) {
	if n > 0 {
		l.state.counts[o].Add(int64(n))
		l.state.seen.Store(now.UnixMilli())
	}
}

// Blame remembers what was wrong last.
func (l *Live) Blame(code string, now time.Time) {
	l.state.wrong.Store(&Mistake{Code: code, At: now.UTC().Truncate(time.Millisecond)})
}
