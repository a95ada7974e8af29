package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
)

// Lease is the right to a partition's moments, sweeper, relay and log.
type Lease struct {
	Partition int
	Owner     string
	Token     int64     // fencing token: higher for every new holder
	Until     time.Time // by Redis' clock
}

// Lease takes the lease of a partition for a time, or renews it for its
// holder; false: somebody else has it.
func (s *Store) Lease(ctx context.Context, partition int, owner string, ttl time.Duration) (Lease, bool, error) {
	got, err := s.Leases(ctx, []int{partition}, owner, ttl)
	if err != nil || len(got) == 0 {
		return Lease{}, false, err
	}
	return got[0], true, nil
}

// Leases is Lease for several partitions in one flush; the leases taken or
// renewed come back.
func (s *Store) Leases(ctx context.Context, partitions []int, owner string, ttl time.Duration) ([]Lease, error) {
	now, err := s.Time(ctx)
	if err != nil {
		return nil, err
	}
	until := now.Add(ttl).Truncate(time.Millisecond)
	commands := make([]command, len(partitions))
	for i, n := range partitions {
		commands[i] = scriptLease.call([]string{keyControl(n)}, owner, now.UnixMilli(), until.UnixMilli())
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return nil, err
	}
	var got []Lease
	for i, reply := range replies {
		token, err := redis.Int64(reply, nil)
		if err != nil {
			return nil, fmt.Errorf("lease: %w", err)
		}
		if token > 0 {
			got = append(got, Lease{Partition: partitions[i], Owner: owner, Token: token, Until: until})
		}
	}
	return got, nil
}

// GiveBack gives leases back before their time. One that was taken over
// already is none of the caller's business and no error.
func (s *Store) GiveBack(ctx context.Context, leases ...Lease) error {
	commands := make([]command, len(leases))
	for i, l := range leases {
		commands[i] = scriptGiveBack.call([]string{keyControl(l.Partition)}, l.Token)
	}
	_, err := s.doAll(ctx, commands)
	return err
}

// Free are those of some partitions whose lease nobody has.
func (s *Store) Free(ctx context.Context, partitions []int) ([]int, error) {
	now, err := s.Time(ctx)
	if err != nil {
		return nil, err
	}
	commands := make([]command, len(partitions))
	for i, n := range partitions {
		commands[i] = cmd("HGET", keyControl(n), "until")
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return nil, err
	}
	var free []int
	for i, reply := range replies {
		until, err := redis.Int64(reply, nil)
		if err != nil && !errors.Is(err, redis.ErrNil) {
			return nil, fmt.Errorf("lease of partition %d: %w", partitions[i], err)
		}
		if until <= now.UnixMilli() {
			free = append(free, partitions[i])
		}
	}
	return free, nil
}

// Join counts a process among those that share the partitions, for a time, and
// answers how many there are. Whoever joins no more is counted no more.
func (s *Store) Join(ctx context.Context, owner string, ttl time.Duration) (int, error) {
	now, err := s.Time(ctx)
	if err != nil {
		return 0, err
	}
	replies, err := s.do(ctx,
		cmd("ZADD", keyProcesses, now.Add(ttl).UnixMilli(), owner),
		cmd("ZREMRANGEBYSCORE", keyProcesses, "-inf", now.UnixMilli()),
		cmd("ZCARD", keyProcesses))
	if err != nil {
		return 0, err
	}
	n, err := redis.Int(replies[2], nil)
	if err != nil {
		return 0, fmt.Errorf("processes: %w", err)
	}
	return max(n, 1), nil
}

// Leave takes a process out of those that share the partitions.
func (s *Store) Leave(ctx context.Context, owner string) error {
	_, err := s.ask(ctx, cmd("ZREM", keyProcesses, owner))
	return err
}

// DuePerson is an entry of a partition's sorted set of moments.
type DuePerson struct {
	ID string
	At value.Time // 0: somebody who is moving; finish the merge
}

// Due reads the people of a partition who are due until an instant, earliest
// first, at most max, and when the next one is due that is not among them (0:
// none). An entry goes away by a commit on its person.
func (s *Store) Due(ctx context.Context, partition int, until value.Time, max int) ([]DuePerson, value.Time, error) {
	list, err := redis.Strings(s.ask(ctx, cmd("ZRANGE", keyDue(partition), 0, max, "WITHSCORES")))
	if err != nil {
		return nil, 0, err
	}
	var due []DuePerson
	for i := 0; i+1 < len(list); i += 2 {
		score, err := strconv.ParseFloat(list[i+1], 64)
		if err != nil {
			return nil, 0, fmt.Errorf("moments of partition %d: %w", partition, err)
		}
		at := value.Time(score)
		if at > until || len(due) == max {
			return due, at, nil
		}
		due = append(due, DuePerson{ID: list[i], At: at})
	}
	return due, 0, nil
}

// DropDue takes people out of their partitions' sorted sets who are not
// stored there; those who are stay.
func (s *Store) DropDue(ctx context.Context, ids ...string) error {
	commands := make([]command, len(ids))
	for i, id := range ids {
		commands[i] = scriptDropDue.call([]string{keyPerson(id), keyDue(Partition(id))}, id)
	}
	_, err := s.do(ctx, commands...)
	return err
}
