package embedredis_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/devserver/embedredis"
)

// inProcess starts one in memory and connects.
func inProcess(t *testing.T) (*embedredis.Redis, redis.Conn) {
	t.Helper()
	r := begin(t, embedredis.Options{Kind: embedredis.InProcess})
	return r, dial(t, r)
}

func TestInProcessInMemory(t *testing.T) {
	r, conn := inProcess(t)
	if r.Durable() || r.Kind() != embedredis.InProcess {
		t.Errorf("durable %v, kind %s", r.Durable(), r.Kind())
	}
	do(t, conn, "SET", "k", "v")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Do("GET", "k"); err == nil {
		t.Error("it answers after Stop")
	}
	if _, err := os.Stat(filepath.Dir(r.Address())); !os.IsNotExist(err) {
		t.Errorf("the socket's folder is still there: %v", err)
	}
}

func TestTime(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		conn := dial(t, begin(t, embedredis.Options{Kind: kind}))
		now := func(v any, err error) time.Time {
			t.Helper()
			parts, err := redis.Int64s(v, err)
			if err != nil || len(parts) != 2 {
				t.Fatalf("TIME answers %v, %v", parts, err)
			}
			return time.Unix(parts[0], parts[1]*1000)
		}
		for name, ask := range map[string]func() (any, error){
			"TIME": func() (any, error) { return conn.Do("TIME") },
			"a script's TIME": func() (any, error) {
				return conn.Do("EVAL", "return redis.call('TIME')", 0)
			},
			"a transaction's TIME": func() (any, error) {
				conn.Do("MULTI")
				conn.Do("TIME")
				v, err := redis.Values(conn.Do("EXEC"))
				if err != nil {
					return nil, err
				}
				return v[0], nil
			},
		} {
			before := time.Now().Truncate(time.Millisecond)
			got := now(ask())
			if got.Before(before) || got.After(time.Now().Add(time.Millisecond)) {
				t.Errorf("%s is %s, between %s and %s", name, got, before, time.Now())
			}
		}
		id := do(t, conn, "XADD", "s", "*", "k", "v")
		ms, _ := strconv.ParseInt(strings.Split(id, "-")[0], 10, 64)
		if d := time.Since(time.UnixMilli(ms)); d < 0 || d > time.Second {
			t.Errorf("XADD made the id %s, %s ago", id, d)
		}
	})
}

// TestExpiry sets lives in every way: nothing goes early, all goes in time, and a
// restart in the middle changes nothing.
func TestExpiry(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		o := embedredis.Options{Kind: kind, Dir: t.TempDir()}
		r := begin(t, o)
		conn := dial(t, r)
		const ms = 1200
		at := time.Now().UnixMilli() + ms
		do(t, conn, "SET", "px", 1, "PX", ms)
		do(t, conn, "SET", "pxat", 1, "PXAT", at)
		do(t, conn, "SET", "ex", 1, "EX", 2)
		do(t, conn, "PSETEX", "psetex", ms, 1)
		for _, key := range []string{"pexpire", "pexpireat", "script", "getex", "multi", "kept", "persisted"} {
			do(t, conn, "SET", key, 1)
		}
		do(t, conn, "PEXPIRE", "pexpire", ms)
		do(t, conn, "PEXPIREAT", "pexpireat", at)
		do(t, conn, "EVAL", "return redis.call('PEXPIRE', KEYS[1], ARGV[1])", 1, "script", ms)
		do(t, conn, "GETEX", "getex", "PX", ms)
		do(t, conn, "MULTI")
		do(t, conn, "PEXPIRE", "multi", ms)
		do(t, conn, "EXEC")
		do(t, conn, "PEXPIRE", "persisted", ms)
		do(t, conn, "PERSIST", "persisted")
		if ttl, _ := strconv.Atoi(do(t, conn, "PTTL", "px")); ttl < ms-200 || ttl > ms {
			t.Errorf("PTTL says %d of %d", ttl, ms)
		}
		if ttl := do(t, conn, "TTL", "ex"); ttl != "2" {
			t.Errorf("TTL says %s", ttl)
		}
		if got := do(t, conn, "PEXPIRETIME", "pexpireat"); got != fmt.Sprint(at) {
			t.Errorf("PEXPIRETIME says %s, want %d", got, at)
		}
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		conn = dial(t, begin(t, o))
		if ttl, _ := strconv.Atoi(do(t, conn, "PTTL", "px")); ttl <= 0 || ttl > ms {
			t.Errorf("after a restart PTTL says %d of %d", ttl, ms)
		}
		mortal := map[string]bool{"px": true, "pxat": true, "ex": true, "psetex": true, "pexpire": true,
			"pexpireat": true, "script": true, "getex": true, "multi": true}
		await(t, "the end of all keys", func() bool {
			for key := range mortal {
				if do(t, conn, "EXISTS", key) == "1" {
					continue
				}
				if now := time.Now().UnixMilli(); now < at {
					t.Errorf("%s went %d ms early", key, at-now)
				}
				delete(mortal, key)
			}
			return len(mortal) == 0
		})
		if late := time.Now().UnixMilli() - at; late > 1800 { // "ex" lives 2 s
			t.Errorf("the last went %d ms late", late)
		}
		if got := do(t, conn, "DBSIZE"); got != "2" {
			t.Errorf("%s keys are left, want kept and persisted", got)
		}
	})
}

