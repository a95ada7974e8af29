package embedredis

import (
	"log/slog"
	"os/exec"
	"strings"
	"testing"

	"github.com/gomodule/redigo/redis"
	"go.uber.org/goleak"
)

// TestBrokenLog: when the log cannot be written nothing is acknowledged, not even
// a read of what is not in the log, and the Redis ends and says why.
func TestBrokenLog(t *testing.T) {
	o := Options{Kind: InProcess, Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	r, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	conn, err := r.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Do("SET", "k", "kept"); err != nil {
		t.Fatal(err)
	}
	f := r.running.(*front)
	f.mu.Lock()
	f.journal.file.Close()
	f.mu.Unlock()
	if v, err := conn.Do("SET", "k", "lost"); err == nil || !strings.HasPrefix(err.Error(), "MISCONF") {
		t.Errorf("SET answers %v, %v", v, err)
	}
	<-r.Done()
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "write the redis log") {
		t.Errorf("Err says %v", err)
	}
	r, err = Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	again, err := r.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, err := redis.String(again.Do("GET", "k")); err != nil || got != "kept" {
		t.Errorf("after a restart it has %q, %v", got, err)
	}
}

func TestStopLeavesNoGoroutine(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for _, kind := range []Kind{Server, InProcess} {
		if _, err := exec.LookPath("redis-server"); kind == Server && err != nil {
			continue // it is not installed
		}
		for _, dir := range []string{"", t.TempDir()} {
			r, err := Start(t.Context(), Options{Kind: kind, Dir: dir, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			conn, err := r.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Do("SET", "k", "v"); err != nil {
				t.Fatal(err)
			}
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
			conn.Close()
		}
	}
	goleak.VerifyNone(t, before)
}
