package ingest

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"journey/dsl"
	"journey/engine"
	"journey/imports"
)

const (
	// atOnce is how many files are imported at one time.
	importsAtOnce = 2
	// patienceOfImport is how long an import goes on trying while the store
	// cannot be reached.
	patienceOfImport = time.Minute
	// problemsShown is how many problems stand in an answer that is one
	// document; a stream has all of them.
	problemsShown = 1000

	typeLines = "application/x-ndjson"
)

// imported is the answer to an import, and the last line of a stream.
type imported struct {
	imports.Summary
	Shown []imports.Problem `json:"shown,omitempty"` // the first problems
	Error *problem          `json:"error,omitempty"` // why it broke off
}

// importFile takes the file in the body, by the import of that name. It
// answers one document at the end or, to who accepts lines of JSON, each
// problem and now and then how far it is, while the file is still coming.
func (s *Server) importFile(c *request) error {
	if wrong := s.admin(c.Request().Header); wrong != nil {
		return wrong
	}
	name, err := param(c, "name")
	if err != nil {
		return err
	}
	select {
	case s.importing <- struct{}{}:
		defer func() { <-s.importing }()
	default:
		return unavailable("overloaded", fmt.Sprintf("%d files are being imported: send this one when they are done", importsAtOnce), 30)
	}
	live := s.o.Engine.Live()
	if live == nil {
		return engine.ErrNoRelease
	}
	i := slices.IndexFunc(live.Imports, func(im *dsl.Import) bool { return im.Name == name })
	if i < 0 {
		p := refuse(http.StatusNotFound, "unknown-import", "the live release has no import of that name: declare it and deploy")
		p.Field = "name"
		return p
	}
	w := &importWriter{c: c, control: http.NewResponseController(c.Response()), stream: strings.Contains(c.Request().Header.Get("Accept"), typeLines),
		stall: s.o.Limits.Body}
	w.extend()
	_ = w.control.EnableFullDuplex() // HTTP/2 always can; a writer of tests cannot and need not
	body, wrong := plainBody(c.Request())
	if wrong != nil {
		return wrong
	}
	reader, err := imports.Open(&steady{body, w}, live.Imports[i], live.Program, c.QueryParam("encoding"))
	if err != nil {
		return importProblem(&imports.FileError{Err: err})
	}
	sink := &importSink{engine: s.o.Engine, received: s.o.Now(), timeout: s.o.Limits.Timeout}
	if err := sink.again(c.Request().Context(), func() error { return s.o.Engine.ImportBegins(c.Request().Context(), name) }); err != nil {
		return err
	}
	sum, err := imports.Run(c.Request().Context(), reader, sink, imports.Report{Problem: w.problem, Progress: w.progress})
	return w.end(sum, err)
}

// plainBody is a request's body, decompressed.
func plainBody(r *http.Request) (io.Reader, *problem) {
	switch encoding := strings.TrimSpace(r.Header.Get("Content-Encoding")); {
	case encoding == "" || strings.EqualFold(encoding, "identity"):
		return r.Body, nil
	case strings.EqualFold(encoding, "gzip"):
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "bad-gzip", "the body says that it is gzip and cannot be decompressed")
		}
		return z, nil
	}
	return nil, refuse(http.StatusUnsupportedMediaType, "unknown-encoding", "the body is compressed in an unknown way: send it plain or with gzip")
}

// steady reads a body that may take as long as it likes, if only it goes on.
type steady struct {
	r io.Reader
	w *importWriter
}

func (s *steady) Read(p []byte) (int, error) {
	s.w.extend()
	return s.r.Read(p)
}

// importWriter answers an import.
type importWriter struct {
	c       *request
	control *http.ResponseController
	stream  bool
	stall   time.Duration // how long nothing may move
	told    time.Time     // when a line of progress was last written
	shown   []imports.Problem
}

// extend puts the deadlines of the connection off.
func (w *importWriter) extend() {
	at := time.Now().Add(w.stall)
	_ = w.control.SetReadDeadline(at) // a writer of tests has none
	_ = w.control.SetWriteDeadline(at.Add(patienceOfImport))
}

func (w *importWriter) problem(p imports.Problem) error {
	if w.stream {
		return w.line(p)
	}
	if len(w.shown) < problemsShown {
		w.shown = append(w.shown, p)
	}
	return nil
}

