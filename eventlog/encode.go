package eventlog

import (
	"encoding/binary"
	"fmt"
	"math"
	"sort"

	"journey/dsl/cond"
	"journey/dsl/value"
	"journey/orchestrator"
	"journey/profiles"
)

// An entry begins with the number of its format. A format that was written
// once is never changed; testdata holds an entry of each.
//
//	format 1:  1, profile, version, release, born, paused, stopped, records to the end
//	text:      length, bytes;  list: count, items;  numbers: varints
//	record:    kind, flags, now, then what the kind needs; times of an input
//	           are written as the distance from now
const format = 1

// The first byte of a value.
const (
	valNil byte = iota
	valFalse
	valTrue
	valText
	valFloat // 8 bytes, IEEE 754, little endian
	valWhole // zigzag
	valDate
	valTime
	valDuration
	valLocal
	valList
	valObject
	valCents // whole number of hundredths, zigzag
)

const maxDepth = 200 // of values in values

// Flags of a record.
const (
	flagHistory = 1 << iota
	flagMark
	flagDropped
	flagTraits
	flagID // of the input, where it is not the event's
	flagSource
	flagUnlinked
)

// Begin is the beginning of an entry: all but its records, which are appended
// with Append.
func Begin(e *Entry) []byte {
	b := make([]byte, 0, 512)
	b = text(append(b, format), e.Profile)
	b = binary.AppendUvarint(b, e.Version)
	b = binary.AppendVarint(b, e.Release)
	b = binary.AppendVarint(b, int64(e.Born))
	return texts(texts(b, e.Paused), e.Stopped)
}

// Append appends a record to an entry. It fails for a value that is none of
// package value, or is nested beyond all measure.
func Append(b []byte, r *Record) ([]byte, error) {
	e := encoder{b: b}
	e.record(r)
	return e.b, e.err
}

type encoder struct {
	b   []byte
	err error
}

func text(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func texts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = text(b, s)
	}
	return b
}

func (e *encoder) text(s string)   { e.b = text(e.b, s) }
func (e *encoder) int(n int64)     { e.b = binary.AppendVarint(e.b, n) }
func (e *encoder) count(n int)     { e.b = binary.AppendUvarint(e.b, uint64(n)) }
func (e *encoder) number(n uint64) { e.b = binary.AppendUvarint(e.b, n) }

func (e *encoder) record(r *Record) {
	var flags byte
	if in := r.Input; in != nil {
		if in.History {
			flags |= flagHistory
		}
		if in.Mark != nil {
			flags |= flagMark
		}
		if len(in.Traits) > 0 {
			flags |= flagTraits
		}
		if in.ID != "" && (in.Event == nil || in.ID != in.Event.ID) {
			flags |= flagID
		}
		if in.Source != "" {
			flags |= flagSource
		}
		if len(in.Unlinked) > 0 {
			flags |= flagUnlinked
		}
	}
	if r.Dropped {
		flags |= flagDropped
	}
	e.b = append(e.b, byte(r.Kind), flags)
	e.int(int64(r.Now))
	switch r.Kind {
	case Event, Identify, Request, Tags:
		e.input(r.Input, r.Now, flags)
	case Tick, Fit:
	case Advance:
		e.text(r.Run)
	case Settlement:
		e.text(r.Run)
		e.b = append(e.b, byte(r.Outcome.State))
		e.text(r.Outcome.Reason)
		e.object(r.Outcome.Answer, 0)
	case Claim:
		e.text(r.Run)
		e.text(r.Owner)
		e.int(r.Deadline)
	case End:
		e.text(r.Reason)
	case Merge:
		e.text(r.Other)
		e.number(r.OtherVersion)
		e.b = text(text(text(e.b, r.Cause.Event), r.Cause.Source), r.Cause.Rule)
	default:
		e.err = fmt.Errorf("a record of kind %d cannot be written", r.Kind)
	}
}