// TestExpiryIsReplayed lets a lease run out and be taken again and again: what
// was answered then must hold after a restart, whatever the time is now.
func TestExpiryIsReplayed(t *testing.T) {
	o := embedredis.Options{Kind: embedredis.InProcess, Dir: t.TempDir()}
	r := begin(t, o)
	conn := dial(t, r)
	for owner := 0; owner < 8; {
		if do(t, conn, "SET", "lease", owner, "NX", "PX", 15) == "OK" {
			do(t, conn, "RPUSH", "owners", owner)
			owner++
		}
	}
	do(t, conn, "SET", "lease", "last", "KEEPTTL")
	do(t, conn, "PERSIST", "lease")
	want := dump(t, conn)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, dial(t, begin(t, o))); got != want {
		t.Errorf("after a restart the data are\n%s\nwant\n%s", got, want)
	}
}

func TestTransactions(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		o := embedredis.Options{Kind: kind, Dir: t.TempDir()}
		r := begin(t, o)
		conn, other := dial(t, r), dial(t, r)
		if _, err := conn.Do("EXEC"); err == nil {
			t.Error("EXEC without MULTI is accepted")
		}
		sha := do(t, conn, "SCRIPT", "LOAD", "return redis.call('INCR', KEYS[1])")
		do(t, conn, "MULTI")
		do(t, conn, "SET", "a", 1)
		do(t, conn, "EVALSHA", sha, 1, "a")
		do(t, conn, "GET", "a")
		do(t, conn, "PTTL", "a")
		if got := do(t, other, "EXISTS", "a"); got != "0" {
			t.Error("what is queued is seen by others")
		}
		if got := do(t, conn, "EXEC"); got != "[OK 2 2 -1]" {
			t.Errorf("EXEC answers %s", got)
		}
		// A watched key that changes.
		do(t, conn, "WATCH", "a")
		do(t, conn, "MULTI")
		do(t, conn, "SET", "a", "mine")
		do(t, other, "SET", "a", "theirs")
		if got := do(t, conn, "EXEC"); got != "nil" {
			t.Errorf("EXEC on a changed key answers %s", got)
		}
		// A mistake in the middle, and giving up.
		do(t, conn, "MULTI")
		do(t, conn, "SET", "b", 1)
		if _, err := conn.Do("NOSUCH"); err == nil {
			t.Error("an unknown command is queued")
		}
		if _, err := conn.Do("EXEC"); err == nil || !strings.HasPrefix(err.Error(), "EXECABORT") {
			t.Errorf("EXEC after a mistake: %v", err)
		}
		do(t, conn, "WATCH", "a")
		do(t, conn, "MULTI")
		do(t, conn, "SET", "b", 1)
		do(t, conn, "DISCARD")
		do(t, other, "SET", "a", "again")
		do(t, conn, "MULTI")
		do(t, conn, "SET", "c", 1)
		if got := do(t, conn, "EXEC"); got != "[OK]" {
			t.Errorf("DISCARD did not unwatch: %s", got)
		}
		want := dump(t, conn)
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, dial(t, begin(t, o))); got != want || strings.Contains(got, "string b ") {
			t.Errorf("after a restart the data are\n%s\nwant\n%s", got, want)
		}
	})
}

