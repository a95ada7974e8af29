package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Redis's file of writes (AOF) holds what was overwritten or deleted until it
// is rewritten.

// Files says how Redis's file of writes stands.
type Files struct {
	Kept      bool          // there is one
	Rewriting bool          // or about to
	Failed    bool          // the last time
	Took      time.Duration // the last time
}

// Files looks at Redis's file of writes.
func (s *Store) Files(ctx context.Context) (f Files, err error) {
	info, err := redis.String(s.ask(ctx, cmd("INFO", "persistence")))
	for line := range strings.Lines(info) {
		line = strings.TrimSpace(line)
		if seconds, ok := strings.CutPrefix(line, "aof_last_rewrite_time_sec:"); ok {
			n, _ := strconv.Atoi(seconds) // -1 if there was none
			f.Took = time.Duration(max(0, n)) * time.Second
		}
		switch line {
		case "aof_enabled:1":
			f.Kept = true
		case "aof_rewrite_in_progress:1", "aof_rewrite_scheduled:1":
			f.Rewriting = true
		case "aof_last_bgrewrite_status:err":
			f.Failed = true
		}
	}
	return f, err
}

// RewriteFiles has Redis write its file of writes anew, with nothing in it but
// what is stored now. It goes on in the background; one that is under way
// already is no error.
func (s *Store) RewriteFiles(ctx context.Context) error {
	_, err := s.ask(ctx, cmd("BGREWRITEAOF"))
	var said redis.Error
	if errors.As(err, &said) && strings.Contains(strings.ToLower(string(said)), "already in progress") {
		return nil
	}
	return err
}
