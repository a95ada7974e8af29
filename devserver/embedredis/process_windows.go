package embedredis

import (
	"os"
	"os/exec"
	"syscall"
)

// There is no redis-server for Windows; these are here so that the in-process
// kind can be built.

func childAttributes(tied bool) *syscall.SysProcAttr { return nil }

func startTied(cmd *exec.Cmd, tied bool, exited func(error)) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { exited(cmd.Wait()) }()
	return nil
}

func worksIn(pid int, dir string) bool { return false }

func alive(pid int) bool { return false }

func terminate(pid int) { kill(pid) }

func kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		p.Kill()
	}
}
