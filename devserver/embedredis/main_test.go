package embedredis_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/devserver/embedredis"
)

// The test binary is also the process that is killed: these say as what.
const (
	envRole = "EMBEDREDIS_TEST_ROLE" // "writer" or "holder"
	envKind = "EMBEDREDIS_TEST_KIND"
	envDir  = "EMBEDREDIS_TEST_DIR"
	envAcks = "EMBEDREDIS_TEST_ACKS" // file for what was acknowledged
)

func TestMain(m *testing.M) {
	switch os.Getenv(envRole) {
	case "writer":
		fail(write(os.Getenv(envDir), embedredis.Kind(os.Getenv(envKind)), os.Getenv(envAcks)))
	case "holder":
		fail(hold(os.Getenv(envDir)))
	}
	os.Exit(m.Run())
}

func fail(err error) {
	fmt.Println("failed:", err)
	os.Exit(1)
}

// hold starts a redis-server, says its process id and waits to be killed.
func hold(dir string) error {
	r, err := embedredis.Start(context.Background(), embedredis.Options{Kind: embedredis.Server, Dir: dir, Logger: silent})
	if err != nil {
		return err
	}
	conn, err := r.Dial(context.Background())
	if err != nil {
		return err
	}
	if _, err := conn.Do("SET", "held", "yes"); err != nil {
		return err
	}
	fmt.Println(serverPid(conn))
	select {}
}

// child runs the test binary in a role; it is killed when the test ends.
func child(t *testing.T, role string, kind embedredis.Kind, dir, acks string) (*exec.Cmd, io.Reader) {
	t.Helper()
	needs(t, kind)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"="+role, envKind+"="+string(kind), envDir+"="+dir, envAcks+"="+acks)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, out
}

var silent = slog.New(slog.DiscardHandler)

var kinds = []embedredis.Kind{embedredis.Server, embedredis.InProcess}

// eachKind runs a test with both kinds.
func eachKind(t *testing.T, f func(t *testing.T, kind embedredis.Kind)) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			needs(t, kind)
			f(t, kind)
		})
	}
}

// needs skips a test whose kind of Redis is not installed.
func needs(t *testing.T, kind embedredis.Kind) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); kind == embedredis.Server && err != nil {
		t.Skip("no redis-server on the PATH")
	}
}

// begin starts a Redis that ends with the test.
func begin(t *testing.T, o embedredis.Options) *embedredis.Redis {
	t.Helper()
	needs(t, o.Kind)
	if o.Logger == nil {
		o.Logger = silent
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r, err := embedredis.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		if err := r.Err(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// dial opens a connection that is closed with the test.
func dial(t *testing.T, r *embedredis.Redis) redis.Conn {
	t.Helper()
	conn, err := r.Dial(context.Background(), redis.DialReadTimeout(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// do executes a command that must succeed and returns the answer as text.
func do(t *testing.T, conn redis.Conn, name string, args ...any) string {
	t.Helper()
	v, err := conn.Do(name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return show(v)
}

// show writes an answer as text.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case []byte:
		return string(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = show(e)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return fmt.Sprint(v)
}

// serverPid asks a redis-server for its process id.
func serverPid(conn redis.Conn) (pid int) {
	info, _ := redis.String(conn.Do("INFO", "server"))
	for line := range strings.Lines(info) {
		fmt.Sscanf(line, "process_id:%d", &pid)
	}
	return pid
}

// await waits for a condition.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// running reports whether a process is there and has not ended.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// dump writes all data as text, one line a key.
func dump(t *testing.T, conn redis.Conn) string {
	t.Helper()
	keys, err := redis.Strings(conn.Do("KEYS", "*"))
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(keys)
	var b strings.Builder
	for _, k := range keys {
		kind := do(t, conn, "TYPE", k)
		fmt.Fprintf(&b, "%s %s until %s: %s\n", kind, k, do(t, conn, "PEXPIRETIME", k), content(t, conn, kind, k))
	}
	return b.String()
}

func content(t *testing.T, conn redis.Conn, kind, key string) string {
	t.Helper()
	switch kind {
	case "string":
		return do(t, conn, "GET", key)
	case "hash":
		m, err := redis.StringMap(conn.Do("HGETALL", key))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(m)
	case "list":
		return do(t, conn, "LRANGE", key, 0, -1)
	case "set":
		members, err := redis.Strings(conn.Do("SMEMBERS", key))
		if err != nil {
			t.Fatal(err)
		}
		sort.Strings(members)
		return fmt.Sprint(members)
	case "zset":
		return do(t, conn, "ZRANGE", key, 0, -1, "WITHSCORES")
	case "stream":
		return do(t, conn, "XRANGE", key, "-", "+") + groups(t, conn, key)
	}
	t.Fatalf("type %s of %s", kind, key)
	return ""
}

// groups writes a stream's groups with what is pending, but for idle times.
func groups(t *testing.T, conn redis.Conn, key string) string {
	t.Helper()
	list, err := redis.Values(conn.Do("XINFO", "GROUPS", key))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, g := range list {
		fields := map[string]string{}
		for i, pairs := 0, g.([]any); i+1 < len(pairs); i += 2 {
			fields[show(pairs[i])] = show(pairs[i+1])
		}
		line := fmt.Sprintf(" group %s at %s", fields["name"], fields["last-delivered-id"])
		pending, err := redis.Values(conn.Do("XPENDING", key, fields["name"], "-", "+", 1000))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pending {
			e := p.([]any)
			line += fmt.Sprintf(" (%s %s ×%s)", show(e[0]), show(e[1]), show(e[3]))
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}
