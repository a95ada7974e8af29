package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomodule/redigo/redis"
)

// The event log of a partition is a stream to which commits append
// (Commit.Log). Its entries are numbered from 1 by the commit script; who has
// the partition's lease moves them to segments in four steps:
//
//  1. LogEntries reads what waits.
//  2. PlanLog says which segment they go to.
//  3. The segment is put, and is durable.
//  4. TrimLog removes them.
//
// Whoever has the lease next finds the plan of one who died in between: if the
// segment is there, step 4 is all that is left.

// LogState is how the event log of a partition is.
type LogState struct {
	Last      uint64 // number of the newest entry there ever was; 0: none
	Trimmed   uint64 // number of the last that was removed
	Planned   string // segment that is, or was being, written; "": none
	PlannedTo uint64 // its last entry
}

// Waiting is how many entries wait.
func (l LogState) Waiting() uint64 { return l.Last - l.Trimmed }

// LogStates are the states of some partitions, in one flush.
func (s *Store) LogStates(ctx context.Context, partitions []int) ([]LogState, error) {
	commands := make([]command, len(partitions))
	for i, n := range partitions {
		commands[i] = cmd("HMGET", keyControl(n), "log", "logged", "logging", "logging_to")
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return nil, err
	}
	out := make([]LogState, len(partitions))
	for i, reply := range replies {
		parts, err := redis.Strings(reply, nil)
		if err != nil || len(parts) != 4 {
			return nil, fmt.Errorf("event log of partition %d: redis answered with %T", partitions[i], reply)
		}
		l := LogState{Planned: parts[2]}
		for j, to := range [...]*uint64{0: &l.Last, 1: &l.Trimmed, 3: &l.PlannedTo} {
			if to == nil || parts[j] == "" {
				continue
			}
			if *to, err = strconv.ParseUint(parts[j], 10, 64); err != nil {
				return nil, fmt.Errorf("event log of partition %d: %w", partitions[i], err)
			}
		}
		out[i] = l
	}
	return out, nil
}

// LogEntry is an entry of the event log as it stands in the stream.
type LogEntry struct {
	Number uint64
	Data   []byte
}

// LogEntries reads the oldest entries of a partition that wait, up to a number
// and at most max.
func (s *Store) LogEntries(ctx context.Context, partition int, upTo uint64, max int) ([]LogEntry, error) {
	list, err := redis.Values(s.ask(ctx, cmd("XRANGE", keyLog(partition), "-", strconv.FormatUint(upTo, 10), "COUNT", max)))
	if err != nil {
		return nil, err
	}
	out := make([]LogEntry, len(list))
	for i, entry := range list {
		if err := out[i].read(entry); err != nil {
			return nil, fmt.Errorf("event log of partition %d: %w", partition, err)
		}
	}
	return out, nil
}

func (l *LogEntry) read(entry any) error {
	parts, err := redis.Values(entry, nil)
	if err != nil || len(parts) != 2 {
		return fmt.Errorf("it holds what is no entry")
	}
	id, err := redis.String(parts[0], nil)
	if err != nil {
		return err
	}
	number, _, _ := strings.Cut(id, "-")
	if l.Number, err = strconv.ParseUint(number, 10, 64); err != nil {
		return fmt.Errorf("an entry has the id %q", id)
	}
	fields, err := redis.ByteSlices(parts[1], nil)
	if err != nil || len(fields) != 2 {
		return fmt.Errorf("entry %s is none", id)
	}
	l.Data = fields[1]
	return nil
}

// LogPart is the end of a partition's part of a segment.
type LogPart struct {
	Lease Lease
	Last  uint64
}

// PlanLog says which segment entries are about to be written to. Partitions
// whose lease is somebody else's now are left out of what comes back.
func (s *Store) PlanLog(ctx context.Context, segment string, parts []LogPart) ([]LogPart, error) {
	commands := make([]command, len(parts))
	for i, p := range parts {
		commands[i] = scriptLogPlan.call([]string{keyControl(p.Lease.Partition)}, p.Lease.Token, segment, p.Last)
	}
	return s.unfenced(ctx, parts, commands)
}

// TrimLog removes entries that are safe in a segment; of a part whose Last is
// 0 only the plan is dropped. Partitions whose lease is somebody else's now
// are left out of what comes back: he will do it.
func (s *Store) TrimLog(ctx context.Context, parts []LogPart) ([]LogPart, error) {
	commands := make([]command, len(parts))
	for i, p := range parts {
		n := p.Lease.Partition
		commands[i] = scriptLogTrim.call([]string{keyControl(n), keyLog(n)}, p.Lease.Token, p.Last)
	}
	return s.unfenced(ctx, parts, commands)
}

func (s *Store) unfenced(ctx context.Context, parts []LogPart, commands []command) ([]LogPart, error) {
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return nil, err
	}
	var ours []LogPart
	for i, reply := range replies {
		n, err := redis.Int64(reply, nil)
		if err != nil {
			return ours, fmt.Errorf("event log of partition %d: %w", parts[i].Lease.Partition, err)
		}
		if n >= 0 {
			ours = append(ours, parts[i])
		}
	}
	return ours, nil
}

// Epoch names the life of this Redis: what is numbered in it (releases, the
// entries of event logs) is numbered anew in another. The first caller's
// proposal stays.
func (s *Store) Epoch(ctx context.Context, proposal string) (string, error) {
	replies, err := s.do(ctx, cmd("HSETNX", keySettings, "epoch", proposal), cmd("HGET", keySettings, "epoch"))
	if err != nil {
		return "", err
	}
	return redis.String(replies[1], nil)
}

// Replaying says whether a replay into this Redis was begun and has not ended.
func (s *Store) Replaying(ctx context.Context) (bool, error) {
	reply, err := s.ask(ctx, cmd("HEXISTS", keySettings, "replaying"))
	return reply == int64(1), err
}

// SetReplaying notes that a replay begins, or has ended.
func (s *Store) SetReplaying(ctx context.Context, yes bool) error {
	c := cmd("HDEL", keySettings, "replaying")
	if yes {
		c = cmd("HSET", keySettings, "replaying", 1)
	}
	_, err := s.ask(ctx, c)
	return err
}
