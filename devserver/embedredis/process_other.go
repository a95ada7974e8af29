//go:build unix && !linux

package embedredis

import (
	"bytes"
	"os/exec"
	"strconv"
	"syscall"
)

// childAttributes puts the child into a process group of its own, so that the
// terminal's interrupt reaches the parent alone and the child still serves while
// the parent drains. These systems cannot tie a child's life to its parent's.
func childAttributes(tied bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// startTied starts cmd and calls exited when it has ended.
func startTied(cmd *exec.Cmd, tied bool, exited func(error)) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { exited(cmd.Wait()) }()
	return nil
}

// worksIn reports whether a process is a redis-server that listens on a socket
// of this package; ps shows no folder. The title of a redis-server names its
// socket.
func worksIn(pid int, dir string) bool {
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && bytes.Contains(out, []byte("redis-server")) && bytes.Contains(out, []byte("redis.sock"))
}

// isZombie cannot be told cheaply here; ended children of others are reaped by
// the system's first process at once.
func isZombie(pid int) bool { return false }