func (e *encoder) input(in *orchestrator.Input, now value.Time, flags byte) {
	e.int(int64(now - in.At))
	e.count(len(in.Identifiers))
	for _, id := range in.Identifiers {
		e.text(id.Trait)
		e.text(id.Value)
	}
	if flags&flagMark != 0 {
		e.b = binary.LittleEndian.AppendUint64(e.b, in.Mark.ID)
		e.b = binary.LittleEndian.AppendUint32(e.b, in.Mark.Payload)
	}
	if flags&flagID != 0 {
		e.text(in.ID)
	}
	if flags&flagSource != 0 {
		e.text(in.Source)
	}
	if flags&flagUnlinked != 0 {
		e.unlinked(in.Unlinked, now)
	}
	if flags&flagTraits != 0 {
		e.object(in.Traits, 0)
	}
	switch {
	case in.Event != nil:
		e.text(in.Event.Name)
		e.text(in.Event.ID)
		e.int(int64(now - in.Event.At))
		e.count(in.Event.Props.Len())
		values := in.Event.Props.Values()
		for i, name := range in.Event.Props.Names() {
			e.text(name)
			e.value(values[i], 1)
		}
	case in.Kind == orchestrator.TagsInput:
		e.b = texts(texts(e.b, in.Tag), in.Untag)
	case in.Kind == orchestrator.RequestInput:
		e.text(in.Journey)
		e.object(in.Params, 0)
	}
}

func (e *encoder) unlinked(list []profiles.Unlinked, now value.Time) {
	e.count(len(list))
	for _, u := range list {
		for _, s := range [...]string{u.Trait, u.Value, u.Owner, u.Rule, u.Event, u.Source} {
			e.text(s)
		}
		e.int(int64(now - u.At))
		e.int(int64(u.Times))
	}
}

func (e *encoder) object(m map[string]any, depth int) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	e.count(len(names))
	for _, name := range names {
		e.text(name)
		e.value(m[name], depth+1)
	}
}

func (e *encoder) value(v any, depth int) {
	if depth > maxDepth {
		e.err = fmt.Errorf("a value is nested more than %d deep", maxDepth)
		return
	}
	switch v := v.(type) {
	case nil:
		e.b = append(e.b, valNil)
	case bool:
		if v {
			e.b = append(e.b, valTrue)
		} else {
			e.b = append(e.b, valFalse)
		}
	case string:
		e.b = append(e.b, valText)
		e.text(v)
	case float64:
		e.float(v)
	case value.Date:
		e.b = append(e.b, valDate)
		e.int(int64(v))
	case value.Time:
		e.b = append(e.b, valTime)
		e.int(int64(v))
	case value.Duration:
		e.b = append(e.b, valDuration)
		e.int(int64(v))
	case value.Local:
		e.b = append(e.b, valLocal)
		e.int(int64(v.Date))
		e.int(int64(v.Clock))
	case []any:
		e.b = append(e.b, valList)
		e.count(len(v))
		for _, x := range v {
			e.value(x, depth+1)
		}
	case map[string]any:
		e.b = append(e.b, valObject)
		e.object(v, depth)
	default:
		e.err = fmt.Errorf("a value of type %T cannot be written", v)
	}
}

// float writes a number in a short form that gives exactly it back.
func (e *encoder) float(f float64) {
	const exact = 1 << 53
	if n := int64(f); float64(n) == f && n > -exact && n < exact && (n != 0 || !math.Signbit(f)) {
		e.b = append(e.b, valWhole)
		e.int(n)
		return
	}
	if n := math.Round(f * 100); n > -1e12 && n < 1e12 && n/100 == f && n != 0 {
		e.b = append(e.b, valCents)
		e.int(int64(n))
		return
	}
	e.b = binary.LittleEndian.AppendUint64(append(e.b, valFloat), math.Float64bits(f))
}

// Decode reads an entry.
func Decode(b []byte) (*Entry, error) {
	if len(b) == 0 || b[0] != format {
		return nil, fmt.Errorf("an entry of a format that this version does not know")
	}
	d := &decoder{b: b[1:]}
	e := &Entry{Profile: d.text(), Version: d.number(), Release: d.int(), Born: value.Time(d.int()), Paused: d.texts(), Stopped: d.texts()}
	for len(d.b) > 0 && d.err == nil {
		e.Records = append(e.Records, d.record())
	}
	return e, d.err
}

type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = fmt.Errorf("an entry that is broken")
	}
	d.b = nil
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

// count is a number of things that take at least a byte each.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.fail()
		return make([]byte, n)
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes(d.count())) }

func (d *decoder) texts() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, d.text())
	}
	return list
}

