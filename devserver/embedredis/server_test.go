package embedredis_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/devserver/embedredis"
)

func TestServerInMemory(t *testing.T) {
	began := time.Now()
	r, err := embedredis.Start(context.Background(), embedredis.Options{Kind: embedredis.Server})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %s", time.Since(began))
	conn, err := r.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := redis.String(conn.Do("SET", "k", "v")); err != nil || got != "OK" {
		t.Fatalf("SET: %q, %v", got, err)
	}
	if r.Durable() {
		t.Error("a Redis without a folder says that it keeps its data")
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r.Address()); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}
