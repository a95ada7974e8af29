package embedredis_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"journey/devserver/embedredis"
)

func TestServerInMemory(t *testing.T) {
	began := time.Now()
	r := begin(t, embedredis.Options{Kind: embedredis.Server})
	t.Logf("ready after %s", time.Since(began))
	conn := dial(t, r)
	do(t, conn, "SET", "k", "v")
	pid := serverPid(conn)
	if r.Durable() || r.Kind() != embedredis.Server || r.Err() != nil {
		t.Errorf("durable %v, kind %s, err %v", r.Durable(), r.Kind(), r.Err())
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	<-r.Done()
	if running(pid) {
		t.Error("the redis-server still runs")
	}
	if _, err := os.Stat(filepath.Dir(r.Address())); !os.IsNotExist(err) {
		t.Errorf("its folder is still there: %v", err)
	}
}

// orphan starts a redis-server on a folder in a child, kills the child and
// returns the process id of the server.
func orphan(t *testing.T, dir string) int {
	t.Helper()
	cmd, out := child(t, "holder", embedredis.Server, dir, "")
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil || pid == 0 {
		t.Fatalf("the child did not say a process id: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	return pid
}

func TestServerInMemoryDiesWithItsParent(t *testing.T) {
	pid := orphan(t, "")
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
	await(t, "the end of the redis-server", func() bool { return !running(pid) })
}

func TestOrphan(t *testing.T) {
	// long makes the socket stand in a folder of its own.
	long := strings.Repeat("a-long-name/", 10)
	for _, tc := range []struct {
		name    string
		sub     string
		args    []string
		spoil   func(t *testing.T, pid int, dir string)
		adopted bool
	}{
		{name: "is adopted", adopted: true},
		{name: "is adopted by its distant socket", sub: long, adopted: true},
		{name: "with other arguments is ended", args: []string{"--hash-max-listpack-value", "512"}},
		{name: "that is frozen is ended", spoil: func(t *testing.T, pid int, dir string) {
			syscall.Kill(pid, syscall.SIGSTOP)
		}},
		{name: "without its socket is ended", spoil: func(t *testing.T, pid int, dir string) {
			os.Remove(filepath.Join(dir, "redis.sock"))
		}},
		{name: "that has died is replaced", spoil: func(t *testing.T, pid int, dir string) {
			syscall.Kill(pid, syscall.SIGKILL)
			await(t, "the end of the redis-server", func() bool { return !running(pid) })
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), tc.sub)
			pid := orphan(t, dir)
			t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
			if !running(pid) {
				t.Fatal("the redis-server did not outlive its parent")
			}
			if tc.spoil != nil {
				tc.spoil(t, pid, dir)
			}
			r := begin(t, embedredis.Options{Kind: embedredis.Server, Dir: dir, ServerArgs: tc.args})
			conn := dial(t, r)
			if got := serverPid(conn); (got == pid) != tc.adopted {
				t.Errorf("process %d, the orphan is %d, adopted should be %v", got, pid, tc.adopted)
			}
			if running(pid) != tc.adopted {
				t.Errorf("the orphan runs: %v", running(pid))
			}
			if got := do(t, conn, "GET", "held"); got != "yes" {
				t.Errorf("the data say %q", got)
			}
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
			if running(pid) {
				t.Error("the orphan outlived Stop")
			}
		})
	}
}

func TestServerEndsByItself(t *testing.T) {
	needs(t, embedredis.Server)
	r, err := embedredis.Start(context.Background(), embedredis.Options{Kind: embedredis.Server, Dir: t.TempDir(), Logger: silent})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	syscall.Kill(serverPid(dial(t, r)), syscall.SIGKILL)
	<-r.Done()
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err says %v", err)
	}
}

func TestServerThatCannotStart(t *testing.T) {
	needs(t, embedredis.Server)
	dir := t.TempDir()
	began := time.Now()
	_, err := embedredis.Start(context.Background(), embedredis.Options{
		Kind: embedredis.Server, Dir: dir, Logger: silent, ServerArgs: []string{"--maxmemory", "much"}})
	if err == nil || !strings.Contains(err.Error(), "maxmemory") {
		t.Errorf("the error does not say why: %v", err)
	}
	if time.Since(began) > 5*time.Second {
		t.Errorf("it took %s", time.Since(began))
	}
}

func TestNoServer(t *testing.T) {
	_, err := embedredis.Start(context.Background(), embedredis.Options{Kind: embedredis.Server, ServerPath: "no-such-redis-server"})
	if !errors.Is(err, embedredis.ErrNoServer) {
		t.Errorf("error %v", err)
	}
	r := begin(t, embedredis.Options{ServerPath: "no-such-redis-server"})
	if r.Kind() != embedredis.InProcess {
		t.Errorf("auto took %s", r.Kind())
	}
}

func TestKindsDoNotMixFolders(t *testing.T) {
	needs(t, embedredis.Server)
	for _, first := range kinds {
		for _, second := range kinds {
			dir := t.TempDir()
			if err := begin(t, embedredis.Options{Kind: first, Dir: dir}).Stop(); err != nil {
				t.Fatal(err)
			}
			r, err := embedredis.Start(context.Background(), embedredis.Options{Kind: second, Dir: dir, Logger: silent})
			if err == nil {
				r.Stop()
			}
			if (err == nil) != (first == second) {
				t.Errorf("%s after %s: %v", second, first, err)
			}
			if r := begin(t, embedredis.Options{Kind: embedredis.Auto, Dir: dir}); r.Kind() != first {
				t.Errorf("auto after %s took %s", first, r.Kind())
			}
		}
	}
}
