package embedredis

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// childAttributes puts the child into a process group of its own, so that the
// terminal's interrupt reaches the parent alone and the child still serves while
// the parent drains. One that keeps nothing dies with its parent.
func childAttributes(tied bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if tied {
		a.Pdeathsig = syscall.SIGKILL
	}
	return a
}

// startTied starts cmd and calls exited when it has ended. The death signal is
// bound to the thread that starts the child, not to the process, so a tied child
// gets a thread that stays until its end.
func startTied(cmd *exec.Cmd, tied bool, exited func(error)) error {
	started := make(chan error)
	go func() {
		if tied {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		exited(cmd.Wait())
	}()
	return <-started
}

// worksIn reports whether a process is a redis-server in a folder.
func worksIn(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil || cwd != dir {
		return false
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && bytes.Contains(cmdline, []byte("redis-server"))
}

// isZombie reports whether a process has ended and waits for its parent.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true // gone
	}
	// The state follows the name, which is in brackets and may hold anything.
	i := bytes.LastIndexByte(stat, ')')
	return i >= 0 && i+2 < len(stat) && (stat[i+2] == 'Z' || stat[i+2] == 'X')
}
