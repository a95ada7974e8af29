package store

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"journey/profiles/store/pack"
)

const (
	maxNames    = 1 << 16
	maxName     = 200 // bytes
	namesAtOnce = 1000
)

// Learn makes names known to the store, for all processes and for ever: the
// names of a program (traits, events, properties, journeys, steps, messages,
// channels, segments, splits and branches, `enter when` and running values by
// their keys, values of `one of`, the release's hash, reasons). A known name
// takes one or two bytes in a person instead of its length, and costs no
// memory when a person is loaded. Names that were not learnt work too. Only
// the names of programs should be learnt, never what clients send: there is
// room for 65,536.
//
// Redis is told all of them, also those that this process knows, for it may
// have lost them: first those that people may be written with already.
func (s *Store) Learn(ctx context.Context, names []string) error {
	var list []any
	for _, n := range names {
		if len(n) > 1 && len(n) <= maxName {
			list = append(list, n)
		}
	}
	if err := s.rereadNames(ctx); err != nil {
		return err
	}
	if err := s.tellNames(ctx, list); err != nil {
		return err
	}
	return s.rereadNames(ctx)
}

// tellNames appends those names to Redis's list that it has not.
func (s *Store) tellNames(ctx context.Context, list []any) error {
	for len(list) > 0 {
		part := list[:min(len(list), namesAtOnce)]
		list = list[len(part):]
		if _, err := s.ask(ctx, scriptNames.call([]string{keyNames}, append([]any{maxNames}, part...)...)); err != nil {
			return fmt.Errorf("names could not be stored: %w", err)
		}
	}
	return nil
}

// rereadNames reads all names. Where Redis has fewer than those known so far
// it was emptied, or has lost its last second: it is given them again, each at
// its old place, so that a process that has not noticed yet goes on reading
// and writing people rightly. Where it has others at those places they are
// forgotten, for nobody else could read who is written with them.
func (s *Store) rereadNames(ctx context.Context) error {
	s.namesLock.Lock()
	defer s.namesLock.Unlock()
	known := s.names.Load()
	for given := false; ; given = true {
		list, err := redis.Strings(s.ask(ctx, cmd("LRANGE", keyNames, 0, -1)))
		if err != nil {
			return fmt.Errorf("names could not be read: %w", err)
		}
		lost := known.After(list)
		switch {
		case len(lost) > 0 && !given:
			again := make([]any, len(lost))
			for i, n := range lost {
				again[i] = n
			}
			if err := s.tellNames(ctx, again); err != nil {
				return err
			}
			continue
		case !known.Begins(list):
			known = &pack.Names{}
		}
		s.names.Store(known.With(list[known.Len():]))
		return nil
	}
}

// readNames reads the names that have come since those given.
func (s *Store) readNames(ctx context.Context, since *pack.Names) error {
	s.namesLock.Lock()
	defer s.namesLock.Unlock()
	known := s.names.Load()
	if known != since && known.Len() > since.Len() {
		return nil // somebody else has just read them
	}
	list, err := redis.Strings(s.ask(ctx, cmd("LRANGE", keyNames, known.Len(), -1)))
	if err != nil {
		return fmt.Errorf("names could not be read: %w", err)
	}
	if len(list) > 0 {
		s.names.Store(known.With(list))
	}
	return nil
}
