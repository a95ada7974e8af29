package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandLine builds the command journey and answers its folder, to be put
// first on the PATH.
func commandLine(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "journey"), "../journey").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// shell runs a line as somebody would in the project's folder.
func shell(path, line string, env ...string) (string, error) {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), append(env, "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Every command of docs/operations.md works, on a server that runs a journey
// by each name.
func TestOperationsDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	path := commandLine(t)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(shop)); err != nil {
		t.Fatal(err)
	}
	sale := "journey sale {\n  enter on request { percent: number }\n  again after exit\n  tag \"sale\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "sale.journey"), []byte(sale), 0o644); err != nil {
		t.Fatal(err)
	}
	p := startDev(t, dir)
	n := 0
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(m[1]) {
			line = strings.NewReplacer("https://journey.example.com", p.api, "DIR", dir, "rollback 3", "rollback 1").Replace(line)
			if !strings.HasPrefix(line, "journey ") {
				continue
			}
			n++
			if out, err := shell(path, line, "JOURNEY_KEY=admin"); err != nil {
				t.Errorf("%s%v\n%s", line, err, out)
			}
		}
	}
	if n < 8 {
		t.Errorf("only %d commands were found", n)
	}
}

// What the READMEs of the examples say works, word by word: checks and tests,
// a server, and the events posted to it.
func TestExampleReadmes(t *testing.T) {
	path := commandLine(t)
	files, err := filepath.Glob("../../examples/*/README.md")
	if err != nil || len(files) < 8 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var p *process
			n := 0
			for line := range strings.Lines(string(text)) {
				line, command := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    ")
				if !command {
					continue
				}
				n++
				switch {
				case strings.HasPrefix(line, "go run ./cmd/journeyd dev "):
					args := strings.Fields(strings.TrimPrefix(line, "go run ./cmd/journeyd dev "))
					args[len(args)-1] = "../../" + args[len(args)-1]
					p = startDev(t, append(args[len(args)-1:], args[:len(args)-1]...)...)
				case strings.HasPrefix(line, "curl ") && p != nil:
					out, err := shell(path, "curl -sS "+strings.TrimPrefix(strings.ReplaceAll(line, "http://127.0.0.1:8080", p.api), "curl "))
					if err != nil || !strings.Contains(out, `"success":true`) {
						t.Errorf("%s: %v\n%s", line, err, out)
					}
				case strings.HasPrefix(line, "go run ./cmd/journey "):
					if out, err := shell(path, strings.TrimPrefix(line, "go run ./cmd/")); err != nil {
						t.Errorf("%s: %v\n%s", line, err, out)
					}
				default:
					t.Errorf("nobody runs %q", line)
				}
			}
			if n == 0 {
				t.Error("it shows no command")
			}
		})
	}
}

// Every block of commands of docs/sources.md works, one after the other, on the
// shop.
func TestSourcesDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	path := commandLine(t)
	p := startDev(t, shop)
	n := 0
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		block := strings.ReplaceAll(m[1], "https://journey.example.com", p.api)
		if strings.HasPrefix(block, "export ") {
			continue // done by the test
		}
		n++
		out, err := shell(path, "set -e\n"+block, "JOURNEY_SERVER="+p.api, "JOURNEY_KEY=admin")
		posts := strings.Count(block, "curl ")
		if err != nil || strings.Count(out, `"success":true`) != posts || strings.Contains(out, `"refused":`) {
			t.Errorf("%s%v\n%s", block, err, out)
		}
	}
	if n < 7 {
		t.Errorf("only %d blocks were found", n)
	}
}
