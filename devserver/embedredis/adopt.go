package embedredis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// adopt looks for a child that another process left on this folder. It reports
// whether it took it over; one that it cannot use is ended first.
func (c *child) adopt(ctx context.Context, args []string) (bool, error) {
	pid, answers := c.leftPid(ctx)
	if pid == 0 {
		return false, nil
	}
	c.pid = pid
	why := errors.New("it does not answer")
	if answers {
		why = c.usable(ctx, args)
	}
	if why == nil {
		go c.watch()
		c.log.Info("went on with the redis-server that was left running", "pid", pid, "dir", c.dir)
		return true, nil
	}
	c.log.Info("ended the redis-server that was left running", "pid", pid, "dir", c.dir, "because", why.Error())
	c.stopped = true
	if !answers {
		kill(pid) // all that it acknowledged is in its file
	}
	go c.watch()
	if err := c.shutdown(); err != nil {
		c.log.Warn(err.Error())
	}
	c.stopped, c.ended = false, make(chan struct{})
	return false, nil
}

// leftPid finds the process that still works on this folder, 0 if there is none,
// and whether it answers. The socket tells the truth; the pid file helps where a
// process does not answer or its socket was removed.
func (c *child) leftPid(ctx context.Context) (pid int, answers bool) {
	if pid := askPid(ctx, c.socket); pid != 0 {
		return pid, true
	}
	b, err := os.ReadFile(filepath.Join(c.dir, pidFile))
	if err != nil {
		return 0, false
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 || !alive(pid) || !worksIn(pid, c.dir) {
		return 0, false
	}
	return pid, false
}

// askPid asks a Redis for its process id, which it tells while it loads too.
func askPid(ctx context.Context, socket string) int {
	conn, err := dialQuick(ctx, socket)
	if err != nil {
		return 0
	}
	defer conn.Close()
	info, err := redis.String(conn.Do("INFO", "server"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(line, "process_id:"); ok {
			pid, _ := strconv.Atoi(strings.TrimSpace(v))
			return pid
		}
	}
	return 0
}

// usable says what speaks against going on with the child that was left: nil is
// nothing.
func (c *child) usable(ctx context.Context, args []string) error {
	asked, err := os.ReadFile(filepath.Join(c.dir, askedFile))
	if err != nil || !bytes.Equal(asked, join(args)) {
		return errors.New("it was started with other arguments")
	}
	if err := c.awaitLoaded(ctx); err != nil {
		return fmt.Errorf("it does not answer: %w", err)
	}
	conn, err := dialQuick(ctx, c.socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, want := range [][2]string{{"dir", c.dir}, {"appendonly", "yes"}} {
		got, err := redis.StringMap(conn.Do("CONFIG", "GET", want[0]))
		if err != nil {
			return err
		}
		if got[want[0]] != want[1] {
			return fmt.Errorf("its %s is %s", want[0], got[want[0]])
		}
	}
	return nil
}

// awaitLoaded waits while the child that was left still reads its data.
func (c *child) awaitLoaded(ctx context.Context) error {
	for {
		err := ping(ctx, c.socket)
		if err == nil || !strings.HasPrefix(err.Error(), "LOADING") {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// watch waits for the end of a process that is not our child.
func (c *child) watch() {
	for alive(c.pid) {
		time.Sleep(50 * time.Millisecond)
	}
	c.exited(errors.New("cause unknown, it was another process's child"))
}
