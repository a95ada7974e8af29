package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryCommand: each command has an example, prints JSON, stands in the
// documentation and is typed by a script.
func TestEveryCommand(t *testing.T) {
	doc, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts := ""
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		scripts += string(b)
	}
	for _, c := range newRoot().Commands() {
		name := c.Name()
		if c.Example == "" || !strings.HasPrefix(c.Example, "  journey "+name) {
			t.Errorf("%s has no example", name)
		}
		if c.Flag("json") == nil && name != "lsp" {
			t.Errorf("%s does not print JSON", name)
		}
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/commands.md does not know %s", name)
		}
		if !regexp.MustCompile(`journey ` + name + `\b`).MatchString(scripts) {
			t.Errorf("no script types %s", name)
		}
	}
}

var docBlocks = regexp.MustCompile("(?s)```sh( fails)?\n(.*?)```\n(?:```text\n(.*?)```)?")

// TestCommandsDocument runs every command of docs/commands.md, in its order,
// and compares what it prints with what stands below it. "…" on a line of its
// own stands for any lines.
func TestCommandsDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&adminAPI{})
	defer server.Close()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "journey"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	blocks := docBlocks.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 15 {
		t.Fatalf("%d examples", len(blocks))
	}
	here := strings.NewReplacer("http://127.0.0.1:8080", server.URL, "--key admin", "--key secret")
	for _, b := range blocks {
		fails, command, want := b[1] != "", here.Replace(b[2]), b[3]
		cmd := exec.Command("sh", "-e", "-c", command)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if (err != nil) != fails {
			t.Fatalf("%s: %v\n%s%s", command, err, out, errs.String())
		}
		if want != "" {
			if diff := unlike(string(out), want); diff != "" {
				t.Errorf("%s\nprints\n%s\nnot\n%s\n(%s)", command, out, want, diff)
			}
		}
	}
}

// unlike says in which line two texts differ, "" where they do not.
func unlike(got, want string) string {
	g, w := strings.Split(strings.TrimRight(got, "\n"), "\n"), strings.Split(strings.TrimRight(want, "\n"), "\n")
	i := 0
	for k := 0; k < len(w); k++ {
		if w[k] == "…" {
			if k == len(w)-1 {
				return ""
			}
			for i < len(g) && g[i] != w[k+1] {
				i++
			}
			continue
		}
		if i >= len(g) {
			return fmt.Sprintf("it ends before %q", w[k])
		}
		if strings.TrimRight(g[i], " ") != strings.TrimRight(w[k], " ") {
			return fmt.Sprintf("%q instead of %q", g[i], w[k])
		}
		i++
	}
	if i < len(g) {
		return fmt.Sprintf("it goes on with %q", g[i])
	}
	return ""
}
