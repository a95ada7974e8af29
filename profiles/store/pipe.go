package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"
)

// The way to Redis. A few goroutines each own one connection. Calls put what
// they want to send into one queue; a goroutine that is free takes everything
// that waits there, up to a bound, and sends it in one flush. So a lone call
// waits for nobody, and under load many calls share their system calls.
//
// When a connection breaks, the calls on it fail, and its goroutine connects
// anew. When that does not work either, or Redis did not answer in time, the
// pipe is down: calls fail at once, without waiting, until some goroutine has
// had an answer again. So a Redis that is away or frozen fills no queue.

const (
	maxFlushCommands = 512
	maxFlushBytes    = 512 << 10
	idleCheck        = 15 * time.Second // a connection idle for longer is asked before it is used
	retryEvery       = 100 * time.Millisecond
)

// command is what is sent to Redis.
type command struct {
	name   string
	args   []any
	script *script // not nil: an EVALSHA of it
}

func cmd(name string, args ...any) command { return command{name: name, args: args} }

// request is what one call sends, and its answers.
type request struct {
	commands []command
	replies  []any         // one for each command; a redis.Error is one too
	err      error         // the connection failed: no reply counts
	done     chan struct{} // has room for one: the answers are there
	gone     atomic.Bool   // the caller no longer waits
	timer    *time.Timer   // how long he does; it stands still between two uses
}

// requests are used again, unless their caller left before they were done.
var requests = sync.Pool{New: func() any {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &request{done: make(chan struct{}, 1), timer: timer}
}}

// free gives a request back that is done.
func (r *request) free() {
	r.timer.Stop()
	r.commands, r.replies, r.err = nil, nil, nil
	requests.Put(r)
}

// pipe is the way to one Redis.
type pipe struct {
	dial    func(ctx context.Context) (redis.Conn, error)
	timeout time.Duration
	queue   chan *request
	closed  chan struct{}
	close   sync.Once
	workers sync.WaitGroup

	down  atomic.Pointer[error] // why calls fail at once
	broke atomic.Int64          // when a connection last broke, Unix ns
}

func newPipe(conns int, timeout time.Duration, dial func(ctx context.Context) (redis.Conn, error)) *pipe {
	p := &pipe{dial: dial, timeout: timeout, queue: make(chan *request, 1024), closed: make(chan struct{})}
	for range conns {
		p.workers.Add(1)
		go func() {
			defer p.workers.Done()
			(&worker{p: p}).run()
		}()
	}
	return p
}

// stop ends the goroutines and closes their connections.
func (p *pipe) stop() {
	p.close.Do(func() { close(p.closed) })
	p.workers.Wait()
}

var errClosed = errors.New("the store is closed")

// do sends commands in one flush, in their order, and waits for the answers.
// An answer may be a redis.Error; the error returned means that nothing is
// known about any of the commands. Of a context that has a deadline alone, and
// nothing that tells of it, the deadline counts too.
func (p *pipe) do(ctx context.Context, commands ...command) ([]any, error) {
	if why := p.down.Load(); why != nil {
		return nil, unavailable(*why)
	}
	patience := p.timeout
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end))
	}
	r := requests.Get().(*request)
	r.commands = commands
	r.timer.Reset(patience)
	select {
	case p.queue <- r:
	case <-p.closed:
		r.free()
		return nil, unavailable(errClosed)
	case <-ctx.Done():
		r.free()
		return nil, unavailable(context.Cause(ctx))
	case <-r.timer.C:
		r.free()
		return nil, unavailable(errSlow)
	}
	var err error
	select {
	case <-r.done:
		replies, err := r.replies, r.err
		r.free()
		if err != nil {
			return nil, unavailable(err)
		}
		return replies, nil
	case <-p.closed:
		err = errClosed
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-r.timer.C:
		err = errSlow
	}
	r.timer.Stop()
	r.gone.Store(true)
	return nil, unavailable(err)
}

var errSlow = errors.New("no answer in time")

func unavailable(cause error) error { return fmt.Errorf("%w: %w", ErrUnavailable, cause) }

// worker is a goroutine of the pipe with its connection.
type worker struct {
	p     *pipe
	conn  redis.Conn
	used  time.Time // when the connection last worked
	batch []*request
	again []retry
}

// retry is a script that Redis did not know.
type retry struct {
	r *request
	i int
}

func (w *worker) run() {
	defer w.drop()
	for {
		select {
		case r := <-w.p.queue:
			w.gather(r)
			w.serve()
		case <-w.p.closed:
			return
		}
	}
}

// gather takes what waits in the queue.
func (w *worker) gather(first *request) {
	w.batch = append(w.batch[:0], first)
	commands, bytes := len(first.commands), first.size()
	for commands < maxFlushCommands && bytes < maxFlushBytes {
		select {
		case r := <-w.p.queue:
			w.batch = append(w.batch, r)
			commands, bytes = commands+len(r.commands), bytes+r.size()
		default:
			return
		}
	}
}

