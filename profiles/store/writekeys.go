package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gomodule/redigo/redis"
)

// WriteKeys is the list of sources and the hashes of their keys, as package
// sources writes it, with its version; 0 and nothing if there never was one.
func (s *Store) WriteKeys(ctx context.Context) (version int64, data []byte, err error) {
	parts, err := redis.ByteSlices(s.ask(ctx, cmd("HMGET", keyWriteKeys, "version", "data")))
	if err != nil || parts[0] == nil {
		return 0, nil, err
	}
	if version, err = redis.Int64(parts[0], nil); err != nil {
		return 0, nil, fmt.Errorf("the list of sources cannot be read: %w", err)
	}
	return version, parts[1], nil
}

// SetWriteKeys replaces the list whose version is given, and answers its new
// version. ErrConflict: it was changed meanwhile.
func (s *Store) SetWriteKeys(ctx context.Context, version int64, data []byte) (int64, error) {
	n, err := redis.Int64(s.ask(ctx, scriptSwitches.call([]string{keyWriteKeys}, version, data)))
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, fmt.Errorf("the list of sources: %w", ErrConflict)
	}
	return n, nil
}

// Tally adds to the figures of the sources, and sets others, by their fields.
// It is written now and then, not with each event: a process that is killed
// takes what it counted last with it.
func (s *Store) Tally(ctx context.Context, add map[string]int64, set map[string]string) error {
	commands := make([]command, 0, len(add)+len(set))
	for field, n := range add {
		commands = append(commands, cmd("HINCRBY", keyTally, field, n))
	}
	for field, v := range set {
		commands = append(commands, cmd("HSET", keyTally, field, v))
	}
	_, err := s.do(ctx, commands...)
	return err
}

// Tallies are all figures of the sources; a count that cannot be read is
// left out.
func (s *Store) Tallies(ctx context.Context) (counts map[string]int64, texts map[string]string, err error) {
	all, err := redis.StringMap(s.ask(ctx, cmd("HGETALL", keyTally)))
	if err != nil {
		return nil, nil, err
	}
	counts, texts = map[string]int64{}, map[string]string{}
	for field, v := range all {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			counts[field] = n
		} else {
			texts[field] = v
		}
	}
	return counts, texts, nil
}
