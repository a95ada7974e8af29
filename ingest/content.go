package ingest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/cespare/xxhash/v2"

	"journey/engine"
)

// canon writes values in one canonical form: whoever sends the same content
// in another order or spelling of JSON sends the same. The form is binary,
// each value with its kind and length in front, so that no two contents have
// one form.
type canon struct {
	buf  []byte
	keys []string // names of the objects that are open
}

var canons = sync.Pool{New: func() any { return new(canon) }}

func (c *canon) text(s string) {
	c.buf = binary.AppendUvarint(append(c.buf, 's'), uint64(len(s)))
	c.buf = append(c.buf, s...)
}

func (c *canon) value(v any) {
	switch v := v.(type) {
	case string:
		c.text(v)
	case float64:
		c.buf = binary.BigEndian.AppendUint64(append(c.buf, 'n'), math.Float64bits(v))
	case bool:
		b := byte('f')
		if v {
			b = 't'
		}
		c.buf = append(c.buf, b)
	case nil:
		c.buf = append(c.buf, '0')
	case []any:
		c.buf = binary.AppendUvarint(append(c.buf, 'l'), uint64(len(v)))
		for _, e := range v {
			c.value(e)
		}
	case map[string]any:
		c.object(v)
	}
}

func (c *canon) object(m map[string]any) {
	c.buf = binary.AppendUvarint(append(c.buf, 'o'), uint64(len(m)))
	base := len(c.keys)
	for k := range m {
		c.keys = append(c.keys, k)
	}
	end := len(c.keys)
	slices.Sort(c.keys[base:end])
	for i := base; i < end; i++ {
		key := c.keys[i] // deeper objects may move the stack
		c.text(key)
		c.value(m[key])
	}
	clear(c.keys[base:])
	c.keys = c.keys[:base]
}

// identify gives a call the hash of its content, and a message id if the
// client sent none: the same bytes sent again get the same one.
//
// The content is what the call says, with the client's own time of it. When
// it was sent is left out: that changes with each try of a client.
func identify(call *engine.Call, e *event, sent any, index int) {
	c := canons.Get().(*canon)
	c.buf = append(c.buf[:0], byte(call.Kind))
	for _, s := range [...]string{call.UserID, call.AnonymousID, call.PreviousID, call.Event, call.Journey} {
		c.text(s)
	}
	c.object(call.Properties)
	c.object(call.Traits)
	c.value(e.timestamp)
	c.value(e.originalTimestamp)
	call.Payload = uint32(xxhash.Sum64(c.buf))
	if call.MessageID == "" {
		c.text(call.Source)
		c.value(sent)
		c.buf = fmt.Appendf(c.buf, "%d", index)
		sum := sha256.Sum256(c.buf)
		call.MessageID = "made-" + hex.EncodeToString(sum[:16])
	}
	if cap(c.buf) <= 64<<10 && cap(c.keys) <= 4096 {
		canons.Put(c)
	}
}
