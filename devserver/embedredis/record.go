package embedredis

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Records are what the log and the snapshots are made of:
//
//	mark      1 byte, 0xA9
//	length    4 bytes, little endian, of the payload
//	checksum  4 bytes, CRC-32C of the payload
//	payload   kind (1 byte) and what the kind needs
//
// Numbers in a payload are varints, strings are preceded by their length.

const (
	recordMark   = 0xA9
	recordHeader = 9
	maxRecord    = 1 << 30

	// formatVersion stands in the first record of every file.
	formatVersion = 1
)

// The kinds of records.
const (
	kindHeader  = 'h' // begins a file: version, instant of the last walk (ms)
	kindWalk    = 'w' // a walk: instant (ms)
	kindScript  = 's' // a script that the following units call: its text
	kindCommand = 'c' // one command: instant (ms), database, arguments
	kindMulti   = 'm' // a transaction: instant (ms), database, commands
	kindEnd     = 'e' // ends a snapshot
)

// unit is what is executed at once: a command or a transaction.
type unit struct {
	now      int64 // ms since 1970, what TIME answers
	db       int
	multi    bool
	commands [][]string
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// beginRecord appends an empty header and the kind; endRecord fills the header.
func beginRecord(b []byte, kind byte) ([]byte, int) {
	start := len(b)
	return append(b, recordMark, 0, 0, 0, 0, 0, 0, 0, 0, kind), start
}

func endRecord(b []byte, start int) []byte {
	payload := b[start+recordHeader:]
	binary.LittleEndian.PutUint32(b[start+1:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[start+5:], crc32.Checksum(payload, castagnoli))
	return b
}

func appendHeader(b []byte, walked int64) []byte {
	b, start := beginRecord(b, kindHeader)
	b = binary.AppendUvarint(b, formatVersion)
	b = binary.AppendVarint(b, walked)
	return endRecord(b, start)
}

func appendWalk(b []byte, walked int64) []byte {
	b, start := beginRecord(b, kindWalk)
	b = binary.AppendVarint(b, walked)
	return endRecord(b, start)
}

func appendScript(b []byte, text string) []byte {
	b, start := beginRecord(b, kindScript)
	return endRecord(appendString(b, text), start)
}

func appendEnd(b []byte) []byte {
	b, start := beginRecord(b, kindEnd)
	return endRecord(b, start)
}

func appendUnit(b []byte, u unit) []byte {
	kind := byte(kindCommand)
	if u.multi {
		kind = kindMulti
	}
	b, start := beginRecord(b, kind)
	b = binary.AppendVarint(b, u.now)
	b = binary.AppendUvarint(b, uint64(u.db))
	if u.multi {
		b = binary.AppendUvarint(b, uint64(len(u.commands)))
	}
	for _, args := range u.commands {
		b = binary.AppendUvarint(b, uint64(len(args)))
		for _, a := range args {
			b = appendString(b, a)
		}
	}
	return endRecord(b, start)
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// record is one that was read.
type record struct {
	kind   byte
	walked int64  // kindHeader, kindWalk
	text   string // kindScript
	unit   unit   // kindCommand, kindMulti
}

// errBadRecord is a record that is cut off or does not match its checksum.
var errBadRecord = errors.New("bad record")

// readRecord reads the next one; size is what it took. At the end of the file it
// returns io.EOF; errBadRecord says that nothing good stands here.
func readRecord(r *bufio.Reader) (rec record, size int64, err error) {
	var head [recordHeader]byte
	if n, err := io.ReadFull(r, head[:]); err != nil {
		if err == io.EOF {
			return record{}, 0, io.EOF
		}
		if err == io.ErrUnexpectedEOF {
			return record{}, 0, fmt.Errorf("%w: %d bytes of a header", errBadRecord, n)
		}
		return record{}, 0, err
	}
	length := binary.LittleEndian.Uint32(head[1:])
	if head[0] != recordMark || length == 0 || length > maxRecord {
		return record{}, 0, fmt.Errorf("%w: no header", errBadRecord)
	}
	// A wrong length must not ask for memory that the file cannot fill.
	payload, err := readExactly(r, int(length))
	if err != nil {
		return record{}, 0, err
	}
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(head[5:]) {
		return record{}, 0, fmt.Errorf("%w: checksum", errBadRecord)
	}
	rec, err = decodeRecord(payload)
	return rec, recordHeader + int64(length), err
}

// readExactly reads n bytes, growing as they come.
func readExactly(r io.Reader, n int) ([]byte, error) {
	const step = 1 << 20
	b := make([]byte, 0, min(n, step))
	for len(b) < n {
		more := min(n-len(b), step)
		b = append(b, make([]byte, more)...)
		if _, err := io.ReadFull(r, b[len(b)-more:]); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return nil, fmt.Errorf("%w: cut off", errBadRecord)
			}
			return nil, err
		}
	}
	return b, nil
}

// decodeRecord reads a payload whose checksum is right, so what it does not
// understand was written by another version.
func decodeRecord(payload []byte) (record, error) {
	d := decoder{b: payload[1:]}
	rec := record{kind: payload[0]}
	switch rec.kind {
	case kindHeader:
		if v := d.uvarint(); d.err == nil && v != formatVersion {
			return rec, fmt.Errorf("format version %d, this program knows %d", v, formatVersion)
		}
		rec.walked = d.varint()
	case kindWalk:
		rec.walked = d.varint()
	case kindScript:
		rec.text = d.string()
	case kindEnd:
	case kindCommand, kindMulti:
		rec.unit.multi = rec.kind == kindMulti
		rec.unit.now = d.varint()
		rec.unit.db = int(d.uvarint())
		count := uint64(1)
		if rec.unit.multi {
			count = d.uvarint()
		}
		for ; count > 0 && d.err == nil; count-- {
			args := make([]string, 0, 8)
			for n := d.uvarint(); n > 0 && d.err == nil; n-- {
				args = append(args, d.string())
			}
			rec.unit.commands = append(rec.unit.commands, args)
		}
	default:
		return rec, fmt.Errorf("unknown kind of record %q", rec.kind)
	}
	if d.err == nil && len(d.b) > 0 {
		d.err = fmt.Errorf("%d bytes too many", len(d.b))
	}
	if d.err != nil {
		return rec, fmt.Errorf("record of kind %q: %w", rec.kind, d.err)
	}
	return rec, nil
}

// decoder takes values off a payload; after the first error it returns zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	return v * uint64(d.take(n))
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	return v * int64(d.take(n))
}

// take drops n bytes and returns 1, or notes an error and returns 0.
func (d *decoder) take(n int) int {
	if n <= 0 || d.err != nil {
		if d.err == nil {
			d.err = errors.New("a number is cut off")
		}
		return 0
	}
	d.b = d.b[n:]
	return 1
}

func (d *decoder) string() string {
	n := d.uvarint()
	if d.err != nil {
		return ""
	}
	if n > uint64(len(d.b)) {
		d.err = errors.New("a string is cut off")
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}