func (r *request) size() int {
	n := 0
	for _, c := range r.commands {
		for _, a := range c.args {
			switch a := a.(type) {
			case []byte:
				n += len(a)
			case string:
				n += len(a)
			}
		}
	}
	return n
}

// serve sends a batch and hands out the answers.
func (w *worker) serve() {
	err := w.ready()
	if err == nil {
		err = w.exchange()
	}
	for _, r := range w.batch {
		if err != nil && r.err == nil && len(r.replies) < len(r.commands) {
			r.err = err
		}
		r.done <- struct{}{}
	}
	clear(w.batch)
	if err != nil {
		w.recover(err)
	}
}

// ready sees to it that there is a connection that is likely to work.
func (w *worker) ready() error {
	now := time.Now()
	if w.conn != nil && (now.Sub(w.used) > idleCheck || w.used.UnixNano() < w.p.broke.Load()) {
		if _, err := w.conn.Do("PING"); err != nil {
			w.drop()
		} else {
			w.used = now
		}
	}
	if w.conn != nil {
		return nil
	}
	return w.connect()
}

func (w *worker) connect() error {
	ctx, cancel := context.WithTimeout(context.Background(), w.p.timeout)
	defer cancel()
	conn, err := w.p.dial(ctx)
	if err != nil {
		return err
	}
	w.conn, w.used = conn, time.Now()
	return nil
}

func (w *worker) drop() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

// exchange sends the batch and reads the answers. Scripts that Redis does not
// know (it was restarted) are sent again with their source.
func (w *worker) exchange() error {
	clear(w.again)
	w.again = w.again[:0]
	for _, r := range w.batch {
		if r.gone.Load() {
			r.err = errSlow
			continue
		}
		for _, c := range r.commands {
			if err := w.conn.Send(c.name, c.args...); err != nil {
				return err
			}
		}
	}
	if err := w.conn.Flush(); err != nil {
		return err
	}
	for _, r := range w.batch {
		if r.err != nil {
			continue
		}
		replies := make([]any, 0, len(r.commands))
		for i, c := range r.commands {
			reply, err := w.receive()
			if err != nil {
				return err
			}
			if e, ok := reply.(redis.Error); ok && c.script != nil && strings.HasPrefix(string(e), "NOSCRIPT") {
				w.again = append(w.again, retry{r, i})
			}
			replies = append(replies, reply)
		}
		r.replies = replies
	}
	if len(w.again) > 0 {
		if err := w.withSource(); err != nil {
			return err
		}
	}
	w.used = time.Now()
	if w.p.down.Load() != nil {
		w.p.down.Store(nil)
	}
	return nil
}

func (w *worker) receive() (any, error) {
	reply, err := w.conn.Receive()
	if e, ok := err.(redis.Error); ok {
		return e, nil
	}
	return reply, err
}

func (w *worker) withSource() error {
	fail := func(err error) error {
		for _, a := range w.again {
			a.r.err = err
		}
		return err
	}
	for _, a := range w.again {
		c := a.r.commands[a.i]
		if err := w.conn.Send("EVAL", append([]any{c.script.source}, c.args[1:]...)...); err != nil {
			return fail(err)
		}
	}
	if err := w.conn.Flush(); err != nil {
		return fail(err)
	}
	for _, a := range w.again {
		reply, err := w.receive()
		if err != nil {
			return fail(err)
		}
		a.r.replies[a.i] = reply
	}
	return nil
}

// recover connects anew after a failure. If that does not work at once, or
// Redis was silent, calls fail at once until it does.
func (w *worker) recover(cause error) {
	w.drop()
	w.p.broke.Store(time.Now().UnixNano())
	if silent(cause) {
		w.p.down.Store(&cause)
	}
	for {
		err := w.connect()
		if err == nil {
			_, err = w.conn.Do("PING")
		}
		if err == nil {
			w.p.down.Store(nil)
			return
		}
		w.drop()
		w.p.down.Store(&err)
		select {
		case <-w.p.closed:
			return
		case <-time.After(retryEvery):
		}
	}
}

// silent says whether an error means that there was no answer in time.
func silent(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &n) && n.Timeout()
}

// busy are the beginnings of answers that say that Redis cannot serve now.
var busy = []string{"LOADING", "MISCONF", "OOM", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "BUSY",
	"NOREPLICAS", "NOSCRIPT", "NOAUTH", "WRONGPASS", "NOPERM", "EXECABORT"}

// failed makes an error of an answer that is one.
func failed(reply any) error {
	e, ok := reply.(redis.Error)
	if !ok {
		return nil
	}
	for _, b := range busy {
		if strings.HasPrefix(string(e), b) || strings.Contains(string(e), " "+b+" ") {
			return unavailable(e)
		}
	}
	return fmt.Errorf("redis answered with an error: %w", e)
}
