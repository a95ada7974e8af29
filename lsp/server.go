package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sourcegraph/jsonrpc2"
)

// ErrNoShutdown says that the editor left without saying so first.
var ErrNoShutdown = errors.New("the editor left without `shutdown`")

// codeCancelled is the protocol's code of a request that was cancelled.
const codeCancelled = -32800

// Serve answers an editor that writes to in and reads from out, until it says
// `exit`, closes in, or ctx ends. version is what the server calls itself.
// What goes wrong inside is written to errors. Serve closes neither stream
// before it returns; in is read until its end by a goroutine that may outlive
// Serve if in cannot be closed.
func Serve(ctx context.Context, in io.Reader, out io.Writer, errors io.Writer, version string) error {
	stopped := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{
		version: version, log: log.New(errors, "journey lsp: ", 0), exit: cancel,
		projects: map[string]*project{}, running: map[string]context.CancelFunc{}, open: map[string]string{},
		published: map[string]string{}, dirty: make(chan struct{}, 1),
	}
	stream := jsonrpc2.NewBufferedStream(pipe{in, out}, jsonrpc2.VSCodeObjectCodec{})
	s.telling.Add(1)
	ready := make(chan struct{})
	s.conn = jsonrpc2.NewConn(ctx, stream, handler(func(ctx context.Context, r *jsonrpc2.Request) {
		<-ready // s.conn is set
		s.handle(ctx, r)
	}), jsonrpc2.SetLogger(s.log))
	close(ready)
	go s.publish(ctx)
	select {
	case <-s.conn.DisconnectNotify():
	case <-ctx.Done():
	}
	cancel()
	_ = s.conn.Close() // it may be closed already
	s.asked.Wait()
	s.telling.Wait()
	if !s.left() && stopped.Err() == nil {
		return ErrNoShutdown
	}
	return nil
}

// pipe makes one stream of two.
type pipe struct {
	io.Reader
	io.Writer
}

// Close closes what is read, so that the reading ends.
func (p pipe) Close() error {
	if c, ok := p.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

type handler func(context.Context, *jsonrpc2.Request)

// Handle takes a message; the connection calls it for one after another.
func (h handler) Handle(ctx context.Context, _ *jsonrpc2.Conn, r *jsonrpc2.Request) { h(ctx, r) }

type server struct {
	version string
	log     *log.Logger
	conn    *jsonrpc2.Conn
	exit    context.CancelFunc
	asked   sync.WaitGroup // requests that are being answered
	telling sync.WaitGroup // publish

	mu       sync.Mutex
	roots    []string            // the folders that the editor has opened
	projects map[string]*project // by folder
	open     map[string]string   // the folder of the project of each open file
	snippets bool                // the editor understands snippets
	watches  bool                // the editor can be asked to watch files
	shutdown bool
	running  map[string]context.CancelFunc // requests by id
	dirty    chan struct{}                 // something changed since the last diagnostics

	published map[string]string // by URI, as JSON; only publish uses it
}

// left says whether the editor has said that it leaves.
func (s *server) left() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shutdown
}

// handle takes one message. Notifications are done before the next message is
// looked at; requests begin with the state of now and end when they end.
func (s *server) handle(ctx context.Context, r *jsonrpc2.Request) {
	if r.Notif {
		s.guard(r.Method, func() { s.notified(ctx, r) })
		return
	}
	answer, err := s.request(r)
	if err != nil {
		s.reply(ctx, r, nil, err)
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	id := r.ID.String()
	s.mu.Lock()
	s.running[id] = cancel
	s.mu.Unlock()
	s.asked.Add(1)
	go func() {
		defer s.asked.Done()
		defer func() {
			cancel()
			s.mu.Lock()
			delete(s.running, id)
			s.mu.Unlock()
		}()
		var result any
		err := fmt.Errorf("%s: an internal error, which the server has logged", r.Method)
		s.guard(r.Method, func() { result, err = answer(ctx) })
		if ctx.Err() != nil {
			err = &jsonrpc2.Error{Code: codeCancelled, Message: "cancelled"}
		}
		s.reply(context.WithoutCancel(ctx), r, result, err)
	}()
}

// guard keeps a mistake in one answer from ending the server.
func (s *server) guard(method string, do func()) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Printf("%s: %v\n%s", method, r, debug.Stack())
		}
	}()
	do()
}

