package workflows

import "sync"

// underWay counts the deliveries between claim and settlement, so that a stop
// can wait for them: Temporal's workers do not wait for what runs inside
// workflow tasks, and one that is cut off leaves its send uncertain.
type underWay struct {
	mu       sync.Mutex
	n        int
	stopping bool
	idle     chan struct{} // closed once it stops and nothing is under way
}

func newUnderWay() *underWay { return &underWay{idle: make(chan struct{})} }

// begin counts one in; false: no delivery may begin any more.
func (u *underWay) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stopping {
		return false
	}
	u.n++
	return true
}

func (u *underWay) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 && u.stopping {
		close(u.idle)
	}
}

// stop lets none begin any more. The channel is closed when those under way
// have ended. It is called once.
func (u *underWay) stop() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stopping = true; u.n == 0 {
		close(u.idle)
	}
	return u.idle
}
