package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
)

// ReactionKind says what a reaction asks for.
type ReactionKind uint8

// The kinds of reaction; they mean the same as the machine's.
const (
	StartRun ReactionKind = iota
	WakeRun
)

// Reaction is an entry of an outbox: what a commit leaves to others.
type Reaction struct {
	ID      string // in the stream: given by the commit, unique in the partition, growing
	Kind    ReactionKind
	Run     string
	Journey string
	Release string
	Seq     int64
	Order   Order      // of a start: its first order
	At      value.Time // instant of the commit
}

// Order is the first order that a start carries; it means the same as the
// machine's.
type Order struct {
	Kind    uint8
	Seq     int64
	Until   value.Time
	Channel string
}

const reactionFormat = 1

// pack is the reaction as it is stored, without its id.
func (r *Reaction) pack() []byte {
	b := make([]byte, 0, 48+len(r.Run)+len(r.Journey)+len(r.Release))
	b = append(b, reactionFormat, byte(r.Kind), r.Order.Kind)
	for _, n := range [...]int64{r.Seq, r.Order.Seq, int64(r.Order.Until), int64(r.At)} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range [...]string{r.Run, r.Journey, r.Release, r.Order.Channel} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// unpack reads what pack made.
func (r *Reaction) unpack(b []byte) error {
	if len(b) < 3 || b[0] != reactionFormat {
		return fmt.Errorf("a reaction of a format that this version does not know")
	}
	r.Kind, r.Order.Kind = ReactionKind(b[1]), b[2]
	b = b[3:]
	for _, n := range [...]*int64{&r.Seq, &r.Order.Seq, (*int64)(&r.Order.Until), (*int64)(&r.At)} {
		v, size := binary.Varint(b)
		if size <= 0 {
			return fmt.Errorf("a reaction that is cut off")
		}
		*n, b = v, b[size:]
	}
	for _, s := range [...]*string{&r.Run, &r.Journey, &r.Release, &r.Order.Channel} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return fmt.Errorf("a reaction that is cut off")
		}
		*s, b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	return nil
}

// UnreadableError says that an entry of an outbox cannot be read: it is broken,
// or of a newer version. Those behind it in its partition wait for it.
type UnreadableError struct {
	Partition int
	ID        string // of the entry in the stream
	Why       string // without what is in the entry
}

func (u *UnreadableError) Error() string {
	return fmt.Sprintf("outbox of partition %d: entry %q: %s", u.Partition, u.ID, u.Why)
}

// Outbox reads the oldest unacknowledged reactions of a partition after an
// entry's id; "": from the beginning. It ends before an entry that cannot be
// read. *UnreadableError: that is the first one.
func (s *Store) Outbox(ctx context.Context, partition int, after string, max int) ([]Reaction, error) {
	from := "-"
	if after != "" {
		from = "(" + after
	}
	entries, err := redis.Values(s.ask(ctx, cmd("XRANGE", keyOutbox(partition), from, "+", "COUNT", max)))
	if err != nil {
		return nil, err
	}
	out := make([]Reaction, len(entries))
	for i, entry := range entries {
		err := out[i].read(entry)
		switch {
		case err == nil:
		case i > 0:
			return out[:i], nil
		default:
			return nil, &UnreadableError{Partition: partition, ID: out[i].ID, Why: err.Error()}
		}
	}
	return out, nil
}

// read takes an entry of the stream apart. Its id is set even if the rest
// cannot be read.
func (r *Reaction) read(entry any) error {
	parts, err := redis.Values(entry, nil)
	if err != nil || len(parts) != 2 {
		return fmt.Errorf("it is none")
	}
	if r.ID, err = redis.String(parts[0], nil); err != nil {
		return fmt.Errorf("it has no id")
	}
	fields, err := redis.ByteSlices(parts[1], nil)
	if err != nil || len(fields) != 2 {
		return fmt.Errorf("it is no reaction")
	}
	return r.unpack(fields[1])
}

// Ack removes reactions that Temporal has accepted. ErrFenced: the lease is
// somebody else's now, and nothing was removed.
func (s *Store) Ack(ctx context.Context, l Lease, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	args := make([]any, 0, 1+len(ids))
	args = append(args, l.Token)
	for _, id := range ids {
		args = append(args, id)
	}
	n, err := redis.Int64(s.ask(ctx, scriptAck.call([]string{keyControl(l.Partition), keyOutbox(l.Partition)}, args...)))
	if err == nil && n < 0 {
		return ErrFenced
	}
	return err
}

// Backlog is how much waits in the outboxes.
type Backlog struct {
	Entries int64
	Oldest  value.Time // Reaction.At of the oldest that can be read; 0: there is none
	Stalled int        // partitions whose oldest entry cannot be read: all behind it waits
}

// Backlog looks at the outboxes of all partitions.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	commands := make([]command, 0, 2*Partitions)
	for n := range Partitions {
		commands = append(commands, cmd("XLEN", keyOutbox(n)), cmd("XRANGE", keyOutbox(n), "-", "+", "COUNT", 1))
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return Backlog{}, err
	}
	var b Backlog
	for i := 0; i < len(replies); i += 2 {
		n, err := redis.Int64(replies[i], nil)
		if err != nil {
			return Backlog{}, err
		}
		b.Entries += n
		entries, err := redis.Values(replies[i+1], nil)
		if err != nil {
			return Backlog{}, err
		}
		for _, entry := range entries {
			var r Reaction
			if r.read(entry) != nil {
				b.Stalled++
				continue
			}
			if b.Oldest == 0 || r.At < b.Oldest {
				b.Oldest = r.At
			}
		}
	}
	return b, nil
}
