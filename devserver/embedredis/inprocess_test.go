package embedredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/devserver/embedredis"
)

func TestBenchScratch(t *testing.T) {
	r, err := embedredis.Start(context.Background(), embedredis.Options{Kind: embedredis.InProcess, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	conn, err := r.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := redis.NewScript(2, `redis.call('HSET', KEYS[1], 'v', ARGV[1]) redis.call('XADD', KEYS[2], ARGV[2], 'a', ARGV[1]) return 1`)
	n := 3000
	began := time.Now()
	for i := range n {
		if _, err := s.Do(conn, "h", "s", "value", i+1); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("EVALSHA each: %s", time.Since(began)/time.Duration(n))
	began = time.Now()
	for range n {
		if _, err := conn.Do("SET", "k", "v", "PX", 5); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SET each: %s", time.Since(began)/time.Duration(n))
}
