package forecast

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/cespare/xxhash/v2"

	"journey/dsl/value"
	"journey/orchestrator"
	"journey/orchestrator/intake"
	"journey/profiles"
	"journey/profiles/clean"
)

// call is a line that has been read.
type call struct {
	ids     []profiles.Identifier // strongest first
	keys    []uint64              // of what connects it with others: the identifiers, and whom an alias names
	prev    string                // alias: who he was
	user    string                // its userId
	arrived value.Time            // 0: the line does not say
	at      value.Time            // when it happened; 0: when it arrived
	in      orchestrator.Input
}

// batch is a block that has been read.
type batch struct {
	seq    int
	people bool
	bytes  int
	calls  []call
	wrong  problems
}

// reading reads blocks by a program. It is shared by all who do.
type reading struct {
	reader *intake.Reader
	names  []string // of the sources
}

// read reads a block.
func (r *reading) read(b *block) *batch {
	out := &batch{seq: b.seq, people: b.people, bytes: len(b.data), calls: make([]call, 0, len(b.ends))}
	b.lines(func(n int, text []byte, long bool) {
		switch {
		case long:
			out.wrong.add("", "a line is longer than a call can be (1 MB)", place{r.names[b.source], n})
			out.wrong.unused++
			return
		case len(text) == 0:
			return
		}
		out.calls = append(out.calls, call{})
		c := &out.calls[len(out.calls)-1]
		field, wrong := r.call(text, c, &out.wrong, place{r.names[b.source], n})
		if wrong != "" {
			out.wrong.add(field, wrong, place{r.names[b.source], n})
			out.wrong.unused++
			out.calls = out.calls[:len(out.calls)-1]
		}
	})
	return out
}

// call reads a line; wrong says why it cannot be used at all.
func (r *reading) call(text []byte, c *call, problems *problems, at place) (field, wrong string) {
	w, err := intake.ParseWire(text)
	if err != nil {
		return "", "it is no call as they are posted"
	}
	r.times(w, c)
	if w.ID != "" {
		id := xxhash.Sum64String(w.ID)
		c.in.Mark = &profiles.Mark{ID: id}
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], id)
		w.ID = hex.EncodeToString(b[:]) // short where it is kept
	}
	w.Call.At = c.at
	read, refused := r.reader.Read(&w.Call)
	if refused != nil {
		return refused.Field, refused.Message
	}
	for _, f := range read.Faults {
		problems.add(f.Field, f.Reason, at)
	}
	if len(read.Identifiers) == 0 {
		return "", "it names nobody: it has neither userId, anonymousId nor an identifier among its traits"
	}
	mark := c.in.Mark
	c.ids, c.in, c.prev, c.user = read.Identifiers, read.Input, w.PreviousID, w.UserID
	c.in.Mark = mark
	c.keys = make([]uint64, 0, len(c.ids)+1)
	for _, id := range c.ids {
		c.keys = append(c.keys, keyOf(id.Trait, id.Value))
	}
	if c.prev != "" {
		c.keys = append(c.keys, keyOf("user_id", c.prev))
	}
	return "", ""
}

// times says when a call happened and when it arrived, as intake does: where
// the record knows when it was sent and when it arrived, the client's clock is
// corrected by the difference.
func (r *reading) times(w *intake.Wire, c *call) {
	utc := clean.Options{}
	original, ok := intake.ReadTime(w.OriginalTimestamp, utc)
	if !ok {
		original, ok = intake.ReadTime(w.Timestamp, utc)
	}
	arrived, received := intake.ReadTime(w.ReceivedAt, utc)
	switch {
	case received && ok:
		if sent, said := intake.ReadTime(w.SentAt, utc); said {
			original += arrived - sent
		}
		c.arrived, c.at = arrived, min(original, arrived)
	case received:
		c.arrived, c.at = arrived, arrived
	case ok:
		c.arrived, c.at = original, original
	}
}

// keyOf is a short name of an identifier. Two with one name are in one group,
// which costs a little time and changes nothing.
func keyOf(trait, val string) uint64 {
	var h xxhash.Digest
	h.Reset()
	_, _ = h.WriteString(trait)
	_, _ = h.Write([]byte{0})
	_, _ = h.WriteString(val)
	return h.Sum64()
}
