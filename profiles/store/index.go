package store

import (
	"context"

	"github.com/gomodule/redigo/redis"

	"journey/profiles"
)

// Pointer is an entry of the identifier index.
type Pointer struct {
	Identifier profiles.Identifier // Trait and Value
	Profile    string              // where it is to lead
}

// Lookup finds the profiles of identifiers, in their order, in one flush; ""
// where there is none. A profile found may have been merged away (Load
// follows) or may not be stored yet (it counts as an empty person).
func (s *Store) Lookup(ctx context.Context, ids []profiles.Identifier) ([]string, error) {
	commands := make([]command, len(ids))
	for i, id := range ids {
		key, field := s.keyBucket(id)
		commands[i] = cmd("HGET", key, field)
	}
	replies, err := s.do(ctx, commands...)
	if err != nil {
		return nil, err
	}
	return texts(replies)
}

// Point makes identifiers lead to profiles where they lead nowhere yet, and
// answers, in order, the profile that each leads to now.
func (s *Store) Point(ctx context.Context, entries []Pointer) ([]string, error) {
	commands := make([]command, 0, 2*len(entries))
	for _, e := range entries {
		key, field := s.keyBucket(e.Identifier)
		commands = append(commands, cmd("HSETNX", key, field, e.Profile), cmd("HGET", key, field))
	}
	replies, err := s.do(ctx, commands...)
	if err != nil {
		return nil, err
	}
	owners := make([]any, len(entries))
	for i := range owners {
		owners[i] = replies[2*i+1]
	}
	return texts(owners)
}

// texts reads texts of which some may be missing, which is "".
func texts(replies []any) ([]string, error) {
	out := make([]string, len(replies))
	for i, reply := range replies {
		if reply == nil {
			continue
		}
		text, err := redis.String(reply, nil)
		if err != nil {
			return nil, err
		}
		out[i] = text
	}
	return out, nil
}

// Repoint makes identifiers that lead to one profile lead to another; those
// that lead elsewhere stay as they are.
func (s *Store) Repoint(ctx context.Context, from, to string, ids []profiles.Identifier) error {
	commands := make([]command, len(ids))
	for i, id := range ids {
		key, field := s.keyBucket(id)
		commands[i] = scriptRepoint.call([]string{key}, field, from, to)
	}
	_, err := s.do(ctx, commands...)
	return err
}

// Unpoint takes identifiers that lead to the profile out of the index.
func (s *Store) Unpoint(ctx context.Context, profile string, ids []profiles.Identifier) error {
	return s.Repoint(ctx, profile, "", ids)
}
