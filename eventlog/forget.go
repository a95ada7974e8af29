package eventlog

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"journey/profiles/store"
)

// Eraser takes people out of a log. An entry cannot be taken out of its
// segment, so a segment that holds some of theirs is put anew without them,
// under another name, before the old one is deleted: killed in between, what
// stands in both is read once, and the next try deletes what is left.
type Eraser struct {
	Streams *store.Store
	From    Store
}

// errWaits: what is still in the streams must get into segments first.
var errWaits = errors.New("some of what is to be forgotten is not written to the event log yet")

// Forgets names the store for an erasure.
func (Eraser) Forgets() string { return "event log" }

// Forget takes the entries of profiles out of the log; addresses mean nothing
// here. Nothing of theirs may come any more: they are closed.
func (e Eraser) Forget(ctx context.Context, ids, _ []string) error {
	gone := make(map[string]bool, len(ids))
	partitions := map[int]bool{}
	for _, id := range ids {
		gone[id] = true
		partitions[store.Partition(id)] = true
	}
	for n := range partitions {
		if err := e.waits(ctx, n, gone); err != nil {
			return err
		}
	}
	names, err := e.From.List(ctx, "segments/")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := e.cleanse(ctx, name, gone, partitions); err != nil && !errors.Is(err, ErrMissing) { // old ones go by themselves
			return err
		}
	}
	return nil
}

// waits says whether entries of profiles are in the stream of a partition.
func (e Eraser) waits(ctx context.Context, partition int, gone map[string]bool) error {
	const all = 1<<63 - 1
	list, err := e.Streams.LogEntries(ctx, partition, all, perFrame)
	if err != nil {
		return err
	}
	if len(list) == perFrame {
		return errWaits
	}
	for _, s := range list {
		entry, err := Decode(s.Data)
		if err != nil {
			return err
		}
		if gone[entry.Profile] {
			return errWaits
		}
	}
	return nil
}

// cleanse puts a segment anew without some profiles, if it holds any of them.
func (e Eraser) cleanse(ctx context.Context, name string, gone map[string]bool, partitions map[int]bool) error {
	seg, err := e.From.Get(ctx, name, 0, -1)
	if err != nil {
		return err
	}
	list, err := frames(name, seg)
	if err != nil {
		return err
	}
	var clean []byte
	changed := false
	for _, f := range list {
		old := seg[f.offset : f.offset+f.size()]
		if !partitions[f.partition] {
			clean = append(clean, old...)
			continue
		}
		entries, err := f.open(old)
		if err != nil {
			return err
		}
		kept := entries[:0:0]
		for _, s := range entries {
			entry, err := Decode(s.Data)
			if err != nil {
				return f.broken(err.Error())
			}
			if !gone[entry.Profile] {
				kept = append(kept, s)
			}
		}
		switch {
		case len(kept) == len(entries):
			clean = append(clean, old...)
			continue
		case len(kept) > 0:
			if clean, err = appendFrame(clean, f.partition, kept); err != nil {
				return err
			}
		}
		changed = true
	}
	if !changed {
		return nil
	}
	if len(clean) > 0 {
		to := path.Join(path.Dir(name), cleansed(path.Base(name)))
		if err := e.From.Put(ctx, to, clean); err != nil {
			return fmt.Errorf("put segment %s: %w", to, err)
		}
	}
	return e.From.Delete(ctx, name)
}

// cleansed is the name of a segment that takes the place of another: the same
// with one more letter at its end.
func cleansed(base string) string { return strings.TrimSuffix(base, ".jel") + "e.jel" }
