package store

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/profiles"
)

// Marks beyond the newest of a person are moved out to a hash of the day on
// which that happened, so that a commit stays small for somebody with very
// many messages a day. A mark that is to be checked is looked up in the
// hashes of today and yesterday, that is for at least 24 hours after it was
// moved. Days are those of real time by Redis' clock.

const (
	marksMost = 64 // marks in a person
	marksLeft = 32 // of which stay when it has more

	dayMS      = int64(24 * time.Hour / time.Millisecond)
	marksExtra = time.Hour // kept for longer than needed
)

// SpillMarks keeps Person.Marks short: when there are more than 64, it takes
// out the oldest so that 32 stay, counts them in Person.Spilled and returns
// them for Commit.Spill. They are looked up by Commit.Check for at least 24
// hours of real time.
func SpillMarks(p *profiles.Person) []profiles.Mark {
	if len(p.Marks) <= marksMost {
		return nil
	}
	n := len(p.Marks) - marksLeft
	out := append([]profiles.Mark(nil), p.Marks[:n]...)
	p.Marks = append([]profiles.Mark(nil), p.Marks[n:]...)
	p.Spilled += n
	return out
}

// markDay is today and when its marks expire, if any commit needs to know.
func (s *Store) markDay(ctx context.Context, commits []Commit) (int64, time.Time, error) {
	for i := range commits {
		if len(commits[i].Check)+len(commits[i].Spill) > 0 {
			return s.today(ctx)
		}
	}
	return 0, time.Time{}, nil
}

func (s *Store) today(ctx context.Context) (int64, time.Time, error) {
	now, err := s.Time(ctx)
	if err != nil {
		return 0, time.Time{}, err
	}
	day := now.UnixMilli() / dayMS
	return day, time.UnixMilli((day + 2) * dayMS).Add(marksExtra), nil
}

func markField(m profiles.Mark) []byte { return binary.BigEndian.AppendUint64(nil, m.ID) }

func markPayload(m profiles.Mark) []byte { return binary.BigEndian.AppendUint32(nil, m.Payload) }

func payloadOf(b []byte) uint32 {
	if len(b) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// CarryMarks copies the loser's spilled marks to the winner's.
func (s *Store) CarryMarks(ctx context.Context, loser, winner string) error {
	today, _, err := s.today(ctx)
	if err != nil {
		return err
	}
	for _, day := range []int64{today, today - 1} {
		if err := s.carryDay(ctx, loser, winner, day); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) carryDay(ctx context.Context, loser, winner string, day int64) error {
	const atOnce = 500
	cursor := "0"
	for {
		parts, err := redis.Values(s.ask(ctx, cmd("HSCAN", keyMarks(loser, day), cursor, "COUNT", atOnce)))
		if err != nil {
			return err
		}
		if cursor, err = redis.String(parts[0], nil); err != nil {
			return err
		}
		pairs, err := redis.Values(parts[1], nil)
		if err != nil {
			return err
		}
		for len(pairs) > 0 {
			some := pairs[:min(len(pairs), 2*atOnce)]
			pairs = pairs[len(some):]
			expiry := time.UnixMilli((day + 2) * dayMS).Add(marksExtra)
			key := keyMarks(winner, day)
			if _, err := s.do(ctx, cmd("HSET", append([]any{key}, some...)...), cmd("PEXPIREAT", key, expiry.UnixMilli())); err != nil {
				return err
			}
		}
		if cursor == "0" {
			return nil
		}
	}
}
