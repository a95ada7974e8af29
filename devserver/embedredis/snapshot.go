package embedredis

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
)

// A snapshot is the shortest log that makes the same data: a header, commands, an
// end. It is written while nobody else uses the data, so everybody waits for it;
// how often, and for how much of the time, worthSnapshot decides.

// databases is how many a client can select, as in Redis.
const databases = 16

// chunk is how many members of a collection one command of a snapshot carries.
const chunk = 256

// writeSnapshot writes the data to a file and returns its size; the file is not
// yet on the disk (see journal.go).
func writeSnapshot(path string, x *mini) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, 0, err
	}
	w := &snapWriter{x: x, w: bufio.NewWriterSize(f, 1<<20)}
	w.all()
	if err := errors.Join(w.err, w.w.Flush()); err != nil {
		f.Close()
		os.Remove(path)
		return nil, 0, err
	}
	return f, w.size, nil
}

// snapWriter dumps the data key by key.
type snapWriter struct {
	x    *mini
	w    *bufio.Writer
	size int64
	buf  []byte
	err  error
}

func (w *snapWriter) put(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
		w.size += int64(len(b))
	}
	w.buf = b[:0]
}

func (w *snapWriter) command(db int, args ...string) {
	w.put(appendUnit(w.buf, unit{now: w.x.walked, db: db, commands: [][]string{args}}))
}

// all dumps every database.
func (w *snapWriter) all() {
	w.put(appendHeader(w.buf, w.x.walked))
	for db := range databases {
		keys, err := w.x.list(db, "KEYS", "*")
		for _, k := range keys {
			if err != nil || w.err != nil {
				break
			}
			if err = w.key(db, k.(string)); err != nil {
				err = fmt.Errorf("key %q: %w", k, err)
			}
		}
		if w.err == nil {
			w.err = err
		}
	}
	w.put(appendEnd(w.buf))
}

// key dumps one key and its end.
func (w *snapWriter) key(db int, key string) error {
	kind, err := w.x.text(db, "TYPE", key)
	if err != nil {
		return err
	}
	switch kind {
	case "string":
		v, err := w.x.text(db, "GET", key)
		if err != nil {
			return err
		}
		w.command(db, "SET", key, v)
	case "hash":
		err = w.members(db, []string{"HSET", key}, "HGETALL", key)
	case "list":
		err = w.members(db, []string{"RPUSH", key}, "LRANGE", key, "0", "-1")
	case "set":
		err = w.members(db, []string{"SADD", key}, "SMEMBERS", key)
	case "zset":
		err = w.scores(db, key)
	case "stream":
		err = w.stream(db, key)
	case "none":
		return nil
	default:
		err = fmt.Errorf("type %s is not kept", kind)
	}
	if err != nil {
		return err
	}
	return w.end(db, key)
}

// end dumps when the key expires.
func (w *snapWriter) end(db int, key string) error {
	v, err := w.x.do(db, "PEXPIRETIME", key)
	if err != nil {
		return err
	}
	if at, ok := v.(int); ok && at >= 0 {
		w.command(db, "PEXPIREAT", key, strconv.Itoa(at))
	}
	return nil
}

// members dumps a collection with the command that makes it.
func (w *snapWriter) members(db int, make []string, read ...string) error {
	all, err := w.x.list(db, read...)
	if err != nil {
		return err
	}
	for len(all) > 0 {
		n := min(len(all), 2*chunk) // even: fields and values
		args := append([]string(nil), make...)
		for _, v := range all[:n] {
			args = append(args, v.(string))
		}
		w.command(db, args...)
		all = all[n:]
	}
	return nil
}

// scores dumps a sorted set, whose score stands before the member.
func (w *snapWriter) scores(db int, key string) error {
	all, err := w.x.list(db, "ZRANGE", key, "0", "-1", "WITHSCORES")
	if err != nil {
		return err
	}
	for len(all) > 0 {
		n := min(len(all), 2*chunk)
		args := []string{"ZADD", key}
		for i := 0; i < n; i += 2 {
			args = append(args, all[i+1].(string), all[i].(string))
		}
		w.command(db, args...)
		all = all[n:]
	}
	return nil
}

// stream dumps entries, groups, consumers and what is pending.
func (w *snapWriter) stream(db int, key string) error {
	entries, err := w.x.list(db, "XRANGE", key, "-", "+")
	if err != nil {
		return err
	}
	for _, e := range entries {
		pair := e.([]any)
		args := []string{"XADD", key, pair[0].(string)}
		for _, v := range pair[1].([]any) {
			args = append(args, v.(string))
		}
		w.command(db, args...)
	}
	if err := w.lastID(db, key, entries); err != nil {
		return err
	}
	groups, err := w.x.list(db, "XINFO", "GROUPS", key)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := w.group(db, key, fields(g)); err != nil {
			return err
		}
	}
	return nil
}

// lastID dumps the newest id of a stream if its entry was deleted, and a stream
// without entries, as an entry that comes and goes.
func (w *snapWriter) lastID(db int, key string, entries []any) error {
	info, err := w.x.list(db, "XINFO", "STREAM", key)
	if err != nil {
		return err
	}
	last, newest := fields(info)["last-generated-id"].(string), ""
	if len(entries) > 0 {
		newest = entries[len(entries)-1].([]any)[0].(string)
	}
	if last == "" || last == "0-0" {
		last = "0-1"
	}
	if last == newest || (newest != "" && last == "0-1") {
		return nil
	}
	w.command(db, "XADD", key, last, "x", "")
	w.command(db, "XDEL", key, last)
	return nil
}

func (w *snapWriter) group(db int, key string, g map[string]any) error {
	name := g["name"].(string)
	w.command(db, "XGROUP", "CREATE", key, name, g["last-delivered-id"].(string))
	consumers, err := w.x.list(db, "XINFO", "CONSUMERS", key, name)
	if err != nil {
		return err
	}
	for _, c := range consumers {
		w.command(db, "XGROUP", "CREATECONSUMER", key, name, fields(c)["name"].(string))
	}
	pending, err := w.x.list(db, "XPENDING", key, name, "-", "+", strconv.Itoa(math.MaxInt32))
	if err != nil {
		return err
	}
	for _, p := range pending {
		e := p.([]any) // id, consumer, ms since delivery, deliveries
		delivered := w.x.now - int64(e[2].(int))
		w.command(db, "XCLAIM", key, name, e[1].(string), "0", e[0].(string),
			"TIME", strconv.FormatInt(delivered, 10), "RETRYCOUNT", strconv.Itoa(e[3].(int)), "FORCE", "JUSTID")
	}
	return nil
}

// fields makes a map of an array of names and values.
func fields(v any) map[string]any {
	m := map[string]any{}
	list, _ := v.([]any)
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i].(string)] = list[i+1]
	}
	return m
}

// readSnapshot executes a snapshot on an empty mini and returns its size. It was
// complete when it got its name, so anything bad in it is damage.
func readSnapshot(path string, x *mini) (at int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("redis snapshot: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		rec, size, err := readRecord(r)
		if err == io.EOF {
			err = errors.New("its end is missing")
		}
		if err != nil {
			return 0, fmt.Errorf("redis snapshot %s is damaged at byte %d: %w: %s", path, at, err, whatToDo)
		}
		at += size
		switch rec.kind {
		case kindHeader:
			x.startAt(rec.walked)
		case kindCommand:
			x.replay(rec.unit)
		case kindEnd:
			return at, nil
		default:
			return 0, fmt.Errorf("redis snapshot %s, byte %d: unexpected record %q", path, at-size, rec.kind)
		}
	}
}
