package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/devserver/embedredis"
	"journey/profiles/store"
)

// server is a redis-server of a test.
type server struct {
	t      testing.TB
	dir    string
	socket string
	args   []string
	cmd    *exec.Cmd
}

// startServer starts a redis-server of its own; the test is skipped where
// there is none.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on the PATH")
	}
	dir, err := os.MkdirTemp("", "store") // short: paths of sockets end at some 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{t: t, dir: dir, socket: filepath.Join(dir, "s"), args: append([]string{path}, args...)}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	args := append([]string{"--port", "0", "--unixsocket", s.socket, "--dir", s.dir, "--save", ""}, s.args[1:]...)
	s.cmd = exec.Command(s.args[0], args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Helper()
	eventually(s.t, "redis-server answers", func() bool {
		c, err := redis.Dial("unix", s.socket)
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.Do("PING")
		return err == nil
	})
}

func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *server) url() string { return "unix://" + s.socket }

// conn is a connection past the store.
func (s *server) conn() redis.Conn {
	c, err := redis.Dial("unix", s.socket)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("it never came that %s", what)
}

// env is a store in a test.
type env struct {
	*store.Store
	c   redis.Conn // past the store
	url string
}

// both runs a test on a real server and on the one inside the process.
func both(t *testing.T, f func(t *testing.T, s *env)) {
	t.Run("server", func(t *testing.T) {
		r := startServer(t)
		f(t, &env{open(t, r.url()), r.conn(), r.url()})
	})
	t.Run("in process", func(t *testing.T) {
		r, err := embedredis.Start(ctx, embedredis.Options{Kind: embedredis.InProcess})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Stop() })
		c, err := r.Dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		f(t, &env{open(t, r.URL()), c, r.URL()})
	})
}

func open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprint("must: ", err))
	}
	return v
}
