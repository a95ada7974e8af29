package store

import (
	"context"

	"github.com/gomodule/redigo/redis"
)

// LastAudit is the last entry of the audit log, and how many there are; nil
// and 0 at the beginning.
func (s *Store) LastAudit(ctx context.Context) (entry []byte, count int64, err error) {
	// The count first: an entry that comes in between is taken for too old by
	// AppendAudit, never for too new.
	if count, err = redis.Int64(s.ask(ctx, cmd("LLEN", keyAudit))); err != nil || count == 0 {
		return nil, 0, err
	}
	entry, err = redis.Bytes(s.ask(ctx, cmd("LINDEX", keyAudit, count-1)))
	return entry, count, err
}

// AppendAudit appends an entry to the audit log if there are as many before
// it. ErrConflict: there are others by now.
func (s *Store) AppendAudit(ctx context.Context, count int64, entry []byte) error {
	done, err := redis.Bool(s.ask(ctx, scriptAudit.call([]string{keyAudit}, count, entry)))
	if err == nil && !done {
		return ErrConflict
	}
	return err
}

// Audit are entries of the audit log, from one (from 0) on.
func (s *Store) Audit(ctx context.Context, from int64, max int) ([][]byte, error) {
	return redis.ByteSlices(s.ask(ctx, cmd("LRANGE", keyAudit, from, from+int64(max)-1)))
}
