package workflows

import (
	"io"
	"sync"

	"github.com/cespare/xxhash/v2"

	"journey/orchestrator"
)

// delivered remembers what this process has handed to providers. A Redis that
// dies while its disk is slow may lose its last second or two: the claim of a
// send and its settlement with them. The send is then planned again, and
// claimed again; but it must not go out again.
type delivered struct {
	mu    sync.Mutex
	marks map[uint64]*orchestrator.Outcome // nil: it is on its way
	old   []uint64                         // the same marks in their order, the oldest at next
	next  int
}

// markOf is the mark of a message: of its key and of what it says. Another
// message may come by the same key when Redis has lost the run itself.
func markOf(m orchestrator.Rendered) uint64 {
	h := xxhash.New()
	for _, part := range []string{m.Key, m.Message, m.To, m.Subject, m.Text, m.HTML, m.URL, string(m.JSON)} {
		_, _ = io.WriteString(h, part)
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// maxDelivered is how many are remembered: far more than go out in the seconds
// that can be lost.
const maxDelivered = 1 << 16

// begin notes that a send is handed over. Not fresh: it has been before, with
// this outcome; nil: it still is.
func (d *delivered) begin(mark uint64) (before *orchestrator.Outcome, fresh bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if o, known := d.marks[mark]; known {
		return o, false
	}
	if d.marks == nil {
		d.marks = map[uint64]*orchestrator.Outcome{}
	}
	if len(d.old) < maxDelivered {
		d.old = append(d.old, mark)
	} else {
		delete(d.marks, d.old[d.next])
		d.old[d.next] = mark
		d.next = (d.next + 1) % maxDelivered
	}
	d.marks[mark] = nil
	return nil, true
}

// end notes what became of it. What may be handed over again is forgotten.
func (d *delivered) end(mark uint64, o orchestrator.Outcome, again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.marks[mark]; !known {
		return
	}
	if again {
		delete(d.marks, mark)
		return
	}
	d.marks[mark] = &o
}