func TestWaitingReads(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		o := embedredis.Options{Kind: kind, Dir: t.TempDir()}
		r := begin(t, o)
		conn, other := dial(t, r), dial(t, r)
		do(t, conn, "XADD", "s", "1-1", "k", "old")
		do(t, conn, "XGROUP", "CREATE", "s", "g", "$")
		began := time.Now()
		if got := do(t, conn, "XREAD", "BLOCK", 30, "STREAMS", "s", "$"); got != "nil" {
			t.Errorf("nothing was read as %s", got)
		}
		if d := time.Since(began); d < 30*time.Millisecond || d > 5*time.Second {
			t.Errorf("it waited %s", d)
		}
		for _, read := range [][]any{
			{"XREAD", "BLOCK", 0, "STREAMS", "s", "$"},
			{"XREADGROUP", "GROUP", "g", "me", "COUNT", 1, "BLOCK", 10000, "STREAMS", "s", ">"},
		} {
			answered := make(chan string)
			go func() {
				// What stands before it in the pipeline is answered at once.
				conn.Send("PING")
				conn.Send(read[0].(string), read[1:]...)
				conn.Flush()
				pong, err := conn.Receive()
				answered <- fmt.Sprintf("%v %v", pong, err)
				v, err := conn.Receive()
				answered <- fmt.Sprintf("%s %v", show(v), err)
			}()
			if got := <-answered; got != "PONG <nil>" {
				t.Errorf("PING before %v answers %s", read, got)
			}
			id := do(t, other, "XADD", "s", "*", "k", "new")
			if got := <-answered; !strings.Contains(got, id) {
				t.Errorf("%v answers %s, want %s", read, got, id)
			}
			// The group has nothing more to read.
			do(t, other, "XREADGROUP", "GROUP", "g", "me", "STREAMS", "s", ">")
		}
		if pending := do(t, conn, "XPENDING", "s", "g"); !strings.HasPrefix(pending, "[2 ") {
			t.Errorf("pending: %s", pending)
		}
		want := dump(t, conn)
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, dial(t, begin(t, o))); got != want {
			t.Errorf("after a restart the data are\n%s\nwant\n%s", got, want)
		}
	})
}

// TestIdle checks that the time an entry is pending is known without any key
// that expires.
func TestIdle(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		conn := dial(t, begin(t, embedredis.Options{Kind: kind}))
		do(t, conn, "XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
		do(t, conn, "XADD", "s", "1-1", "k", "v")
		do(t, conn, "XREADGROUP", "GROUP", "g", "lost", "STREAMS", "s", ">")
		if got := do(t, conn, "XAUTOCLAIM", "s", "g", "me", 60000, "0"); strings.Contains(got, "1-1") {
			t.Errorf("a fresh entry is claimed: %s", got)
		}
		await(t, "an idle entry", func() bool {
			return strings.Contains(do(t, conn, "XAUTOCLAIM", "s", "g", "me", 50, "0"), "1-1")
		})
	})
}

