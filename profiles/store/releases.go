package store

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Release is a publication of a program.
type Release struct {
	Number int64     `json:"-"` // from 1, one after the other
	Hash   string    `json:"hash"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at"`
	Of     int64     `json:"of,omitempty"` // not 0: a rollback to that number
}

// SaveSources keeps the files of a program under its hash, for ever. Hashes
// that are there already are left as they are.
func (s *Store) SaveSources(ctx context.Context, hash string, files map[string]string) error {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		err = json.NewEncoder(w).Encode(files)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("sources cannot be packed: %w", err)
	}
	_, err = s.ask(ctx, cmd("SETNX", keySources(hash), b.Bytes()))
	return err
}

// Sources are the files of a program; ErrUnknown.
func (s *Store) Sources(ctx context.Context, hash string) (map[string]string, error) {
	reply, err := s.ask(ctx, cmd("GET", keySources(hash)))
	if err != nil {
		return nil, err
	}
	data, _ := reply.([]byte)
	if data == nil {
		return nil, fmt.Errorf("sources %s: %w", hash, ErrUnknown)
	}
	var files map[string]string
	if err := json.NewDecoder(flate.NewReader(bytes.NewReader(data))).Decode(&files); err != nil && err != io.EOF {
		return nil, fmt.Errorf("sources %s cannot be unpacked: %w", hash, err)
	}
	return files, nil
}

// Publish makes a program live under the next number, in every partition,
// before it returns. Its sources must be saved. The fields Hash, By, At and Of
// of r are used. If it is interrupted, the next call of Publish, Live or
// Releases in any process completes it, and so does a commit that finds it.
func (s *Store) Publish(ctx context.Context, r Release) (Release, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return Release{}, err
	}
	n, err := redis.Int64(s.ask(ctx, scriptPublish.call([]string{keyReleases, keySources(r.Hash)}, data)))
	if err != nil {
		return Release{}, err
	}
	if n == 0 {
		return Release{}, fmt.Errorf("sources %s: %w", r.Hash, ErrUnknown)
	}
	r.Number = n
	return r, s.raise(ctx, "live", n)
}

// raise makes every partition know a number: those that know none by a plain
// command, the others, where somebody else may raise it at the same time, by
// the script.
func (s *Store) raise(ctx context.Context, what string, n int64) error {
	first := make([]command, Partitions)
	for i := range first {
		first[i] = cmd("HSETNX", keyControl(i), what, n)
	}
	replies, err := s.doAll(ctx, first)
	if err != nil {
		return err
	}
	var rest []command
	for i, reply := range replies {
		if reply != int64(1) {
			rest = append(rest, scriptRaise.call([]string{keyControl(i)}, what, n))
		}
	}
	_, err = s.doAll(ctx, rest)
	return err
}

// finishRaise completes an interrupted publication, of releases or switches.
// It also finds out if Redis has forgotten names.
func (s *Store) finishRaise(ctx context.Context) error {
	known := s.names.Load()
	commands := []command{cmd("LLEN", keyReleases), cmd("HGET", keySwitches, "version"), cmd("LINDEX", keyNames, max(known.Len()-1, 0))}
	partitions := len(commands)
	for i := range Partitions {
		commands = append(commands, cmd("HMGET", keyControl(i), "live", "switches"))
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return err
	}
	newest, err := numbers(replies[:2])
	if err != nil {
		return err
	}
	if last, _ := redis.String(replies[2], nil); known.Len() > 0 && last != known.Last() {
		if err := s.startAfresh(ctx); err != nil {
			return err
		}
	}
	for i, what := range []string{"live", "switches"} {
		behind := false
		for _, reply := range replies[partitions:] {
			have, err := numbers(reply)
			if err != nil {
				return err
			}
			behind = behind || have[i] < newest[i]
		}
		if !behind {
			continue
		}
		if err := s.raise(ctx, what, newest[i]); err != nil {
			return err
		}
	}
	return nil
}

// startAfresh writes the layout down in a Redis that was emptied below us.
func (s *Store) startAfresh(ctx context.Context) error {
	_, _, key, err := s.layout(ctx, s.buckets, *s.indexKey.Load())
	if err != nil {
		return err
	}
	s.indexKey.Store(&key) // another process may have been first
	return s.rereadNames(ctx)
}

// Live is the newest release; ErrUnknown when nothing was ever published.
func (s *Store) Live(ctx context.Context) (Release, error) {
	if err := s.finishRaise(ctx); err != nil {
		return Release{}, err
	}
	n, err := redis.Int64(s.ask(ctx, cmd("LLEN", keyReleases)))
	if err != nil {
		return Release{}, err
	}
	return s.Release(ctx, n)
}

// Release is the release with a number; ErrUnknown.
func (s *Store) Release(ctx context.Context, number int64) (Release, error) {
	if number < 1 {
		return Release{}, fmt.Errorf("release %d: %w", number, ErrUnknown)
	}
	reply, err := s.ask(ctx, cmd("LINDEX", keyReleases, number-1))
	if err != nil {
		return Release{}, err
	}
	if reply == nil {
		return Release{}, fmt.Errorf("release %d: %w", number, ErrUnknown)
	}
	return readRelease(number, reply)
}

func readRelease(number int64, reply any) (Release, error) {
	data, err := redis.Bytes(reply, nil)
	var r Release
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return Release{}, fmt.Errorf("release %d cannot be read: %w", number, err)
	}
	r.Number = number
	return r, nil
}

// Releases are all releases, oldest first.
func (s *Store) Releases(ctx context.Context) ([]Release, error) {
	if err := s.finishRaise(ctx); err != nil {
		return nil, err
	}
	list, err := redis.Values(s.ask(ctx, cmd("LRANGE", keyReleases, 0, -1)))
	if err != nil {
		return nil, err
	}
	out := make([]Release, len(list))
	for i, reply := range list {
		if out[i], err = readRelease(int64(i+1), reply); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Switches are what can be turned off beside the releases.
type Switches struct {
	Version int64    `json:"-"`                 // raised by every change; 0: never changed
	Paused  []string `json:"paused,omitempty"`  // journeys, sorted
	Stopped []string `json:"stopped,omitempty"` // channels, sorted
}

// Switches reads the switches.
func (s *Store) Switches(ctx context.Context) (Switches, error) {
	parts, err := redis.ByteSlices(s.ask(ctx, cmd("HMGET", keySwitches, "version", "data")))
	if err != nil {
		return Switches{}, err
	}
	var w Switches
	if parts[0] == nil {
		return w, nil
	}
	if w.Version, err = redis.Int64(parts[0], nil); err == nil {
		err = json.Unmarshal(parts[1], &w)
	}
	if err != nil {
		return Switches{}, fmt.Errorf("switches cannot be read: %w", err)
	}
	return w, nil
}

// SetSwitches replaces the switches whose version is given, in every
// partition, before it returns, and answers them with their new version.
// ErrConflict: they were changed meanwhile.
func (s *Store) SetSwitches(ctx context.Context, w Switches) (Switches, error) {
	w.Paused, w.Stopped = slices.Clone(w.Paused), slices.Clone(w.Stopped)
	slices.Sort(w.Paused)
	slices.Sort(w.Stopped)
	data, err := json.Marshal(w)
	if err != nil {
		return Switches{}, err
	}
	n, err := redis.Int64(s.ask(ctx, scriptSwitches.call([]string{keySwitches}, w.Version, data)))
	if err != nil {
		return Switches{}, err
	}
	if n == 0 {
		return Switches{}, fmt.Errorf("switches: %w", ErrConflict)
	}
	w.Version = n
	return w, s.raise(ctx, "switches", n)
}
