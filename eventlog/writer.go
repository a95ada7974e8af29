package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"journey/profiles/store"
)

// A Writer moves what waits in the streams of this process's partitions to
// segments. Several processes write at the same time, each what it has the
// leases of.
//
// What has come in the last seconds stays in the stream: by then Redis has it
// on disk (appendfsync everysec), so that no segment holds an entry whose
// number a Redis that crashed gives to another.
type Writer struct {
	o     WriterOptions
	epoch string

	known  int64          // releases up to this number are in the log
	tokens map[int]int64  // lease by partition for which a plan was looked for
	seen   map[int]uint64 // newest entry of each partition at the last look
	since  time.Time      // since when something waits; zero: nothing does
	swept  time.Time      // when old segments were last looked for
	number atomic.Int64   // of segments
	mu     sync.Mutex
	state  State
}

// WriterOptions are what a Writer needs.
type WriterOptions struct {
	Streams *store.Store
	Leases  func() []store.Lease // those of this process
	To      Store
	Owner   string // names this process in segments
	Days    int    // how many days segments are kept; 0: for ever
	Logger  *slog.Logger
	// Every is how often the streams are looked at; 0: two seconds. What is to
	// be written must have been seen at the look before.
	Every time.Duration
	// Patience is how long an entry waits at most for others to be written
	// with; 0: fifteen seconds.
	Patience time.Duration
	// Fault, in tests, is asked at the named points and stops the writer there.
	Fault func(point string) error
}

// State says how a Writer is.
type State struct {
	Waiting uint64    // entries in the streams of this process's partitions
	Most    uint64    // … in the fullest of them
	Written int64     // entries since the start
	Trouble error     // why nothing is written; nil: all is well
	Since   time.Time // of the trouble
}

const (
	atOnce       = 2000    // entries that wait for nobody
	perFrame     = 2000    // entries
	frameSize    = 8 << 20 // of its entries, unless one alone is larger
	segmentSize  = 4 << 20 // beyond that another is begun
	sweepEvery   = time.Hour
	complainEach = 10 * time.Second
	dayForm      = "2006-01-02"
)

// NewWriter is a writer; Run makes it work.
func NewWriter(o WriterOptions) *Writer {
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 15 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Writer{o: o, tokens: map[int]int64{}, seen: map[int]uint64{}}
}

// State is how the writer is.
func (w *Writer) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// Run writes until the context ends.
func (w *Writer) Run(ctx context.Context) {
	t := time.NewTicker(w.o.Every)
	defer t.Stop()
	var complained time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := w.Pass(ctx, false)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errLost) {
			err = nil
		}
		w.note(err)
		if err != nil && time.Since(complained) > complainEach {
			complained = time.Now()
			w.o.Logger.Error("the event log cannot be written: events wait in Redis, and are refused when it is too many", "error", err.Error())
		}
	}
}

func (w *Writer) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && w.state.Trouble == nil {
		w.state.Since = time.Now()
	}
	if err == nil && w.state.Trouble != nil {
		w.o.Logger.Warn("the event log is written again")
	}
	w.state.Trouble = err
}

// Pass looks once, and writes what is to be written: with all, everything
// that waits.
func (w *Writer) Pass(ctx context.Context, all bool) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	leases := w.o.Leases()
	if err := w.finish(ctx, leases); err != nil {
		return err
	}
	parts, err := w.ripe(ctx, leases, all)
	if err != nil || len(parts) == 0 {
		return err
	}
	if err := w.releases(ctx); err != nil {
		return err
	}
	return w.write(ctx, parts)
}

// begin finds out in which epoch this is.
func (w *Writer) begin(ctx context.Context) error {
	now, err := w.o.Streams.Time(ctx)
	if err != nil {
		return err
	}
	epoch, err := w.o.Streams.Epoch(ctx, now.UTC().Format("20060102T150405.000Z"))
	if err == nil && epoch != w.epoch {
		w.epoch, w.known = epoch, 0
		clear(w.tokens)
		clear(w.seen)
	}
	if err == nil && time.Since(w.swept) > sweepEvery {
		w.swept = time.Now()
		return w.retain(ctx, now)
	}
	return err
}

