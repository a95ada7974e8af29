package devserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// LockDir makes a folder with what is needed in it (redis/, mailbox/) and
// locks it for this process, until release is called or the process ends in
// whatever way. A folder that another process has is an error that names it
// and, where it is known, the process.
func LockDir(dir string) (release func(), err error) {
	for _, d := range []string{dir, filepath.Join(dir, "redis"), filepath.Join(dir, "mailbox")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("the data folder %s cannot be made: %w", dir, err)
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data folder %s cannot be locked: %w", dir, err)
	}
	if err := lock(f); err != nil {
		defer f.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("the data folder %s cannot be locked: %w", dir, err)
		}
		return nil, fmt.Errorf("the data folder %s is in use%s: stop that one, or choose another folder with --data", dir, holder(f))
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0) // only for people
	}
	return func() { _ = f.Close() }, nil
}

var errLocked = errors.New("locked")

// holder names the process that has the lock.
func holder(f *os.File) string {
	b := make([]byte, 20)
	n, _ := f.ReadAt(b, 0)
	pid := strings.TrimSpace(string(b[:n]))
	if pid == "" {
		return " by another process"
	}
	return " by process " + pid
}
