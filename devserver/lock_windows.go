package devserver

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the file without waiting; the lock goes with the open file. What is
// locked is a byte far behind the process id, which others must be able to read.
func lock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errLocked
	}
	return err
}
