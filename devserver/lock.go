package devserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// lockFile is what is locked; it holds the process id of who has the lock. It is
// never removed: who opened it before would hold a lock on nothing.
const lockFile = "lock"

// RedisDir is the folder for embedredis in a data folder.
func RedisDir(dir string) string { return filepath.Join(dir, "redis") }

// MailboxDir is the folder for received mails in a data folder.
func MailboxDir(dir string) string { return filepath.Join(dir, "mailbox") }

// TemporalFile is the file for embedtemporal in a data folder.
func TemporalFile(dir string) string { return filepath.Join(dir, "temporal.db") }

// errLocked is what the systems' ways of locking answer when another has it.
var errLocked = errors.New("locked")

// LockDir creates a data folder, with its folders redis and mailbox, and takes
// it for this process until release is called or the process ends, in whatever
// way. If another process has it, the error is one line that names the folder
// and that process.
func LockDir(dir string) (release func(), err error) {
	for _, d := range []string{dir, RedisDir(dir), MailboxDir(dir)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	path := filepath.Join(dir, lockFile)
	// The file is closed on exec, so a child does not keep the lock.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := lock(f); err != nil {
		defer f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("the data folder %s is in use by %s: stop that one, or choose another folder with --data", dir, owner(path))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := writePid(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("data folder: %w", err)
	}
	held.Store(f, true)
	return func() {
		held.Delete(f)
		f.Close()
	}, nil
}

// held keeps the files of locks reachable: a caller may drop release, and a file
// that nobody has any more is closed by the garbage collector, its lock with it.
var held sync.Map

// writePid puts this process's id in the place of the last one's.
func writePid(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// owner names who has the lock, as far as it can be known.
func owner(path string) string {
	b, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" {
		return "another process (pid " + pid + ")"
	}
	return "another process"
}
