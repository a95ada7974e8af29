package channels

import (
	"sync"
	"time"
)

// pool keeps idle connections for the next mail, newest first, at most max of
// them and none longer than age. Whoever takes one must expect that it is dead.
type pool struct {
	max int
	age time.Duration

	mu     sync.Mutex
	idle   []*conn // the one put last is at the end
	timer  *time.Timer
	closed bool
}

// take is the connection that was used last, or nil.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	if time.Since(c.idleSince) > p.age {
		// All others are older still; the timer closes them.
		c.close()
		return nil
	}
	return c
}

// put keeps the connection, or closes it.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.broken || p.closed || len(p.idle) >= p.max {
		c.quit()
		return
	}
	c.idleSince = time.Now()
	p.idle = append(p.idle, c)
	if p.timer == nil {
		p.timer = time.AfterFunc(p.age, p.expire)
	} else if len(p.idle) == 1 {
		p.timer.Reset(p.age)
	}
}

// expire closes what has been idle for too long, and comes back for the rest.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := 0
	for old < len(p.idle) && time.Since(p.idle[old].idleSince) >= p.age {
		p.idle[old].quit()
		old++
	}
	p.idle = append(p.idle[:0], p.idle[old:]...)
	if len(p.idle) > 0 && !p.closed {
		p.timer.Reset(p.age - time.Since(p.idle[0].idleSince))
	}
}

// clear closes the idle connections.
func (p *pool) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.quit()
	}
	p.idle = nil
}

// close closes the idle connections, and from now on those that come back.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.clear()
}
