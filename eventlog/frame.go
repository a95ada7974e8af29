package eventlog

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// A segment is frames, one behind the other, and so is what comes of putting
// segments together. A frame is entries of one partition:
//
//	magic       4 bytes  "JEL1"
//	partition   2        all numbers big endian
//	first, last 8 each   numbers of its first and last entry in the stream
//	entries     4
//	raw, packed 4 each   length of its body before and after compression
//	checksum    4        CRC-32C of what stands before it and of the body
//	body                 deflated: for each entry its number less the one before
//	                     (the first: less first), its length, its bytes
const (
	magic      = "JEL1"
	headerSize = 38
	maxRaw     = 64 << 20 // of a frame's body: what is longer is no frame
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Stored is an entry as it stands in a stream.
type Stored struct {
	Number uint64 // in its partition, from 1
	Data   []byte
}

// appendFrame appends entries of a partition, in the order of their numbers.
func appendFrame(seg []byte, partition int, entries []Stored) ([]byte, error) {
	first, last := entries[0].Number, entries[len(entries)-1].Number
	var raw []byte
	before := first
	for _, e := range entries {
		raw = binary.AppendUvarint(raw, e.Number-before)
		raw = binary.AppendUvarint(raw, uint64(len(e.Data)))
		raw = append(raw, e.Data...)
		before = e.Number
	}
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return seg, fmt.Errorf("compress a frame: %w", err)
	}
	at := len(seg)
	seg = append(seg, magic...)
	seg = binary.BigEndian.AppendUint16(seg, uint16(partition))
	seg = binary.BigEndian.AppendUint64(seg, first)
	seg = binary.BigEndian.AppendUint64(seg, last)
	for _, n := range [...]int{len(entries), len(raw), body.Len()} {
		seg = binary.BigEndian.AppendUint32(seg, uint32(n))
	}
	sum := crc32.Update(crc32.Checksum(seg[at:], castagnoli), castagnoli, body.Bytes())
	return append(binary.BigEndian.AppendUint32(seg, sum), body.Bytes()...), nil
}

// frame is the head of a frame and where it stands in its segment.
type frame struct {
	segment     string
	offset      int64
	partition   int
	first, last uint64
	entries     int
	raw, packed int
}

// size is the length of the frame.
func (f *frame) size() int64 { return headerSize + int64(f.packed) }

// readHead reads the head at the beginning of b.
func readHead(b []byte) (frame, error) {
	if len(b) < headerSize || string(b[:4]) != magic {
		return frame{}, fmt.Errorf("there is no frame")
	}
	f := frame{
		partition: int(binary.BigEndian.Uint16(b[4:])),
		first:     binary.BigEndian.Uint64(b[6:]), last: binary.BigEndian.Uint64(b[14:]),
		entries: int(binary.BigEndian.Uint32(b[22:])), raw: int(binary.BigEndian.Uint32(b[26:])), packed: int(binary.BigEndian.Uint32(b[30:])),
	}
	if f.first > f.last || f.raw > maxRaw || f.packed > maxRaw || f.entries > f.raw {
		return frame{}, fmt.Errorf("the head of a frame is broken")
	}
	return f, nil
}

// frames are the heads of the frames of a segment.
func frames(name string, seg []byte) ([]frame, error) {
	var list []frame
	for at := int64(0); at < int64(len(seg)); {
		f, err := readHead(seg[at:])
		if err == nil && at+f.size() > int64(len(seg)) {
			err = fmt.Errorf("the segment is cut off")
		}
		if err != nil {
			return list, fmt.Errorf("event log %s at byte %d: %w", name, at, err)
		}
		f.segment, f.offset = name, at
		list = append(list, f)
		at += f.size()
	}
	return list, nil
}

// open reads the entries of a frame from its bytes.
func (f *frame) open(b []byte) ([]Stored, error) {
	if int64(len(b)) < f.size() {
		return nil, f.broken("it is cut off")
	}
	body := b[headerSize:f.size()]
	sum := crc32.Update(crc32.Checksum(b[:headerSize-4], castagnoli), castagnoli, body)
	if sum != binary.BigEndian.Uint32(b[headerSize-4:]) {
		return nil, f.broken("its checksum is wrong")
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), int64(f.raw)+1))
	if err != nil || len(raw) != f.raw {
		return nil, f.broken("it cannot be unpacked")
	}
	list := make([]Stored, 0, f.entries)
	for number := f.first; len(raw) > 0; {
		more, n := binary.Uvarint(raw)
		if n <= 0 {
			return nil, f.broken("an entry is broken")
		}
		size, m := binary.Uvarint(raw[n:])
		if m <= 0 || size > uint64(len(raw)-n-m) {
			return nil, f.broken("an entry is broken")
		}
		number += more
		list = append(list, Stored{Number: number, Data: raw[n+m : n+m+int(size)]})
		raw = raw[n+m+int(size):]
	}
	if len(list) != f.entries {
		return nil, f.broken("entries are missing")
	}
	return list, nil
}

func (f *frame) broken(why string) error {
	return fmt.Errorf("event log %s at byte %d: a frame cannot be read: %s", f.segment, f.offset, why)
}
