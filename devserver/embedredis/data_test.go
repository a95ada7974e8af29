package embedredis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"
	"pgregory.net/rapid"

	"journey/devserver/embedredis"
)

// TestSameAsServerAndAfterRestart gives random commands to both kinds. The data
// must be equal, and the in-process Redis must have the same after it was stopped
// and started, with snapshots and without.
func TestSameAsServerAndAfterRestart(t *testing.T) {
	server := begin(t, embedredis.Options{Kind: embedredis.Server})
	real := dial(t, server)
	rapid.Check(t, func(rt *rapid.T) {
		do(t, real, "FLUSHALL")
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		o := embedredis.Options{Kind: embedredis.InProcess, Dir: dir, CompactAt: rapid.SampledFrom([]int64{0, 300}).Draw(rt, "compact")}
		g := generator{rt: rt, now: time.Now().UnixMilli()}
		for range rapid.IntRange(1, 3).Draw(rt, "starts") {
			r := begin(t, o)
			own := dial(t, r)
			for range rapid.IntRange(1, 25).Draw(rt, "commands") {
				for _, c := range g.unit() {
					want, wantErr := real.Do(c.name, c.args...)
					got, gotErr := own.Do(c.name, c.args...)
					if (wantErr == nil) != (gotErr == nil) || (c.equal && gotErr == nil && show(got) != show(want)) {
						rt.Fatalf("%s %v answers %s, %v; redis-server %s, %v", c.name, c.args, show(got), gotErr, show(want), wantErr)
					}
				}
			}
			if got, want := dump(t, own), dump(t, real); got != want {
				rt.Fatalf("the data are\n%s\nbut in redis-server\n%s", got, want)
			}
			own.Close()
			if err := r.Stop(); err != nil {
				rt.Fatal(err)
			}
		}
		r := begin(t, o)
		if got, want := dump(t, dial(t, r)), dump(t, real); got != want {
			rt.Fatalf("after a restart the data are\n%s\nbut in redis-server\n%s", got, want)
		}
		if err := r.Stop(); err != nil {
			rt.Fatal(err)
		}
	})
}

// call is a command; equal says that the answers of both kinds are to be equal.
type call struct {
	name  string
	args  []any
	equal bool
}

// generator makes random commands on few keys.
type generator struct {
	rt  *rapid.T
	now int64
	id  int
}

func (g *generator) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(g.rt, label)
}

func (g *generator) number(label string, to int) int {
	return rapid.IntRange(0, to).Draw(g.rt, label)
}

func (g *generator) value() string { return rapid.StringN(0, 8, 64).Draw(g.rt, "value") }

// unit makes commands that belong together: one, or a transaction.
func (g *generator) unit() []call {
	if g.number("unit", 9) > 0 {
		return []call{g.command()}
	}
	calls := []call{{name: "MULTI", equal: true}}
	for range 1 + g.number("queued", 3) {
		c := g.command()
		c.equal = true // QUEUED
		calls = append(calls, c)
	}
	if g.number("discard", 4) == 0 {
		return append(calls, call{name: "DISCARD", equal: true})
	}
	return append(calls, call{name: "EXEC"})
}

func (g *generator) command() call {
	member := g.pick("member", "a", "b", "c")
	plain := func(name string, args ...any) call { return call{name: name, args: args, equal: true} }
	switch g.number("command", 24) {
	case 0:
		return plain("SET", "string", g.value())
	case 1:
		return plain("SET", "string", g.value(), "PXAT", g.future())
	case 2:
		return plain("SET", "string", g.value(), g.pick("if", "NX", "XX"))
	case 3:
		return plain("SETNX", "string", g.value())
	case 4:
		return plain("INCRBY", "count", g.number("by", 10))
	case 5:
		return plain("HSET", "hash", member, g.value(), "z", g.value())
	case 6:
		return plain("HSETNX", "hash", member, g.value())
	case 7:
		return plain("HDEL", "hash", member)
	case 8:
		return plain("HINCRBY", "numbers", member, g.number("by", 10))
	case 9:
		return plain("SADD", "set", member, g.value())
	case 10:
		return plain("SREM", "set", member)
	case 11:
		return plain("ZADD", "zset", float64(g.number("score", 9))/2, member)
	case 12:
		return plain("ZREM", "zset", member)
	case 13:
		return plain("RPUSH", "list", g.value(), g.value())
	case 14:
		return plain("LPOP", "list")
	case 15:
		g.id++
		return plain("XADD", "stream", fmt.Sprintf("%d-1", g.id), "k", g.value())
	case 16:
		return plain("XDEL", "stream", fmt.Sprintf("%d-1", g.id-g.number("back", 3)))
	case 17:
		return plain("XTRIM", "stream", "MAXLEN", g.number("length", 5))
	case 18:
		return call{name: "XGROUP", args: []any{"CREATE", "stream", "group", "0-0", "MKSTREAM"}}
	case 19:
		return call{name: "XREADGROUP", args: []any{"GROUP", "group", member, "COUNT", 2, "STREAMS", "stream", ">"}}
	case 20:
		return call{name: "XACK", args: []any{"stream", "group", fmt.Sprintf("%d-1", g.id)}}
	case 21:
		return plain("DEL", g.pick("key", "string", "hash", "set", "zset", "list", "count", "numbers"))
	case 22:
		return plain("PEXPIREAT", g.pick("key", "string", "hash", "zset"), g.future())
	case 23:
		return plain("PERSIST", g.pick("key", "string", "hash", "zset"))
	}
	return g.script()
}

// future is an instant that does not come during the test.
func (g *generator) future() string {
	return strconv.FormatInt(g.now+1e9+int64(g.number("future", 1000)), 10)
}

