package pack

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"journey/dsl/cond"
	"journey/dsl/value"
)

// The first byte of a value that is no string.
const (
	valNil      = 0x00
	valFalse    = 0x01
	valTrue     = 0x02
	valFloat    = 0x03 // 8 bytes, IEEE 754, little endian
	valInt      = 0x04 // whole number, zigzag
	valTenth    = 0x05 // tenths, zigzag
	valCent     = 0x06 // hundredths
	valMill     = 0x07 // thousandths
	valDate     = 0x08 // days
	valTime     = 0x09 // like an instant, but the next one is not counted from it
	valDuration = 0x0a // milliseconds
	valList     = 0x0b // count, values
	valObject   = 0x0c // shape, values
	valLocal    = 0x0d // days, minutes
	valSmall    = 0x10 // … 0x3f: whole number 0 … 47

	smalls   = strLocal - valSmall
	minLike  = 3
	maxDepth = 200
)

// value writes a value of package value.
func (e *encoder) value(v any) {
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, valNil)
	case string:
		e.str(v)
	case float64:
		e.float(v)
	case bool:
		if v {
			e.buf = append(e.buf, valTrue)
		} else {
			e.buf = append(e.buf, valFalse)
		}
	case value.Date:
		e.buf = append(e.buf, valDate)
		e.int(int64(v))
	case value.Time:
		e.buf = append(e.buf, valTime)
		e.int(int64(v - e.last))
	case value.Duration:
		e.buf = append(e.buf, valDuration)
		e.int(int64(v))
	case value.Local:
		e.buf = append(e.buf, valLocal)
		e.int(int64(v.Date))
		e.int(int64(v.Clock))
	case []any:
		e.buf = append(e.buf, valList)
		e.uint(uint64(len(v)))
		e.deeper(func() {
			for _, x := range v {
				e.value(x)
			}
		})
	case map[string]any:
		e.buf = append(e.buf, valObject)
		e.deeper(func() { e.object(v) })
	default:
		e.fail(fmt.Errorf("a value of type %T cannot be stored", v))
	}
}

func (e *encoder) deeper(f func()) {
	if e.depth++; e.depth > maxDepth {
		e.fail(fmt.Errorf("a value is nested more than %d deep", maxDepth))
	} else {
		f()
	}
	e.depth--
}

// float writes a number in the shortest form that gives exactly it back.
func (e *encoder) float(f float64) {
	const exact = 1 << 53
	if n := int64(f); float64(n) == f && n > -exact && n < exact && (n != 0 || !math.Signbit(f)) {
		if n >= 0 && n < smalls {
			e.buf = append(e.buf, byte(valSmall+n))
			return
		}
		e.buf = append(e.buf, valInt)
		e.int(n)
		return
	}
	if f > -1e9 && f < 1e9 {
		for i, unit := range [...]float64{10, 100, 1000} {
			n := math.Round(f * unit)
			if n/unit == f && n != 0 {
				e.buf = append(e.buf, byte(valTenth+i))
				e.int(int64(n))
				return
			}
		}
	}
	e.buf = binary.LittleEndian.AppendUint64(append(e.buf, valFloat), math.Float64bits(f))
}

func (d *decoder) value() any {
	c := d.byte()
	switch {
	case c >= strLocal && c < strInline:
		return d.boxed(int(c - strLocal))
	case c >= strLocal:
		return d.strOf(c, true)
	}
	if c >= valSmall {
		return smallFloats[c-valSmall]
	}
	switch c {
	case valNil:
		return nil
	case valFalse:
		return false
	case valTrue:
		return true
	case valFloat:
		b := d.text(8)
		if len(b) < 8 {
			return nil
		}
		return math.Float64frombits(binary.LittleEndian.Uint64([]byte(b)))
	case valInt:
		return float64(d.int())
	case valTenth:
		return float64(d.int()) / 10
	case valCent:
		return float64(d.int()) / 100
	case valMill:
		return float64(d.int()) / 1000
	case valDate:
		return value.Date(d.int())
	case valTime:
		return d.last + value.Time(d.int())
	case valDuration:
		return value.Duration(d.int())
	case valLocal:
		return value.Local{Date: value.Date(d.int()), Clock: value.Clock(d.int())}
	case valList:
		return d.elements()
	case valObject:
		if d.depth++; d.depth > maxDepth {
			d.fail("a value is nested too deep")
			return nil
		}
		m := d.object()
		d.depth--
		if m == nil {
			m = map[string]any{}
		}
		return m
	}
	d.fail("no value begins with %#x", c)
	return nil
}