func (w *importWriter) progress(sum imports.Summary) error {
	w.extend()
	if !w.stream || time.Since(w.told) < 200*time.Millisecond {
		return nil
	}
	w.told = time.Now()
	if err := w.line(map[string]any{"progress": sum}); err != nil {
		return err
	}
	return w.control.Flush()
}

func (w *importWriter) line(v any) error {
	r := w.c.Response()
	if !r.Committed {
		r.Header().Set("Content-Type", typeLines)
		r.WriteHeader(http.StatusOK)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = r.Write(append(b, '\n'))
	return err
}

// end answers what became of the import.
func (w *importWriter) end(sum imports.Summary, err error) error {
	out := imported{Summary: sum, Shown: w.shown}
	if err != nil {
		out.Error = importProblem(err)
		out.Error.RequestID = w.c.id
		if out.Error.Detail != "" && sum.Line > 0 {
			out.Error.Detail += fmt.Sprintf("; everything up to line %d is done: send the file again, and the rows that are done are passed over", sum.Line)
		}
	}
	if w.stream {
		return w.line(map[string]any{"done": out})
	}
	if out.Error == nil {
		return w.c.respond(http.StatusOK, out)
	}
	status := cmp.Or(out.Error.Status, http.StatusInternalServerError)
	if sum.Rows == 0 {
		return out.Error
	}
	return w.c.respond(status, out)
}

// importProblem is the problem of an import that broke off.
func importProblem(err error) *problem {
	var file *imports.FileError
	if errors.As(err, &file) {
		return refuse(http.StatusBadRequest, "bad-file", file.Error())
	}
	p := *problemOf(err)
	return &p
}

// importSink brings rows to the engine.
type importSink struct {
	engine   Engine
	received time.Time
	timeout  time.Duration
}

func (k *importSink) Known(ctx context.Context, name string, keys []uint64) (known []bool, err error) {
	err = k.again(ctx, func() error {
		known, err = k.engine.Imported(ctx, name, keys)
		return err
	})
	return known, err
}

func (k *importSink) Keep(ctx context.Context, name string, keys []uint64) error {
	return k.again(ctx, func() error { return k.engine.KeepImported(ctx, name, keys) })
}

// Submit hands rows to the engine as calls. Repeats are recognised by the
// rows' ids.
func (k *importSink) Submit(ctx context.Context, rows []*imports.Row) ([]imports.Outcome, error) {
	calls := make([]engine.Call, len(rows))
	for i, row := range rows {
		calls[i] = callOf(row, k.received)
	}
	var results []engine.CallResult
	err := k.again(ctx, func() (err error) {
		results, err = k.engine.Submit(ctx, calls)
		for i := range results {
			if e := results[i].Err; e != nil && err == nil && callError(e) == nil {
				err = e
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	outcomes := make([]imports.Outcome, len(rows))
	for i := range results {
		r := &results[i]
		outcomes[i].Duplicate = r.Duplicate
		if wrong := callError(r.Err); wrong != nil {
			outcomes[i].Refused = &imports.Fault{Field: wrong.Field, Reason: wrong.Message}
			continue
		}
		for _, f := range r.Warnings {
			outcomes[i].Warnings = append(outcomes[i].Warnings, imports.Fault{Field: f.Field, Reason: f.Reason})
		}
	}
	return outcomes, nil
}

// again tries while the store cannot be reached.
func (k *importSink) again(ctx context.Context, do func() error) error {
	end := time.Now().Add(patienceOfImport)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := do()
		if err == nil || !errors.Is(err, engine.ErrUnavailable) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// importSource is the scope of the ids of rows.
const importSource = "import"

func callOf(row *imports.Row, received time.Time) engine.Call {
	call := engine.Call{
		Kind: engine.CallIdentify, Source: importSource, MessageID: row.ID, Payload: crc32.ChecksumIEEE([]byte(row.ID)),
		UserID: row.UserID, AnonymousID: row.AnonymousID, Traits: row.Traits, Received: received, History: row.History,
	}
	if row.Event != "" {
		call.Kind, call.Event, call.Properties = engine.CallTrack, row.Event, row.Properties
	}
	if row.At != 0 {
		call.Time = row.At.In(time.UTC)
	}
	return call
}
