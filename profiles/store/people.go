package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/store/pack"
)

// In front of what is stored of a person stand a byte for his state and 8
// bytes for his version. Of one who is moving or has moved the id of the
// other follows, with a byte for its length in front. Then, except of one who
// has moved, what package pack makes.
const (
	stateHere   = 'a'
	stateMoving = 'm'
	stateMoved  = 'f'

	headLen = 9
	maxID   = 255
)

// head is the state and version in front of a person.
func head(state byte, version uint64) []byte {
	return appendHead(make([]byte, 0, headLen), state, version)
}

func appendHead(b []byte, state byte, version uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, state), version)
}

// Base is what the store knows about a person as he is stored: his version
// and which parts of him lie where. It belongs to the Person it came with, is
// immutable, and is given back with the next commit; nil is a person who is
// not stored.
type Base struct {
	version uint64
	layout  *pack.Layout
	due     value.Time
	dueSet  bool     // due is known
	counted []string // in which counts he is
	keys    *personKeys
}

// Version is the stored person's version; 0 for nil.
func (b *Base) Version() uint64 {
	if b == nil {
		return 0
	}
	return b.version
}

// keysOf are the person's keys, made once for all his commits.
func (b *Base) keysOf(id string) *personKeys {
	if b != nil && b.keys != nil {
		return b.keys
	}
	return newPersonKeys(id)
}

// Size is about how many bytes the stored person takes.
func (b *Base) Size() int {
	if b == nil {
		return 0
	}
	return headLen + b.layout.Size()
}

// expect is what must stand in front of the person.
func (b *Base) expect() []byte {
	if b == nil {
		return nil
	}
	return head(stateHere, b.version)
}

// Loaded is a person as Load found him.
type Loaded struct {
	ID       string           // of the person found: the id asked for, or the winner it leads to
	Person   *profiles.Person // owned by the caller; nil: there is none
	Base     *Base            // nil: there is none
	Moving   string           // not "": the person is being merged into this one; finish the merge first
	Cause    profiles.Cause   // Moving: why
	Release  int64            // number of the live release in his partition; 0: none was published
	Switches int64            // version of the switches in his partition; 0: none were ever set
	Err      error            // what is wrong with this one alone
}

const (
	maxHops  = 16 // forward pointers followed
	maxTorn  = 20 // times that a person is read again who was changed while he was read
	perLoad  = 3  // commands for one person
	maxFlush = 100
)

// Load reads people, one for each id in its order, in one flush, and Redis'
// time with them. An id that was merged into another loads the winner; a
// chain of such ids is shortened on the way.
func (s *Store) Load(ctx context.Context, ids ...string) ([]Loaded, time.Time, error) {
	out := make([]Loaded, len(ids))
	todo := make([]*loading, len(ids))
	for i, id := range ids {
		out[i].ID = id
		todo[i] = &loading{Loaded: &out[i]}
	}
	var now time.Time
	for len(todo) > 0 {
		var next []*loading
		for len(todo) > 0 {
			part := todo[:min(len(todo), maxFlush)]
			todo = todo[len(part):]
			t, err := s.loadPart(ctx, part)
			if err != nil {
				return nil, time.Time{}, err
			}
			now = t
			for _, l := range part {
				if l.again {
					next = append(next, l)
				}
			}
		}
		todo = next
	}
	return out, now, nil
}

// loading is a person while he is loaded.
type loading struct {
	*Loaded
	again bool // not there yet
	tries int
	path  []string // ids that led to him
}

func (s *Store) loadPart(ctx context.Context, part []*loading) (time.Time, error) {
	commands := make([]command, 0, 1+perLoad*len(part))
	commands = append(commands, cmd("TIME"))
	for _, l := range part {
		commands = append(commands,
			cmd("GET", keyPerson(l.ID)),
			cmd("HGETALL", keyFields(l.ID)),
			cmd("HMGET", keyControl(Partition(l.ID)), "live", "switches"))
	}
	replies, err := s.do(ctx, commands...)
	if err != nil {
		return time.Time{}, err
	}
	now, err := s.told(replies[0])
	if err != nil {
		return time.Time{}, err
	}
	for i, l := range part {
		at := 1 + perLoad*i
		l.again = false
		if err := s.loaded(ctx, l, replies[at:at+perLoad]); err != nil {
			if errors.Is(err, ErrUnavailable) {
				return time.Time{}, err
			}
			l.Err = fmt.Errorf("person cannot be read: %w", err)
		}
	}
	return now, nil
}

