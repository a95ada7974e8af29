package embedredis

import (
	"container/heap"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2/server"
)

// The clock.
//
// miniredis has a settable present, which we set to the instant of every unit
// before it runs: TIME, the ids that XADD makes, idle times follow from it. But
// it keeps the life of a key as a duration that shrinks only in a walk over all
// keys. So a walk is made when a key may be due, at most so often that walks take
// a fiftieth of the time, and between two walks the durations lag behind.
//
// A hook that miniredis calls before every command, those of scripts included,
// sets that right: a life that begins at the present has the lag added to it, a
// life that is asked for has it taken off. Keys therefore never expire early, and
// late by some ms with a thousand keys, by seconds with a hundred thousand.
//
// For a replay the log holds the instant of every unit and of every walk.
// Everything above follows from these.

const (
	// minRest is the least time between two walks.
	minRest = 10 * time.Millisecond
	// walkShare bounds the time spent in walks: one part in walkShare.
	walkShare = 50
)

// setNow sets the present, never before the last walk, even if the system's clock
// was set back. Finer than ms it would not be the same at both ends of a life.
func (x *mini) setNow(ms int64) {
	ms = max(ms, x.walked)
	x.now = ms
	x.m.SetTime(time.UnixMilli(ms).UTC())
}

// startAt sets present and last walk of an empty mini.
func (x *mini) startAt(ms int64) {
	x.walked = ms
	x.setNow(ms)
}

// walk lets everything expire that is due at ms. It goes forward only.
func (x *mini) walk(ms int64) {
	by := ms - x.walked
	if by <= 0 {
		return
	}
	began := time.Now()
	x.walked = ms
	x.setNow(x.now)
	x.m.FastForward(time.Duration(by) * time.Millisecond)
	for len(x.due) > 0 && x.due[0] <= ms {
		heap.Pop(&x.due)
	}
	x.rested = time.Now()
	// A busy machine makes a walk look expensive; large data do so every time.
	x.cost = min(x.rested.Sub(began), 2*x.cost+100*time.Microsecond)
}

// shouldWalk reports whether something may be due at ms and the last walk is
// long enough ago.
func (x *mini) shouldWalk(ms int64) bool {
	return len(x.due) > 0 && x.due[0] <= ms && time.Since(x.rested) >= max(minRest, walkShare*x.cost)
}

// lag is how many ms the durations are behind the present.
func (x *mini) lag() int64 { return x.now - x.walked }

// hook is called by miniredis before every command; true: it has been answered.
func (x *mini) hook(p *server.Peer, name string, args ...string) bool {
	if x.plain {
		return false
	}
	if why, ok := refused[name]; ok {
		p.WriteError(refusal(name, why))
		return true
	}
	if p != x.caller {
		if why, ok := refusedInScripts(name, args); ok {
			p.WriteError(fmt.Sprintf("ERR %s is not offered in scripts by the in-process redis: %s", name, why))
			return true
		}
	}
	if asksLife[name] {
		return x.answerLife(p, name, args)
	}
	if changed := x.rewrite(name, args); changed != nil {
		x.pass(p, changed)
		return true
	}
	return false
}

// refusal is the answer to a command that is not offered.
func refusal(name, why string) string {
	return fmt.Sprintf("ERR %s is not offered by the in-process redis: %s", name, why)
}

// pass executes a command without the hook.
func (x *mini) pass(p *server.Peer, args []string) {
	x.plain = true
	x.srv.Dispatch(p, args)
	x.plain = false
}

// rewrite returns the command with the lag added to the life it sets, nil if
// there is nothing to change. What it cannot read it leaves to miniredis.
func (x *mini) rewrite(name string, args []string) []string {
	switch name {
	case "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "SETEX", "PSETEX":
		if len(args) < 2 {
			return nil
		}
		l := life{into: strings.TrimPrefix(name, "P"), seconds: name[0] != 'P', at: strings.HasSuffix(name, "AT")}
		l.into = "P" + l.into
		ms, ok := x.lengthen(args[1], l)
		if !ok {
			return nil
		}
		changed := append([]string{l.into}, args...)
		changed[2] = ms
		return changed
	case "SET", "GETEX":
		return x.rewriteOption(name, args)
	}
	return nil
}

// life says how a command gives a key's life.
type life struct {
	into    string // the command or option that takes ms
	seconds bool
	at      bool // an instant, not a duration
}

// lifeOptions are those of SET and GETEX.
var lifeOptions = map[string]life{
	"EX":   {into: "PX", seconds: true},
	"PX":   {into: "PX"},
	"EXAT": {into: "PXAT", seconds: true, at: true},
	"PXAT": {into: "PXAT", at: true},
}

// rewriteOption changes the option of SET (after key and value) and GETEX (after
// the key).
func (x *mini) rewriteOption(name string, args []string) []string {
	from := 1
	if name == "SET" {
		from = 2
	}
	for i := from; i+1 < len(args); i++ {
		l, ok := lifeOptions[strings.ToUpper(args[i])]
		if !ok {
			continue
		}
		ms, ok := x.lengthen(args[i+1], l)
		if !ok {
			return nil
		}
		changed := append([]string{name}, args...)
		changed[i+1], changed[i+2] = l.into, ms
		return changed
	}
	return nil
}

// lengthen adds the lag to a life, in ms, and remembers when it ends. A life that
// has no meaning, or is over, is not changed.
func (x *mini) lengthen(s string, l life) (string, bool) {
	const limit = 1 << 52 // ms: beyond any date, and no sum overflows
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v <= 0 || v > limit {
		return "", false
	}
	if l.seconds {
		if v > limit/1000 {
			return "", false
		}
		v *= 1000
	}
	end := v
	if !l.at {
		end += x.now
	}
	heap.Push(&x.due, end)
	return strconv.FormatInt(v+x.lag(), 10), true
}

// asksLife are the commands that ask for a key's life.
var asksLife = map[string]bool{"TTL": true, "PTTL": true, "EXPIRETIME": true, "PEXPIRETIME": true}

// answerLife takes the lag off what miniredis answers. In a transaction there is
// none (front.exec).
func (x *mini) answerLife(p *server.Peer, name string, args []string) bool {
	if len(args) != 1 || x.queueing {
		return false
	}
	seconds := name[0] != 'P'
	ms, ok := x.aside(p, []string{"P" + strings.TrimPrefix(name, "P"), args[0]}).(int)
	if !ok {
		return false // an error, as miniredis has it
	}
	if ms >= 0 {
		ms = max(0, ms-int(x.lag()))
		if seconds {
			ms = (ms + 500) / 1000
		}
	}
	p.WriteInt(ms)
	return true
}

// instants is a heap of instants, the earliest first.
type instants []int64

var _ heap.Interface = (*instants)(nil)

// Len implements heap.Interface.
func (h instants) Len() int { return len(h) }

// Less implements heap.Interface.
func (h instants) Less(i, j int) bool { return h[i] < h[j] }

// Swap implements heap.Interface.
func (h instants) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *instants) Push(v any) { *h = append(*h, v.(int64)) }

// Pop implements heap.Interface.
func (h *instants) Pop() any {
	last := len(*h) - 1
	v := (*h)[last]
	*h = (*h)[:last]
	return v
}
