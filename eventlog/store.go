package eventlog

import (
	"context"
	"errors"
)

// Store is where a log's segments and releases are. It is what an object store
// offers: objects are put whole and never changed afterwards.
type Store interface {
	// Put stores an object under a name like "segments/2026-03-01/x.jel". When
	// it returns nil the object is there whole and survives a crash; after an
	// error nothing, or the whole, is there. Putting the same again is
	// harmless.
	Put(ctx context.Context, name string, data []byte) error
	// List answers the names that begin with a prefix, sorted.
	List(ctx context.Context, prefix string) ([]string, error)
	// Get reads length bytes of an object from an offset; less than 0: to its
	// end. ErrMissing: there is none.
	Get(ctx context.Context, name string, offset, length int64) ([]byte, error)
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, name string) error
}

// ErrMissing says that there is no object of that name.
var ErrMissing = errors.New("there is no such object in the event log")
