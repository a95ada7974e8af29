package embedredis

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// mini is miniredis with a clock that can be replayed (clock.go). One goroutine
// uses it at a time. What a unit does depends on the units before it, on the
// walks between them and on nothing else, so the same sequence makes the same
// data again.
type mini struct {
	m       *miniredis.Miniredis
	srv     *server.Server
	scripts map[string]string // text by SHA-1, as loaded into m
	inner   map[int]*local    // by database

	now    int64         // ms: the instant of the unit that runs
	walked int64         // ms: up to when lives have been shortened
	due    instants      // ms: when keys may expire
	cost   time.Duration // of the last walk
	rested time.Time     // since when there was none

	caller   *server.Peer // whose command runs; any other peer is a script's
	plain    bool         // the hook lets everything pass
	queueing bool         // commands are put into a transaction
}

// newMini makes an empty one; lives count from ms.
func newMini(ms int64) (*mini, error) {
	x := &mini{
		m:       miniredis.NewMiniRedis(),
		scripts: map[string]string{},
		inner:   map[int]*local{},
	}
	// The first Dial brings the commands into being without opening a port.
	conn, err := x.m.Dial()
	if err != nil {
		return nil, fmt.Errorf("start the in-process redis: %w", err)
	}
	conn.Close()
	x.srv = x.m.Server()
	x.startAt(ms)
	x.srv.SetPreHook(x.hook)
	return x, nil
}

func (x *mini) close() { x.m.Close() }

// run executes a unit for a peer; the answer is written to the peer, which must
// have selected the unit's database before.
func (x *mini) run(p *server.Peer, u unit) {
	x.setNow(u.now)
	if !u.multi {
		x.dispatch(p, u.commands[0])
		return
	}
	// What is said before EXEC was answered when it came in (front.go).
	silent := server.NewPeer(bufio.NewWriter(io.Discard))
	silent.Ctx = p.Ctx
	x.dispatch(silent, []string{"MULTI"})
	x.queueing = true
	for _, args := range u.commands {
		x.dispatch(silent, args)
	}
	x.queueing = false
	x.dispatch(p, []string{"EXEC"})
}

// dispatch executes one command. A panic, which is a mistake in miniredis, is
// answered as an error, here and when the log is replayed.
func (x *mini) dispatch(p *server.Peer, args []string) {
	x.caller = p
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		// Whatever panicked held the lock or had released it.
		x.m.TryLock()
		x.m.Unlock()
		x.plain = false
		p.WriteError(fmt.Sprintf("ERR the in-process redis failed on %s: %v", args[0], v))
	}()
	x.srv.Dispatch(p, args)
}

// load makes a script known and returns its SHA-1.
func (x *mini) load(text string) (string, error) {
	sum := sha1.Sum([]byte(text))
	sha := hex.EncodeToString(sum[:])
	if _, ok := x.scripts[sha]; ok {
		return sha, nil
	}
	if _, err := x.do(0, "SCRIPT", "LOAD", text); err != nil {
		return "", err
	}
	x.scripts[sha] = text
	return sha, nil
}

// local is a peer of our own for one database.
type local struct {
	peer *server.Peer
	out  *bytes.Buffer
}

// peer returns our own peer for a database.
func (x *mini) peer(db int) *local {
	if l, ok := x.inner[db]; ok {
		return l
	}
	l := &local{out: new(bytes.Buffer)}
	l.peer = server.NewPeer(bufio.NewWriter(l.out))
	x.dispatch(l.peer, []string{"SELECT", fmt.Sprint(db)})
	x.inner[db] = l
	return l
}

// replay executes a unit of the log and drops the answer.
func (x *mini) replay(u unit) {
	l := x.peer(u.db)
	x.run(l.peer, u)
	l.peer.Flush()
	l.out.Reset()
}

// do executes a command of our own and reads its answer.
func (x *mini) do(db int, args ...string) (any, error) {
	l := x.peer(db)
	l.peer.Flush()
	l.out.Reset()
	x.dispatch(l.peer, args)
	l.peer.Flush()
	return server.ParseReply(bufio.NewReader(bytes.NewReader(l.out.Bytes())))
}

// list executes a command whose answer is an array.
func (x *mini) list(db int, args ...string) ([]any, error) {
	v, err := x.do(db, args...)
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok && v != nil {
		return nil, fmt.Errorf("%s answered %T", args[0], v)
	}
	return l, nil
}

// text executes a command whose answer is a string.
func (x *mini) text(db int, args ...string) (string, error) {
	v, err := x.do(db, args...)
	if err != nil {
		return "", err
	}
	switch s := v.(type) {
	case string:
		return s, nil
	case server.Simple:
		return string(s), nil
	}
	return "", fmt.Errorf("%s answered %T", args[0], v)
}

// aside executes a command in a peer's place, without the hook, and returns the
// answer instead of giving it to the peer.
func (x *mini) aside(p *server.Peer, args []string) any {
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	stand := server.NewPeer(w)
	stand.Ctx = p.Ctx
	x.pass(stand, args)
	w.Flush()
	v, err := server.ParseReply(bufio.NewReader(&out))
	if err != nil {
		return err
	}
	return v
}
