package embedredis

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// When a snapshot is made, and how it takes the place of the log.

// worthSnapshot reports whether reading the log would take too long at the next
// start. With large data the price of a snapshot, which everybody waits for,
// counts too.
func (f *front) worthSnapshot() bool {
	j := f.journal
	if j == nil || f.saving {
		return false
	}
	return j.work >= max(replayBudget, replaySnapshots*j.snapTook) ||
		j.size >= max(f.compactAt, j.snapSize)
}

// snapshot writes one and begins a new part of the log, under the lock; bringing
// it to the disk and removing what it replaces goes on beside. If it cannot be
// written the log goes on as it is.
func (f *front) snapshot() {
	save, err := f.journal.replace(f.x)
	if err != nil {
		f.log.Warn("no snapshot of the in-process redis", "cause", err.Error())
		return
	}
	f.saving = true
	f.wg.Go(func() {
		if err := save(); err != nil {
			f.log.Warn("no snapshot of the in-process redis", "cause", err.Error())
		}
		f.mu.Lock()
		f.saving = false
		f.mu.Unlock()
	})
}

// replace writes a snapshot and begins the part of the log after it. The function
// it returns makes the snapshot count; before, and without it, the older files do.
func (j *journal) replace(x *mini) (save func() error, err error) {
	j.work = 0 // not again at once, whatever happens
	final := name(j.dir, j.num+1, snapSuffix)
	temp := final + tempSuffix
	began := time.Now()
	file, size, err := writeSnapshot(temp, x)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", temp, err)
	}
	j.snapTook, j.snapSize = time.Since(began), size
	if err := j.begin(x.walked); err != nil {
		file.Close()
		os.Remove(temp)
		return nil, err
	}
	return func() error {
		err := file.Sync()
		if e := file.Close(); err == nil {
			err = e
		}
		if err == nil {
			err = os.Rename(temp, final)
		}
		if err != nil {
			os.Remove(temp)
			return fmt.Errorf("save %s: %w", final, err)
		}
		syncDir(j.dir)
		removeOld(j.dir)
		return nil
	}, nil
}

// removeOld removes the files that the newest snapshot replaces.
func removeOld(dir string) {
	if f, err := listFiles(dir); err == nil {
		for _, path := range f.old {
			if filepath.Ext(path) != tempSuffix {
				os.Remove(path)
			}
		}
	}
}

// stop ends the front: no more commands, the log on the disk.
func (f *front) stop() error {
	f.once.Do(func() {
		close(f.closing)
		f.listener.Close()
		f.mu.Lock()
		for conn := range f.conns {
			conn.Close()
		}
		f.mu.Unlock()
		f.wg.Wait()
		if f.journal != nil {
			f.stopErr = f.closeJournal()
		}
		f.x.close()
		f.clean()
		close(f.ended)
	})
	<-f.ended
	return f.stopErr
}

// quickStart is the work of the log that a next start may have to do again.
const quickStart = 200 * time.Millisecond

// closeJournal leaves a folder that is quickly read.
func (f *front) closeJournal() error {
	if f.broken == nil && f.journal.work > max(quickStart, f.journal.snapTook) {
		save, err := f.journal.replace(f.x)
		if err == nil {
			err = save()
		}
		if err != nil {
			f.log.Warn("no snapshot of the in-process redis", "cause", err.Error())
		}
	}
	return f.journal.close()
}

func (f *front) done() <-chan struct{} { return f.ended }

func (f *front) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}

// clean removes the socket and the folders made for it.
func (f *front) clean() {
	if f.temp != "" {
		os.RemoveAll(f.temp)
	}
	if f.dir != "" {
		os.Remove(filepath.Join(f.dir, "redis.sock"))
		forgetShort(f.dir, f.short)
	}
}
