package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/profiles"
)

// A person is closed, and erased, like one who moves into another, who is
// nobody: Erased, or DoNotStore.
//
//  1. StartMove(P, nobody). From here on commits on P are refused: nothing
//     of him is stored any more, and none of his sends is claimed. That is
//     all there is to somebody who is only closed; Reopen undoes it.
//  2. Shut or Unpoint his identifiers.
//  3. FinishMove(P, nobody). Only that he is gone stays of P.
//
// A call that would be his meets one of these at its commit, whatever its
// process remembers. Whoever absorbs another for somebody closed or erased
// meets them, too.
const (
	// Erased is where somebody has gone who was erased. His identifiers may
	// come again, as somebody new.
	Erased = "!"
	// DoNotStore is where somebody has gone who was erased and whose data are
	// dropped on arrival from then on. His identifiers lead there.
	DoNotStore = "!!"
)

// Nowhere says whether the id of a profile is one of those that mean that
// there is nobody.
func Nowhere(id string) bool { return id == Erased || id == DoNotStore }

// Shut makes identifiers lead to DoNotStore, wherever they led.
func (s *Store) Shut(ctx context.Context, ids []profiles.Identifier) error {
	commands := make([]command, len(ids))
	for i, id := range ids {
		key, field := s.keyBucket(id)
		commands[i] = cmd("HSET", key, field, DoNotStore)
	}
	_, err := s.doAll(ctx, commands)
	return err
}

// Reopen opens somebody who was closed, and makes him due, for time went on
// meanwhile. It answers whether he was closed.
func (s *Store) Reopen(ctx context.Context, id string) (bool, error) {
	found, _, err := s.Load(ctx, id) // nobody changes him while he is closed
	if err == nil {
		err = found[0].Err
	}
	if err != nil {
		return false, err
	}
	if !Nowhere(found[0].Moving) {
		return false, nil
	}
	args := []any{id}
	if found[0].ID == id && found[0].Base != nil {
		for _, name := range found[0].Base.counted {
			args = append(args, name)
		}
	}
	n := Partition(id)
	return redis.Bool(s.ask(ctx, scriptReopen.call([]string{keyPerson(id), keyDue(n), keyCounts(n)}, args...)))
}

// Erasure is the record of somebody's wish that his data go, or are not stored
// any more. It outlives the data, and holds nothing of them.
type Erasure struct {
	ID      string    `json:"id"`
	Mode    string    `json:"mode"`
	Profile string    `json:"profile,omitempty"` // id; "": nobody was known by the identifier
	By      string    `json:"by"`
	Asked   time.Time `json:"asked"` // real time
	State   string    `json:"state"`

	Stores   []StoreErasure `json:"stores"`
	Gone     time.Time      `json:"gone,omitzero"` // since when the store of people has nothing of him
	Finished time.Time      `json:"finished,omitzero"`
}

// StoreErasure is how far a store of data is with an erasure.
type StoreErasure struct {
	Store string `json:"store"`
	State string `json:"state"`
	Error string `json:"error,omitempty"`
}

// SaveErasure keeps the record of an erasure, and among those that are to be
// carried out as long as it is not over.
func (s *Store) SaveErasure(ctx context.Context, r Erasure, over bool) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("erasure %s: %w", r.ID, err)
	}
	set := "SADD"
	if over {
		set = "SREM"
	}
	_, err = s.do(ctx, cmd("HSET", keyErasures, r.ID, data), cmd(set, keyErasing, r.ID))
	return err
}

// Erasure is the record with an id; ErrUnknown.
func (s *Store) Erasure(ctx context.Context, id string) (Erasure, error) {
	var r Erasure
	data, err := redis.Bytes(s.ask(ctx, cmd("HGET", keyErasures, id)))
	if errors.Is(err, redis.ErrNil) {
		return r, fmt.Errorf("erasure %s: %w", id, ErrUnknown)
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

// Erasures are the records of all that were ever asked for.
func (s *Store) Erasures(ctx context.Context) ([]Erasure, error) {
	all, err := redis.ByteSlices(s.ask(ctx, cmd("HVALS", keyErasures)))
	if err != nil {
		return nil, err
	}
	list := make([]Erasure, len(all))
	for i, data := range all {
		if err := json.Unmarshal(data, &list[i]); err != nil {
			return nil, fmt.Errorf("an erasure cannot be read: %w", err)
		}
	}
	return list, nil
}

// Erasing are the ids of the erasures that are not over.
func (s *Store) Erasing(ctx context.Context) ([]string, error) {
	return redis.Strings(s.ask(ctx, cmd("SMEMBERS", keyErasing)))
}