// finish sees to the plans of those who had the partitions before and died: a
// segment that is there has only to be trimmed.
func (w *Writer) finish(ctx context.Context, leases []store.Lease) error {
	var fresh []store.Lease
	var partitions []int
	for _, l := range leases {
		if w.tokens[l.Partition] != l.Token {
			fresh, partitions = append(fresh, l), append(partitions, l.Partition)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	states, err := w.o.Streams.LogStates(ctx, partitions)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	var parts []store.LogPart
	for i, s := range states {
		if s.Planned == "" {
			continue
		}
		is, asked := there[s.Planned]
		if !asked {
			names, err := w.o.To.List(ctx, s.Planned)
			if err != nil {
				return err
			}
			is = len(names) > 0 && names[0] == s.Planned
			there[s.Planned] = is
		}
		p := store.LogPart{Lease: fresh[i]}
		if is {
			p.Last = s.PlannedTo
		}
		parts = append(parts, p)
	}
	if _, err := w.o.Streams.TrimLog(ctx, parts); err != nil {
		return err
	}
	for _, l := range fresh {
		w.tokens[l.Partition] = l.Token
	}
	return nil
}

// ripe are the partitions of which something is to be written now, and up to
// which entry.
func (w *Writer) ripe(ctx context.Context, leases []store.Lease, all bool) ([]store.LogPart, error) {
	partitions := make([]int, len(leases))
	for i, l := range leases {
		partitions[i] = l.Partition
	}
	states, err := w.o.Streams.LogStates(ctx, partitions)
	if err != nil {
		return nil, err
	}
	var parts []store.LogPart
	var waiting, most, ready uint64
	seen := make(map[int]uint64, len(leases))
	for i, s := range states {
		n := partitions[i]
		waiting, most = waiting+s.Waiting(), max(most, s.Waiting())
		last, known := w.seen[n]
		if all {
			last, known = s.Last, true
		}
		if known && last > s.Trimmed {
			ready += last - s.Trimmed
			parts = append(parts, store.LogPart{Lease: leases[i], Last: last})
		}
		seen[n] = s.Last
	}
	w.seen = seen
	w.mu.Lock()
	w.state.Waiting, w.state.Most = waiting, most
	w.mu.Unlock()
	if len(parts) == 0 {
		w.since = time.Time{}
		return nil, nil
	}
	if w.since.IsZero() {
		w.since = time.Now()
	}
	if !all && ready < atOnce && time.Since(w.since) < w.o.Patience {
		return nil, nil
	}
	w.since = time.Time{}
	return parts, nil
}

// releases puts into the log what releases are not there yet: entries name
// them.
func (w *Writer) releases(ctx context.Context) error {
	all, err := w.o.Streams.Releases(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Number <= w.known {
			continue
		}
		files, err := w.o.Streams.Sources(ctx, r.Hash)
		if err != nil {
			return err
		}
		data, err := json.Marshal(Release{Number: r.Number, Hash: r.Hash, By: r.By, At: r.At, Of: r.Of, Sources: files})
		if err != nil {
			return err
		}
		if err := w.o.To.Put(ctx, releaseName(w.epoch, r.Number), data); err != nil {
			return fmt.Errorf("put release %d: %w", r.Number, err)
		}
		w.known = r.Number
	}
	return nil
}

// segment is one that is being made.
type segment struct {
	data    []byte
	parts   []store.LogPart
	entries int64
}

// write moves entries until none of those that are ripe is left.
func (w *Writer) write(ctx context.Context, parts []store.LogPart) error {
	var seg segment
	for _, p := range parts {
		for after := uint64(0); after < p.Last; {
			list, err := w.o.Streams.LogEntries(ctx, p.Lease.Partition, p.Last, perFrame)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				break
			}
			entries := fitting(list)
			if seg.data, err = appendFrame(seg.data, p.Lease.Partition, entries); err != nil {
				return err
			}
			after = entries[len(entries)-1].Number
			seg.parts = append(seg.parts, store.LogPart{Lease: p.Lease, Last: after})
			seg.entries += int64(len(entries))
			if more := after < p.Last; more || len(seg.data) >= segmentSize {
				if err := w.put(ctx, &seg); err != nil {
					return err
				}
			}
		}
	}
	return w.put(ctx, &seg)
}

// fitting are the first entries of a list that fit into one frame.
func fitting(list []store.LogEntry) []Stored {
	size := 0
	entries := make([]Stored, 0, len(list))
	for _, e := range list {
		if size += len(e.Data); size > frameSize && len(entries) > 0 {
			break
		}
		entries = append(entries, Stored(e))
	}
	return entries
}

// errLost: a partition is another process's by now, who begins where the
// trimming ended.
var errLost = errors.New("the lease of a partition was lost on the way")

// lost is an error of a step under leases; nil: not all of them hold any more.
func lost(err error) error {
	if err == nil {
		err = errLost
	}
	return err
}

// put makes a segment durable and trims the streams.
func (w *Writer) put(ctx context.Context, seg *segment) error {
	if len(seg.parts) == 0 {
		return nil
	}
	now, err := w.o.Streams.Time(ctx)
	if err != nil {
		return err
	}
	now = now.UTC()
	name := path.Join("segments", now.Format(dayForm),
		fmt.Sprintf("%s-%s-%s-%06d.jel", w.epoch, now.Format("150405.000"), w.o.Owner, w.number.Add(1)))
	if ours, err := w.o.Streams.PlanLog(ctx, name, seg.parts); err != nil || len(ours) < len(seg.parts) {
		return lost(err)
	}
	if err := w.at("planned"); err != nil {
		return err
	}
	if err := w.o.To.Put(ctx, name, seg.data); err != nil {
		return fmt.Errorf("put segment %s: %w", name, err)
	}
	if err := w.at("put"); err != nil {
		return err
	}
	if ours, err := w.o.Streams.TrimLog(ctx, seg.parts); err != nil || len(ours) < len(seg.parts) {
		return lost(err)
	}
	w.mu.Lock()
	w.state.Written += seg.entries
	w.mu.Unlock()
	*seg = segment{data: seg.data[:0]}
	return nil
}

// retain removes the days that are over.
func (w *Writer) retain(ctx context.Context, now time.Time) error {
	if w.o.Days <= 0 {
		return nil
	}
	oldest := now.UTC().AddDate(0, 0, -w.o.Days).Format(dayForm)
	names, err := w.o.To.List(ctx, "segments/")
	if err != nil {
		return err
	}
	for _, name := range names {
		if dayOf(name) >= oldest {
			continue
		}
		if err := w.o.To.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) at(point string) error {
	if w.o.Fault == nil {
		return nil
	}
	return w.o.Fault(point)
}
