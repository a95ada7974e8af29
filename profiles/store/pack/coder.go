package pack

import (
	"errors"
	"fmt"
	"sync"

	"journey/dsl/value"
)

// The reasons for which what is well stored cannot be read now.
var (
	// ErrTorn: core and fields are not of one age. Read them again.
	ErrTorn = errors.New("the parts of the person are not of one age")
	// ErrNames: a name is used that is not among Names. Get the newer ones.
	ErrNames = errors.New("a name has a number that is not known")
)

// errFormat is what is not well stored.
var errFormat = errors.New("not a stored person")

// encoder writes one core, page or chunk.
type encoder struct {
	buf   []byte
	names *Names
	table index      // strings written so far
	last  value.Time // instant written last
	depth int
	err   error

	shapes []*shape
	spare  []*shape // of what was written before: they are likely to come again
	recent []look   // events that may be referred to, oldest first
	dead   int      // of these, how many at the beginning are no longer among the newest

	keys  []string // scratch
	vals  []any    // a stack of values of objects
	tails []tail
}

var encoders = sync.Pool{New: func() any { return &encoder{} }}

// newEncoder takes an encoder that appends to buf.
func newEncoder(buf []byte, names *Names) *encoder {
	e := encoders.Get().(*encoder)
	e.buf, e.names = buf, names
	return e
}

// free gives an encoder back.
func (e *encoder) free() {
	if len(e.table.list) > 1024 || cap(e.vals) > 4096 {
		return // one large person must not make the clearing of all others slow
	}
	clear(e.keys[:cap(e.keys)])
	e.restart()
	e.buf = nil
	encoders.Put(e)
}

func (e *encoder) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// time writes an instant as the difference from the one before; 0, which is
// never, as 0.
func (e *encoder) time(t value.Time) { e.after(e.last, t) }

// after writes an instant as the difference from another that the reader
// knows.
func (e *encoder) after(from, t value.Time) {
	if t == 0 {
		e.buf = append(e.buf, 0)
		return
	}
	n := zigzag(int64(t - from))
	if n+1 == 0 {
		e.fail(fmt.Errorf("the instant %d cannot be stored", int64(t)))
	}
	e.uint(n + 1)
	e.last = t
}

// decoder reads one core, page or chunk. The first thing that is wrong stays
// in err; everything read after that is zero.
type decoder struct {
	rest   string
	names  *Names
	table  []string
	boxes  [locals]any // the first of the table as values, once they were some
	last   value.Time
	depth  int
	err    error
	shapes []*shape
	recent []look // events that may be referred to, oldest first
}

func (d *decoder) fail(format string, args ...any) {
	d.stop(fmt.Errorf("%w: %s", errFormat, fmt.Sprintf(format, args...)))
}

func (d *decoder) time() value.Time { return d.after(d.last) }

func (d *decoder) after(from value.Time) value.Time {
	n := d.uint()
	if n == 0 {
		return 0
	}
	d.last = from + value.Time(unzigzag(n-1))
	return d.last
}

// end checks that nothing is left.
func (d *decoder) end() error {
	if d.err == nil && len(d.rest) > 0 {
		d.fail("%d bytes too many", len(d.rest))
	}
	return d.err
}
