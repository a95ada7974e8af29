package embedredis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The server kind: a redis-server child.
//
// A child that keeps data is not tied to its parent's life. When the parent is
// killed the child goes on, and nothing hinders a second child on the same
// folder: it starts happily and both append to one file. So before a child is
// started, whoever still runs on the folder is looked for, by the socket and by
// the pid file: one that answers and works on this folder is adopted, any other
// is ended first.

const (
	pidFile = "redis.pid"
	logFile = "redis.log"
	// askedFile keeps the arguments a child was started with: it is adopted only
	// by those who ask for the same.
	askedFile = "redis.args"

	// stopPatience is how long a child may take to end; a rewrite of a large
	// file under way is given up by it at once, so only the flush is waited for.
	stopPatience = 10 * time.Second
	// maxLog is the size at which the child's log is begun anew at a start.
	maxLog = 1 << 20
)

// child is a running redis-server.
type child struct {
	dir    string // its working folder
	socket string
	short  string // folder of the socket when dir's path is too long
	temp   bool   // dir is ours to remove
	pid    int
	log    *slog.Logger

	once    sync.Once
	stopErr error
	ended   chan struct{} // closed when the process is gone
	mu      sync.Mutex
	stopped bool  // Stop was called
	endErr  error // why it ended by itself
}

// startServer adopts the child that runs on the folder, or starts one.
func startServer(ctx context.Context, o Options) (*Redis, error) {
	c := &child{dir: o.Dir, log: o.Logger, ended: make(chan struct{})}
	if o.Dir == "" {
		dir, err := os.MkdirTemp("", "journey-redis-")
		if err != nil {
			return nil, fmt.Errorf("folder for redis: %w", err)
		}
		if c.dir, err = prepareDir(dir); err != nil {
			return nil, err
		}
		c.temp = true
	}
	var err error
	if c.socket, c.short, err = socketPath(c.dir); err != nil {
		c.clean()
		return nil, err
	}
	r := &Redis{kind: Server, socket: c.socket, durable: !c.temp, running: c}
	args := c.arguments(o)
	if !c.temp {
		adopted, err := c.adopt(ctx, args)
		if err != nil {
			return nil, err
		}
		if adopted {
			go c.sync()
			return r, nil
		}
	}
	if err := c.start(ctx, o.ServerPath, args); err != nil {
		c.clean()
		return nil, err
	}
	if !c.temp {
		go c.sync()
	}
	return r, nil
}

// arguments are those of the child. The files' names are relative to its folder.
func (c *child) arguments(o Options) []string {
	appendonly := "yes"
	if c.temp {
		appendonly = "no"
	}
	args := []string{
		"--port", "0",
		"--unixsocket", c.socket,
		"--unixsocketperm", "700",
		"--dir", c.dir,
		"--pidfile", filepath.Join(c.dir, pidFile),
		"--logfile", filepath.Join(c.dir, logFile),
		"--daemonize", "no",
		"--save", "",
		"--appendonly", appendonly,
		"--appendfsync", "no", // see sync
		"--maxmemory-policy", "noeviction",
	}
	return append(args, o.ServerArgs...)
}

