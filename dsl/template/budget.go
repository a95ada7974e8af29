package template

import (
	"io"
	"strings"
	"time"

	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/values"
)

// Bounding a render. The library has no limits and takes no context, so three
// things are counted: bytes written, loop rounds, and work. Work is a rough
// count of what costs time, in units of about ten nanoseconds: each thing done
// costs a fixed amount, each byte or element handled a fraction more. Whatever
// passes its limit keeps the error in env.err and stops everything above it.
const (
	maxWork = 10_000_000 // about a tenth of a second

	workText   = 8   // a piece of text
	workOutput = 50  // {{ }}
	workTag    = 50  // any other tag, a branch asked
	workRound  = 30  // a round of a loop
	workFilter = 80  // a filter
	workDate   = 500 // the date filter beyond that
	workItem   = 8   // an element of a list handled
	workStep   = 8   // a comparison, a step of a path
)

// workBytes is the work of handling n bytes once or twice.
func workBytes(n int) int { return n / 4 }

// env is the state of one render. The library's bindings hold it, wrapped, so
// that filters and tags can reach it.
type env struct {
	t        *Template
	zone     *time.Location
	maxBytes int
	maxSteps int

	steps  int
	work   int
	err    error          // what stopped the render
	jump   jump           // a break or continue on its way to its loop
	data   map[string]any // what is rendered
	vars   map[string]any // the library's bindings, once it has made them; nil in a plain template
	turns  map[string]int // of cycle
	counts map[string]int // of increment and decrement
}

type jump int

const (
	noJump jump = iota
	breakJump
	continueJump
)

func newEnv(t *Template, data map[string]any, o Options) *env {
	e := &env{t: t, data: data, zone: o.Zone, maxBytes: o.MaxBytes, maxSteps: o.MaxSteps}
	if e.zone == nil {
		e.zone = time.UTC
	}
	if e.maxBytes <= 0 {
		e.maxBytes = DefaultMaxBytes
	}
	if e.maxSteps <= 0 {
		e.maxSteps = DefaultMaxSteps
	}
	return e
}

// The names under which the library's bindings hold what is ours. No template
// can say them.
const (
	envName   = "__at" // the env; with an index, a place in the source
	constName = "__k"  // with an index, a literal
)

// bind makes the library's bindings: what the template reads of the data, each
// value in our wrapper.
func (e *env) bind() map[string]any {
	vars := make(map[string]any, len(e.t.roots)+2)
	for _, name := range e.t.roots {
		vars[name] = val{e, e.data[name]}
	}
	vars[envName] = places{env: e}
	vars[constName] = constants{env: e}
	return vars
}

// envOf is the env of the render a tag is part of.
func envOf(ctx render.Context) *env { return ctx.Get(envName).(places).env }

// fail stops the render with an error; the first one stays.
func (e *env) fail(err error) error {
	if e.err == nil {
		e.err = err
	}
	return e.err
}

// spend counts work.
func (e *env) spend(n int) error {
	if e.work += n; e.work > maxWork || e.err != nil {
		return e.fail(&LimitError{What: "it takes too long; make its loops and texts smaller"})
	}
	return nil
}

// mustSpend is spend where no error can be returned: the library turns this
// panic into one.
func (e *env) mustSpend(n int) {
	if e.spend(n) != nil {
		panic(values.TypeError("stopped"))
	}
}

// round counts a round of a loop.
func (e *env) round() error {
	if e.steps++; e.steps > e.maxSteps {
		return e.fail(&LimitError{"rounds of its loops", e.maxSteps})
	}
	return e.spend(workRound)
}

// limitWriter collects text up to env.maxBytes.
type limitWriter struct {
	env *env
	buf strings.Builder
}

var (
	_ io.Writer       = (*limitWriter)(nil)
	_ io.StringWriter = (*limitWriter)(nil)
)

func (w *limitWriter) Write(b []byte) (int, error) {
	if err := w.env.grown(w.buf.Len()+len(b), len(b)); err != nil {
		return 0, err
	}
	return w.buf.Write(b)
}

// WriteString is Write without a copy.
func (w *limitWriter) WriteString(s string) (int, error) {
	if err := w.env.grown(w.buf.Len()+len(s), len(s)); err != nil {
		return 0, err
	}
	return w.buf.WriteString(s)
}
