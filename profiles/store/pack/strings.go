package pack

import (
	"encoding/binary"
	"encoding/hex"
	"math"
)

// The first byte of a string. Bytes below are those of other values
// (values.go), so that a value needs no byte of its own to say that it is a
// string.
const (
	strLocal  = 0x40 // … 0x8f: number 0 … 79 in the table of strings
	strInline = 0x90 // … 0xcf: that many bytes follow, 0 … 63
	strName   = 0xd0 // … 0xf7: one of the first 10240 Names: high bits, then a byte
	strLocalN = 0xf8 // number in the table, less 80
	strNameN  = 0xf9 // number in Names, less 10240
	strLong   = 0xfa // length less 64, bytes
	strUUID   = 0xfb // 16 bytes: 8-4-4-4-12 hexadecimal digits, lower case
	strHex    = 0xfc // number of bytes less 8, bytes: hexadecimal digits, lower case
	strDigits = 0xfd // decimal number without leading zeros
	strLike   = 0xfe // bytes shared with the string before in this place of the shape, less 3; tail

	locals     = strInline - strLocal
	inlines    = strName - strInline
	shortNames = (strLocalN - strName) << 8

	maxTable  = 1 << 14
	maxString = math.MaxInt32
)

// str writes a string that may come again.
func (e *encoder) str(s string) {
	if h := hash(s); !e.known(h, s) {
		e.once(s)
	}
}

// known writes a string that came before or is a name. Any other one gets the
// next number in the table, and is to be written by the caller.
func (e *encoder) known(h uint64, s string) bool {
	if i, ok := e.table.find(h, s); ok {
		if i < locals {
			e.buf = append(e.buf, byte(strLocal+i))
		} else {
			e.buf = append(e.buf, strLocalN)
			e.uint(uint64(i - locals))
		}
		return true
	}
	if len(s) > 1 && len(e.table.list) < maxTable {
		e.table.add(h, s)
	}
	i, ok := e.names.x.find(h, s)
	if !ok {
		return false
	}
	if i < shortNames {
		e.buf = append(e.buf, byte(strName+i>>8), byte(i))
	} else {
		e.buf = append(e.buf, strNameN)
		e.uint(uint64(i - shortNames))
	}
	return true
}

// once writes a string that is not expected to come again.
func (e *encoder) once(s string) {
	n := len(s)
	switch {
	case n >= 16 && n&1 == 0 && e.packHex(s):
	case n >= 5 && n <= 18 && s[0] != '0' && e.packDigits(s):
	case n < inlines:
		e.buf = append(append(e.buf, byte(strInline+n)), s...)
	default:
		e.buf = append(e.buf, strLong)
		e.uint(uint64(n - inlines))
		e.buf = append(e.buf, s...)
	}
}

const (
	notHex = 0xff
	dash   = '-'
)

var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = notHex
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// packHex writes s if it is a UUID or consists of hexadecimal digits.
func (e *encoder) packHex(s string) bool {
	uuid := len(s) == 36 && s[8] == dash && s[13] == dash && s[18] == dash && s[23] == dash
	start := len(e.buf)
	if uuid {
		e.buf = append(e.buf, strUUID)
	} else {
		e.buf = append(e.buf, strHex)
		e.uint(uint64(len(s)/2 - 8))
	}
	for i := 0; i+1 < len(s); i += 2 {
		if uuid && s[i] == dash {
			i++
		}
		hi, lo := hexValue[s[i]], hexValue[s[i+1]]
		if hi|lo == notHex {
			e.buf = e.buf[:start]
			return false
		}
		e.buf = append(e.buf, hi<<4|lo)
	}
	return true
}

// packDigits writes s if it consists of decimal digits.
func (e *encoder) packDigits(s string) bool {
	n := uint64(0)
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return false
		}
		n = n*10 + uint64(c)
	}
	e.buf = append(e.buf, strDigits)
	e.uint(n)
	return true
}

