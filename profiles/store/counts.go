package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomodule/redigo/redis"

	"journey/profiles"
)

// How many people there are, and how many of them are in each segment, is
// counted in each partition by the very scripts that store people and let them
// go, so that the counts are those of what is stored at every moment. Somebody
// who is moving into another, or closed, is in none.

// countAll is the count of all people. No segment has such a name.
const countAll = "*"

// countsOf are the counts that a stored person is in, sorted; they are was, if
// those have not changed.
func countsOf(p *profiles.Person, was []string) []string {
	n, same := 1, true
	for name := range p.Segments {
		if !profiles.IsRuledTag(name) {
			n++
			_, in := slices.BinarySearch(was, name)
			same = same && in
		}
	}
	if same && n == len(was) {
		return was
	}
	list := make([]string, 1, n)
	list[0] = countAll
	for name := range p.Segments {
		if !profiles.IsRuledTag(name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// difference is by how much a count changes.
type difference struct {
	name string
	by   int
}

// differences leads from the counts that somebody was in to those he is in.
func differences(was, is []string) []difference {
	if len(was) == len(is) && (len(was) == 0 || &was[0] == &is[0]) {
		return nil // as ever
	}
	var list []difference
	for _, name := range was {
		if _, still := slices.BinarySearch(is, name); !still {
			list = append(list, difference{name, -1})
		}
	}
	for _, name := range is {
		if _, before := slices.BinarySearch(was, name); !before {
			list = append(list, difference{name, 1})
		}
	}
	return list
}

// Counts tells how many people are stored, and how many of them are in each
// segment; a segment that nobody is in is missing.
func (s *Store) Counts(ctx context.Context) (people int64, segments map[string]int64, err error) {
	commands := make([]command, Partitions)
	for n := range commands {
		commands[n] = cmd("HGETALL", keyCounts(n))
	}
	replies, err := s.doAll(ctx, commands)
	if err != nil {
		return 0, nil, err
	}
	segments = map[string]int64{}
	for n, reply := range replies {
		counts, err := redis.Int64Map(reply, nil)
		if err != nil {
			return 0, nil, fmt.Errorf("counts of partition %d: %w", n, err)
		}
		for name, count := range counts {
			if name == countAll {
				people += count
			} else {
				segments[name] += count
			}
		}
	}
	return people, segments, nil
}

// Sweeping tells how far fitting people to a release is, as SetSweeping was
// told last: the release's number, how many were looked at, and how many of
// them carried an older release. All are 0 before the first.
func (s *Store) Sweeping(ctx context.Context) (release, people, fitted int64, err error) {
	reply, err := redis.Int64s(s.ask(ctx, cmd("HMGET", keySettings, "sweeping", "sweptpeople", "sweptfitted")))
	if err != nil {
		return 0, 0, 0, err
	}
	return reply[0], reply[1], reply[2], nil
}

// SetSweeping notes how far fitting people to a release is.
func (s *Store) SetSweeping(ctx context.Context, release, people, fitted int64) error {
	_, err := s.ask(ctx, cmd("HSET", keySettings, "sweeping", release, "sweptpeople", people, "sweptfitted", fitted))
	return err
}