// start runs the program and waits until it answers.
func (c *child) start(ctx context.Context, path string, args []string) error {
	os.Remove(c.socket)
	logPath := filepath.Join(c.dir, logFile)
	var from int64 // where this start's lines begin
	if fi, err := os.Stat(logPath); err == nil {
		if from = fi.Size(); from > maxLog {
			os.Remove(logPath)
			from = 0
		}
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = childAttributes(c.temp)
	// What is wrong with its arguments it says before it opens its log. A pipe
	// would break when this process ends.
	said, err := os.OpenFile(logPath, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("log of redis-server: %w", err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	err = startTied(cmd, c.temp, c.exited)
	said.Close()
	if err != nil {
		return fmt.Errorf("start %s: %w", path, err)
	}
	c.mu.Lock()
	c.pid = cmd.Process.Pid
	c.mu.Unlock()
	if !c.temp {
		if err := os.WriteFile(filepath.Join(c.dir, askedFile), join(args), 0o600); err != nil {
			c.stop()
			return fmt.Errorf("keep the arguments of redis-server: %w", err)
		}
	}
	err = c.awaitReady(ctx)
	if err == nil {
		return nil
	}
	lines := c.lastLines(logPath, from)
	c.stop()
	return fmt.Errorf("redis-server on %s did not become ready: %w%s", c.dir, err, lines)
}

// sync brings what Redis has written to the disk, once a second, until it ends.
// Redis could do that by itself (`everysec`), but then it answers before it has
// written when the disk is slow, and its death costs what was answered. Told
// not to sync, it always writes first.
func (c *child) sync() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-c.ended:
			return
		case <-second.C:
		}
		dir := filepath.Join(c.dir, "appendonlydir")
		files, _ := os.ReadDir(dir)
		for _, file := range files {
			if f, err := os.OpenFile(filepath.Join(dir, file.Name()), os.O_WRONLY, 0); err == nil {
				_ = f.Sync() // what fails now is tried again in a second
				_ = f.Close()
			}
		}
	}
}

// awaitReady returns when the child answers PING, having read its data.
func (c *child) awaitReady(ctx context.Context) error {
	wait := time.Millisecond
	for {
		if err := ping(ctx, c.socket); err == nil {
			return nil
		}
		select {
		case <-c.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait = min(2*wait, 20*time.Millisecond)
		}
	}
}

// ping asks whether a Redis answers and has read its data.
func ping(ctx context.Context, socket string) error {
	conn, err := dialQuick(ctx, socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Do("PING")
	return err
}

// exited is called once when the process is gone.
func (c *child) exited(err error) {
	c.mu.Lock()
	if !c.stopped {
		c.endErr = fmt.Errorf("redis-server (pid %d, folder %s) ended by itself: %s", c.pid, c.dir, describeExit(err))
		c.log.Error("redis-server ended by itself", "pid", c.pid, "dir", c.dir, "cause", describeExit(err))
	}
	c.mu.Unlock()
	close(c.ended)
}

// describeExit puts the way a process ended into words.
func describeExit(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

func (c *child) done() <-chan struct{} { return c.ended }

func (c *child) err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endErr
}

// stop shuts the child down and waits for its end.
func (c *child) stop() error {
	c.once.Do(func() {
		c.mu.Lock()
		c.stopped = true
		c.mu.Unlock()
		c.stopErr = c.shutdown()
		c.clean()
	})
	return c.stopErr
}

// shutdown asks, then insists.
func (c *child) shutdown() error {
	select {
	case <-c.ended:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	if conn, err := dialQuick(ctx, c.socket); err == nil {
		// The answer to SHUTDOWN is the end of the connection.
		conn.Do("SHUTDOWN", "NOSAVE")
		conn.Close()
	} else {
		terminate(c.pid)
	}
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
	}
	kill(c.pid)
	<-c.ended
	return fmt.Errorf("redis-server (pid %d, folder %s) did not end within %s and was killed", c.pid, c.dir, stopPatience)
}

// clean removes what is of no use after the end.
func (c *child) clean() {
	if c.temp {
		os.RemoveAll(c.dir)
		return
	}
	os.Remove(c.socket)
	forgetShort(c.dir, c.short)
}

// lastLines are the child's words since an offset of its log, for an error.
func (c *child) lastLines(path string, from int64) string {
	b, err := os.ReadFile(path)
	if err != nil || int64(len(b)) <= from {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(b[from:])), "\n")
	if len(lines) > 4 {
		lines = lines[len(lines)-4:]
	}
	return "; its last words: " + strings.Join(lines, " / ")
}

// join makes one file of arguments.
func join(args []string) []byte { return []byte(strings.Join(args, "\x00")) }