// boxed is a string of the table as a value. Most of them come often, and a
// value of its own for each would be memory of its own.
func (d *decoder) boxed(i int) any {
	if i >= len(d.table) {
		return d.local(uint64(i)) // says what is wrong
	}
	if d.boxes[i] == nil {
		d.boxes[i] = d.table[i]
	}
	return d.boxes[i]
}

func (d *decoder) elements() any {
	n := d.count(1)
	if d.depth++; d.depth > maxDepth {
		d.fail("a value is nested too deep")
		return nil
	}
	list := make([]any, n)
	for i := range list {
		list[i] = d.value()
	}
	d.depth--
	return list
}

// smallFloats are boxed once for all people.
var smallFloats = func() (t [smalls]any) {
	for i := range t {
		t[i] = float64(i)
	}
	return t
}()

// shape is a set of names, sorted, in front of values in the same order.
type shape struct {
	names []string
	last  []string // the string that each had before

	mask uint64 // the part of the names that was asked for last,
	part []string
}

// namesOf are the names of a mask, n of them. Events of one shape are mostly
// kept with the same part, whose names they share.
func (s *shape) namesOf(mask uint64, n int) []string {
	if s.part == nil || s.mask != mask {
		s.mask, s.part = mask, make([]string, 0, n)
		for i, name := range s.names {
			if i < maxMask && mask&(1<<i) != 0 {
				s.part = append(s.part, name)
			}
		}
	}
	return s.part
}

// object writes an object: number of its shape (0: a new one, its names
// follow), values. It answers the shape.
func (e *encoder) object(m map[string]any) *shape {
	base := len(e.vals)
	s := e.shapeOf(m)
	e.members(s, e.vals[base:])
	clear(e.vals[base:])
	e.vals = e.vals[:base]
	return s
}

// props writes the properties of an event, as object does.
func (e *encoder) props(p cond.Props) *shape {
	names := p.Names()
	s := e.shapeNamed(names)
	e.members(s, p.Values())
	return s
}

// members writes the values of an object in the order of its shape.
func (e *encoder) members(s *shape, values []any) {
	for i, v := range values {
		if text, ok := v.(string); ok {
			e.like(text, s.last[i])
			s.last[i] = text
			continue
		}
		e.value(v)
	}
}

// sameNames compares names, which are mostly not only equal but the same.
func sameNames(a, b []string) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// shapeNamed writes the shape of an object with certain names, sorted.
func (e *encoder) shapeNamed(names []string) *shape {
	for i := len(e.shapes) - 1; i >= 0; i-- {
		if s := e.shapes[i]; sameNames(s.names, names) {
			e.uint(uint64(i + 1))
			return s
		}
	}
	s := (*shape)(nil)
	if i := slices.IndexFunc(e.spare, func(s *shape) bool { return sameNames(s.names, names) }); i >= 0 {
		s = e.spare[i]
		e.spare = slices.Delete(e.spare, i, i+1)
	} else {
		s = &shape{names: names, last: make([]string, len(names))}
	}
	e.newShape(s)
	return s
}

// newShape writes a shape that was not there before.
func (e *encoder) newShape(s *shape) {
	e.uint(0)
	e.uint(uint64(len(s.names)))
	for _, name := range s.names {
		e.str(name)
	}
	if len(e.shapes) < maxTable {
		e.shapes = append(e.shapes, s)
	}
}

