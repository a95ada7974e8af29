package store

import (
	"context"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"
)

// The rows that imports have taken are remembered by their keys, so that the
// same file changes nothing long after the marks of its people have expired.
// The keys of an import lie in 65,536 sets, in which Redis keeps a few
// hundred 64-bit numbers in 8 bytes each.

// ImportKept is how long the rows of an import are remembered after the last
// import of rows beside them.
const ImportKept = 400 * 24 * time.Hour

func keyImported(name string, key uint64) string {
	return tags[key>>56] + "r" + name + ":" + strconv.FormatUint(key>>48&0xff, 16)
}

// Imported says which rows of an import are remembered.
func (s *Store) Imported(ctx context.Context, name string, keys []uint64) ([]bool, error) {
	commands := make([]command, len(keys))
	for i, key := range keys {
		commands[i] = cmd("SISMEMBER", keyImported(name, key), int64(key))
	}
	replies, err := s.do(ctx, commands...)
	if err != nil {
		return nil, err
	}
	known := make([]bool, len(keys))
	for i := range replies {
		if known[i], err = redis.Bool(replies[i], nil); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// KeepImported remembers rows of an import.
func (s *Store) KeepImported(ctx context.Context, name string, keys []uint64) error {
	commands := make([]command, 0, 2*len(keys))
	seconds := int64(ImportKept / time.Second)
	for _, key := range keys {
		at := keyImported(name, key)
		commands = append(commands, cmd("SADD", at, int64(key)), cmd("EXPIRE", at, seconds))
	}
	_, err := s.do(ctx, commands...)
	return err
}
