package forecast

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
)

// Options say what is to be foretold.
type Options struct {
	Plan *orchestrator.Plan
	// Log are the recorded calls, in the order in which they arrived.
	Log []Source
	// People are identify calls of those who were known before the beginning;
	// their times are not looked at beyond it.
	People []Source
	// From is the beginning: what arrived before it makes people what they
	// are, and no journey is live. 0: the journeys are live for everybody
	// from the first call on; with People, from the first call of the log.
	From value.Time
	// To is the end, that instant included. 0: the last call of the log.
	To value.Time
	// Cores is how many are put to work; 0 is one. The result is the same.
	Cores int
	// Sample is the share of the people that is taken, between 0 and 1; 0 and
	// 1: all. It opens the sources twice.
	Sample float64
	// Each keeps what happens to each person, for Compare.
	Each bool
	// Progress is told how far it has come, now and then; nil: nobody. It is
	// called by one goroutine at a time.
	Progress func(Progress)
}

// Progress is how far a forecast has come.
type Progress struct {
	Drawing bool  // it only looks who there is, for a sample
	Events  int   // calls of the log that were read
	Bytes   int64 // of sources that were read, unpacked
	Groups  int   // of people who are connected
}

func (o *Options) sampled() bool { return o.Sample > 0 && o.Sample < 1 }
func (o *Options) each() bool    { return o.Each || o.sampled() }

// ErrNoTime says that the log does not say when anything happened.
var ErrNoTime = errors.New("no call of the log says when it happened: give each a timestamp")

// Run takes a log through a workspace. The error is that of a source, or of
// the context.
func Run(ctx context.Context, o Options) (*Result, error) {
	o.Cores = max(o.Cores, 1)
	if len(o.People) > 0 && o.From == 0 {
		first, err := firstTime(ctx, &o)
		if err != nil {
			return nil, err
		}
		o.From = first
	}
	f := &run{o: &o, figures: newFigures(), groups: newGroups()}
	if o.sampled() {
		if err := f.draw(ctx); err != nil {
			return nil, err
		}
	}
	f.hire()
	if err := f.read(ctx, f.router.route); err != nil {
		f.dismiss()
		return nil, err
	}
	f.dismiss()
	f.finish()
	return f.result(), nil
}

// run is one forecast under way.
type run struct {
	o       *Options
	figures *figures
	groups  *groups
	units   int // of a sample: groups that were drawn
	router  *router
	workers []*worker
	all     sync.WaitGroup
	wrong   problems
	bytes   int64
	to      value.Time
}

// hire starts the workers.
func (f *run) hire() {
	f.router = &router{groups: f.groups, o: f.o, last: f.o.From}
	reader := intake.New(f.o.Plan)
	var computed []string
	for _, t := range f.o.Plan.Traits {
		if t.Computed != nil {
			computed = append(computed, t.Name)
		}
	}
	for range min(f.o.Cores, shards) {
		w := &worker{
			o: f.o, rules: reader.Rules(), queue: make(chan []op, 8), groups: map[int32]*members{},
			shards: map[int]*counts{}, figures: f.figures, computed: computed,
			days: days{zone: f.o.Plan.Settings.Zone},
		}
		unsubscribe := func(string, string) string { return "https://example.com/unsubscribe" }
		w.live = &orchestrator.World{Live: f.o.Plan, Unsubscribe: unsubscribe, Observe: w}
		w.before = &orchestrator.World{Live: f.o.Plan.Only(func(string) bool { return false }), Unsubscribe: unsubscribe}
		f.workers = append(f.workers, w)
		f.all.Go(w.work)
	}
	f.router.workers = f.workers
	f.router.pending = make([][]op, len(f.workers))
}

// dismiss lets the workers come to the end of their queues.
func (f *run) dismiss() {
	for _, w := range f.workers {
		close(w.queue)
	}
	f.all.Wait()
}

// read reads the sources on all cores, and gives what was read to use, in
// order.
func (f *run) read(ctx context.Context, use func(*batch)) error {
	names := make([]string, 0, len(f.o.People)+len(f.o.Log))
	for _, list := range [][]Source{f.o.People, f.o.Log} {
		for _, s := range list {
			names = append(names, s.Name)
		}
	}
	reading := &reading{reader: intake.New(f.o.Plan), names: names}
	work, ctx := errgroup.WithContext(ctx)
	// A block waits in line before it is read, and its batch is waited for in
	// that order.
	type turn struct {
		block *block
		batch chan *batch
	}
	line, ahead := make(chan turn), make(chan turn, 4*f.o.Cores)
	work.Go(func() error {
		defer close(line)
		defer close(ahead)
		return blocks(ctx, f.o.People, f.o.Log, func(b *block) error {
			t := turn{b, make(chan *batch, 1)}
			for _, c := range []chan turn{ahead, line} {
				select {
				case c <- t:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range f.o.Cores {
		work.Go(func() error {
			for t := range line {
				t.batch <- reading.read(t.block)
			}
			return nil
		})
	}
	work.Go(func() error {
		for t := range ahead {
			select {
			case b := <-t.batch:
				f.bytes += int64(b.bytes)
				use(b)
				f.wrong.merge(&b.wrong)
				f.progress()
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return work.Wait()
}

func (f *run) progress() {
	if f.o.Progress == nil {
		return
	}
	p := Progress{Bytes: f.bytes, Groups: f.groups.live}
	if p.Drawing = f.router == nil; !p.Drawing {
		p.Events = f.router.events
	}
	f.o.Progress(p)
}

// finish lets time pass until the end, and counts where people stand.
func (f *run) finish() {
	f.to = f.o.To
	if f.to == 0 {
		f.to = f.router.newest
	}
	var all sync.WaitGroup
	for _, w := range f.workers {
		all.Go(func() { w.finish(f.to) })
	}
	all.Wait()
}

func (w *worker) finish(to value.Time) {
	for _, g := range slices.Sorted(maps.Keys(w.groups)) {
		w.at(g)
		var unit tally
		for _, s := range w.groups[g].list {
			if to > s.p.Last {
				w.let(s, to)
			}
			w.shard.people++
			w.stands(s)
			unit.merge(s.tally)
		}
		if n := float64(len(w.groups[g].list)); w.o.sampled() {
			w.shard.squares(unit)
			w.shard.peopleSquared += n * n
		}
		if w.o.Each {
			continue
		}
		delete(w.groups, g)
	}
}

// stands counts where somebody stands at the end.
func (w *worker) stands(s *someone) {
	w.who = s
	for _, r := range s.p.Runs {
		j, ok := w.o.Plan.Journey(r.Journey)
		if !ok || r.Step < 0 || r.Step >= len(j.Code) {
			continue
		}
		w.count(figure{inside, r.Journey, j.Code[r.Step].Head().ID, doing[r.State]}, true)
	}
}

// firstTime is the arrival of the first call of the log that says it.
func firstTime(ctx context.Context, o *Options) (value.Time, error) {
	r := &reading{reader: intake.New(o.Plan), names: make([]string, len(o.Log))}
	var first value.Time
	err := blocks(ctx, nil, o.Log, func(b *block) error {
		for _, c := range r.read(b).calls {
			if c.arrived > 0 {
				first = c.arrived
				return io.EOF
			}
		}
		return nil
	})
	switch {
	case first > 0:
		return first, nil
	case err != nil:
		return 0, err
	}
	return 0, fmt.Errorf("%w; or say where it begins", ErrNoTime)
}
