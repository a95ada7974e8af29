package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// groupSize is how many rows go to the sink at once.
const groupSize = 500

// Sink stores rows.
type Sink interface {
	// Known says which rows of an import have been taken before, by their keys.
	Known(ctx context.Context, name string, keys []uint64) ([]bool, error)
	// Submit stores rows, in their order, and answers each. An error says that
	// it is not known whether they are stored; a repeat must do no harm.
	Submit(ctx context.Context, rows []*Row) ([]Outcome, error)
	// Keep remembers that rows have been taken.
	Keep(ctx context.Context, name string, keys []uint64) error
}

// Outcome is what became of a row.
type Outcome struct {
	Duplicate bool    // it was stored before
	Refused   *Fault  // nothing of it is stored
	Warnings  []Fault // what of it is not
}

// Fault is what is wrong with a field of a row's call ("traits.email").
type Fault struct{ Field, Reason string }

// Summary counts what became of a file's rows.
type Summary struct {
	Import string `json:"import"`
	File
	Rows     int64 `json:"rows"`     // read
	Stored   int64 `json:"stored"`   // taken in
	Known    int64 `json:"known"`    // taken in before: nothing was changed
	Refused  int64 `json:"refused"`  // not taken in
	Problems int64 `json:"problems"` // that were reported
	Line     int   `json:"line"`     // of the file, up to which everything is done
	Complete bool  `json:"complete"` // the file was read to its end
}

// Report is told of an import under way. Its functions are called by one
// goroutine at a time; an error ends the import.
type Report struct {
	Problem  func(Problem) error
	Progress func(Summary) error // after each group
}

// group is a number of rows on their way to the sink.
type group struct {
	rows     []*Row
	problems []Problem
	read     int64
	refused  int64
	line     int
	known    int64
	err      error // ends the reading
}

// Run imports a file. The summary says how far it came, also with an error: a
// *FileError is about the file, any other about the sink.
func Run(ctx context.Context, r *Reader, sink Sink, report Report) (Summary, error) {
	sum := Summary{Import: r.im.Name, File: r.file}
	ctx, cancel := context.WithCancel(ctx)
	groups := make(chan *group, 1)
	go func() { // reads ahead by a group while the one before is stored
		defer close(groups)
		for {
			g := r.group()
			if g.err == nil || errors.Is(g.err, io.EOF) {
				if err := g.sift(ctx, r.im.Name, sink); err != nil {
					g.err = err
				}
			}
			select {
			case groups <- g:
			case <-ctx.Done():
				return
			}
			if g.err != nil {
				return
			}
		}
	}()
	defer func() { // the reader is ours again when we return
		cancel()
		for range groups {
		}
	}()
	for g := range groups {
		if err := store(ctx, r.im.Name, g, sink, &sum, report); err != nil {
			return sum, err
		}
		switch {
		case errors.Is(g.err, io.EOF):
			sum.Complete = true
			return sum, nil
		case g.err != nil:
			return sum, g.err
		}
	}
	return sum, context.Cause(ctx)
}

// FileError is an error of the file: nothing behind it can be read.
type FileError struct{ Err error }

func (e *FileError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *FileError) Unwrap() error { return e.Err }

// group reads the next rows.
func (r *Reader) group() *group {
	g := &group{rows: make([]*Row, 0, groupSize)}
	for len(g.rows) < groupSize && len(g.problems) < groupSize {
		row, problems, err := r.Next()
		if err != nil {
			if g.err = err; err != io.EOF {
				g.err = &FileError{err}
			}
			return g
		}
		g.read++
		g.problems = append(g.problems, problems...)
		if row == nil {
			g.refused++
			if len(problems) > 0 {
				g.line = problems[0].Row
			}
			continue
		}
		g.line = row.Line
		g.rows = append(g.rows, row)
	}
	return g
}

// sift takes out the rows that have been taken before, and what was to be said
// about them.
func (g *group) sift(ctx context.Context, name string, sink Sink) error {
	if len(g.rows) == 0 {
		return nil
	}
	keys := make([]uint64, len(g.rows))
	for i, row := range g.rows {
		keys[i] = row.Key
	}
	known, err := sink.Known(ctx, name, keys)
	if err != nil {
		g.rows = nil
		return err
	}
	left := g.rows[:0]
	for i, row := range g.rows {
		if known[i] {
			g.known++
			continue
		}
		left = append(left, row)
	}
	g.rows = left
	return nil
}

// store brings a group to the sink and tells what became of it.
func store(ctx context.Context, name string, g *group, sink Sink, sum *Summary, report Report) error {
	var outcomes []Outcome
	if len(g.rows) > 0 {
		var err error
		if outcomes, err = sink.Submit(ctx, g.rows); err != nil {
			return err
		}
		keys := make([]uint64, 0, len(g.rows))
		for i, row := range g.rows {
			if outcomes[i].Refused == nil {
				keys = append(keys, row.Key)
			}
		}
		if err := sink.Keep(ctx, name, keys); err != nil {
			return err
		}
	}
	problems := g.problems
	for i, out := range outcomes {
		switch row := g.rows[i]; {
		case out.Refused != nil:
			sum.Refused++
			problems = append(problems, row.problem(*out.Refused, true))
		case out.Duplicate:
			sum.Known++
		default:
			sum.Stored++
			for _, f := range out.Warnings {
				problems = append(problems, row.problem(f, false))
			}
		}
	}
	sum.Rows += g.read
	sum.Known += g.known
	sum.Refused += g.refused
	if g.line > 0 {
		sum.Line = g.line
	}
	for _, p := range problems {
		sum.Problems++
		if report.Problem == nil {
			continue
		}
		if err := report.Problem(p); err != nil {
			return fmt.Errorf("report a problem: %w", err)
		}
	}
	if report.Progress != nil {
		return report.Progress(*sum)
	}
	return nil
}

func (row *Row) problem(f Fault, refused bool) Problem {
	return Problem{Row: row.Line, Column: row.columns[f.Field], Reason: f.Reason, Refused: refused}
}
