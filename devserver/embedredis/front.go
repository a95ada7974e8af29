package embedredis

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// The front of the in-process Redis: it owns the socket, reads commands, has them
// executed one after another under one lock, writes to the log what may have
// changed something, and only then answers. The order of the log is the order of
// execution.
//
// A connection's commands that have arrived together are executed together and
// make one write to the log.

const (
	// batchCommands and batchBytes bound what one connection does before the next
	// gets its turn.
	batchCommands = 128
	batchBytes    = 1 << 20

	// flushInterval is appendfsync everysec.
	flushInterval = time.Second

	// defaultCompactAt is Options.CompactAt when it is 0.
	defaultCompactAt = 64 << 20
	// replayBudget is the work of the log, as it took when it was done, that is
	// worth a snapshot; with large data it is a multiple of a snapshot's price.
	replayBudget    = 2 * time.Second
	replaySnapshots = 5

	// probeInterval is how often a client that waits is looked after.
	probeInterval = 500 * time.Millisecond
)

// front is the in-process Redis.
type front struct {
	dir       string // "" in memory
	short     string // folder of the socket when dir's path is too long
	temp      string // folder of the socket in memory
	log       *slog.Logger
	compactAt int64
	listener  net.Listener
	closing   chan struct{} // closed when the front is to end
	ended     chan struct{} // closed when it has ended
	once      sync.Once
	stopErr   error
	wg        sync.WaitGroup

	mu      sync.Mutex
	x       *mini
	journal *journal // nil in memory
	conns   map[net.Conn]bool
	changed chan struct{} // closed and made anew by every change
	broken  error         // why nothing more is executed
	saving  bool          // a snapshot is on its way to the disk
}

// startInProcess opens the log and the socket.
func startInProcess(ctx context.Context, o Options) (*Redis, error) {
	f := &front{
		dir: o.Dir, log: o.Logger, compactAt: o.CompactAt,
		closing: make(chan struct{}), ended: make(chan struct{}),
		conns: map[net.Conn]bool{}, changed: make(chan struct{}),
	}
	if f.compactAt == 0 {
		f.compactAt = defaultCompactAt
	}
	dir := o.Dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "journey-redis-"); err != nil {
			return nil, fmt.Errorf("folder for the redis socket: %w", err)
		}
		f.temp = dir
	}
	socket, short, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	f.short = short
	if err := f.open(ctx, socket); err != nil {
		f.wg.Wait()
		if f.journal != nil {
			f.journal.close()
		}
		if f.x != nil {
			f.x.close()
		}
		f.clean()
		return nil, err
	}
	return &Redis{kind: InProcess, socket: socket, durable: o.Dir != "", running: f}, nil
}

// open reads the data and begins to listen.
func (f *front) open(ctx context.Context, socket string) (err error) {
	now := time.Now().UnixMilli()
	if f.x, err = newMini(now); err != nil {
		return err
	}
	if f.dir != "" {
		if f.journal, err = openJournal(f.dir, f.x, f.log); err != nil {
			return err
		}
	}
	f.x.walk(now)
	if f.worthSnapshot() {
		f.snapshot()
	}
	os.Remove(socket)
	var lc net.ListenConfig
	if f.listener, err = lc.Listen(ctx, "unix", socket); err != nil {
		return fmt.Errorf("listen for redis: %w", err)
	}
	os.Chmod(socket, 0o700)
	f.wg.Go(f.accept)
	if f.journal != nil {
		f.wg.Go(func() { f.journal.flushEvery(flushInterval, f.closing, f.fail) })
	}
	return nil
}

func (f *front) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		select {
		case <-f.closing:
			conn.Close()
		default:
			f.conns[conn] = true
			f.wg.Go(func() { f.serve(conn) })
		}
		f.mu.Unlock()
	}
}

// serve reads a connection's commands and executes them until it ends.
func (f *front) serve(conn net.Conn) {
	c := &client{conn: conn}
	c.peer = server.NewPeer(bufio.NewWriter(&c.out))
	defer func() {
		conn.Close()
		f.mu.Lock()
		delete(f.conns, conn)
		f.mu.Unlock()
	}()
	for !c.quit {
		batch, err := c.next()
		if len(batch) > 0 && f.execute(c, batch) != nil {
			return
		}
		if err != nil {
			if errors.Is(err, errProtocol) {
				fmt.Fprintf(conn, "-ERR %v\r\n", err)
			}
			return
		}
	}
}

// execute runs a batch and answers it. An error ends the connection.
func (f *front) execute(c *client, batch [][]string) error {
	f.mu.Lock()
	for _, args := range batch {
		for {
			wait := f.handle(c, args)
			if wait == nil {
				break
			}
			if err := f.commit(c); err != nil { // what came before is answered first
				return err
			}
			if err := wait.on(c, f.closing); err != nil {
				return err
			}
			f.mu.Lock()
		}
		if c.quit {
			break
		}
	}
	return f.commit(c)
}

