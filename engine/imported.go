package engine

import (
	"context"
	"time"
)

// ImportBegins writes into the audit log that a file is about to be imported.
func (e *Engine) ImportBegins(ctx context.Context, name string) error {
	return e.audit(Until(ctx, time.Now().Add(patience)), "", "import", name, "")
}

// Imported says which rows of an import have been taken before, by their keys.
func (e *Engine) Imported(ctx context.Context, name string, keys []uint64) ([]bool, error) {
	known, err := e.store.Imported(Until(ctx, time.Now().Add(patience)), name, keys)
	if err != nil {
		return nil, e.away(err)
	}
	return known, nil
}

// KeepImported remembers that rows of an import have been taken.
func (e *Engine) KeepImported(ctx context.Context, name string, keys []uint64) error {
	if len(keys) == 0 {
		return nil
	}
	if err := e.store.KeepImported(Until(ctx, time.Now().Add(patience)), name, keys); err != nil {
		return e.away(err)
	}
	return nil
}