func (s *server) reply(ctx context.Context, r *jsonrpc2.Request, result any, err error) {
	var e *jsonrpc2.Error
	switch {
	case err == nil:
		err = s.conn.Reply(ctx, r.ID, result)
	case errors.As(err, &e):
		err = s.conn.ReplyWithError(ctx, r.ID, e)
	default:
		err = s.conn.ReplyWithError(ctx, r.ID, &jsonrpc2.Error{Code: jsonrpc2.CodeInternalError, Message: err.Error()})
	}
	if err != nil && !errors.Is(err, jsonrpc2.ErrClosed) {
		s.log.Printf("answer %s: %v", r.Method, err)
	}
}

// notified takes a notification.
func (s *server) notified(ctx context.Context, r *jsonrpc2.Request) {
	switch r.Method {
	case "initialized":
		s.watch(ctx)
	case "textDocument/didOpen":
		var p didOpenParams
		if s.read(r, &p) {
			s.set(p.TextDocument.URI, p.TextDocument.Version, &p.TextDocument.Text)
		}
	case "textDocument/didChange":
		var p didChangeParams
		if s.read(r, &p) && len(p.ContentChanges) > 0 {
			s.set(p.TextDocument.URI, p.TextDocument.Version, &p.ContentChanges[len(p.ContentChanges)-1].Text)
		}
	case "textDocument/didClose":
		var p documentParams
		if s.read(r, &p) {
			s.set(p.TextDocument.URI, 0, nil)
		}
	case "textDocument/didSave", "workspace/didChangeWatchedFiles":
		s.reread()
	case "$/cancelRequest":
		var p cancelParams
		if s.read(r, &p) {
			s.cancelled(p.ID)
		}
	case "exit":
		s.finish()
		s.exit()
	}
}

// finish waits a little for the answers to what was asked before.
func (s *server) finish() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.asked.Wait()
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
	}
}

func (s *server) cancelled(raw json.RawMessage) {
	var id jsonrpc2.ID
	if err := json.Unmarshal(raw, &id); err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.running[id.String()]; cancel != nil {
		cancel()
	}
}

// read reads the parameters of a message.
func (s *server) read(r *jsonrpc2.Request, into any) bool {
	if r.Params == nil {
		return false
	}
	if err := json.Unmarshal(*r.Params, into); err != nil {
		s.log.Printf("%s: read parameters: %v", r.Method, err)
		return false
	}
	return true
}

// answer computes the answer to a request.
type answer func(context.Context) (any, error)

// request finds out what a request asks, of the state of now.
func (s *server) request(r *jsonrpc2.Request) (answer, error) {
	switch r.Method {
	case "initialize":
		return s.initialize(r)
	case "shutdown":
		s.mu.Lock()
		s.shutdown = true
		s.mu.Unlock()
		return func(context.Context) (any, error) { return nil, nil }, nil
	case "workspace/symbol":
		var p workspaceSymbolParams
		if !s.read(r, &p) {
			return nil, badParams(r)
		}
		all := s.snapshots()
		return func(context.Context) (any, error) { return workspaceSymbols(all, p.Query), nil }, nil
	}
	ask, ok := questions[r.Method]
	if !ok {
		return nil, &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "this server does not answer " + r.Method}
	}
	var of documentParams
	if !s.read(r, &of) {
		return nil, badParams(r)
	}
	snap, name := s.document(of.TextDocument.URI)
	if snap == nil {
		return func(context.Context) (any, error) { return nil, nil }, nil // a file of nobody
	}
	q := &question{snapshot: snap, file: name, snippets: s.snippets}
	return func(ctx context.Context) (any, error) {
		q.ctx = ctx
		return ask(q, func(into any) bool { return s.read(r, into) })
	}, nil
}

func badParams(r *jsonrpc2.Request) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: r.Method + ": the parameters cannot be read"}
}

// question is a request about one file, with the state of its moment.
type question struct {
	*snapshot
	ctx      context.Context
	file     string // its name in the workspace
	snippets bool
}

