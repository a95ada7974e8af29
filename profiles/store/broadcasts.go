package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
)

// Broadcast is a request that is addressed to a segment or to everybody.
type Broadcast struct {
	ID      string         `json:"id"` // whoever asks chooses it: the same one again changes nothing
	Journey string         `json:"journey"`
	Segment string         `json:"segment,omitempty"` // "": everybody
	Params  map[string]any `json:"params,omitempty"`  // as they came
	Hash    uint64         `json:"hash"`              // of journey, segment and params
	At      value.Time     `json:"at"`                // who is created later is not addressed
	Asked   time.Time      `json:"asked"`             // real time

	State string `json:"state"`
	// What came of the walk over all people that is under way, or was the last:
	// after an interruption another one begins at 0.
	People   int64            `json:"people"`   // who were looked at
	Entered  int64            `json:"entered"`  // of whom so many entered
	Refused  map[string]int64 `json:"refused"`  // and so many did not, by reason
	Again    int64            `json:"again"`    // and so many had been addressed before, by a walk that was interrupted or before they merged
	Finished time.Time        `json:"finished"` // real time
}

// The states of a broadcast.
const (
	BroadcastRunning = "running"
	BroadcastDone    = "done"
	BroadcastExpired = "expired" // it was interrupted for so long that a repeat would not be recognised
)

// NewBroadcast keeps a broadcast that is to be made, and answers the one that
// is kept by its id: an earlier one, if there is one.
func (s *Store) NewBroadcast(ctx context.Context, b Broadcast) (Broadcast, error) {
	data, err := json.Marshal(b)
	if err != nil {
		return Broadcast{}, fmt.Errorf("broadcast %s: %w", b.ID, err)
	}
	reply, err := s.ask(ctx, scriptAnnounce.call([]string{keyBroadcasts, keyBroadcasting}, b.ID, data))
	if err != nil {
		return Broadcast{}, err
	}
	return readBroadcast(b.ID, reply)
}

// SaveBroadcast writes down how far a broadcast is, and answers whether it
// did: one that is over stays as it is, whoever still believes it to be
// running.
func (s *Store) SaveBroadcast(ctx context.Context, b Broadcast) (wrote bool, err error) {
	data, err := json.Marshal(b)
	if err != nil {
		return false, fmt.Errorf("broadcast %s: %w", b.ID, err)
	}
	over := 0
	if b.State != BroadcastRunning {
		over = 1
	}
	return redis.Bool(s.ask(ctx, scriptWalked.call([]string{keyBroadcasts, keyBroadcasting}, b.ID, data, over)))
}

// Broadcast is the broadcast with an id; ErrUnknown.
func (s *Store) Broadcast(ctx context.Context, id string) (Broadcast, error) {
	reply, err := s.ask(ctx, cmd("HGET", keyBroadcasts, id))
	if err != nil {
		return Broadcast{}, err
	}
	return readBroadcast(id, reply)
}

// Broadcasts are all that there ever were.
func (s *Store) Broadcasts(ctx context.Context) ([]Broadcast, error) {
	replies, err := redis.Values(s.ask(ctx, cmd("HVALS", keyBroadcasts)))
	if err != nil {
		return nil, err
	}
	list := make([]Broadcast, len(replies))
	for i, reply := range replies {
		if list[i], err = readBroadcast("", reply); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Broadcasting are the ids of the broadcasts that are running.
func (s *Store) Broadcasting(ctx context.Context) ([]string, error) {
	return redis.Strings(s.ask(ctx, cmd("SMEMBERS", keyBroadcasting)))
}

func readBroadcast(id string, reply any) (Broadcast, error) {
	data, err := redis.Bytes(reply, nil)
	if errors.Is(err, redis.ErrNil) {
		return Broadcast{}, fmt.Errorf("broadcast %s: %w", id, ErrUnknown)
	}
	var b Broadcast
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if err != nil {
		return Broadcast{}, fmt.Errorf("broadcast %s cannot be read: %w", id, err)
	}
	return b, nil
}