func TestWaitingClientThatLeaves(t *testing.T) {
	r, conn := inProcess(t)
	do(t, conn, "XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
	leaver := dial(t, r)
	leaver.Send("XREADGROUP", "GROUP", "g", "leaver", "BLOCK", 0, "STREAMS", "s", ">")
	leaver.Flush()
	leaver.Close()
	// Its place is given up by itself: the entry comes to another.
	await(t, "an entry for who stays", func() bool {
		do(t, conn, "XADD", "s", "*", "k", "v")
		return do(t, conn, "XREADGROUP", "GROUP", "g", "me", "STREAMS", "s", ">") != "nil"
	})
}

func TestScripts(t *testing.T) {
	r, conn := inProcess(t)
	if _, err := conn.Do("EVALSHA", strings.Repeat("0", 40), 0); err == nil || !strings.HasPrefix(err.Error(), "NOSCRIPT") {
		t.Errorf("an unknown script: %v", err)
	}
	if _, err := conn.Do("EVAL", "this is not Lua", 0); err == nil {
		t.Error("a broken script is accepted")
	}
	sha := do(t, conn, "SCRIPT", "LOAD", "return ARGV[1]")
	if got := do(t, conn, "EVALSHA", strings.ToUpper(sha), 0, "x"); got != "x" {
		t.Errorf("EVALSHA answers %s", got)
	}
	if got := do(t, conn, "SCRIPT", "EXISTS", sha); got != "[1]" {
		t.Errorf("SCRIPT EXISTS answers %s", got)
	}
	do(t, conn, "SCRIPT", "FLUSH")
	if _, err := conn.Do("EVALSHA", sha, 0, "x"); err == nil {
		t.Error("a script survived SCRIPT FLUSH")
	}
	if got := do(t, conn, "EVAL_RO", "return redis.call('GET', KEYS[1])", 1, "k"); got != "nil" {
		t.Errorf("EVAL_RO answers %s", got)
	}
	if _, err := conn.Do("EVAL_RO", "return redis.call('SET', KEYS[1], 'v')", 1, "k"); err == nil {
		t.Error("EVAL_RO writes")
	}
	for _, text := range []string{
		"return redis.call('SRANDMEMBER', 's')",
		"return redis.call('SPOP', 's')",
		"return redis.call('XREAD', 'BLOCK', '0', 'STREAMS', 's', '0')",
	} {
		if _, err := conn.Do("EVAL", text, 0); err == nil || !strings.Contains(err.Error(), "not offered") {
			t.Errorf("%s: %v", text, err)
		}
	}
	_ = r
}

func TestRefusedAndSettings(t *testing.T) {
	_, conn := inProcess(t)
	for _, c := range []string{"SUBSCRIBE", "MONITOR", "BLPOP", "SPOP", "PFADD", "RESTORE"} {
		if _, err := conn.Do(c, "k", "v", 1); err == nil || !strings.Contains(err.Error(), "not offered") {
			t.Errorf("%s: %v", c, err)
		}
	}
	got, err := redis.StringMap(conn.Do("CONFIG", "GET", "maxmemory-policy", "appendonly", "nonsense"))
	if err != nil || len(got) != 2 || got["maxmemory-policy"] != "noeviction" || got["appendonly"] != "no" {
		t.Errorf("CONFIG GET answers %v, %v", got, err)
	}
	if pid := serverPid(conn); pid != os.Getpid() {
		t.Errorf("INFO says process %d", pid)
	}
	if _, err := conn.Do("SELECT", 99); err == nil {
		t.Error("database 99 is accepted")
	}
}

func TestDatabases(t *testing.T) {
	o := embedredis.Options{Kind: embedredis.InProcess, Dir: t.TempDir(), CompactAt: 1}
	r := begin(t, o)
	conn := dial(t, r)
	do(t, conn, "SET", "k", "zero")
	do(t, conn, "SELECT", 3)
	do(t, conn, "SET", "k", "three")
	r.Stop()
	conn = dial(t, begin(t, o))
	if got := do(t, conn, "GET", "k"); got != "zero" {
		t.Errorf("database 0 has %s", got)
	}
	do(t, conn, "SELECT", 3)
	if got := do(t, conn, "GET", "k"); got != "three" {
		t.Errorf("database 3 has %s", got)
	}
}

// TestPipeline sends much at once and reads nothing before all is sent.
func TestPipeline(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		conn := dial(t, begin(t, embedredis.Options{Kind: kind, Dir: t.TempDir()}))
		const n = 2000
		big := strings.Repeat("x", 700)
		go func() {
			for i := range n {
				conn.Send("RPUSH", "l", fmt.Sprint(i, big))
			}
			conn.Flush()
		}()
		for i := range n {
			if got, err := redis.Int(conn.Receive()); err != nil || got != i+1 {
				t.Fatalf("answer %d is %d, %v", i, got, err)
			}
		}
	})
}

// TestRawBytes speaks as a person at a terminal and as a broken client do.
func TestRawBytes(t *testing.T) {
	r, _ := inProcess(t)
	for _, tc := range []struct{ send, want string }{
		{"PING\r\n", "+PONG\r\n"},
		{"\r\n\r\nPING\r\n", "+PONG\r\n"},
		{"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n", "+PONG\r\n+PONG\r\n"},
		{"*1\r\n$4\r\nPI", ""},
		{"*1\r\nPING\r\n", "-ERR protocol error"},
		{"*99999999\r\n", "-ERR protocol error"},
		{"*1\r\n$-5\r\n", "-ERR protocol error"},
		{"PING\r\n*x\r\n", "+PONG\r\n-ERR protocol error"},
		{"QUIT\r\n", "+OK\r\n"},
	} {
		conn, err := net.Dial(r.Network(), r.Address())
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(tc.send))
		conn.(*net.UnixConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		var got []byte
		for {
			b := make([]byte, 1024)
			n, err := conn.Read(b)
			got = append(got, b[:n]...)
			if err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%q: the connection stays open", tc.send)
				}
				break
			}
		}
		if !strings.HasPrefix(string(got), tc.want) || (tc.want == "" && len(got) > 0) {
			t.Errorf("%q answers %q, want %q", tc.send, got, tc.want)
		}
		conn.Close()
	}
}

func TestLongFolder(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		dir := filepath.Join(t.TempDir(), strings.Repeat("long/", 30))
		r := begin(t, embedredis.Options{Kind: kind, Dir: dir})
		if len(r.Address()) > 100 {
			t.Errorf("the socket's path has %d bytes", len(r.Address()))
		}
		do(t, dial(t, r), "SET", "k", "v")
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Dir(r.Address())); !os.IsNotExist(err) {
			t.Errorf("the socket's folder is still there: %v", err)
		}
		if got := do(t, dial(t, begin(t, embedredis.Options{Kind: kind, Dir: dir})), "GET", "k"); got != "v" {
			t.Errorf("after a restart it has %q", got)
		}
	})
}
