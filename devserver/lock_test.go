package devserver_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"journey/devserver"
)

// envDir asks the test binary to be the process that holds a folder.
const envDir = "DEVSERVER_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envDir); dir != "" {
		if _, err := devserver.LockDir(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		runtime.GC() // which must not close what holds the lock
		fmt.Println("locked")
		time.Sleep(time.Hour) // until it is killed
	}
	os.Exit(m.Run())
}

// holder starts a process that takes the folder and returns what it said.
func holder(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	b := make([]byte, 1000)
	n, err := out.Read(b)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(string(b[:n]))
}

func TestLockDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	cmd, said := holder(t, dir)
	if said != "locked" {
		t.Fatalf("the first process says %q", said)
	}
	for _, d := range []string{devserver.RedisDir(dir), devserver.MailboxDir(dir)} {
		if fi, err := os.Stat(d); err != nil || !fi.IsDir() {
			t.Errorf("%s: %v", d, err)
		}
	}
	// In this process and in a third one.
	_, err := devserver.LockDir(dir)
	if err == nil {
		t.Fatal("a locked folder is given away")
	}
	_, third := holder(t, dir)
	for _, line := range []string{err.Error(), third} {
		if !strings.Contains(line, dir) || !strings.Contains(line, fmt.Sprintf("pid %d", cmd.Process.Pid)) || strings.Contains(line, "\n") {
			t.Errorf("the refusal is %q", line)
		}
	}
	// A killed process holds nothing.
	cmd.Process.Kill()
	cmd.Wait()
	release, err := devserver.LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := devserver.LockDir(dir); err == nil {
		t.Error("the folder is given twice to one process")
	}
	release()
	release, err = devserver.LockDir(dir)
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	release()
}

func TestLockDirThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := devserver.LockDir(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
}
