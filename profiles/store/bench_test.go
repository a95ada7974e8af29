package store_test

import (
	"flag"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/gomodule/redigo/redis"

	"journey/profiles"
	"journey/profiles/store"
	"journey/profiles/store/pack/packtest"
)

var people = flag.Int("people", 10000, "how many people TestBytesPerPerson stores")

// TestBytesPerPerson prints what a person takes on a real server, by part.
// The bar is 3.5 KB, with 2.5 KB in sight.
func TestBytesPerPerson(t *testing.T) {
	r := startServer(t)
	s := only(open(t, r.url()))
	c := r.conn()
	used := func() int {
		info := must(redis.String(c.Do("INFO", "memory")))
		for line := range strings.Lines(info) {
			if v, ok := strings.CutPrefix(line, "used_memory:"); ok {
				return must(strconv.Atoi(strings.TrimSpace(v)))
			}
		}
		t.Fatal("redis does not tell its memory")
		return 0
	}
	if err := s.Learn(ctx, packtest.Names); err != nil {
		t.Fatal(err)
	}
	publish(t, s, "one")
	// Tables that are there once for all people grow first.
	for n := range *people {
		must(s.Point(ctx, []store.Pointer{{Identifier: profiles.Identifier{Trait: "x", Value: fmt.Sprint(n)}, Profile: "x"}}))
		if n >= 1000 {
			break
		}
	}
	start := used()
	const batch = 100
	size := 0
	for n := 0; n < *people; n += batch {
		var commits []store.Commit
		var points []store.Pointer
		for i := range batch {
			p := packtest.Person(uint64(n + i))
			for _, id := range p.Identifiers {
				points = append(points, store.Pointer{Identifier: id, Profile: p.ID})
			}
			commits = append(commits, store.Commit{Person: p, Release: 1, Switches: 0, Due: p.Moment})
		}
		must(s.Point(ctx, points))
		for _, got := range s.Commit(ctx, commits...) {
			if got.Err != nil {
				t.Fatal(got.Err)
			}
			size += got.Base.Size()
		}
	}
	each := (used() - start) / *people
	t.Logf("%d bytes per person, of which %d are the packed person", each, size / *people)
	parts := map[string]int{}
	for cursor := "0"; ; {
		reply := must(redis.Values(c.Do("SCAN", cursor, "COUNT", 1000)))
		for _, key := range must(redis.Strings(reply[1], nil)) {
			bytes := must(redis.Int(c.Do("MEMORY", "USAGE", key, "SAMPLES", 0)))
			switch {
			case strings.HasPrefix(key, "{i"):
				parts["identifiers"] += bytes
			case strings.HasSuffix(key, "due"):
				parts["moments"] += bytes
			case strings.HasPrefix(key, "{p") && key[6] == 'p':
				parts["people"] += bytes
			default:
				parts["other"] += bytes
			}
		}
		if cursor = must(redis.String(reply[0], nil)); cursor == "0" {
			break
		}
	}
	var names []string
	for name := range parts {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		t.Logf("%-12s %5d bytes", name, parts[name] / *people)
	}
	if each > 3500 {
		t.Errorf("a person takes %d bytes, at most 3500 are allowed", each)
	}
}

// cpu reports the processor time of this process and of the server for each
// operation: unlike the time that passes it says the same on a busy machine.
func cpu(b *testing.B, r *server) (report func()) {
	self := func() float64 {
		var u syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return float64(u.Utime.Nano() + u.Stime.Nano())
	}
	c := r.conn()
	redisTime := func() float64 {
		sum := 0.0
		for line := range strings.Lines(must(redis.String(c.Do("INFO", "cpu")))) {
			if name, v, _ := strings.Cut(strings.TrimSpace(line), ":"); name == "used_cpu_sys" || name == "used_cpu_user" {
				sum += must(strconv.ParseFloat(v, 64)) * 1e9
			}
		}
		return sum
	}
	own, its := self(), redisTime()
	return func() {
		b.StopTimer()
		b.ReportMetric((self()-own)/float64(b.N), "own-cpu-ns/op")
		b.ReportMetric((redisTime()-its)/float64(b.N), "redis-cpu-ns/op")
	}
}

// benchStore is a store on a real server with some people in it.
func benchStore(b *testing.B, n int) (*env, *server, []store.Commit) {
	r := startServer(b, "--appendonly", "yes", "--appendfsync", "everysec")
	s := only(open(b, r.url()))
	if err := s.Learn(ctx, packtest.Names); err != nil {
		b.Fatal(err)
	}
	publish(b, s, "one")
	commits := make([]store.Commit, n)
	for i := range commits {
		p := packtest.Person(uint64(i))
		commits[i] = store.Commit{Person: p, Release: 1, Switches: 0, Due: p.Moment}
		commits[i].Base = put(b, s, commits[i])
	}
	return s, r, commits
}

// BenchmarkCommit is the hot path: one commit of a person kept in memory, from
// many goroutines with people of their own.
func BenchmarkCommit(b *testing.B) {
	const writers = 32
	s, r, commits := benchStore(b, writers*30)
	b.ReportAllocs()
	b.ResetTimer()
	defer cpu(b, r)()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; left.Add(-1) >= 0; i++ {
				c := &commits[w*30+i%30]
				got := s.Commit(ctx, *c)
				if got[0].Err != nil {
					b.Error(got[0].Err)
					return
				}
				c.Base = got[0].Base
			}
		}()
	}
	wg.Wait()
}

// BenchmarkLoad is the cold path's first half.
func BenchmarkLoad(b *testing.B) {
	s, r, commits := benchStore(b, 1000)
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	defer cpu(b, r)()
	b.RunParallel(func(pb *testing.PB) {
		i := int(next.Add(1))
		for pb.Next() {
			i = (i*31 + 7) % 1000
			if _, _, err := s.Load(ctx, commits[i].Person.ID); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkBare is what redis itself costs for the same bytes: one HMGET and
// one script that writes them, over connections of a pool.
func BenchmarkBare(b *testing.B) {
	r := startServer(b, "--appendonly", "yes", "--appendfsync", "everysec")
	pool := &redis.Pool{MaxIdle: 64, Dial: func() (redis.Conn, error) { return redis.Dial("unix", r.socket) }}
	defer pool.Close()
	script := redis.NewScript(1, "return redis.call('SET', KEYS[1], ARGV[1])")
	data := []byte(strings.Repeat("x", 2000))
	var next atomic.Int64
	for _, name := range []string{"script", "hmget and script"} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(16)
			defer cpu(b, r)()
			b.RunParallel(func(pb *testing.PB) {
				i := int(next.Add(1))
				for pb.Next() {
					i = (i*31 + 7) % 1000
					c := pool.Get()
					if name != "script" {
						if _, err := c.Do("HMGET", "h", "a", "b"); err != nil {
							b.Error(err)
						}
					}
					if _, err := script.Do(c, strconv.Itoa(i), data); err != nil {
						b.Error(err)
					}
					c.Close()
				}
			})
		})
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}
