package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
)

// Waiting tells which of some partitions have something to do: reactions in
// the outbox, or people who are due until an instant.
func (s *Store) Waiting(ctx context.Context, partitions []int, until value.Time) ([]int, error) {
	commands := make([]command, 0, 2*len(partitions))
	for _, n := range partitions {
		commands = append(commands, cmd("XLEN", keyOutbox(n)), cmd("ZCOUNT", keyDue(n), "-inf", int64(until)))
	}
	if len(commands) == 0 {
		return nil, nil
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return nil, err
	}
	var busy []int
	for i, n := range partitions {
		entries, err := redis.Int64(replies[2*i], nil)
		if err != nil {
			return nil, fmt.Errorf("outbox of partition %d: %w", n, err)
		}
		due, err := redis.Int64(replies[2*i+1], nil)
		if err != nil {
			return nil, fmt.Errorf("moments of partition %d: %w", n, err)
		}
		if entries > 0 || due > 0 {
			busy = append(busy, n)
		}
	}
	return busy, nil
}

// People walks over the ids of all who are stored, in no order: somebody who
// comes or goes meanwhile may be left out, and one may come twice. cursor is
// "" at first and then next, which is "" at the end. Some of the ids may have
// been merged into others.
func (s *Store) People(ctx context.Context, cursor string, count int) (ids []string, next string, err error) {
	if cursor == "" {
		cursor = "0"
	}
	reply, err := redis.Values(s.ask(ctx, cmd("SCAN", cursor, "MATCH", "{p*}p*", "COUNT", count)))
	if err != nil {
		return nil, "", err
	}
	var keys []string
	if _, err := redis.Scan(reply, &next, &keys); err != nil {
		return nil, "", fmt.Errorf("walk over people: %w", err)
	}
	for _, key := range keys {
		if i := strings.Index(key, "}p"); i >= 0 {
			ids = append(ids, key[i+2:])
		}
	}
	if next == "0" {
		next = ""
	}
	return ids, next, nil
}

// Swept is the number of the release that all people have been fitted to; 0:
// none.
func (s *Store) Swept(ctx context.Context) (int64, error) {
	n, err := redis.Int64(s.ask(ctx, cmd("HGET", keySettings, "swept")))
	if errors.Is(err, redis.ErrNil) {
		return 0, nil
	}
	return n, err
}

// SetSwept notes that all people have been fitted to a release.
func (s *Store) SetSwept(ctx context.Context, number int64) error {
	_, err := s.ask(ctx, cmd("HSET", keySettings, "swept", number))
	return err
}

// Roused are the switches under which the runs of all resumed journeys and
// opened channels were last woken.
func (s *Store) Roused(ctx context.Context) (Switches, error) {
	var w roused
	data, err := redis.Bytes(s.ask(ctx, cmd("HGET", keySettings, "roused")))
	if errors.Is(err, redis.ErrNil) {
		return Switches{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &w)
	}
	return Switches(w), err
}

// SetRoused notes that the runs of all that is neither paused nor stopped by
// these switches have been woken.
func (s *Store) SetRoused(ctx context.Context, w Switches) error {
	data, err := json.Marshal(roused(w))
	if err != nil {
		return err
	}
	_, err = s.ask(ctx, cmd("HSET", keySettings, "roused", data))
	return err
}

type roused struct {
	Version int64    `json:"version"`
	Paused  []string `json:"paused,omitempty"`
	Stopped []string `json:"stopped,omitempty"`
}
