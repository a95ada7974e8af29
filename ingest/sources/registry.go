package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"journey/profiles/store"
)

// Store is where sources are kept; *store.Store is one.
type Store interface {
	WriteKeys(ctx context.Context) (version int64, data []byte, err error)
	SetWriteKeys(ctx context.Context, version int64, data []byte) (int64, error)
	Tally(ctx context.Context, add map[string]int64, set map[string]string) error
	Tallies(ctx context.Context) (counts map[string]int64, texts map[string]string, err error)
}

// every is how often the list is read anew and the figures are written down.
const every = 2 * time.Second

// patience bounds one attempt at either.
const patience = 1500 * time.Millisecond

// Registry is the sources that a process knows.
type Registry struct {
	store      Store
	configured []Source
	log        *slog.Logger
	now        func() time.Time

	live   atomic.Pointer[table]
	adopt  sync.Mutex // one at a time makes a table
	states map[string]*state

	stop context.CancelFunc
	work sync.WaitGroup
}

// table is the list at one moment.
type table struct {
	version int64
	sources map[string]*Live
	keys    map[string]held // by hash
}

type held struct {
	live  *Live
	until time.Time
}

// Configured makes a source of the configuration, with its key.
func Configured(s Source, key string) Source {
	s.Configured, s.Keys = true, []Key{{Hash: hashOf(key)}}
	return s
}

// Open makes a registry and reads the list. The configured sources go first.
// Close ends it.
func Open(ctx context.Context, st Store, configured []Source, log *slog.Logger) (*Registry, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Registry{store: st, configured: configured, log: log, now: time.Now, states: map[string]*state{}}
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.work.Go(func() { r.keep(ctx) })
	return r, nil
}

// Close writes the figures down and ends what runs by itself.
func (r *Registry) Close() {
	r.stop()
	r.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r.flush(ctx)
}

func (r *Registry) keep(ctx context.Context) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		some, cancel := context.WithTimeout(ctx, patience)
		if err := r.refresh(some); err != nil && !errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil {
			r.log.Error("the list of sources cannot be read: the last one is kept", "error", err.Error())
		}
		r.flush(some)
		cancel()
	}
}

// Find is the source that a key belongs to, at this moment. Only hashes are
// compared: how long it takes tells nothing of the keys.
func (r *Registry) Find(key string) (*Live, bool) {
	h, ok := r.live.Load().keys[hashOf(key)]
	if !ok || !h.until.IsZero() && !r.now().Before(h.until) {
		return nil, false
	}
	return h.live, true
}

// refresh reads the list, if it is another than the one that is known.
func (r *Registry) refresh(ctx context.Context) error {
	version, data, err := r.store.WriteKeys(ctx)
	if err != nil {
		return err
	}
	r.adopt.Lock()
	defer r.adopt.Unlock()
	if known := r.live.Load(); known != nil && known.version == version {
		return nil
	}
	list, err := parse(data)
	if err != nil {
		return err
	}
	r.live.Store(r.tableOf(version, list))
	return nil
}

func parse(data []byte) (list []Source, err error) {
	if len(data) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("the list of sources cannot be read: %w", err)
	}
	return list, nil
}

// tableOf is the table of a list. A stored source with the name of a
// configured one is left out, and so are its keys.
func (r *Registry) tableOf(version int64, list []Source) *table {
	t := &table{version: version, sources: map[string]*Live{}, keys: map[string]held{}}
	for _, s := range slices.Concat(r.configured, list) {
		if t.sources[s.Name] != nil {
			continue
		}
		st := r.states[s.Name]
		if st == nil {
			st = new(state)
			r.states[s.Name] = st
		}
		l := &Live{source: s, state: st}
		t.sources[s.Name] = l
		for _, k := range s.Keys {
			if _, taken := t.keys[k.Hash]; !taken {
				t.keys[k.Hash] = held{live: l, until: k.Until}
			}
		}
	}
	return t
}

// change replaces the list by what f makes of it.
func (r *Registry) change(ctx context.Context, f func(list []Source) ([]Source, error)) error {
	for range 10 {
		version, data, err := r.store.WriteKeys(ctx)
		if err != nil {
			return err
		}
		list, err := parse(data)
		if err != nil {
			return err
		}
		if list, err = f(list); err != nil {
			return err
		}
		if data, err = json.Marshal(list); err != nil {
			return fmt.Errorf("the list of sources: %w", err)
		}
		if _, err = r.store.SetWriteKeys(ctx, version, data); errors.Is(err, store.ErrConflict) {
			continue // somebody else has just changed it
		}
		if err != nil {
			return err
		}
		return r.refresh(ctx)
	}
	return fmt.Errorf("the list of sources: %w", store.ErrConflict)
}

