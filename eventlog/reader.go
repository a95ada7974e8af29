package eventlog

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"time"
)

// Release is a publication of a program as the log holds it.
type Release struct {
	Number  int64             `json:"number"`
	Hash    string            `json:"hash"`
	By      string            `json:"by,omitempty"`
	At      time.Time         `json:"at"`
	Of      int64             `json:"of,omitempty"`
	Sources map[string]string `json:"sources"`
}

func releaseName(epoch string, number int64) string {
	return fmt.Sprintf("releases/%s/%08d.json", epoch, number)
}

// dayOf is the day of a segment by its name.
func dayOf(name string) string { return path.Base(path.Dir(name)) }

// epochOf is the epoch of a segment by its name.
func epochOf(name string) string {
	epoch, _, _ := strings.Cut(path.Base(name), "-")
	return epoch
}

// Epoch is what the log holds of one life of a Redis.
type Epoch struct {
	Name     string
	Releases []Release // in their order; those of before the log began too
	log      *Log
	frames   map[int][]frame // by partition, in the order of their entries
}

// Log is a log to be read.
type Log struct {
	Epochs []*Epoch // oldest first
	Days   []string // of which there are segments, "2026-03-01", oldest first
	from   Store
}

// Open looks at what there is: it reads the heads of all frames.
func Open(ctx context.Context, from Store) (*Log, error) {
	l := &Log{from: from}
	byName := map[string]*Epoch{}
	epoch := func(name string) *Epoch {
		if byName[name] == nil {
			byName[name] = &Epoch{Name: name, log: l, frames: map[int][]frame{}}
			l.Epochs = append(l.Epochs, byName[name])
		}
		return byName[name]
	}
	names, err := from.List(ctx, "releases/")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := from.Get(ctx, name, 0, -1)
		if err != nil {
			return nil, err
		}
		var r Release
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("event log %s: %w", name, err)
		}
		e := epoch(path.Base(path.Dir(name)))
		e.Releases = append(e.Releases, r)
	}
	if names, err = from.List(ctx, "segments/"); err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := from.Get(ctx, name, 0, -1)
		if err != nil {
			return nil, err
		}
		list, err := frames(name, data)
		if err != nil {
			return nil, err
		}
		e := epoch(epochOf(name))
		for _, f := range list {
			e.frames[f.partition] = append(e.frames[f.partition], f)
		}
		if day := dayOf(name); !slices.Contains(l.Days, day) {
			l.Days = append(l.Days, day)
		}
	}
	slices.SortFunc(l.Epochs, func(a, b *Epoch) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range l.Epochs {
		slices.SortFunc(e.Releases, func(a, b Release) int { return cmp.Compare(a.Number, b.Number) })
		for _, list := range e.frames {
			slices.SortStableFunc(list, func(a, b frame) int { return cmp.Compare(a.first, b.first) })
		}
	}
	return l, nil
}

// Partitions are those of which the epoch holds something, in their order.
func (e *Epoch) Partitions() []int {
	list := make([]int, 0, len(e.frames))
	for p := range e.frames {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// Count is how many entries there are, those that stand there twice counted
// twice.
func (e *Epoch) Count() (n int64) {
	for _, list := range e.frames {
		for _, f := range list {
			n += int64(f.entries)
		}
	}
	return n
}

// Entries are the entries of a partition in the order in which they were
// committed, each once. After an error nothing comes.
func (e *Epoch) Entries(ctx context.Context, partition int) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		var last uint64
		for _, f := range e.frames[partition] {
			if f.last <= last {
				continue // written twice
			}
			b, err := e.log.from.Get(ctx, f.segment, f.offset, f.size())
			var list []Stored
			if err == nil {
				list, err = f.open(b)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, s := range list {
				if s.Number <= last {
					continue
				}
				last = s.Number
				entry, err := Decode(s.Data)
				if err != nil {
					yield(nil, fmt.Errorf("event log %s: entry %d of partition %d: %w", f.segment, s.Number, partition, err))
					return
				}
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}
