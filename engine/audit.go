package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"journey/audit"
	"journey/profiles/store"
)

// What administrators do is written down before it is done.

// Note writes down what an administrator is about to do to what the engine
// does not keep itself. Without it, it must not be done.
func (e *Engine) Note(ctx context.Context, action, target, detail string) error {
	return e.audit(ctx, "", action, target, detail)
}

// audit writes down what is about to be done. Without it, it must not be done.
func (e *Engine) audit(ctx context.Context, by, action, target, detail string) error {
	if by == "" {
		by = "admin"
	}
	real, err := e.realNow(ctx)
	if err != nil {
		return err
	}
	for range maxTries {
		data, count, err := e.store.LastAudit(ctx)
		if err != nil {
			return e.away(err)
		}
		a := audit.Entry{Number: count + 1, At: real.UTC(), By: by, Action: action, Target: target, Detail: detail}
		if count > 0 {
			var last audit.Entry
			if err := json.Unmarshal(data, &last); err != nil {
				return &audit.Error{Number: count, Reason: "it cannot be read"}
			}
			a.Before = last.Hash
		}
		if a.Hash, err = a.Sum(); err != nil {
			return err
		}
		if data, err = json.Marshal(a); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		err = e.store.AppendAudit(ctx, count, data)
		if !errors.Is(err, store.ErrConflict) {
			return e.away(err)
		}
	}
	return fmt.Errorf("%w (others kept writing into the audit log)", ErrUnavailable)
}

// Audit are entries of the audit log, from the one with a number on.
func (e *Engine) Audit(ctx context.Context, from int64, max int) ([]audit.Entry, error) {
	all, err := e.store.Audit(ctx, from-1, max)
	if err != nil {
		return nil, e.away(err)
	}
	list := make([]audit.Entry, len(all))
	for i, data := range all {
		if err := json.Unmarshal(data, &list[i]); err != nil {
			return nil, &audit.Error{Number: from + int64(i), Reason: "it cannot be read"}
		}
	}
	return list, nil
}