// tail writes the rest of a string: twice its length, plus 1 if it consists
// of hexadecimal digits, of which two then share a byte.
func (e *encoder) tail(s string) {
	start := len(e.buf)
	e.uint(uint64(len(s))<<1 | 1)
	for i := 0; i < len(s); i += 2 {
		hi, lo := hexValue[s[i]], byte(0)
		if i+1 < len(s) {
			lo = hexValue[s[i+1]]
		}
		if hi|lo == notHex {
			e.buf = e.buf[:start]
			e.uint(uint64(len(s)) << 1)
			e.buf = append(e.buf, s...)
			return
		}
		e.buf = append(e.buf, hi<<4|lo)
	}
}

func (d *decoder) tail() string {
	n := d.uint()
	if n&1 == 0 {
		return d.text(n >> 1)
	}
	n >>= 1
	s := hex.EncodeToString([]byte(d.text(n/2 + n&1)))
	if d.err != nil {
		return ""
	}
	return s[:n]
}

// str reads what encoder.str wrote.
func (d *decoder) str() string { return d.strOf(d.byte(), true) }

// once reads what encoder.once wrote.
func (d *decoder) once() string { return d.strOf(d.byte(), false) }

// strOf reads a string whose first byte was read.
func (d *decoder) strOf(c byte, keep bool) string {
	var s string
	switch {
	case c < strLocal:
		d.fail("no string")
		return ""
	case c < strInline:
		return d.local(uint64(c - strLocal))
	case c < strName:
		s = d.text(uint64(c - strInline))
	case c < strLocalN:
		s = d.name(uint64(c-strName)<<8 | uint64(d.byte()))
	default:
		switch c {
		case strLocalN:
			return d.local(d.uint() + locals)
		case strNameN:
			s = d.name(d.uint() + shortNames)
		case strLong:
			s = d.text(d.uint() + inlines)
		case strUUID:
			s = d.uuid()
		case strHex:
			s = d.hex(d.uint() + 8)
		case strDigits:
			s = d.digits(d.uint())
		default:
			d.fail("no string")
			return ""
		}
	}
	if keep && len(s) > 1 && len(d.table) < maxTable {
		d.table = append(d.table, s)
	}
	return s
}

func (d *decoder) local(i uint64) string {
	if i >= uint64(len(d.table)) {
		d.fail("string %d of %d", i, len(d.table))
		return ""
	}
	return d.table[i]
}

func (d *decoder) name(i uint64) string {
	if i >= uint64(len(d.names.x.list)) {
		d.stop(ErrNames)
		return ""
	}
	return d.names.x.list[i]
}

func (d *decoder) text(n uint64) string {
	if n > uint64(len(d.rest)) {
		d.fail("cut off in a string")
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *decoder) uuid() string {
	b := d.text(16)
	if d.err != nil {
		return ""
	}
	var t [36]byte
	j := 0
	for i := 0; i < 16; i++ {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			t[j] = dash
			j++
		}
		t[j], t[j+1] = hexDigits[b[i]>>4], hexDigits[b[i]&15]
		j += 2
	}
	return string(t[:])
}

const hexDigits = "0123456789abcdef"

func (d *decoder) hex(n uint64) string { return hex.EncodeToString([]byte(d.text(n))) }

func (d *decoder) digits(n uint64) string {
	var t [20]byte
	i := len(t)
	for {
		i--
		t[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(t[i:])
		}
	}
}

// ---- numbers ----

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

func (e *encoder) int(n int64) { e.buf = binary.AppendUvarint(e.buf, zigzag(n)) }

func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail("cut off")
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

func (d *decoder) uint() uint64 {
	var n uint64
	for i := 0; i < len(d.rest) && i < binary.MaxVarintLen64; i++ {
		c := d.rest[i]
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			d.rest = d.rest[i+1:]
			return n
		}
	}
	d.fail("cut off in a number")
	return 0
}

func (d *decoder) int() int64 { return unzigzag(d.uint()) }

// small reads a number that fits an int.
func (d *decoder) small() int {
	n := d.int()
	if int64(int(n)) != n {
		d.fail("number %d is too large", n)
		return 0
	}
	return int(n)
}

// count reads how many elements follow, each of at least min bytes.
func (d *decoder) count(min int) int {
	n := d.uint()
	if n > uint64(len(d.rest)/min) {
		d.fail("%d elements in %d bytes", n, len(d.rest))
		return 0
	}
	return int(n)
}
