package pack

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// chunking says how a long list is cut.
type chunking struct {
	from  int // elements from which chunks are worth while
	open  int // the last elements stay in the core
	every int // elements of a chunk, on average
}

var (
	chunkSends   = chunking{from: 24, open: 8, every: 16}
	chunkEnded   = chunking{from: 8, open: 2, every: 4}
	chunkEntries = chunking{from: 48, open: 8, every: 32}
)

// chunkMark is the first byte of a chunk's field; no kind of events has this
// number.
const chunkMark = 0

// list writes a list of n elements: the chunks with the older ones (how many,
// the hash of each), then the others (how many, each). A chunk ends after an
// element whose hash says so.
func (e *encoder) list(w *writing, c chunking, n int, hash func(i int) uint64, put func(e *encoder, i int)) {
	var chunks []string
	start := 0
	if n > c.from {
		for i := 0; i < n-c.open; i++ {
			if hash(i)%uint64(c.every) == 0 || i+1-start == 4*c.every {
				chunks = append(chunks, e.chunk(w, start, i+1, put))
				start = i + 1
			}
		}
	}
	e.uint(uint64(len(chunks)))
	for _, field := range chunks {
		e.buf = append(e.buf, field[1:]...)
	}
	e.uint(uint64(n - start))
	for i := start; i < n; i++ {
		put(e, i)
	}
}

// chunk makes a chunk of some elements and answers its field.
func (e *encoder) chunk(w *writing, from, to int, put func(e *encoder, i int)) string {
	c := newEncoder(nil, e.names)
	defer c.free()
	c.buf = append(c.buf, partFormat)
	c.uint(uint64(to - from))
	for i := from; i < to; i++ {
		put(c, i)
	}
	if c.err != nil {
		e.fail(c.err)
	}
	field := string(binary.BigEndian.AppendUint64([]byte{chunkMark}, xxhash.Sum64(c.buf)))
	w.chunk(field, c.buf)
	return field
}

// chunk notes a chunk that the person has, to be written if it is new.
func (w *writing) chunk(field string, data []byte) {
	if w.next.chunks == nil {
		w.next.chunks = map[string]struct{}{}
	}
	if _, twice := w.next.chunks[field]; twice {
		return
	}
	w.next.chunks[field] = struct{}{}
	w.next.bytes += len(data)
	if w.old != nil {
		if _, had := w.old.chunks[field]; had {
			return
		}
	}
	w.Set = append(w.Set, Field{field, data})
}

// dropChunks deletes the chunks that the person no longer has.
func (w *writing) dropChunks() {
	if w.old == nil {
		return
	}
	for field := range w.old.chunks {
		if _, has := w.next.chunks[field]; !has {
			w.Delete = append(w.Delete, field)
		}
	}
}

// list reads what encoder.list wrote: get is called for each element.
func (d *decoder) list(r *reading, min int, get func(d *decoder)) {
	for range d.count(8) {
		field := string([]byte{chunkMark}) + d.text(8)
		data, ok := r.fields[field]
		if !ok {
			d.tear()
			return
		}
		if r.layout.chunks == nil {
			r.layout.chunks = map[string]struct{}{}
		}
		r.layout.chunks[field] = struct{}{}
		c := d.field(r, data)
		for range c.count(min) {
			if get(c); c.err != nil {
				break
			}
		}
		if err := c.end(); err != nil {
			d.stop(err)
			return
		}
	}
	for range d.count(min) {
		if get(d); d.err != nil {
			return
		}
	}
}