func (d *decoder) record() Record {
	r := Record{Kind: Kind(d.byte())}
	flags := d.byte()
	r.Now = value.Time(d.int())
	r.Dropped = flags&flagDropped != 0
	switch r.Kind {
	case Event, Identify, Request, Tags:
		r.Input = d.input(r.Kind, r.Now, flags)
	case Tick, Fit:
	case Advance:
		r.Run = d.text()
	case Settlement:
		r.Run = d.text()
		r.Outcome = &orchestrator.Outcome{State: profiles.SendState(d.byte()), Reason: d.text(), Answer: d.object(0)}
		if r.Outcome.State > profiles.Uncertain {
			d.fail()
		}
	case Claim:
		r.Run, r.Owner, r.Deadline = d.text(), d.text(), d.int()
	case End:
		r.Reason = d.text()
	case Merge:
		r.Other, r.OtherVersion = d.text(), d.number()
		r.Cause = profiles.Cause{Event: d.text(), Source: d.text(), Rule: d.text()}
	default:
		d.fail()
	}
	return r
}

func (d *decoder) input(kind Kind, now value.Time, flags byte) *orchestrator.Input {
	in := &orchestrator.Input{At: now - value.Time(d.int()), History: flags&flagHistory != 0}
	for range d.count() {
		in.Identifiers = append(in.Identifiers, profiles.Identifier{Trait: d.text(), Value: d.text()})
	}
	if flags&flagMark != 0 {
		in.Mark = &profiles.Mark{
			ID: binary.LittleEndian.Uint64(d.bytes(8)), Payload: binary.LittleEndian.Uint32(d.bytes(4)),
		}
	}
	if flags&flagID != 0 {
		in.ID = d.text()
	}
	if flags&flagSource != 0 {
		in.Source = d.text()
	}
	if flags&flagUnlinked != 0 {
		in.Unlinked = d.unlinked(now)
	}
	if flags&flagTraits != 0 {
		in.Traits = d.object(0)
	}
	switch kind {
	case Event:
		in.Kind = orchestrator.EventInput
		in.Event = d.event(now)
		if in.ID == "" {
			in.ID = in.Event.ID
		}
	case Tags:
		in.Kind, in.Tag, in.Untag = orchestrator.TagsInput, d.texts(), d.texts()
	case Request:
		in.Kind, in.Journey, in.Params = orchestrator.RequestInput, d.text(), d.object(0)
	default:
		in.Kind = orchestrator.IdentifyInput
	}
	return in
}

func (d *decoder) unlinked(now value.Time) []profiles.Unlinked {
	var list []profiles.Unlinked
	for range d.count() {
		u := profiles.Unlinked{}
		for _, s := range [...]*string{&u.Trait, &u.Value, &u.Owner, &u.Rule, &u.Event, &u.Source} {
			*s = d.text()
		}
		u.At, u.Times = now-value.Time(d.int()), int(d.int())
		list = append(list, u)
	}
	return list
}

func (d *decoder) event(now value.Time) *cond.Event {
	e := &cond.Event{Name: d.text(), ID: d.text(), At: now - value.Time(d.int())}
	n := d.count()
	names, values := make([]string, 0, n), make([]any, 0, n)
	for i := range n {
		names, values = append(names, d.text()), append(values, d.value(1))
		if i > 0 && names[i] <= names[i-1] {
			d.fail()
		}
	}
	if n > 0 {
		e.Props = cond.MakeProps(names, values)
	}
	return e
}

func (d *decoder) object(depth int) map[string]any {
	n := d.count()
	if n == 0 {
		return nil
	}
	m := make(map[string]any, n)
	for range n {
		name := d.text()
		m[name] = d.value(depth + 1)
	}
	return m
}

func (d *decoder) value(depth int) any {
	if depth > maxDepth {
		d.fail()
		return nil
	}
	switch d.byte() {
	case valNil:
		return nil
	case valFalse:
		return false
	case valTrue:
		return true
	case valText:
		return d.text()
	case valFloat:
		return math.Float64frombits(binary.LittleEndian.Uint64(d.bytes(8)))
	case valWhole:
		return float64(d.int())
	case valCents:
		return float64(d.int()) / 100
	case valDate:
		return value.Date(d.int())
	case valTime:
		return value.Time(d.int())
	case valDuration:
		return value.Duration(d.int())
	case valLocal:
		l := value.Local{Date: value.Date(d.int())}
		clock := d.int()
		if clock < 0 || clock >= 24*60 {
			d.fail()
			return nil
		}
		l.Clock = value.Clock(clock)
		return l
	case valList:
		n := d.count()
		list := make([]any, 0, n)
		for range n {
			list = append(list, d.value(depth+1))
		}
		return list
	case valObject:
		m := d.object(depth)
		if m == nil {
			m = map[string]any{}
		}
		return m
	}
	d.fail()
	return nil
}