// questions are the requests about one file.
var questions = map[string]func(q *question, read func(any) bool) (any, error){
	"textDocument/completion": func(q *question, read func(any) bool) (any, error) {
		return at(q, read, (*question).completion)
	},
	"textDocument/hover": func(q *question, read func(any) bool) (any, error) { return at(q, read, (*question).hover) },
	"textDocument/definition": func(q *question, read func(any) bool) (any, error) {
		return at(q, read, (*question).definition)
	},
	"textDocument/documentHighlight": func(q *question, read func(any) bool) (any, error) {
		return at(q, read, (*question).highlight)
	},
	"textDocument/prepareRename": func(q *question, read func(any) bool) (any, error) {
		return at(q, read, (*question).prepareRename)
	},
	"textDocument/references": func(q *question, read func(any) bool) (any, error) {
		var p referenceParams
		if !read(&p) {
			return nil, nil
		}
		return q.references(q.offset(q.file, p.Position), p.Context.IncludeDeclaration)
	},
	"textDocument/rename": func(q *question, read func(any) bool) (any, error) {
		var p renameParams
		if !read(&p) {
			return nil, nil
		}
		return q.rename(q.offset(q.file, p.Position), p.NewName)
	},
	"textDocument/codeAction": func(q *question, read func(any) bool) (any, error) {
		var p codeActionParams
		if !read(&p) {
			return nil, nil
		}
		return q.codeActions(p)
	},
	"textDocument/documentSymbol":      func(q *question, _ func(any) bool) (any, error) { return q.outline() },
	"textDocument/formatting":          func(q *question, _ func(any) bool) (any, error) { return q.formatting() },
	"textDocument/semanticTokens/full": func(q *question, _ func(any) bool) (any, error) { return q.tokens() },
}

// at answers a question about a place.
func at(q *question, read func(any) bool, ask func(*question, int) (any, error)) (any, error) {
	var p positionParams
	if !read(&p) {
		return nil, nil
	}
	return ask(q, q.offset(q.file, p.Position))
}

// initialize tells what the server can do.
func (s *server) initialize(r *jsonrpc2.Request) (answer, error) {
	var p initializeParams
	if !s.read(r, &p) {
		return nil, badParams(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range p.WorkspaceFolders {
		s.roots = append(s.roots, pathOf(f.URI))
	}
	if len(s.roots) == 0 && p.RootURI != "" {
		s.roots = []string{pathOf(p.RootURI)}
	}
	s.snippets = p.Capabilities.TextDocument.Completion.CompletionItem.SnippetSupport
	s.watches = p.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	type m = map[string]any
	result := m{
		"serverInfo": m{"name": "journey", "version": s.version},
		"capabilities": m{
			"textDocumentSync":           m{"openClose": true, "change": 1, "save": true},
			"completionProvider":         m{"triggerCharacters": []string{".", "\""}},
			"hoverProvider":              true,
			"definitionProvider":         true,
			"referencesProvider":         true,
			"documentHighlightProvider":  true,
			"renameProvider":             m{"prepareProvider": true},
			"documentSymbolProvider":     true,
			"workspaceSymbolProvider":    true,
			"documentFormattingProvider": true,
			"codeActionProvider":         m{"codeActionKinds": []string{kindQuickFix, kindFixAll}},
			"semanticTokensProvider":     m{"full": true, "legend": m{"tokenTypes": tokenTypes, "tokenModifiers": tokenModifiers}},
		},
	}
	return func(context.Context) (any, error) { return result, nil }, nil
}

// watch asks the editor to tell when files change that are not open.
func (s *server) watch(ctx context.Context) {
	s.mu.Lock()
	watches := s.watches
	s.mu.Unlock()
	if !watches {
		return
	}
	type m = map[string]any
	params := m{"registrations": []m{{
		"id": "files", "method": "workspace/didChangeWatchedFiles",
		"registerOptions": m{"watchers": []m{{"globPattern": "**/*.journey"}, {"globPattern": "**/*.{html,txt,liquid}"}}},
	}}}
	// The answer does not matter, and waiting for it would keep the next
	// message from being read.
	if _, err := s.conn.DispatchCall(ctx, "client/registerCapability", params); err != nil {
		s.log.Printf("ask for changes of files: %v", err)
	}
}
