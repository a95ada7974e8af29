//go:build unix

package embedredis

import (
	"errors"
	"syscall"
)

// alive reports whether a process exists. One that has ended but was not yet
// waited for by its parent counts as ended where the system tells.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return (err == nil || errors.Is(err, syscall.EPERM)) && !isZombie(pid)
}

func terminate(pid int) { syscall.Kill(pid, syscall.SIGTERM) }

func kill(pid int) { syscall.Kill(pid, syscall.SIGKILL) }
