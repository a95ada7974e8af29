package embedredis

import (
	"errors"
	"net"
	"strings"
	"time"
)

// XREAD and XREADGROUP with BLOCK. They are tried without it; if there is
// nothing, the connection waits for any change and tries again.

// waiting is what a command waits for.
type waiting struct {
	changed  <-chan struct{}
	deadline time.Time // zero: for ever
}

// read is a command that waits.
type read struct {
	args     []string
	deadline time.Time
}

// tryRead executes the command if there is something to read or its time is up,
// and otherwise says what to wait for.
func (f *front) tryRead(c *client, name string, args []string, ms int64) *waiting {
	if c.read == nil {
		if name == "XREAD" {
			args = f.resolveLast(c.db, args)
		}
		c.read = &read{args: append([]string{name}, args...)}
		if ms > 0 {
			c.read.deadline = time.Now().Add(time.Duration(ms) * time.Millisecond)
		}
	}
	c.peer.Flush()
	start := c.out.Len()
	answer := f.single(c, name, c.read.args)
	late := !c.read.deadline.IsZero() && !time.Now().Before(c.read.deadline)
	if !isNil(answer) || late {
		c.read = nil
		return nil
	}
	c.out.Truncate(start)
	return &waiting{changed: f.changed, deadline: c.read.deadline}
}

// resolveLast replaces the id "$", the newest entry of now, which must stay the
// same while one waits.
func (f *front) resolveLast(db int, args []string) []string {
	resolved := append([]string(nil), args...)
	for i, a := range args {
		if !strings.EqualFold(a, "STREAMS") {
			continue
		}
		rest := args[i+1:]
		half := len(rest) / 2
		for k := 0; k < half; k++ {
			if rest[half+k] != "$" {
				continue
			}
			resolved[i+1+half+k] = "0-0"
			newest, err := f.x.list(db, "XREVRANGE", rest[k], "+", "-", "COUNT", "1")
			if err == nil && len(newest) == 1 {
				resolved[i+1+half+k] = newest[0].([]any)[0].(string)
			}
		}
		break
	}
	return resolved
}

var errClosing = errors.New("the in-process redis ends")

// on waits for a change or the deadline. An error says that the client has gone
// or the front ends.
func (w *waiting) on(c *client, closing <-chan struct{}) error {
	for {
		d := time.Duration(probeInterval)
		if !w.deadline.IsZero() {
			d = min(d, time.Until(w.deadline))
		}
		timer := time.NewTimer(d)
		select {
		case <-w.changed:
			timer.Stop()
			return nil
		case <-closing:
			timer.Stop()
			return errClosing
		case <-timer.C:
		}
		if !w.deadline.IsZero() && !time.Now().Before(w.deadline) {
			return nil
		}
		if err := c.probe(); err != nil {
			return err
		}
	}
}

// probe reads without waiting, to see whether the client is still there.
func (c *client) probe() error {
	if len(c.in) > batchBytes {
		return nil // he is there, and has sent enough
	}
	c.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer c.conn.SetReadDeadline(time.Time{})
	var timeout net.Error
	if err := c.more(); err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
		return err
	}
	return nil
}