// one is change for one source that is there.
func (r *Registry) one(ctx context.Context, name string, f func(s *Source) error) (Source, error) {
	if r.isConfigured(name) {
		return Source{}, &Error{Code: "configured-source", Field: "name", Message: "stands in the server's configuration: change it there"}
	}
	var out Source
	err := r.change(ctx, func(list []Source) ([]Source, error) {
		i := slices.IndexFunc(list, func(s Source) bool { return s.Name == name })
		if i < 0 {
			return nil, unknown(name)
		}
		if err := f(&list[i]); err != nil {
			return nil, err
		}
		out = list[i]
		return list, out.Valid()
	})
	return out, err
}

func unknown(name string) error {
	return &Error{Code: "unknown-source", Message: fmt.Sprintf("there is no source %q", name)}
}

func (r *Registry) isConfigured(name string) bool {
	return slices.ContainsFunc(r.configured, func(s Source) bool { return s.Name == name })
}

// Add makes a source, and answers its key, which is told only here.
func (r *Registry) Add(ctx context.Context, s Source) (Source, string, error) {
	if err := s.Valid(); err != nil {
		return Source{}, "", err
	}
	exists := &Error{Code: "source-exists", Field: "name", Message: fmt.Sprintf("there is a source %q already", s.Name)}
	if r.isConfigured(s.Name) {
		return Source{}, "", exists
	}
	text, key := newKey(r.now())
	s.Keys, s.Made, s.Configured = []Key{key}, key.Made, false
	err := r.change(ctx, func(list []Source) ([]Source, error) {
		if slices.ContainsFunc(list, func(o Source) bool { return o.Name == s.Name }) {
			return nil, exists
		}
		return append(list, s), nil
	})
	return s, text, err
}

// Change changes the settings of a source; its keys and name stay.
func (r *Registry) Change(ctx context.Context, name string, f func(s *Source)) (Source, error) {
	return r.one(ctx, name, func(s *Source) error {
		keys, made := s.Keys, s.Made
		f(s)
		s.Name, s.Keys, s.Made = name, keys, made
		return nil
	})
}

// Rotate gives a source another key; the ones it has stay good for a while.
func (r *Registry) Rotate(ctx context.Context, name string, keep time.Duration) (Source, string, error) {
	now := r.now()
	text, key := newKey(now)
	s, err := r.one(ctx, name, func(s *Source) error {
		s.Keys = slices.DeleteFunc(s.Keys, func(k Key) bool { return keep <= 0 || !k.Until.IsZero() && !now.Before(k.Until) })
		for i := range s.Keys {
			if until := now.Add(keep).UTC(); s.Keys[i].Until.IsZero() || s.Keys[i].Until.After(until) {
				s.Keys[i].Until = until
			}
		}
		s.Keys = append(s.Keys, key)
		return nil
	})
	return s, text, err
}

// Revoke takes all its keys from a source.
func (r *Registry) Revoke(ctx context.Context, name string) (Source, error) {
	return r.one(ctx, name, func(s *Source) error { s.Keys = nil; return nil })
}

// Status is a source with what it has sent.
type Status struct {
	Source
	Counts map[string]int64 // by outcome
	Seen   time.Time        // when something came last; zero: never
	Wrong  *Mistake         // what was last wrong; nil: nothing
}

// List is all sources, by name. Figures of other processes are a few seconds
// old.
func (r *Registry) List(ctx context.Context) ([]Status, error) {
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	r.flush(ctx)
	counts, texts, err := r.store.Tallies(ctx)
	if err != nil {
		return nil, err
	}
	var list []Status
	for name, l := range r.live.Load().sources {
		s := Status{Source: l.source, Counts: map[string]int64{}}
		for _, o := range outcomeNames {
			s.Counts[o] = counts[name+"/"+o]
		}
		if ms := counts[name+"/seen"]; ms > 0 {
			s.Seen = time.UnixMilli(ms).UTC()
		}
		var m Mistake
		if json.Unmarshal([]byte(texts[name+"/error"]), &m) == nil {
			s.Wrong = &m
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// flush writes the figures down. What cannot be written now is kept for the
// next time.
func (r *Registry) flush(ctx context.Context) {
	add, set := map[string]int64{}, map[string]string{}
	r.adopt.Lock()
	defer r.adopt.Unlock()
	for name, st := range r.states {
		for o := range outcomes {
			if n := st.counts[o].Swap(0); n != 0 {
				add[name+"/"+outcomeNames[o]] = n
			}
		}
		if ms := st.seen.Swap(0); ms != 0 {
			set[name+"/seen"] = fmt.Sprint(ms)
		}
		if m := st.wrong.Swap(nil); m != nil {
			if data, err := json.Marshal(m); err == nil {
				set[name+"/error"] = string(data)
			}
		}
	}
	if len(add)+len(set) == 0 {
		return
	}
	if r.store.Tally(ctx, add, set) == nil {
		return
	}
	for name, st := range r.states {
		for o := range outcomes {
			st.counts[o].Add(add[name+"/"+outcomeNames[o]])
		}
	}
}

var _ Store = (*store.Store)(nil)
