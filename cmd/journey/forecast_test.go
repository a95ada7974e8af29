package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var forecastBlocks = regexp.MustCompile("(?s)```sh\n(.*?)```\n(```text\n(.*?)```)?")

// TestForecastDocument runs the commands of docs/forecast.md, and compares
// what they print with what stands below them. UPDATE_SCRIPTS writes it there.
func TestForecastDocument(t *testing.T) {
	name, err := filepath.Abs("../../docs/forecast.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../../examples")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	n := 0
	updated := forecastBlocks.ReplaceAllFunc(text, func(block []byte) []byte {
		n++
		m := forecastBlocks.FindSubmatch(block)
		var out bytes.Buffer
		for command := range strings.Lines(string(m[1])) {
			var errs bytes.Buffer
			if args := commandWords(command); args[0] != "journey" {
				if err := exec.Command("sh", "-c", command).Run(); err != nil {
					t.Errorf("%s: %v", command, err)
				}
			} else if code := run(context.Background(), args[1:], &out, &errs); code != exitOK {
				t.Errorf("%s: exit %d\n%s", command, code, errs.String())
				return block
			}
		}
		if m[2] == nil {
			return block
		}
		if got := out.String(); got != string(m[3]) && os.Getenv("UPDATE_SCRIPTS") == "" {
			t.Errorf("%s prints\n%s\nnot\n%s", m[1], got, m[3])
		}
		return []byte("```sh\n" + string(m[1]) + "```\n```text\n" + out.String() + "```")
	})
	if n < 3 {
		t.Errorf("%d commands", n)
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(name, updated, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// commandWords takes a command apart, as a shell does with double quotes.
func commandWords(command string) []string {
	var list []string
	for i, part := range strings.Split(strings.TrimSpace(command), `"`) {
		if i%2 == 1 {
			list = append(list, part)
		} else {
			list = append(list, strings.Fields(part)...)
		}
	}
	return list
}