// shapeOf writes the shape of an object and leaves its values, in the order
// of the shape, on e.vals.
func (e *encoder) shapeOf(m map[string]any) *shape {
	for i := len(e.shapes) - 1; i >= 0; i-- {
		if s := e.shapes[i]; e.fits(s, m) {
			e.uint(uint64(i + 1))
			return s
		}
	}
	s := e.spared(m)
	if s == nil {
		s = &shape{names: make([]string, 0, len(m)), last: make([]string, len(m))}
		for name := range m {
			s.names = append(s.names, name)
		}
		slices.Sort(s.names)
		for _, name := range s.names {
			e.vals = append(e.vals, m[name])
		}
	}
	e.newShape(s)
	return s
}

// spared takes the shape of an object from among those that a block had before
// it was restarted, and leaves its values on e.vals; nil: it is not there.
func (e *encoder) spared(m map[string]any) *shape {
	for i, s := range e.spare {
		if e.fits(s, m) {
			e.spare = slices.Delete(e.spare, i, i+1)
			return s
		}
	}
	return nil
}

// fits says whether an object has a shape, and leaves its values on e.vals if
// it has.
func (e *encoder) fits(s *shape, m map[string]any) bool {
	if len(s.names) != len(m) {
		return false
	}
	base := len(e.vals)
	for _, name := range s.names {
		v, ok := m[name]
		if !ok {
			e.vals = e.vals[:base]
			return false
		}
		e.vals = append(e.vals, v)
	}
	return true
}

// like writes a string that may begin as another.
func (e *encoder) like(s, last string) {
	if e.known(hash(s), s) {
		return
	}
	if len(last) < minLike || len(s) <= minLike || s[:minLike] != last[:minLike] {
		e.once(s)
		return
	}
	n := minLike
	for n < len(s) && n < len(last) && s[n] == last[n] {
		n++
	}
	e.buf = append(e.buf, strLike)
	e.uint(uint64(n - minLike))
	e.tail(s[n:])
}

// object reads an object; nil if it is empty.
func (d *decoder) object() map[string]any {
	s := d.shape()
	values := d.members(s)
	if values == nil {
		return nil
	}
	m := make(map[string]any, len(values))
	for i, v := range values {
		m[s.names[i]] = v
	}
	return m
}

// props reads the properties of an event whose shape was read.
func (d *decoder) props(s *shape) cond.Props {
	values := d.members(s)
	if values == nil {
		return cond.Props{}
	}
	return cond.MakeProps(s.names, values)
}

// members reads the values of an object whose shape was read; nil if it is
// empty.
func (d *decoder) members(s *shape) []any {
	if s == nil || len(s.names) == 0 {
		return nil
	}
	if len(s.names) > len(d.rest) {
		d.fail("an object of %d values in %d bytes", len(s.names), len(d.rest))
		return nil
	}
	values := make([]any, len(s.names))
	for i := range values {
		var v any
		if len(d.rest) > 0 && d.rest[0] == strLike {
			v = d.like(s.last[i])
		} else {
			v = d.value()
		}
		if text, ok := v.(string); ok {
			s.last[i] = text
		}
		values[i] = v
	}
	return values
}

func (d *decoder) like(last string) string {
	d.rest = d.rest[1:]
	n := d.uint() + minLike
	tail := d.tail()
	if n > uint64(len(last)) {
		d.fail("a string that begins with %d bytes of %d", n, len(last))
		return ""
	}
	s := last[:n] + tail
	if len(d.table) < maxTable {
		d.table = append(d.table, s)
	}
	return s
}

func (d *decoder) shape() *shape {
	if i := d.uint(); i > 0 {
		if i > uint64(len(d.shapes)) {
			d.fail("shape %d of %d", i, len(d.shapes))
			return nil
		}
		return d.shapes[i-1]
	}
	n := d.count(1)
	s := &shape{names: make([]string, n), last: make([]string, n)}
	for i := range s.names {
		if s.names[i] = d.str(); i > 0 && s.names[i] <= s.names[i-1] {
			d.fail("the names of an object are not in order")
			return nil
		}
	}
	if len(d.shapes) < maxTable {
		d.shapes = append(d.shapes, s)
	}
	return s
}