// loaded makes a person of the answers.
func (s *Store) loaded(ctx context.Context, l *loading, replies []any) error {
	core, _ := replies[0].([]byte)
	control, err := numbers(replies[2])
	if err != nil {
		return err
	}
	l.Release, l.Switches = control[0], control[1]
	l.Person, l.Base, l.Moving = nil, nil, ""
	if len(core) == 0 {
		return nil
	}
	state, version, to, body, err := unwrap(core)
	if err != nil {
		return err
	}
	switch state {
	case stateMoved:
		if len(l.path) == maxHops {
			return fmt.Errorf("it was merged more than %d times in a row", maxHops)
		}
		l.path = append(l.path, l.ID)
		l.ID, l.again = to, true
		return nil
	case stateMoving:
		l.Moving = to
	}
	if len(l.path) > 1 {
		if err := s.shorten(ctx, l.path, l.ID); err != nil {
			return err
		}
	}
	l.Base = &Base{version: version}
	if l.Moving != "" {
		if err := l.readCause(replies[1]); err != nil {
			return err
		}
	}
	if len(body) == 0 {
		l.Person = profiles.New(l.ID, 0) // moving, and was never stored
		return nil
	}
	if err := s.decode(ctx, l, body, replies[1]); err != nil || l.again {
		return err
	}
	l.Base.counted = countsOf(l.Person, nil)
	return nil
}

// readCause finds why a person moves among his fields. One who was marked by
// an older version has no cause.
func (l *loading) readCause(hash any) error {
	fields, err := fieldsOf(hash)
	if err != nil {
		return err
	}
	l.Cause = profiles.Cause{}
	if text := fields[fieldCause]; text != nil {
		if err := json.Unmarshal(text, &l.Cause); err != nil {
			return fmt.Errorf("the cause of a merge: %w", err)
		}
	}
	return nil
}

func (s *Store) decode(ctx context.Context, l *loading, body []byte, hash any) error {
	fields, err := fieldsOf(hash)
	if err != nil {
		return err
	}
	for {
		names := s.names.Load()
		l.Person, l.Base.layout, err = pack.Decode(l.ID, body, fields, names)
		switch {
		case errors.Is(err, pack.ErrNames):
			if err := s.readNames(ctx, names); err != nil {
				return err
			}
			if s.names.Load() == names {
				return err // it is not only that they are new
			}
		case errors.Is(err, pack.ErrTorn) && l.tries < maxTorn:
			l.tries++
			l.again = true
			return nil
		default:
			return err
		}
	}
}

// unwrap takes apart what is stored of a person.
func unwrap(core []byte) (state byte, version uint64, to string, body []byte, err error) {
	bad := fmt.Errorf("what is stored is no person")
	if len(core) < headLen {
		return 0, 0, "", nil, bad
	}
	state, version, body = core[0], binary.BigEndian.Uint64(core[1:headLen]), core[headLen:]
	if state == stateHere {
		return state, version, "", body, nil
	}
	if state != stateMoving && state != stateMoved || len(body) == 0 || len(body) < 1+int(body[0]) {
		return 0, 0, "", nil, bad
	}
	n := 1 + int(body[0])
	return state, version, string(body[1:n]), body[n:], nil
}

func fieldsOf(reply any) (pack.Fields, error) {
	pairs, ok := reply.([]any)
	if !ok || len(pairs)%2 != 0 {
		return nil, fmt.Errorf("the fields are no hash")
	}
	if len(pairs) == 0 {
		return nil, nil
	}
	fields := make(pack.Fields, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok1 := pairs[i].([]byte)
		data, ok2 := pairs[i+1].([]byte)
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("the fields are no hash")
		}
		fields[string(name)] = data
	}
	return fields, nil
}

// numbers reads a list of numbers of which some may be missing, which is 0.
func numbers(reply any) ([]int64, error) {
	list, err := redis.Values(reply, nil)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(list))
	for i, v := range list {
		if v == nil {
			continue
		}
		if out[i], err = redis.Int64(v, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shorten makes the ids on a path lead to its end at once.
func (s *Store) shorten(ctx context.Context, path []string, end string) error {
	var commands []command
	for i, id := range path[:len(path)-1] {
		commands = append(commands, scriptShorten.call([]string{keyPerson(id)}, path[i+1], end))
	}
	_, err := s.do(ctx, commands...)
	return err
}