// commit writes the log, lets the next one in, and answers.
func (f *front) commit(c *client) error {
	err := f.broken
	if f.journal != nil && err == nil {
		if err = f.journal.write(); err != nil {
			f.breakLocked(err)
		} else if f.worthSnapshot() {
			f.snapshot()
		}
	}
	f.mu.Unlock()
	if err != nil {
		// Nobody may believe that what he sent was done.
		c.conn.SetWriteDeadline(time.Now().Add(time.Second))
		fmt.Fprintf(c.conn, "-MISCONF %v\r\n", err)
		go f.stop()
		return err
	}
	_, err = c.conn.Write(c.out.Bytes())
	if c.out.Cap() > batchBytes {
		c.out = bytes.Buffer{}
	}
	c.out.Reset()
	return err
}

// breakLocked lets nothing more be executed: what is in memory is ahead of the
// disk. The caller must have the front stop.
func (f *front) breakLocked(err error) {
	if f.broken == nil {
		f.broken = err
		f.log.Error("the in-process redis ends", "cause", err.Error())
	}
}

// fail ends the front because of an error outside a command.
func (f *front) fail(err error) {
	f.mu.Lock()
	f.breakLocked(err)
	f.mu.Unlock()
	go f.stop()
}

// handle executes one command, or queues it, or says what to wait for.
func (f *front) handle(c *client, args []string) *waiting {
	if f.broken != nil {
		return nil
	}
	name := strings.ToUpper(args[0])
	if c.tx != nil || name == "MULTI" || name == "EXEC" {
		f.transaction(c, name, args)
		return nil
	}
	switch name {
	case "BGREWRITEAOF":
		if f.journal != nil && !f.saving {
			f.snapshot()
		}
		c.peer.WriteInline("Background append only file rewriting started")
	case "CONFIG":
		f.config(c, args)
	case "INFO":
		c.peer.WriteBulk(infoText(os.Getpid(), f.journal != nil, f.saving))
	case "SCRIPT":
		f.script(c, args)
	case "SELECT":
		f.selectDB(c, args)
	case "XREAD", "XREADGROUP":
		if rest, ms, ok := blockOption(args[1:]); ok {
			return f.tryRead(c, name, rest, ms)
		}
		f.single(c, name, args)
	default:
		f.single(c, name, args)
	}
	c.peer.Flush()
	return nil
}

// single executes a command outside a transaction and puts it into the log.
func (f *front) single(c *client, name string, args []string) (answer []byte) {
	args, errText := f.withScript(name, args)
	if errText != "" {
		c.peer.WriteError(errText)
		c.peer.Flush()
		return nil
	}
	u := unit{db: c.db, commands: [][]string{args}}
	answer, took := f.run(c, &u)
	if c.peer.Closed() {
		c.quit = true
	}
	if f.mayChange(name, answer) {
		f.note(u, took)
	}
	return answer
}

// run executes a unit at the present instant and returns its answer, which is
// also in c.out.
func (f *front) run(c *client, u *unit) (answer []byte, took time.Duration) {
	began := time.Now()
	u.now = began.UnixMilli()
	if f.x.shouldWalk(u.now) {
		f.x.walk(u.now)
	}
	c.peer.Flush()
	start := c.out.Len()
	f.ready(c)
	f.x.run(c.peer, *u)
	c.peer.Flush()
	return c.out.Bytes()[start:], time.Since(began)
}

// ready makes miniredis know the peer, which it does at its first command.
func (f *front) ready(c *client) {
	if c.peer.Ctx == nil {
		start := c.out.Len()
		f.x.dispatch(c.peer, []string{"SELECT", strconv.Itoa(c.db)})
		c.peer.Flush()
		c.out.Truncate(start)
	}
}

// withScript makes the script of a command known and names it by its SHA-1, as
// it stands in the log. errText is the answer if that cannot be.
func (f *front) withScript(name string, args []string) (changed []string, errText string) {
	if len(args) < 3 {
		return args, ""
	}
	switch name {
	case "EVAL", "EVAL_RO":
		sha, err := f.x.load(args[1])
		if err != nil {
			return nil, err.Error()
		}
		changed = slices.Clone(args)
		changed[0], changed[1] = strings.Replace(name, "EVAL", "EVALSHA", 1), sha
		return changed, ""
	case "EVALSHA", "EVALSHA_RO":
		changed = slices.Clone(args)
		changed[1] = strings.ToLower(args[1])
		if _, ok := f.x.scripts[changed[1]]; !ok {
			return nil, "NOSCRIPT No matching script. Please use EVAL."
		}
		return changed, ""
	}
	return args, ""
}

// mayChange reports whether a command that was answered so may have changed
// something. Only a script can have before it fails.
func (f *front) mayChange(name string, answer []byte) bool {
	if unlogged[name] || f.x.srv.IsReadOnlyCommand(name) {
		return false
	}
	failed := len(answer) == 0 || answer[0] == '-'
	switch name {
	case "EVAL", "EVALSHA":
		return true
	case "XREADGROUP":
		return !failed && !isNil(answer)
	}
	return !failed
}

// isNil recognises the answer for nothing, in both versions of the protocol.
func isNil(answer []byte) bool {
	return bytes.HasPrefix(answer, []byte("*-1")) || bytes.HasPrefix(answer, []byte("$-1")) || bytes.HasPrefix(answer, []byte("_\r\n"))
}

// note puts a unit into the log and wakes those who wait for a change.
func (f *front) note(u unit, took time.Duration) {
	if f.journal != nil {
		f.journal.add(u, f.x, took)
	}
	close(f.changed)
	f.changed = make(chan struct{})
}
