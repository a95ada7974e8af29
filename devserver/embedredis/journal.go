package embedredis

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The log on disk.
//
// A folder holds files named by a number of eight digits: N.log is a part of the
// log, N.snap is the data as they were before N.log began. To read: the newest
// N.snap, then N.log and those after it. A snapshot is written under another name,
// brought to the disk and renamed; only then are the older files removed. So at
// every moment the folder holds everything.
//
// The last part may end in the middle of a record, since a process or a machine
// may end there; what is cut was not acknowledged, or not yet a second old. A bad
// record with good ones after it is damage, and nothing is guessed then.

const (
	logSuffix  = ".log"
	snapSuffix = ".snap"
	tempSuffix = ".new"
)

// journal writes the log.
type journal struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex // guards file against the flusher
	file  *os.File
	num   int
	size  int64
	known map[string]bool // scripts in this part
	begun bool            // a header was read
	walk  int64           // ms: the last walk that the log tells of
	buf   []byte          // records to be written
	dirty bool            // written since the last flush; under mu

	failure error // of a write: nothing is written any more

	work     time.Duration // the log's units took, since the snapshot
	snapTook time.Duration // the snapshot took, to be written or read
	snapSize int64         // bytes
}

// files are what a folder holds.
type files struct {
	snap int // the newest snapshot; 0: none
	logs []int
	old  []string // no longer needed
}

// listFiles reads the folder.
func listFiles(dir string) (files, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return files{}, err
	}
	var f files
	var snaps []int
	for _, e := range entries {
		base, suffix := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())), filepath.Ext(e.Name())
		if suffix == tempSuffix {
			f.old = append(f.old, filepath.Join(dir, e.Name()))
			continue
		}
		n, err := strconv.Atoi(base)
		if err != nil || len(base) != 8 {
			continue
		}
		switch suffix {
		case logSuffix:
			f.logs = append(f.logs, n)
		case snapSuffix:
			snaps = append(snaps, n)
			f.snap = max(f.snap, n)
		}
	}
	for _, n := range snaps {
		if n != f.snap {
			f.old = append(f.old, name(dir, n, snapSuffix))
		}
	}
	sort.Ints(f.logs)
	for len(f.logs) > 0 && f.logs[0] < f.snap {
		f.old = append(f.old, name(dir, f.logs[0], logSuffix))
		f.logs = f.logs[1:]
	}
	return f, nil
}

func name(dir string, n int, suffix string) string {
	return filepath.Join(dir, fmt.Sprintf("%08d%s", n, suffix))
}

// openJournal reads the folder into x and opens the last part for writing.
func openJournal(dir string, x *mini, log *slog.Logger) (*journal, error) {
	f, err := listFiles(dir)
	if err != nil {
		return nil, fmt.Errorf("redis folder: %w", err)
	}
	j := &journal{dir: dir, log: log, num: max(f.snap, 1) - 1}
	for _, path := range f.old {
		os.Remove(path)
	}
	if f.snap > 0 {
		began := time.Now()
		if j.snapSize, err = readSnapshot(name(dir, f.snap, snapSuffix), x); err != nil {
			return nil, err
		}
		j.snapTook, j.begun = time.Since(began), true
	}
	began := time.Now()
	for i, n := range f.logs {
		if n != max(f.snap, 1)+i {
			return nil, fmt.Errorf("redis folder %s: %s is missing: %s", dir, name("", max(f.snap, 1)+i, logSuffix), whatToDo)
		}
		j.num = n
		if err := j.read(n, i == len(f.logs)-1, x); err != nil {
			return nil, err
		}
	}
	j.work = time.Since(began)
	if len(f.logs) == 0 {
		return j, j.begin(x.walked)
	}
	j.file, err = os.OpenFile(name(dir, j.num, logSuffix), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("redis log: %w", err)
	}
	return j, nil
}

// whatToDo ends the messages about damage.
const whatToDo = "bring back a copy of the folder, or move it away to begin with nothing"

// read executes one part. A bad end of the last one is cut off.
func (j *journal) read(n int, last bool, x *mini) error {
	path := name(j.dir, n, logSuffix)
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	j.known, j.size, j.walk = map[string]bool{}, 0, 0
	for {
		rec, size, err := readRecord(r)
		switch {
		case err == io.EOF && j.size > 0:
			return nil
		case err == nil:
			if (j.size == 0) != (rec.kind == kindHeader) {
				return fmt.Errorf("redis log %s, byte %d: unexpected record %q: %s", path, j.size, rec.kind, whatToDo)
			}
			if err := j.apply(rec, x); err != nil {
				return fmt.Errorf("redis log %s, byte %d: %w", path, j.size, err)
			}
			j.size += size
		case errors.Is(err, errBadRecord) || err == io.EOF:
			if !last {
				return fmt.Errorf("redis log %s is damaged at byte %d (%v) and is not the last: %s", path, j.size, err, whatToDo)
			}
			return j.cutTail(path, err, x)
		default:
			return fmt.Errorf("redis log %s, byte %d: %w", path, j.size, err)
		}
	}
}

