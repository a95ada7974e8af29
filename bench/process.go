package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that was started for the measurement.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Reader // its standard output
	errs  *tail
	done  chan struct{}
	role  bool // of this binary
}

// tail keeps the beginning of what a child complains about.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.b.Len() < 8<<10 {
		t.b.Write(p)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

func start(name string, args ...string) (*child, error) {
	c := &child{cmd: exec.Command(name, args...), errs: &tail{}, done: make(chan struct{})}
	c.cmd.Stderr = c.errs
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.lines = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(name), err)
	}
	go func() {
		_, _ = c.cmd.Process.Wait()
		close(c.done)
	}()
	return c, nil
}

// role starts this binary again in another role. It ends when its standard
// input does, so that none is left when the measurement dies.
func role(name string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c, err := start(self, append([]string{"role", name}, args...)...)
	if err == nil {
		c.role = true
	}
	return c, err
}

// server starts a role that serves, and answers its address.
func server(name string, args ...string) (*child, string, error) {
	c, err := role(name, args...)
	if err != nil {
		return nil, "", err
	}
	line, err := c.lines.ReadString('\n')
	if err != nil {
		c.kill()
		return nil, "", fmt.Errorf("%s does not start: %s", name, c.errs)
	}
	return c, strings.TrimSpace(line), nil
}

// end ends the child in good order; kill does not.
func (c *child) end() {
	_ = c.stdin.Close()
	if !c.role {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
	}
	select {
	case <-c.done:
	case <-time.After(20 * time.Second):
		c.kill()
	}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// cpu is the processor time that living processes have taken, in seconds.
func cpu(cs ...*child) float64 {
	sum := 0.0
	for _, c := range cs {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
		if err != nil {
			return 0 // not Linux: the figure is left out
		}
		// The fields after the name in parentheses, which may hold anything:
		// 14 and 15 of all are user and system time in hundredths of a second.
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		for _, f := range fields[11:13] {
			n, _ := strconv.ParseFloat(f, 64)
			sum += n / 100
		}
	}
	return sum
}

// redisServer starts a redis-server as production has it: an append-only file
// that is synced every second. Rewriting the file is left out, since it would
// fall on one side or the other by chance.
func redisServer(dir string) (*child, string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", err
	}
	port, err := freePort()
	if err != nil {
		return nil, "", err
	}
	c, err := start("redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0")
	if err != nil {
		return nil, "", fmt.Errorf("%w (it must be on the PATH)", err)
	}
	go io.Copy(io.Discard, c.lines)
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	err = eventually(10*time.Second, "redis-server answers", func() error {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
	if err != nil {
		c.kill()
		return nil, "", err
	}
	return c, "redis://" + addr, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// eventually waits for something to be so.
func eventually(within time.Duration, what string, is func() error) error {
	for deadline := time.Now().Add(within); ; {
		err := is()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s: %w", what, within, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// untilStdinEnds is how long a role lives.
func untilStdinEnds() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel(errors.New("the measurement is over"))
	}()
	return ctx
}