// script makes a commit that may fail after its first write.
func (g *generator) script() call {
	text := `redis.call('HINCRBY', KEYS[1], 'n', 1)
if ARGV[1] == 'fail' then return redis.error_reply('REFUSED') end
if ARGV[1] == 'wrong' then redis.call('HSET', KEYS[2], 'f', 'v') end
redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ARGV[3])
return redis.call('HGET', KEYS[1], 'n')`
	return call{name: "EVAL", equal: true, args: []any{text, 2, "scripted", "string",
		g.pick("fate", "good", "fail", "wrong"), g.value(), g.future()}}
}

// commits writes n of them and returns the data after each.
func commits(t *testing.T, conn redis.Conn, n int) []string {
	t.Helper()
	states := []string{dump(t, conn)}
	for i := range n {
		do(t, conn, "EVAL", "redis.call('SET', KEYS[1], ARGV[1]) redis.call('RPUSH', KEYS[2], ARGV[1])", 2, "last", "all", i)
		states = append(states, dump(t, conn))
	}
	return states
}

// written makes a folder with n commits in the log and returns the log's path.
func written(t *testing.T, n int) (dir, log string, states []string) {
	t.Helper()
	dir = t.TempDir()
	r := begin(t, embedredis.Options{Kind: embedredis.InProcess, Dir: dir})
	states = commits(t, dial(t, r), n)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "00000001.log"), states
}

func TestCutTail(t *testing.T) {
	const n = 5
	_, log, states := written(t, n)
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	reached := 0
	for size := range len(whole) + 1 {
		if size > 40 && size%13 != 0 && size != len(whole) {
			continue
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(log)), whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		r := begin(t, embedredis.Options{Kind: embedredis.InProcess, Dir: dir})
		conn := dial(t, r)
		got := dump(t, conn)
		for reached < n && got == states[reached+1] {
			reached++
		}
		if got != states[reached] {
			t.Fatalf("cut at %d of %d bytes: the data are\n%s\nwhich is not what was after commit %d", size, len(whole), got, reached)
		}
		// It must go on from there.
		do(t, conn, "SET", "further", size)
		after := dump(t, conn)
		conn.Close()
		r.Stop()
		r = begin(t, embedredis.Options{Kind: embedredis.InProcess, Dir: dir})
		if got := dump(t, dial(t, r)); got != after {
			t.Fatalf("cut at %d bytes: after a write and a restart the data are\n%s\nwant\n%s", size, got, after)
		}
		r.Stop()
	}
	if reached != n {
		t.Errorf("of the whole log only %d commits were read", reached)
	}
}

func TestDamage(t *testing.T) {
	_, log, states := written(t, 5)
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	start := func(b []byte) (string, error) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(log)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := embedredis.Start(t.Context(), embedredis.Options{Kind: embedredis.InProcess, Dir: dir, Logger: silent})
		if err != nil {
			return "", err
		}
		defer r.Stop()
		return dump(t, dial(t, r)), nil
	}
	flipped := func(at int) []byte {
		b := append([]byte(nil), whole...)
		b[at] ^= 0x40
		return b
	}
	for _, at := range []int{0, 3, len(whole) / 2, len(whole) / 3} {
		_, err := start(flipped(at))
		if err == nil || !strings.Contains(err.Error(), "damaged at byte") || !strings.Contains(err.Error(), filepath.Base(log)) {
			t.Errorf("byte %d of %d damaged: %v", at, len(whole), err)
		}
	}
	if got, err := start(flipped(len(whole) - 1)); err != nil || got != states[4] {
		t.Errorf("the last record damaged: %v, data\n%s", err, got)
	}
	if got, err := start(append(append([]byte(nil), whole...), make([]byte, 5000)...)); err != nil || got != states[5] {
		t.Errorf("zeros at the end: %v, data\n%s", err, got)
	}
}

// TestSnapshotReplacesTheLog writes until three snapshots were made.
func TestSnapshotReplacesTheLog(t *testing.T) {
	dir := t.TempDir()
	o := embedredis.Options{Kind: embedredis.InProcess, Dir: dir, CompactAt: 10 << 10}
	r := begin(t, o)
	conn := dial(t, r)
	seen := map[string]bool{}
	snapshots := func() []string {
		files, err := filepath.Glob(filepath.Join(dir, "*.snap"))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	await(t, "three snapshots", func() bool {
		for i := range 100 {
			do(t, conn, "SET", i%10, strings.Repeat("x", 50))
		}
		for _, f := range snapshots() {
			seen[f] = true
		}
		return len(seen) >= 3
	})
	want := dump(t, conn)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if left := snapshots(); len(left) != 1 {
		t.Errorf("snapshots that are left: %v", left)
	}
	if _, err := os.Stat(filepath.Join(dir, "00000001.log")); !os.IsNotExist(err) {
		t.Errorf("the first part of the log is left: %v", err)
	}
	if got := dump(t, dial(t, begin(t, o))); got != want {
		t.Errorf("after a restart the data are\n%s\nwant\n%s", got, want)
	}
}

func TestMissingPartIsAnError(t *testing.T) {
	dir, log, _ := written(t, 2)
	if err := os.Rename(log, filepath.Join(dir, "00000003.log")); err != nil {
		t.Fatal(err)
	}
	_, err := embedredis.Start(t.Context(), embedredis.Options{Kind: embedredis.InProcess, Dir: dir, Logger: silent})
	if err == nil || !strings.Contains(err.Error(), "00000001.log is missing") {
		t.Errorf("error %v", err)
	}
}
