package ingest

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"journey/engine"
)

var update = flag.Bool("update", false, "write what came out as what is expected")

// TestClients posts what real clients put on the wire, and compares the calls
// that reach the engine. Each file holds a request, and what becomes of it.
// The bodies say what is compressed by their header; the test compresses it.
func TestClients(t *testing.T) {
	files, err := filepath.Glob("testdata/clients/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Files) == 1 {
				a.Files = append(a.Files, txtar.File{Name: "outcome"})
			}
			got := outcomeOf(t, string(a.Files[0].Data))
			if *update {
				a.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(a.Files[1].Data); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func outcomeOf(t *testing.T, text string) string {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSpace(body)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Content-Encoding") != "" {
		body = zipped(body)
	}
	var headers []string
	for name, values := range r.Header {
		headers = append(headers, name, values[0])
	}
	s, f := newTest(t)
	w := ask(s, r.Method, r.RequestURI, strings.NewReader(body), headers...)
	var out strings.Builder
	fmt.Fprintf(&out, "%d %s", w.Code, w.Body)
	for _, call := range f.taken() {
		out.WriteString(callText(call))
	}
	return out.String()
}

// callText is a call as text, without what is empty.
func callText(c engine.Call) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s from %s, message %s\n", kindNames[c.Kind], c.Source, c.MessageID)
	for _, f := range [][2]string{{"user", c.UserID}, {"anonymous", c.AnonymousID}, {"previous", c.PreviousID}, {"event", c.Event}, {"journey", c.Journey}} {
		if f[1] != "" {
			fmt.Fprintf(&b, "  %s %s\n", f[0], f[1])
		}
	}
	for _, f := range []struct {
		name string
		m    map[string]any
	}{{"properties", c.Properties}, {"traits", c.Traits}} {
		if len(f.m) > 0 {
			j, _ := json.Marshal(f.m)
			fmt.Fprintf(&b, "  %s %s\n", f.name, j)
		}
	}
	if !c.Time.IsZero() {
		fmt.Fprintf(&b, "  at %s\n", c.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return b.String()
}
