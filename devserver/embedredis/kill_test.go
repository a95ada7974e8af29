package embedredis_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/devserver/embedredis"
)

// commitScript is like the commits of the real store: it checks, then raises a
// version, appends to a stream and notes the due instant, all or nothing.
var commitScript = redis.NewScript(3, `
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return redis.error_reply('CONFLICT') end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
redis.call('XADD', KEYS[2], '0-' .. ARGV[2], 'person', KEYS[1])
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[2])
return 'OK'`)

const writers = 4

// most is how many commits a process makes before it is killed.
var most = map[embedredis.Kind]int{embedredis.Server: 300, embedredis.InProcess: 80}

// write is the process that is killed: each writer commits one version after
// another and puts down what was acknowledged, in a file that outlives it.
func write(dir string, kind embedredis.Kind, acks string) error {
	r, err := embedredis.Start(context.Background(), embedredis.Options{Kind: kind, Dir: dir, Logger: silent, CompactAt: 128 << 10})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(acks, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	errs := make(chan error)
	for w := range writers {
		go func() { errs <- commitForEver(r, w, file) }()
	}
	return <-errs
}

func commitForEver(r *embedredis.Redis, w int, acks *os.File) error {
	conn, err := r.Dial(context.Background())
	if err != nil {
		return err
	}
	person := fmt.Sprintf("{p%d}person", w)
	conn.Do("HSETNX", person, "version", "0")
	version, err := redis.Int(conn.Do("HGET", person, "version"))
	if err != nil {
		return err
	}
	for {
		_, err := commitScript.Do(conn, person, fmt.Sprintf("{p%d}outbox", w), fmt.Sprintf("{p%d}due", w),
			version, version+1, strings.Repeat("x", 100+version%400))
		if err != nil {
			return err
		}
		version++
		if _, err := acks.WriteAt(fmt.Appendf(nil, "%9d\n", version), int64(w)*ackSize); err != nil {
			return err
		}
	}
}

// ackSize is what a writer has in the file of what was acknowledged: the newest
// version.
const ackSize = 10

func acknowledged(t *testing.T, path string) (newest [writers]int, total int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for w := 0; (w+1)*ackSize <= len(b); w++ {
		fmt.Sscan(strings.Trim(string(b[w*ackSize:(w+1)*ackSize]), "\x00"), &newest[w])
		total += newest[w]
	}
	return newest, total
}

func TestKilledTwentyTimes(t *testing.T) {
	eachKind(t, func(t *testing.T, kind embedredis.Kind) {
		t.Parallel()
		const kills = 20
		dir, acks := filepath.Join(t.TempDir(), "redis"), filepath.Join(t.TempDir(), "acks")
		seed := time.Now().UnixNano()
		random := rand.New(rand.NewSource(seed))
		t.Logf("seed %d", seed)
		for k := range kills {
			_, before := acknowledged(t, acks)
			cmd, out := child(t, "writer", kind, dir, acks)
			var once sync.Once
			var said string
			go func() { // what it says, if it fails
				s, _ := bufio.NewReader(out).ReadString('\n')
				once.Do(func() { said = s })
			}()
			want := before + 20 + random.Intn(most[kind])
			await(t, "commits of the child", func() bool {
				_, now := acknowledged(t, acks)
				return now >= want
			})
			server := serverOf(dir)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if server != 0 && k%2 == 0 { // every other time the redis-server too
				syscall.Kill(server, syscall.SIGKILL)
			}
			cmd.Wait()
			once.Do(func() {})
			if said != "" {
				t.Fatalf("the child said %q", said)
			}
		}
		newest, total := acknowledged(t, acks)
		r := begin(t, embedredis.Options{Kind: kind, Dir: dir})
		conn := dial(t, r)
		for w, acked := range newest {
			version, err := redis.Int(conn.Do("HGET", fmt.Sprintf("{p%d}person", w), "version"))
			if err != nil {
				t.Fatal(err)
			}
			// The commits that were under way at the kills may have been made.
			if version < acked || version > acked+1 {
				t.Errorf("writer %d: version %d, acknowledged %d", w, version, acked)
			}
			last := fmt.Sprintf("0-%d", version)
			if n := do(t, conn, "XLEN", fmt.Sprintf("{p%d}outbox", w)); n != fmt.Sprint(version) {
				t.Errorf("writer %d: %s entries in the outbox, want %d", w, n, version)
			}
			if got := do(t, conn, "XREVRANGE", fmt.Sprintf("{p%d}outbox", w), "+", "-", "COUNT", 1); !strings.HasPrefix(got, "[["+last+" ") {
				t.Errorf("writer %d: the newest entry is %s, want %s", w, got, last)
			}
			if n := do(t, conn, "ZCARD", fmt.Sprintf("{p%d}due", w)); n != fmt.Sprint(version) {
				t.Errorf("writer %d: %s due, want %d", w, n, version)
			}
		}
		t.Logf("%d commits acknowledged over %d kills: %v", total, kills, newest)
	})
}

// serverOf reads the process id of the redis-server of a folder; 0: none.
func serverOf(dir string) (pid int) {
	if b, err := os.ReadFile(filepath.Join(dir, "redis.pid")); err == nil {
		fmt.Sscan(string(b), &pid)
	}
	return pid
}