// apply executes a record of the log.
func (j *journal) apply(rec record, x *mini) error {
	switch rec.kind {
	case kindHeader:
		if j.begun {
			x.walk(rec.walked)
		} else { // nothing lives yet: lives count from here
			x.startAt(rec.walked)
			j.begun = true
		}
		j.walk = rec.walked
	case kindWalk:
		x.walk(rec.walked)
		j.walk = rec.walked
	case kindScript:
		sha, err := x.load(rec.text)
		if err != nil {
			return fmt.Errorf("a script: %w", err)
		}
		j.known[sha] = true
	case kindCommand, kindMulti:
		x.replay(rec.unit)
	default:
		return fmt.Errorf("unexpected record %q", rec.kind)
	}
	return nil
}

// cutTail removes what follows the last good record, unless a good one stands
// further on. A part without even a header is begun again.
func (j *journal) cutTail(path string, why error, x *mini) error {
	fi, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	at, found, err := findRecord(path, j.size+1)
	if err != nil {
		return fmt.Errorf("redis log %s: %w", path, err)
	}
	if found {
		return fmt.Errorf("redis log %s is damaged at byte %d of %d (%v), and good records follow from byte %d: %s, or keep what stands before with: truncate -s %d %s",
			path, j.size, fi.Size(), why, at, whatToDo, j.size, path)
	}
	j.log.Warn("the redis log ended in the middle of a record, which was cut off",
		"file", path, "kept", j.size, "cut", fi.Size()-j.size)
	if err := os.Truncate(path, j.size); err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	if j.size > 0 {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	defer f.Close()
	head := appendHeader(nil, x.walked)
	if _, err := f.Write(head); err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	j.size, j.walk = int64(len(head)), x.walked
	return nil
}

// findRecord looks for a good record from an offset on.
func findRecord(path string, from int64) (at int64, found bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return 0, false, err
	}
	r := bufio.NewReaderSize(f, 1<<20)
	for at = from; ; at++ {
		b, err := r.ReadByte()
		if err == io.EOF {
			return 0, false, nil
		}
		if err != nil {
			return 0, false, err
		}
		if b != recordMark {
			continue
		}
		if _, _, err := readRecord(bufio.NewReader(io.NewSectionReader(f, at, 1<<62))); err == nil {
			return at, true, nil
		}
	}
}

// begin starts the next part.
func (j *journal) begin(walked int64) error {
	path := name(j.dir, j.num+1, logSuffix)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("redis log: %w", err)
	}
	head := appendHeader(nil, walked)
	if _, err := f.Write(head); err != nil {
		f.Close()
		return fmt.Errorf("redis log: %w", err)
	}
	syncDir(j.dir)
	j.mu.Lock()
	old := j.file
	j.file, j.dirty = f, true
	j.mu.Unlock()
	if old != nil {
		old.Sync()
		old.Close()
	}
	j.num++
	j.size, j.walk, j.known = int64(len(head)), walked, map[string]bool{}
	return nil
}

// add puts a unit, and before it what it needs, into the buffer.
func (j *journal) add(u unit, x *mini, took time.Duration) {
	j.work += took
	if j.walk != x.walked {
		j.buf = appendWalk(j.buf, x.walked)
		j.walk = x.walked
	}
	for _, args := range u.commands {
		if strings.EqualFold(args[0], "EVALSHA") && len(args) > 1 && !j.known[args[1]] {
			if text, ok := x.scripts[args[1]]; ok {
				j.buf = appendScript(j.buf, text)
				j.known[args[1]] = true
			}
		}
	}
	j.buf = appendUnit(j.buf, u)
}

// write hands the buffer to the system: it survives this process then. After a
// failure nothing more is written, since what is in memory is ahead of the log.
func (j *journal) write() error {
	if j.failure != nil {
		return j.failure
	}
	if len(j.buf) == 0 {
		return nil
	}
	if _, err := j.file.Write(j.buf); err != nil {
		j.failure = fmt.Errorf("write the redis log: %w", err)
		return j.failure
	}
	j.size += int64(len(j.buf))
	if cap(j.buf) > 1<<20 {
		j.buf = nil
	}
	j.buf = j.buf[:0]
	j.mu.Lock()
	j.dirty = true
	j.mu.Unlock()
	return nil
}

// flushEvery brings what was written to the disk, until stop is closed.
func (j *journal) flushEvery(d time.Duration, stop <-chan struct{}, fail func(error)) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			if err := j.flush(); err != nil {
				fail(err)
				return
			}
		}
	}
}

// flush is fsync. The file may be closed meanwhile by begin, which flushes it.
func (j *journal) flush() error {
	j.mu.Lock()
	file, dirty := j.file, j.dirty
	j.dirty = false
	j.mu.Unlock()
	if !dirty || file == nil {
		return nil
	}
	if err := file.Sync(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("bring the redis log to the disk: %w", err)
	}
	return nil
}

// close flushes and closes.
func (j *journal) close() error {
	err := j.flush()
	j.mu.Lock()
	defer j.mu.Unlock()
	if e := j.file.Close(); err == nil && e != nil {
		err = fmt.Errorf("close the redis log: %w", e)
	}
	j.file = nil
	return err
}

// syncDir brings a new name in a folder to the disk; not every system can.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}
