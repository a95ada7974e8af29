package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"

	"journey/dsl/value"
	"journey/profiles"
	"journey/profiles/store/pack"
)

// Commit is one person to be stored.
type Commit struct {
	Person *profiles.Person
	Base   *Base // as loaded or last committed; nil: he must not be stored yet

	// What the commit was judged with. It is refused if any is different now.
	Release  int64  // number of the live release: *ReleaseError; -1: unchecked
	Switches int64  // version of the switches: ErrSwitches; -1: unchecked
	Lease    *Lease // not nil: the lease it is made under: ErrFenced

	// Due is when the partition's owner must look at the person again (score
	// in the sorted set of moments); 0: never.
	Due value.Time
	// Reactions go to the partition's outbox, in this order.
	Reactions []Reaction

	// Log is what is appended to the partition's event log; nil: nothing.
	Log []byte
	// LogBound is how many entries may wait in the event log, this one
	// included: ErrLogFull; 0: any number.
	LogBound int64
	// Version, if it is not 0, is what the person's version becomes instead of
	// the next: a replay gives him the one he had. It must be above that of
	// Base.
	Version uint64

	// Check are the marks of the inputs taken with this commit. They need to
	// be given only if Person.Spilled is above 0: they are looked up among
	// the marks moved out of Person.Marks (*DuplicateError).
	Check []profiles.Mark
	// Spill are marks that SpillMarks took out of Person.Marks.
	Spill []profiles.Mark
	// Rewrite says that kept events of the past were changed in another way
	// than by appending and dropping the oldest. A changed Person.Release or
	// a longer Person.Absorbed says so by itself.
	Rewrite bool
}

// Committed is what became of a Commit.
type Committed struct {
	Base *Base // of the person as he is stored now; nil with an Err
	Err  error // ErrConflict, *ReleaseError, ErrSwitches, *MovedError, *DuplicateError, ErrFenced, ErrLogFull, ErrUnknown (its release), ErrUnavailable
}

// Commit stores people, each in one atomic step, all in one flush; the
// answers are in the order of the commits. People must be different ones.
// Commits of different callers share flushes too. A Person is only read, and
// only until Commit returns. With a cancelled context, and with
// ErrUnavailable, a commit may or may not have happened.
func (s *Store) Commit(ctx context.Context, commits ...Commit) []Committed {
	out := make([]Committed, len(commits))
	for i := 0; i < len(commits); i += maxFlush {
		n := min(i+maxFlush, len(commits))
		s.commitPart(ctx, commits[i:n], out[i:n])
	}
	return out
}

// committing is a commit on its way. Its memory is used again for others, so
// that a commit leaves little behind.
type committing struct {
	buf  []byte // what must stand in front of the person, and the person
	args []any
	next *Base
}

var committings = sync.Pool{New: func() any { return &committing{buf: make([]byte, 0, 4096)} }}

// free gives the memory back. The call must have been answered: before that
// it may still be on its way.
func (c *committing) free() {
	clear(c.args)
	c.args, c.next = c.args[:0], nil
	committings.Put(c)
}

func (s *Store) commitPart(ctx context.Context, commits []Commit, out []Committed) {
	today, expiry, err := s.markDay(ctx, commits)
	if err != nil {
		for i := range out {
			out[i].Err = err
		}
		return
	}
	commands := make([]command, 0, len(commits))
	sent := make([]*committing, len(commits))
	for i := range commits {
		sent[i] = committings.Get().(*committing)
		c, err := s.command(&commits[i], sent[i], today, expiry)
		if err != nil {
			out[i].Err = err
			continue
		}
		commands = append(commands, c)
	}
	if len(commands) == 0 {
		return
	}
	replies, err := s.pipe.do(ctx, commands...)
	at := 0
	for i := range commits {
		if out[i].Err != nil {
			continue
		}
		if err != nil {
			out[i].Err = err // and the call may still be on its way
			continue
		}
		if out[i].Err = answered(&commits[i], replies[at]); out[i].Err == nil {
			out[i].Base = sent[i].next
		}
		sent[i].free()
		at++
	}
	for i := range out {
		if errors.Is(out[i].Err, errBehind) {
			out[i] = s.catchUp(ctx, &commits[i])
		}
	}
}

