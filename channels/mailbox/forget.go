package mailbox

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Forgets names the store for an erasure.
func (b *Box) Forgets() string { return "mailbox" }

// Forget removes the mails and short messages that went to any of some
// addresses; the ids of profiles mean nothing here. One that went to others,
// too, goes as well.
func (b *Box) Forget(ctx context.Context, _, addresses []string) error {
	entries, _ := b.snapshot()
	var gone []*entry
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		env, _, err := b.bytes(e)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		went := func(to string) bool {
			return slices.ContainsFunc(addresses, func(a string) bool { return strings.EqualFold(a, to) })
		}
		if slices.ContainsFunc(env.To, went) {
			gone = append(gone, e)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	b.mu.Lock()
	b.entries = slices.DeleteFunc(b.entries, func(e *entry) bool { return slices.Contains(gone, e) })
	b.version++
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
	if b.dir == "" {
		return nil
	}
	for _, e := range gone {
		if err := os.Remove(filepath.Join(b.dir, e.id+mailSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(b.dir)
}
