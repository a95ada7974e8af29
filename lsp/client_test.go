package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"journey/dsl/diag"
)

// client is an editor: it talks to a server over pipes, as a real one does.
type client struct {
	t    testing.TB
	conn *jsonrpc2.Conn
	dir  string
	done chan error    // of Serve
	log  *bytes.Buffer // what the server has logged, read after done

	mu       sync.Mutex
	told     map[string][]diagnostic // newest diagnostics by file
	versions map[string]int          // of the text to which they belong
	news     chan struct{}
	version  int
	texts    map[string]string
}

// start starts a server on a folder with some files.
func start(t testing.TB, files map[string]string) *client {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	toServer, fromClient := io.Pipe()
	toClient, fromServer := io.Pipe()
	c := &client{t: t, dir: dir, done: make(chan error, 1), log: new(bytes.Buffer), told: map[string][]diagnostic{},
		versions: map[string]int{}, news: make(chan struct{}, 1), texts: maps.Clone(files)}
	go func() {
		err := Serve(context.Background(), toServer, fromServer, c.log, "test")
		fromServer.Close()
		c.done <- err
	}()
	c.conn = jsonrpc2.NewConn(context.Background(), jsonrpc2.NewBufferedStream(both{toClient, fromClient}, jsonrpc2.VSCodeObjectCodec{}),
		handler(c.heard))
	var result struct {
		ServerInfo struct{ Name string }
	}
	c.call("initialize", map[string]any{"rootUri": uriOf(dir), "capabilities": map[string]any{}}, &result)
	if result.ServerInfo.Name != "journey" {
		t.Fatalf("the server calls itself %q", result.ServerInfo.Name)
	}
	c.notify("initialized", map[string]any{})
	t.Cleanup(c.stop)
	return c
}

type both struct {
	io.ReadCloser
	w io.WriteCloser
}

func (b both) Write(p []byte) (int, error) { return b.w.Write(p) }
func (b both) Close() error                { _ = b.w.Close(); return b.ReadCloser.Close() }

// stop leaves as the protocol says, and fails the test if the server logged
// anything.
func (c *client) stop() {
	c.t.Helper()
	c.call("shutdown", nil, nil)
	c.notify("exit", nil)
	select {
	case err := <-c.done:
		if err != nil {
			c.t.Error(err)
		}
	case <-time.After(20 * time.Second):
		c.t.Fatal("the server does not end")
	}
	_ = c.conn.Close()
	if c.log.Len() > 0 {
		c.t.Errorf("the server has logged:\n%s", c.log)
	}
}

func (c *client) heard(_ context.Context, r *jsonrpc2.Request) {
	if r.Method != "textDocument/publishDiagnostics" {
		return
	}
	var p publishDiagnosticsParams
	if err := json.Unmarshal(*r.Params, &p); err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := nameIn(c.dir, pathOf(p.URI))
	c.told[name] = p.Diagnostics
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *client) call(method string, params, result any) {
	c.t.Helper()
	if err := c.try(method, params, result); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) try(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return c.conn.Call(ctx, method, params, result)
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	if err := c.conn.Notify(context.Background(), method, params); err != nil {
		c.t.Fatalf("%s: %v", method, err)
	}
}

func (c *client) uri(name string) string {
	return uriOf(filepath.Join(c.dir, filepath.FromSlash(name)))
}

// open opens a file of the folder, or a new one.
func (c *client) open(name, text string) {
	c.version++
	c.texts[name] = text
	c.notify("textDocument/didOpen", didOpenParams{textDocumentItem{URI: c.uri(name), Version: c.version, Text: text}})
}

// change types a text.
func (c *client) change(name, text string) {
	c.version++
	c.texts[name] = text
	c.notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": c.uri(name), "version": c.version},
		"contentChanges": []map[string]any{{"text": text}},
	})
}

// at is the place of a mark in a file, counted as an editor counts: of `ab|c`
// between b and c, where abc occurs first.
func (c *client) at(name, marked string) map[string]any {
	c.t.Helper()
	before, after, ok := strings.Cut(marked, "|")
	i := strings.Index(c.texts[name], before+after)
	if !ok || i < 0 {
		c.t.Fatalf("%q is not in %s", marked, name)
	}
	var p position
	p.Line, p.Character = diag.NewMapper(&diag.File{Text: c.texts[name]}).UTF16(i + len(before))
	return map[string]any{"textDocument": map[string]any{"uri": c.uri(name)}, "position": p}
}

// diagnostics waits until what is said about a file fulfils a condition.
func (c *client) diagnostics(name string, want func([]diagnostic) bool) []diagnostic {
	c.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		c.mu.Lock()
		got := c.told[name]
		c.mu.Unlock()
		if want(got) {
			return got
		}
		select {
		case <-c.news:
		case <-deadline:
			c.t.Fatalf("about %s is said only %v", name, got)
		}
	}
}

// text is what a range of a file contains.
func (c *client) text(name string, r textRange) string {
	m := diag.NewMapper(&diag.File{Text: c.texts[name]})
	return c.texts[name][m.Offset(r.Start.Line, r.Start.Character):m.Offset(r.End.Line, r.End.Character)]
}

// apply makes the edits of an answer.
func (c *client) apply(e workspaceEdit) map[string]string {
	c.t.Helper()
	changed := maps.Clone(c.texts)
	for uri, edits := range e.Changes {
		name := nameIn(c.dir, pathOf(uri))
		m := diag.NewMapper(&diag.File{Text: changed[name]})
		slices.SortFunc(edits, func(a, b textEdit) int {
			return m.Offset(b.Range.Start.Line, b.Range.Start.Character) - m.Offset(a.Range.Start.Line, a.Range.Start.Character)
		})
		for _, edit := range edits {
			from, to := m.Offset(edit.Range.Start.Line, edit.Range.Start.Character), m.Offset(edit.Range.End.Line, edit.Range.End.Character)
			changed[name] = changed[name][:from] + edit.NewText + changed[name][to:]
		}
	}
	return changed
}

// labels are the completions at a place, in the order in which they are shown.
func (c *client) labels(name, marked string) []string {
	c.t.Helper()
	var list completionList
	c.call("textDocument/completion", c.at(name, marked), &list)
	slices.SortStableFunc(list.Items, func(a, b completionItem) int { return strings.Compare(a.SortText, b.SortText) })
	var all []string
	for _, i := range list.Items {
		all = append(all, i.Label)
	}
	return all
}