// command makes the call of the script. Its file says what is what.
func (s *Store) command(c *Commit, sent *committing, today int64, expiry time.Time) (command, error) {
	p := c.Person
	if len(p.ID) > maxID || p.ID == "" {
		return command{}, fmt.Errorf("a profile's id of %d bytes cannot be stored", len(p.ID))
	}
	next := &Base{version: max(c.Base.Version()+1, c.Version), due: c.Due, dueSet: true, keys: c.Base.keysOf(p.ID)}
	var old *pack.Layout
	var was []string
	buf := sent.buf[:0]
	if c.Base != nil {
		old, was = c.Base.layout, c.Base.counted
		buf = appendHead(buf, stateHere, c.Base.version)
	}
	expected := len(buf)
	packed, err := pack.Encode(appendHead(buf, stateHere, next.version), p, old, c.Rewrite, s.names.Load())
	if err != nil {
		return command{}, err
	}
	next.layout = packed.Layout
	sent.buf, sent.next = packed.Core, next

	next.counted = countsOf(p, was)
	counts := differences(was, next.counted)
	keys := next.keys
	args := append(sent.args[:0], scriptCommit.name, commitKeys, keys.control, keys.person, keys.fields, keys.due, keys.outbox, keys.log)
	if len(c.Check)+len(c.Spill) > 0 {
		args[1] = commitKeys + 2
		args = append(args, keyMarks(p.ID, today), keyMarks(p.ID, today-1))
	}
	if len(counts) > 0 {
		args[1] = args[1].(int) + 1
		args = append(args, keys.counts)
	}
	args = append(args, packed.Core[:expected:expected], packed.Core[expected:], checked(c.Release), checked(c.Switches), c.token(), c.due(), keys.id)
	more := len(packed.Set)+len(packed.Delete)+len(c.Reactions)+len(c.Check)+len(c.Spill)+len(counts) > 0 // of most commits there is nothing
	if c.Log != nil || more {
		args = append(args, c.Log, bounded(c.LogBound))
	}
	if more {
		args = append(args, len(packed.Set), len(packed.Delete), len(c.Reactions), len(c.Check), len(c.Spill), expiry.UnixMilli())
	}
	for _, f := range packed.Set {
		args = append(args, f.Name, f.Data)
	}
	for _, name := range packed.Delete {
		args = append(args, name)
	}
	for i := range c.Reactions {
		args = append(args, c.Reactions[i].pack())
	}
	for _, m := range c.Check {
		args = append(args, markField(m))
	}
	for _, m := range c.Spill {
		args = append(args, markField(m), markPayload(m))
	}
	for _, d := range counts {
		args = append(args, d.name, d.by)
	}
	sent.args = args
	return command{name: "EVALSHA", args: args, script: scriptCommit}, nil
}

// commitKeys is how many keys the script has without those of marks.
const commitKeys = 6

// checked is a number that must be in force; below 0 it need not.
func checked(n int64) any {
	if n < 0 {
		return ""
	}
	return n
}

// bounded is a bound; 0: there is none.
func bounded(n int64) any {
	if n <= 0 {
		return ""
	}
	return n
}

func (c *Commit) token() string {
	if c.Lease == nil {
		return ""
	}
	return strconv.FormatInt(c.Lease.Token, 10)
}

func (c *Commit) due() string {
	switch {
	case c.Base != nil && c.Base.dueSet && c.Base.due == c.Due:
		return ""
	case c.Due == 0 && c.Base == nil:
		return ""
	case c.Due == 0:
		return "-"
	}
	return strconv.FormatInt(int64(c.Due), 10)
}

// errBehind: the partition has not heard of the newest release or switches,
// because their publication was interrupted.
var errBehind = errors.New("the partition is behind")

// answered is the script's answer.
func answered(c *Commit, reply any) error {
	if err := failed(reply); err != nil {
		return err
	}
	if _, ok := reply.(int64); ok {
		return nil
	}
	parts, err := redis.Values(reply, nil)
	if err != nil || len(parts) == 0 {
		return fmt.Errorf("commit: redis answered with %T", reply)
	}
	word := func(i int) string { w, _ := redis.String(parts[min(i, len(parts)-1)], nil); return w }
	number := func(i int) int64 { n, _ := redis.Int64(parts[min(i, len(parts)-1)], nil); return n }
	switch word(0) {
	case "CONFLICT":
		return ErrConflict
	case "MOVED":
		return &MovedError{To: word(2), Finished: word(1) == string(rune(stateMoved))}
	case "RELEASE":
		if n := number(1); n > c.Release {
			return &ReleaseError{Live: n}
		}
		return errBehind
	case "SWITCHES":
		if number(1) > c.Switches {
			return ErrSwitches
		}
		return errBehind
	case "FENCED":
		return ErrFenced
	case "LOGFULL":
		return ErrLogFull
	case "SEEN":
		return seen(c, parts[1:])
	}
	return fmt.Errorf("commit: redis answered with %q", word(0))
}

func seen(c *Commit, parts []any) error {
	d := &DuplicateError{}
	for i := 0; i+1 < len(parts); i += 2 {
		n, err1 := redis.Int(parts[i], nil)
		payload, err2 := redis.Bytes(parts[i+1], nil)
		if err1 != nil || err2 != nil || n < 1 || n > len(c.Check) {
			return fmt.Errorf("commit: redis knows a mark that was not asked for")
		}
		m := c.Check[n-1]
		m.Payload = payloadOf(payload)
		d.Seen = append(d.Seen, m)
	}
	return d
}

// catchUp completes what was interrupted and commits again.
func (s *Store) catchUp(ctx context.Context, c *Commit) Committed {
	if err := s.finishRaise(ctx); err != nil {
		return Committed{Err: err}
	}
	var out [1]Committed
	today, expiry, err := s.markDay(ctx, []Commit{*c})
	if err != nil {
		return Committed{Err: err}
	}
	sent := committings.Get().(*committing)
	call, err := s.command(c, sent, today, expiry)
	if err != nil {
		return Committed{Err: err}
	}
	reply, err := s.pipe.do(ctx, call)
	if err != nil {
		return Committed{Err: err}
	}
	switch err := answered(c, reply[0]); {
	case errors.Is(err, errBehind):
		out[0].Err = fmt.Errorf("commit: release %d with switches %d: %w", c.Release, c.Switches, ErrUnknown)
	case err != nil:
		out[0].Err = err
	default:
		out[0].Base = sent.next
	}
	sent.free()
	return out[0]
}
